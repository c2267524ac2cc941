//! The three nodes of the default list beside a Redis Cluster of three: once asked through one of the
//! nodes, which sends half of the requests on, and once with each request sent to its key's owner.

use std::sync::Arc;

use triad::client::Router;
use triad::placement::Placement;

use crate::Machine;
use crate::contest::{Comparisons, Contestant, Sides, Target};
use crate::lab::data::{self, Key};
use crate::lab::load::Shape;
use crate::lab::redis_cluster;
use crate::lab::routed::{Material, Question, Routed};
use crate::lab::server::Server;
use crate::lab::site::Site;
use crate::lab::table::Table;
use crate::work::{CONNECTIONS, KEYS, Verb, Work};
use crate::{chosen, redis_benchmark};

/// Redis Cluster's benchmark has keys of its own for each server; so many random ones of them are set,
/// which are nearly all.
const CLUSTER_FILLING: usize = 1_000_000;

/// The servers on each side.
const NODES: usize = 3;
/// The clients that have about [`CONNECTIONS`] connections together.
const CLIENTS: usize = CONNECTIONS.div_ceil(NODES);

/// Measures both sides, in turn, both ways where `redis-benchmark` is installed.
pub(crate) fn measure(machine: &Machine) -> anyhow::Result<Vec<Table>> {
    let places = Site::three()?;
    let others = machine.has_redis.then(Site::redis_cluster).transpose()?;
    let triad = start(&places)?;
    let redis = others.as_deref().map(start).transpose()?;
    if let Some(redis) = &redis {
        redis_cluster::join(redis)?;
    }
    await_links(&triad)?;
    let mut tables = Vec::new();
    if machine.has_redis_benchmark {
        tables.push(through_one(machine, &triad, redis.as_deref())?);
    }
    tables.push(routed(machine, &triad, redis.as_deref())?);
    Ok(tables)
}

pub(crate) fn start(places: &[Site]) -> anyhow::Result<Vec<Server<'_>>> {
    places.iter().map(Site::start).collect()
}

/// Waits until the first node reaches the others. A count of all keys needs them all.
pub(crate) fn await_links(servers: &[Server<'_>]) -> anyhow::Result<()> {
    if let Some(first) = servers.first() {
        first.await_reply(&[b"DBSIZE"], |_| true)?;
    }
    Ok(())
}

fn through_one<'a>(
    machine: &Machine,
    triad: &'a [Server<'a>],
    redis: Option<&'a [Server<'a>]>,
) -> anyhow::Result<Table> {
    let title = format!(
        "Three nodes, every request sent to `linux`, which sends half of them on; beside a Redis Cluster of\n\
         three (appendfsync everysec), to whose servers redis-benchmark sends each request by itself. Median\n\
         of {} rounds, the sides in turn, redis-benchmark -c 50 -r {KEYS} -d 64. CPU is that of all three.",
        machine.scale.rounds
    );
    let (Some(entry), keys) = (triad.first(), crate::work::benchmark_keys()?) else {
        anyhow::bail!("a list has a node");
    };
    chosen::fill(entry, &keys)?;
    if let Some(server) = redis.and_then(<[_]>::first) {
        let filling = Work {
            count: CLUSTER_FILLING / machine.scale.divisor,
            ..Work::new(Verb::Set, 64, machine.scale)
        };
        redis_benchmark::drive(server.address(), filling, true)?;
    }
    let contestant = |servers: &'a [Server<'a>], cluster| {
        let first = servers.first();
        first.map(|first| Contestant {
            servers: servers.iter().collect(),
            drive: Box::new(move |work| redis_benchmark::drive(first.address(), work, cluster)),
        })
    };
    let Some(ours) = contestant(triad, false) else {
        anyhow::bail!("a list has a node");
    };
    let sides = Sides {
        triad: ours,
        redis: redis.and_then(|servers| contestant(servers, true)),
        ceiling: None,
    };
    let mut comparisons = Comparisons::new(&title, machine.scale.rounds);
    for (command, least) in [(Verb::Get, 1.0), (Verb::Set, 1.5)] {
        let work = Work::new(command, 16, machine.scale);
        comparisons.add(work, &sides, Some(Target::Rate(least)))?;
    }
    Ok(comparisons.into_table())
}

fn routed<'a>(
    machine: &Machine,
    triad: &'a [Server<'a>],
    redis: Option<&'a [Server<'a>]>,
) -> anyhow::Result<Table> {
    let title = format!(
        "Three nodes, each request sent to its key's owner by our own cluster client; beside a Redis Cluster of\n\
         three (appendfsync everysec), likewise, by the same client with slots in place of rules. Median of {}\n\
         rounds, the sides in turn, {KEYS} keys, {CLIENTS} clients, each with a connection to each server\n\
         and a pipeline for each connection. CPU is that of all three servers.",
        machine.scale.rounds
    );
    let keys = data::keys(KEYS, |_| true);
    if let Some(entry) = triad.first() {
        chosen::fill(entry, &keys)?;
    }
    for (number, server) in redis.into_iter().flatten().enumerate() {
        let own = |key: &&Key| redis_cluster::owner(*key, NODES) == number;
        chosen::fill(
            server,
            &keys.iter().filter(own).copied().collect::<Vec<_>>(),
        )?;
    }
    let material = Arc::new(Material::new(keys));
    let slots = |key: &[u8]| redis_cluster::owner(key, NODES);
    let sides = Sides {
        triad: contestant(triad, Placement::built_in(), &material)?,
        redis: redis
            .map(|servers| contestant(servers, slots, &material))
            .transpose()?,
        ceiling: None,
    };
    let mut comparisons = Comparisons::new(&title, machine.scale.rounds).telling_clients();
    for command in Verb::SINGLE {
        for pipeline in [16, 64] {
            let work = Work::new(command, pipeline, machine.scale);
            comparisons.add(work, &sides, Some(Target::Rate(1.5)))?;
        }
    }
    Ok(comparisons.into_table())
}

fn contestant<'a, R: Router + Clone + Send + 'static>(
    servers: &'a [Server<'a>],
    router: R,
    material: &Arc<Material>,
) -> anyhow::Result<Contestant<'a>> {
    let clients = Routed::new(servers, router, material)?;
    Ok(Contestant {
        servers: servers.iter().collect(),
        drive: Box::new(move |work| {
            let question = match work.command {
                Verb::Get => Question::Get,
                Verb::Set => Question::Set,
                Verb::MGet | Verb::MSet => anyhow::bail!("a request of many keys has no owner"),
            };
            let shape = Shape {
                connections: CONNECTIONS,
                pipeline: work.pipeline,
            };
            clients.drive(question, shape, work.count)
        }),
    })
}
