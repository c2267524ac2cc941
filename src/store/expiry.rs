//! Keys that are gone at some moment.
//!
//! A key whose deadline has come is gone for every reader from that moment on, whether it has been
//! collected or not. What is collected is found by its deadline, without a look at other keys, and
//! the journal says of each that it is absent; so it stays so, whatever a clock says later.

use super::format::NUMBER_MAX;
use super::format::record::Effect;
use super::table::{Deadline, Entry, Table, hash};
use super::{Refused, Store};

impl Store {
    /// The time: milliseconds since 1970. It never goes back.
    pub fn now_unix_ms(&self) -> u64 {
        let now = self.clock.unix_ms().max(self.latest_unix_ms.get());
        self.latest_unix_ms.set(now);
        now
    }

    /// The deadline at this moment, in milliseconds since 1970, if it is one that a store can hold: up to
    /// 2^53, which is in the year 287396.
    pub fn deadline(unix_ms: u64) -> Option<Deadline> {
        Deadline::new(unix_ms).filter(|deadline| deadline.get() <= NUMBER_MAX)
    }

    /// When the key is gone, if it is there: `Some(None)` if it stays.
    pub fn deadline_of(&self, key: &[u8]) -> Option<Option<Deadline>> {
        self.entry(hash(key), key).map(Entry::deadline)
    }

    /// Sets or lifts the moment at which the key is gone. Whether there is such a key.
    pub fn expire(&mut self, key: &[u8], deadline: Option<Deadline>) -> Result<bool, Refused> {
        self.journal.check()?;
        let hash = hash(key);
        if self.entry(hash, key).is_none() {
            return Ok(false);
        }
        self.write(hash, &Effect::expire(key, deadline));
        self.tables.own.set_deadline(hash, key, deadline);
        Ok(true)
    }

    /// When the next key is to be collected: milliseconds since 1970.
    pub fn next_deadline(&self) -> Option<u64> {
        let firsts = [&self.tables.own, &self.tables.misplaced].map(Table::first_deadline);
        firsts.into_iter().flatten().min().map(Deadline::get)
    }

    /// Collects keys that have expired, at most so many. `collected` is told each that is this node's own:
    /// of the others nobody was served here, so nobody misses them.
    pub fn collect(
        &mut self,
        at_most: usize,
        collected: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Refused> {
        self.journal.check()?;
        let now = self.now_unix_ms();
        for _ in 0..at_most {
            if let Some((hash, key)) = self.tables.own.overdue(now) {
                self.remove(hash, &key);
                collected(&key);
            } else if let Some((hash, key)) = self.tables.misplaced.overdue(now) {
                self.remove_misplaced(hash, &key);
            } else {
                break;
            }
        }
        Ok(())
    }

    /// Removes a key for good if it has expired.
    pub(super) fn purge(&mut self, hash: u64, key: &[u8]) {
        let entry = self.tables.own.get(hash, key);
        if entry.is_some_and(|entry| self.is_gone(entry)) {
            self.remove(hash, key);
        }
    }

    pub(super) fn is_gone(&self, entry: &Entry) -> bool {
        let is_over = |deadline: Deadline| deadline.get() <= self.now_unix_ms();
        entry.deadline().is_some_and(is_over)
    }

    fn remove(&mut self, hash: u64, key: &[u8]) {
        let removed = self.tables.own.remove(hash, key);
        self.write(hash, &Effect::delete(key));
        removed.into_iter().for_each(Entry::drop_apart);
    }
}
