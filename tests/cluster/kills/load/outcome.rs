//! What a reply to a write says.

use triad::resp::Frame;

/// What became of a write to one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    NotDone,
    Unknown,
}

impl Outcome {
    /// As the reply tells it for the keys of `owner`, if it is a reply to expect.
    pub(super) fn of(reply: &Frame<'_>, owner: &str) -> Option<Self> {
        match reply {
            Frame::Integer(0 | 1) => Some(Self::Done),
            ok if *ok == Frame::OK => Some(Self::Done),
            Frame::Error(text) if text.starts_with("UNREACHABLE ") => Some(Self::NotDone),
            Frame::Error(text) if text.starts_with("OUTCOMEUNKNOWN ") => Some(Self::Unknown),
            Frame::Error(text) => Self::of_part(text.strip_prefix("PARTIAL MSET: ")?, owner),
            _ => None,
        }
    }

    /// As `done on A and B; not on C: …; it is not known whether on D: …` tells it.
    fn of_part(text: &str, owner: &str) -> Option<Self> {
        let done = text.split(';').next()?.strip_prefix("done on ");
        if done.is_some_and(|names| names.split(" and ").any(|name| name == owner)) {
            Some(Self::Done)
        } else if text.contains(&format!("it is not known whether on {owner}: ")) {
            Some(Self::Unknown)
        } else if text.contains(&format!("not on {owner}: ")) {
            Some(Self::NotDone)
        } else {
            None
        }
    }
}

#[test]
fn a_partial_reply_tells_the_outcome_of_each_owners_part() {
    let text = "PARTIAL MSET: done on linux and android; it is not known whether on mac: \
                OUTCOMEUNKNOWN mac 127.0.0.1:1: reset";
    let frame = Frame::error(text.to_owned());
    let outcomes = crate::lab::NAMES.map(|owner| Outcome::of(&frame, owner).unwrap());
    assert_eq!(outcomes, [Outcome::Done, Outcome::Unknown, Outcome::Done]);
    let text = "PARTIAL MSET: done on mac; not on linux: UNREACHABLE linux 127.0.0.1:1: refused";
    let frame = Frame::error(text.to_owned());
    assert_eq!(Outcome::of(&frame, "linux"), Some(Outcome::NotDone));
    assert_eq!(Outcome::of(&frame, "android"), None);
    assert_eq!(
        Outcome::of(&Frame::error("MISCONF broken".to_owned()), "mac"),
        None
    );
}
