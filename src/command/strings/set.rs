//! Setting strings, and until when: `SET SETEX PSETEX GETEX`.

use super::super::moment::{MILLISECONDS, SECONDS, Scale};
use super::super::{Args, Context, Error, EventFlags, Frame, Outcome, first_two, reply};
use crate::store::{Deadline, Store};

pub(super) fn set<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let (key, value) = first_two(args);
    if args.len() == 3 {
        cx.host.events.note_if_new(cx.store, key);
        cx.store.set(key, value)?;
        cx.host.events.note(EventFlags::STRING, "set", key);
        return reply(Frame::OK);
    }
    let options = Options::parse(args.from(3))?;
    let lasts = options.lasts.resolve(cx.store, "set")?;
    let old = if options.returns {
        cx.store.string(key)?.map(<[u8]>::to_vec)
    } else {
        None
    };
    if options.returns && old.is_none() {
        cx.host.events.note_miss(key);
    }
    let old = old.map_or(Frame::Null, Frame::bulk);
    let exists = options.only_if.is_some() && cx.store.contains(key);
    if options.only_if.is_some_and(|wanted| wanted != exists) {
        return reply(old);
    }
    cx.host.events.note_if_new(cx.store, key);
    match lasts {
        Resolved::AsBefore => cx.store.replace(key, value)?,
        Resolved::Forever => cx.store.set(key, value)?,
        Resolved::Until(deadline) => cx.store.set_until(key, value, Some(deadline))?,
    }
    cx.host.events.note(EventFlags::STRING, "set", key);
    if let Resolved::Until(_) = lasts {
        cx.host.events.note(EventFlags::GENERIC, "expire", key);
    }
    reply(if options.returns { old } else { Frame::OK })
}

pub(super) fn setex<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    set_for(cx, args, SECONDS, "setex")
}

pub(super) fn psetex<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    set_for(cx, args, MILLISECONDS, "psetex")
}

fn set_for<'s>(
    cx: Context<'s, '_>,
    args: Args<'_>,
    scale: Scale,
    command: &str,
) -> Result<Outcome<'s>, Error> {
    let (key, time) = first_two(args);
    let until = scale.deadline(time, cx.store, command)?;
    let value = args.get(3).unwrap_or_default();
    cx.host.events.note_if_new(cx.store, key);
    cx.store.set_until(key, value, Some(until))?;
    cx.host.events.note(EventFlags::STRING, "set", key);
    cx.host.events.note(EventFlags::GENERIC, "expire", key);
    reply(Frame::OK)
}

/// The value of a key, and from then on it lasts as long as the options say.
pub(super) fn getex<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let key = args.get(1).unwrap_or_default();
    let lasts = Lasts::parse_getex(args.from(2))?;
    let Some(value) = cx.store.string(key)?.map(<[u8]>::to_vec) else {
        cx.host.events.note_miss(key);
        return reply(Frame::Null);
    };
    let note = |name| cx.host.events.note(EventFlags::GENERIC, name, key);
    match lasts.resolve(cx.store, "getex")? {
        Resolved::Until(until) if until.get() <= cx.store.now_unix_ms() => {
            cx.store.delete(key)?;
            note("del");
        }
        Resolved::Until(until) => {
            cx.store.expire(key, Some(until))?;
            note("expire");
        }
        Resolved::Forever if cx.store.deadline_of(key).flatten().is_some() => {
            cx.store.expire(key, None)?;
            note("persist");
        }
        Resolved::AsBefore | Resolved::Forever => {}
    }
    reply(Frame::bulk(value))
}

/// How long a key is to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lasts<'a> {
    /// As long as before.
    AsBefore,
    /// It stays.
    Forever,
    Until(Scale, &'a [u8]),
}

impl<'a> Lasts<'a> {
    /// Reads the option `word`, whose argument is the next of `words`, after those that were read before.
    fn read(
        &mut self,
        default: Self,
        word: &[u8],
        words: &mut impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), Error> {
        let scale = Scale::of_option(word).ok_or(Error::syntax())?;
        let time = words.next().ok_or(Error::syntax())?;
        let is_free = match *self {
            Self::Until(before, _) => before == scale,
            other => other == default,
        };
        if !is_free {
            return Err(Error::syntax());
        }
        *self = Self::Until(scale, time);
        Ok(())
    }

    fn parse_getex(args: Args<'a>) -> Result<Self, Error> {
        let mut lasts = Self::AsBefore;
        let mut words = args.iter();
        while let Some(word) = words.next() {
            if word.eq_ignore_ascii_case(b"persist") {
                if matches!(lasts, Self::Until(..)) {
                    return Err(Error::syntax());
                }
                lasts = Self::Forever;
            } else {
                lasts.read(Self::AsBefore, word, &mut words)?;
            }
        }
        Ok(lasts)
    }

    fn resolve(self, store: &Store, command: &str) -> Result<Resolved, Error> {
        Ok(match self {
            Self::AsBefore => Resolved::AsBefore,
            Self::Forever => Resolved::Forever,
            Self::Until(scale, time) => Resolved::Until(scale.deadline(time, store, command)?),
        })
    }
}

/// How long a key is to last, by the time that it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resolved {
    AsBefore,
    Forever,
    Until(Deadline),
}

/// What `SET` was asked beside the key and the value.
struct Options<'a> {
    /// `XX`: only if the key exists; `NX`: only if it does not.
    only_if: Option<bool>,
    /// `GET`: the reply is the value before.
    returns: bool,
    lasts: Lasts<'a>,
}

impl<'a> Options<'a> {
    fn parse(args: Args<'a>) -> Result<Self, Error> {
        let mut options = Self {
            only_if: None,
            returns: false,
            lasts: Lasts::Forever,
        };
        let mut words = args.iter();
        while let Some(word) = words.next() {
            let only_if = [(&b"xx"[..], true), (b"nx", false)]
                .into_iter()
                .find(|(name, _)| word.eq_ignore_ascii_case(name));
            match only_if {
                Some((_, exists)) if options.only_if.is_none_or(|before| before == exists) => {
                    options.only_if = Some(exists);
                }
                Some(_) => return Err(Error::syntax()),
                None if word.eq_ignore_ascii_case(b"get") => options.returns = true,
                None if word.eq_ignore_ascii_case(b"keepttl") => {
                    if matches!(options.lasts, Lasts::Until(..)) {
                        return Err(Error::syntax());
                    }
                    options.lasts = Lasts::AsBefore;
                }
                None => options.lasts.read(Lasts::Forever, word, &mut words)?,
            }
        }
        Ok(options)
    }
}
