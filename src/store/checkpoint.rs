//! A checkpoint: a new snapshot while requests go on.
//!
//! The journal goes on in a new segment; the table is copied in steps, a bounded number of entries
//! and bytes each, to a thread that sorts and writes them, at a lower priority than requests have;
//! and the snapshot says that replay begins with that segment. What changes while it is copied is in
//! that segment too, and is done again at replay, which changes nothing.
//!
//! Invariant: a snapshot never holds an effect that its journal can lose. So before it takes the
//! place of the old one the journal is synced, whatever the policy, through the last number that
//! was given when the copying ended; and only then do the old segments go.

mod chunk;
mod due;
mod file;
mod thread;

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use super::Seq;
use super::failure::Failure;
use super::files::FileNames;
use super::format::snapshot::SnapshotEntry;
use super::journal::Journal;
use super::table::{Entry, Table, hash};
use super::tables::Tables;
use crate::limits::{CHECKPOINT_STEP_BYTES, CHECKPOINT_STEP_ENTRIES, CHECKPOINT_STEPS_WAITING};
use crate::storage::Storage;
use chunk::{Chunk, Rest};
pub(super) use due::Due;
pub(super) use file::SnapshotFile;
use thread::{Message, Outcome, Writer};

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

/// Whether there are requests beside a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Requests {
    /// They go first.
    GoOn,
    /// Nobody waits for anything but the checkpoint.
    HaveEnded,
}

