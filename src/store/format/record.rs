//! A record of the journal: an effect with its number.

use std::borrow::Cow;

use serde::Deserialize;

use super::bytes::{EXPIRES, KEY, Text, VALUE, push_crc, push_number};
use super::checksum::{self, Checksum};
use super::items::{self, Texts};
use super::{Flaw, Number, Object, malformed_line, quick};
use crate::limits::{KEY_MAX_BYTES, VALUE_MAX_BYTES_CEILING};
use crate::store::Seq;
use crate::store::table::Deadline;
use crate::store::value::{Items, ItemsBuf, Kind, Op};

/// What a record does to the table. Doing it twice changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Effect<'a> {
    /// The key has this string from now on, until it is gone at the deadline, if there is one.
    Set {
        key: Cow<'a, [u8]>,
        value: Cow<'a, [u8]>,
        deadline: Option<Deadline>,
    },
    /// The key is absent from now on.
    Delete { key: Cow<'a, [u8]> },
    /// The key, if there is one, is gone at the deadline, or stays if there is none.
    Expire {
        key: Cow<'a, [u8]>,
        deadline: Option<Deadline>,
    },
    /// Items of the key's collection change.
    Items {
        key: Cow<'a, [u8]>,
        kind: &'static Kind,
        op: &'static Op,
        /// As in [`Items`].
        packed: Cow<'a, [u8]>,
    },
    /// Every key is absent from now on.
    Clear,
    /// The next so many records all count, or none of them.
    Group { count: u64 },
    /// A process began to write. Nothing changes.
    Start { incarnation: u64 },
}

impl<'a> Effect<'a> {
    pub(in crate::store) fn set(key: &'a [u8], value: &'a [u8]) -> Self {
        Self::set_until(key, value, None)
    }

    pub(in crate::store) fn set_until(
        key: &'a [u8],
        value: &'a [u8],
        deadline: Option<Deadline>,
    ) -> Self {
        Self::Set {
            key: Cow::Borrowed(key),
            value: Cow::Borrowed(value),
            deadline,
        }
    }

    pub(in crate::store) fn delete(key: &'a [u8]) -> Self {
        Self::Delete {
            key: Cow::Borrowed(key),
        }
    }

    pub(in crate::store) fn expire(key: &'a [u8], deadline: Option<Deadline>) -> Self {
        Self::Expire {
            key: Cow::Borrowed(key),
            deadline,
        }
    }

    fn op(&self) -> &'static str {
        match self {
            Self::Set { .. } => "set",
            Self::Delete { .. } => "del",
            Self::Expire {
                deadline: Some(_), ..
            } => "expire",
            Self::Expire { deadline: None, .. } => "persist",
            Self::Items { op, .. } => op.name,
            Self::Clear => "clear",
            Self::Group { .. } => "group",
            Self::Start { .. } => "start",
        }
    }

    fn content(&self, seq: Seq, synced: Option<Seq>) -> Content<'_> {
        let mut content = Content {
            count: None,
            deadline: None,
            incarnation: None,
            items: None,
            key: None,
            op: self.op(),
            seq,
            synced,
            value: None,
        };
        match self {
            Self::Set {
                key,
                value,
                deadline,
            } => {
                content.key = Some(key);
                content.value = Some(value);
                content.deadline = *deadline;
            }
            Self::Delete { key } => content.key = Some(key),
            Self::Expire { key, deadline } => {
                content.key = Some(key);
                content.deadline = *deadline;
            }
            Self::Items { key, packed, .. } => {
                content.key = Some(key);
                content.items = Some(Items::from_packed(packed));
            }
            Self::Group { count } => content.count = Some(*count),
            Self::Start { incarnation } => content.incarnation = Some(*incarnation),
            Self::Clear => {}
        }
        content
    }
}

/// A record as it was read.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::store) struct Record<'a> {
    pub(in crate::store) seq: Seq,
    pub(in crate::store) synced: Option<Seq>,
    pub(in crate::store) effect: Effect<'a>,
}

/// Appends a record, with the end of its line.
pub(in crate::store) fn push(
    out: &mut Vec<u8>,
    seq: Seq,
    effect: &Effect<'_>,
    synced: Option<Seq>,
) {
    let content = effect.content(seq, synced);
    out.extend_from_slice(b"{\"seq\":");
    push_number(out, seq);
    out.extend_from_slice(b",\"op\":\"");
    out.extend_from_slice(content.op.as_bytes());
    out.push(b'"');
    if let Some(key) = content.key {
        out.push(b',');
        KEY.push(out, key);
    }
    if let Some(value) = content.value {
        out.push(b',');
        VALUE.push(out, value);
    }
    if !content.is_usual() {
        push_others(out, &content);
    }
    if let Some(synced) = synced {
        out.extend_from_slice(b",\"synced\":");
        push_number(out, synced);
    }
    push_crc(out, content.checksum());
    out.extend_from_slice(b"}\n");
}

