//! Which keys have writes that a crash could still take back.

use std::collections::VecDeque;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::Seq;
use crate::limits::UNSYNCED_KEPT;

/// The last write of each key of which a write is not durable yet, by the key's hash. Two keys with
/// one hash count as one, so that a reply to one of them may wait for the other.
///
/// While all is durable it is empty, and costs a reader one comparison.
#[derive(Default)]
pub(super) struct Unsynced {
    last: HashTable<(u64, Seq)>,
    /// The writes in the order in which they were made.
    order: VecDeque<(Seq, u64)>,
    /// The last write that was to every key.
    cleared: Seq,
}

impl Unsynced {
    /// Notes a write to a key.
    pub(super) fn wrote(&mut self, hash: u64, seq: Seq) {
        self.order.push_back((seq, hash));
        match self
            .last
            .entry(hash, |(known, _)| *known == hash, |(known, _)| *known)
        {
            Entry::Occupied(mut entry) => entry.get_mut().1 = seq,
            Entry::Vacant(entry) => {
                entry.insert((hash, seq));
            }
        }
    }

    /// Notes a write to every key.
    pub(super) fn wrote_all(&mut self, seq: Seq) {
        self.cleared = seq;
    }

    /// The last write that what is known of the key depends on, or 0 if nothing is noted.
    pub(super) fn last_write(&self, hash: u64) -> Seq {
        if self.last.is_empty() {
            return self.cleared;
        }
        let own = self
            .last
            .find(hash, |(known, _)| *known == hash)
            .map_or(0, |(_, seq)| *seq);
        own.max(self.cleared)
    }

    /// Forgets the writes up to `durable`. Each write is forgotten once, so the cost is that of the
    /// writes themselves.
    pub(super) fn forget(&mut self, durable: Seq) {
        if self.cleared <= durable {
            self.cleared = 0;
        }
        while let Some((seq, hash)) = self.order.front().copied() {
            if seq > durable {
                return;
            }
            self.order.pop_front();
            if let Ok(entry) = self.last.find_entry(hash, |last| *last == (hash, seq)) {
                entry.remove();
            }
        }
        if self.order.capacity() > UNSYNCED_KEPT {
            *self = Self {
                cleared: self.cleared,
                ..Self::default()
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_depends_on_its_last_write_until_that_is_durable() {
        let mut unsynced = Unsynced::default();
        unsynced.wrote(7, 1);
        unsynced.wrote(8, 2);
        unsynced.wrote(7, 3);
        assert_eq!([7, 8, 9].map(|hash| unsynced.last_write(hash)), [3, 2, 0]);
        unsynced.forget(2);
        assert_eq!([7, 8, 9].map(|hash| unsynced.last_write(hash)), [3, 0, 0]);
        unsynced.forget(3);
        assert!(unsynced.last.is_empty() && unsynced.order.is_empty());
    }

    #[test]
    fn every_key_depends_on_a_write_to_all_keys() {
        let mut unsynced = Unsynced::default();
        unsynced.wrote(7, 1);
        unsynced.wrote_all(2);
        unsynced.wrote(8, 3);
        assert_eq!([7, 8, 9].map(|hash| unsynced.last_write(hash)), [2, 3, 2]);
        unsynced.forget(2);
        assert_eq!([7, 8, 9].map(|hash| unsynced.last_write(hash)), [0, 3, 0]);
    }

    #[test]
    fn a_burst_leaves_no_memory_behind() {
        let mut unsynced = Unsynced::default();
        for seq in 1..=100_000 {
            unsynced.wrote(seq, seq);
        }
        unsynced.forget(100_000);
        assert!(unsynced.order.capacity() <= UNSYNCED_KEPT && unsynced.last.capacity() == 0);
    }
}
