//! The replies of one connection: in the order of the requests, and not before their writes are
//! durable.
//!
//! Requests are carried out in the order in which they arrive, but their replies become known in
//! another: one that went to a peer comes back later than one that was answered here. A reply is also
//! *gated* when it tells of a write that the journal has not yet made as durable as `--fsync`
//! promises. This type holds both kinds back and knows at every moment which bytes may leave.
//!
//! Nothing here touches a socket, so that the order can be tested without one.

use std::collections::VecDeque;

use crate::resp::{self, Frame, Protocol};
use crate::store::Seq;

/// The place that a reply will take which is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// A reply that must wait until the journal is durable up to `seq`.
#[derive(Debug, Clone, Copy)]
struct Gate {
    start: usize,
    end: usize,
    seq: Seq,
}

/// Encoded replies and the gates among them, in order. Offsets are into `bytes`.
#[derive(Debug, Default)]
struct Run {
    bytes: Vec<u8>,
    gates: VecDeque<Gate>,
}

#[derive(Debug)]
enum Slot {
    Waiting(Protocol),
    Ready(Run),
}

/// See the module's text.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    /// What stands before every reply that is not known yet.
    head: Run,
    /// The bytes at the front of `head` that have left.
    sent: usize,
    /// What stands behind it. The first is never `Ready`: it would belong to `head`.
    queue: VecDeque<Slot>,
    /// The ticket of the first slot of `queue`.
    first: u64,
    /// Where the last reply begins in its run.
    last_start: usize,
    waiting: usize,
    queued_bytes: usize,
    queued_gates: usize,
}