/// Appends the fields that only some records have.
#[inline(never)]
fn push_others(out: &mut Vec<u8>, content: &Content<'_>) {
    if let Some(items) = content.items {
        items::push(out, items);
    }
    let numbers = [
        (&b",\"count\":"[..], content.count),
        (b",\"incarnation\":", content.incarnation),
        (EXPIRES, content.deadline.map(Deadline::get)),
    ];
    for (opening, number) in numbers {
        if let Some(number) = number {
            out.extend_from_slice(opening);
            push_number(out, number);
        }
    }
}

/// Reads a line. `Ok` has the record, and the flaw of its checksum if it has one.
///
/// An op that is not known, with a checksum that is right, is from a newer program.
pub(in crate::store) fn parse(line: &[u8]) -> Result<(Record<'_>, Option<Flaw>), Flaw> {
    match quick::record(line) {
        Some(record) => Ok((record, None)),
        None => parse_json(line),
    }
}

/// Reads a line of whatever JSON.
pub(super) fn parse_json(line: &[u8]) -> Result<(Record<'_>, Option<Flaw>), Flaw> {
    let Object(text): Object<RecordText<'_>> = serde_json::from_slice(line)
        .map_err(|error| malformed_line("a record of a journal", &error))?;
    let (seq, op) = (text.seq.0, text.op.0);
    let [count, incarnation, deadline, synced] = [
        text.count,
        text.incarnation,
        text.expires_unix_ms,
        text.synced,
    ]
    .map(|number| number.map(|number| number.0));
    let key = KEY.decode(text.key, text.key_base64)?;
    let value = VALUE.decode(text.value, text.value_base64)?;
    let items = items::decode(text.items, text.items_base64)?;
    let too_long = |bytes: &Option<Cow<'_, [u8]>>, most| {
        bytes.as_ref().is_some_and(|bytes| bytes.len() > most)
    };
    if too_long(&key, KEY_MAX_BYTES) || too_long(&value, VALUE_MAX_BYTES_CEILING) {
        return Err(Flaw::malformed("has a key or a value that is too long"));
    }
    if deadline == Some(0) {
        return Err(Flaw::malformed("has an `expires_unix_ms` of 0"));
    }
    let deadline = deadline.and_then(Deadline::new);
    let content = Content {
        count,
        deadline,
        incarnation,
        items: items.as_ref().map(ItemsBuf::as_items),
        key: key.as_deref(),
        op: &op,
        seq,
        synced,
        value: value.as_deref(),
    };
    let flaw = check(text.crc.as_ref(), content.checksum()).err();
    let fields = Fields {
        count,
        deadline,
        incarnation,
        items: items.map(|items| Cow::Owned(items.into_packed())),
        key,
        value,
    };
    let effect = match fields.effect(&op) {
        Ok(effect) => effect,
        Err(Misfit::Fields) => {
            return Err(Flaw::Malformed(format!(
                "has not the fields that op {op:?} needs"
            )));
        }
        Err(Misfit::Op) if flaw.is_none() => {
            return Err(Flaw::Newer(format!(
                "has the op {op:?}, which this program does not know"
            )));
        }
        Err(Misfit::Op) => return Err(Flaw::Malformed(format!("has the unknown op {op:?}"))),
    };
    if synced.is_some_and(|synced| synced >= seq) {
        return Err(Flaw::malformed(
            "says of itself that it was synced before it was written",
        ));
    }
    Ok((
        Record {
            seq,
            synced,
            effect,
        },
        flaw,
    ))
}

/// The fields of a record beside those that all have.
struct Fields<'a> {
    count: Option<u64>,
    deadline: Option<Deadline>,
    incarnation: Option<u64>,
    items: Option<Cow<'a, [u8]>>,
    key: Option<Cow<'a, [u8]>>,
    value: Option<Cow<'a, [u8]>>,
}

/// Why fields are no effect.
enum Misfit {
    /// There is no such op.
    Op,
    /// The op has others.
    Fields,
}

