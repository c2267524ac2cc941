//! What all clients of a run put down together.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use triad::resp::Frame;

use crate::kills::history::{History, Known, NOBODYS, Position, Violation};
use crate::kills::keys::Keys;

/// The faults that are kept: the first ones say what is wrong.
const FAULTS_MAX: usize = 20;

/// How much is shown of a value that nobody wrote.
const SHOWN_CHARS: usize = 200;

/// The history of a run, and what was wrong with it.
pub(crate) struct Book {
    /// The keys that the history is about.
    pub(crate) keys: Keys,
    /// How many operations had which outcome.
    pub(crate) tally: Tally,
    history: Mutex<History>,
    faults: Mutex<Vec<String>>,
}

/// How many operations of clients had which outcome.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) acknowledged: Count,
    pub(crate) unknown: Count,
    pub(crate) refused: Count,
    pub(crate) seen: Count,
}

/// A number to which all clients add.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Book {
    /// An empty one.
    pub(crate) fn new(keys: Keys) -> Self {
        let history = Mutex::new(History::new(keys.len()));
        Self {
            keys,
            tally: Tally::default(),
            history,
            faults: Mutex::default(),
        }
    }

    /// The history. To be held for no longer than it takes to put something down.
    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap()
    }

    /// Puts down that a read has shown `value`.
    pub(crate) fn end_read(&self, key: usize, began: Known, value: &Frame<'_>) {
        let found = self.found(key, value);
        let read = self.history().end_read(key, began, found);
        self.tally.seen.add(1);
        self.expect(read);
    }

    /// Puts down that a key has `value` while nothing is under way.
    pub(crate) fn settle(&self, key: usize, value: &Frame<'_>) {
        let found = self.found(key, value);
        let read = self.history().settle(key, found);
        self.expect(read);
    }

    /// Puts down that something is wrong, unless it isn't.
    pub(crate) fn expect(&self, result: Result<(), Violation>) {
        if let Err(violation) = result {
            let (name, owner) = (
                self.keys.name(violation.key),
                self.keys.owner(violation.key),
            );
            self.fault(format!("key {name} of {owner}: {violation}"));
        }
    }

    /// Puts down that something is wrong.
    pub(crate) fn fault(&self, fault: String) {
        let mut faults = self.faults.lock().unwrap();
        if faults.len() < FAULTS_MAX {
            faults.push(fault);
        }
    }

    /// Ends the test if something is wrong.
    #[track_caller]
    pub(crate) fn assert_faultless(&self, when: &str) {
        let faults = self.faults.lock().unwrap();
        assert!(faults.is_empty(), "{when}:\n{}", faults.join("\n"));
    }

    /// The operation that wrote what a read has shown.
    fn found(&self, key: usize, value: &Frame<'_>) -> Option<Position> {
        let operation = match value {
            Frame::Null => return None,
            Frame::Bulk(value) => self.keys.operation_of(key, value),
            _ => None,
        };
        if operation.is_none() {
            let shown: String = format!("{value:?}").chars().take(SHOWN_CHARS).collect();
            self.fault(format!("nobody wrote {shown}"));
        }
        operation.or(Some(NOBODYS))
    }
}

impl Count {
    pub(crate) fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
