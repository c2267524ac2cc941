//! An entry of the snapshot: from its text to what the tables take.

use serde::Deserialize;

use crate::limits::{KEY_MAX_BYTES, VALUE_MAX_BYTES_CEILING};
use crate::store::format::bytes::{KEY, Text, VALUE};
use crate::store::format::{Flaw, Object, checksum, quick, record};
use crate::store::tables::{Mine, Placed};

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
        let key = key.ok_or_else(|| Flaw::malformed("this entry has no `key`"))?;
        let Some(value) = value else {
            return Err(Flaw::Malformed(format!(
                "{} has no `value`",
                describe(&key)
            )));
        };
        if key.len() > KEY_MAX_BYTES || value.len() > VALUE_MAX_BYTES_CEILING {
            return Err(Flaw::Malformed(format!("{} is too long", describe(&key))));
        }
        let crc = checksum::of_entry(&key, &value);
        let check = match record::check(self.crc.as_ref(), crc) {
            Ok(()) => Check::Right,
            Err(_) if self.crc.is_none() => Check::Absent,
            Err(flaw) => Check::Wrong {
                flaw: Flaw::Checksum(format!("{} {}", describe(&key), flaw.text())),
                written: self.crc.as_ref().and_then(|Text(crc)| checksum::parse(crc)),
            },
        };
        Ok(Entry {
            placed: Placed::new(&key, &value, mine),
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
