//! When a checkpoint is made, and its steps among the requests.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::Node;
use super::outbox::Outbox;
use super::replies::Ticket;
use crate::command::{Error, count};
use crate::limits::CHECKPOINT_IDLE;
use crate::resp::Frame;
use crate::store::{CheckpointStep, Failure, Refused, Store};

/// Who wants a checkpoint, and since when nothing was written.
#[derive(Debug)]
pub(crate) struct Saver {
    /// `SAVE`s that wait for a checkpoint which begins after them.
    requests: RefCell<Vec<(Rc<Outbox>, Ticket)>>,
    wanted: Notify,
    /// Whether a `BGSAVE`'s checkpoint has begun and has not ended.
    in_background: Cell<bool>,
    progress: Notify,
    last_write: Cell<Instant>,
    /// Whether the task knows that there is something to save when writes rest.
    armed: Cell<bool>,
    arm: Notify,
}

impl Saver {
    pub(crate) fn new() -> Self {
        Self {
            requests: RefCell::default(),
            wanted: Notify::new(),
            in_background: Cell::new(false),
            progress: Notify::new(),
            last_write: Cell::new(Instant::now()),
            armed: Cell::new(false),
            arm: Notify::new(),
        }
    }

    /// Makes a checkpoint and answers `OK` at `ticket`, or the error.
    pub(crate) fn request(&self, outbox: Rc<Outbox>, ticket: Ticket) {
        self.requests.borrow_mut().push((outbox, ticket));
        self.wanted.notify_one();
    }

    /// Whether a `BGSAVE` is under way. A `SAVE` is refused then, as by Redis. With a checkpoint that the node
    /// has begun by itself, of which the client cannot know, `SAVE` waits for the next one.
    pub(crate) fn saves_in_background(&self) -> bool {
        self.in_background.get()
    }

    /// Begins a checkpoint that nobody waits for.
    pub(crate) fn begin_in_background(&self, store: &mut Store) -> Result<Frame<'static>, Error> {
        match store.begin_checkpoint() {
            Ok(()) => {}
            Err(Refused::CheckpointRunning) => return Err(Error::save_in_progress()),
            Err(refused) => return Err(refused.into()),
        }
        self.in_background.set(true);
        self.wanted.notify_one();
        Ok(Frame::simple("Background saving started"))
    }

    /// Something was committed.
    pub(crate) fn written(&self, node: &Node) {
        self.last_write.set(Instant::now());
        if node.store.borrow().checkpoint_due() {
            self.wanted.notify_one();
        }
        if !self.armed.replace(true) {
            self.arm.notify_one();
        }
    }

    /// The store's threads have gone on.
    pub(crate) fn progress(&self) {
        self.progress.notify_one();
    }
}

/// Makes checkpoints for as long as the node runs.
pub(crate) async fn run(node: Rc<Node>) {
    let saver = &node.saver;
    {
        let store = node.store.borrow();
        if store.checkpoint_due() {
            saver.wanted.notify_one();
        }
        saver.armed.set(store.journal_records() > 0);
    }
    loop {
        tokio::select! {
            () = saver.wanted.notified() => {}
            () = saver.arm.notified() => continue,
            () = sleep_until(saver.last_write.get() + CHECKPOINT_IDLE), if saver.armed.get() => {
                if saver.last_write.get().elapsed() < CHECKPOINT_IDLE {
                    continue;
                }
                saver.armed.set(false);
            }
        }
        let requests = saver.requests.take();
        // What `BGSAVE` has begun was begun after these requests came: while it runs, further ones are refused.
        let nothing_new = !saver.in_background.get() && {
            let store = node.store.borrow();
            store.journal_records() == 0 && !store.checkpoint_due()
        };
        let failure = if nothing_new && requests.is_empty() {
            None
        } else {
            checkpoint(&node).await
        };
        saver.in_background.set(false);
        let reply = match &failure {
            None => Frame::OK,
            Some(text) => Frame::error(format!("MISCONF {text}")),
        };
        for (outbox, ticket) in requests {
            outbox.fill(ticket, &reply, 0);
        }
    }
}

/// Makes one checkpoint, a step at a time between requests. Returns why it failed, if it did.
async fn checkpoint(node: &Rc<Node>) -> Option<String> {
    if !node.saver.in_background.get() {
        let begun = node.store.borrow_mut().begin_checkpoint();
        if let Err(refused) = begun {
            return Some(refused.to_string());
        }
    }
    let started = Instant::now();
    let checkpoints = &node.host.counters.checkpoints;
    checkpoints.began.set(Some(started.into_std()));
    let outcome = finish(node).await;
    checkpoints.began.set(None);
    checkpoints
        .last_seconds
        .set(Some(started.elapsed().as_secs()));
    match outcome {
        Ok(()) => {
            count(&checkpoints.done, 1);
            tracing::info!(elapsed = ?started.elapsed(), "checkpoint written");
            None
        }
        Err(failure) => {
            tracing::error!(%failure, "the checkpoint failed; the journal still holds everything");
            Some(failure.to_string())
        }
    }
}

/// Does the steps of the checkpoint that runs.
async fn finish(node: &Rc<Node>) -> Result<(), Arc<Failure>> {
    loop {
        let step = node.store.borrow_mut().step_checkpoint();
        match step {
            CheckpointStep::Continue => tokio::task::yield_now().await,
            CheckpointStep::Wait => node.saver.progress.notified().await,
            CheckpointStep::Done => return Ok(()),
            CheckpointStep::Failed(failure) => return Err(failure),
        }
    }
}
