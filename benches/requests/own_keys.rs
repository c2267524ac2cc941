//! The node `linux` of the default list, asked for keys of its own only, so that each request pays for
//! its digests and none is sent on; beside one Redis with the same keys.

use std::sync::Arc;

use triad::placement::Placement;
use triad::resp::encode_request;

use crate::Machine;
use crate::contest::{Comparisons, Contestant, Sides, Target};
use crate::lab::data::{self, Key, Random, VALUE_BYTES, value};
use crate::lab::generator::{self, Requests};
use crate::lab::load::{self, Shape};
use crate::lab::server::Server;
use crate::lab::site::Site;
use crate::lab::table::Table;
use crate::work::{CONNECTIONS, KEYS, Verb, Work};

/// How the keys come in before.
const FILLING: Shape = Shape {
    connections: 4,
    pipeline: 128,
};

/// Measures both sides, in turn.
pub(crate) fn measure(machine: &Machine) -> anyhow::Result<Table> {
    let title = format!(
        "The node `linux` of the default three rules, asked for keys of its own: each request pays for its\n\
         digests. Median of {} rounds, the sides in turn, {CONNECTIONS} connections, {KEYS} keys; both sides\n\
         driven by this benchmark's own load generator with the same keys.",
        machine.scale.rounds
    );
    let site = Site::linux_of_three()?;
    let other = machine.has_redis.then(Site::redis).transpose()?;
    let triad = site.start()?;
    let redis = other.as_ref().map(Site::start).transpose()?;
    let placement = Placement::built_in();
    let linux = placement.index_of("linux");
    let keys = data::keys(KEYS, |key| Some(placement.owner(key)) == linux);
    let borrowed: Vec<_> = keys.iter().collect();
    for server in [Some(&triad), redis.as_ref()].into_iter().flatten() {
        load::set_all(server.address(), FILLING, &borrowed, 0)?;
    }
    let sides = Sides {
        triad: contestant(&triad, &keys),
        redis: redis.as_ref().map(|server| contestant(server, &keys)),
        ceiling: None,
    };

    let mut comparisons = Comparisons::new(&title, machine.scale.rounds);
    for command in Verb::ALL {
        for (pipeline, least) in [(16, 1.3), (64, 1.7)] {
            let work = Work::new(command, pipeline, machine.scale);
            comparisons.add(work, &sides, Some(Target::Rate(least)))?;
        }
    }
    Ok(comparisons.into_table())
}

fn contestant<'a>(server: &'a Server<'a>, keys: &[Key]) -> Contestant<'a> {
    let gets = Arc::new(requests(server, Verb::Get, keys));
    let sets = Arc::new(requests(server, Verb::Set, keys));
    Contestant {
        servers: vec![server],
        drive: Box::new(move |work| {
            let requests = match work.command {
                Verb::Get => Arc::clone(&gets),
                Verb::Set => Arc::clone(&sets),
            };
            let shape = Shape {
                connections: CONNECTIONS,
                pipeline: work.pipeline,
            };
            generator::drive(&[requests], shape, work.count)
        }),
    }
}

/// As many requests as there are keys, each with a random one of them.
fn requests(server: &Server<'_>, command: Verb, keys: &[Key]) -> Requests {
    let mut random = Random(0);
    let mut bytes = Vec::new();
    for _ in keys {
        let Some(key) = keys.get(random.below(keys.len())) else {
            continue;
        };
        match command {
            Verb::Get => encode_request([&b"GET"[..], key].into_iter(), &mut bytes),
            Verb::Set => {
                let words: [&[u8]; 3] = [b"SET", key, &value(key, 1)];
                encode_request(words.into_iter(), &mut bytes);
            }
        }
    }
    let (reply_start, reply_bytes): (&[u8], _) = match command {
        Verb::Get => (b"$64\r\n", b"$64\r\n\r\n".len() + VALUE_BYTES),
        Verb::Set => (b"+OK\r\n", b"+OK\r\n".len()),
    };
    Requests {
        address: server.address(),
        request_bytes: bytes.len() / keys.len(),
        bytes,
        reply_bytes,
        reply_start,
    }
}
