//! Copies of entries on their way from the table to the thread that writes them.

use crate::limits::SNAPSHOT_PART_BYTES;
use crate::store::format::snapshot::{SnapshotEntry, SnapshotValue};
use crate::store::table::{Deadline, Entry, hash};
use crate::store::value::{Items, ItemsBuf, Kind, View};

/// Copies of some entries, in one piece.
#[derive(Default)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    entries: Vec<Copied>,
    /// Of those entries that are more than a key and a string.
    extras: Vec<Extra>,
}

/// The lengths of key and value of an entry, and what more there is.
struct Copied {
    key: usize,
    value: usize,
    /// The number in the list of extras, from 1 on; 0 if there is nothing.
    extra: usize,
}

#[derive(Clone, Copy)]
struct Extra {
    deadline: Option<Deadline>,
    kind: Option<&'static Kind>,
    part: Option<u64>,
}

/// A collection of which more is to be copied.
pub(super) struct Rest {
    pub(super) key: Vec<u8>,
    /// Where in it.
    pub(super) from: u64,
    /// The number of the part that comes next.
    pub(super) part: u64,
}

impl Chunk {
    pub(super) fn reserve(&mut self, entries: usize, bytes: usize) {
        self.entries.reserve(entries);
        self.bytes.reserve(bytes);
    }

    /// Copies an entry: all of a string, the first part of a collection. What is left of that.
    pub(super) fn push(&mut self, entry: &Entry) -> Option<Rest> {
        if let Some((key, value)) = entry.as_plain() {
            self.push_bytes(key, value, 0);
            return None;
        }
        match entry.view() {
            View::String(value) => {
                let extra = self.push_extra(entry, None);
                self.push_bytes(entry.key(), value, extra);
                None
            }
            View::Set(_) => self.push_part(entry, 0, 1),
        }
    }

    /// Copies a part of a collection, from position `from` on. What is left of it.
    pub(super) fn push_part(&mut self, entry: &Entry, from: u64, part: u64) -> Option<Rest> {
        let mut items = ItemsBuf::default();
        let next = entry
            .view()
            .copy_items(from, SNAPSHOT_PART_BYTES, &mut items);
        // A collection may have lost what was left of it meanwhile.
        if part == 1 || !items.is_empty() {
            let extra = self.push_extra(entry, Some(part).filter(|part| *part > 1));
            self.push_bytes(entry.key(), items.as_items().packed(), extra);
        }
        next.map(|from| Rest {
            key: entry.key().to_vec(),
            from,
            part: part + 1,
        })
    }

    pub(super) fn entries(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        self.extras.clear();
    }

    /// The entries in the order of the table; parts of one collection stay in theirs.
    pub(super) fn sorted(&self) -> Vec<SnapshotEntry<'_>> {
        let mut rest = &*self.bytes;
        let mut take = |len| {
            let (taken, after) = rest.split_at_checked(len).unwrap_or_default();
            rest = after;
            taken
        };
        let entry = |copied: &Copied| {
            let (key, value) = (take(copied.key), take(copied.value));
            let extra = copied.extra.checked_sub(1);
            match extra.and_then(|place| self.extras.get(place)) {
                None => SnapshotEntry::string(key, value),
                Some(extra) => extra.entry(key, value),
            }
        };
        let mut entries: Vec<_> = self.entries.iter().map(entry).collect();
        entries.sort_by_cached_key(|entry| hash(entry.key));
        entries
    }

    fn push_extra(&mut self, entry: &Entry, part: Option<u64>) -> usize {
        self.extras.push(Extra {
            deadline: entry.deadline(),
            kind: entry.view().kind(),
            part,
        });
        self.extras.len()
    }

    fn push_bytes(&mut self, key: &[u8], value: &[u8], extra: usize) {
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        self.entries.push(Copied {
            key: key.len(),
            value: value.len(),
            extra,
        });
    }
}

impl Extra {
    fn entry<'a>(&self, key: &'a [u8], value: &'a [u8]) -> SnapshotEntry<'a> {
        let value = match self.kind {
            None => SnapshotValue::String(value),
            Some(kind) => SnapshotValue::Items {
                kind,
                items: Items::from_packed(value),
                part: self.part,
            },
        };
        SnapshotEntry {
            key,
            deadline: self.deadline,
            value,
        }
    }
}
