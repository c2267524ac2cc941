//! Requests with chosen keys, each sent to the server that it is for, by a load generator of our own.

use std::sync::Arc;

use anyhow::Context as _;
use triad::resp::encode_request;

use crate::contest::Contestant;
use crate::lab::data::{Key, Random, VALUE_BYTES, value};
use crate::lab::generator::{self, Requests};
use crate::lab::load::{self, Shape};
use crate::lab::server::Server;
use crate::work::{CONNECTIONS, KEYS_EACH, Verb};

/// How the keys come in before.
const FILLING: Shape = Shape {
    connections: 4,
    pipeline: 128,
};

/// A bound on the memory that encoded requests take: they are sent again when all were sent.
const REQUEST_KEYS_MAX: usize = 400_000;

/// Gives a server these keys.
pub(crate) fn fill(server: &Server<'_>, keys: &[Key]) -> anyhow::Result<()> {
    let keys: Vec<_> = keys.iter().collect();
    load::set_all(server.address(), FILLING, &keys, 0)
}

/// Servers, each asked for keys of its own with these commands.
pub(crate) fn contestant<'a>(
    servers: &[(&'a Server<'a>, Vec<Key>)],
    commands: &[Verb],
) -> Contestant<'a> {
    let mut all = Vec::new();
    for &command in commands {
        let each = servers.iter();
        let each = each.map(|(server, keys)| Arc::new(requests(server, command, keys)));
        all.push((command, each.collect::<Vec<_>>()));
    }
    Contestant {
        servers: servers.iter().map(|(server, _)| *server).collect(),
        drive: Box::new(move |work| {
            let mut all = all.iter();
            let requests = all.find(|(command, _)| *command == work.command);
            let (_, requests) = requests.context("a command without requests")?;
            let shape = Shape {
                connections: CONNECTIONS,
                pipeline: work.pipeline,
            };
            generator::drive(requests, shape, work.count)
        }),
    }
}

/// Requests with random keys, about as many as there are.
fn requests(server: &Server<'_>, command: Verb, keys: &[Key]) -> Requests {
    let keys_each = match command {
        Verb::Get | Verb::Set => 1,
        Verb::MGet | Verb::MSet => KEYS_EACH,
    };
    let has_values = matches!(command, Verb::Set | Verb::MSet);
    let count = keys.len().min(REQUEST_KEYS_MAX) / keys_each;
    let mut random = Random(0);
    let mut bytes = Vec::new();
    for _ in 0..count {
        let places = std::iter::repeat_with(|| random.below(keys.len())).take(keys_each);
        let chosen = places.filter_map(|place| keys.get(place));
        let chosen: Vec<_> = chosen.map(|key| (key, value(key, 1))).collect();
        let mut words = vec![command.name().as_bytes()];
        for (key, value) in &chosen {
            words.push(*key);
            words.extend(has_values.then_some(value.as_slice()));
        }
        encode_request(words.into_iter(), &mut bytes);
    }
    let bulk_bytes = b"$64\r\n\r\n".len() + VALUE_BYTES;
    let (reply_start, reply_bytes): (&[u8], _) = match command {
        Verb::Get => (b"$64\r\n", bulk_bytes),
        Verb::MGet => (
            b"*100\r\n$64\r\n",
            b"*100\r\n".len() + KEYS_EACH * bulk_bytes,
        ),
        Verb::Set | Verb::MSet => (b"+OK\r\n", b"+OK\r\n".len()),
    };
    Requests {
        address: server.address(),
        request_bytes: bytes.len() / count.max(1),
        bytes,
        reply_bytes,
        reply_start,
    }
}
