//! The store: a table in memory whose every change is in a journal on disk, and now and then a
//! snapshot. It knows files through [`Storage`], no sockets, no runtime and no cluster.
//!
//! One thread owns a [`Store`]. It reads and writes the table at once; the journal goes to a thread
//! of the store's own, so that nothing here waits for a disk. In exchange the owner asks, after a
//! request, which write the reply depends on ([`Store::take_gate`]), and lets the reply go when
//! [`Store::durable`] has come that far.
//!
//! - `keys`, `collections`, `expiry`: what one can do with keys and values
//! - `adopt`: keys that come whole from another node
//! - `misplaced`: keys in this node's files that another node owns
//! - `group`: several writes that a crash takes back together, or not at all
//! - `watch`: which keys somebody wants to know to be as they were
//! - `value`: what stands under a key
//! - `table`: keys and values, in an order that does not depend on how many there are
//! - `unsynced`: which keys have writes that are not durable yet
//! - `journal`: numbers, buffers, and the thread that writes and syncs
//! - `policy`: when a write counts as done
//! - `room`: how much the disk still takes
//! - `checkpoint`: a snapshot while requests go on
//! - `recovery`: from files to tables, telling a crash from damage
//! - `format`: both files as text
//!
//! Invariants: a write that was durable is there after any crash; what a reader has seen, once its
//! gate was passed, no crash takes back; after a failed write or sync of the journal nothing is
//! written again.

mod adopt;
mod checkpoint;
mod collections;
mod error;
mod expiry;
mod failure;
mod files;
mod format;
mod group;
mod journal;
mod keys;
mod lock;
mod misplaced;
mod options;
mod policy;
mod recovery;
mod room;
mod signal;
mod status;
mod table;
mod tables;
mod unsynced;
mod value;
mod watch;

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::storage::{Space, Storage};
pub use adopt::{Adoption, Payload};
pub use checkpoint::CheckpointStep;
use checkpoint::{Checkpoint, Due, Requests};
pub use error::{Defect, OpenError, Place};
pub use failure::{Action, Failure, Refused};
use files::FileNames;
pub use format::bytes::{push_base64, push_text};
pub use format::checksum;
pub use format::entry::ReadEntry;
pub use format::snapshot::{SnapshotEntry, SnapshotValue};
use group::Group;
use journal::{Continuation, Journal};
pub use keys::VisitUntil;
pub use options::{Clock, Fsync, Options, UnknownFsync};
use room::Room;
use signal::Signal;
pub use status::{Recovery, Repair, Status, TornTail};
pub use table::Deadline;
use tables::Tables;
use unsynced::Unsynced;
pub use value::{Items, ItemsBuf, Kind, Set, View, WrongType};
pub use watch::Watch;
use watch::Watched;

/// The number of a record of the journal. They count from 1, without gaps, over all restarts.
pub type Seq = u64;

/// A node's keys and values.
///
/// Dropping it is as good as a crash: what was not handed over by [`Store::commit`] may be lost, and
/// there is no checkpoint. [`Store::close`] is the orderly end.
pub struct Store {
    checkpoint: Option<Checkpoint>,
    journal: Journal,
    tables: Tables,
    unsynced: Unsynced,
    /// What the accesses since the last [`Store::take_gate`] depend on.
    gate: Cell<Seq>,
    group: Group,
    watched: Watched,
    clock: Clock,
    /// The latest time that was told, in milliseconds since 1970: what has expired stays so, also if
    /// somebody sets the clock back.
    latest_unix_ms: Cell<u64>,
    storage: Arc<dyn Storage>,
    room: Room,
    names: FileNames,
    /// When the journal has grown so much that a checkpoint is due.
    due: Due,
    /// The files hold accepted edits, which a checkpoint writes anew with right checksums.
    edited: bool,
    last_checkpoint_unix_seconds: u64,
    /// Why the last checkpoint that ended did not go well.
    last_checkpoint_failure: Option<Arc<Failure>>,
    /// Let go when the threads are gone, so it stands last.
    _lock: Box<dyn Send>,
}

