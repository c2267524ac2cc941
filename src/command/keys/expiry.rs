//! How long keys last: `EXPIRE PEXPIRE EXPIREAT PEXPIREAT TTL PTTL EXPIRETIME PEXPIRETIME PERSIST`.

use super::super::moment::{
    MILLISECONDS, SECONDS, Scale, UNIX_MILLISECONDS, UNIX_SECONDS, deadline,
};
use super::super::{Args, Context, Error, EventFlags, Frame, Outcome, first_two, reply};

pub(super) fn expire<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    expire_at(cx, args, SECONDS, "expire")
}

pub(super) fn pexpire<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    expire_at(cx, args, MILLISECONDS, "pexpire")
}

pub(super) fn expireat<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    expire_at(cx, args, UNIX_SECONDS, "expireat")
}

pub(super) fn pexpireat<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    expire_at(cx, args, UNIX_MILLISECONDS, "pexpireat")
}

/// Sets the moment at which a key is gone. One that has passed deletes it.
fn expire_at<'s>(
    cx: Context<'s, '_>,
    args: Args<'_>,
    scale: Scale,
    command: &str,
) -> Result<Outcome<'s>, Error> {
    let (key, time) = first_two(args);
    let condition = Condition::parse(args.from(3))?;
    let moment = scale.moment(time, cx.store, command)?;
    let Some(before) = cx.store.deadline_of(key) else {
        return reply(Frame::Integer(0));
    };
    let before = before.and_then(|before| i64::try_from(before.get()).ok());
    if !condition.holds(before, moment) {
        return reply(Frame::Integer(0));
    }
    let now = i64::try_from(cx.store.now_unix_ms()).unwrap_or(i64::MAX);
    let name = if let Some(deadline) = deadline(moment).filter(|_| moment > now) {
        cx.store.expire(key, Some(deadline))?;
        "expire"
    } else {
        cx.store.delete(key)?;
        "del"
    };
    cx.host.events.note(EventFlags::GENERIC, name, key);
    reply(Frame::Integer(1))
}

/// Which deadline the key has to have before, to get another.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Before {
    #[default]
    Any,
    /// `NX`.
    None,
    /// `XX`.
    Some,
}

/// When a deadline is set.
#[derive(Debug, Default, Clone, Copy)]
struct Condition {
    before: Before,
    /// `GT`: the new one is later.
    is_later: bool,
    /// `LT`: the new one is sooner.
    is_sooner: bool,
}

impl Condition {
    fn parse(words: Args<'_>) -> Result<Self, Error> {
        let mut condition = Self::default();
        let (mut has_nx, mut has_others) = (false, false);
        for word in words {
            let option = word.to_ascii_lowercase();
            has_nx |= option == b"nx";
            has_others |= option != b"nx";
            match option.as_slice() {
                b"nx" => condition.before = Before::None,
                b"xx" => condition.before = Before::Some,
                b"gt" => condition.is_later = true,
                b"lt" => condition.is_sooner = true,
                _ => return Err(Error::unsupported_option(word)),
            }
        }
        if has_nx && has_others {
            return Err(Error::new(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
            ));
        }
        if condition.is_later && condition.is_sooner {
            return Err(Error::new(
                "ERR GT and LT options at the same time are not compatible",
            ));
        }
        Ok(condition)
    }

    /// Whether a key with the deadline `before` gets the new one. A key that stays counts as one whose
    /// deadline is later than any.
    fn holds(self, before: Option<i64>, moment: i64) -> bool {
        match before {
            None => self.before != Before::Some && !self.is_later,
            Some(_) if self.before == Before::None => false,
            Some(before) if self.is_later => moment > before,
            Some(before) if self.is_sooner => moment < before,
            Some(_) => true,
        }
    }
}

pub(super) fn ttl<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    tell(cx, args, |deadline, now| rounded(deadline - now))
}

pub(super) fn pttl<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    tell(cx, args, |deadline, now| deadline - now)
}

pub(super) fn expiretime<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    tell(cx, args, |deadline, _| rounded(deadline))
}

pub(super) fn pexpiretime<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    tell(cx, args, |deadline, _| deadline)
}

/// What `tell` makes of the key's deadline and the time; -1 if the key stays, -2 if there is none.
fn tell<'s>(
    cx: Context<'s, '_>,
    args: Args<'_>,
    tell: impl FnOnce(i64, i64) -> i64,
) -> Result<Outcome<'s>, Error> {
    let ms = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    let key = args.get(1).unwrap_or_default();
    let told = match cx.store.deadline_of(key) {
        None => {
            cx.host.events.note_miss(key);
            -2
        }
        Some(None) => -1,
        Some(Some(deadline)) => tell(ms(deadline.get()), ms(cx.store.now_unix_ms())).max(0),
    };
    reply(Frame::Integer(told))
}

/// Milliseconds as seconds, half of one upwards.
fn rounded(ms: i64) -> i64 {
    (ms + 500) / 1000
}

pub(super) fn persist<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let key = args.get(1).unwrap_or_default();
    let has_one = cx.store.deadline_of(key).flatten().is_some();
    if has_one {
        cx.store.expire(key, None)?;
        cx.host.events.note(EventFlags::GENERIC, "persist", key);
    }
    reply(Frame::Integer(i64::from(has_one)))
}
