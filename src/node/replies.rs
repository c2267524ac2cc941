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
use std::ops::Range;

use crate::limits::{POOL_BUFFER_BYTES, WINDOW_REPLY_BYTES};
use crate::resp::{self, Frame, Protocol};
use crate::store::Seq;

/// The place that a reply will take which is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// A reply that must wait until the journal is durable up to `seq`.
#[derive(Debug, Clone)]
struct Gate {
    /// Where the reply is in its bytes.
    place: Range<usize>,
    seq: Seq,
}

/// A reply behind one that is not known yet.
#[derive(Debug)]
enum Slot {
    Waiting(Protocol),
    /// It stands in `later` at this place.
    Ready(Gate),
}

/// See the module's text.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    /// What stands before every reply that is not known yet, encoded.
    head: Vec<u8>,
    /// The gated replies in `head`.
    gates: VecDeque<Gate>,
    /// The bytes at the front of `head` that have left.
    sent: usize,
    /// The first reply that is not known yet, and each one behind it.
    queue: VecDeque<Slot>,
    /// The encoded ones among them, in the order in which they became known, and the remains of such as
    /// are in `head` by now.
    later: Vec<u8>,
    /// The ticket of the first slot of `queue`.
    first: u64,
    /// Where the last reply that was pushed begins in `head`.
    last_start: usize,
    waiting: usize,
    /// Of the known replies in `queue`, the bytes and the gated ones.
    queued_bytes: usize,
    queued_gates: usize,
}