impl<'a> Fields<'a> {
    /// The effect that they are of.
    fn effect(self, op: &str) -> Result<Effect<'a>, Misfit> {
        let Self {
            count,
            deadline,
            incarnation,
            items,
            key,
            value,
        } = self;
        let fields = (key, value, items, deadline, count, incarnation);
        let effect = match (op, fields) {
            ("set", (Some(key), Some(value), None, deadline, None, None)) => Effect::Set {
                key,
                value,
                deadline,
            },
            ("del", (Some(key), None, None, None, None, None)) => Effect::Delete { key },
            ("expire", (Some(key), None, None, deadline @ Some(_), None, None)) => {
                Effect::Expire { key, deadline }
            }
            ("persist", (Some(key), None, None, None, None, None)) => Effect::Expire {
                key,
                deadline: None,
            },
            ("clear", (None, None, None, None, None, None)) => Effect::Clear,
            ("group", (None, None, None, None, Some(count), None)) => Effect::Group { count },
            ("start", (None, None, None, None, None, Some(incarnation))) => {
                Effect::Start { incarnation }
            }
            ("set" | "del" | "expire" | "persist" | "clear" | "group" | "start", _) => {
                return Err(Misfit::Fields);
            }
            (_, fields) => match (Kind::of_op(op), fields) {
                (Some((kind, op)), (Some(key), None, Some(packed), None, None, None)) => {
                    Effect::Items {
                        key,
                        kind,
                        op,
                        packed,
                    }
                }
                (Some(_), _) => return Err(Misfit::Fields),
                (None, _) => return Err(Misfit::Op),
            },
        };
        Ok(effect)
    }
}

/// Compares the checksum that stands in a file with that of the content.
pub(in crate::store) fn check(written: Option<&Text<'_>>, computed: u32) -> Result<(), Flaw> {
    let Some(Text(written)) = written else {
        return Err(Flaw::Checksum("has no checksum".to_owned()));
    };
    let computed = checksum::digits(computed);
    if written.as_bytes().eq_ignore_ascii_case(&computed) {
        return Ok(());
    }
    let computed = String::from_utf8_lossy(&computed);
    Err(Flaw::Checksum(format!(
        "has the checksum {written:?}, but its content has {computed:?}"
    )))
}

/// What the checksum of a record covers.
pub(super) struct Content<'a> {
    pub(super) count: Option<u64>,
    pub(super) deadline: Option<Deadline>,
    pub(super) incarnation: Option<u64>,
    pub(super) items: Option<Items<'a>>,
    pub(super) key: Option<&'a [u8]>,
    pub(super) op: &'a str,
    pub(super) seq: Seq,
    pub(super) synced: Option<Seq>,
    pub(super) value: Option<&'a [u8]>,
}

impl Content<'_> {
    /// Whether it is that of nearly all records: a string that is set and stays, or a key that is absent.
    fn is_usual(&self) -> bool {
        let numbers = [
            self.count,
            self.incarnation,
            self.deadline.map(Deadline::get),
        ];
        numbers.iter().all(Option::is_none) && self.items.is_none()
    }

    pub(super) fn checksum(&self) -> u32 {
        let mut checksum = Checksum::new();
        if !self.is_usual() {
            self.sum_others(&mut checksum);
        }
        if let Some(key) = self.key {
            checksum.bytes(b"key", key);
        }
        checksum.bytes(b"op", self.op.as_bytes());
        checksum.number(b"seq", self.seq);
        if let Some(synced) = self.synced {
            checksum.number(b"synced", synced);
        }
        if let Some(value) = self.value {
            checksum.bytes(b"value", value);
        }
        checksum.finish()
    }

    /// Takes the fields that only some records have, whose names all stand before the others'. Apart, so that
    /// the usual records pay nothing for them.
    #[inline(never)]
    fn sum_others(&self, checksum: &mut Checksum) {
        if let Some(count) = self.count {
            checksum.number(b"count", count);
        }
        if let Some(deadline) = self.deadline {
            checksum.number(b"expires_unix_ms", deadline.get());
        }
        if let Some(incarnation) = self.incarnation {
            checksum.number(b"incarnation", incarnation);
        }
        if let Some(items) = self.items {
            checksum.bytes(b"items", items.packed());
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordText<'a> {
    seq: Number,
    #[serde(borrow)]
    op: Text<'a>,
    #[serde(borrow)]
    key: Option<Text<'a>>,
    #[serde(borrow)]
    key_base64: Option<Text<'a>>,
    #[serde(borrow)]
    value: Option<Text<'a>>,
    #[serde(borrow)]
    value_base64: Option<Text<'a>>,
    #[serde(borrow)]
    items: Option<Texts<'a>>,
    #[serde(borrow)]
    items_base64: Option<Texts<'a>>,
    count: Option<Number>,
    incarnation: Option<Number>,
    expires_unix_ms: Option<Number>,
    synced: Option<Number>,
    #[serde(borrow)]
    crc: Option<Text<'a>>,
}
