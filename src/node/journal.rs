//! Between the connections and the store: what was written goes to the disk in groups, and who waits for it
//! is answered when it is durable.
//!
//! A group is what came while the disk was at work on the one before, and then until there is a
//! [lull](super::lull). So clients that wait for one fsync come back into one group, and do not fall apart
//! into many small ones that wait for each other's fsyncs. Two kinds of groups do not wait for that. One that
//! is half as large as the last goes as soon as the disk is free: two of one size then take turns, and one is
//! carried out while the disk is at work on the other. And one of [`GATHER_WRITES`] waits for nothing.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::Notify;

use super::Node;
use super::lull::lull;
use super::outbox::{Left, Outbox};
use crate::command::count;
use crate::limits::{GATHER_WRITES, JOURNAL_BACKLOG_MAX_BYTES, TURN_RELEASES};
use crate::resp::Frame;
use crate::store::{Failure, Seq};

/// The waiting of connections for the journal.
#[derive(Debug)]
pub(crate) struct Journal {
    /// A request has written, and its batch is complete; or the disk can take more.
    commit: Notify,
    /// The requests since the last commit that may have written.
    group: Cell<usize>,
    /// Those of the group that was committed last.
    last_group: Cell<usize>,
    /// Whether the disk has not been seen to be done with that.
    at_disk: Cell<bool>,
    /// Set by the store's threads when something has become durable, or has failed.
    progress: Arc<Notify>,
    waiting: RefCell<Vec<Rc<Outbox>>>,
    /// Whether the log has told of the failure.
    reported: Cell<bool>,
}

impl Journal {
    pub(crate) fn new(progress: Arc<Notify>) -> Self {
        Self {
            commit: Notify::new(),
            group: Cell::new(0),
            last_group: Cell::new(0),
            at_disk: Cell::new(false),
            progress,
            waiting: RefCell::default(),
            reported: Cell::new(false),
        }
    }
}

impl Node {
    /// Notes that a request may have written: its batch is to be committed. Its gate does not tell that,
    /// since a long record may be on the disk already.
    pub(crate) fn may_have_written(&self) {
        self.journal.group.set(self.journal.group.get() + 1);
    }

    /// Has what was written handed to the disk, when its group is complete.
    pub(crate) fn commit_soon(&self) {
        if self.journal.group.get() > 0 {
            self.journal.commit.notify_one();
        }
    }

    /// Hands what was written to the disk.
    fn commit(&self) {
        let group = self.journal.group.take();
        if group == 0 {
            return;
        }
        self.journal.last_group.set(group);
        self.journal.at_disk.set(true);
        self.store.borrow_mut().commit();
        self.collector.written(&self.store.borrow());
        self.saver.written(self);
    }

    /// The disk may be done with a group: if the next one is large enough it goes at once, before those who
    /// have waited are answered.
    fn commit_next(&self) {
        if self.store.borrow().is_committing() {
            return;
        }
        let was_at_disk = self.journal.at_disk.replace(false);
        let is_large = self.journal.group.get() >= self.journal.last_group.get().div_ceil(2);
        if was_at_disk && is_large {
            self.commit();
        } else {
            self.commit_soon();
        }
    }

    /// Whether the group is to wait until the disk is done with the one before.
    fn is_commit_held(&self) -> bool {
        self.journal.group.get() < GATHER_WRITES && self.store.borrow().is_committing()
    }

    /// What is durable, and the error that the rest gets if it never will be.
    pub(crate) fn durability(&self) -> (Seq, Option<Frame<'static>>) {
        let store = self.store.borrow();
        let failure = store.failure().map(|failure| misconf(&failure));
        (store.durable(), failure)
    }

    /// Writes the replies of `outbox` that may leave. Those that wait for the journal leave later.
    pub(crate) fn write(&self, outbox: &Rc<Outbox>) -> io::Result<Left> {
        let (durable, failure) = self.durability();
        let left = outbox.write(durable, failure.as_ref())?;
        count(&self.host.counters.sent_bytes, self.replies.take_sent());
        if left == Left::Gated {
            self.wait_for_journal(outbox);
        }
        Ok(left)
    }

    /// The journal has moved on for `outbox`.
    fn release(&self, outbox: &Rc<Outbox>) {
        let is_done = outbox.rests()
            && (outbox.lingers() || matches!(self.write(outbox), Ok(Left::Nothing | Left::Gated)));
        if !is_done {
            outbox.wake();
        }
    }

    /// Has `outbox` go on at the next progress of the journal.
    pub(crate) fn wait_for_journal(&self, outbox: &Rc<Outbox>) {
        // Once each: a client that goes on asking while the disk stands still adds nothing.
        if !outbox.set_awaits_journal(true) {
            self.journal.waiting.borrow_mut().push(Rc::clone(outbox));
        }
    }

    /// Whether the journal lags so far behind the requests that no further write may be begun.
    pub(crate) fn journal_lags(&self) -> bool {
        let store = self.store.borrow();
        store.backlog_bytes() > JOURNAL_BACKLOG_MAX_BYTES && store.failure().is_none()
    }
}

fn misconf(failure: &Failure) -> Frame<'static> {
    Frame::error(format!("MISCONF {failure}"))
}

/// Commits, a group at a time.
pub(crate) async fn commit(node: Rc<Node>) {
    let group = &node.journal.group;
    loop {
        node.journal.commit.notified().await;
        // `commit_next` looks again.
        if group.get() == 0 || node.is_commit_held() {
            continue;
        }
        lull(|| group.get(), GATHER_WRITES).await;
        // Another group may have gone meanwhile.
        if !node.is_commit_held() {
            node.commit();
        }
    }
}

/// Answers those who wait, whenever the store has made progress.
pub(crate) async fn watch(node: Rc<Node>) {
    loop {
        node.journal.progress.notified().await;
        node.commit_next();
        node.tell_events();
        let waiting = node.journal.waiting.take();
        for (number, outbox) in waiting.into_iter().enumerate() {
            outbox.set_awaits_journal(false);
            if number < TURN_RELEASES {
                node.release(&outbox);
            } else {
                outbox.wake();
            }
        }
        node.saver.progress();
        let failure = node.store.borrow().failure();
        if let Some(failure) = failure
            && !node.journal.reported.replace(true)
        {
            tracing::error!(%failure, "writes are refused from here on");
        }
    }
}
