//! Sets: `SADD SREM SMEMBERS SISMEMBER SMISMEMBER SCARD SSCAN`, and those that take members by
//! [`chance`].

mod chance;

use super::keys::{Collector, ScanOptions, parse_position, scan_reply};
use super::{Args, Command, Context, Error, Frame, Outcome, ReplySize, first_two, reply};

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
    let added = cx.store.add_members(key, args.from(2).iter())?;
    reply(number(added))
}

fn srem<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let key = args.get(1).unwrap_or_default();
    let removed = cx.store.remove_members(key, args.from(2).iter())?;
    reply(number(removed))
}

fn smembers<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let mut found = Vec::new();
    if let Some(set) = cx.store.members(args.get(1).unwrap_or_default())? {
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
    let set = cx.store.members(key)?;
    let has = set.is_some_and(|set| set.contains(member));
    reply(Frame::Integer(i64::from(has)))
}

fn smismember<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let set = cx.store.members(args.get(1).unwrap_or_default())?;
    let has = |member| Frame::Integer(i64::from(set.is_some_and(|set| set.contains(member))));
    reply(Frame::Array(args.from(2).iter().map(has).collect()))
}

fn scard<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let set = cx.store.members(args.get(1).unwrap_or_default())?;
    reply(number(set.map_or(0, crate::store::Set::len)))
}

fn sscan<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let (key, cursor) = first_two(args);
    let position = parse_position(Some(cursor))?;
    let Some(set) = cx.store.members(key)? else {
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
