//! Keys whose values go to another key: `RENAME RENAMENX COPY`. Both keys have one owner.

use super::super::connection::check_database;
use super::super::{Args, Context, Error, EventFlags, Frame, Outcome, first_two, reply};

pub(super) fn rename<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let (from, to) = first_two(args);
    check_exists(&cx, from)?;
    if from != to {
        cx.store.rename(from, to)?;
        note_renamed(&cx, from, to);
    }
    reply(Frame::OK)
}

pub(super) fn renamenx<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let (from, to) = first_two(args);
    check_exists(&cx, from)?;
    if cx.store.contains(to) {
        return reply(Frame::Integer(0));
    }
    cx.store.rename(from, to)?;
    note_renamed(&cx, from, to);
    reply(Frame::Integer(1))
}

pub(super) fn copy<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let (from, to) = first_two(args);
    let mut replaces = false;
    let mut words = args.iter().skip(3);
    while let Some(word) = words.next() {
        if word.eq_ignore_ascii_case(b"replace") {
            replaces = true;
        } else if word.eq_ignore_ascii_case(b"db") {
            check_database(words.next().ok_or(Error::syntax())?)?;
        } else {
            return Err(Error::syntax());
        }
    }
    if from == to {
        return Err(Error::new(
            "ERR source and destination objects are the same",
        ));
    }
    if !cx.store.contains(from) {
        cx.host.events.note_miss(from);
        return reply(Frame::Integer(0));
    }
    if !replaces && cx.store.contains(to) {
        return reply(Frame::Integer(0));
    }
    cx.store.copy(from, to)?;
    cx.host.events.note(EventFlags::NEW, "new", to);
    cx.host.events.note(EventFlags::GENERIC, "copy_to", to);
    reply(Frame::Integer(1))
}

/// As in Redis, the other key counts as new, also where it takes the place of one.
fn note_renamed(cx: &Context<'_, '_>, from: &[u8], to: &[u8]) {
    let events = &cx.host.events;
    events.note(EventFlags::NEW, "new", to);
    events.note(EventFlags::GENERIC, "rename_from", from);
    events.note(EventFlags::GENERIC, "rename_to", to);
}

fn check_exists(cx: &Context<'_, '_>, key: &[u8]) -> Result<(), Error> {
    if cx.store.contains(key) {
        return Ok(());
    }
    Err(Error::new("ERR no such key"))
}
