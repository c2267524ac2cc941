//! Requests of many keys each, sent to one of three nodes, which has to ask the others for their parts;
//! beside one Redis, which has all keys.

use crate::Machine;
use crate::chosen;
use crate::contest::{Comparisons, Contestant, Sides, Target};
use crate::lab::data;
use crate::lab::site::Site;
use crate::lab::table::Table;
use crate::three_nodes::{await_links, start};
use crate::work::{CONNECTIONS, KEYS, KEYS_EACH, Verb, Work};

const COMMANDS: [Verb; 2] = [Verb::MGet, Verb::MSet];

/// Measures both sides, in turn.
pub(crate) fn measure(machine: &Machine) -> anyhow::Result<Table> {
    let title = format!(
        "Requests of {KEYS_EACH} keys each to one of three nodes, beside one Redis: median of {} rounds, the\n\
         sides in turn, {CONNECTIONS} connections, {KEYS} keys, both sides driven by this benchmark's own load\n\
         generator. CPU is that of all three nodes.",
        machine.scale.rounds
    );
    let places = Site::three()?;
    let other = machine.has_redis.then(Site::redis).transpose()?;
    let nodes = start(&places)?;
    let redis = other.as_ref().map(Site::start).transpose()?;
    await_links(&nodes)?;
    let keys = data::keys(KEYS, |_| true);
    for server in nodes.first().into_iter().chain(&redis) {
        chosen::fill(server, &keys)?;
    }
    let entry = nodes.iter().take(1).map(|server| (server, keys.clone()));
    let sides = Sides {
        triad: Contestant {
            servers: nodes.iter().collect(),
            ..chosen::contestant(&entry.collect::<Vec<_>>(), &COMMANDS)
        },
        redis: redis
            .as_ref()
            .map(|server| chosen::contestant(&[(server, keys)], &COMMANDS)),
        ceiling: None,
    };
    let mut comparisons = Comparisons::new(&title, machine.scale.rounds);
    for command in COMMANDS {
        let work = Work::of_many_keys(command, machine.scale);
        comparisons.add(work, &sides, Some(Target::Rate(1.0)))?;
    }
    Ok(comparisons.into_table())
}
