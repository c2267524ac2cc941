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

impl Owner {
    fn stop(&self) {
        self.0.is_stopped.store(true, Relaxed);
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.stop();
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
                let mut parts = read::Parts::default();
                read::read(format, source, &mut |entry| {
                    read::check(&entry, value_max_bytes)?;
                    parts.follow(&entry)?;
                    take(entry)
                })
            }
        }
    }
}

/// A file that a thread of its own reads. Its entries come in lanes, each key always in the same one.
#[derive(Debug)]
pub(super) struct Feed {
    owner: Owner,
    /// How the reading ended.
    ended: oneshot::Receiver<Result<(), String>>,
}

/// Some of the entries of a file. It ends when the reading does.
pub(super) type Lane = mpsc::Receiver<Batch>;

impl Feed {
    /// Begins to read, for so many lanes.
    pub(super) fn start(reading: Reading, lanes: usize) -> Result<(Self, Vec<Lane>), Ending> {
        let owner = Owner::default();
        let shared = owner.0.clone();
        let (sender, ended) = oneshot::channel();
        let channels = (0..lanes).map(|_| mpsc::channel(TRANSFER_BATCHES_WAITING));
        let (senders, receivers): (Vec<_>, Vec<_>) = channels.unzip();
        spawn(move || {
            let mut senders: Vec<_> = (senders.into_iter())
                .map(|sender| (sender, Batch::default()))
                .collect();
            let read = reading.read(&shared, &mut |entry| give(&mut senders, entry));
            // What stands before a fault is stored: it is told how many.
            for (sender, batch) in senders {
                if !batch.is_empty() {
                    let _ = sender.blocking_send(batch);
                }
            }
            let _ = sender.send(told(read));
        })?;
        Ok((Self { owner, ended }, receivers))
    }

    /// Has the thread end before the end of the file.
    pub(super) fn stop(&self) {
        self.owner.stop();
    }

    /// How much of the file was read.
    pub(super) fn read_bytes(&self) -> u64 {
        self.owner.0.read_bytes.load(Relaxed)
    }

    /// Waits until the thread has ended. The inner error says what is wrong with the file.
    pub(super) async fn ended(self) -> Result<Result<(), String>, Ending> {
        self.ended.await.map_err(|_| defect())
    }
}

/// Puts an entry into the batch of its lane, and gives that on when it is full.
fn give(lanes: &mut [(mpsc::Sender<Batch>, Batch)], entry: SnapshotEntry<'_>) -> Result<(), End> {
    let hash = crc32fast::hash(entry.key) as usize;
    let place = hash.checked_rem(lanes.len()).unwrap_or_default();
    let Some((sender, batch)) = lanes.get_mut(place) else {
        return Err(End::Unwanted);
    };
    batch.push(entry);
    if batch.is_full() {
        let full = std::mem::take(batch);
        sender.blocking_send(full).map_err(|_| End::Unwanted)?;
    }
    Ok(())
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
