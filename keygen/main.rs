//! The key generator: random keys are offered to every node, and every key must have one home.

use std::ffi::OsStr;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use triad::cluster::Cluster;
use triad::coverage::{self, CoverageError, KeySpace, Plan, Report};
use triad::embedded::Embedded;
use triad::ending::{Ending, Kind};
use triad::limits::KEY_MAX_BYTES;
use triad::terminal;

/// Offers random keys to every node of a triad cluster and verifies that each has exactly one home.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 coverage is complete; 1 it is not; 2 wrong usage; 3 a node can't be \
                  reached; 4 any other failure."
)]
struct Arguments {
    /// How many keys
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,

    /// How many characters (A-Z, a-z, 0-9) a key has
    #[arg(long, value_name = "N", default_value_t = 16,
          value_parser = clap::value_parser!(u64).range(1..=KEY_MAX_BYTES as u64))]
    length: u64,

    /// The same number gives the same keys again [default: another at each run]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Delete the keys afterwards
    #[arg(long)]
    clean: bool,

    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,

    /// The cluster file [default: data/cluster.json if it is there, else linux, mac and android on
    /// 127.0.0.1:7001 to 7003]
    #[arg(long, value_name = "FILE", env = "TRIAD_CLUSTER")]
    cluster: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start(&arguments).unwrap_or_else(|ending| ending.report())
}

fn start(arguments: &Arguments) -> Result<ExitCode, Ending> {
    let seed = arguments.seed.unwrap_or_else(rand::random);
    let plan = arguments.plan(seed)?;
    let cluster = Cluster::find(arguments.cluster.as_deref())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let embedded = Embedded::start_if_alone(&cluster).await?;
        if let Some(embedded) = &embedded {
            writeln!(io::stderr(), "{embedded}")?;
        }
        let mut progress = Progress::new(arguments.count, seed);
        let result = coverage::run(&cluster, plan, |keys| progress.show(keys)).await;
        progress.clear();
        let told = tell(arguments, seed, result);
        embedded.map_or(Ok(()), Embedded::stop)?;
        told
    })
}

impl Arguments {
    fn plan(&self, seed: u64) -> Result<Plan, Ending> {
        let length = usize::try_from(self.length).unwrap_or(KEY_MAX_BYTES);
        let space = KeySpace::new(length, seed);
        if u128::from(self.count) > space.size() {
            return Err(Ending::usage(format!(
                "--count {} is too many: there are {} different keys of --length {length}; ask for \
                 fewer keys, or for longer ones",
                self.count,
                space.size(),
            )));
        }
        Ok(Plan {
            count: self.count,
            space,
            clean: self.clean,
        })
    }

    /// The command that runs the same test again and deletes its keys, for a shell.
    fn removal(&self, seed: u64) -> String {
        let program = std::env::args_os().next().unwrap_or("keygen".into());
        let cluster = self.cluster.as_ref();
        let cluster = cluster.map(|file| format!(" --cluster {}", quote(file.as_os_str())));
        format!(
            "{} --seed {seed} --count {} --length {} --clean{}",
            quote(&program),
            self.count,
            self.length,
            cluster.unwrap_or_default()
        )
    }
}

/// A word for a POSIX shell.
fn quote(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Prints what came of the test, and gives the exit code.
fn tell(
    arguments: &Arguments,
    seed: u64,
    result: Result<Report, CoverageError>,
) -> Result<ExitCode, Ending> {
    let (report, error) = match result {
        Ok(report) => (report, None),
        Err(error) => ((*error.report).clone(), Some(error)),
    };
    if arguments.json {
        let json = serde_json::to_string(&report).map_err(io::Error::from)?;
        terminal::print(json)?;
    } else if error.is_none() {
        terminal::print(report.text(terminal::columns()))?;
    }
    if let Some(error) = error {
        let keys_stay = error.keys_stay(arguments.clean);
        let ending = Ending::from(error);
        return Err(if keys_stay {
            ending.after(format!(
                "Keys of this test may be stored; to remove them: {}",
                arguments.removal(seed)
            ))
        } else {
            ending
        });
    }
    tell_what_stays(arguments, seed)?;
    Ok(if report.ok {
        ExitCode::SUCCESS
    } else {
        Kind::No.code()
    })
}

fn tell_what_stays(arguments: &Arguments, seed: u64) -> io::Result<()> {
    if arguments.clean {
        if !arguments.json {
            terminal::print("\nThe keys are deleted again.")?;
        }
        return Ok(());
    }
    let removal = arguments.removal(seed);
    if !arguments.json {
        terminal::print(format!("\nThe keys stay. To remove them:\n{removal}"))
    } else if arguments.seed.is_none() {
        // The document has no place for it, and nobody else knows the seed.
        writeln!(io::stderr(), "The keys stay. To remove them: {removal}")
    } else {
        Ok(())
    }
}

/// How far the test is, where somebody watches it: one line of a terminal, written over again. It
/// names the seed, by which the keys of a test that is broken off can be found.
struct Progress {
    count: u64,
    seed: u64,
    is_watched: bool,
    is_shown: bool,
}

impl Progress {
    fn new(count: u64, seed: u64) -> Self {
        Self {
            count,
            seed,
            is_watched: io::stderr().is_terminal(),
            is_shown: false,
        }
    }

    fn show(&mut self, keys: u64) {
        if self.is_watched && keys < self.count {
            self.is_shown = true;
            // A terminal that is gone is no reason to stop.
            let _ = write!(
                io::stderr(),
                "\r{keys} of {} keys (seed {})",
                self.count,
                self.seed
            );
        }
    }

    /// Makes place for what comes.
    fn clear(&self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        let quoted = |word: &str| quote(word.as_ref());
        assert_eq!(quoted("data/cluster.json"), "data/cluster.json");
        assert_eq!(quoted("my file"), "'my file'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
