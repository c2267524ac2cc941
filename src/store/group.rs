//! Several writes that a crash takes back together, or not at all.
//!
//! Their records follow one that says how many they are. Who reads one of the keys meanwhile waits for
//! the last of them: as long as that is not durable, a crash takes back all.

use super::{Refused, Store};

/// The writes of a group under way.
#[derive(Default)]
pub(super) struct Group {
    /// How many callers are in it: one that is within another is a part of it.
    depth: usize,
    /// The hashes of the keys that were written to.
    pub(super) wrote: Vec<u64>,
    /// Every key was removed.
    pub(super) clears: bool,
}

impl Store {
    /// Makes what `write` writes one group. What it returns as an error has not undone what it wrote.
    pub fn grouped<T>(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        self.begin_group();
        let written = write(self);
        self.end_group();
        written
    }

    /// What is written up to [`Store::end_group`] counts together, or not at all.
    pub fn begin_group(&mut self) {
        if self.group.depth == 0 {
            self.journal.begin_group();
        }
        self.group.depth += 1;
    }

    /// Ends the group, unless that is within another one.
    pub fn end_group(&mut self) {
        self.group.depth = self.group.depth.saturating_sub(1);
        if self.is_in_group() {
            return;
        }
        let last = self.journal.end_group();
        let mut wrote = std::mem::take(&mut self.group.wrote);
        let clears = std::mem::take(&mut self.group.clears);
        if let Some(last) = last {
            if clears {
                self.unsynced.wrote_all(last);
            }
            for hash in wrote.drain(..) {
                self.wrote(hash, last);
            }
            self.gate.set(last);
        } else {
            // What was read of all keys depends on no record that is not there.
            self.gate.set(self.gate.get().min(self.journal.last()));
        }
        // Kept for the next one, unless it was a large one.
        wrote.shrink_to(crate::limits::UNSYNCED_KEPT);
        self.group.wrote = wrote;
    }

    /// The bytes of journal that the group under way has come to; 0 outside of one.
    pub fn group_bytes(&self) -> usize {
        self.journal.group_bytes()
    }

    pub(super) fn is_in_group(&self) -> bool {
        self.group.depth > 0
    }
}