/// A checkpoint under way.
pub(super) struct Checkpoint {
    replay_from: u64,
    stage: Stage,
    /// The collections of which a part was copied, and the table that they are in.
    rests: Vec<(Which, Rest)>,
    /// What the thread had no place for yet.
    held: Option<Message>,
    /// Gone when nothing more is to come: then the thread gives up, unless it has seen the end.
    messages: Option<SyncSender<Message>>,
    /// Chunks that the thread has emptied.
    spares: Receiver<Chunk>,
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
        requests: Requests,
    ) -> io::Result<Self> {
        let header = journal.next_snapshot();
        let replay_from = header.replay_from;
        let outcome = Arc::new(Outcome::new());
        let (sender, receiver) = sync_channel(CHECKPOINT_STEPS_WAITING);
        let (give_back, spares) = sync_channel(CHECKPOINT_STEPS_WAITING);
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
            give_back,
            requests,
        };
        let thread = std::thread::Builder::new()
            .name("checkpoint".to_owned())
            .spawn(move || writer.run(&receiver))?;
        journal.rotate();
        Ok(Self {
            replay_from,
            stage: Stage::Copy(Which::Own, 0),
            rests: Vec::new(),
            held: None,
            messages: Some(sender),
            spares,
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
        let mut chunk = self.spares.try_recv().unwrap_or_default();
        // First what is left of large collections: so there are never more of them than in one step.
        if let Some((which, rest)) = self.rests.pop() {
            let table = which.of(tables);
            let entry = table.get(hash(&rest.key), &rest.key);
            let rest = entry.and_then(|entry| chunk.push_part(entry, rest.from, rest.part));
            self.rests.extend(rest.map(|rest| (which, rest)));
            self.hold(chunk);
            return;
        }
        let rests = &mut self.rests;
        let next = copy_step(which.of(tables), from, &mut chunk, &mut |rest| {
            rests.push((which, rest));
        });
        self.hold(chunk);
        if next.is_none() && !self.rests.is_empty() {
            // The table is done when these are.
            self.stage = Stage::Copy(which, PAST_THE_END);
            return;
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

    /// Keeps what was copied for the thread.
    fn hold(&mut self, chunk: Chunk) {
        if chunk.entries() > 0 {
            self.held = Some(Message::Entries(chunk));
        }
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
        // A thread that has told how it ended does nothing more, but on a busy machine it can be long
        // before it gets a processor for its last steps.
        if self.outcome.get().is_none()
            && let Some(thread) = self.thread.take()
        {
            // It can only have panicked, and then the panic has been told already.
            drop(thread.join());
        }
    }
}

/// Gives `write` copies of all entries, those of a large collection in parts.
pub(super) fn copy_all<E>(
    tables: &Tables,
    write: &mut dyn FnMut(&SnapshotEntry<'_>) -> Result<(), E>,
) -> Result<(), E> {
    for table in [&tables.own, &tables.misplaced] {
        let mut from = Some(0);
        while let Some(position) = from {
            let mut chunk = Chunk::default();
            let mut rests = Vec::new();
            from = copy_step(table, position, &mut chunk, &mut |rest| rests.push(rest));
            chunk.sorted().iter().try_for_each(&mut *write)?;
            while let Some(rest) = rests.pop() {
                chunk.clear();
                let entry = table.get(hash(&rest.key), &rest.key);
                rests.extend(entry.and_then(|entry| chunk.push_part(entry, rest.from, rest.part)));
                chunk.sorted().iter().try_for_each(&mut *write)?;
            }
        }
    }
    Ok(())
}

/// A position behind all others: a copy from there on finds nothing.
const PAST_THE_END: u64 = u64::MAX;

impl Which {
    fn of(self, tables: &Tables) -> &Table {
        match self {
            Self::Own => &tables.own,
            Self::Misplaced => &tables.misplaced,
        }
    }
}

/// Copies entries from position `from` on, as many as a step may. The position to go on from. Of large
/// collections `rest` is given what is left.
///
/// Whole leaves are copied as they come: the thread sorts what it gets. Only a leaf that is too large
/// for one step has to be sorted here, in each of its steps.
fn copy_step(
    table: &Table,
    from: u64,
    chunk: &mut Chunk,
    rest: &mut dyn FnMut(Rest),
) -> Option<u64> {
    let mut next = from;
    let mut looked_at = 0;
    while let Some((leaf, after)) = table.leaf_at(next) {
        // An empty leaf takes its time too.
        looked_at += leaf.len().max(1);
        if looked_at > CHECKPOINT_STEP_ENTRIES {
            break;
        }
        let bytes = leaf.bytes();
        if chunk.bytes() + bytes > CHECKPOINT_STEP_BYTES {
            break;
        }
        chunk.reserve(leaf.len(), bytes);
        leaf.entries()
            .filter_map(|entry| chunk.push(entry))
            .for_each(&mut *rest);
        next = after?;
    }
    if next > from {
        return Some(next);
    }
    table
        .walk_leaf(from, &mut |entry: &Entry| {
            chunk.push(entry).into_iter().for_each(&mut *rest);
            let is_full = chunk.entries() >= CHECKPOINT_STEP_ENTRIES
                || chunk.bytes() >= CHECKPOINT_STEP_BYTES;
            if is_full {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .1
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::table::hash;

    fn insert(table: &mut Table, key: &[u8], value: &[u8]) {
        table.insert(hash(key), key, value);
    }

    /// The keys as they come into the file; each step is looked at, and `between` called after it.
    fn copied(
        table: &mut Table,
        mut look: impl FnMut(&Chunk),
        mut between: impl FnMut(&mut Table),
    ) -> Vec<Vec<u8>> {
        let mut keys = Vec::new();
        let mut from = Some(0);
        while let Some(position) = from {
            let mut chunk = Chunk::default();
            from = copy_step(table, position, &mut chunk, &mut |_| {});
            assert!(
                from.is_none_or(|next| next > position),
                "every step goes forward"
            );
            look(&chunk);
            keys.extend(chunk.sorted().iter().map(|entry| entry.key.to_vec()));
            between(table);
        }
        keys
    }

    fn in_order(table: &Table) -> Vec<Vec<u8>> {
        let mut keys = Vec::new();
        table.walk(0, &mut |entry| {
            keys.push(entry.key().to_vec());
            ControlFlow::Continue(())
        });
        keys
    }

    #[test]
    fn steps_of_whole_leaves_come_out_in_the_order_of_the_table() {
        let mut table = Table::new();
        for number in 0..20_000_u32 {
            insert(&mut table, &number.to_be_bytes(), b"value");
        }
        let expected = in_order(&table);
        let mut steps = 0;
        let look = |chunk: &Chunk| {
            steps += 1;
            assert!(chunk.entries() <= CHECKPOINT_STEP_ENTRIES);
        };
        assert_eq!(copied(&mut table, look, |_| {}), expected);
        assert!(steps <= 20_000 / 200, "{steps} steps of a leaf at least");
    }

    /// One leaf has more bytes than a step may copy, another one more entries.
    #[test]
    fn a_leaf_that_is_too_large_takes_several_steps() {
        let mut table = Table::new();
        let large = vec![b'v'; CHECKPOINT_STEP_BYTES / 10];
        for number in 0..100_u32 {
            insert(&mut table, &number.to_be_bytes(), &large);
        }
        let look = |chunk: &Chunk| assert!(chunk.bytes() < CHECKPOINT_STEP_BYTES + 2 * large.len());
        let expected = in_order(&table);
        assert_eq!(copied(&mut table, look, |_| {}), expected);

        let mut table = Table::new();
        let one_prefix = |key: &u64| hash(&key.to_be_bytes()) >> 56 == 0x5a;
        for number in (0_u64..).filter(one_prefix).take(1_500) {
            insert(&mut table, &number.to_be_bytes(), b"");
        }
        let look = |chunk: &Chunk| assert!(chunk.entries() <= CHECKPOINT_STEP_ENTRIES);
        let expected = in_order(&table);
        assert_eq!(copied(&mut table, look, |_| {}), expected);
    }

    #[test]
    fn what_stays_is_copied_once_while_the_table_grows() {
        let mut table = Table::new();
        for number in 0..2_000_u32 {
            insert(&mut table, &number.to_be_bytes(), b"value");
        }
        let mut next = 2_000_u32;
        let keys = copied(
            &mut table,
            |_| {},
            |table| {
                for _ in 0..1_000 {
                    insert(table, &next.to_be_bytes(), &[b'v'; 1_000]);
                    next += 1;
                }
            },
        );
        let unique: BTreeSet<_> = keys.iter().collect();
        assert_eq!(unique.len(), keys.len());
        assert!((0..2_000_u32).all(|number| unique.contains(&number.to_be_bytes().to_vec())));
    }

    #[test]
    fn a_table_that_was_emptied_is_passed_in_steps() {
        let mut table = Table::new();
        for number in 0..150_000_u32 {
            insert(&mut table, &number.to_be_bytes(), b"");
        }
        for number in 1..150_000_u32 {
            let key = number.to_be_bytes();
            table.remove(hash(&key), &key);
        }
        let mut steps = 0;
        assert_eq!(
            copied(&mut table, |_| steps += 1, |_| {}),
            [0_u32.to_be_bytes()]
        );
        assert!(steps > 1, "more empty leaves than a step may have entries");
    }
}
