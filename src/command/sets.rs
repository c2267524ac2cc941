//! Sets: `SADD SREM SMEMBERS SISMEMBER SMISMEMBER SCARD SSCAN`, and those that take members by
//! [`chance`].

mod chance;

use super::keys::{Collector, ScanOptions, parse_position, scan_reply};
use super::{
    Args, Command, Context, Error, EventFlags, Frame, Host, Outcome, ReplySize, first_two, reply,
};
use crate::store::{Set, Store};

pub(super) const COMMANDS: &[Command] = &[
    Command::of_key(
        "sadd",
        -3,
        &["write", "denyoom", "fast"],
        "Adds members to a set",
        sadd,
    ),
    Command::of_key(
        "srem",
        -3,
        &["write", "fast"],
        "Removes members from a set",
        srem,
    ),
    Command::of_key(
        "smembers",
        2,
        &["readonly"],
        "Returns all members of a set",
        smembers,
    ),
    Command::of_key(
        "sismember",
        3,
        &["readonly", "fast"],
        "Tells whether a set has a member",
        sismember,
    ),
    Command::of_key(
        "smismember",
        -3,
        &["readonly", "fast"],
        "Tells of several strings whether a set has them",
        smismember,
    ),
    Command::of_key(
        "scard",
        2,
        &["readonly", "fast"],
        "Counts the members of a set",
        scard,
    ),
    Command::of_key(
        "spop",
        -2,
        &["write", "fast"],
        "Removes members by chance and returns them",
        chance::spop,
    ),
    Command::of_key(
        "srandmember",
        -2,
        &["readonly"],
        "Returns members by chance",
        chance::srandmember,
    ),
    Command::of_key(
        "sscan",
        -3,
        &["readonly"],
        "Goes on with an iteration over the members of a set",
        sscan,
    ),
];

fn sadd<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let key = args.get(1).unwrap_or_default();
    cx.host.events.note_if_new(cx.store, key);
    let added = cx.store.add_members(key, args.from(2).iter())?;
    if added > 0 {
        cx.host.events.note(EventFlags::SET, "sadd", key);
    }
    reply(number(added))
}

fn srem<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let key = args.get(1).unwrap_or_default();
    let removed = cx.store.remove_members(key, args.from(2).iter())?;
    if removed > 0 {
        note_removed(cx.store, cx.host, "srem", key);
    }
    reply(number(removed))
}

/// Notes that members were removed, and the key with the last of them.
fn note_removed(store: &Store, host: &Host, name: &'static str, key: &[u8]) {
    host.events.note(EventFlags::SET, name, key);
    if !store.contains(key) {
        host.events.note(EventFlags::GENERIC, "del", key);
    }
}

/// The set of a key, noting that it is not there.
fn set_of<'s>(store: &'s Store, host: &Host, key: &[u8]) -> Result<Option<&'s Set>, Error> {
    let set = store.members(key)?;
    if set.is_none() {
        host.events.note_miss(key);
    }
    Ok(set)
}

fn smembers<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let mut found = Vec::new();
    if let Some(set) = set_of(cx.store, cx.host, args.get(1).unwrap_or_default())? {
        let mut size = ReplySize::new();
        let mut fits = true;
        set.scan(0, usize::MAX, &mut |member| {
            fits = fits && size.add(member.len());
            if fits {
                found.push(Frame::bulk(member.to_vec()));
            }
        });
        if !fits {
            return Err(Error::reply_too_large());
        }
    }
    reply(Frame::Set(found))
}

fn sismember<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let (key, member) = first_two(args);
    let set = set_of(cx.store, cx.host, key)?;
    let has = set.is_some_and(|set| set.contains(member));
    reply(Frame::Integer(i64::from(has)))
}

fn smismember<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let set = set_of(cx.store, cx.host, args.get(1).unwrap_or_default())?;
    let has = |member| Frame::Integer(i64::from(set.is_some_and(|set| set.contains(member))));
    reply(Frame::Array(args.from(2).iter().map(has).collect()))
}

fn scard<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let set = set_of(cx.store, cx.host, args.get(1).unwrap_or_default())?;
    reply(number(set.map_or(0, Set::len)))
}

fn sscan<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let (key, cursor) = first_two(args);
    let position = parse_position(Some(cursor))?;
    let Some(set) = set_of(cx.store, cx.host, key)? else {
        return reply(scan_reply(None, Frame::Array(Vec::new())));
    };
    let options = ScanOptions::parse_of_items(args.from(3))?;
    let mut found = Collector::new(options);
    let next = set.scan(position, options.count, &mut |member| {
        found.visit_item(member);
    });
    reply(scan_reply(next, found.finish()?))
}

fn number(count: usize) -> Frame<'static> {
    Frame::Integer(i64::try_from(count).unwrap_or(i64::MAX))
}
