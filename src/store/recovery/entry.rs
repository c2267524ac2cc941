//! An entry of the snapshot: from its text to what the tables take.

use crate::limits::{KEY_MAX_BYTES, VALUE_MAX_BYTES_CEILING};
use crate::store::format::bytes::Text;
use crate::store::format::entry::ReadEntry;
pub(super) use crate::store::format::entry::{EntryText, describe};
use crate::store::format::snapshot::SnapshotValue;
use crate::store::format::{Flaw, Object, checksum, quick, record};
use crate::store::table;
use crate::store::tables::{Mine, Placed};
use crate::store::value::Value;

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
        Self::decode(text, mine).ok()
    }

    /// Decodes an entry. Only a wrong checksum is no error yet.
    pub(super) fn decode(text: EntryText<'_>, mine: &Mine<'_>) -> Result<Self, Flaw> {
        let read = text.read()?;
        let entry = read.entry();
        let string_bytes = match entry.value {
            SnapshotValue::String(value) => value.len(),
            SnapshotValue::Items { .. } => 0,
        };
        if entry.key.len() > KEY_MAX_BYTES || string_bytes > VALUE_MAX_BYTES_CEILING {
            let flaw = format!("{} is too long", describe(entry.key));
            return Err(Flaw::Malformed(flaw));
        }
        let crc = entry.checksum();
        let check = check(&read, entry.key, crc);
        let (value, is_part) = match entry.value {
            SnapshotValue::String(value) => (Value::String(value.into()), false),
            SnapshotValue::Items { kind, items, part } => (kind.with_items(items), part.is_some()),
        };
        let table_entry = table::Entry::with(entry.key, value, entry.deadline);
        Ok(Self {
            placed: Placed::of(table_entry, mine).into_part(is_part),
            crc,
            check,
        })
    }
}

fn check(read: &ReadEntry<'_>, key: &[u8], crc: u32) -> Check {
    match record::check(read.written.as_ref(), crc) {
        Ok(()) => Check::Right,
        Err(_) if read.written.is_none() => Check::Absent,
        Err(flaw) => Check::Wrong {
            flaw: Flaw::Checksum(format!("{} {}", describe(key), flaw.text())),
            written: (read.written.as_ref()).and_then(|Text(crc)| checksum::parse(crc)),
        },
    }
}
