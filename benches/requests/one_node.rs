//! One node that owns every key, beside one Redis and the ceiling, driven by `redis-benchmark`.

use crate::Machine;
use crate::contest::{Comparisons, Contestant, Sides, Target};
use crate::lab::server::Server;
use crate::lab::site::Site;
use crate::lab::table::Table;
use crate::work::{KEYS, Verb, Work, benchmark_keys};
use crate::{chosen, redis_benchmark};

/// Measures all sides, in turn.
pub(crate) fn measure(machine: &Machine) -> anyhow::Result<Table> {
    let title = format!(
        "One node that owns every key, without working out a digest: median of {} rounds, the sides in\n\
         turn, redis-benchmark -c 50 -r {KEYS} -d 64; every key is there before.",
        machine.scale.rounds
    );
    let places = Sides {
        triad: Site::alone()?,
        redis: machine.has_redis.then(Site::redis).transpose()?,
        ceiling: Some(Site::ceiling()?),
    };
    let triad = places.triad.start()?;
    let redis = places.redis.as_ref().map(Site::start).transpose()?;
    let ceiling = places.ceiling.as_ref().map(Site::start).transpose()?;
    let keys = benchmark_keys()?;
    for server in std::iter::once(&triad).chain(&redis) {
        chosen::fill(server, &keys)?;
    }
    let sides = Sides {
        triad: contestant(&triad),
        redis: redis.as_ref().map(contestant),
        ceiling: ceiling.as_ref().map(contestant),
    };

    let mut comparisons = Comparisons::new(&title, machine.scale.rounds);
    for command in Verb::SINGLE {
        for pipeline in [1, 16, 64] {
            let target = match (command, pipeline) {
                (_, 1) => Target::RateAndCpu(1.0, 1.1),
                (Verb::Get, 16) => Target::Rate(1.5),
                _ => Target::Rate(2.0),
            };
            let work = Work::new(command, pipeline, machine.scale);
            comparisons.add(work, &sides, Some(target))?;
        }
    }
    Ok(comparisons.into_table())
}

/// A server whose requests come from redis-benchmark.
pub(crate) fn contestant<'a>(server: &'a Server<'a>) -> Contestant<'a> {
    Contestant {
        servers: vec![server],
        drive: Box::new(|work| redis_benchmark::drive(server.address(), work, false)),
    }
}
