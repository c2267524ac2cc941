//! Values of other lengths: one node that owns every key beside one Redis, driven by `redis-benchmark`.

use crate::Machine;
use crate::contest::{Comparisons, Sides};
use crate::lab::site::Site;
use crate::lab::table::Table;
use crate::one_node::contestant;
use crate::work::{Verb, Work};

const LENGTHS: [usize; 2] = [1024, 64 * 1024];

/// Measures both sides, in turn. The values come in by the `SET`s.
pub(crate) fn measure(machine: &Machine) -> anyhow::Result<Table> {
    let title = format!(
        "Longer values: one node that owns every key, median of {} rounds, the sides in turn,\n\
         redis-benchmark -c 50; 64 MiB of values or {} keys.",
        machine.scale.rounds,
        crate::work::KEYS
    );
    let place = Site::alone()?;
    let other = machine.has_redis.then(Site::redis).transpose()?;
    let triad = place.start()?;
    let redis = other.as_ref().map(Site::start).transpose()?;
    let sides = Sides {
        triad: contestant(&triad),
        redis: redis.as_ref().map(contestant),
        ceiling: None,
    };
    let mut comparisons = Comparisons::new(&title, machine.scale.rounds);
    for length in LENGTHS {
        // Nearly all keys get a value of this length before they are asked for.
        for command in [Verb::Set, Verb::Get] {
            comparisons.add(
                Work::of_values(command, length, machine.scale),
                &sides,
                None,
            )?;
        }
    }
    Ok(comparisons.into_table())
}
