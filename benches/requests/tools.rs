//! What the tools reach with many keys, beside our own load generator, which does nothing else.
//!
//! A tool is a program that is started, does its work, and ends; all of that time counts.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;
use triad::placement::Placement;

use crate::Machine;
use crate::chosen;
use crate::lab::data::{self, Key, value};
use crate::lab::load::Shape;
use crate::lab::routed::{Material, Question, Routed};
use crate::lab::server::Server;
use crate::lab::site::{Site, without_settings};
use crate::lab::statistics::median_figure;
use crate::lab::table::{Table, at_least, times};
use crate::three_nodes::{await_links, start};
use crate::work::CONNECTIONS;

/// The keys that a tool writes.
const KEYS: usize = 1_000_000;
/// The requests that the generator sends on a connection before it reads their replies.
const PIPELINE: usize = 64;

/// A tool at work.
struct Tool {
    name: &'static str,
    /// How many times as many keys a second as the generator's requests it has to do.
    least: f64,
    run: fn(&Place) -> anyhow::Result<()>,
}

/// What is measured: another tool is another row.
const TOOLS: &[Tool] = &[Tool {
    name: "client import, lines",
    least: 0.5,
    run: import,
}];

/// Where the tools work.
struct Place {
    folder: tempfile::TempDir,
    cluster: PathBuf,
}

/// Measures the generator and each tool, in turn.
pub(crate) fn measure(machine: &Machine) -> anyhow::Result<Table> {
    let count = KEYS / machine.scale.divisor;
    let sites = Site::three()?;
    let servers = start(&sites)?;
    await_links(&servers)?;
    let keys = data::keys(count, |_| true);
    let place = Place {
        folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?,
        cluster: sites.first().context("a list has a node")?.cluster_file(),
    };
    place.write_lines(&keys)?;
    // The first time, nodes take memory for the keys.
    chosen::fill(servers.first().context("a list has a node")?, &keys)?;
    let generator = Routed::new(
        &servers,
        Placement::built_in(),
        &Arc::new(Material::new(keys)),
    )?;
    let drive = || {
        let shape = Shape {
            connections: CONNECTIONS,
            pipeline: PIPELINE,
        };
        anyhow::Ok(generator.drive(Question::Set, shape, count)?.rate)
    };
    let mut figures = vec![Vec::new(); TOOLS.len()];
    for _ in 0..machine.scale.rounds {
        for (tool, figures) in TOOLS.iter().zip(&mut figures) {
            let (rate, took) = (drive()?, tool.measure(&place)?);
            figures.push((f64::from(u32::try_from(count)?) / took.as_secs_f64(), rate));
        }
        check(&servers, count)?;
    }
    Ok(table(machine, count, &figures))
}

fn table(machine: &Machine, count: usize, figures: &[Vec<(f64, f64)>]) -> Table {
    let title = format!(
        "Three nodes: keys a second that a tool writes, {count} of them with values of 64 bytes, from its start\n\
         to its end; beside SET by our own cluster client, P={PIPELINE}, {CONNECTIONS} connections. Median of {} \n\
         rounds, in turn.",
        machine.scale.rounds
    );
    let columns = [
        "thousand a second:",
        "tool",
        "generator",
        "ratio",
        "is to be",
    ];
    let mut table = Table::new(title, &columns);
    for (tool, figures) in TOOLS.iter().zip(figures) {
        let rate = |rate: f64| format!("{:.0}", rate / 1000.0);
        let ratio = median_figure(figures.iter().map(|(tool, generator)| tool / generator));
        let row = [
            rate(median_figure(figures.iter().map(|(tool, _)| *tool))),
            rate(median_figure(
                figures.iter().map(|(_, generator)| *generator),
            )),
            times(ratio),
            at_least(ratio, tool.least),
        ];
        table.row(tool.name, row);
    }
    table
}

/// Checks that every key is there, and nothing else.
fn check(servers: &[Server<'_>], count: usize) -> anyhow::Result<()> {
    let mut first = servers.first().context("a list has a node")?.connect()?;
    let reply = first.ask(&[b"DBSIZE"])?;
    let expected = triad::resp::Frame::Integer(i64::try_from(count)?);
    ensure!(reply == expected, "not {count} keys, but {reply:?}");
    Ok(())
}

impl Tool {
    fn measure(&self, place: &Place) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        (self.run)(place)?;
        Ok(begun.elapsed())
    }
}

impl Place {
    fn lines(&self) -> PathBuf {
        self.folder.path().join("keys.jsonl")
    }

    fn write_lines(&self, keys: &[Key]) -> anyhow::Result<()> {
        let mut file = BufWriter::new(File::create(self.lines())?);
        for key in keys {
            let value = value(key, 1);
            let [key, value] = [key.as_slice(), &value].map(String::from_utf8_lossy);
            writeln!(file, "{}", json!({ "key": key, "value": value }))?;
        }
        Ok(file.flush()?)
    }

    /// Runs a tool, which has to end well.
    fn run(&self, program: &str, arguments: &[&Path]) -> anyhow::Result<()> {
        let mut command = Command::new(program);
        without_settings(&mut command);
        command.arg("--cluster").arg(&self.cluster).args(arguments);
        command.stdin(Stdio::null());
        let output = command.output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{program} fails: {said}");
        Ok(())
    }
}

fn import(place: &Place) -> anyhow::Result<()> {
    let arguments = [Path::new("import"), &place.lines()];
    place.run(env!("CARGO_BIN_EXE_client"), &arguments)
}
