//! When the journal is a reason for a checkpoint.

use crate::limits::{CHECKPOINT_JOURNAL_MIN_BYTES, CHECKPOINT_RETRY_BYTES};

/// The sizes that the journal's is compared with.
#[derive(Default)]
pub(in crate::store) struct Due {
    snapshot_bytes: u64,
    /// After a failed checkpoint: how large the journal has to be before another is due.
    retry_above_bytes: Option<u64>,
}

impl Due {
    /// For a snapshot of this size, or none.
    pub(in crate::store) fn after(snapshot_bytes: u64) -> Self {
        Self {
            snapshot_bytes,
            retry_above_bytes: None,
        }
    }

    /// The checkpoint of a journal of this size has failed. Trying again at once would fail again; a
    /// while later the disk may have space.
    pub(in crate::store) fn failed(&mut self, journal_bytes: u64) {
        self.retry_above_bytes = Some(journal_bytes + CHECKPOINT_RETRY_BYTES);
    }

    pub(in crate::store) fn snapshot_bytes(&self) -> u64 {
        self.snapshot_bytes
    }

    /// Whether the last checkpoint has failed.
    pub(in crate::store) fn has_failed(&self) -> bool {
        self.retry_above_bytes.is_some()
    }

    /// Whether a journal of this size is worth the cost of a checkpoint: each writes all that there is,
    /// so that with a larger snapshot they are rarer.
    pub(in crate::store) fn is_for(&self, journal_bytes: u64) -> bool {
        let least = CHECKPOINT_JOURNAL_MIN_BYTES.max(self.snapshot_bytes);
        journal_bytes > least.max(self.retry_above_bytes.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: u64 = CHECKPOINT_JOURNAL_MIN_BYTES;
    const MORE: u64 = CHECKPOINT_RETRY_BYTES;

    #[test]
    fn it_is_when_the_journal_is_larger_than_the_snapshot_and_the_minimum() {
        for (snapshot_bytes, most) in [
            (0, MIN),
            (MIN - 1, MIN),
            (MIN + 1, MIN + 1),
            (9 * MIN, 9 * MIN),
        ] {
            let due = Due::after(snapshot_bytes);
            assert!(
                !due.is_for(most) && due.is_for(most + 1),
                "{snapshot_bytes}"
            );
        }
    }

    #[test]
    fn after_a_failure_it_is_when_the_journal_has_grown_on() {
        let mut due = Due::after(0);
        for journal_bytes in [MIN + 7, 2 * MIN + 9] {
            assert!(due.is_for(journal_bytes));
            due.failed(journal_bytes);
            assert!(due.has_failed());
            assert!(!due.is_for(journal_bytes + MORE) && due.is_for(journal_bytes + MORE + 1));
        }
        assert!(!Due::after(due.snapshot_bytes()).has_failed());
    }
}
