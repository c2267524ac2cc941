//! Files with keys, read entry by entry: whatever their size, one entry is in memory.

mod csv;
mod detect;
mod lines;
mod object;

use std::fmt;

pub(super) use csv::COLUMNS;
pub(super) use detect::{begins_with_an_entry, detect};
pub(super) use lines::Lines;

use super::Format;
use super::source::Source;
use crate::limits::KEY_MAX_BYTES;
use crate::store::{SnapshotEntry, SnapshotValue};

/// Why reading has ended before the end of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// Nobody wants the rest.
    Unwanted,
    /// Something is wrong with the file: where, and what.
    Fault(String),
}

impl From<String> for End {
    fn from(fault: String) -> Self {
        Self::Fault(fault)
    }
}

/// Takes the entries of a file, one after the other. Large collections come in parts. A fault that it finds is
/// without its place, which the reader adds.
pub(super) type Take<'t> = dyn FnMut(SnapshotEntry<'_>) -> Result<(), End> + 't;

/// Gives every entry of the file to `take`.
pub(super) fn read(format: Format, source: Source, take: &mut Take<'_>) -> Result<(), End> {
    match format {
        Format::Object => object::read(source, take),
        Format::Lines => lines::read(source, take),
        Format::Csv => {
            let delimiter = csv::delimiter_of(source.head());
            csv::read(source, delimiter, take)
        }
    }
}

/// Adds the place to a fault.
pub(super) fn at(place: impl fmt::Display) -> impl FnOnce(End) -> End {
    move |end| match end {
        End::Unwanted => End::Unwanted,
        End::Fault(fault) => End::Fault(format!("{place}: {fault}")),
    }
}

/// Says what is wrong with an entry that no node takes.
pub(super) fn check(entry: &SnapshotEntry<'_>, value_max_bytes: usize) -> Result<(), String> {
    let key = entry.key;
    if key.len() > KEY_MAX_BYTES {
        return Err(format!(
            "the key {} has {} bytes; a key has at most {KEY_MAX_BYTES}",
            quote(key),
            key.len()
        ));
    }
    let (what, longest) = match entry.value {
        SnapshotValue::String(value) => ("the value", value.len()),
        SnapshotValue::Items { items, .. } => {
            let longest = items.iter().map(<[u8]>::len).max();
            ("an item", longest.unwrap_or_default())
        }
    };
    if longest > value_max_bytes {
        return Err(format!(
            "{what} of {} has {longest} bytes; a value has at most {value_max_bytes} (--max-value of the \
             nodes changes it)",
            quote(key)
        ));
    }
    Ok(())
}

/// Sees to it that the parts of a collection stand one behind the other. A part that came without those before it
/// would be added to whatever is there, and a beginning that came after it would drop it.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The key of the last collection.
    key: Vec<u8>,
    /// Its last part, counted from 1; 0 if the last entry was no collection.
    number: u64,
}

impl Parts {
    /// Takes the next entry, or says what is wrong with it.
    pub(super) fn follow(&mut self, entry: &SnapshotEntry<'_>) -> Result<(), String> {
        let number = match entry.value {
            SnapshotValue::String(_) => 0,
            SnapshotValue::Items { part, .. } => part.unwrap_or(1),
        };
        if number > 1 && (number != self.number + 1 || self.key != entry.key) {
            return Err(format!(
                "part {number} of {} does not stand behind part {}; keep the entries in the order in which they \
                 were exported",
                quote(entry.key),
                number - 1
            ));
        }
        if number == 1 {
            self.key.clear();
            self.key.extend_from_slice(entry.key);
        }
        self.number = number;
        Ok(())
    }
}

/// The beginning of a key, for a message.
fn quote(key: &[u8]) -> String {
    const SHOWN_CHARS: usize = 40;
    let key = String::from_utf8_lossy(key);
    match key.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{:?}…", key.get(..end).unwrap_or_default()),
        None => format!("{key:?}"),
    }
}

#[cfg(test)]
mod tests;
