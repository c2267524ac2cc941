//! An entry of the snapshot: from its text to what the tables take.

use serde::Deserialize;

use crate::limits::{KEY_MAX_BYTES, VALUE_MAX_BYTES_CEILING};
use crate::store::format::bytes::{KEY, Text, VALUE};
use crate::store::format::items::{self, Texts};
use crate::store::format::snapshot::{SnapshotEntry, SnapshotValue};
use crate::store::format::{Flaw, Number, Object, checksum, quick, record};
use crate::store::table::{self, Deadline};
use crate::store::tables::{Mine, Placed};
use crate::store::value::{ItemsBuf, Kind, Value};

/// The fields of an entry.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryText<'a> {
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

/// An entry, ready for the tables.
pub(super) struct Entry {
    pub(super) placed: Placed,
    /// The checksum of its content.
    pub(super) crc: u32,
    pub(super) check: Check,
}

/// What the checksum that stands in the file says of the content.
pub(super) enum Check {
    Right,
    Absent,
    Wrong {
        flaw: Flaw,
        /// The checksum that stands there, if it is one.
        written: Option<u32>,
    },
}

impl Entry {
    /// Reads an entry that stands on a line of its own. `None` if it is none.
    pub(super) fn parse(line: &[u8], mine: &Mine<'_>) -> Option<Self> {
        if let Some((key, value, crc)) = quick::entry(line) {
            return Some(Self {
                placed: Placed::new(key, value, mine),
                crc,
                check: Check::Right,
            });
        }
        let Object(text): Object<EntryText<'_>> = serde_json::from_slice(line).ok()?;
        text.decode(mine).ok()
    }
}

impl EntryText<'_> {
    /// Decodes the entry. Only a wrong checksum is no error yet.
    pub(super) fn decode(self, mine: &Mine<'_>) -> Result<Entry, Flaw> {
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
        let value = match (&value, kind, &items, part) {
            (Some(value), None, None, None) => SnapshotValue::String(value),
            (None, Some(kind), Some(items), part) => SnapshotValue::Items {
                kind,
                items: items.as_items(),
                part,
            },
            (None, None, None, None) => return Err(flaw("has no `value`")),
            _ => {
                return Err(flaw(
                    "has not the fields of a `value`, nor of a `type` with `items`",
                ));
            }
        };
        // No key holds an empty collection, and commands rely on that.
        if items.as_ref().is_some_and(ItemsBuf::is_empty) {
            return Err(flaw("has no item in its `items`"));
        }
        let string_bytes = match value {
            SnapshotValue::String(value) => value.len(),
            SnapshotValue::Items { .. } => 0,
        };
        if key.len() > KEY_MAX_BYTES || string_bytes > VALUE_MAX_BYTES_CEILING {
            return Err(flaw("is too long"));
        }
        let deadline = self.expires_unix_ms.map(|number| number.0);
        if deadline == Some(0) || part.is_some_and(|part| part < 2) {
            return Err(flaw(
                "has an `expires_unix_ms` or a `part` that is too small",
            ));
        }
        let entry = SnapshotEntry {
            key: &key,
            deadline: deadline.and_then(Deadline::new),
            value,
        };
        let crc = entry.checksum();
        let check = match record::check(self.crc.as_ref(), crc) {
            Ok(()) => Check::Right,
            Err(_) if self.crc.is_none() => Check::Absent,
            Err(flaw) => Check::Wrong {
                flaw: Flaw::Checksum(format!("{} {}", describe(&key), flaw.text())),
                written: self.crc.as_ref().and_then(|Text(crc)| checksum::parse(crc)),
            },
        };
        let value = match value {
            SnapshotValue::String(value) => Value::String(value.into()),
            SnapshotValue::Items { kind, items, .. } => kind.with_items(items),
        };
        let table_entry = table::Entry::with(&key, value, entry.deadline);
        Ok(Entry {
            placed: Placed::of(table_entry, mine).into_part(part.is_some()),
            crc,
            check,
        })
    }
}

/// An entry as a person would look for it.
pub(super) fn describe(key: &[u8]) -> String {
    const SHOWN_CHARS: usize = 64;
    let text = String::from_utf8_lossy(key);
    let shown: String = text.chars().take(SHOWN_CHARS).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("the entry with the key {shown:?}{more}")
}
