//! Keys that somebody wants to know to be as they were (`WATCH`).
//!
//! While a key is watched, its last write is noted. Who watches it remembers the last write of the
//! store when he began; if the key has a later one, it has changed. A key that nobody watches costs a
//! writer one comparison.

use std::collections::HashMap;

use super::table::{Table, hash};
use super::{Seq, Store};

/// The watched keys by their hashes. Two keys with one hash count as one.
#[derive(Default)]
pub(super) struct Watched(HashMap<u64, Entry>);

struct Entry {
    /// How many watch it.
    watchers: usize,
    /// Its last write since the first of them came.
    last: Seq,
}

/// A key as it was at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    hash: u64,
    since: Seq,
}

impl Watched {
    pub(super) fn wrote(&mut self, hash: u64, seq: Seq) {
        if self.0.is_empty() {
            return;
        }
        if let Some(entry) = self.0.get_mut(&hash) {
            entry.last = seq;
        }
    }

    /// Notes that everything in `table` is removed.
    pub(super) fn wrote_all(&mut self, table: &Table, seq: Seq) {
        for (hash, entry) in &mut self.0 {
            if table.has_hash(*hash) {
                entry.last = seq;
            }
        }
    }
}

impl Store {
    /// Begins to watch a key as it is now.
    pub fn watch(&mut self, key: &[u8]) -> Watch {
        let hash = hash(key);
        if self.journal.check().is_ok() {
            // What has expired is as if it had never been.
            self.purge(hash, key);
        }
        let entry = self.watched.0.entry(hash).or_insert(Entry {
            watchers: 0,
            last: 0,
        });
        entry.watchers += 1;
        Watch {
            hash,
            since: self.journal.last(),
        }
    }

    /// Whether a key that is watched has changed.
    pub fn has_changed(&mut self, watch: Watch) -> bool {
        if self.journal.check().is_ok() {
            let now = self.now_unix_ms();
            for key in self.tables.own.overdue_of(watch.hash, now) {
                self.purge(watch.hash, &key);
            }
        }
        let entry = self.watched.0.get(&watch.hash);
        entry.is_none_or(|entry| entry.last > watch.since)
    }

    /// Ends a watch.
    pub fn unwatch(&mut self, watch: Watch) {
        if let Some(entry) = self.watched.0.get_mut(&watch.hash) {
            entry.watchers -= 1;
            if entry.watchers == 0 {
                self.watched.0.remove(&watch.hash);
            }
        }
    }

    /// How many keys are watched.
    pub fn watched(&self) -> usize {
        self.watched.0.len()
    }
}
