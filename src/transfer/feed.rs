//! The thread that reads a file of keys, so that reading and sending go on at the same time.
//!
//! What it has read waits in a channel of bounded length. When the one who takes it is dropped, the thread ends
//! at the next entry.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;

use tokio::sync::{mpsc, oneshot};
use tokio::time::interval;

use super::backup::file;
use super::batch::Batch;
use super::read::{self, End};
use super::source::Source;
use super::{Format, Place};
use crate::ending::Ending;
use crate::limits::{TRANSFER_BATCHES_WAITING, TRANSFER_PROGRESS_PAUSE};
use crate::store::SnapshotEntry;
use crate::terminal::Progress;

/// What to read.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) place: Place,
    pub(super) what: What,
}

/// What a file is.
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    /// Keys in one of the formats, or in one that is to be found out.
    Keys {
        format: Option<Format>,
        value_max_bytes: usize,
    },
    /// A backup.
    Backup,
}

/// What the thread and its owner know of each other.
#[derive(Debug, Clone, Default)]
struct Shared {
    is_stopped: Arc<AtomicBool>,
    read_bytes: Arc<AtomicU64>,
}

/// Ends the thread when it is dropped.
#[derive(Debug, Default)]
struct Owner(Shared);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.is_stopped.store(true, Relaxed);
    }
}

impl Reading {
    /// Reads all of it, and gathers what is to be known of its entries. The inner error says what is wrong with
    /// it, and where.
    pub(super) async fn check<T: Send + 'static>(
        &self,
        mut known: T,
        gather: fn(&mut T, &SnapshotEntry<'_>) -> Result<(), String>,
        progress: &Progress,
    ) -> Result<Result<T, String>, Ending> {
        let owner = Owner::default();
        let (sender, mut receiver) = oneshot::channel();
        let (reading, shared) = (self.clone(), owner.0.clone());
        spawn(move || {
            let read = reading.read(&shared, &mut |entry| Ok(gather(&mut known, &entry)?));
            // Who dropped the other end does not want to know.
            let _ = sender.send(told(read).map(|()| known));
        })?;
        let mut pause = interval(TRANSFER_PROGRESS_PAUSE);
        loop {
            tokio::select! {
                checked = &mut receiver => return checked.map_err(|_| defect()),
                _ = pause.tick() => progress.set(owner.0.read_bytes.load(Relaxed)),
            }
        }
    }

    /// Gives each entry to `take`.
    fn read(
        &self,
        shared: &Shared,
        take: &mut dyn FnMut(SnapshotEntry<'_>) -> Result<(), End>,
    ) -> Result<(), End> {
        let source = Source::open(&self.place, Arc::clone(&shared.read_bytes))?;
        let mut take = |entry: SnapshotEntry<'_>| {
            if shared.is_stopped.load(Relaxed) {
                return Err(End::Unwanted);
            }
            take(entry)
        };
        match self.what {
            What::Backup => file::read(source, &mut take),
            What::Keys {
                format,
                value_max_bytes,
            } => {
                let format = match format {
                    Some(format) => format,
                    None => read::detect(source.head())?,
                };
                read::read(format, source, &mut |entry| {
                    read::check(&entry, value_max_bytes)?;
                    take(entry)
                })
            }
        }
    }
}

/// The entries of a file, as a thread of its own reads them.
#[derive(Debug)]
pub(super) struct Feed {
    /// Batches, and at last how it ended.
    messages: mpsc::Receiver<Result<Batch, Result<(), String>>>,
    owner: Owner,
}

impl Feed {
    pub(super) fn start(reading: Reading) -> Result<Self, Ending> {
        let owner = Owner::default();
        let shared = owner.0.clone();
        let (sender, messages) = mpsc::channel(TRANSFER_BATCHES_WAITING);
        spawn(move || {
            let mut batch = Batch::default();
            let read = reading.read(&shared, &mut |entry| {
                batch.push(entry);
                if batch.is_full() {
                    let full = std::mem::take(&mut batch);
                    sender.blocking_send(Ok(full)).map_err(|_| End::Unwanted)?;
                }
                Ok(())
            });
            // What stands before a fault is stored: it is told how many.
            if !batch.is_empty() && sender.blocking_send(Ok(batch)).is_err() {
                return;
            }
            let _ = sender.blocking_send(Err(told(read)));
        })?;
        Ok(Self { messages, owner })
    }

    /// The next entries, or none at the end. The inner error says what is wrong with the file.
    pub(super) async fn next(&mut self) -> Result<Result<Option<Batch>, String>, Ending> {
        match self.messages.recv().await {
            Some(Ok(batch)) => Ok(Ok(Some(batch))),
            Some(Err(end)) => Ok(end.map(|()| None)),
            None => Err(defect()),
        }
    }

    /// How much of the file was read.
    pub(super) fn read_bytes(&self) -> u64 {
        self.owner.0.read_bytes.load(Relaxed)
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<(), Ending> {
    let thread = thread::Builder::new().name("read".to_owned());
    let spawned = thread.spawn(work);
    spawned.map_err(|error| Ending::failure(format!("a thread can't be started: {error}")))?;
    Ok(())
}

/// The fault that ended it, if it was one.
fn told(read: Result<(), End>) -> Result<(), String> {
    match read {
        Ok(()) | Err(End::Unwanted) => Ok(()),
        Err(End::Fault(fault)) => Err(fault),
    }
}

/// The thread has ended without a word.
fn defect() -> Ending {
    Ending::failure("the file was not read to its end, by a defect of this program")
}
