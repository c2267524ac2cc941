//! Keys: `DEL UNLINK EXISTS TOUCH TYPE RENAME RENAMENX COPY RANDOMKEY KEYS DBSIZE SCAN FLUSHALL
//! FLUSHDB`.

mod expiry;
mod relocate;
mod scan;

use super::{
    Args, Command, Context, Error, EventFlags, Frame, Host, Keys, Merge, Outcome, Route, reply,
};
use crate::store::{Refused, Store, View};
pub(super) use scan::{
    Collector, matching_keys, parse_position, scan_reply, scan_step, whole_step,
};
pub use scan::{LAST_POSITION, ScanOptions};

pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: "del",
        arity: -2,
        flags: &["write"],
        keys: Keys::ALL,
        route: Route::Split(Merge::Sum),
        summary: "Deletes keys",
        run: del,
    },
    Command {
        name: "exists",
        arity: -2,
        flags: &["readonly", "fast"],
        keys: Keys::ALL,
        route: Route::Split(Merge::Sum),
        summary: "Counts the keys that exist",
        run: exists,
    },
    Command {
        name: "randomkey",
        arity: 1,
        flags: &["readonly"],
        keys: Keys::NONE,
        route: Route::Everywhere(Merge::Any),
        summary: "Returns one of the keys of all nodes, by chance",
        run: randomkey,
    },
    Command {
        name: "keys",
        arity: 2,
        flags: &["readonly"],
        keys: Keys::NONE,
        route: Route::Everywhere(Merge::Concat),
        summary: "Returns the keys of all nodes that match a pattern",
        run: keys,
    },
    Command {
        name: "dbsize",
        arity: 1,
        flags: &["readonly", "fast"],
        keys: Keys::NONE,
        route: Route::Everywhere(Merge::Sum),
        summary: "Counts the keys of all nodes",
        run: dbsize,
    },
    Command {
        name: "scan",
        arity: -2,
        flags: &["readonly"],
        keys: Keys::NONE,
        route: Route::Cursor,
        summary: "Returns the keys of all nodes, some at each call",
        run: scan,
    },
    Command {
        name: "flushall",
        arity: -1,
        flags: &["write"],
        keys: Keys::NONE,
        route: Route::Everywhere(Merge::AllOk),
        summary: "Deletes all keys of all nodes",
        run: flushall,
    },
    Command {
        name: "unlink",
        arity: -2,
        flags: &["write", "fast"],
        keys: Keys::ALL,
        route: Route::Split(Merge::Sum),
        summary: "Deletes keys",
        run: del,
    },
    Command {
        name: "touch",
        arity: -2,
        flags: &["readonly", "fast"],
        keys: Keys::ALL,
        route: Route::Split(Merge::Sum),
        summary: "Counts the keys that exist",
        run: exists,
    },
    Command::of_key(
        "type",
        2,
        &["readonly", "fast"],
        "Returns what kind of value a key has",
        type_of,
    ),
    Command {
        name: "rename",
        arity: 3,
        flags: &["write"],
        keys: Keys::TWO,
        route: Route::Together,
        summary: "Gives a value another key, of the same owner",
        run: relocate::rename,
    },
    Command {
        name: "renamenx",
        arity: 3,
        flags: &["write", "fast"],
        keys: Keys::TWO,
        route: Route::Together,
        summary: "Gives a value another key, of the same owner, that does not exist",
        run: relocate::renamenx,
    },
    Command {
        name: "copy",
        arity: -3,
        flags: &["write", "denyoom"],
        keys: Keys::TWO,
        route: Route::Together,
        summary: "Gives a value to another key, of the same owner, too",
        run: relocate::copy,
    },
    Command::of_key(
        "expire",
        -3,
        &["write", "fast"],
        "Sets in how many seconds a key is gone",
        expiry::expire,
    ),
    Command::of_key(
        "pexpire",
        -3,
        &["write", "fast"],
        "Sets in how many milliseconds a key is gone",
        expiry::pexpire,
    ),
    Command::of_key(
        "expireat",
        -3,
        &["write", "fast"],
        "Sets the second since 1970 at which a key is gone",
        expiry::expireat,
    ),
    Command::of_key(
        "pexpireat",
        -3,
        &["write", "fast"],
        "Sets the millisecond since 1970 at which a key is gone",
        expiry::pexpireat,
    ),
    Command::of_key(
        "ttl",
        2,
        &["readonly", "fast"],
        "Returns in how many seconds a key is gone",
        expiry::ttl,
    ),
    Command::of_key(
        "pttl",
        2,
        &["readonly", "fast"],
        "Returns in how many milliseconds a key is gone",
        expiry::pttl,
    ),
    Command::of_key(
        "expiretime",
        2,
        &["readonly", "fast"],
        "Returns the second since 1970 at which a key is gone",
        expiry::expiretime,
    ),
    Command::of_key(
        "pexpiretime",
        2,
        &["readonly", "fast"],
        "Returns the millisecond since 1970 at which a key is gone",
        expiry::pexpiretime,
    ),
    Command::of_key(
        "persist",
        2,
        &["write", "fast"],
        "Lets a key stay",
        expiry::persist,
    ),
    Command {
        name: "flushdb",
        arity: -1,
        flags: &["write"],
        keys: Keys::NONE,
        route: Route::Everywhere(Merge::AllOk),
        summary: "Deletes all keys of all nodes",
        run: flushall,
    },
];

