//! Strings that are numbers: `INCR DECR INCRBY DECRBY INCRBYFLOAT`.

use super::super::keys::parse_number;
use super::super::{Args, Context, Error, EventFlags, Frame, Outcome, reply};
use super::decimal::Number;

pub(super) fn incr<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    increase(cx, args, 1)
}

pub(super) fn decr<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    increase(cx, args, -1)
}

pub(super) fn incrby<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    increase(cx, args, parse_number(args.get(2).unwrap_or_default())?)
}

pub(super) fn decrby<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let by: i64 = parse_number(args.get(2).unwrap_or_default())?;
    let by = by
        .checked_neg()
        .ok_or(Error::new("ERR decrement would overflow"))?;
    increase(cx, args, by)
}

fn increase<'s>(cx: Context<'s, '_>, args: Args<'_>, by: i64) -> Result<Outcome<'s>, Error> {
    let key = args.get(1).unwrap_or_default();
    let number: i64 = match cx.store.string(key)? {
        Some(value) => parse_number(value)?,
        None => 0,
    };
    let number = number
        .checked_add(by)
        .ok_or(Error::new("ERR increment or decrement would overflow"))?;
    let mut text = itoa::Buffer::new();
    cx.host.events.note_if_new(cx.store, key);
    cx.store.replace(key, text.format(number).as_bytes())?;
    // Also where it became less, as in Redis.
    cx.host.events.note(EventFlags::STRING, "incrby", key);
    reply(Frame::Integer(number))
}

pub(super) fn incrbyfloat<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let key = args.get(1).unwrap_or_default();
    let parse = |text| Number::parse(text).ok_or(Error::new("ERR value is not a valid float"));
    let number = parse(cx.store.string(key)?.unwrap_or(b"0"))?;
    let by = parse(args.get(2).unwrap_or_default())?;
    let sum = match (number, by) {
        (Number::Finite(number), Number::Finite(by)) => number.add(&by),
        _ => None,
    };
    let sum = sum.ok_or(Error::new("ERR increment would produce NaN or Infinity"))?;
    let text = sum.text().into_bytes();
    cx.host.events.note_if_new(cx.store, key);
    cx.store.replace(key, &text)?;
    cx.host.events.note(EventFlags::STRING, "incrbyfloat", key);
    reply(Frame::bulk(text))
}
