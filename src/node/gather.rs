//! Requests that concern several nodes: the parts come back one by one and become one reply.
//!
//! Each part is atomic on its node, the whole is not. Where some parts of a write were done and others
//! not, the reply is an error that names both: never a silent half.

mod by_key;
mod reached;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use self::by_key::ByKey;
use super::link::OUTCOME_UNKNOWN;
use super::outbox::Outbox;
use super::replies::Ticket;
use crate::command::{Error, Host, Merge, ReplySize, SelfReport};
use crate::placement::NodeIndex;
use crate::resp::{self, Frame};
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
    /// As the command declares, of the nodes that answer.
    Reached(Merge),
}

#[derive(Debug)]
struct Part {
    node: NodeIndex,
    /// For [`Merge::ByKey`]: which elements of the whole these are.
    places: Vec<usize>,
    reply: Option<Reply>,
}

#[derive(Debug)]
enum Reply {
    Frame(Frame<'static>),
    /// Its elements are among those by key.
    ByKey,
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
    /// For [`Merge::ByKey`].
    by_key: RefCell<ByKey>,
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
            by_key: RefCell::default(),
            size: Cell::new(ReplySize::new()),
            held: Cell::new(0),
            missing,
            gate,
        })
    }

    /// Gives the reply of part `index`, which another node has answered for.
    pub(crate) fn fill(&self, index: usize, frame: Frame<'_>, host: &Host) {
        self.put(index, frame);
        self.end_part(0, host);
    }

    /// Takes the reply of part `index`. [`Gather::end_part`] has to follow.
    pub(crate) fn put(&self, index: usize, frame: Frame<'_>) {
        let mut parts = self.parts.borrow_mut();
        let Some(part) = parts.get_mut(index) else {
            return;
        };
        let (reply, held) = self.keep(&part.places, frame);
        part.reply = Some(reply);
        self.held.set(self.held.get() + held);
        self.outbox.add_part(held);
    }

    /// A part has been put, which depends on this node's write `seq`, if not 0. The last one completes the
    /// whole.
    pub(crate) fn end_part(&self, seq: Seq, host: &Host) {
        self.gate.set(self.gate.get().max(seq));
        self.missing.set(self.missing.get() - 1);
        if self.missing.get() > 0 {
            return;
        }
        let whole = self.join(self.parts.take(), host);
        self.outbox.end_parts(self.held.get());
        let by_key = self.by_key.take();
        self.outbox
            .fill_with(self.ticket, self.gate.get(), |protocol, out| match whole {
                Reply::Frame(frame) => resp::encode(&frame, protocol, out),
                Reply::ByKey => by_key.encode(protocol, out),
            });
    }

    /// What is kept of a reply, and the memory that it takes in bytes: the reply itself, or an error in its
    /// place if the parts are too much for one reply. Each node knows only how large its own is.
    fn keep(&self, places: &[usize], frame: Frame<'_>) -> (Reply, usize) {
        let Frame::Array(elements) = frame else {
            return (Reply::Frame(frame.into_owned()), 0);
        };
        let mut size = self.size.get();
        let fits = size.add_array(&elements);
        self.size.set(size);
        if !fits {
            return (Reply::Frame(Error::reply_too_large().into_frame()), 0);
        }
        if let Joining::Merge(Merge::ByKey) = self.joining {
            return match self.by_key.borrow_mut().add(places, &elements) {
                Some(held) => (Reply::ByKey, held),
                None => (Reply::Frame(unexpected_form()), 0),
            };
        }
        // Only arrays can be large.
        let strings = elements.iter().filter_map(Frame::as_bytes).map(<[u8]>::len);
        let held = size_of_val(elements.as_slice()) + strings.sum::<usize>();
        (Reply::Frame(Frame::Array(elements).into_owned()), held)
    }

    fn join(&self, parts: Vec<Part>, host: &Host) -> Reply {
        if let Joining::Survey = self.joining {
            return Reply::Frame(survey(&parts, host));
        }
        if let Joining::Reached(merge) = self.joining {
            return Reply::Frame(reached::join(parts, merge).unwrap_or_else(unexpected_form));
        }
        if let Some(error) = self.error_of(&parts, host) {
            return Reply::Frame(error);
        }
        let joined = match self.joining {
            Joining::Merge(Merge::ByKey) => {
                let are_values = |part: &Part| matches!(part.reply, Some(Reply::ByKey));
                return if parts.iter().all(are_values) {
                    Reply::ByKey
                } else {
                    Reply::Frame(unexpected_form())
                };
            }
            Joining::Merge(Merge::Sum) => sum(&parts),
            Joining::Merge(Merge::Concat) => concat(parts),
            Joining::Merge(Merge::AllOk) => Some(Frame::OK),
            Joining::Merge(Merge::Any) => Some(pick(&parts, host)),
            Joining::Cursor(node) => go_on(parts, node, host.placement.len()),
            // Joined above, or only of those that were reached.
            Joining::Survey
            | Joining::Reached(_)
            | Joining::Merge(Merge::Union | Merge::Counts) => None,
        };
        Reply::Frame(joined.unwrap_or_else(unexpected_form))
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
            let Some(Reply::Frame(Frame::Error(text))) = &part.reply else {
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

fn unexpected_form() -> Frame<'static> {
    Frame::error("ERR another node sent a reply of an unexpected form")
}

fn frame_of(part: &Part) -> Option<&Frame<'static>> {
    match &part.reply {
        Some(Reply::Frame(frame)) => Some(frame),
        _ => None,
    }
}