impl Replies {
    /// Adds the reply that `write` encodes.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let queued = !self.queue.is_empty();
        let run = self.tail();
        let start = run.bytes.len();
        write(&mut run.bytes);
        let bytes = run.bytes.len() - start;
        self.last_start = start;
        if queued {
            self.queued_bytes += bytes;
        }
    }

    /// Holds back the reply that was just pushed until write `seq` is durable; 0: it depends on none.
    pub(crate) fn gate_last(&mut self, seq: Seq) {
        if seq == 0 {
            return;
        }
        let start = self.last_start;
        if !self.queue.is_empty() {
            self.queued_gates += 1;
        }
        self.tail().gate(start, seq);
    }

    /// Keeps a place for a reply that comes later, in the protocol that is in force now.
    pub(crate) fn reserve(&mut self, protocol: Protocol) -> Ticket {
        self.queue.push_back(Slot::Waiting(protocol));
        self.waiting += 1;
        Ticket(self.first + self.queue.len() as u64 - 1)
    }

    /// Gives the reply for a place that was kept. Returns its encoded length in bytes.
    pub(crate) fn fill(&mut self, ticket: Ticket, frame: &Frame<'_>, seq: Seq) -> usize {
        let slot = ticket
            .0
            .checked_sub(self.first)
            .and_then(|at| usize::try_from(at).ok())
            .and_then(|at| self.queue.get_mut(at));
        let Some(slot) = slot else { return 0 };
        let Slot::Waiting(protocol) = *slot else {
            return 0;
        };
        let mut run = Run::default();
        resp::encode(frame, protocol, &mut run.bytes);
        run.gate(0, seq);
        let bytes = run.bytes.len();
        self.queued_bytes += bytes;
        self.queued_gates += run.gates.len();
        self.waiting -= 1;
        *slot = Slot::Ready(run);
        self.advance();
        bytes
    }

    /// The bytes that may leave now, given what is durable.
    pub(crate) fn released(&self, durable: Seq) -> &[u8] {
        let end = self.released_end(durable);
        self.head.bytes.get(self.sent..end).unwrap_or_default()
    }

    /// Notes that the first `count` released bytes have left.
    pub(crate) fn consume(&mut self, count: usize, durable: Seq) {
        self.sent += count;
        while self
            .head
            .gates
            .front()
            .is_some_and(|gate| gate.seq <= durable)
        {
            self.head.gates.pop_front();
        }
        if self.sent == self.head.bytes.len() {
            self.sent = 0;
            // An idle connection keeps no buffer; a busy one keeps what a few pipelines need.
            if self.head.bytes.capacity() > crate::limits::READ_CHUNK_BYTES {
                self.head.bytes = Vec::new();
            } else {
                self.head.bytes.clear();
            }
        } else if self.sent > crate::limits::WINDOW_REPLY_BYTES {
            self.head.remove_front(self.sent);
            self.sent = 0;
        }
    }

    /// Gives memory back that the next reply would have to ask for again: for an idle connection.
    pub(crate) fn shrink(&mut self) {
        if self.is_empty() {
            *self = Self {
                first: self.first,
                ..Self::default()
            };
        }
    }

    /// Puts `bytes` behind what is released and before the first reply that is held back.
    pub(crate) fn interject(&mut self, bytes: &[u8], durable: Seq) {
        let at = self.released_end(durable);
        self.head.insert(at, bytes);
    }

    /// Replaces each reply that depends on a write that will never be durable by `error`.
    pub(crate) fn fail_undurable(&mut self, durable: Seq, error: &Frame<'_>, protocol: Protocol) {
        let mut text = Vec::new();
        resp::encode(error, protocol, &mut text);
        self.head.replace_gated(durable, &text);
        (self.queued_bytes, self.queued_gates) = (0, 0);
        for slot in &mut self.queue {
            if let Slot::Ready(run) = slot {
                run.replace_gated(durable, &text);
                self.queued_bytes += run.bytes.len();
                self.queued_gates += run.gates.len();
            }
        }
    }

    /// Whether nothing is owed to this connection any more.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.sent == self.head.bytes.len()
    }

    /// Whether a reply waits for the journal.
    pub(crate) fn is_gated(&self, durable: Seq) -> bool {
        self.queued_gates > 0
            // Not only the last one: a read of a key depends on that key's last write, which may be
            // older than the writes before it in the pipeline.
            || self.head.gates.iter().any(|gate| gate.seq > durable)
    }

    /// The replies that are not known yet.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// The replies that are held back, for either reason.
    pub(crate) fn held(&self) -> usize {
        self.waiting + self.head.gates.len() + self.queued_gates
    }

    /// The encoded bytes that have not left.
    pub(crate) fn unread_bytes(&self) -> usize {
        self.head.bytes.len() - self.sent + self.queued_bytes
    }

    /// The bytes of memory that they take: those that have left go when there are enough of them.
    pub(crate) fn held_bytes(&self) -> usize {
        self.head.bytes.len() + self.queued_bytes
    }

    fn released_end(&self, durable: Seq) -> usize {
        let gate = self.head.gates.iter().find(|gate| gate.seq > durable);
        gate.map_or(self.head.bytes.len(), |gate| gate.start)
    }

    /// The run that the next reply belongs to.
    fn tail(&mut self) -> &mut Run {
        if self.queue.is_empty() {
            return &mut self.head;
        }
        if !matches!(self.queue.back(), Some(Slot::Ready(_))) {
            self.queue.push_back(Slot::Ready(Run::default()));
        }
        match self.queue.back_mut() {
            Some(Slot::Ready(run)) => run,
            _ => &mut self.head,
        }
    }

    /// Moves what has become known at the front of the queue into `head`.
    fn advance(&mut self) {
        while let Some(Slot::Ready(run)) = self.queue.front_mut() {
            self.queued_bytes -= run.bytes.len();
            self.queued_gates -= run.gates.len();
            let run = std::mem::take(run);
            self.head.append(run);
            self.queue.pop_front();
            self.first += 1;
        }
    }
}

impl Run {
    fn gate(&mut self, start: usize, seq: Seq) {
        if seq > 0 {
            self.gates.push_back(Gate {
                start,
                end: self.bytes.len(),
                seq,
            });
        }
    }

    /// A read may depend on an earlier write than the write before it, so any gate may be the last to
    /// open.
    fn is_gated(&self, durable: Seq) -> bool {
        self.gates.iter().any(|gate| gate.seq > durable)
    }

    fn append(&mut self, other: Run) {
        let base = self.bytes.len();
        if base == 0 && self.gates.is_empty() {
            *self = other;
            return;
        }
        self.bytes.extend_from_slice(&other.bytes);
        self.gates
            .extend(other.gates.into_iter().map(|gate| gate.shifted(base)));
    }

    fn insert(&mut self, at: usize, bytes: &[u8]) {
        self.bytes.splice(at..at, bytes.iter().copied());
        for gate in self.gates.iter_mut().filter(|gate| gate.start >= at) {
            *gate = gate.shifted(bytes.len());
        }
    }

    /// Drops the first `count` bytes and the memory that they took: one large reply among small ones
    /// would otherwise keep it for as long as its client reads slowly.
    fn remove_front(&mut self, count: usize) {
        self.bytes.drain(..count);
        self.bytes.shrink_to_fit();
        self.gates.retain(|gate| gate.start >= count);
        for gate in &mut self.gates {
            gate.start -= count;
            gate.end -= count;
        }
    }

