//! The client: a menu for people, subcommands for scripts.

mod commands;
mod interrupt;

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr as _;

use clap::{Parser, Subcommand};
use triad::cluster::Cluster;
use triad::ending::Ending;
use triad::menu;
use triad::session::Session;
use triad::transfer::Format;

/// Stores and finds keys on the devices of a triad cluster.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Without a command, on a terminal: the menu.\n\
                  Exit codes: 0 done; 1 the key is absent, or keys could not be rehomed; 2 wrong \
                  usage; 3 a node can't be reached; 4 any other failure."
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
        /// The value
        #[arg(allow_negative_numbers = true)]
        value: OsString,
    },
    /// Print the value of a key
    Get {
        /// The key
        #[arg(allow_negative_numbers = true)]
        key: OsString,
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
    },
    /// Tell which node holds a key, and why
    Where {
        /// The key
        #[arg(allow_negative_numbers = true)]
        key: OsString,
    },
    /// Tell about every node
    Status,
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
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start(arguments).unwrap_or_else(|ending| ending.report())
}

fn start(arguments: Arguments) -> Result<ExitCode, Ending> {
    if arguments.command.is_none() {
        check_menu(arguments.json)?;
    }
    let cluster = Cluster::find(arguments.cluster.as_deref())?;
    // The tools wait for people or for the network; one thread does.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut session = Session::open(cluster, arguments.via).await?;
        let result = match arguments.command {
            Some(command) => commands::run(&mut session, command, arguments.json).await,
            None => menu::run(&mut session).await.map(|()| ExitCode::SUCCESS),
        };
        let closed = session.close();
        result.and_then(|code| closed.map(|()| code))
    })
}

fn check_menu(json: bool) -> Result<(), Ending> {
    if json {
        return Err(Ending::usage(
            "the menu has no --json; use a subcommand (see client --help)",
        ));
    }
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return Err(Ending::usage(
            "the menu needs a terminal; in a script use a subcommand (see client --help)",
        ));
    }
    Ok(())
}
