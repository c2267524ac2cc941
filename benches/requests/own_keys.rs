//! The node `linux` of the default list, asked for keys of its own only, so that each request pays for
//! its digests and none is sent on; beside one Redis with the same keys.

use triad::placement::Placement;

use crate::Machine;
use crate::chosen;
use crate::contest::{Comparisons, Sides, Target};
use crate::lab::data;
use crate::lab::site::Site;
use crate::lab::table::Table;
use crate::work::{CONNECTIONS, KEYS, Verb, Work};

/// Measures both sides, in turn.
pub(crate) fn measure(machine: &Machine) -> anyhow::Result<Table> {
    let title = format!(
        "The node `linux` of the default three rules, asked for keys of its own: each request pays for its\n\
         digests. Median of {} rounds, the sides in turn, {CONNECTIONS} connections, {KEYS} keys; both sides\n\
         driven by this benchmark's own load generator with the same keys.",
        machine.scale.rounds
    );
    let place = Site::linux_of_three()?;
    let other = machine.has_redis.then(Site::redis).transpose()?;
    let triad = place.start()?;
    let redis = other.as_ref().map(Site::start).transpose()?;
    let placement = Placement::built_in();
    let linux = placement.index_of("linux");
    let keys = data::keys(KEYS, |key| Some(placement.owner(key)) == linux);
    for server in std::iter::once(&triad).chain(&redis) {
        chosen::fill(server, &keys)?;
    }
    let sides = Sides {
        triad: chosen::contestant(&[(&triad, keys.clone())], &Verb::SINGLE),
        redis: redis
            .as_ref()
            .map(|server| chosen::contestant(&[(server, keys)], &Verb::SINGLE)),
        ceiling: None,
    };

    let mut comparisons = Comparisons::new(&title, machine.scale.rounds);
    for command in Verb::SINGLE {
        for (pipeline, least) in [(16, 1.3), (64, 1.7)] {
            let work = Work::new(command, pipeline, machine.scale);
            comparisons.add(work, &sides, Some(Target::Rate(least)))?;
        }
    }
    Ok(comparisons.into_table())
}
