//! Requests that concern several nodes: the parts come back one by one and become one reply.
//!
//! Each part is atomic on its node, the whole is not. Where some parts of a write were done and others
//! not, the reply is an error that names both: never a silent half.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::link::OUTCOME_UNKNOWN;
use super::outbox::Outbox;
use super::replies::Ticket;
use crate::command::{Error, Host, Merge, ReplySize, SelfReport};
use crate::placement::NodeIndex;
use crate::resp::Frame;
use crate::store::Seq;

/// How the parts become one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Joining {
    /// As the command declares.
    Merge(Merge),
    /// A step of a scan of this node: its cursor becomes one for all nodes.
    Cursor(NodeIndex),
    /// A report of each node that answers.
    Survey,
}

#[derive(Debug)]
struct Part {
    node: NodeIndex,
    /// For [`Merge::ByKey`]: which elements of the whole these are.
    places: Vec<usize>,
    reply: Option<Frame<'static>>,
}

/// One request that waits for its parts.
#[derive(Debug)]
pub(crate) struct Gather {
    outbox: Rc<Outbox>,
    ticket: Ticket,
    joining: Joining,
    /// The command's name, for the error that names what was done.
    name: &'static str,
    is_write: bool,
    parts: RefCell<Vec<Part>>,
    /// The memory of the parts that are there, in bytes.
    held: Cell<usize>,
    /// What the arrays among the parts come to together.
    size: Cell<ReplySize>,
    missing: Cell<usize>,
    gate: Cell<Seq>,
}

/// Bits of a cursor that are the position within a node.
const POSITION_BITS: u32 = 48;

impl Gather {
    pub(crate) fn new(
        outbox: Rc<Outbox>,
        ticket: Ticket,
        joining: Joining,
        name: &'static str,
        is_write: bool,
        parts: impl IntoIterator<Item = (NodeIndex, Vec<usize>)>,
    ) -> Rc<Self> {
        let part = |(node, places)| Part {
            node,
            places,
            reply: None,
        };
        let parts: Vec<_> = parts.into_iter().map(part).collect();
        let missing = Cell::new(parts.len());
        let gate = Cell::new(0);
        let parts = RefCell::new(parts);
        Rc::new(Self {
            outbox,
            ticket,
            joining,
            name,
            is_write,
            parts,
            size: Cell::new(ReplySize::new()),
            held: Cell::new(0),
            missing,
            gate,
        })
    }

    /// Gives the reply of part `index`, which depends on this node's write `seq`, if not 0. The last
    /// one completes the whole.
    pub(crate) fn fill(&self, index: usize, frame: Frame<'static>, seq: Seq, host: &Host) {
        let frame = self.bounded(frame);
        let held = memory_of(&frame);
        self.held.set(self.held.get() + held);
        self.outbox.add_part(held);
        if let Some(part) = self.parts.borrow_mut().get_mut(index) {
            part.reply = Some(frame);
        }
        self.gate.set(self.gate.get().max(seq));
        self.missing.set(self.missing.get() - 1);
        if self.missing.get() == 0 {
            let whole = self.join(self.parts.take(), host);
            self.outbox.end_parts(self.held.get());
            self.outbox.fill(self.ticket, &whole, self.gate.get());
        }
    }

    /// The part itself, or an error in its place if the parts are too much for one reply: each node
    /// knows only how large its own is.
    fn bounded(&self, frame: Frame<'static>) -> Frame<'static> {
        let mut size = self.size.get();
        let fits = match &frame {
            Frame::Array(elements) => size.add_array(elements),
            _ => true,
        };
        self.size.set(size);
        if fits {
            frame
        } else {
            Error::reply_too_large().into_frame()
        }
    }

    fn join(&self, parts: Vec<Part>, host: &Host) -> Frame<'static> {
        if let Joining::Survey = self.joining {
            return survey(&parts, host);
        }
        if let Some(error) = self.error_of(&parts, host) {
            return error;
        }
        let joined = match self.joining {
            Joining::Merge(Merge::Sum) => sum(&parts),
            Joining::Merge(Merge::Concat) => concat(parts),
            Joining::Merge(Merge::ByKey) => by_key(parts),
            Joining::Merge(Merge::AllOk) => Some(Frame::OK),
            Joining::Cursor(node) => go_on(parts, node, host.placement.len()),
            Joining::Survey => None,
        };
        joined
            .unwrap_or_else(|| Frame::error("ERR another node sent a reply of an unexpected form"))
    }

