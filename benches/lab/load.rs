//! A loader: many requests over a few connections, each a pipeline at a time.

use std::net::SocketAddr;
use std::thread;

use anyhow::{Context as _, anyhow};
use triad::resp::encode_request;

use super::connection::{Connection, accepted};
use super::data::{Key, value};

/// How requests are sent.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// The connections, each with a thread of its own.
    pub(crate) connections: usize,
    /// The requests that one of them sends before it reads their replies.
    pub(crate) pipeline: usize,
}

/// Sets every key to its value of `version`.
pub(crate) fn set_all(
    address: SocketAddr,
    shape: Shape,
    keys: &[&Key],
    version: u64,
) -> anyhow::Result<()> {
    let set = |key: &&Key, out: &mut Vec<u8>| {
        let words: [&[u8]; 3] = [b"SET", *key, &value(key, version)];
        encode_request(words.into_iter(), out);
    };
    run(address, shape, keys, &set)
}

/// Sends a request for each item, which `encode` encodes; every reply has to be a success.
pub(crate) fn run<T: Sync>(
    address: SocketAddr,
    shape: Shape,
    items: &[T],
    encode: &(impl Fn(&T, &mut Vec<u8>) + Sync),
) -> anyhow::Result<()> {
    let part = items.len().div_ceil(shape.connections).max(1);
    thread::scope(|scope| {
        let threads: Vec<_> = items
            .chunks(part)
            .map(|items| scope.spawn(move || send(address, shape.pipeline, items, encode)))
            .collect();
        threads.into_iter().try_for_each(|thread| {
            let sent = thread
                .join()
                .map_err(|_| anyhow!("a loader has panicked"))?;
            sent.with_context(|| format!("while loading {address}"))
        })
    })
}

fn send<T>(
    address: SocketAddr,
    pipeline: usize,
    items: &[T],
    encode: &impl Fn(&T, &mut Vec<u8>),
) -> anyhow::Result<()> {
    let mut connection = Connection::open(address)?;
    let mut requests = Vec::new();
    for batch in items.chunks(pipeline) {
        requests.clear();
        for item in batch {
            encode(item, &mut requests);
        }
        connection.send(&requests)?;
        for _ in batch {
            accepted(connection.reply()?)?;
        }
    }
    Ok(())
}