/// Reads a decimal number as Redis does: no blanks, no plus sign, no zero before other digits.
pub(crate) fn parse_number<T: std::str::FromStr>(word: &[u8]) -> Result<T, Error> {
    let is_canonical = |text: &&str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        *text == "0" || !digits.starts_with(['+', '0'])
    };
    std::str::from_utf8(word)
        .ok()
        .filter(is_canonical)
        .and_then(|text| text.parse().ok())
        .ok_or(Error::not_an_integer())
}

fn del<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let keys = args.from(1);
    if keys.len() == 1 {
        let is_deleted = delete(cx.store, cx.host, keys.get(0).unwrap_or_default())?;
        return reply(Frame::Integer(i64::from(is_deleted)));
    }
    let deleted = cx.store.grouped(|store| {
        let mut deleted = 0;
        for (place, key) in keys.iter().enumerate() {
            store.fetch_from(place, keys.iter());
            deleted += i64::from(delete(store, cx.host, key)?);
        }
        Ok(deleted)
    })?;
    reply(Frame::Integer(deleted))
}

fn delete(store: &mut Store, host: &Host, key: &[u8]) -> Result<bool, Refused> {
    let is_deleted = store.delete(key)?;
    if is_deleted {
        host.events.note(EventFlags::GENERIC, "del", key);
    }
    Ok(is_deleted)
}

fn exists<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let mut found = 0;
    let keys = args.from(1);
    for (place, key) in keys.iter().enumerate() {
        cx.store.fetch_from(place, keys.iter());
        if cx.store.contains(key) {
            found += 1;
        } else {
            cx.host.events.note_miss(key);
        }
    }
    reply(Frame::Integer(found))
}

fn type_of<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let key = args.get(1).unwrap_or_default();
    let value = cx.store.view(key);
    if value.is_none() {
        cx.host.events.note_miss(key);
    }
    reply(Frame::simple(value.map_or("none", View::type_name)))
}

/// One of this node's keys: the first one behind a place of the table that is chosen by chance.
fn randomkey<'s>(cx: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    // Without the system's chance any key will do.
    let bits = getrandom::u64().unwrap_or_default();
    let key = first_key(cx.store, bits & LAST_POSITION).or_else(|| first_key(cx.store, 0));
    reply(key.map_or(Frame::Null, Frame::bulk))
}

/// The first key from a position on. Those that have expired and are not removed yet are passed over.
fn first_key(store: &Store, position: u64) -> Option<Vec<u8>> {
    let mut found = None;
    let mut from = Some(position);
    while let (None, Some(position)) = (&found, from) {
        from = store.scan(position, 1, &mut |key, _| {
            found.get_or_insert_with(|| key.to_vec());
        });
    }
    found
}

fn keys<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    reply(matching_keys(cx.store, args.get(1).unwrap_or_default())?)
}

fn dbsize<'s>(cx: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    reply(Frame::Integer(
        i64::try_from(cx.store.len()).unwrap_or(i64::MAX),
    ))
}

/// Runs on the node that the cursor names, with the node taken out of the cursor.
fn scan<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let position = parse_position(args.get(1))?;
    reply(scan_step(
        cx.store,
        position,
        ScanOptions::parse(args.from(2))?,
    )?)
}

fn flushall<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let known =
        |word: &[u8]| word.eq_ignore_ascii_case(b"async") || word.eq_ignore_ascii_case(b"sync");
    if args.len() > 2 || args.get(1).is_some_and(|word| !known(word)) {
        return Err(Error::syntax());
    }
    cx.store.clear()?;
    reply(Frame::OK)
}
