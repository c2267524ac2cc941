//! A key that lies on a node which does not own it, as that node tells of it.

use crate::client::{Client, ClientError};
use crate::resp::Frame;

/// See the module's text.
#[derive(Debug)]
pub(super) struct Stray {
    pub(super) key: Vec<u8>,
    /// In milliseconds since 1970, as text; 0 if it stays.
    pub(super) deadline: Vec<u8>,
    pub(super) kind: Vec<u8>,
    /// None if they are so many that they are asked for in parts.
    pub(super) items: Vec<Vec<u8>>,
    /// The place of its owner in the list.
    pub(super) owner: usize,
    pub(super) state: State,
}

/// How far a stray has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Nobody has been asked yet.
    Away,
    /// The owner has it with this value and deadline now: stored just now, or by a run that was
    /// interrupted before it could delete the key where it lay.
    Home,
    /// Its time has come.
    Expired,
    /// It was gone when its items were asked for.
    Gone,
    /// It stays where it is.
    Kept(Reason),
}

/// Why a stray stays where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reason {
    /// The owner had the key before, with another value.
    OtherValue,
    /// The owner had the key before, with another deadline.
    OtherDeadline,
    /// The owner does not take it.
    Refused(String),
}

impl Stray {
    /// Reads an element of the reply of `TRIAD MISPLACED … WHOLE`.
    pub(super) fn read(
        element: Frame<'static>,
        owner: impl FnOnce(&[u8]) -> usize,
    ) -> Option<Self> {
        let Frame::Array(words) = element else {
            return None;
        };
        let mut words = words.into_iter().map(bytes);
        let (key, deadline, kind) = (words.next()??, words.next()??, words.next()??);
        Some(Self {
            owner: owner(&key),
            key,
            deadline,
            kind,
            items: words.collect::<Option<_>>()?,
            state: State::Away,
        })
    }

    /// About how many bytes it has.
    pub(super) fn bytes(&self) -> usize {
        self.key.len() + self.items.iter().map(Vec::len).sum::<usize>()
    }

    /// The request that hands it to its owner. Without items it is about those that were sent before.
    pub(super) fn adoption(&self) -> Vec<&[u8]> {
        let command: [&[u8]; 5] = [b"TRIAD", b"ADOPT", &self.key, &self.deadline, &self.kind];
        let items = self.items.iter().map(Vec::as_slice);
        command.into_iter().chain(items).collect()
    }

    /// Reads what the owner says to that; `None` if it says that it is not the owner.
    pub(super) fn verdict(
        owner: &Client,
        reply: Result<Frame<'static>, ClientError>,
    ) -> Result<Option<State>, ClientError> {
        let reply = match reply {
            // One key that is not taken does not hold up the others; a disk that has failed does.
            Err(ClientError::Refused { text }) if text.starts_with("ERR ") => {
                return Ok(Some(State::refused(&text)));
            }
            reply => reply?,
        };
        let word = match &reply {
            Frame::Array(parts) => parts.first().and_then(Frame::as_bytes),
            _ => None,
        };
        Ok(Some(match word {
            Some(b"stored" | b"same") => State::Home,
            Some(b"expired") => State::Expired,
            Some(b"exists") => State::Kept(Reason::OtherValue),
            Some(b"deadline") => State::Kept(Reason::OtherDeadline),
            Some(b"declined") => return Ok(None),
            _ => return Err(owner.unexpected("TRIAD ADOPT")),
        }))
    }
}

impl State {
    /// The state after an error reply.
    pub(super) fn refused(text: &str) -> Self {
        let reason = text.strip_prefix("ERR ").unwrap_or(text);
        Self::Kept(Reason::Refused(reason.to_owned()))
    }
}

fn bytes(frame: Frame<'static>) -> Option<Vec<u8>> {
    match frame {
        Frame::Bulk(bytes) => Some(bytes.into_owned()),
        _ => None,
    }
}
