//! The shared half of a connection: its replies, and what others need to hand it one.
//!
//! The connection's own task decodes and writes; the readers of peer links and the checkpoint put replies in
//! here and wake it. None of them ever waits for it: what is too much is answered by closing this connection,
//! not by holding up the one who delivers. Replies that have waited for the journal leave without that task,
//! if it rests: a client that sends one request at a time costs it one turn a request and not two.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;

use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;

use super::alarm::Alarm;
use super::pool::Pool;
use super::replies::{Replies, Ticket};
use crate::command::Owed;
use crate::limits::{
    EVENTS_UNREAD_MAX_BYTES, LINK_REQUESTS_MAX, READ_CHUNK_BYTES, REPLY_EXPECTED_BYTES,
    UNREAD_REPLY_MAX_BYTES, UNREAD_TOTAL_MAX_BYTES, WINDOW_REPLY_BYTES, WINDOW_REQUESTS,
};
use crate::resp::{self, Frame, Protocol};
use crate::store::Seq;

/// What the outboxes of a node have in common.
#[derive(Debug)]
pub(crate) struct AllReplies {
    /// The memory that the replies of all connections take, in bytes.
    bytes: Cell<usize>,
    /// The bytes that have left since they were last taken.
    sent: Cell<u64>,
    /// For connections to which something is owed again.
    spare: Pool<Box<Replies>>,
}

impl AllReplies {
    pub(crate) fn new() -> Self {
        Self {
            bytes: Cell::new(0),
            sent: Cell::new(0),
            spare: Pool::new(),
        }
    }

    /// The bytes that have left since the last call.
    pub(crate) fn take_sent(&self) -> u64 {
        self.sent.take()
    }
}

/// What has not left when replies were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// Nothing, or what waits for a reply that is not known yet.
    Nothing,
    /// What waits for the journal.
    Gated,
    /// What waits for the socket.
    Blocked,
}

/// See the module's text.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// None while nothing is owed.
    replies: RefCell<Option<Box<Replies>>>,
    /// Where replies leave; none before there is a connection, and after it.
    output: RefCell<Option<OwnedWriteHalf>>,
    wake: Notify,
    closed: Cell<bool>,
    /// Whether the connection's task waits for input and has nothing else to see to.
    rests: Cell<bool>,
    /// Whether it is in the journal's list of those who wait, and in a link's.
    awaits_journal: Cell<bool>,
    awaits_link: Cell<bool>,
    /// Set while known replies wait for those of peers; it rings when they have waited long enough.
    linger: Alarm,
    /// Set while a peer waits for the journal; it rings when that is to be given a sign of life.
    busy: Alarm,
    /// The bytes of events for a peer that may not have left.
    events: Cell<usize>,
    /// What the next reply of a peer is expected to weigh, in bytes.
    expected: Cell<usize>,
    /// The memory of parts of replies that wait for other parts, in bytes.
    parts: Cell<usize>,
    /// This connection's part of the total.
    counted: Cell<usize>,
    all: Rc<AllReplies>,
    /// The replies that may be held back.
    window: Cell<usize>,
}

impl Outbox {
    pub(crate) fn new(all: Rc<AllReplies>) -> Self {
        Self {
            replies: RefCell::default(),
            output: RefCell::default(),
            wake: Notify::new(),
            closed: Cell::new(false),
            rests: Cell::new(false),
            awaits_journal: Cell::new(false),
            awaits_link: Cell::new(false),
            linger: Alarm::default(),
            busy: Alarm::default(),
            events: Cell::new(0),
            expected: Cell::new(REPLY_EXPECTED_BYTES),
            parts: Cell::new(0),
            counted: Cell::new(0),
            all,
            window: Cell::new(WINDOW_REQUESTS),
        }
    }

    /// Has replies leave by `output`.
    pub(crate) fn attach(&self, output: OwnedWriteHalf) {
        *self.output.borrow_mut() = Some(output);
    }

    /// The connection is a peer's: it carries the requests of many clients.
    pub(crate) fn widen(&self) {
        self.window.set(LINK_REQUESTS_MAX);
    }

    /// Adds a reply that is known now; see [`Replies::push`].
    pub(crate) fn push(&self, write: impl FnOnce(&mut Vec<u8>)) {
        let held = self.change(|replies| {
            replies.push(write);
            replies.held_bytes()
        });
        self.count(held);
        self.close_if_too_much();
    }

    /// Adds a reply that depends on nothing.
    pub(crate) fn push_frame(&self, frame: &Frame<'_>, protocol: Protocol) {
        self.push(|out| resp::encode(frame, protocol, out));
    }

