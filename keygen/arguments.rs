//! What `keygen` is told.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::Parser;
use triad::coverage::{Effort, KeySpace, Plan, file};
use triad::ending::Ending;
use triad::limits::{COVERAGE_LANES, COVERAGE_LANES_MAX, KEY_MAX_BYTES};
use triad::terminal::shell;

const AFTER_HELP: &str = "\
Exit codes: 0 coverage is complete, or every key is as it was; 1 it is not; 2 wrong usage; 3 a node can't \
be reached; 4 any other failure, or Ctrl-C.";

const AFTER_LONG_HELP: &str = "\
The document of --json, also after a failure:
  keys, stored, duplicates, misplaced, unread
                        keys offered to every node; stored; stored on several nodes; stored on a wrong
                        node; not read through every node
  unreachable           the names of the nodes that could not be reached
  nodes                 of each: name, rule, expected_share (from 0 to 1), keys
  ok                    whether coverage is complete
  chi_squared, degrees_of_freedom, p_value
                        how the shares differ from the rules'; null where keys or nodes are too few
  is_chance             whether by no more than chance (p_value is at least 0.01); null likewise
  seconds, rate         how long the test took, without connecting and deleting; keys a second
  requests, request_rate
                        offers and readings together; the same a second
  latencies             offers, reads: each with requests, p50_us, p99_us, max_us; and nodes, of each
                        name, offers, reads. From when a request was written out to when its reply was
                        read, with all others that were under way
  seed, length, lanes   by what the keys were made; how many batches were under way at the same time
  version, fingerprint  of this program; of the list of nodes and rules

The document of --verify --json:
  keys, found           keys of the plan; those that were on their owner and read through every node
  missing, wrong, misplaced, duplicates, unread
                        keys that are nowhere; that have another value; that lie on a node which does not
                        own them; on several nodes; not read through every node
  unreachable, nodes, ok
                        as above; of a node also keys_before
  faults                of the first 20 keys that are not as they were: key, fault
  rules_changed         whether the list of nodes and rules is another one than when they were saved
  saved_unix_ms         when they were saved
  deleted               whether the keys were deleted afterwards; false also where some that are not as
                        they were stay
  seconds, rate, latencies
                        as above; latencies of readings only
  seed, length, lanes, version, fingerprint
                        as above

Exit codes: 0 coverage is complete, or every key is as it was; 1 it is not; 2 wrong usage; 3 a node can't be \
reached; 4 any other failure, or Ctrl-C.";

/// Offers random keys to every node of a triad cluster and verifies that each has exactly one home.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP, after_long_help = AFTER_LONG_HELP)]
pub(crate) struct Arguments {
    /// How many keys
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: u64,

    /// How many characters (A-Z, a-z, 0-9) a key has
    #[arg(long, value_name = "N", default_value_t = 16,
          value_parser = clap::value_parser!(u64).range(1..=KEY_MAX_BYTES as u64))]
    pub(crate) length: u64,

    /// The same number gives the same keys again [default: another at each run]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Delete the keys afterwards
    #[arg(long)]
    pub(crate) clean: bool,

    /// How many batches of keys are under way at the same time, each with a connection to every node
    #[arg(long, value_name = "N", default_value_t = COVERAGE_LANES as u64,
          value_parser = clap::value_parser!(u64).range(1..=COVERAGE_LANES_MAX as u64))]
    concurrency: u64,

    /// Save what is needed to verify the same keys later: some lines, however many keys there are
    #[arg(long, value_name = "FILE", conflicts_with = "clean")]
    pub(crate) save: Option<PathBuf>,

    /// Look for the keys of a saved test again, and store nothing
    #[arg(long, value_name = "FILE",
          conflicts_with_all = ["count", "length", "seed", "save", "report", "force"])]
    pub(crate) verify: Option<PathBuf>,

    /// Write a page to look at, with the figures as charts: one file, for any browser
    #[arg(long, value_name = "FILE.html")]
    pub(crate) report: Option<PathBuf>,

    /// Let --save and --report overwrite a file that is there
    #[arg(long)]
    pub(crate) force: bool,

    /// Print one JSON document instead of text
    #[arg(long)]
    pub(crate) json: bool,

    /// The cluster file [default: data/cluster.json if it is there, else linux, mac and android on
    /// 127.0.0.1:7001 to 7003]
    #[arg(long, value_name = "FILE", env = "TRIAD_CLUSTER")]
    pub(crate) cluster: Option<PathBuf>,
}

impl Arguments {
    /// What to test with.
    pub(crate) fn plan(&self, seed: u64) -> Result<Plan, Ending> {
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

    /// Learns before the test whether its files can be written after it.
    pub(crate) fn check_files(&self) -> Result<(), Ending> {
        for path in self.save.iter().chain(&self.report) {
            file::check(path, self.force)?;
        }
        if self.save.is_some() && self.save == self.report {
            return Err(Ending::usage("--save and --report name the same file"));
        }
        Ok(())
    }

    /// How hard to work the nodes.
    pub(crate) fn effort(&self) -> Effort {
        let lanes = usize::try_from(self.concurrency).unwrap_or(COVERAGE_LANES_MAX);
        Effort { lanes }
    }

    /// The command that runs the same test again, with so many keys, and deletes them, for a shell.
    pub(crate) fn removal(&self, seed: u64, count: u64) -> String {
        format!(
            "{} --seed {seed} --count {count} --length {} --clean{}",
            program(),
            self.length,
            self.cluster_option()
        )
    }

    /// The command that verifies the keys that were saved in `file`, for a shell.
    pub(crate) fn verification(&self, file: &OsStr) -> String {
        let cluster = self.cluster_option();
        format!("{} --verify {}{cluster}", program(), shell::word(file))
    }

    fn cluster_option(&self) -> String {
        let cluster = self.cluster.as_ref();
        let option = cluster.map(|file| format!(" --cluster {}", shell::word(file.as_os_str())));
        option.unwrap_or_default()
    }
}

/// This program, as it was called.
fn program() -> String {
    let program = std::env::args_os().next().unwrap_or("keygen".into());
    shell::word(&program)
}
