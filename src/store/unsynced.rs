//! Which keys have writes that a crash could still take back.

use super::Seq;
use crate::limits::UNSYNCED_PLACES;

/// The last write of each key, as far as it may not be durable yet. Keys whose hashes agree in some bits
/// share a place: a reply to one of them may wait for a later write to another one, and never for less
/// than its own.
///
/// Nothing has to be forgotten: what is durable meanwhile is lower than what the reader compares it
/// with.
pub(super) struct Unsynced {
    /// By the lowest bits of the hash. Nothing of it is in memory before it is written to.
    last: Box<[Seq]>,
    /// The last write that was to every key.
    cleared: Seq,
    /// The last write of all.
    newest: Seq,
}

impl Unsynced {
    pub(super) fn new() -> Self {
        Self {
            last: vec![0; UNSYNCED_PLACES].into_boxed_slice(),
            cleared: 0,
            newest: 0,
        }
    }

    /// Notes a write to a key.
    pub(super) fn wrote(&mut self, hash: u64, seq: Seq) {
        if let Some(last) = self.last.get_mut(place(hash)) {
            *last = seq;
        }
        self.newest = seq;
    }

    /// Notes a write to every key.
    pub(super) fn wrote_all(&mut self, seq: Seq) {
        self.cleared = seq;
        self.newest = seq;
    }

    /// The last write that what is known of the key depends on; 0 if that is `durable`.
    pub(super) fn last_write(&self, hash: u64, durable: Seq) -> Seq {
        // While all is durable a reader looks no further.
        if self.newest <= durable {
            return 0;
        }
        let own = self.last.get(place(hash)).copied().unwrap_or(self.newest);
        let last = own.max(self.cleared);
        if last > durable { last } else { 0 }
    }
}

fn place(hash: u64) -> usize {
    usize::try_from(hash % UNSYNCED_PLACES as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_depends_on_its_last_write_until_that_is_durable() {
        let mut unsynced = Unsynced::new();
        unsynced.wrote(7, 1);
        unsynced.wrote(8, 2);
        unsynced.wrote(7, 3);
        let last_writes = |durable| [7, 8, 9].map(|hash| unsynced.last_write(hash, durable));
        assert_eq!(last_writes(0), [3, 2, 0]);
        assert_eq!(last_writes(2), [3, 0, 0]);
        assert_eq!(last_writes(3), [0, 0, 0]);
    }

    #[test]
    fn every_key_depends_on_a_write_to_all_keys() {
        let mut unsynced = Unsynced::new();
        unsynced.wrote(7, 1);
        unsynced.wrote_all(2);
        let last_writes =
            |unsynced: &Unsynced, durable| [7, 8, 9].map(|hash| unsynced.last_write(hash, durable));
        assert_eq!(last_writes(&unsynced, 1), [2, 2, 2]);
        unsynced.wrote(8, 3);
        assert_eq!(last_writes(&unsynced, 1), [2, 3, 2]);
        assert_eq!(last_writes(&unsynced, 2), [0, 3, 0]);
        assert_eq!(last_writes(&unsynced, 3), [0, 0, 0]);
    }

    /// Among more keys than there are places: each reader waits for no less than its own write, and few
    /// who need not wait do.
    #[test]
    fn keys_that_share_a_place_wait_for_each_other() {
        let mut unsynced = Unsynced::new();
        let hash = |key: u64| super::super::hash(&key.to_le_bytes());
        let writes = UNSYNCED_PLACES as u64 / 32;
        for seq in 1..=writes {
            unsynced.wrote(hash(seq), seq);
        }
        assert!((1..=writes).all(|seq| unsynced.last_write(hash(seq), 0) >= seq));
        let others = writes + 1..=33 * writes;
        let waiting = others.filter(|key| unsynced.last_write(hash(*key), 0) > 0);
        let share = waiting.count() as u64 * 32 / writes;
        assert!(share > 0 && share <= 40, "{share} of 1024 wait");
    }
}
