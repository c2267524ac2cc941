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
    /// In this protocol; none: nobody wants to have it.
    Waiting(Option<Protocol>),
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

    /// Keeps a place for a reply that comes later, in the protocol that is in force now. With none, the
    /// request has its place until it is answered, and the answer goes nowhere.
    pub(crate) fn reserve(&mut self, protocol: impl Into<Option<Protocol>>) -> Ticket {
        self.queue.push_back(Slot::Waiting(protocol.into()));
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
        let write = |out: &mut Vec<u8>| {
            if let Some(protocol) = protocol {
                write(protocol, out);
            }
        };
        // What goes nowhere has nothing to wait for.
        let seq = if protocol.is_some() { seq } else { 0 };
        self.waiting -= 1;
        if at == 0 {
            let start = self.head.len();
            write(&mut self.head);
            let place = start..self.head.len();
            let bytes = place.len();
            self.gate(Gate { place, seq });
            self.queue.pop_front();
            self.first += 1;
            self.advance();
            return bytes;
        }
        let place = self.write_later(write);
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
mod tests;
