//! Keys that come whole from another node: with their type, all their items, and the moment at which they
//! are gone.
//!
//! One is taken only if there is no such key, and as a whole: a crash leaves all of it or nothing. If there
//! is one, it is told whether that is the same, so that who sends it need not keep what he sends.

use std::fmt;

use super::table::{Deadline, Entry, hash};
use super::value::{ItemsBuf, Kind, Value, View};
use super::{Refused, Store};
use crate::limits::VALUE_MAX_BYTES_CEILING;

/// A value that is not under a key yet.
pub struct Payload(Value);

/// What became of a key that came whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adoption {
    /// It was absent, and is there now.
    Stored,
    /// It is there with the same value and the same deadline.
    Same,
    /// It is there with the same value, and gone at another moment.
    OtherDeadline,
    /// It is there with another value.
    OtherValue,
    /// It was there with another value or another deadline, which is gone now.
    Replaced,
    /// Its deadline has passed; it was not looked for.
    Expired,
}

impl Payload {
    /// A string.
    pub fn string(bytes: &[u8]) -> Self {
        Self(Value::String(bytes.into()))
    }

    /// A collection without items; `None` if there is none of this type (as [`View::type_name`] says it).
    pub fn empty(type_name: &[u8]) -> Option<Self> {
        let kind = Kind::by_name(std::str::from_utf8(type_name).ok()?)?;
        Some(Self((kind.empty)()))
    }

    /// Adds items to a collection. After an error none of them is in it.
    pub fn add<'i>(&mut self, items: impl Iterator<Item = &'i [u8]>) -> Result<(), Refused> {
        let mut list = ItemsBuf::default();
        for item in items {
            if item.len() > VALUE_MAX_BYTES_CEILING {
                return Err(Refused::ValueTooLong(item.len()));
            }
            list.push(item);
        }
        self.0.extend(list.as_items());
        Ok(())
    }

    /// What it holds.
    pub fn view(&self) -> View<'_> {
        self.0.view()
    }

    /// Gives its memory back, beside the requests if it is much.
    pub fn drop_apart(self) {
        Entry::with(&[], self.0, None).drop_apart();
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(f)
    }
}

impl Store {
    /// Gives a key a value and a deadline, if it is absent. The value is not an empty collection.
    pub fn adopt(
        &mut self,
        key: &[u8],
        payload: Payload,
        deadline: Option<Deadline>,
    ) -> Result<Adoption, Refused> {
        self.take(key, payload, deadline, false)
    }

    /// The same, also if the key is there.
    pub fn adopt_anyway(
        &mut self,
        key: &[u8],
        payload: Payload,
        deadline: Option<Deadline>,
    ) -> Result<Adoption, Refused> {
        self.take(key, payload, deadline, true)
    }

    fn take(
        &mut self,
        key: &[u8],
        payload: Payload,
        deadline: Option<Deadline>,
        may_replace: bool,
    ) -> Result<Adoption, Refused> {
        let as_string = payload.view().as_string();
        self.check(key, as_string.unwrap_or_default())?;
        let now = self.now_unix_ms();
        if deadline.is_some_and(|deadline| deadline.get() <= now) {
            payload.drop_apart();
            return Ok(Adoption::Expired);
        }
        let known = self.entry(hash(key), key).map(|known| {
            if !known.view().holds_same(payload.view()) {
                Adoption::OtherValue
            } else if known.deadline() != deadline {
                Adoption::OtherDeadline
            } else {
                Adoption::Same
            }
        });
        let adoption = match known {
            None => Adoption::Stored,
            Some(Adoption::OtherValue | Adoption::OtherDeadline) if may_replace => {
                Adoption::Replaced
            }
            Some(adoption) => {
                payload.drop_apart();
                return Ok(adoption);
            }
        };
        if let Value::String(bytes) = &payload.0 {
            self.set_until(key, bytes, deadline)?;
        } else {
            self.put_collection(key, payload.0, deadline)?;
        }
        Ok(adoption)
    }
}
