//! The journal as the owner of a store sees it: records go into a buffer, the buffer goes to a
//! thread, and a number says how far that thread is.
//!
//! Invariant: numbers are given without gaps, in the order in which the effects were done to the
//! table, and [`Shared::durable`] never goes past what has been written (and, under `always`,
//! synced) without an error.

mod shared;
mod thread;

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::failure::{Failure, Refused};
use super::files::FileNames;
use super::format::header::SegmentHeader;
use super::format::record::{self, Effect};
use super::format::snapshot::SnapshotHeader;
use super::signal::Signal;
use super::{Fsync, Seq};
use crate::limits::JOURNAL_BATCH_BYTES;
use crate::storage::{AppendFile, Storage};
pub(super) use shared::Shared;
use shared::Work;
use thread::Segment;
pub(super) use thread::create_segment;

/// A segment of the journal on the disk.
#[derive(Debug, Clone, Copy)]
pub(super) struct SegmentSize {
    pub(super) number: u64,
    pub(super) bytes: u64,
    /// The changes in it.
    pub(super) changes: u64,
}

/// A journal that is open for writing.
pub(super) struct Journal {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    identity: SegmentHeader,
    /// What was encoded since the last hand-over.
    buffer: Vec<u8>,
    /// The last number that was given.
    last: Seq,
    /// From the one that replay begins with to the one that is written to.
    segments: Vec<SegmentSize>,
    group: Option<OpenGroup>,
}

/// A group of records that is not complete yet.
struct OpenGroup {
    /// The number that its first record will have, which says how many follow.
    seq: Seq,
    /// Where in the buffer that record will stand.
    start: usize,
}

/// What a journal needs to go on from where recovery has left it.
pub(super) struct Continuation {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) names: FileNames,
    pub(super) node_id: String,
    pub(super) incarnation: u64,
    /// The last number in it. All up to it is on the disk.
    pub(super) last: Seq,
    pub(super) segments: Vec<SegmentSize>,
    /// The last of the segments.
    pub(super) file: Box<dyn AppendFile>,
}