    fn replace_gated(&mut self, durable: Seq, text: &[u8]) {
        if !self.is_gated(durable) {
            return;
        }
        let mut bytes = Vec::with_capacity(self.bytes.len());
        let mut kept = 0;
        for gate in self.gates.drain(..).filter(|gate| gate.seq > durable) {
            bytes.extend_from_slice(self.bytes.get(kept..gate.start).unwrap_or_default());
            bytes.extend_from_slice(text);
            kept = gate.end;
        }
        bytes.extend_from_slice(self.bytes.get(kept..).unwrap_or_default());
        self.bytes = bytes;
    }
}

impl Gate {
    fn shifted(self, by: usize) -> Self {
        Self {
            start: self.start + by,
            end: self.end + by,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(replies: &mut Replies, text: &str, seq: Seq) {
        replies.push(|out| out.extend_from_slice(text.as_bytes()));
        replies.gate_last(seq);
    }

    fn released(replies: &Replies, durable: Seq) -> String {
        String::from_utf8(replies.released(durable).to_vec()).unwrap()
    }

    #[test]
    fn a_later_reply_waits_for_an_earlier_one() {
        let mut replies = Replies::default();
        push(&mut replies, "a", 0);
        let first = replies.reserve(Protocol::Resp2);
        push(&mut replies, "b", 0);
        let second = replies.reserve(Protocol::Resp2);
        push(&mut replies, "c", 0);
        assert_eq!(released(&replies, 0), "a");
        assert_eq!(replies.unread_bytes(), 3);
        replies.fill(second, &Frame::Integer(2), 0);
        assert_eq!(released(&replies, 0), "a");
        replies.consume(1, 0);
        replies.fill(first, &Frame::Integer(1), 0);
        assert_eq!(released(&replies, 0), ":1\r\nb:2\r\nc");
        assert_eq!(replies.waiting(), 0);
        replies.consume(10, 0);
        assert!(replies.is_empty());
        assert_eq!(replies.unread_bytes(), 0);
    }

    #[test]
    fn a_gated_reply_holds_back_what_follows() {
        let mut replies = Replies::default();
        push(&mut replies, "a", 0);
        push(&mut replies, "b", 5);
        push(&mut replies, "c", 0);
        push(&mut replies, "d", 7);
        assert_eq!(released(&replies, 4), "a");
        assert!(replies.is_gated(4));
        assert_eq!(released(&replies, 5), "abc");
        replies.consume(3, 5);
        assert_eq!(replies.held(), 1);
        assert_eq!(released(&replies, 7), "d");
        assert!(!replies.is_gated(7));
    }

    #[test]
    fn a_read_of_an_older_write_does_not_hide_the_newer_one_before_it() {
        let mut replies = Replies::default();
        push(&mut replies, "set a", 5);
        push(&mut replies, "set b", 7);
        push(&mut replies, "get a", 5);
        assert_eq!(released(&replies, 5), "set a");
        replies.consume(5, 5);
        assert!(replies.is_gated(5));
        assert_eq!(released(&replies, 7), "set bget a");
    }

    #[test]
    fn a_gate_keeps_its_place_when_it_leaves_the_queue() {
        let mut replies = Replies::default();
        let first = replies.reserve(Protocol::Resp2);
        push(&mut replies, "b", 9);
        push(&mut replies, "c", 0);
        replies.fill(first, &Frame::Integer(1), 0);
        assert_eq!(released(&replies, 8), ":1\r\n");
        replies.consume(4, 8);
        replies.interject(b">", 8);
        assert_eq!(released(&replies, 8), ">");
        assert_eq!(released(&replies, 9), ">bc");
    }

    #[test]
    fn what_will_never_be_durable_becomes_an_error_in_its_place() {
        let mut replies = Replies::default();
        push(&mut replies, "a", 1);
        push(&mut replies, "b", 2);
        push(&mut replies, "c", 0);
        let ticket = replies.reserve(Protocol::Resp2);
        push(&mut replies, "d", 3);
        replies.fail_undurable(1, &Frame::Error("X".into()), Protocol::Resp2);
        replies.fill(ticket, &Frame::Integer(1), 0);
        assert_eq!(released(&replies, 1), "a-X\r\nc:1\r\n-X\r\n");
        assert_eq!(replies.held(), 0);
    }
}
