//! Requests with chosen keys, each sent to the server that it is for, by a load generator of our own.

use std::sync::Arc;

use triad::resp::encode_request;

use crate::contest::Contestant;
use crate::lab::data::{Key, Random, VALUE_BYTES, value};
use crate::lab::generator::{self, Requests};
use crate::lab::load::{self, Shape};
use crate::lab::server::Server;
use crate::work::{CONNECTIONS, Verb};

/// How the keys come in before.
const FILLING: Shape = Shape {
    connections: 4,
    pipeline: 128,
};

/// Gives a server these keys.
pub(crate) fn fill(server: &Server<'_>, keys: &[Key]) -> anyhow::Result<()> {
    let keys: Vec<_> = keys.iter().collect();
    load::set_all(server.address(), FILLING, &keys, 0)
}

/// Servers, each asked for keys of its own.
pub(crate) fn contestant<'a>(servers: &[(&'a Server<'a>, Vec<Key>)]) -> Contestant<'a> {
    let requests = |command| -> Vec<_> {
        let servers = servers.iter();
        let one = |(server, keys): &(&Server<'_>, Vec<Key>)| requests(server, command, keys);
        servers.map(one).map(Arc::new).collect()
    };
    let (gets, sets) = (requests(Verb::Get), requests(Verb::Set));
    Contestant {
        servers: servers.iter().map(|(server, _)| *server).collect(),
        drive: Box::new(move |work| {
            let requests = match work.command {
                Verb::Get => &gets,
                Verb::Set => &sets,
            };
            let shape = Shape {
                connections: CONNECTIONS,
                pipeline: work.pipeline,
            };
            generator::drive(requests, shape, work.count)
        }),
    }
}

/// As many requests as there are keys, each with a random one of them.
fn requests(server: &Server<'_>, command: Verb, keys: &[Key]) -> Requests {
    let mut random = Random(0);
    let mut bytes = Vec::new();
    let places = std::iter::repeat_with(|| random.below(keys.len())).take(keys.len());
    for key in places.filter_map(|place| keys.get(place)) {
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