impl Replies {
    /// Adds the reply that `write` encodes.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.queue.is_empty() {
            self.last_start = self.head.len();
            write(&mut self.head);
        } else {
            let place = self.write_later(write);
            self.queue.push_back(Slot::Ready(Gate { place, seq: 0 }));
        }
    }

    /// Holds back the reply that was just pushed until write `seq` is durable; 0: it depends on none.
    pub(crate) fn gate_last(&mut self, seq: Seq) {
        if seq == 0 {
            return;
        }
        match self.queue.back_mut() {
            None => {
                let place = self.last_start..self.head.len();
                self.gates.push_back(Gate { place, seq });
            }
            Some(Slot::Ready(gate)) => {
                gate.seq = seq;
                self.queued_gates += 1;
            }
            Some(Slot::Waiting(_)) => {
                debug_assert!(false, "a place that is kept is gated when it is filled");
            }
        }
    }

    /// Keeps a place for a reply that comes later, in the protocol that is in force now.
    pub(crate) fn reserve(&mut self, protocol: Protocol) -> Ticket {
        self.queue.push_back(Slot::Waiting(protocol));
        self.waiting += 1;
        Ticket(self.first + self.queue.len() as u64 - 1)
    }

    /// Gives the reply for a place that was kept, which `write` encodes. Returns its encoded length in bytes.
    pub(crate) fn fill(
        &mut self,
        ticket: Ticket,
        seq: Seq,
        write: impl FnOnce(Protocol, &mut Vec<u8>),
    ) -> usize {
        let at = ticket.0.checked_sub(self.first);
        let Some(at) = at.and_then(|at| usize::try_from(at).ok()) else {
            return 0;
        };
        let Some(Slot::Waiting(protocol)) = self.queue.get(at) else {
            return 0;
        };
        let protocol = *protocol;
        self.waiting -= 1;
        if at == 0 {
            let start = self.head.len();
            write(protocol, &mut self.head);
            let place = start..self.head.len();
            let bytes = place.len();
            self.gate(Gate { place, seq });
            self.queue.pop_front();
            self.first += 1;
            self.advance();
            return bytes;
        }
        let place = self.write_later(|out| write(protocol, out));
        let bytes = place.len();
        self.queued_gates += usize::from(seq > 0);
        if let Some(slot) = self.queue.get_mut(at) {
            *slot = Slot::Ready(Gate { place, seq });
        }
        bytes
    }

    /// The bytes that may leave now, given what is durable.
    pub(crate) fn released(&self, durable: Seq) -> &[u8] {
        let end = self.released_end(durable);
        self.head.get(self.sent..end).unwrap_or_default()
    }

    /// Notes that the first `count` released bytes have left.
    pub(crate) fn consume(&mut self, count: usize, durable: Seq) {
        self.sent += count;
        while self.gates.front().is_some_and(|gate| gate.seq <= durable) {
            self.gates.pop_front();
        }
        if self.sent == self.head.len() {
            self.sent = 0;
            self.head.clear();
            self.head.shrink_to(POOL_BUFFER_BYTES);
        } else if self.sent > WINDOW_REPLY_BYTES {
            self.remove_sent();
        }
    }

    /// Whether nothing is owed to this connection any more.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.sent == self.head.len()
    }

    /// Makes it as good as new, but for the tickets, of which none comes twice. Nothing may be owed any
    /// more. Of its memory it keeps what usual pipelines need.
    pub(crate) fn renew(&mut self) {
        debug_assert!(self.is_empty(), "these replies have not left");
        self.sent = 0;
        self.head.clear();
        self.head.shrink_to(POOL_BUFFER_BYTES);
        self.gates.clear();
        self.gates.shrink_to(POOL_BUFFER_BYTES / size_of::<Gate>());
        self.queue.shrink_to(POOL_BUFFER_BYTES / size_of::<Slot>());
    }

    /// Puts `bytes` behind what is released and before the first reply that is held back.
    pub(crate) fn interject(&mut self, bytes: &[u8], durable: Seq) {
        let at = self.released_end(durable);
        self.head.splice(at..at, bytes.iter().copied());
        for gate in &mut self.gates {
            if gate.place.start >= at {
                gate.shift(bytes.len());
            }
        }
    }

    /// Replaces each reply that depends on a write that will never be durable by `error`.
    pub(crate) fn fail_undurable(&mut self, durable: Seq, error: &Frame<'_>, protocol: Protocol) {
        let mut text = Vec::new();
        resp::encode(error, protocol, &mut text);
        self.fail_in_head(durable, &text);
        for slot in &mut self.queue {
            if let Slot::Ready(gate) = slot
                && gate.seq > durable
            {
                self.queued_bytes += text.len();
                self.queued_bytes -= gate.place.len();
                self.queued_gates -= 1;
                let start = self.later.len();
                self.later.extend_from_slice(&text);
                *gate = Gate {
                    place: start..self.later.len(),
                    seq: 0,
                };
            }
        }
        self.compact();
    }

    /// Whether a reply waits for the journal.
    pub(crate) fn is_gated(&self, durable: Seq) -> bool {
        self.queued_gates > 0 || self.is_head_gated(durable)
    }

    /// Whether a reply waits for the journal that waits for nothing else.
    pub(crate) fn is_head_gated(&self, durable: Seq) -> bool {
        // Not only the last one: a read of a key depends on that key's last write, which may be
        // older than the writes before it in the pipeline.
        self.gates.iter().any(|gate| gate.seq > durable)
    }

    /// The replies that are not known yet.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// The replies that are held back, for either reason.
    pub(crate) fn held(&self) -> usize {
        self.waiting + self.gates.len() + self.queued_gates
    }

    /// The encoded bytes that have not left.
    pub(crate) fn unread_bytes(&self) -> usize {
        self.head.len() - self.sent + self.queued_bytes
    }

    /// The bytes of memory that they take: those that have left go when there are enough of them.
    pub(crate) fn held_bytes(&self) -> usize {
        self.head.len() + self.later.len()
    }

    fn released_end(&self, durable: Seq) -> usize {
        let gate = self.gates.iter().find(|gate| gate.seq > durable);
        gate.map_or(self.head.len(), |gate| gate.place.start)
    }

    fn gate(&mut self, gate: Gate) {
        if gate.seq > 0 {
            self.gates.push_back(gate);
        }
    }

    /// Encodes a reply that stands behind one that is not known yet.
    fn write_later(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
        let start = self.later.len();
        write(&mut self.later);
        self.queued_bytes += self.later.len() - start;
        start..self.later.len()
    }

    /// Moves what has become known at the front of the queue into `head`.
    fn advance(&mut self) {
        while let Some(Slot::Ready(gate)) = self.queue.front_mut() {
            let bytes = self.later.get(gate.place.clone()).unwrap_or_default();
            let start = self.head.len();
            self.head.extend_from_slice(bytes);
            self.queued_bytes -= bytes.len();
            self.queued_gates -= usize::from(gate.seq > 0);
            let seq = gate.seq;
            let place = start..self.head.len();
            self.gate(Gate { place, seq });
            self.queue.pop_front();
            self.first += 1;
        }
        self.compact();
    }

    /// Drops what is in `head` by now, when that is more than what is not: so each byte is moved once
    /// more at most.
    fn compact(&mut self) {
        if self.queued_bytes == 0 {
            self.later.clear();
            self.later.shrink_to(POOL_BUFFER_BYTES);
        } else if self.later.len() > 2 * self.queued_bytes + POOL_BUFFER_BYTES {
            let mut kept = Vec::with_capacity(self.queued_bytes);
            for slot in &mut self.queue {
                if let Slot::Ready(gate) = slot {
                    let start = kept.len();
                    kept.extend_from_slice(self.later.get(gate.place.clone()).unwrap_or_default());
                    gate.place = start..kept.len();
                }
            }
            self.later = kept;
        }
    }

    /// Drops the bytes that have left and the memory that they took: one large reply among small ones
    /// would otherwise keep it for as long as its client reads slowly.
    fn remove_sent(&mut self) {
        self.head.drain(..self.sent);
        self.head.shrink_to_fit();
        self.gates.retain(|gate| gate.place.start >= self.sent);
        for gate in &mut self.gates {
            gate.place = gate.place.start - self.sent..gate.place.end - self.sent;
        }
        self.last_start = self.last_start.saturating_sub(self.sent);
        self.sent = 0;
    }

    fn fail_in_head(&mut self, durable: Seq, text: &[u8]) {
        if !self.gates.iter().any(|gate| gate.seq > durable) {
            return;
        }
        let mut bytes = Vec::with_capacity(self.head.len());
        let mut kept = 0;
        for gate in self.gates.drain(..).filter(|gate| gate.seq > durable) {
            bytes.extend_from_slice(self.head.get(kept..gate.place.start).unwrap_or_default());
            bytes.extend_from_slice(text);
            kept = gate.place.end;
        }
        bytes.extend_from_slice(self.head.get(kept..).unwrap_or_default());
        self.head = bytes;
    }
}

