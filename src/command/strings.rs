//! Strings: `GET GETSET GETDEL SETNX MGET MSET MSETNX`, [`set`]ting them for a while, their [`parts`],
//! and those that are [`numbers`].

mod decimal;
mod numbers;
mod parts;
mod set;

use super::host::count;
use super::{
    Args, Command, Context, Error, EventFlags, Frame, Keys, Merge, Outcome, ReplySize, Route,
    first_two, reply,
};

pub(super) const COMMANDS: &[Command] = &[
    Command::of_key(
        "get",
        2,
        &["readonly", "fast"],
        "Returns the value of a key",
        get,
    ),
    Command::of_key(
        "set",
        -3,
        &["write", "denyoom"],
        "Sets the value of a key",
        set::set,
    ),
    Command {
        name: "mget",
        arity: -2,
        flags: &["readonly", "fast"],
        keys: Keys::ALL,
        route: Route::Split(Merge::ByKey),
        summary: "Returns the values of several keys",
        run: mget,
    },
    Command {
        name: "mset",
        arity: -3,
        flags: &["write", "denyoom"],
        keys: Keys::PAIRS,
        route: Route::Split(Merge::AllOk),
        summary: "Sets several keys: at once on each node, not across nodes",
        run: mset,
    },
    Command::of_key(
        "getset",
        3,
        &["write", "denyoom", "fast"],
        "Sets the value of a key and returns the one before",
        getset,
    ),
    Command::of_key(
        "getdel",
        2,
        &["write", "fast"],
        "Returns the value of a key and deletes it",
        getdel,
    ),
    Command::of_key(
        "setnx",
        3,
        &["write", "denyoom", "fast"],
        "Sets the value of a key that does not exist",
        setnx,
    ),
    Command::of_key(
        "setex",
        4,
        &["write", "denyoom"],
        "Sets the value of a key for some seconds",
        set::setex,
    ),
    Command::of_key(
        "psetex",
        4,
        &["write", "denyoom"],
        "Sets the value of a key for some milliseconds",
        set::psetex,
    ),
    Command::of_key(
        "getex",
        -2,
        &["write", "fast"],
        "Returns the value of a key and says how long it lasts",
        set::getex,
    ),
    Command::of_key(
        "append",
        3,
        &["write", "denyoom", "fast"],
        "Adds to the end of a value",
        parts::append,
    ),
    Command::of_key(
        "strlen",
        2,
        &["readonly", "fast"],
        "Returns the length of a value",
        parts::strlen,
    ),
    Command::of_key(
        "getrange",
        4,
        &["readonly"],
        "Returns a part of a value",
        parts::getrange,
    ),
    Command::of_key(
        "substr",
        4,
        &["readonly"],
        "Returns a part of a value",
        parts::getrange,
    ),
    Command::of_key(
        "setrange",
        4,
        &["write", "denyoom"],
        "Replaces a part of a value",
        parts::setrange,
    ),
    Command::of_key(
        "incr",
        2,
        &["write", "denyoom", "fast"],
        "Adds one to a number",
        numbers::incr,
    ),
    Command::of_key(
        "decr",
        2,
        &["write", "denyoom", "fast"],
        "Takes one from a number",
        numbers::decr,
    ),
    Command::of_key(
        "incrby",
        3,
        &["write", "denyoom", "fast"],
        "Adds to a number",
        numbers::incrby,
    ),
    Command::of_key(
        "decrby",
        3,
        &["write", "denyoom", "fast"],
        "Takes from a number",
        numbers::decrby,
    ),
    Command::of_key(
        "incrbyfloat",
        3,
        &["write", "denyoom", "fast"],
        "Adds to a number with a fraction",
        numbers::incrbyfloat,
    ),
    Command {
        name: "msetnx",
        arity: -3,
        flags: &["write", "denyoom"],
        keys: Keys::PAIRS,
        route: Route::Together,
        summary: "Sets several keys of one owner if none of them exists",
        run: msetnx,
    },
];

fn get<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let key = args.get(1).unwrap_or_default();
    let value = cx.store.string(key)?;
    let counter = if value.is_some() {
        &cx.host.counters.hits
    } else {
        cx.host.events.note_miss(key);
        &cx.host.counters.misses
    };
    count(counter, 1);
    reply(value.map_or(Frame::Null, Frame::bulk))
}

fn getset<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let (key, value) = first_two(args);
    let old = cx.store.string(key)?.map(<[u8]>::to_vec);
    if old.is_none() {
        cx.host.events.note_miss(key);
    }
    cx.host.events.note_if_new(cx.store, key);
    cx.store.set(key, value)?;
    cx.host.events.note(EventFlags::STRING, "set", key);
    reply(old.map_or(Frame::Null, Frame::bulk))
}

fn getdel<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let key = args.get(1).unwrap_or_default();
    let old = cx.store.string(key)?.map(<[u8]>::to_vec);
    if cx.store.delete(key)? {
        cx.host.events.note(EventFlags::GENERIC, "del", key);
    } else {
        cx.host.events.note_miss(key);
    }
    reply(old.map_or(Frame::Null, Frame::bulk))
}

fn setnx<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let (key, value) = first_two(args);
    let is_new = !cx.store.contains(key);
    if is_new {
        cx.host.events.note_if_new(cx.store, key);
        cx.store.set(key, value)?;
        cx.host.events.note(EventFlags::STRING, "set", key);
    }
    reply(Frame::Integer(i64::from(is_new)))
}

fn mget<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let store = &*cx.store;
    let mut size = ReplySize::new();
    let mut values = Vec::with_capacity(args.len() - 1);
    let keys = args.from(1);
    for (place, key) in keys.iter().enumerate() {
        store.fetch_from(place, keys.iter());
        let value = store.get(key);
        if value.is_none() {
            cx.host.events.note_miss(key);
        }
        if !size.add(value.map_or(0, <[u8]>::len)) {
            return Err(Error::reply_too_large());
        }
        values.push(value.map_or(Frame::Null, Frame::bulk));
    }
    reply(Frame::Array(values))
}

/// All or nothing: its keys have one owner.
fn msetnx<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    if args
        .from(1)
        .iter()
        .step_by(2)
        .any(|key| cx.store.contains(key))
    {
        return reply(Frame::Integer(0));
    }
    mset(cx, args)?;
    reply(Frame::Integer(1))
}

fn mset<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let words = args.from(1);
    let (keys, values) = (words.iter().step_by(2), words.iter().skip(1).step_by(2));
    cx.store.grouped(|store| {
        for (place, (key, value)) in keys.clone().zip(values).enumerate() {
            store.fetch_from(place, keys.clone());
            cx.host.events.note_if_new(store, key);
            store.set(key, value)?;
            cx.host.events.note(EventFlags::STRING, "set", key);
        }
        Ok(())
    })?;
    reply(Frame::OK)
}
