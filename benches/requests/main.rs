//! Requests in numbers, beside Redis and the ceiling in the same run: how many a second, the server's
//! processor time for one, and how long one takes.
//!
//! `cargo bench --bench requests`; `TRIAD_BENCH_QUICK=1` for a quick look, `TRIAD_BENCH_ROUNDS=9` for
//! more rounds than five; `-- one-node own-keys` for some of the parts. Both sides acknowledge a write
//! after its fsync. Load comes from `redis-benchmark`, and where its keys do not fit, from a generator
//! of our own. It fails only where something could not be measured; a target that is missed is told.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what a benchmark finds is printed"
)]

mod ceiling;
mod chosen;
mod contest;
mod crowd;
mod growth;
#[path = "../lab/mod.rs"]
#[allow(dead_code, reason = "each benchmark uses a part of what they share")]
mod lab;
#[path = "../../tests/machine/mod.rs"]
mod machine;
mod many_keys;
mod one_node;
mod own_keys;
mod redis_benchmark;
mod three_nodes;
mod tools;
mod tools_keygen;
mod values;
mod work;

use std::process::ExitCode;

use anyhow::Context as _;

use lab::site;
use lab::table::Table;

/// Sets the number of rounds.
const ROUNDS_VARIABLE: &str = "TRIAD_BENCH_ROUNDS";
const ROUNDS_DEFAULT: usize = 5;
/// Asks for a quick look: one round, of fewer requests.
const QUICK_VARIABLE: &str = "TRIAD_BENCH_QUICK";
const QUICK_DIVISOR: usize = 20;

/// A part of the benchmark.
struct Part {
    name: &'static str,
    /// Without it there is nothing to measure here.
    needs_redis_benchmark: bool,
    measure: fn(&Machine) -> anyhow::Result<Vec<Table>>,
}

const PARTS: &[Part] = &[
    Part {
        name: "one-node",
        needs_redis_benchmark: true,
        measure: |machine| Ok(vec![one_node::measure(machine)?]),
    },
    Part {
        name: "own-keys",
        needs_redis_benchmark: false,
        measure: |machine| Ok(vec![own_keys::measure(machine)?]),
    },
    Part {
        name: "three-nodes",
        needs_redis_benchmark: false,
        measure: three_nodes::measure,
    },
    Part {
        name: "many-keys",
        needs_redis_benchmark: false,
        measure: |machine| Ok(vec![many_keys::measure(machine)?]),
    },
    Part {
        name: "crowd",
        needs_redis_benchmark: false,
        measure: |machine| Ok(vec![crowd::measure(machine)?]),
    },
    Part {
        name: "values",
        needs_redis_benchmark: true,
        measure: |machine| Ok(vec![values::measure(machine)?]),
    },
    Part {
        name: "tools",
        needs_redis_benchmark: false,
        measure: |machine| {
            Ok(vec![
                tools::measure(machine)?,
                tools_keygen::measure(machine)?,
            ])
        },
    },
    Part {
        name: "growth",
        needs_redis_benchmark: false,
        measure: |machine| Ok(vec![growth::measure(machine)?]),
    },
];

/// How much is measured.
#[derive(Clone, Copy)]
struct Scale {
    rounds: usize,
    /// What the numbers of requests are divided by.
    divisor: usize,
}

/// What there is to measure with.
struct Machine {
    scale: Scale,
    has_redis: bool,
    has_redis_benchmark: bool,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let done = match (arguments.next().as_deref(), arguments.next()) {
        (Some(site::CEILING), Some(address)) => ceiling::serve(&address),
        _ => run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let chosen = chosen_parts()?;
    let has_redis = lab::introduce()?;
    let machine = Machine {
        scale: Scale::from_environment()?,
        has_redis,
        has_redis_benchmark: redis_benchmark::is_installed()?,
    };
    if !machine.has_redis_benchmark {
        machine::skip("redis-benchmark", "redis-benchmark is not installed");
    }
    for part in chosen {
        if machine.has_redis_benchmark || !part.needs_redis_benchmark {
            for table in (part.measure)(&machine)? {
                print!("{table}");
            }
        }
    }
    Ok(())
}

/// The parts that the arguments name, or all. What cargo adds begins with a dash.
fn chosen_parts() -> anyhow::Result<Vec<&'static Part>> {
    let names = std::env::args()
        .skip(1)
        .filter(|name| !name.starts_with('-'));
    let part_of = |name: String| {
        let part = PARTS.iter().find(|part| part.name == name);
        part.with_context(|| {
            let known: Vec<_> = PARTS.iter().map(|part| part.name).collect();
            format!(
                "there is no part `{name}`; the parts are {}",
                known.join(", ")
            )
        })
    };
    let chosen: Vec<_> = names.map(part_of).collect::<Result<_, _>>()?;
    Ok(if chosen.is_empty() {
        PARTS.iter().collect()
    } else {
        chosen
    })
}

impl Scale {
    fn from_environment() -> anyhow::Result<Self> {
        let is_quick = std::env::var_os(QUICK_VARIABLE).is_some_and(|set| set != "0");
        let (rounds, divisor) = if is_quick {
            (1, QUICK_DIVISOR)
        } else {
            (ROUNDS_DEFAULT, 1)
        };
        let rounds = match std::env::var(ROUNDS_VARIABLE) {
            Ok(rounds) => rounds.parse().context(ROUNDS_VARIABLE)?,
            Err(_) => rounds,
        };
        anyhow::ensure!(rounds > 0, "{ROUNDS_VARIABLE} is at least 1");
        Ok(Self { rounds, divisor })
    }
}