    /// Holds back the reply that was just pushed; see [`Replies::gate_last`].
    pub(crate) fn gate_last(&self, seq: Seq) {
        if seq > 0 && !self.closed.get() {
            self.change(|replies| replies.gate_last(seq));
        }
    }

    /// Adds a message behind all replies, those that wait too, and wakes the connection.
    pub(crate) fn tell(&self, message: &[u8]) {
        if self.closed.get() {
            return;
        }
        self.push(|out| out.extend_from_slice(message));
        if !self.lingers() {
            self.wake.notify_one();
        }
    }

    /// Gives a peer whole pushes, ahead of what waits for the journal, unless it leaves too many unread.
    pub(crate) fn tell_peer(&self, pushes: &[u8], durable: Seq) -> bool {
        if self.closed.get() {
            return true;
        }
        let unread = self.events.get();
        // A peer that has read all others can take these, however many they are.
        if unread > 0 && unread + pushes.len() > EVENTS_UNREAD_MAX_BYTES {
            return false;
        }
        self.events.set(unread + pushes.len());
        self.interject(pushes, durable);
        self.wake.notify_one();
        true
    }

    /// Keeps the place of a reply that comes later; see [`Replies::reserve`].
    pub(crate) fn reserve(&self, protocol: impl Into<Option<Protocol>>) -> Ticket {
        self.change(|replies| replies.reserve(protocol))
    }

    /// Gives such a reply; see [`Outbox::fill_with`].
    pub(crate) fn fill(&self, ticket: Ticket, frame: &Frame<'_>, seq: Seq) {
        self.fill_with(ticket, seq, |protocol, out| {
            resp::encode(frame, protocol, out);
        });
    }

    /// Gives such a reply, and wakes the connection unless that waits for more of them.
    pub(crate) fn fill_with(
        &self,
        ticket: Ticket,
        seq: Seq,
        write: impl FnOnce(Protocol, &mut Vec<u8>),
    ) {
        if self.closed.get() {
            return;
        }
        let (bytes, held) =
            self.change(|replies| (replies.fill(ticket, seq, write), replies.held_bytes()));
        // Grows at once, forgets slowly: the window must fit the large replies among small ones.
        let before = self.expected.get();
        self.expected.set(bytes.max(before - before / 8));
        self.count(held);
        self.close_if_too_much();
        if !self.lingers() {
            self.wake.notify_one();
        }
    }

    /// Gives up this client if what waits for it is too much, by itself or with that of all others.
    fn close_if_too_much(&self) {
        // A peer's link carries the requests of many clients and has one window and one reply at most:
        // those who do not read must not cost it.
        if self.window.get() > WINDOW_REQUESTS {
            return;
        }
        let held = self.counted.get();
        let crowded = self.all.bytes.get() > UNREAD_TOTAL_MAX_BYTES && held > WINDOW_REPLY_BYTES;
        if held > UNREAD_REPLY_MAX_BYTES || crowded {
            tracing::warn!(held, "closed a client that does not read its replies");
            self.close();
        }
    }

    /// Counts a part of a reply that waits for the others.
    pub(crate) fn add_part(&self, bytes: usize) {
        self.parts.set(self.parts.get() + bytes);
        self.count_again();
        if !self.closed.get() {
            self.close_if_too_much();
        }
    }

    /// Such parts have become a whole, or are given up.
    pub(crate) fn end_parts(&self, bytes: usize) {
        self.parts.set(self.parts.get().saturating_sub(bytes));
        self.count_again();
    }

    /// Whether a further request may be carried out for this connection.
    pub(crate) fn has_room(&self) -> bool {
        let replies = self.replies.borrow();
        let Some(replies) = &*replies else {
            return self.parts.get() < WINDOW_REPLY_BYTES;
        };
        let coming = replies.waiting().saturating_mul(self.expected.get());
        replies.held() < self.window.get()
            && (replies.unread_bytes() + self.parts.get()).saturating_add(coming)
                < WINDOW_REPLY_BYTES
    }

    /// Whether replies are to come from peers, and those that are known are not so many yet that they
    /// should go ahead.
    pub(crate) fn may_linger(&self) -> bool {
        let replies = self.replies.borrow();
        replies.as_ref().is_some_and(|replies| {
            replies.waiting() > 0 && replies.unread_bytes() < READ_CHUNK_BYTES
        })
    }

    /// Whether known replies wait for those of peers.
    pub(crate) fn lingers(&self) -> bool {
        self.linger.is_set() && self.may_linger()
    }

