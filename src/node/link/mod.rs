//! This node's own connection to a peer: one, in this direction, first in first out.
//!
//! Requests of all clients that are for the peer's keys go out on it in the order in which they were
//! carried out here, without waiting for each other, and the replies come back in that order. The
//! state stands here; the task that connects, writes and reads is in [`task`].

mod backoff;
mod task;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use tokio::sync::Notify;
use tokio::time::Instant;

pub(crate) use task::run;

use super::dispatch::Forwarded;
use super::gather::Gather;
use super::outbox::Outbox;
use super::pubsub::Told;
use super::replies::Ticket;
use crate::command::{Error, Host};
use crate::limits::{LINK_QUEUE_MAX_BYTES, LINK_REQUESTS_MAX, READ_CHUNK_BYTES};
use crate::resp::Frame;

/// The code of the error for a request that was sent and may have been carried out.
pub(super) const OUTCOME_UNKNOWN: &str = "OUTCOMEUNKNOWN";

/// Who waits for a reply of the peer.
#[derive(Debug)]
pub(crate) enum Waiter {
    /// A connection, for the whole reply.
    Client(Rc<Outbox>, Ticket),
    /// A request of several parts, for this one.
    Part(Rc<Gather>, usize),
    /// A connection, for the replies to a transaction.
    Transaction(Box<Forwarded>),
    /// Nobody: the request needs no reply.
    Nobody,
    /// This node itself, which has told the peer what it wants to be told of.
    Told(Rc<Told>),
}

impl Waiter {
    pub(crate) fn deliver(self, frame: Frame<'_>, host: &Host) {
        match self {
            Self::Client(outbox, ticket) => outbox.fill(ticket, &frame, 0),
            Self::Part(gather, index) => gather.fill(index, frame, host),
            Self::Transaction(sent) => sent.answer(frame),
            Self::Nobody => {}
            Self::Told(told) => told.answer(),
        }
    }
}

/// What a link can do for a request now.
#[derive(Debug)]
pub(crate) enum Readiness {
    /// Send it.
    Up,
    /// The first attempt to connect has not ended, or the peer takes requests more slowly than they
    /// come: ask again when the link wakes those who wait.
    Wait,
    /// Refuse the request with this.
    Down(Error),
}

/// Whether a request may change or show data, or only asks about the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Data,
    Question,
}

#[derive(Debug)]
enum State {
    /// The first attempt to connect runs.
    Connecting,
    Up {
        rules_differ: bool,
    },
    Down {
        cause: String,
    },
}

#[derive(Debug)]
struct Sent {
    waiter: Waiter,
    /// Where the request begins in all that was ever queued.
    start: u64,
}

#[derive(Debug)]
struct Inner {
    state: State,
    /// Requests that are not written yet, behind `taken` bytes that are.
    queue: Vec<u8>,
    taken: usize,
    /// All bytes that were ever queued, and ever written.
    queued: u64,
    written: u64,
    waiters: VecDeque<Sent>,
    /// Connections to be woken when a request no longer has to wait.
    held: Vec<Rc<Outbox>>,
}

/// See the module's text.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) address: String,
    inner: RefCell<Inner>,
    /// When the peer last gave a sign of life, or the first request was sent after a rest.
    moved: Cell<Instant>,
    /// Something was queued, for the task.
    queued: Notify,
    /// The peer has shown that it is there: connect now.
    hurry: Notify,
    /// A request was refused because the peer is down: connect soon.
    demand: Notify,
    /// What the peer knows of this node's interest in its events.
    pub(crate) told: Rc<Told>,
}

impl Link {
    pub(crate) fn new(name: String, address: String) -> Self {
        let inner = Inner {
            state: State::Connecting,
            queue: Vec::new(),
            taken: 0,
            queued: 0,
            written: 0,
            waiters: VecDeque::new(),
            held: Vec::new(),
        };
        let inner = RefCell::new(inner);
        let (queued, hurry, demand) = (Notify::new(), Notify::new(), Notify::new());
        Self {
            name,
            address,
            inner,
            moved: Cell::new(Instant::now()),
            queued,
            hurry,
            demand,
            told: Rc::default(),
        }
    }

    /// Whether a request would be sent. `here` is this node's name.
    pub(crate) fn readiness(&self, purpose: Purpose, here: &str) -> Readiness {
        let inner = self.inner.borrow();
        match &inner.state {
            State::Connecting => Readiness::Wait,
            State::Up { rules_differ: true } if purpose == Purpose::Data => {
                Readiness::Down(rules_differ(here, &self.name))
            }
            State::Up { .. } if inner.is_full() => Readiness::Wait,
            State::Up { .. } => Readiness::Up,
            State::Down { cause } => {
                self.demand.notify_one();
                Readiness::Down(self.unreachable(cause))
            }
        }
    }

    /// Whether every request has to wait now.
    pub(crate) fn must_wait(&self) -> bool {
        let inner = self.inner.borrow();
        match inner.state {
            State::Connecting => true,
            State::Up { .. } => inner.is_full(),
            State::Down { .. } => false,
        }
    }

