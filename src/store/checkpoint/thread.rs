//! The thread that writes a snapshot. It lives as long as the checkpoint.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, OnceLock};

use super::Requests;
use super::chunk::Chunk;
use super::file::SnapshotFile;
use crate::limits::CHECKPOINT_STEP_BYTES;
use crate::storage::{Storage, background};
use crate::store::Seq;
use crate::store::failure::{Action, Failure};
use crate::store::files::FileNames;
use crate::store::format::snapshot::SnapshotHeader;
use crate::store::journal::Shared;
use crate::store::signal::OnPanic;

/// What the owner of the store sends.
pub(super) enum Message {
    /// Copies of entries.
    Entries(Chunk),
    /// That was all. The journal has synced everything up to `synced`, and with it every effect that
    /// is in the entries.
    Finish { synced: Seq },
}

/// How the checkpoint ended: with a snapshot of so many bytes, or not.
pub(super) type Outcome = OnceLock<Result<u64, Arc<Failure>>>;

/// What the thread works with.
pub(super) struct Writer {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) names: FileNames,
    pub(super) header: SnapshotHeader,
    /// The segments that the snapshot will stand for.
    pub(super) covered: Vec<u64>,
    pub(super) journal: Arc<Shared>,
    pub(super) outcome: Arc<Outcome>,
    /// Takes chunks back. Memory that another thread has allocated is freed under a lock that it needs
    /// for its next allocation, and this thread may stand still while it has that lock.
    pub(super) give_back: SyncSender<Chunk>,
    pub(super) requests: Requests,
}

impl Writer {
    /// Writes what comes until the end of it, or until the store is gone.
    pub(super) fn run(self, messages: &Receiver<Message>) {
        if self.requests == Requests::GoOn {
            // No lock is held here while entries are encoded or written.
            background();
        }
        let name = self.names.temporary();
        let cause = io::Error::other("its thread has panicked");
        let panicked = Arc::new(Failure::on(&*self.storage, Action::Write, &name)(cause));
        let _alarm = OnPanic(|| self.end(Err(Arc::clone(&panicked))));
        let outcome = match self.write(messages) {
            Ok(Some(bytes)) => {
                self.remove_covered();
                Ok(bytes)
            }
            Ok(None) => {
                self.remove_temporary();
                match self.journal.failure() {
                    Some(failure) => Err(Arc::clone(failure)),
                    // The store was dropped.
                    None => return,
                }
            }
            Err(failure) => {
                // A failed write of the new file harms nothing that was there before. But after a
                // failed sync nothing that the disk says about itself can be relied on. The journal
                // learns of it before anything else is done.
                if failure.is_of_sync() {
                    self.journal.fail(failure.clone());
                }
                self.remove_temporary();
                Err(Arc::new(failure))
            }
        };
        self.end(outcome);
    }

    fn end(&self, outcome: Result<u64, Arc<Failure>>) {
        // Nobody else sets it, so that it is not set yet.
        drop(self.outcome.set(outcome));
        self.journal.signal.raise();
    }

    fn write(&self, messages: &Receiver<Message>) -> Result<Option<u64>, Failure> {
        let mut file = SnapshotFile::begin(&*self.storage, &self.names, self.header.clone())?;
        while let Ok(message) = messages.recv() {
            match message {
                Message::Entries(mut chunk) => {
                    for entry in chunk.sorted() {
                        file.entry(&entry)?;
                    }
                    if chunk.capacity() <= 2 * CHECKPOINT_STEP_BYTES {
                        chunk.clear();
                        // If there is no place the owner has enough of them.
                        drop(self.give_back.try_send(chunk));
                    }
                    self.journal.signal.raise();
                }
                Message::Finish { synced } => {
                    let may_replace = || match self.journal.failure() {
                        Some(failure) => Err(Failure::clone(failure)),
                        None => Ok(()),
                    };
                    return file.finish(synced, may_replace).map(Some);
                }
            }
        }
        Ok(None)
    }

    /// The snapshot stands. What is not removed here is removed at the next start.
    fn remove_covered(&self) {
        for number in &self.covered {
            let name = self.names.segment(*number);
            if let Err(error) = self.storage.remove(&name) {
                let failure = Failure::on(&*self.storage, Action::Remove, &name)(error);
                tracing::warn!("a segment that the new snapshot covers is still there: {failure}");
            }
        }
    }

    /// If it can't be removed, the next checkpoint or the next start does it.
    fn remove_temporary(&self) {
        drop(self.storage.remove(&self.names.temporary()));
    }
}
