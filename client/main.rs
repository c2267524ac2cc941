//! The client: a menu for people, subcommands for scripts.

mod commands;
mod interrupt;
mod manual;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr as _;

use clap::{CommandFactory as _, Parser, Subcommand};
use triad::cluster::Cluster;
use triad::ending::Ending;
use triad::limits::{WATCH_INTERVAL_MAX_SECONDS, WATCH_INTERVAL_MIN_SECONDS};
use triad::menu;
use triad::session::Session;
use triad::terminal::colour;
use triad::transfer::Format;

/// Stores and finds keys on the devices of a triad cluster.
#[derive(Debug, Parser)]
#[command(
    name = "client",
    version,
    after_help = "Without a command, on a terminal: the menu.\n\
                  Exit codes: 0 done; 1 the key is absent, is there already (put --if-absent), or \
                  could not be rehomed, something was left out (export) or kept as it is (restore), \
                  or doctor has findings; 2 wrong usage; 3 a node can't be reached (watch shows it, \
                  and goes on); 4 any other failure. An error is a sentence on standard error, with \
                  --json too."
)]
struct Arguments {
    /// The cluster file [default: data/cluster.json if it is there, else linux, mac and android on
    /// 127.0.0.1:7001 to 7003]
    #[arg(long, value_name = "FILE", env = "TRIAD_CLUSTER", global = true)]
    cluster: Option<PathBuf>,

    /// The node to ask [default: the first that answers]
    #[arg(long, value_name = "NAME", env = "TRIAD_VIA", global = true)]
    via: Option<String>,

    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    json: bool,

    /// When there are colours: auto is on a terminal, unless `NO_COLOR` is set
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, global = true)]
    color: colour::Choice,

    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    /// Store a value under a key
    Put {
        /// The key
        #[arg(allow_negative_numbers = true)]
        key: OsString,
        /// The value; `-`, or none where something is piped in, takes it from standard input
        #[arg(allow_negative_numbers = true)]
        value: Option<OsString>,
        /// Take the value from a file, byte for byte
        #[arg(long, value_name = "PATH", conflicts_with = "value")]
        file: Option<PathBuf>,
        /// The key is gone after so many seconds
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
        expire: Option<u64>,
        /// Store nothing if the key is there
        #[arg(long)]
        if_absent: bool,
    },
    /// Print the value of a key
    Get {
        /// The key
        #[arg(allow_negative_numbers = true)]
        key: OsString,
        /// Write the value into a file instead, byte for byte
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Delete a key
    Delete {
        /// The key
        #[arg(allow_negative_numbers = true)]
        key: OsString,
    },
    /// Print all keys, or those in one node's own table
    Keys {
        /// The node
        #[arg(long, value_name = "NAME")]
        node: Option<String>,
        /// Only keys that match it: * is any text, ? any character, [a-c] one of these
        #[arg(long = "match", value_name = "PATTERN", allow_hyphen_values = true)]
        pattern: Option<OsString>,
    },
    /// Tell which node holds a key, and why
    Where {
        /// The key
        #[arg(allow_negative_numbers = true)]
        key: OsString,
    },
    /// Tell about every node
    Status,
    /// Show every node, drawn again each second; q leaves
    Watch {
        /// The pause between two pictures
        #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = interval)]
        interval: f64,
        /// Stop after so many pictures
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        count: Option<u64>,
    },
    /// Look for everything that may be wrong, and say what to do about it
    Doctor,
    /// Store keys and values from a file
    Import {
        /// The file, such as {"key": "value", "another": "value"}; - is standard input
        file: PathBuf,
        /// object: one JSON object; lines: an object {"key": …, "value": …} on each line; csv: with the header
        /// key,value [default: by the file's extension, .json, .jsonl, .ndjson or .csv, else by its beginning]
        #[arg(long, value_name = "FORMAT", value_parser = Format::from_str)]
        format: Option<Format>,
    },
    /// Write keys and values to a file
    Export {
        /// The file, which gets its name when it is whole; - is standard output
        file: PathBuf,
        /// object, lines or csv [default: by the file's extension, .json, .jsonl, .ndjson or .csv; lines to
        /// standard output]
        #[arg(long, value_name = "FORMAT", value_parser = Format::from_str)]
        format: Option<Format>,
        /// Only keys that match, such as 'user:*'
        #[arg(long = "match", value_name = "PATTERN")]
        pattern: Option<OsString>,
        /// Only what lies in one node's own table
        #[arg(long, value_name = "NAME")]
        node: Option<String>,
        /// Replace the file if it is there
        #[arg(long)]
        force: bool,
    },
    /// Write all keys of all nodes to one file
    Backup {
        /// The file, which gets its name when it is whole; - is standard output
        file: PathBuf,
        /// Replace the file if it is there
        #[arg(long)]
        force: bool,
    },
    /// Store what a backup holds, also in a cluster with another list of rules
    Restore {
        /// The backup
        file: PathBuf,
        /// Replace keys that the cluster has with another value or deadline, which otherwise stay
        #[arg(long)]
        replace: bool,
    },
    /// Send each key that lies on a node which no longer owns it to its owner
    Rehome,
    /// Print what makes a shell complete this program's words
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write all of them into a folder
    Man {
        /// The folder
        #[arg(long, value_name = "DIR")]
        output: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start(arguments).unwrap_or_else(|ending| ending.report())
}

fn start(arguments: Arguments) -> Result<ExitCode, Ending> {
    arguments.color.apply();
    // These two are about the program itself, and need no cluster.
    match &arguments.command {
        Some(Command::Completions { shell }) => {
            let cluster = Cluster::find(arguments.cluster.as_deref()).ok();
            let command = Arguments::command();
            return manual::completions(command, *shell, cluster.as_ref(), arguments.json);
        }
        Some(Command::Man { output }) => {
            return manual::pages(Arguments::command(), output.as_deref(), arguments.json);
        }
        _ => {}
    }
    if arguments.command.is_none() {
        check_menu(arguments.json)?;
    }
    let cluster = Cluster::find(arguments.cluster.as_deref())?;
    // The tools wait for people or for the network; one thread does.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let asks_every_node = matches!(
            arguments.command,
            Some(Command::Watch { .. } | Command::Doctor)
        );
        let mut session = if asks_every_node {
            Session::prepare(cluster, arguments.via).await?
        } else {
            Session::open(cluster, arguments.via).await?
        };
        let result = match arguments.command {
            Some(command) => commands::run(&mut session, command, arguments.json).await,
            None => menu::run(&mut session).await.map(menu::Exit::code),
        };
        let closed = session.close();
        result.and_then(|code| closed.map(|()| code))
    })
}

/// A pause that can be waited for.
fn interval(text: &str) -> Result<f64, String> {
    let range = WATCH_INTERVAL_MIN_SECONDS..=WATCH_INTERVAL_MAX_SECONDS;
    let seconds = text.parse().ok();
    seconds
        .filter(|seconds| range.contains(seconds))
        .ok_or_else(|| {
            format!(
                "write a number of seconds from {} to {}",
                range.start(),
                range.end()
            )
        })
}

fn check_menu(json: bool) -> Result<(), Ending> {
    if json {
        return Err(Ending::usage(
            "the menu has no --json; use a subcommand (see client --help)",
        ));
    }
    if !menu::has_terminal() {
        return Err(Ending::usage(
            "the menu needs a terminal; in a script use a subcommand (see client --help)",
        ));
    }
    Ok(())
}
