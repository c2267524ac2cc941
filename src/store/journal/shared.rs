//! What the owner of a store and the journal's thread have in common.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use crate::limits::{JOURNAL_BUFFER_KEPT_BYTES, JOURNAL_BUFFERS_KEPT, JOURNAL_JOINED_MAX_BYTES};
use crate::store::failure::Failure;
use crate::store::signal::Signal;
use crate::store::{Fsync, Seq};

const ALWAYS: u8 = 0;
const EVERY_SEC: u8 = 1;
const NEVER: u8 = 2;

const fn number_of(policy: Fsync) -> u8 {
    match policy {
        Fsync::Always => ALWAYS,
        Fsync::EverySec => EVERY_SEC,
        Fsync::Never => NEVER,
    }
}

/// Something for the journal's thread to do.
pub(super) enum Work {
    /// Append these lines, of which the last has number `through`.
    Records { lines: Vec<u8>, through: Seq },
    /// Sync, and go on in a new segment that begins with this header.
    Rotate { segment: u64, header: Vec<u8> },
    /// Sync, whatever the policy says.
    Sync,
}

/// What the thread finds when it looks for work.
pub(super) enum Turn {
    Work(VecDeque<Work>),
    /// The time that it gave has come.
    Due,
    /// The store is gone.
    Closed,
}

#[derive(Default)]
struct Queue {
    work: VecDeque<Work>,
    /// Buffers that the thread has emptied.
    spares: Vec<Vec<u8>>,
    /// The thread waits; if it does not, it looks here before it does, and need not be woken.
    waiting: bool,
    closed: bool,
}

/// The queue of work, and how far the thread is.
pub(in crate::store) struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    /// What [`Fsync`] is in force, as a number.
    policy: AtomicU8,
    written: AtomicU64,
    synced: AtomicU64,
    /// The segment that is written to, once it and its name are on the disk.
    segment: AtomicU64,
    waiting_bytes: AtomicUsize,
    syncs: AtomicU64,
    failure: OnceLock<Arc<Failure>>,
    pub(in crate::store) signal: Signal,
}

impl Shared {
    /// For a journal of which all up to `synced` is on the disk.
    pub(super) fn new(policy: Fsync, synced: Seq, segment: u64, signal: Signal) -> Self {
        Self {
            queue: Mutex::default(),
            wake: Condvar::new(),
            policy: AtomicU8::new(number_of(policy)),
            written: AtomicU64::new(synced),
            synced: AtomicU64::new(synced),
            segment: AtomicU64::new(segment),
            waiting_bytes: AtomicUsize::new(0),
            syncs: AtomicU64::new(0),
            failure: OnceLock::new(),
            signal,
        }
    }

    pub(in crate::store) fn policy(&self) -> Fsync {
        match self.policy.load(Ordering::Relaxed) {
            EVERY_SEC => Fsync::EverySec,
            NEVER => Fsync::Never,
            _ => Fsync::Always,
        }
    }

    /// Changes the policy. The thread sees it with the next work that it takes, since that is behind a
    /// lock; [`Shared::durable`] at once.
    pub(in crate::store) fn set_policy(&self, policy: Fsync) {
        self.policy.store(number_of(policy), Ordering::Relaxed);
    }

    /// The highest number that an fsync has covered.
    pub(in crate::store) fn synced(&self) -> Seq {
        self.synced.load(Ordering::Acquire)
    }

    /// The highest number that is as durable as the policy promises.
    pub(in crate::store) fn durable(&self) -> Seq {
        match self.policy() {
            Fsync::Always => self.synced(),
            Fsync::EverySec | Fsync::Never => self.written.load(Ordering::Acquire),
        }
    }

    pub(in crate::store) fn segment(&self) -> u64 {
        self.segment.load(Ordering::Acquire)
    }

    pub(in crate::store) fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    /// The bytes that were handed over and are not durable yet. After a failure nothing waits.
    pub(in crate::store) fn waiting_bytes(&self) -> usize {
        match self.failure() {
            Some(_) => 0,
            None => self.waiting_bytes.load(Ordering::Relaxed),
        }
    }

    pub(in crate::store) fn failure(&self) -> Option<&Arc<Failure>> {
        self.failure.get()
    }

    /// Ends all writing. The first failure is the one that is told.
    pub(in crate::store) fn fail(&self, failure: Failure) {
        let first = self.failure.set(Arc::new(failure)).is_ok();
        if first {
            self.signal.raise();
        }
    }

    /// Hands over the lines in `lines`, and leaves an empty buffer there.
    pub(super) fn hand_over(&self, lines: &mut Vec<u8>, through: Seq) {
        self.waiting_bytes.fetch_add(lines.len(), Ordering::Relaxed);
        let mut queue = self.queue();
        match queue.work.back_mut() {
            // Small ones are cheaper to copy than to write each by a call of its own.
            Some(Work::Records {
                lines: earlier,
                through: last,
            }) if earlier.len() + lines.len() <= JOURNAL_JOINED_MAX_BYTES => {
                earlier.append(lines);
                *last = through;
            }
            _ => {
                let spare = queue.spares.pop().unwrap_or_default();
                let lines = std::mem::replace(lines, spare);
                queue.work.push_back(Work::Records { lines, through });
            }
        }
        self.wake(queue);
    }