fn sum(parts: &[Part]) -> Option<Frame<'static>> {
    let mut total = 0_i64;
    for part in parts {
        let Some(Frame::Integer(number)) = frame_of(part) else {
            return None;
        };
        total = total.saturating_add(*number);
    }
    Some(Frame::Integer(total))
}

fn concat(parts: Vec<Part>) -> Option<Frame<'static>> {
    let mut all = Vec::new();
    for part in parts {
        let Some(Reply::Frame(Frame::Array(elements))) = part.reply else {
            return None;
        };
        all.extend(elements);
    }
    Some(Frame::Array(all))
}

/// Which one it is does not have to be secret, but it should not be the same one always.
fn pick(parts: &[Part], host: &Host) -> Frame<'static> {
    let there = parts.iter().filter_map(|part| match frame_of(part) {
        Some(frame @ Frame::Bulk(_)) => Some((frame, weight_of(host, part.node))),
        _ => None,
    });
    let total: f64 = there.clone().map(|(_, weight)| weight).sum();
    // Without the system's chance the first one will do.
    let chance = getrandom::u32().unwrap_or_default();
    let mut left = f64::from(chance) / (f64::from(u32::MAX) + 1.0) * total;
    let mut last = Frame::Null;
    for (frame, weight) in there {
        last = frame.clone();
        left -= weight;
        if left < 0.0 {
            break;
        }
    }
    last
}

/// The part of all keys that a node has about.
fn weight_of(host: &Host, node: NodeIndex) -> f64 {
    let share = host.placement.shares().get(node.as_usize());
    share.map_or(0.0, |share| share.as_f64())
}

/// Which node a cursor names, and the position there.
pub(crate) fn split_cursor(cursor: u64) -> Option<(u8, u64)> {
    let node = u8::try_from(cursor >> POSITION_BITS).ok()?;
    Some((node, cursor & crate::command::LAST_POSITION))
}

/// Puts the node into the cursor of its reply; behind the last position follows the next node.
fn go_on(parts: Vec<Part>, node: NodeIndex, nodes: usize) -> Option<Frame<'static>> {
    let Some(Reply::Frame(Frame::Array(mut step))) = parts.into_iter().next()?.reply else {
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
        let report = frame_of(part).and_then(SelfReport::from_frame);
        let mut row = vec![
            (name("name"), text(placement.name(part.node).to_string())),
            (name("address"), text(address_of(host, part.node))),
            (name("rule"), text(placement.rule(part.node).to_string())),
            (name("share"), text(share_of(host, part.node))),
            (name("reachable"), Frame::Boolean(report.is_some())),
        ];
        match (report, frame_of(part)) {
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
