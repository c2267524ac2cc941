//! The time from the start of the process to the first right answer, after a clean end and after
//! `kill -9`.
//!
//! A client tries to connect every half millisecond, and asks for a key until it gets the key's value;
//! while Redis loads, it answers `-LOADING`. The files are in the system's memory on all sides, as they
//! were read or written just before.

use std::time::Duration;

use anyhow::ensure;

use crate::lab::data::value;
use crate::lab::server::{Server, Start};
use crate::lab::statistics::{median, ratio};
use crate::lab::table::{NOTHING, Table, times};
use crate::{ROUNDS, Side, Sides};

/// A node is to need no longer than Redis.
const RATIO_MAX: f64 = 1.0;

/// Of so many keys one is set again after the last checkpoint before a `kill -9`.
const OVERWRITTEN: usize = 5;
/// The versions of the values that the first key has had.
const FIRST_VERSION: u64 = 0;
const LAST_VERSION: u64 = 2;

/// How a server ends between two starts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Clean,
    Killed,
}

/// Measures all sides, in turn. They are stopped after a checkpoint, and end killed.
pub(crate) fn measure(sides: &Sides) -> anyhow::Result<Table> {
    let mut table = Table::new(
        format!(
            "Time from start to serving: median of {ROUNDS} starts, the sides in turn. After a clean end there is\n\
             a snapshot (in Redis the append-only file was rewritten). Before kill -9 there was a checkpoint\n\
             on each side, and then every fifth key was set again: a snapshot and a journal. `one node` owns\n\
             every key; `linux of three` has to ask each key's digest whether the key is its own."
        ),
        &[
            "",
            "triad",
            "Redis",
            "triad / Redis",
            "processor time",
            "Redis",
            "target",
        ],
    );
    for (ending, name) in [(Ending::Clean, "clean end"), (Ending::Killed, "kill -9")] {
        if ending == Ending::Killed {
            for side in sides.all() {
                crash(side)?;
            }
        }
        let mut starts: Vec<Vec<Start>> = sides.all().map(|_| Vec::new()).collect();
        for _ in 0..ROUNDS {
            for (side, starts) in sides.all().zip(&mut starts) {
                starts.push(start(side, ending)?);
            }
        }
        let medians: Vec<_> = starts.iter().map(|starts| Medians::of(starts)).collect();
        if let [alone, linux, redis @ ..] = &*medians {
            for (side, ours) in [("one node", alone), ("linux of three", linux)] {
                let figures = figures(sides, ours, redis.first());
                table.row(&format!("{name}, {side}"), figures);
            }
        }
    }
    Ok(table)
}

/// Leaves a snapshot with all keys and a journal with a fifth of them, and a server that was killed.
fn crash(side: &Side) -> anyhow::Result<()> {
    let server = side.site.start()?;
    await_all(side, &server, FIRST_VERSION)?;
    server.checkpoint()?;
    side.set(OVERWRITTEN, LAST_VERSION)?;
    server.kill()
}

/// Starts a server, and ends it.
fn start(side: &Side, ending: Ending) -> anyhow::Result<Start> {
    let server = side.site.spawn()?;
    match ending {
        Ending::Clean => {
            let start = await_all(side, &server, FIRST_VERSION)?;
            server.stop()?;
            Ok(start)
        }
        Ending::Killed => {
            let start = await_all(side, &server, LAST_VERSION)?;
            server.kill()?;
            Ok(start)
        }
    }
}

/// Waits until the server answers with the first key's value of this version, and sees that all the
/// other keys are there.
fn await_all(side: &Side, server: &Server<'_>, version: u64) -> anyhow::Result<Start> {
    let key = side.keys.first().unwrap_or(&[0; 16]);
    let value = value(key, version);
    let start = server.await_reply(&[b"GET", key], |reply| reply.as_bytes() == Some(&value))?;
    // `DBSIZE` would ask the other nodes of a list too.
    let lines = server.connect()?.info("keyspace")?;
    let all = format!("db0:keys={},", side.keys.len());
    let is_complete = lines.iter().any(|line| line.starts_with(&all));
    ensure!(is_complete, "not all keys are there: {lines:?}");
    Ok(start)
}

struct Medians {
    elapsed: Duration,
    cpu: Duration,
}

impl Medians {
    fn of(starts: &[Start]) -> Self {
        Self {
            elapsed: median(starts.iter().map(|start| start.elapsed)),
            cpu: median(starts.iter().map(|start| start.cpu)),
        }
    }
}

fn figures(sides: &Sides, ours: &Medians, theirs: Option<&Medians>) -> [String; 6] {
    let compared = theirs.map(|theirs| ratio(ours.elapsed, theirs.elapsed));
    let nothing = || NOTHING.to_owned();
    [
        shown(ours.elapsed),
        theirs.map_or_else(nothing, |theirs| shown(theirs.elapsed)),
        compared.map_or_else(nothing, times),
        shown(ours.cpu),
        theirs.map_or_else(nothing, |theirs| shown(theirs.cpu)),
        compared.map_or_else(String::new, |ratio| sides.verdict(ratio, RATIO_MAX)),
    ]
}

/// A time in seconds.
fn shown(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}