impl Gate {
    fn shift(&mut self, by: usize) {
        self.place = self.place.start + by..self.place.end + by;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn push(replies: &mut Replies, text: &str, seq: Seq) {
        replies.push(|out| out.extend_from_slice(text.as_bytes()));
        replies.gate_last(seq);
    }

    fn fill(replies: &mut Replies, ticket: Ticket, frame: &Frame<'_>, seq: Seq) -> usize {
        replies.fill(ticket, seq, |protocol, out| {
            resp::encode(frame, protocol, out);
        })
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
        fill(&mut replies, second, &Frame::Integer(2), 0);
        assert_eq!(released(&replies, 0), "a");
        replies.consume(1, 0);
        fill(&mut replies, first, &Frame::Integer(1), 0);
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
        fill(&mut replies, first, &Frame::Integer(1), 0);
        assert_eq!(released(&replies, 8), ":1\r\n");
        replies.consume(4, 8);
        replies.interject(b">", 8);
        assert_eq!(released(&replies, 8), ">");
        assert_eq!(released(&replies, 9), ">bc");
    }

    #[test]
    fn replies_that_come_late_keep_no_memory_of_those_before_them() {
        let mut replies = Replies::default();
        let stuck = replies.reserve(Protocol::Resp2);
        let text = "x".repeat(1000);
        let mut tickets = VecDeque::new();
        for _ in 0..1000 {
            let ticket = replies.reserve(Protocol::Resp2);
            fill(&mut replies, ticket, &Frame::simple(text.as_str()), 0);
            tickets.push_back(replies.reserve(Protocol::Resp2));
        }
        assert_eq!(replies.waiting(), 1001);
        fill(&mut replies, stuck, &Frame::OK, 0);
        while let Some(ticket) = tickets.pop_front() {
            let unread = replies.unread_bytes();
            assert!(replies.later.len() <= 2 * unread + POOL_BUFFER_BYTES);
            let released = replies.released(0).len();
            replies.consume(released, 0);
            fill(&mut replies, ticket, &Frame::OK, 0);
        }
        let released = replies.released(0).len();
        replies.consume(released, 0);
        assert!(replies.is_empty());
        replies.renew();
        let kept = [replies.head.capacity(), replies.later.capacity()];
        assert!(kept.iter().all(|kept| *kept <= POOL_BUFFER_BYTES));
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
        fill(&mut replies, ticket, &Frame::Integer(1), 0);
        assert_eq!(released(&replies, 1), "a-X\r\nc:1\r\n-X\r\n");
        assert_eq!(replies.held(), 0);
    }

    proptest! {
        /// However replies and their writes become known, they leave in order, and none too early.
        #[test]
        fn replies_leave_in_order_and_not_too_early(
            script in prop::collection::vec((0_u8..6, 0_u64..8, 1_usize..40), 0..120)
        ) {
            let mut replies = Replies::default();
            // Of each reply: its text if it is known, and the write that it waits for.
            let mut expected: Vec<(Option<String>, Seq)> = Vec::new();
            let mut tickets: Vec<(usize, Ticket)> = Vec::new();
            let (mut durable, mut left, mut written) = (0, String::new(), 0);
            for (action, seq, number) in script {
                let text = number.to_string().repeat(number);
                match action {
                    0 | 1 => {
                        written += seq;
                        let gate = if seq > 3 && written > durable { written } else { 0 };
                        let encoded = format!("+{text}\r\n");
                        push(&mut replies, &encoded, gate);
                        expected.push((Some(encoded), gate));
                    }
                    2 => {
                        tickets.push((expected.len(), replies.reserve(Protocol::Resp2)));
                        expected.push((None, 0));
                    }
                    3 if !tickets.is_empty() => {
                        let (at, ticket) = tickets.remove(number % tickets.len());
                        let encoded = format!("+{text}\r\n");
                        let gate = if seq > 5 && written > durable { written } else { 0 };
                        let bytes = fill(&mut replies, ticket, &Frame::simple(text), gate);
                        prop_assert_eq!(bytes, encoded.len());
                        expected[at] = (Some(encoded), gate);
                    }
                    4 => durable = written.min(durable + seq),
                    _ => {
                        let bytes = released(&replies, durable);
                        let count = bytes.len().min(number);
                        left.push_str(&bytes[..count]);
                        replies.consume(count, durable);
                    }
                }
                let known = expected.iter().take_while(|(text, seq)| text.is_some() && *seq <= durable);
                let known: String = known.filter_map(|(text, _)| text.clone()).collect();
                prop_assert_eq!(left.clone() + &released(&replies, durable), known);
                prop_assert_eq!(replies.waiting(), tickets.len());
                let all: usize = expected.iter().flat_map(|(text, _)| text).map(String::len).sum();
                prop_assert_eq!(replies.unread_bytes(), all - left.len());
                prop_assert_eq!(
                    replies.is_empty(),
                    tickets.is_empty() && left.len() == all
                );
            }
        }
    }
}