    pub(super) fn push(&self, work: Work) {
        let mut queue = self.queue();
        if matches!(work, Work::Rotate { .. }) {
            // What a burst has left goes at the next checkpoint.
            queue.spares = Vec::new();
        }
        queue.work.push_back(work);
        self.wake(queue);
    }

    /// Makes the thread end when it has done what it is at.
    pub(super) fn close(&self) {
        let mut queue = self.queue();
        queue.closed = true;
        queue.work.clear();
        self.wake(queue);
    }

    /// All the work that there is; waits for it until `due`, or for as long as it takes. That `due`
    /// has come goes before work, which may never cease.
    pub(super) fn next(&self, due: Option<Instant>) -> Turn {
        let mut queue = self.queue();
        loop {
            if queue.closed {
                return Turn::Closed;
            }
            let left = due.map(|due| due.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Turn::Due;
            }
            if !queue.work.is_empty() {
                return Turn::Work(std::mem::take(&mut queue.work));
            }
            queue.waiting = true;
            queue = match left {
                Some(left) => {
                    self.wake
                        .wait_timeout(queue, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                None => self
                    .wake
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner),
            };
            queue.waiting = false;
        }
    }

    /// Gives a buffer back for the next records, if it is not too large and there are not enough.
    pub(super) fn give_back(&self, mut lines: Vec<u8>) {
        if lines.capacity() > JOURNAL_BUFFER_KEPT_BYTES {
            return;
        }
        lines.clear();
        let spares = &mut self.queue().spares;
        if spares.len() < JOURNAL_BUFFERS_KEPT {
            spares.push(lines);
        }
    }

    /// The thread has handed everything up to `through` to the operating system.
    pub(super) fn publish_written(&self, through: Seq) {
        self.written.store(through, Ordering::Release);
    }

    /// An fsync has covered everything up to `through`.
    pub(super) fn publish_synced(&self, through: Seq) {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.synced.store(through, Ordering::Release);
    }

    /// The segment stands on the disk under its name.
    pub(super) fn publish_segment(&self, segment: u64) {
        self.segment.store(segment, Ordering::Release);
    }

    /// So many bytes of what was handed over have become durable.
    pub(super) fn settle(&self, bytes: usize) {
        let less = |waiting: usize| Some(waiting.saturating_sub(bytes));
        let _ = self
            .waiting_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, queue: MutexGuard<'_, Queue>) {
        if queue.waiting {
            drop(queue);
            self.wake.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared() -> Shared {
        Shared::new(Fsync::Always, 0, 1, Signal::new(Arc::new(|| {})))
    }

    fn records(shared: &Shared) -> Vec<(usize, Seq)> {
        let work = std::mem::take(&mut shared.queue().work);
        let record = |work| match work {
            Work::Records { lines, through } => (lines.len(), through),
            _ => (0, 0),
        };
        work.into_iter().map(record).collect()
    }

    #[test]
    fn small_batches_are_put_together_and_large_ones_are_not_copied() {
        let shared = shared();
        let half = JOURNAL_JOINED_MAX_BYTES / 2;
        for (through, len) in [(1, half), (2, half), (3, 1), (4, half)] {
            shared.hand_over(&mut vec![b'x'; len], through);
        }
        assert_eq!(records(&shared), [(2 * half, 2), (1 + half, 4)]);
        let mut large = vec![b'x'; JOURNAL_JOINED_MAX_BYTES];
        let place = large.as_ptr();
        shared.hand_over(&mut vec![b'x'], 5);
        shared.hand_over(&mut large, 6);
        let last = shared.queue().work.pop_back();
        assert!(matches!(last, Some(Work::Records { lines, .. }) if lines.as_ptr() == place));
        // Nothing of what was handed over stays with the owner.
        assert!(large.is_empty());
    }

    #[test]
    fn a_bounded_number_of_buffers_is_kept_until_the_next_checkpoint() {
        let shared = shared();
        for _ in 0..2 * JOURNAL_BUFFERS_KEPT {
            shared.give_back(Vec::with_capacity(JOURNAL_BUFFER_KEPT_BYTES));
        }
        assert_eq!(shared.queue().spares.len(), JOURNAL_BUFFERS_KEPT);
        shared.hand_over(&mut vec![b'x'], 1);
        assert_eq!(shared.queue().spares.len(), JOURNAL_BUFFERS_KEPT - 1);
        shared.give_back(Vec::with_capacity(JOURNAL_BUFFER_KEPT_BYTES + 1));
        assert_eq!(shared.queue().spares.len(), JOURNAL_BUFFERS_KEPT - 1);
        shared.push(Work::Rotate {
            segment: 2,
            header: Vec::new(),
        });
        assert!(shared.queue().spares.is_empty());
    }
}