    /// The error for the whole, if a part failed. Where nothing was done, and where nothing was to be,
    /// the first cause says all.
    fn error_of(&self, parts: &[Part], host: &Host) -> Option<Frame<'static>> {
        let mut done: Vec<&str> = Vec::new();
        let mut clauses = Vec::new();
        let mut first = None;
        let mut some_unknown = false;
        for part in parts {
            let name = host.placement.name(part.node);
            let Some(Frame::Error(text)) = &part.reply else {
                done.push(name);
                continue;
            };
            first = first.or(Some(text));
            let is_unknown = text.starts_with(OUTCOME_UNKNOWN);
            some_unknown |= is_unknown;
            clauses.push(if is_unknown {
                format!("it is not known whether on {name}: {text}")
            } else {
                format!("not on {name}: {text}")
            });
        }
        let first = first?;
        let nothing_done = done.is_empty() && (!some_unknown || parts.len() == 1);
        if nothing_done || !self.is_write {
            return Some(Frame::Error(first.clone()));
        }
        if !done.is_empty() {
            clauses.insert(0, format!("done on {}", done.join(" and ")));
        }
        let name = self.name.to_ascii_uppercase();
        Some(Frame::error(format!(
            "PARTIAL {name}: {}",
            clauses.join("; ")
        )))
    }
}

/// What a part takes while it waits for the others, in bytes. Only arrays can be large.
fn memory_of(frame: &Frame<'_>) -> usize {
    let Frame::Array(elements) = frame else {
        return 0;
    };
    let strings = elements.iter().filter_map(Frame::as_bytes).map(<[u8]>::len);
    size_of_val(elements.as_slice()) + strings.sum::<usize>()
}

fn replies(parts: Vec<Part>) -> impl Iterator<Item = Frame<'static>> {
    parts.into_iter().filter_map(|part| part.reply)
}

fn sum(parts: &[Part]) -> Option<Frame<'static>> {
    let mut total = 0_i64;
    for part in parts {
        let Some(Frame::Integer(number)) = &part.reply else {
            return None;
        };
        total = total.saturating_add(*number);
    }
    Some(Frame::Integer(total))
}

fn concat(parts: Vec<Part>) -> Option<Frame<'static>> {
    let mut all = Vec::new();
    for reply in replies(parts) {
        let Frame::Array(elements) = reply else {
            return None;
        };
        all.extend(elements);
    }
    Some(Frame::Array(all))
}

fn by_key(parts: Vec<Part>) -> Option<Frame<'static>> {
    let mut all = vec![Frame::Null; parts.iter().map(|part| part.places.len()).sum()];
    for part in parts {
        let Some(Frame::Array(elements)) = part.reply else {
            return None;
        };
        if elements.len() != part.places.len() {
            return None;
        }
        for (place, element) in part.places.into_iter().zip(elements) {
            *all.get_mut(place)? = element;
        }
    }
    Some(Frame::Array(all))
}

/// Which node a cursor names, and the position there.
pub(crate) fn split_cursor(cursor: u64) -> Option<(u8, u64)> {
    let node = u8::try_from(cursor >> POSITION_BITS).ok()?;
    Some((node, cursor & crate::command::LAST_POSITION))
}

/// Puts the node into the cursor of its reply; behind the last position follows the next node.
fn go_on(parts: Vec<Part>, node: NodeIndex, nodes: usize) -> Option<Frame<'static>> {
    let Frame::Array(mut step) = replies(parts).next()? else {
        return None;
    };
    let Some(Frame::Bulk(position)) = step.first() else {
        return None;
    };
    let position: u64 = std::str::from_utf8(position).ok()?.parse().ok()?;
    let cursor = match (position, node.as_usize() + 1) {
        (0, next) if next < nodes => (next as u64) << POSITION_BITS,
        (0, _) => 0,
        (position, _) => (node.as_usize() as u64) << POSITION_BITS | position,
    };
    *step.first_mut()? = Frame::bulk(cursor.to_string().into_bytes());
    Some(Frame::Array(step))
}

fn address_of(host: &Host, node: NodeIndex) -> String {
    host.cluster
        .node(node)
        .map(|node| node.address.to_string())
        .unwrap_or_default()
}

fn share_of(host: &Host, node: NodeIndex) -> String {
    let share = host.placement.shares().get(node.as_usize());
    share.map(ToString::to_string).unwrap_or_default()
}

fn survey(parts: &[Part], host: &Host) -> Frame<'static> {
    let rows = parts.iter().map(|part| {
        let name = |text: &'static str| Frame::bulk(text.as_bytes());
        let text = |text: String| Frame::bulk(text.into_bytes());
        let placement = &host.placement;
        let report = part.reply.as_ref().and_then(SelfReport::from_frame);
        let mut row = vec![
            (name("name"), text(placement.name(part.node).to_string())),
            (name("address"), text(address_of(host, part.node))),
            (name("rule"), text(placement.rule(part.node).to_string())),
            (name("share"), text(share_of(host, part.node))),
            (name("reachable"), Frame::Boolean(report.is_some())),
        ];
        match (report, &part.reply) {
            (Some(report), _) => {
                row.extend([
                    (name("keys"), Frame::Integer(report.keys)),
                    (name("misplaced"), Frame::Integer(report.misplaced)),
                    (name("version"), text(report.version)),
                ]);
                row.extend(report.failure.map(|failure| (name("error"), text(failure))));
            }
            (None, Some(Frame::Error(error))) => {
                row.extend([
                    (name("keys"), Frame::Null),
                    (name("error"), text(error.to_string())),
                ]);
            }
            (None, _) => row.push((name("keys"), Frame::Null)),
        }
        Frame::Map(row)
    });
    Frame::Array(rows.collect())
}
