//! A snapshot on its way to the disk.

use std::io;

use crate::limits::{CHECKPOINT_STEP_BYTES, SNAPSHOT_UNSYNCED_MAX_BYTES};
use crate::storage::{AppendFile, Storage};
use crate::store::Seq;
use crate::store::failure::{Action, Failure};
use crate::store::files::FileNames;
use crate::store::format::snapshot::{SnapshotEntry, SnapshotHeader, SnapshotText};

/// A snapshot that is being written, beside the one that it will replace.
pub(in crate::store) struct SnapshotFile<'s> {
    storage: &'s dyn Storage,
    names: &'s FileNames,
    file: Box<dyn AppendFile>,
    text: SnapshotText,
    /// Text that is not in the file yet.
    out: Vec<u8>,
    bytes: u64,
    /// Of these, how many no sync has covered.
    unsynced: usize,
}

impl<'s> SnapshotFile<'s> {
    /// Begins the file, in the place of one that was never finished.
    pub(in crate::store) fn begin(
        storage: &'s dyn Storage,
        names: &'s FileNames,
        header: SnapshotHeader,
    ) -> Result<Self, Failure> {
        let name = names.temporary();
        let file = storage.create(&name).or_else(|error| {
            if error.kind() != io::ErrorKind::AlreadyExists {
                return Err(error);
            }
            storage.remove(&name)?;
            storage.create(&name)
        });
        let file = file.map_err(Failure::on(storage, Action::Create, &name))?;
        let mut out = Vec::new();
        let text = SnapshotText::begin(header, &mut out);
        Ok(Self {
            storage,
            names,
            file,
            text,
            out,
            bytes: 0,
            unsynced: 0,
        })
    }

    /// Adds an entry.
    pub(in crate::store) fn entry(&mut self, entry: &SnapshotEntry<'_>) -> Result<(), Failure> {
        self.text.entry(&mut self.out, entry);
        if self.out.len() < CHECKPOINT_STEP_BYTES {
            return Ok(());
        }
        self.flush()
    }

    /// Writes the text that there is, and now and then makes sure that it reaches the disk.
    fn flush(&mut self) -> Result<(), Failure> {
        let name = self.names.temporary();
        let failed = |action| Failure::on(self.storage, action, &name);
        let len = self.out.len();
        let written = self.file.append(&self.out);
        self.out.clear();
        written.map_err(failed(Action::Write))?;
        self.bytes += len as u64;
        self.unsynced += len;
        if self.unsynced >= SNAPSHOT_UNSYNCED_MAX_BYTES {
            self.file.sync().map_err(failed(Action::Sync))?;
            self.unsynced = 0;
        }
        Ok(())
    }

    /// Ends the file and puts it in its place, on the disk. Returns its size in bytes.
    ///
    /// `may_replace` is asked when only the renaming is left to do; if it says no, the old snapshot
    /// stays.
    pub(in crate::store) fn finish(
        self,
        synced: Seq,
        may_replace: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<u64, Failure> {
        let Self {
            storage,
            names,
            mut file,
            text,
            mut out,
            bytes,
            unsynced: _,
        } = self;
        let (temporary, snapshot) = (names.temporary(), names.snapshot());
        let failed = |action| Failure::on(storage, action, &temporary);
        text.end(&mut out, synced);
        file.append(&out).map_err(failed(Action::Write))?;
        file.sync().map_err(failed(Action::Sync))?;
        may_replace()?;
        storage
            .rename(&temporary, &snapshot)
            .map_err(failed(Action::Rename))?;
        storage
            .sync_folder()
            .map_err(Failure::on(storage, Action::SyncFolder, &snapshot))?;
        Ok(bytes + out.len() as u64)
    }
}