    /// Queues the request that `encode` writes. To be called while the link is [`Readiness::Up`].
    pub(crate) fn send(&self, waiter: Waiter, encode: impl FnOnce(&mut Vec<u8>)) {
        let mut inner = self.inner.borrow_mut();
        let start = inner.queued;
        let before = inner.queue.len();
        encode(&mut inner.queue);
        inner.queued += (inner.queue.len() - before) as u64;
        inner.waiters.push_back(Sent { waiter, start });
        drop(inner);
        self.queued.notify_one();
    }

    /// Wakes `outbox` when a request no longer has to wait.
    pub(crate) fn hold(&self, outbox: &Rc<Outbox>) {
        if !outbox.set_awaits_link(true) {
            self.inner.borrow_mut().held.push(Rc::clone(outbox));
        }
    }

    /// The peer has connected to us, so it can be reached: forget the pauses.
    pub(crate) fn hurry(&self) {
        self.hurry.notify_one();
    }

    /// Whether the link is made.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.inner.borrow().state, State::Up { .. })
    }

    /// Whether it is made, to a node of the same list.
    pub(crate) fn shares_data(&self) -> bool {
        let state = &self.inner.borrow().state;
        matches!(
            state,
            State::Up {
                rules_differ: false
            }
        )
    }

    fn unreachable(&self, cause: &str) -> Error {
        Error::new(format!(
            "UNREACHABLE {} {}: {cause}",
            self.name, self.address
        ))
    }

    fn has_waiters(&self) -> bool {
        !self.inner.borrow().waiters.is_empty()
    }

    fn set_up(&self, rules_differ: bool) {
        self.inner.borrow_mut().state = State::Up { rules_differ };
        self.release_held();
    }

    /// The link broke, or could not be made. What was not sent has had no effect; of what was sent
    /// nobody knows.
    fn set_down(&self, cause: String, host: &Host) {
        let (unreachable, name) = (self.unreachable(&cause), self.name.clone());
        let unknown = Error::new(format!(
            "{OUTCOME_UNKNOWN} {name} {}: {cause}; the request was sent and may have been carried out",
            self.address
        ));
        let mut inner = self.inner.borrow_mut();
        inner.state = State::Down { cause };
        let waiters = std::mem::take(&mut inner.waiters);
        let written = inner.written;
        (inner.queue, inner.taken) = (Vec::new(), 0);
        inner.written = inner.queued;
        drop(inner);
        for sent in waiters {
            let was_sent = sent.start < written;
            let error = if was_sent { &unknown } else { &unreachable };
            sent.waiter.deliver(error.clone().into_frame(), host);
        }
        self.release_held();
    }

    fn release_held(&self) {
        let held = std::mem::take(&mut self.inner.borrow_mut().held);
        for outbox in held {
            outbox.set_awaits_link(false);
            outbox.wake();
        }
    }

    fn release_held_if_room(&self) {
        let inner = self.inner.borrow();
        let may_go_on = !inner.held.is_empty() && !inner.is_full();
        drop(inner);
        if may_go_on {
            self.release_held();
        }
    }

    /// Gives `frame` to the one who has waited longest; false if nobody waits.
    fn deliver(&self, frame: Frame<'_>, host: &Host) -> bool {
        let Some(sent) = self.inner.borrow_mut().waiters.pop_front() else {
            return false;
        };
        sent.waiter.deliver(frame, host);
        true
    }

    /// Lets `write` take bytes off the queue; it returns how many it took.
    fn drain<E>(&self, write: impl FnOnce(&[u8]) -> Result<usize, E>) -> Result<usize, E> {
        let inner = &mut *self.inner.borrow_mut();
        let count = write(inner.queue.get(inner.taken..).unwrap_or_default())?;
        let rested = inner
            .waiters
            .front()
            .is_some_and(|sent| sent.start >= inner.written);
        if rested {
            self.moved.set(Instant::now());
        }
        inner.written += count as u64;
        inner.taken += count;
        if inner.taken == inner.queue.len() {
            inner.taken = 0;
            inner.queue.clear();
            inner.queue.shrink_to(READ_CHUNK_BYTES);
        } else if inner.taken > LINK_QUEUE_MAX_BYTES {
            inner.queue.drain(..inner.taken);
            inner.taken = 0;
        }
        Ok(count)
    }

    /// The request bytes that are not written yet.
    fn queued_bytes(&self) -> usize {
        let inner = self.inner.borrow();
        inner.queue.len() - inner.taken
    }

    fn has_queue(&self) -> bool {
        self.queued_bytes() > 0
    }
}

impl Inner {
    /// Whether the peer takes requests more slowly than they come.
    fn is_full(&self) -> bool {
        self.queue.len() - self.taken > LINK_QUEUE_MAX_BYTES
            || self.waiters.len() >= LINK_REQUESTS_MAX
    }
}

/// The two nodes have different lists and must not share keys.
pub(crate) fn rules_differ(one: &str, other: &str) -> Error {
    Error::new(format!(
        "RULESDIFFER {one} and {other} have different lists of rules; start both with the same \
         cluster file"
    ))
}