impl Store {
    /// Opens the store of the node `name`, and makes it if it is not there.
    ///
    /// `mine` says which keys the node owns; the others in its files are kept apart as misplaced.
    /// `progress` is called from the store's own threads whenever [`Store::durable`],
    /// [`Store::failure`] or what a checkpoint waits for may have changed.
    pub fn open(
        storage: Arc<dyn Storage>,
        name: &str,
        options: Options,
        mine: &(dyn Fn(&[u8]) -> bool + Sync),
        progress: Arc<dyn Fn() + Send + Sync>,
    ) -> Result<(Self, Recovery), OpenError> {
        let began = Instant::now();
        let names = FileNames::new(name);
        let lock = lock::take(&*storage, &names)?;
        let recovered = recovery::Recover {
            storage: &*storage,
            names: &names,
            options,
            mine,
        }
        .run()?;
        let recovery = Recovery {
            keys: recovered.tables.own.len(),
            misplaced: recovered.tables.misplaced_len(options.clock.unix_ms()),
            replayed: recovered.replayed,
            torn: recovered.torn,
            repair: recovered.repair,
            warnings: recovered.warnings,
            elapsed: began.elapsed(),
        };
        let continuation = Continuation {
            storage: Arc::clone(&storage),
            names: names.clone(),
            node_id: recovered.node_id,
            incarnation: recovered.incarnation,
            last: recovered.last,
            segments: recovered.segments,
            file: recovered.file,
        };
        let journal =
            Journal::open(continuation, options.fsync, Signal::new(progress)).map_err(|cause| {
                OpenError::System {
                    operation: "start the journal's thread",
                    cause,
                }
            })?;
        let store = Self {
            checkpoint: None,
            journal,
            tables: recovered.tables,
            unsynced: Unsynced::default(),
            gate: Cell::new(0),
            group: Group::default(),
            watched: Watched::default(),
            clock: options.clock,
            latest_unix_ms: Cell::new(0),
            room: Room::default(),
            storage,
            names,
            due: Due::after(recovered.snapshot_bytes),
            edited: recovered.edited,
            // As Redis has it: what was loaded counts as saved when it was loaded.
            last_checkpoint_unix_seconds: unix_seconds(),
            last_checkpoint_failure: None,
            _lock: lock,
        };
        Ok((store, recovery))
    }

    /// The node's name.
    pub fn name(&self) -> &str {
        self.names.node()
    }

    /// What tells this node from all others of any name, ever: 32 hexadecimal digits.
    pub fn node_id(&self) -> &str {
        self.journal.node_id()
    }

    /// How often this node has started.
    pub fn incarnation(&self) -> u64 {
        self.journal.incarnation()
    }

    // ---- durability --------------------------------------------------------------------------

    /// The write that a reply built from the accesses since the last call has to wait for; 0 if it
    /// need not wait.
    pub fn take_gate(&self) -> Seq {
        let gate = self.gate.take();
        if gate > self.durable() { gate } else { 0 }
    }

    /// The last write, durable or not; 0 before the first.
    pub fn last(&self) -> Seq {
        self.journal.last()
    }

    /// The last write that is as durable as the [`Fsync`] policy promises. All before it are too.
    pub fn durable(&self) -> Seq {
        self.journal.shared().durable()
    }

    /// Why writes have stopped, if they have. It stays so until the store is opened anew.
    pub fn failure(&self) -> Option<Arc<Failure>> {
        self.journal.failure()
    }

    /// Hands the writes since the last call to the disk. To be called for many requests at a time: what
    /// comes in one call is synced together. Of what is very much some goes ahead.
    pub fn commit(&mut self) {
        self.unsynced.forget(self.durable());
        self.journal.commit();
    }

    /// Whether something that was handed over by [`Store::commit`] is not durable yet.
    pub fn is_committing(&self) -> bool {
        self.journal.is_committing()
    }

    /// The bytes of journal that are not durable yet.
    pub fn backlog_bytes(&self) -> usize {
        self.journal.waiting_bytes()
    }

    // ---- checkpoints -------------------------------------------------------------------------

    /// Whether the journal has grown so much that a checkpoint is worth its cost.
    pub fn checkpoint_due(&self) -> bool {
        self.checkpoint.is_none()
            && self.journal.shared().failure().is_none()
            && (self.edited && !self.due.has_failed() || self.due.is_for(self.journal_bytes()))
    }

    /// How many changes there were since the last checkpoint.
    pub fn journal_records(&self) -> u64 {
        self.journal
            .segments()
            .iter()
            .map(|segment| segment.changes)
            .sum()
    }

    /// Begins a checkpoint. [`Store::step_checkpoint`] does it.
    pub fn begin_checkpoint(&mut self) -> Result<(), Refused> {
        self.begin_checkpoint_beside(Requests::GoOn)
    }

