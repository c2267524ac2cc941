//! The store in numbers, beside Redis in the same run: memory a key, bytes written for each byte of
//! user data, requests during a checkpoint, and the time from start to serving.
//!
//! `cargo bench --bench store`; `TRIAD_BENCH_KEYS=10000` for a quick look. Both sides acknowledge a
//! write after its fsync, and are filled by the same loader. It fails only where something could not
//! be measured; a target that is missed is told.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what a benchmark finds is printed"
)]

mod checkpoint;
#[path = "../lab/mod.rs"]
#[allow(dead_code, reason = "each benchmark uses a part of what they share")]
mod lab;
#[path = "../../tests/machine/mod.rs"]
mod machine;
mod size;
mod start;

use std::process::ExitCode;

use anyhow::Context as _;
use triad::placement::Placement;

use lab::data::{self, KEY_BYTES, Key, VALUE_BYTES};
use lab::load::{self, Shape};
use lab::server::Server;
use lab::site::Site;
use lab::table::at_most;

/// Sets how many keys there are.
const KEYS_VARIABLE: &str = "TRIAD_BENCH_KEYS";
/// The number of keys that the targets are about.
const KEYS_DEFAULT: usize = 1_000_000;

/// So many times each thing is measured, the sides in turn.
const ROUNDS: usize = 5;

/// Many requests share an fsync, on both sides.
const LOADING: Shape = Shape {
    connections: 4,
    pipeline: 128,
};

/// A site, and the keys that its server has.
struct Side {
    site: Site,
    keys: Vec<Key>,
}

/// What is compared.
struct Sides {
    /// A node that owns every key.
    alone: Side,
    /// The node `linux` of the default three, with keys of its own only.
    linux: Side,
    /// Where it is installed.
    redis: Option<Side>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let count = match std::env::var(KEYS_VARIABLE) {
        Ok(count) => count.parse().context(KEYS_VARIABLE)?,
        Err(_) => KEYS_DEFAULT,
    };
    anyhow::ensure!(count >= 10, "{KEYS_VARIABLE} is at least 10");
    let has_redis = lab::introduce()?;
    println!(
        "{count} keys of {KEY_BYTES} random letters and digits, values of {VALUE_BYTES} random printable bytes"
    );

    let sides = Sides::new(count, has_redis)?;
    print!("{}", size::measure(&sides)?);
    print!("{}", checkpoint::measure(&sides)?);
    print!("{}", start::measure(&sides)?);
    Ok(())
}

impl Sides {
    fn new(count: usize, with_redis: bool) -> anyhow::Result<Self> {
        let placement = Placement::built_in();
        let linux = placement.index_of("linux");
        let keys = data::keys(count, |_| true);
        Ok(Self {
            linux: Side {
                site: Site::linux_of_three()?,
                keys: data::keys(count, |key| Some(placement.owner(key)) == linux),
            },
            redis: with_redis
                .then(|| {
                    let (site, keys) = (Site::redis()?, keys.clone());
                    anyhow::Ok(Side { site, keys })
                })
                .transpose()?,
            alone: Side {
                site: Site::alone()?,
                keys,
            },
        })
    }

    /// Whether a figure that is to be at most `most` is so, where there are the keys that this is
    /// said of.
    fn verdict(&self, figure: f64, most: f64) -> String {
        if self.alone.keys.len() == KEYS_DEFAULT {
            at_most(figure, most)
        } else {
            format!("of {KEYS_DEFAULT} keys")
        }
    }

    /// The two that hold the same keys.
    fn same_keys(&self) -> impl Iterator<Item = &Side> {
        std::iter::once(&self.alone).chain(&self.redis)
    }

    fn all(&self) -> impl Iterator<Item = &Side> {
        [&self.alone, &self.linux].into_iter().chain(&self.redis)
    }
}

impl Side {
    /// Sets every `step`-th key to its value of `version`.
    fn set(&self, step: usize, version: u64) -> anyhow::Result<()> {
        let keys: Vec<_> = self.keys.iter().step_by(step).collect();
        load::set_all(self.site.address(), LOADING, &keys, version)
    }

    /// Ends a server after a checkpoint, so that it finds a snapshot when it starts again. A node
    /// makes one by itself when it ends.
    fn stop(&self, server: Server<'_>) -> anyhow::Result<u64> {
        if self.site.is_redis() {
            server.checkpoint()?;
        }
        server.stop()
    }
}
