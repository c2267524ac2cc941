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
    let name = match deadline(moment).filter(|_| moment > now) {
        Some(deadline) => {
            cx.store.expire(key, Some(deadline))?;
            "expire"
        }
        None => {
            cx.store.delete(key)?;
            "del"
        }
    };
    cx.host.events.note(EventFlags::GENERIC, name, key);
    reply(Frame::Integer(1))
}

/// When a deadline is set: `NX XX GT LT`.
#[derive(Debug, Default, Clone, Copy)]
struct Condition {
    has_none: bool,
    has_one: bool,
    is_later: bool,
    is_sooner: bool,
}

impl Condition {
    fn parse(words: Args<'_>) -> Result<Self, Error> {
        let mut condition = Self::default();
        for word in words {
            let flag = match word.to_ascii_lowercase().as_slice() {
                b"nx" => &mut condition.has_none,
                b"xx" => &mut condition.has_one,
                b"gt" => &mut condition.is_later,
                b"lt" => &mut condition.is_sooner,
                _ => return Err(Error::unsupported_option(word)),
            };
            *flag = true;
        }
        let others = condition.has_one || condition.is_later || condition.is_sooner;
        if condition.has_none && others {
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
        let Some(before) = before else {
            return !self.has_one && !self.is_later;
        };
        !self.has_none
            && !(self.is_later && moment <= before)
            && !(self.is_sooner && moment >= before)
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
