//! Keys in this node's files that another node owns, as after a change of the list.
//!
//! They are kept until their owner has them, or until their time has come; nobody is served them.

use super::format::record::Effect;
use super::keys::VisitUntil;
use super::table::{Entry, hash};
use super::value::View;
use super::{Refused, Store};

impl Store {
    /// How many keys of other nodes there are in this node's files. Those that have expired do not count.
    pub fn misplaced_len(&self) -> usize {
        self.touch_all();
        self.tables.misplaced_len(self.now_unix_ms())
    }

    /// As [`Store::scan_whole`], over the keys of other nodes.
    pub fn misplaced_scan(
        &self,
        from: u64,
        at_least: usize,
        visit: &mut VisitUntil<'_>,
    ) -> Option<u64> {
        self.walk_whole(&self.tables.misplaced, from, at_least, visit)
    }

    /// The value of a key of another node.
    pub fn misplaced_view(&self, key: &[u8]) -> Option<View<'_>> {
        let hash = hash(key);
        self.touch(hash);
        let entry = self.tables.misplaced.get(hash, key)?;
        (!self.is_gone(entry)).then(|| entry.view())
    }

    /// Removes a key of another node. Whether it was there.
    pub fn misplaced_delete(&mut self, key: &[u8]) -> Result<bool, Refused> {
        self.journal.check()?;
        let hash = hash(key);
        self.touch(hash);
        Ok(self.remove_misplaced(hash, key))
    }

    pub(super) fn remove_misplaced(&mut self, hash: u64, key: &[u8]) -> bool {
        let Some(removed) = self.tables.misplaced.remove(hash, key) else {
            return false;
        };
        self.write(hash, &Effect::delete(key));
        Entry::drop_apart(removed);
        true
    }
}
