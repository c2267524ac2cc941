//! A client that reads the keys of all writers.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use triad::resp::Frame;

use super::Book;
use super::pipeline::Pipeline;
use crate::kills::history::Known;
use crate::kills::keys::Keys;

/// The keys of one `MGET`: neighbours, which have different owners.
const MGET_KEYS: usize = 4;

/// A reader, with its connection.
pub(crate) struct Reader {
    pipeline: Pipeline<Sent>,
    writers: usize,
    choice: StdRng,
}

/// A request under way: which keys it reads, and what was known of them when it was sent.
struct Sent(Vec<(usize, Known)>);

impl Reader {
    /// One that reads the keys of so many writers through the node at `entry`.
    pub(crate) fn new(entry: SocketAddr, writers: usize, seed: u64) -> Self {
        Self {
            pipeline: Pipeline::new(entry),
            writers,
            choice: StdRng::seed_from_u64(seed),
        }
    }

    /// Connects, if it is not connected.
    pub(crate) fn connect(&mut self) {
        self.pipeline.connect();
    }

    /// Reads until it is stopped or its entry node is gone; then no request is under way any more.
    pub(crate) fn work(&mut self, book: &Book, stop: &AtomicBool) {
        loop {
            while self.pipeline.has_room() && !stop.load(Ordering::Relaxed) {
                self.send(book);
            }
            let Some((sent, reply)) = self.pipeline.receive() else {
                return;
            };
            if let Some(reply) = reply {
                put_down(book, &sent, &reply);
            }
        }
    }

    fn send(&mut self, book: &Book) {
        let writer = self.choice.random_range(0..self.writers);
        let from = if self.choice.random_ratio(3, 4) {
            Keys::hot_of_writer(writer)
        } else {
            Keys::of_writer(writer)
        };
        let is_multiple = self.choice.random_ratio(1, 10);
        let count = if is_multiple { MGET_KEYS } else { 1 };
        let first = self.choice.random_range(from.start..=from.end - count);
        let keys = first..first + count;
        let command = if is_multiple { "MGET" } else { "GET" };
        let mut words = vec![command];
        words.extend(keys.clone().map(|key| book.keys.name(key)));
        let history = book.history();
        let sent = Sent(keys.map(|key| (key, history.begin_read(key))).collect());
        drop(history);
        self.pipeline.send(&words, sent);
    }
}

fn put_down(book: &Book, Sent(reads): &Sent, reply: &Frame<'_>) {
    let values = match reply {
        Frame::Error(text) if is_of_a_lost_node(text) => return,
        Frame::Array(values) if values.len() == reads.len() => values.as_slice(),
        value => std::slice::from_ref(value),
    };
    if values.len() != reads.len() {
        book.fault(format!("a read was answered {reply:?}"));
    }
    for ((key, began), value) in reads.iter().zip(values) {
        book.end_read(*key, *began, value);
    }
}

/// Whether an error tells that a node can't be reached.
pub(crate) fn is_of_a_lost_node(error: &str) -> bool {
    ["UNREACHABLE ", "OUTCOMEUNKNOWN "]
        .iter()
        .any(|code| error.starts_with(code))
}
