//! Whether requests cost the same however many keys there are: the same node with few keys and with
//! many, beside Redis likewise.

use anyhow::Context as _;

use crate::Machine;
use crate::chosen;
use crate::contest::Contestant;
use crate::lab::data;
use crate::lab::server::Server;
use crate::lab::site::Site;
use crate::lab::statistics::median_figure;
use crate::lab::table::{NOTHING, Table, times};
use crate::work::{Verb, Work};

/// Adds a table of this many keys, such as 10000000, which takes some GiB of memory on each side.
const LARGE_VARIABLE: &str = "TRIAD_BENCH_MORE_KEYS";
const COUNTS: [usize; 2] = [10_000, 1_000_000];

/// Measures all sizes on both sides, in turn.
pub(crate) fn measure(machine: &Machine) -> anyhow::Result<Table> {
    let mut counts: Vec<_> = COUNTS
        .iter()
        .map(|count| (count / machine.scale.divisor).max(1000))
        .collect();
    if let Ok(count) = std::env::var(LARGE_VARIABLE) {
        counts.push(count.parse().context(LARGE_VARIABLE)?);
    }
    let title = format!(
        "One node with more and more keys: requests a second as a part of those with {} keys, median of {}\n\
         rounds, all in turn, P=16; {LARGE_VARIABLE}=10000000 adds a size.",
        COUNTS[0], machine.scale.rounds
    );
    let names = counts.iter().map(|count| format!("{count} keys"));
    let names: Vec<_> = std::iter::once(String::new()).chain(names).collect();
    let columns: Vec<_> = names.iter().map(String::as_str).collect();
    let mut table = Table::new(title, &columns);

    let ours = sites(counts.len(), &Site::alone)?;
    let theirs = sites(
        if machine.has_redis { counts.len() } else { 0 },
        &Site::redis,
    )?;
    let ours = start(&ours)?;
    let theirs = start(&theirs)?;
    let contestants = [
        ("triad", filled(&ours, &counts)?),
        ("Redis", filled(&theirs, &counts)?),
    ];
    for command in Verb::SINGLE {
        let work = Work::new(command, 16, machine.scale);
        let rates = rates(&contestants, work, machine.scale.rounds)?;
        for ((name, _), rates) in contestants.iter().zip(rates) {
            let parts = rates.iter().map(|rounds| match rates.first() {
                Some(first) => times(median_figure(
                    rounds.iter().zip(first).map(|(rate, first)| rate / first),
                )),
                None => NOTHING.to_owned(),
            });
            table.row(&format!("{}, {name}", work.name()), parts);
        }
    }
    Ok(table)
}

fn sites(count: usize, new: &dyn Fn() -> anyhow::Result<Site>) -> anyhow::Result<Vec<Site>> {
    (0..count).map(|_| new()).collect()
}

fn start(sites: &[Site]) -> anyhow::Result<Vec<Server<'_>>> {
    sites.iter().map(Site::start).collect()
}

/// The servers, each with as many keys as it is to have.
fn filled<'a>(servers: &'a [Server<'a>], counts: &[usize]) -> anyhow::Result<Vec<Contestant<'a>>> {
    let filled = servers.iter().zip(counts).map(|(server, &count)| {
        let keys = data::keys(count, |_| true);
        chosen::fill(server, &keys)?;
        Ok(chosen::contestant(&[(server, keys)], &Verb::SINGLE))
    });
    filled.collect()
}

/// For each side, for each of its sizes, the rate of each round.
fn rates(
    sides: &[(&str, Vec<Contestant<'_>>)],
    work: Work,
    rounds: usize,
) -> anyhow::Result<Vec<Vec<Vec<f64>>>> {
    let mut all: Vec<_> = sides
        .iter()
        .map(|(_, sizes)| vec![Vec::new(); sizes.len()])
        .collect();
    for _ in 0..rounds {
        for ((_, sizes), rates) in sides.iter().zip(&mut all) {
            for (contestant, rates) in sizes.iter().zip(rates) {
                rates.push((contestant.drive)(work)?.rate);
            }
        }
    }
    Ok(all)
}
