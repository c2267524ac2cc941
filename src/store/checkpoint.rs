//! A checkpoint: a new snapshot while requests go on.
//!
//! The journal goes on in a new segment; the table is copied in steps, a bounded number of entries
//! and bytes each, to a thread that writes them; and the snapshot says that replay begins with that
//! segment. What changes while it is copied is in that segment too, and is done again at replay,
//! which changes nothing.
//!
//! Invariant: a snapshot never holds an effect that its journal can lose. So before it takes the
//! place of the old one the journal is synced, whatever the policy, through the last number that
//! was given when the copying ended; and only then do the old segments go.

mod file;
mod thread;

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use super::Seq;
use super::failure::Failure;
use super::files::FileNames;
use super::journal::Journal;
use super::table::Table;
use super::tables::Tables;
use crate::limits::{CHECKPOINT_STEP_BYTES, CHECKPOINT_STEP_ENTRIES, CHECKPOINT_STEPS_WAITING};
use crate::storage::Storage;
pub(super) use file::SnapshotFile;
use thread::{Chunk, Message, Outcome, Writer};

/// What a step of a checkpoint has come to.
#[derive(Debug, Clone)]
pub enum CheckpointStep {
    /// There is more to copy.
    Continue,
    /// The disk is at work: the next step has something to do when the store has called `progress`.
    Wait,
    /// The snapshot is on the disk; or there was no checkpoint.
    Done,
    /// It has failed; the old snapshot and all of the journal are there as before.
    Failed(Arc<Failure>),
}

/// A checkpoint under way.
pub(super) struct Checkpoint {
    replay_from: u64,
    stage: Stage,
    /// What the thread had no place for yet.
    held: Option<Message>,
    /// Gone when nothing more is to come: then the thread gives up, unless it has seen the end.
    messages: Option<SyncSender<Message>>,
    outcome: Arc<Outcome>,
    thread: Option<JoinHandle<()>>,
}

/// What is to do next.
enum Stage {
    /// Copy this table, from this position on.
    Copy(Which, u64),
    /// Wait until the journal has synced through this number.
    AwaitSync(Seq),
    /// Wait for the thread.
    AwaitThread,
}

#[derive(Clone, Copy)]
enum Which {
    Own,
    Misplaced,
}

impl Checkpoint {
    /// Begins: starts the thread, and lets the journal go on in a new segment.
    pub(super) fn begin(
        storage: Arc<dyn Storage>,
        names: FileNames,
        journal: &mut Journal,
    ) -> io::Result<Self> {
        let header = journal.next_snapshot();
        let replay_from = header.replay_from;
        let outcome = Arc::new(Outcome::new());
        let (sender, receiver) = sync_channel(CHECKPOINT_STEPS_WAITING);
        let writer = Writer {
            storage,
            names,
            header,
            covered: journal
                .segments()
                .iter()
                .map(|segment| segment.number)
                .collect(),
            journal: Arc::clone(journal.shared()),
            outcome: Arc::clone(&outcome),
        };
        let thread = std::thread::Builder::new()
            .name("checkpoint".to_owned())
            .spawn(move || writer.run(&receiver))?;
        journal.rotate();
        Ok(Self {
            replay_from,
            stage: Stage::Copy(Which::Own, 0),
            held: None,
            messages: Some(sender),
            outcome,
            thread: Some(thread),
        })
    }

    /// The segment that replay begins with, once the snapshot stands.
    pub(super) fn replay_from(&self) -> u64 {
        self.replay_from
    }

    /// The size of the snapshot, once it stands.
    pub(super) fn snapshot_bytes(&self) -> Option<u64> {
        self.outcome
            .get()
            .and_then(|outcome| outcome.as_ref().ok().copied())
    }

    /// Does a step. It never waits.
    pub(super) fn step(&mut self, tables: &Tables, journal: &mut Journal) -> CheckpointStep {
        match self.outcome.get() {
            Some(Ok(_)) => return CheckpointStep::Done,
            Some(Err(failure)) => return CheckpointStep::Failed(Arc::clone(failure)),
            None => {}
        }
        if journal.check().is_err() {
            // The thread may be busy with the disk. It learns from this that nothing more comes.
            self.messages = None;
            return CheckpointStep::Wait;
        }
        if !self.deliver() {
            return CheckpointStep::Wait;
        }
        match self.stage {
            Stage::Copy(which, from) => {
                self.copy(which, from, tables, journal);
                CheckpointStep::Continue
            }
            Stage::AwaitSync(through) if journal.has_synced(through, self.replay_from) => {
                self.held = Some(Message::Finish {
                    synced: journal.shared().synced(),
                });
                self.stage = Stage::AwaitThread;
                CheckpointStep::Continue
            }
            Stage::AwaitSync(_) | Stage::AwaitThread => CheckpointStep::Wait,
        }
    }

    /// Copies the next entries.
    fn copy(&mut self, which: Which, from: u64, tables: &Tables, journal: &mut Journal) {
        let table = match which {
            Which::Own => &tables.own,
            Which::Misplaced => &tables.misplaced,
        };
        let mut chunk = Chunk::default();
        let next = copy_step(table, from, &mut chunk);
        if chunk.entries() > 0 {
            self.held = Some(Message::Entries(chunk));
        }
        self.stage = match (which, next) {
            (_, Some(from)) => Stage::Copy(which, from),
            (Which::Own, None) => Stage::Copy(Which::Misplaced, 0),
            (Which::Misplaced, None) => {
                journal.request_sync();
                Stage::AwaitSync(journal.last())
            }
        };
    }

    /// Gives the thread what it had no place for. Whether that is done.
    fn deliver(&mut self) -> bool {
        let (Some(message), Some(messages)) = (self.held.take(), &self.messages) else {
            return true;
        };
        match messages.try_send(message) {
            Ok(()) => true,
            // If the thread is gone, how it ended is known in a moment.
            Err(TrySendError::Full(message) | TrySendError::Disconnected(message)) => {
                self.held = Some(message);
                false
            }
        }
    }
}

impl Drop for Checkpoint {
    fn drop(&mut self) {
        self.messages = None;
        if let Some(thread) = self.thread.take() {
            // It can only have panicked, and then the panic has been told already.
            drop(thread.join());
        }
    }
}

/// Copies entries from position `from` on, as many as a step may. The position to go on from.
fn copy_step(table: &Table, from: u64, chunk: &mut Chunk) -> Option<u64> {
    table.walk(from, &mut |key, value| {
        chunk.push(key, value);
        let is_full =
            chunk.entries() >= CHECKPOINT_STEP_ENTRIES || chunk.bytes() >= CHECKPOINT_STEP_BYTES;
        if is_full {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
}