    fn begin_checkpoint_beside(&mut self, requests: Requests) -> Result<(), Refused> {
        self.journal.check()?;
        if self.checkpoint.is_some() {
            return Err(Refused::CheckpointRunning);
        }
        let storage = Arc::clone(&self.storage);
        let names = self.names.clone();
        let checkpoint = Checkpoint::begin(storage, names, &mut self.journal, requests)
            .map_err(|error| Refused::NoThread(error.to_string()))?;
        self.checkpoint = Some(checkpoint);
        Ok(())
    }

    /// Whether there is a checkpoint under way.
    pub fn checkpoint_running(&self) -> bool {
        self.checkpoint.is_some()
    }

    /// Does a step of the checkpoint: copies a bounded number of entries, or finds out how far the
    /// disk is. Never waits for the disk.
    pub fn step_checkpoint(&mut self) -> CheckpointStep {
        let Some(checkpoint) = &mut self.checkpoint else {
            return CheckpointStep::Done;
        };
        let step = checkpoint.step(&self.tables, &mut self.journal);
        match &step {
            CheckpointStep::Continue | CheckpointStep::Wait => return step,
            CheckpointStep::Done => {
                self.journal.forget_before(checkpoint.replay_from());
                self.due = Due::after(checkpoint.snapshot_bytes().unwrap_or_default());
                self.last_checkpoint_unix_seconds = unix_seconds();
                self.last_checkpoint_failure = None;
                self.edited = false;
            }
            CheckpointStep::Failed(failure) => {
                self.last_checkpoint_failure = Some(Arc::clone(failure));
                self.due.failed(self.journal_bytes());
            }
        }
        self.checkpoint = None;
        step
    }

    /// Ends the store in order: everything is synced, and if the journal has changes in it there is
    /// a last checkpoint. Waits for the disk.
    pub fn close(mut self) -> Result<(), Failure> {
        let checkpointed = self.last_checkpoint();
        // Without a snapshot the journal has everything, if it is on the disk.
        self.journal.sync_and_wait().and(checkpointed)
    }

    /// The state of the store.
    pub fn status(&self) -> Status {
        let text = Arc::<Failure>::to_string;
        Status {
            keys: self.tables.own.len(),
            expiring: self.tables.own.deadlines(),
            mean_ttl_ms: self
                .tables
                .own
                .mean_deadline_ms()
                .saturating_sub(self.now_unix_ms()),
            misplaced: self.tables.misplaced_len(self.now_unix_ms()),
            fsync: self.journal.shared().policy(),
            last_checkpoint_unix_seconds: self.last_checkpoint_unix_seconds,
            last_checkpoint_ok: self.last_checkpoint_failure.is_none(),
            last_checkpoint_failure: self.last_checkpoint_failure.as_ref().map(text),
            checkpoint_running: self.checkpoint_running(),
            journal_bytes: self.journal_bytes(),
            journal_records: self.journal_records(),
            journal_segments: self.journal.segments().len(),
            snapshot_bytes: self.due.snapshot_bytes(),
            syncs: self.journal.shared().syncs(),
            failure: self.journal.shared().failure().map(text),
        }
    }

    /// How much room the disk has, if it can be told soon.
    pub fn space(&self) -> Option<Space> {
        self.room.ask(&self.storage)
    }

    fn last_checkpoint(&mut self) -> Result<(), Failure> {
        self.finish_checkpoint()?;
        if !self.edited && self.journal_records() == 0 {
            return Ok(());
        }
        match self.begin_checkpoint_beside(Requests::HaveEnded) {
            Ok(()) => self.finish_checkpoint(),
            Err(Refused::Failed(failure)) => Err(Failure::clone(&failure)),
            Err(refused) => {
                tracing::warn!("closed without a checkpoint: {refused}");
                Ok(())
            }
        }
    }

    fn finish_checkpoint(&mut self) -> Result<(), Failure> {
        loop {
            let seen = self.journal.shared().signal.count();
            match self.step_checkpoint() {
                CheckpointStep::Continue => {}
                CheckpointStep::Wait => self.journal.shared().signal.wait_past(seen),
                CheckpointStep::Done => return Ok(()),
                CheckpointStep::Failed(failure) => return Err(Failure::clone(&failure)),
            }
        }
    }

    fn journal_bytes(&self) -> u64 {
        self.journal
            .segments()
            .iter()
            .map(|segment| segment.bytes)
            .sum()
    }
}

/// The time of day in seconds since 1970; 0 if the clock is set before that.
pub(crate) fn unix_seconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