impl Journal {
    /// Starts the thread.
    pub(super) fn open(from: Continuation, policy: Fsync, signal: Signal) -> io::Result<Self> {
        let number = from.segments.last().map_or(1, |segment| segment.number);
        let identity = SegmentHeader {
            node: from.names.node().to_owned(),
            node_id: from.node_id,
            incarnation: from.incarnation,
            segment: number,
            seq: from.last,
        };
        let shared = Arc::new(Shared::new(policy, from.last, number, signal));
        let segment = Segment {
            storage: from.storage,
            names: from.names,
            number,
            file: from.file,
            written: from.last,
            unsynced_since: None,
        };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || thread::run(segment, &shared)
            })?;
        Ok(Self {
            shared,
            thread: Some(thread),
            identity,
            buffer: Vec::new(),
            last: from.last,
            segments: from.segments,
            group: None,
        })
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(super) fn node_id(&self) -> &str {
        &self.identity.node_id
    }

    pub(super) fn incarnation(&self) -> u64 {
        self.identity.incarnation
    }

    /// The number of the last record.
    pub(super) fn last(&self) -> Seq {
        self.last
    }

    pub(super) fn segments(&self) -> &[SegmentSize] {
        &self.segments
    }

    /// An error once writing has ended.
    pub(super) fn check(&self) -> Result<(), Refused> {
        match self.shared.failure() {
            Some(failure) => Err(Refused::Failed(Arc::clone(failure))),
            None => Ok(()),
        }
    }

    /// Takes a record down, and gives it its number. The first one after a hand-over, which may
    /// become the first of a group, tells how far the disk is.
    pub(super) fn record(&mut self, effect: &Effect<'_>) -> Seq {
        self.last += 1;
        let synced = self.buffer.is_empty().then(|| self.shared.synced());
        let before = self.buffer.len();
        record::push(&mut self.buffer, self.last, effect, synced);
        if let Some(segment) = self.segments.last_mut() {
            segment.bytes += (self.buffer.len() - before) as u64;
            segment.changes += 1;
        }
        // A group stays here until it is known how many records it has.
        if self.buffer.len() >= JOURNAL_BATCH_BYTES && self.group.is_none() {
            self.commit();
        }
        self.last
    }

    /// Begins a group: the records up to [`Journal::end_group`] count together, or not at all.
    pub(super) fn begin_group(&mut self) {
        self.last += 1;
        self.group = Some(OpenGroup {
            seq: self.last,
            start: self.buffer.len(),
        });
    }

    /// Ends the group. The number of its last record; `None` if it has none.
    pub(super) fn end_group(&mut self) -> Option<Seq> {
        let OpenGroup { seq, start } = self.group.take()?;
        let count = self.last - seq;
        if count == 0 {
            self.last -= 1;
            return None;
        }
        let synced = (start == 0).then(|| self.shared.synced());
        let mut first = Vec::new();
        record::push(&mut first, seq, &Effect::Group { count }, synced);
        if let Some(segment) = self.segments.last_mut() {
            segment.bytes += first.len() as u64;
        }
        self.buffer.splice(start..start, first);
        if self.buffer.len() >= JOURNAL_BATCH_BYTES {
            self.commit();
        }
        Some(self.last)
    }

    /// The bytes of the group under way.
    pub(super) fn group_bytes(&self) -> usize {
        let start = self.group.as_ref().map(|group| group.start);
        start.map_or(0, |start| self.buffer.len().saturating_sub(start))
    }

    /// Hands what is in the buffer to the thread.
    pub(super) fn commit(&mut self) {
        if self.buffer.is_empty() {
            return;
        }
        if self.shared.failure().is_some() {
            self.buffer = Vec::new();
            return;
        }
        self.shared.hand_over(&mut self.buffer, self.last);
    }

    /// Whether the thread has something that is not durable yet.
    pub(super) fn is_committing(&self) -> bool {
        self.shared.waiting_bytes() > 0
    }

    /// The bytes that are in the buffer or with the thread.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.buffer.len() + self.shared.waiting_bytes()
    }

    /// Hands everything over and asks for a sync.
    pub(super) fn request_sync(&mut self) {
        self.commit();
        self.shared.push(Work::Sync);
    }

    /// The header of a snapshot for which the journal is rotated now.
    pub(super) fn next_snapshot(&self) -> SnapshotHeader {
        SnapshotHeader {
            node: self.identity.node.clone(),
            node_id: self.identity.node_id.clone(),
            incarnation: self.identity.incarnation,
            seq: self.last,
            replay_from: self.identity.segment + 1,
            checksums: true,
        }
    }

    /// Lets what follows go to a new segment.
    pub(super) fn rotate(&mut self) {
        self.commit();
        self.identity.segment += 1;
        self.identity.seq = self.last;
        let segment = self.identity.segment;
        let mut header = Vec::new();
        self.identity.push(&mut header);
        self.segments.push(SegmentSize {
            number: segment,
            bytes: header.len() as u64,
            changes: 0,
        });
        self.shared.push(Work::Rotate { segment, header });
    }

    /// Whether all up to this number, and the segment with its name, is on the disk.
    pub(super) fn has_synced(&self, through: Seq, segment: u64) -> bool {
        self.shared.synced() >= through && self.shared.segment() >= segment
    }

    /// Writes and syncs everything, and waits for it.
    pub(super) fn sync_and_wait(&mut self) -> Result<(), Failure> {
        self.request_sync();
        loop {
            let seen = self.shared.signal.count();
            if let Some(failure) = self.shared.failure() {
                return Err(Failure::clone(failure));
            }
            if self.shared.synced() >= self.last {
                return Ok(());
            }
            self.shared.signal.wait_past(seen);
        }
    }

    /// The segments before this one are covered by a snapshot.
    pub(super) fn forget_before(&mut self, segment: u64) {
        self.segments.retain(|known| known.number >= segment);
    }

    /// What has failed, as an error.
    pub(super) fn failure(&self) -> Option<Arc<Failure>> {
        self.shared.failure().cloned()
    }
}

impl Drop for Journal {
    /// What was not handed over is not written, as if the process had been killed.
    fn drop(&mut self) {
        self.shared.close();
        if let Some(thread) = self.thread.take() {
            // It can only have panicked, and then the panic has been told already.
            let _ = thread.join();
        }
    }
}