    /// Set while known replies wait for more: then the connection is woken only when all have come, or many
    /// bytes, or the alarm rings.
    pub(crate) fn linger(&self) -> &Alarm {
        &self.linger
    }

    /// Set while a peer waits for the journal.
    pub(crate) fn busy(&self) -> &Alarm {
        &self.busy
    }

    /// Ends the connection: nothing more is carried out or sent.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        *self.replies.borrow_mut() = None;
        if let Some(output) = self.output.take() {
            // The connection's task closes the socket, both ways.
            output.forget();
        }
        self.count_again();
        self.wake.notify_one();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Notes whether it waits for the journal. Returns whether it did.
    pub(crate) fn set_awaits_journal(&self, awaits: bool) -> bool {
        self.awaits_journal.replace(awaits)
    }

    /// Notes whether it waits for a link. Returns whether it did.
    pub(crate) fn set_awaits_link(&self, awaits: bool) -> bool {
        self.awaits_link.replace(awaits)
    }

    /// Notes whether the connection's task waits for input and has nothing else to see to: then somebody else
    /// may write its replies, and need not wake it.
    pub(crate) fn set_rests(&self, rests: bool) {
        self.rests.set(rests);
    }

    pub(crate) fn rests(&self) -> bool {
        self.rests.get()
    }

    /// Has the connection's task look again at what it may do.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits for [`Outbox::wake`] or a reply.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Whether it waits for this node: for a reply, or to have its next request carried out.
    pub(crate) fn waits(&self) -> bool {
        !self.is_empty() || self.awaits_journal.get() || self.awaits_link.get()
    }

    /// Whether nothing is owed to this connection.
    pub(crate) fn is_empty(&self) -> bool {
        let replies = self.replies.borrow();
        replies.as_ref().is_none_or(|replies| replies.is_empty())
    }

    /// Whether a reply waits for the journal.
    pub(crate) fn is_gated(&self, durable: Seq) -> bool {
        let replies = self.replies.borrow();
        replies
            .as_ref()
            .is_some_and(|replies| replies.is_gated(durable))
    }

    /// Writes the replies that may leave, given what is durable and the error of what never will be.
    pub(crate) fn write(&self, durable: Seq, failure: Option<&Frame<'_>>) -> io::Result<Left> {
        let output = self.output.borrow();
        let (Some(output), mut slot) = (output.as_ref(), self.replies.borrow_mut()) else {
            return Ok(Left::Nothing);
        };
        let Some(replies) = slot.as_mut() else {
            return Ok(Left::Nothing);
        };
        if let Some(failure) = failure {
            replies.fail_undurable(durable, failure, Protocol::Resp2);
        }
        let left = loop {
            let released = replies.released(durable);
            if released.is_empty() {
                break if replies.is_head_gated(durable) {
                    Ok(Left::Gated)
                } else {
                    Ok(Left::Nothing)
                };
            }
            match output.try_write(released) {
                Ok(count) => {
                    self.all.sent.set(self.all.sent.get() + count as u64);
                    replies.consume(count, durable);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break Ok(Left::Blocked),
                Err(error) => break Err(error),
            }
        };
        if left.as_ref().is_ok_and(|left| *left != Left::Blocked) {
            self.events.set(0);
        }
        let held = replies.held_bytes();
        if replies.is_empty()
            && let Some(mut replies) = slot.take()
        {
            replies.renew();
            self.all.spare.give_back(replies);
        }
        self.count(held);
        left
    }

    /// Puts `bytes` behind what may leave and before what may not; see [`Replies::interject`].
    pub(crate) fn interject(&self, bytes: &[u8], durable: Seq) {
        self.change(|replies| replies.interject(bytes, durable));
        self.count_again();
    }

    fn change<R>(&self, act: impl FnOnce(&mut Replies) -> R) -> R {
        let mut slot = self.replies.borrow_mut();
        act(slot.get_or_insert_with(|| self.all.spare.take(Box::default)))
    }

    /// Counts the memory of the replies anew, which is `held` now, with that of the parts.
    fn count(&self, held: usize) {
        let held = held + self.parts.get();
        let others = self.all.bytes.get() - self.counted.replace(held);
        self.all.bytes.set(others + held);
    }

    fn count_again(&self) {
        let held = self
            .replies
            .borrow()
            .as_ref()
            .map_or(0, |replies| replies.held_bytes());
        self.count(held);
    }
}

impl Owed for Outbox {
    fn unread_bytes(&self) -> usize {
        self.counted.get()
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let others = self.all.bytes.get() - self.counted.get();
        self.all.bytes.set(others);
    }
}
