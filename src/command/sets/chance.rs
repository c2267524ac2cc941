//! Members by chance: `SPOP SRANDMEMBER`. Each member is as likely as any other.

use rand::RngExt as _;
use rand::seq::index;

use super::super::keys::parse_number;
use super::super::{Args, Context, Error, Frame, Outcome, ReplySize, reply};
use super::{note_removed, set_of};
use crate::store::Set;

/// One member, or with a count several that differ, and they are gone from the set.
pub(super) fn spop<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let key = args.get(1).unwrap_or_default();
    let count = match (args.get(2), args.get(3)) {
        (_, Some(_)) => return Err(Error::syntax()),
        (None, None) => None,
        (Some(count), None) => Some(
            parse_number::<i64>(count)
                .ok()
                .and_then(|count| usize::try_from(count).ok())
                .ok_or(Error::new("ERR value is out of range, must be positive"))?,
        ),
    };
    let found = match cx.store.members(key)? {
        Some(set) => different(set, count.unwrap_or(1))?,
        None => Vec::new(),
    };
    let members = found.iter().filter_map(Frame::as_bytes);
    if cx.store.remove_members(key, members)? > 0 {
        note_removed(cx.store, cx.host, "spop", key);
    }
    reply(if count.is_some() {
        Frame::Set(found)
    } else {
        one(found)
    })
}

/// One member, or with a count several: if it is negative, members may come more than once.
pub(super) fn srandmember<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let key = args.get(1).unwrap_or_default();
    let count = match (args.get(2), args.get(3)) {
        (_, Some(_)) => return Err(Error::syntax()),
        (None, None) => None,
        (Some(count), None) => Some(parse_count(count)?),
    };
    let Some(set) = set_of(cx.store, cx.host, key)? else {
        return reply(count.map_or(Frame::Null, |_| Frame::Array(Vec::new())));
    };
    let amount = count.unwrap_or(1).unsigned_abs();
    let amount = usize::try_from(amount).unwrap_or(usize::MAX);
    reply(match count {
        None => one(different(set, amount)?),
        Some(0..) => Frame::Array(different(set, amount)?),
        Some(_) => Frame::Array(any(set, amount)?),
    })
}

fn parse_count(word: &[u8]) -> Result<i64, Error> {
    let count = parse_number::<i64>(word)?;
    if count == i64::MIN {
        return Err(Error::new(
            "ERR value is out of range, value must between -9223372036854775807 and \
             9223372036854775807",
        ));
    }
    Ok(count)
}

fn one(mut members: Vec<Frame<'static>>) -> Frame<'static> {
    members.pop().unwrap_or(Frame::Null)
}

/// So many members that differ, or all.
fn different(set: &Set, count: usize) -> Result<Vec<Frame<'static>>, Error> {
    let count = count.min(set.len());
    let places = if count == set.len() {
        (0..count).collect()
    } else {
        let mut places = index::sample(&mut rand::rng(), set.len(), count).into_vec();
        places.sort_unstable();
        places
    };
    copied(&set.at(&places))
}

/// So many members, each chosen among all.
fn any(set: &Set, count: usize) -> Result<Vec<Frame<'static>>, Error> {
    let mut size = ReplySize::new();
    // Before memory is taken for what no reply can hold.
    if count > crate::limits::REPLY_ELEMENTS_MAX {
        return Err(Error::reply_too_large());
    }
    let mut rng = rand::rng();
    let mut chosen: Vec<(usize, usize)> = (0..count)
        .map(|number| (rng.random_range(0..set.len()), number))
        .collect();
    chosen.sort_unstable();
    let mut places: Vec<usize> = chosen.iter().map(|(place, _)| *place).collect();
    places.dedup();
    let members = set.at(&places);
    let mut found = vec![Frame::Null; count];
    for (place, number) in chosen {
        let member = places.binary_search(&place).ok();
        let member = member.and_then(|at| members.get(at)).copied();
        let member = member.unwrap_or_default();
        if !size.add(member.len()) {
            return Err(Error::reply_too_large());
        }
        if let Some(frame) = found.get_mut(number) {
            *frame = Frame::bulk(member.to_vec());
        }
    }
    Ok(found)
}

fn copied(members: &[&[u8]]) -> Result<Vec<Frame<'static>>, Error> {
    let mut size = ReplySize::new();
    if !members.iter().all(|member| size.add(member.len())) {
        return Err(Error::reply_too_large());
    }
    Ok(members
        .iter()
        .map(|member| Frame::bulk(member.to_vec()))
        .collect())
}
