//! How keys that lie on a node which no longer owns them go to their owner: `TRIAD MISPLACED ITEMS RELEASE` at
//! the one, `TRIAD ADOPT PART` at the other. And how keys come back from a backup: `TRIAD ADOPT REPLACE PART`.
//!
//! What comes in parts waits on the connection that it comes on, and is stored as a whole or not at all: so a
//! move that is interrupted at any moment has changed nothing at the owner, or all.

use std::ops::ControlFlow;

use super::super::keys::{Collector, parse_number, parse_position, scan_reply};
use super::super::{
    Args, Context, Error, EventFlags, Frame, Host, Outcome, ScanOptions, count, first_two, reply,
};
use super::verdict_of;
use crate::limits::{PART_BYTES, PART_ITEM_BYTES, PARTS_TOTAL_MAX_BYTES};
use crate::store::{Adoption, Deadline, Payload, Refused, Store, View};

/// `TRIAD MISPLACED cursor [MATCH pattern] [COUNT n] [VALUES | WHOLE]`.
pub(super) fn misplaced<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let position = parse_position(args.get(1))?;
    let options = ScanOptions::parse_of_own(args.from(2))?;
    let mut found = Collector::new(options);
    let mut visit = |key: &[u8], value: View<'_>, deadline: Option<Deadline>| {
        if options.whole {
            return found.visit_whole(key, value, deadline);
        }
        found.visit(key, value);
        ControlFlow::Continue(())
    };
    let next = cx.store.misplaced_scan(position, options.count, &mut visit);
    reply(scan_reply(next, found.finish()?))
}

/// `TRIAD ITEMS key cursor`: items of a collection, of an own key or of a misplaced one; null if there is no
/// such key.
pub(super) fn items<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let (key, cursor) = first_two(args);
    let position = parse_position(Some(cursor))?;
    // No key is both.
    let own = cx.store.view(key);
    let Some(value) = own.or_else(|| cx.store.misplaced_view(key)) else {
        return reply(Frame::Null);
    };
    let (items, next) = value.items_from(position, PART_BYTES);
    let items = items.into_iter().map(Frame::bulk).collect();
    reply(scan_reply(next, Frame::Array(items)))
}

pub(super) fn release<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let released = cx.store.misplaced_delete(args.get(1).unwrap_or_default())?;
    reply(Frame::Integer(i64::from(released)))
}

/// A collection that comes in parts.
#[derive(Debug)]
pub struct Parts {
    key: Vec<u8>,
    payload: Payload,
    /// The memory that it takes.
    bytes: usize,
}

impl Parts {
    /// Gives its memory back.
    pub(crate) fn end(self, host: &Host) {
        self.into_payload(host).drop_apart();
    }

    fn into_payload(self, host: &Host) -> Payload {
        let total = &host.counters.parts_bytes;
        total.set(total.get().saturating_sub(self.bytes));
        self.payload
    }
}

/// `TRIAD PART key from type item …`: how many items there are now. `from` is how many there were before; 0
/// begins anew.
pub(super) fn part<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let (key, from) = first_two(args);
    let from = parse_number::<usize>(from)?;
    let (kind, items) = (args.get(3).unwrap_or_default(), args.from(4));
    let before = cx.session.parts.take();
    let mut parts = if from == 0 {
        if let Some(parts) = before {
            parts.end(cx.host);
        }
        Box::new(Parts {
            key: key.to_vec(),
            payload: Payload::empty(kind).ok_or(Error::syntax())?,
            bytes: 0,
        })
    } else {
        before.ok_or_else(out_of_turn)?
    };
    let view = parts.payload.view();
    let follows =
        parts.key == key && view.type_name().as_bytes() == kind && view.items_len() == from;
    let total = &cx.host.counters.parts_bytes;
    let bytes: usize = items.iter().map(|item| item.len() + PART_ITEM_BYTES).sum();
    let fits = total.get() + bytes <= PARTS_TOTAL_MAX_BYTES;
    if !follows || !fits {
        parts.end(cx.host);
        return Err(if follows { too_large() } else { out_of_turn() });
    }
    count(total, bytes);
    parts.bytes += bytes;
    if let Err(refused) = parts.payload.add(items.iter()) {
        parts.end(cx.host);
        return Err(refused.into());
    }
    let len = parts.payload.view().items_len();
    cx.session.parts = Some(parts);
    reply(Frame::Integer(i64::try_from(len).unwrap_or(i64::MAX)))
}

