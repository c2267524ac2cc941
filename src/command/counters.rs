//! What a node counts, for `INFO`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Instant;

use super::info::Rates;
use crate::limits::ERROR_CODES_MAX;

/// What a node has done since it began to serve, and what it has at hand.
#[derive(Debug, Default)]
pub struct Counters {
    /// Connections that are open, of clients and of peers.
    pub connections: Cell<usize>,
    /// Connections that were accepted.
    pub connections_total: Cell<u64>,
    /// Connections that were turned away because there were too many.
    pub connections_rejected: Cell<u64>,
    /// Requests that were carried out here, for clients and peers.
    pub commands: Cell<u64>,
    /// Requests, or parts of them, that went to another node.
    pub forwarded: Cell<u64>,
    /// Links of other nodes that are open.
    pub peers: Cell<usize>,
    /// Reads of a key that was there.
    pub hits: Cell<u64>,
    /// Reads of a key that was not there.
    pub misses: Cell<u64>,
    /// Keys that were removed because their time had come.
    pub expired: Cell<u64>,
    /// The memory of requests that wait for their `EXEC`, in bytes.
    pub transactions_bytes: Cell<usize>,
    /// The bytes of collections that have come in parts and are not whole yet.
    pub parts_bytes: Cell<usize>,
    /// The bytes of requests that clients and peers have sent.
    pub received_bytes: Cell<u64>,
    /// The bytes of replies that were sent to them.
    pub sent_bytes: Cell<u64>,
    /// Channels that have a subscriber here.
    pub channels: Cell<usize>,
    /// Patterns of channels that have a subscriber here.
    pub patterns: Cell<usize>,
    /// The requests that were refused here, by the code of the error.
    pub errors: ErrorCounts,
    /// The checkpoints.
    pub checkpoints: Checkpoints,
    /// How much of it happens in a second.
    pub rates: RefCell<Rates>,
}

/// What there is to tell of checkpoints beside their outcome.
#[derive(Debug, Default)]
pub struct Checkpoints {
    /// Those that went well.
    pub done: Cell<u64>,
    /// When the one that runs began.
    pub began: Cell<Option<Instant>>,
    /// How long the last one took.
    pub last_seconds: Cell<Option<u64>>,
}

impl Counters {
    /// `CONFIG RESETSTAT`: counts from 0 again. What is at hand stays what it is.
    pub(super) fn reset(&self) {
        for cell in [
            &self.connections_total,
            &self.connections_rejected,
            &self.commands,
            &self.forwarded,
            &self.hits,
            &self.misses,
            &self.expired,
            &self.received_bytes,
            &self.sent_bytes,
            &self.checkpoints.done,
        ] {
            cell.set(0);
        }
        self.errors.0.borrow_mut().clear();
        *self.rates.borrow_mut() = Rates::default();
    }
}

/// How often each code of an error was given. The codes are ours, but some have text of others behind them:
/// so their number has a bound.
#[derive(Debug, Default)]
pub struct ErrorCounts(RefCell<BTreeMap<String, u64>>);

impl ErrorCounts {
    /// Counts an error by the first word of its text.
    pub(super) fn count(&self, text: &str) {
        let code = text.split(' ').next().unwrap_or_default();
        let mut counts = self.0.borrow_mut();
        if let Some(count) = counts.get_mut(code) {
            *count += 1;
        } else if counts.len() < ERROR_CODES_MAX {
            counts.insert(code.to_owned(), 1);
        }
    }

    /// The codes, each with how often it was given.
    pub(super) fn all(&self) -> Vec<(String, u64)> {
        let counts = self.0.borrow();
        counts
            .iter()
            .map(|(code, count)| (code.clone(), *count))
            .collect()
    }
}
