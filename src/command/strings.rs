//! Strings: `GET SET MGET MSET`.

use super::host::count;
use super::{Args, Command, Context, Error, Frame, Keys, Merge, Outcome, ReplySize, Route, reply};

pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: "get",
        arity: 2,
        flags: &["readonly", "fast"],
        keys: Keys::ONE,
        route: Route::Key,
        summary: "Returns the value of a key",
        run: get,
    },
    Command {
        name: "set",
        arity: -3,
        flags: &["write", "denyoom"],
        keys: Keys::ONE,
        route: Route::Key,
        summary: "Sets the value of a key",
        run: set,
    },
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
];

fn get<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let value = cx.store.get(args.get(1).unwrap_or_default());
    let counter = if value.is_some() {
        &cx.host.counters.hits
    } else {
        &cx.host.counters.misses
    };
    count(counter, 1);
    reply(value.map_or(Frame::Null, Frame::bulk))
}

fn set<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let (Some(key), Some(value), None) = (args.get(1), args.get(2), args.get(3)) else {
        return Err(Error::syntax());
    };
    cx.store.set(key, value)?;
    reply(Frame::OK)
}

fn mget<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let store = &*cx.store;
    let mut size = ReplySize::new();
    let mut values = Vec::with_capacity(args.len() - 1);
    let keys = args.from(1);
    for (place, key) in keys.iter().enumerate() {
        store.fetch_from(place, keys.iter());
        let value = store.get(key);
        if !size.add(value.map_or(0, <[u8]>::len)) {
            return Err(Error::reply_too_large());
        }
        values.push(value.map_or(Frame::Null, Frame::bulk));
    }
    reply(Frame::Array(values))
}

fn mset<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let words = args.from(1);
    let (keys, values) = (words.iter().step_by(2), words.iter().skip(1).step_by(2));
    for (place, (key, value)) in keys.clone().zip(values).enumerate() {
        cx.store.fetch_from(place, keys.clone());
        cx.store.set(key, value)?;
    }
    reply(Frame::OK)
}
