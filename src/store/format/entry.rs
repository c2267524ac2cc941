//! An entry of a snapshot, as it is read.

use std::borrow::Cow;

use serde::Deserialize;

use super::bytes::{KEY, Text, VALUE};
use super::items::{self, Texts};
use super::snapshot::{SnapshotEntry, SnapshotValue};
use super::{Flaw, Number, Object, quick, record};
use crate::store::table::Deadline;
use crate::store::value::{ItemsBuf, Kind};

/// The fields of an entry.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct EntryText<'a> {
    #[serde(borrow)]
    key: Option<Text<'a>>,
    #[serde(borrow)]
    key_base64: Option<Text<'a>>,
    #[serde(borrow)]
    value: Option<Text<'a>>,
    #[serde(borrow)]
    value_base64: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    items: Option<Texts<'a>>,
    #[serde(borrow)]
    items_base64: Option<Texts<'a>>,
    part: Option<Number>,
    expires_unix_ms: Option<Number>,
    #[serde(borrow)]
    crc: Option<Text<'a>>,
}

/// An entry that was read. What needed no decoding is borrowed from the text.
pub struct ReadEntry<'a> {
    key: Cow<'a, [u8]>,
    deadline: Option<Deadline>,
    value: ReadValue<'a>,
    /// The checksum that stands there.
    pub(in crate::store) written: Option<Text<'a>>,
}

enum ReadValue<'a> {
    String(Cow<'a, [u8]>),
    Items {
        kind: &'static Kind,
        items: ItemsBuf,
        part: Option<u64>,
    },
}

impl<'a> ReadEntry<'a> {
    /// Reads an entry that is a whole line. The error says what is wrong with it; a checksum that is there is
    /// not looked at yet, see [`ReadEntry::check`].
    pub fn parse(line: &'a [u8]) -> Result<Self, String> {
        if let Some((key, value)) = quick::entry_without_checksum(line) {
            return Ok(Self {
                key: Cow::Borrowed(key),
                deadline: None,
                value: ReadValue::String(Cow::Borrowed(value)),
                written: None,
            });
        }
        let parsed: Result<Object<EntryText<'a>>, _> = serde_json::from_slice(line);
        let Object(text) = parsed.map_err(|error| {
            let (column, text) = (error.column(), error.to_string());
            let place = format!(" at line {} column {column}", error.line());
            let problem = text.strip_suffix(&place).unwrap_or(&text);
            format!("column {column}: {problem}")
        })?;
        text.read().map_err(|flaw| flaw.text().to_owned())
    }

    /// The entry.
    pub fn entry(&self) -> SnapshotEntry<'_> {
        SnapshotEntry {
            key: &self.key,
            deadline: self.deadline,
            value: match &self.value {
                ReadValue::String(value) => SnapshotValue::String(value),
                ReadValue::Items { kind, items, part } => SnapshotValue::Items {
                    kind,
                    items: items.as_items(),
                    part: *part,
                },
            },
        }
    }

    /// Whether it carries a checksum.
    pub fn has_checksum(&self) -> bool {
        self.written.is_some()
    }

    /// Compares the checksum that it carries with that of its content, which is returned. The error says how
    /// they differ, or that there is none.
    pub fn check(&self) -> Result<u32, String> {
        let crc = self.entry().checksum();
        match record::check(self.written.as_ref(), crc) {
            Ok(()) => Ok(crc),
            Err(flaw) => Err(format!("{} {}", describe(&self.key), flaw.text())),
        }
    }
}

impl<'a> EntryText<'a> {
    /// Decodes the entry. Its checksum is not looked at, nor how long its key and its string are.
    pub(in crate::store) fn read(self) -> Result<ReadEntry<'a>, Flaw> {
        let key = KEY.decode(self.key, self.key_base64)?;
        let value = VALUE.decode(self.value, self.value_base64)?;
        let items = items::decode(self.items, self.items_base64)?;
        let key = key.ok_or_else(|| Flaw::malformed("this entry has no `key`"))?;
        let flaw = |problem: &str| Flaw::Malformed(format!("{} {problem}", describe(&key)));
        let kind = match &self.kind {
            None => None,
            Some(Text(name)) => {
                let kind = Kind::by_name(name);
                Some(kind.ok_or_else(|| flaw(&format!("is of the unknown type {name:?}")))?)
            }
        };
        let part = self.part.map(|part| part.0);
        let value = match (value, kind, items, part) {
            (Some(value), None, None, None) => ReadValue::String(value),
            (None, Some(kind), Some(items), part) => ReadValue::Items { kind, items, part },
            (None, None, None, None) => return Err(flaw("has no `value`")),
            _ => {
                return Err(flaw(
                    "has not the fields of a `value`, nor of a `type` with `items`",
                ));
            }
        };
        // No key holds an empty collection, and commands rely on that.
        if matches!(&value, ReadValue::Items { items, .. } if items.is_empty()) {
            return Err(flaw("has no item in its `items`"));
        }
        let deadline = self.expires_unix_ms.map(|number| number.0);
        if deadline == Some(0) || part.is_some_and(|part| part < 2) {
            return Err(flaw(
                "has an `expires_unix_ms` or a `part` that is too small",
            ));
        }
        Ok(ReadEntry {
            deadline: deadline.and_then(Deadline::new),
            key,
            value,
            written: self.crc,
        })
    }
}

/// An entry as a person would look for it.
pub(in crate::store) fn describe(key: &[u8]) -> String {
    const SHOWN_CHARS: usize = 64;
    let text = String::from_utf8_lossy(key);
    let shown: String = text.chars().take(SHOWN_CHARS).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("the entry with the key {shown:?}{more}")
}