fn out_of_turn() -> Error {
    Error::new("ERR this part does not follow the one before. Nothing was stored: begin anew, at 0")
}

fn too_large() -> Error {
    Error::new(format!(
        "ERR collections on the way to this node have at most {PARTS_TOTAL_MAX_BYTES} bytes, \
         {PART_ITEM_BYTES} for each item among them. Nothing was stored"
    ))
}

/// `TRIAD ADOPT key deadline type [item …]`: `stored`, `declined`, `expired`, or if it had the key already
/// `same`, `deadline` or `exists`; and the owner's name. Without items it takes those that came in parts.
pub(super) fn adopt<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    take(cx, args, "triad|adopt", Store::adopt)
}

/// `TRIAD REPLACE key deadline type [item …]`: the same, also if it had the key already with another value or
/// deadline: then `replaced`.
pub(super) fn replace<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    take(cx, args, "triad|replace", Store::adopt_anyway)
}

/// One of the two ways into the store.
type Take = fn(&mut Store, &[u8], Payload, Option<Deadline>) -> Result<Adoption, Refused>;

fn take<'s>(
    cx: Context<'s, '_>,
    args: Args<'_>,
    command: &str,
    take: Take,
) -> Result<Outcome<'s>, Error> {
    let (key, deadline) = first_two(args);
    let deadline = parse_deadline(deadline, command)?;
    let (kind, items) = (args.get(3).unwrap_or_default(), args.from(4));
    let parts = cx.session.parts.take();
    let parts = parts.map(|parts| (parts.key == key, parts.into_payload(cx.host)));
    let payload = match (parts, items.len()) {
        (Some((true, payload)), 0) if payload.view().type_name().as_bytes() == kind => payload,
        (parts, _) => {
            if let Some((_, payload)) = parts {
                payload.drop_apart();
            }
            payload_of(kind, items)?
        }
    };
    let owner = cx.host.placement.owner(key);
    if owner != cx.host.me {
        payload.drop_apart();
        return reply(verdict_of(&cx, b"declined", owner));
    }
    let verdict: &[u8] = match take(cx.store, key, payload, deadline)? {
        Adoption::Stored => {
            // As Redis calls what happens to a key that another server has sent.
            cx.host.events.note(EventFlags::NEW, "new", key);
            cx.host.events.note(EventFlags::GENERIC, "restore", key);
            b"stored"
        }
        Adoption::Replaced => {
            cx.host.events.note(EventFlags::GENERIC, "restore", key);
            b"replaced"
        }
        Adoption::Same => b"same",
        Adoption::OtherDeadline => b"deadline",
        Adoption::OtherValue => b"exists",
        Adoption::Expired => b"expired",
    };
    reply(verdict_of(&cx, verdict, owner))
}

fn payload_of(kind: &[u8], items: Args<'_>) -> Result<Payload, Error> {
    if let (b"string", Some(value), 1) = (kind, items.get(0), items.len()) {
        return Ok(Payload::string(value));
    }
    let mut payload = Payload::empty(kind).ok_or(Error::syntax())?;
    if items.is_empty() {
        return Err(Error::syntax());
    }
    payload.add(items.iter())?;
    Ok(payload)
}

/// Reads milliseconds since 1970; 0 if the key stays.
fn parse_deadline(word: &[u8], command: &str) -> Result<Option<Deadline>, Error> {
    match parse_number::<u64>(word)? {
        0 => Ok(None),
        unix_ms => match Store::deadline(unix_ms) {
            Some(deadline) => Ok(Some(deadline)),
            None => Err(Error::invalid_expiry(command)),
        },
    }
}
