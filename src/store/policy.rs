//! When a write counts as done, and how that changes while the store is open.

use super::{Fsync, Refused, Store};

impl Store {
    /// When a write counts as done.
    pub fn fsync(&self) -> Fsync {
        self.journal.shared().policy()
    }

    /// Changes that, from the next access on. Has all that was written until now synced, too.
    ///
    /// With less promised before, the disk may not have what has been acknowledged and is not noted as
    /// unsynced any more. So whatever is read next, and the reply to the request for the change, wait until
    /// it has, if `fsync` is [`Fsync::Always`].
    pub fn set_fsync(&mut self, fsync: Fsync) -> Result<(), Refused> {
        self.journal.check()?;
        if fsync == self.fsync() {
            return Ok(());
        }
        self.journal.shared().set_policy(fsync);
        let last = self.journal.last();
        self.unsynced.wrote_all(last);
        self.touch_all();
        // It also wakes the journal's thread, which has to know when its next sync is due.
        self.journal.request_sync();
        Ok(())
    }
}
