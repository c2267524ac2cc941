//! A record of the journal: an effect with its number.

use std::borrow::Cow;

use serde::Deserialize;

use super::bytes::{KEY, Text, VALUE, push_crc, push_number};
use super::checksum::{self, Checksum};
use super::{Flaw, Number, Object, malformed_line, quick};
use crate::limits::{KEY_MAX_BYTES, VALUE_MAX_BYTES_CEILING};
use crate::store::Seq;

/// What a record does to the table. Doing it twice changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Effect<'a> {
    /// The key has this value from now on.
    Set {
        key: Cow<'a, [u8]>,
        value: Cow<'a, [u8]>,
    },
    /// The key is absent from now on.
    Delete { key: Cow<'a, [u8]> },
    /// Every key is absent from now on.
    Clear,
    /// A process began to write. Nothing changes.
    Start { incarnation: u64 },
}

impl<'a> Effect<'a> {
    pub(in crate::store) fn set(key: &'a [u8], value: &'a [u8]) -> Self {
        Self::Set {
            key: Cow::Borrowed(key),
            value: Cow::Borrowed(value),
        }
    }

    pub(in crate::store) fn delete(key: &'a [u8]) -> Self {
        Self::Delete {
            key: Cow::Borrowed(key),
        }
    }

    fn op(&self) -> &'static str {
        match self {
            Self::Set { .. } => "set",
            Self::Delete { .. } => "del",
            Self::Clear => "clear",
            Self::Start { .. } => "start",
        }
    }

    fn key(&self) -> Option<&[u8]> {
        match self {
            Self::Set { key, .. } | Self::Delete { key } => Some(key),
            Self::Clear | Self::Start { .. } => None,
        }
    }

    fn value(&self) -> Option<&[u8]> {
        match self {
            Self::Set { value, .. } => Some(value),
            _ => None,
        }
    }

    fn incarnation(&self) -> Option<u64> {
        match self {
            Self::Start { incarnation } => Some(*incarnation),
            _ => None,
        }
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
    let op = effect.op();
    out.extend_from_slice(b"{\"seq\":");
    push_number(out, seq);
    out.extend_from_slice(b",\"op\":\"");
    out.extend_from_slice(op.as_bytes());
    out.push(b'"');
    if let Some(key) = effect.key() {
        out.push(b',');
        KEY.push(out, key);
    }
    if let Some(value) = effect.value() {
        out.push(b',');
        VALUE.push(out, value);
    }
    if let Some(incarnation) = effect.incarnation() {
        out.extend_from_slice(b",\"incarnation\":");
        push_number(out, incarnation);
    }
    if let Some(synced) = synced {
        out.extend_from_slice(b",\"synced\":");
        push_number(out, synced);
    }
    let content = Content {
        incarnation: effect.incarnation(),
        key: effect.key(),
        op,
        seq,
        synced,
        value: effect.value(),
    };
    push_crc(out, content.checksum());
    out.extend_from_slice(b"}\n");
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
    let incarnation = text.incarnation.map(|number| number.0);
    let synced = text.synced.map(|number| number.0);
    let key = KEY.decode(text.key, text.key_base64)?;
    let value = VALUE.decode(text.value, text.value_base64)?;
    let too_long = |bytes: &Option<Cow<'_, [u8]>>, most| {
        bytes.as_ref().is_some_and(|bytes| bytes.len() > most)
    };
    if too_long(&key, KEY_MAX_BYTES) || too_long(&value, VALUE_MAX_BYTES_CEILING) {
        return Err(Flaw::malformed("has a key or a value that is too long"));
    }
    let content = Content {
        incarnation,
        key: key.as_deref(),
        op: &op,
        seq,
        synced,
        value: value.as_deref(),
    };
    let flaw = check(text.crc.as_ref(), content.checksum()).err();
    let effect = match (&*op, key, value, incarnation) {
        ("set", Some(key), Some(value), None) => Effect::Set { key, value },
        ("del", Some(key), None, None) => Effect::Delete { key },
        ("clear", None, None, None) => Effect::Clear,
        ("start", None, None, Some(incarnation)) => Effect::Start { incarnation },
        ("set" | "del" | "clear" | "start", ..) => {
            return Err(Flaw::Malformed(format!(
                "has not the fields that op {op:?} needs"
            )));
        }
        _ if flaw.is_none() => {
            return Err(Flaw::Newer(format!(
                "has the op {op:?}, which this program does not know"
            )));
        }
        _ => return Err(Flaw::Malformed(format!("has the unknown op {op:?}"))),
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
    pub(super) incarnation: Option<u64>,
    pub(super) key: Option<&'a [u8]>,
    pub(super) op: &'a str,
    pub(super) seq: Seq,
    pub(super) synced: Option<Seq>,
    pub(super) value: Option<&'a [u8]>,
}

impl Content<'_> {
    pub(super) fn checksum(&self) -> u32 {
        let mut checksum = Checksum::new();
        if let Some(incarnation) = self.incarnation {
            checksum.number(b"incarnation", incarnation);
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
    incarnation: Option<Number>,
    synced: Option<Number>,
    #[serde(borrow)]
    crc: Option<Text<'a>>,
}
