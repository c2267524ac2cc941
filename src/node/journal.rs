//! Between the connections and the store: what was written goes to the journal once a turn, and who
//! waits for it is woken when it is durable.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::Notify;

use super::Node;
use super::outbox::Outbox;
use crate::limits::JOURNAL_BACKLOG_MAX_BYTES;
use crate::resp::Frame;
use crate::store::{Failure, Seq, Store};

/// The waiting of connections for the journal.
#[derive(Debug)]
pub(crate) struct Journal {
    /// A request has written, and its batch is complete.
    commit: Notify,
    /// Whether anything was written since the last commit.
    dirty: Cell<bool>,
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
            dirty: Cell::new(false),
            progress,
            waiting: RefCell::default(),
            reported: Cell::new(false),
        }
    }
}

impl Node {
    /// The write that the reply just built has to wait for, or 0.
    pub(crate) fn gate_of(&self, store: &Store) -> Seq {
        let gate = store.take_gate();
        if gate <= store.durable() {
            return 0;
        }
        self.journal.dirty.set(true);
        gate
    }

    /// Notes that a request may have written: its batch is to be committed. Its gate does not tell that,
    /// since a long record may be on the disk already.
    pub(crate) fn may_have_written(&self) {
        self.journal.dirty.set(true);
    }

    /// Hands what was written to the journal, after the other connections have had their turn: their
    /// writes share its fsync.
    pub(crate) fn commit_soon(&self) {
        if self.journal.dirty.get() {
            self.journal.commit.notify_one();
        }
    }

    /// What is durable, and the error that the rest gets if it never will be.
    pub(crate) fn durability(&self) -> (Seq, Option<Frame<'static>>) {
        let store = self.store.borrow();
        let failure = store.failure().map(|failure| misconf(&failure));
        (store.durable(), failure)
    }

    /// Wakes `outbox` at the next progress of the journal.
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

/// Commits, once for all connections that have written in this turn.
pub(crate) async fn commit(node: Rc<Node>) {
    loop {
        node.journal.commit.notified().await;
        if node.journal.dirty.replace(false) {
            node.store.borrow_mut().commit();
            node.saver.written(&node);
        }
    }
}

/// Wakes those who wait, whenever the store has made progress.
pub(crate) async fn watch(node: Rc<Node>) {
    loop {
        node.journal.progress.notified().await;
        for outbox in node.journal.waiting.take() {
            outbox.set_awaits_journal(false);
            outbox.wake();
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
