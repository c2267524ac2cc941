//! The coverage test beside our own load generator, which does nothing else than to send requests.
//!
//! For each key `keygen` offers it to all three nodes and reads it through all three: six requests, of which
//! one waits for an fsync and two are sent on by the node that is asked. The generator sends each request to
//! its key's owner, half of them writes.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use triad::placement::Placement;

use crate::Machine;
use crate::chosen;
use crate::lab::data;
use crate::lab::load::Shape;
use crate::lab::routed::{Material, Question, Routed};
use crate::lab::site::{Site, without_settings};
use crate::lab::statistics::median_figure;
use crate::lab::table::{NOTHING, Table, at_least, times};
use crate::three_nodes::{await_links, start};
use crate::work::{CONNECTIONS, KEYS};

/// The keys that the test is run with.
const TESTED_KEYS: usize = 200_000;
/// The requests of the generator, of each kind.
const REQUESTS: usize = 600_000;
/// The requests that it sends on a connection before it reads their replies.
const PIPELINE: usize = 64;
/// What keygen has to reach of the generator's rate.
const LEAST: f64 = 0.5;

/// What one run of keygen found.
struct Tested {
    /// Keys a second.
    keys: f64,
    /// Requests a second.
    requests: f64,
}

/// Measures the generator and keygen, in turn.
pub(crate) fn measure(machine: &Machine) -> anyhow::Result<Table> {
    let sites = Site::three()?;
    let servers = start(&sites)?;
    await_links(&servers)?;
    let keys = data::keys(KEYS, |_| true);
    chosen::fill(servers.first().context("a list has a node")?, &keys)?;
    let material = Arc::new(Material::new(keys));
    let generator = Routed::new(&servers, Placement::built_in(), &material)?;
    let cluster = sites.first().context("a list has a node")?.cluster_file();
    let shape = Shape {
        connections: CONNECTIONS,
        pipeline: PIPELINE,
    };
    let count = REQUESTS / machine.scale.divisor;
    let (mut mixes, mut tests, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..machine.scale.rounds {
        let set = generator.drive(Question::Set, shape, count)?.rate;
        let get = generator.drive(Question::Get, shape, count)?.rate;
        // As many of the one as of the other.
        let mix = 2.0 / (1.0 / set + 1.0 / get);
        let tested = test(&cluster, TESTED_KEYS / machine.scale.divisor, round)?;
        ratios.push(tested.requests / mix);
        mixes.push(mix);
        tests.push(tested);
    }
    let thousands = |rate: f64| format!("{:.0}", rate / 1000.0);
    let median = |figure: fn(&Tested) -> f64| median_figure(tests.iter().map(figure));
    let ratio = median_figure(ratios);
    let mut table = Table::new(
        format!(
            "keygen --count {TESTED_KEYS} --clean on three nodes, beside our own load generator with SET and GET in\n\
             turn ({CONNECTIONS} connections, P={PIPELINE}, each request sent to its key's owner). Median of {} \
             rounds, the\nsides in turn; both share the processors with the nodes.",
            machine.scale.rounds
        ),
        &[
            "thousand a second:",
            "keys",
            "requests",
            "keygen/generator",
            "which is to be",
        ],
    );
    let nothing = NOTHING.to_owned();
    let generated = thousands(median_figure(mixes));
    table.row(
        "load generator",
        [nothing.clone(), generated, nothing, String::new()],
    );
    table.row(
        "keygen",
        [
            thousands(median(|tested| tested.keys)),
            thousands(median(|tested| tested.requests)),
            times(ratio),
            at_least(ratio, LEAST),
        ],
    );
    Ok(table)
}

/// Runs keygen as a user would, with keys of its own in each round.
fn test(cluster: &Path, count: usize, round: usize) -> anyhow::Result<Tested> {
    let program = option_env!("CARGO_BIN_EXE_keygen");
    let mut command =
        Command::new(program.context("keygen was not built: the tools are left out")?);
    without_settings(&mut command);
    command
        .args(["--json", "--clean", "--cluster"])
        .arg(cluster);
    command.args(["--count", &count.to_string(), "--seed", &round.to_string()]);
    let output = command.stdin(Stdio::null()).output()?;
    ensure!(
        output.status.success(),
        "keygen ends with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let document: Value = serde_json::from_slice(&output.stdout)?;
    let figure = |name: &str| {
        let figure = document.get(name).and_then(Value::as_f64);
        figure.context("a figure of keygen")
    };
    Ok(Tested {
        keys: figure("rate")?,
        requests: figure("request_rate")?,
    })
}
