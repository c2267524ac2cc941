//! A client that writes to keys to which nobody else writes.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use triad::resp::Frame;

use super::Book;
use super::outcome::Outcome;
use super::pipeline::Pipeline;
use crate::kills::history::{Change, Position};
use crate::kills::keys::Keys;

/// The most keys of one `MSET`: neighbours, which have different owners.
const MSET_KEYS_MAX: usize = 5;

/// A writer, with its connection.
pub(crate) struct Writer {
    pipeline: Pipeline<Sent>,
    /// The keys that it writes to, and those of them to which every second write is.
    keys: Range<usize>,
    hot: Range<usize>,
    choice: StdRng,
}

/// A request under way.
struct Sent {
    command: &'static str,
    writes: Vec<Write>,
}

/// An operation, and the key whose it is.
#[derive(Clone, Copy)]
struct Write {
    key: usize,
    operation: Position,
}

impl Writer {
    /// The writer of this number, through the node at `entry`.
    pub(crate) fn new(entry: SocketAddr, number: usize, seed: u64) -> Self {
        Self {
            pipeline: Pipeline::new(entry),
            keys: Keys::of_writer(number),
            hot: Keys::hot_of_writer(number),
            choice: StdRng::seed_from_u64(seed),
        }
    }

    /// Connects, if it is not connected.
    pub(crate) fn connect(&mut self) {
        self.pipeline.connect();
    }

    /// Gives every key a value.
    pub(crate) fn fill(&mut self, book: &Book) {
        for start in self.keys.clone().step_by(MSET_KEYS_MAX) {
            if !self.pipeline.has_room() {
                self.receive(book);
            }
            let end = self.keys.end.min(start + MSET_KEYS_MAX);
            self.set("MSET", start..end, book);
        }
        while self.receive(book) {}
    }

    /// Writes until it is stopped or its entry node is gone; then no request is under way any more.
    pub(crate) fn work(&mut self, book: &Book, stop: &AtomicBool) {
        loop {
            while self.pipeline.has_room() && !stop.load(Ordering::Relaxed) {
                self.send(book);
            }
            if !self.receive(book) {
                return;
            }
        }
    }

    fn send(&mut self, book: &Book) {
        let is_hot = self.choice.random();
        let keys = if is_hot { &self.hot } else { &self.keys };
        let key = self.choice.random_range(keys.clone());
        match self.choice.random_range(0..400) {
            0 => {
                let writes = Vec::new();
                let command = "SAVE";
                self.pipeline.send(&[command], Sent { command, writes });
            }
            1..=40 => {
                let count = self.choice.random_range(2..=MSET_KEYS_MAX);
                self.set("MSET", key..self.keys.end.min(key + count), book);
            }
            41..=100 => {
                let operation = book.history().issue(key, Change::Delete);
                let writes = vec![Write { key, operation }];
                let command = "DEL";
                let words = [command, book.keys.name(key)];
                self.pipeline.send(&words, Sent { command, writes });
            }
            _ => self.set("SET", key..key + 1, book),
        }
    }

    /// Gives some keys their next values.
    fn set(&mut self, command: &'static str, keys: Range<usize>, book: &Book) {
        let mut words = vec![command.as_bytes().to_vec()];
        let mut writes = Vec::new();
        for key in keys {
            let operation = book.history().issue(key, Change::Set);
            words.push(book.keys.name(key).into());
            words.push(book.keys.value(key, operation));
            writes.push(Write { key, operation });
        }
        self.pipeline.send(&words, Sent { command, writes });
    }

    /// Receives a reply, or learns that there will be none. Whether one was outstanding.
    fn receive(&mut self, book: &Book) -> bool {
        let Some((sent, reply)) = self.pipeline.receive() else {
            return false;
        };
        for write in &sent.writes {
            let outcome = match &reply {
                None => Some(Outcome::Unknown),
                Some(reply) => Outcome::of(reply, book.keys.owner(write.key)),
            };
            match outcome {
                Some(outcome) => put_down(book, *write, outcome),
                None => book.fault(format!("{} was answered {reply:?}", sent.command)),
            }
        }
        if sent.writes.is_empty() && reply.as_ref().is_some_and(|reply| *reply != Frame::OK) {
            book.fault(format!("{} was answered {reply:?}", sent.command));
        }
        true
    }
}

fn put_down(book: &Book, Write { key, operation }: Write, outcome: Outcome) {
    match outcome {
        Outcome::Done => {
            book.history().acknowledge(key, operation);
            book.tally.acknowledged.add(1);
        }
        Outcome::NotDone => {
            let refused = book.history().refuse(key, operation);
            book.tally.refused.add(1);
            book.expect(refused);
        }
        Outcome::Unknown => book.tally.unknown.add(1),
    }
}
