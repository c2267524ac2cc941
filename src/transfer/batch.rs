//! Entries on their way from the thread that reads them: many in two pieces of memory.

use crate::limits::{TRANSFER_BATCH_BYTES, TRANSFER_BATCH_ENTRIES};
use crate::store::{Deadline, Items, Kind, SnapshotEntry, SnapshotValue};

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The keys and the values, each value behind its key.
    bytes: Vec<u8>,
    slots: Vec<Slot>,
}

#[derive(Debug)]
struct Slot {
    key_bytes: usize,
    value_bytes: usize,
    deadline: Option<Deadline>,
    /// None of a string; its kind and its part of a collection.
    kind: Option<(&'static Kind, Option<u64>)>,
}

impl Batch {
    pub(super) fn push(&mut self, entry: SnapshotEntry<'_>) {
        let (value, kind) = match entry.value {
            SnapshotValue::String(value) => (value, None),
            SnapshotValue::Items { kind, items, part } => (items.packed(), Some((kind, part))),
        };
        self.bytes.extend_from_slice(entry.key);
        self.bytes.extend_from_slice(value);
        self.slots.push(Slot {
            key_bytes: entry.key.len(),
            value_bytes: value.len(),
            deadline: entry.deadline,
            kind,
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.slots.len() >= TRANSFER_BATCH_ENTRIES || self.bytes.len() >= TRANSFER_BATCH_BYTES
    }

    /// The entries, in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = SnapshotEntry<'_>> + Clone {
        let mut rest = self.bytes.as_slice();
        self.slots.iter().map(move |slot| {
            let (key, after) = rest.split_at_checked(slot.key_bytes).unwrap_or_default();
            let (value, after) = after.split_at_checked(slot.value_bytes).unwrap_or_default();
            rest = after;
            SnapshotEntry {
                key,
                deadline: slot.deadline,
                value: match slot.kind {
                    None => SnapshotValue::String(value),
                    Some((kind, part)) => SnapshotValue::Items {
                        kind,
                        items: Items::from_packed(value),
                        part,
                    },
                },
            }
        })
    }
}

/// Whether a key begins with this entry.
pub(super) fn is_whole_or_first(entry: &SnapshotEntry<'_>) -> bool {
    !matches!(entry.value, SnapshotValue::Items { part: Some(_), .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{ItemsBuf, Store};

    #[test]
    fn what_was_put_in_comes_out_in_order() {
        let items: ItemsBuf = [&b"one"[..], b""].into_iter().collect();
        let set = |part| SnapshotValue::Items {
            kind: Kind::by_name("set").unwrap(),
            items: items.as_items(),
            part,
        };
        let entry = |key, deadline, value| SnapshotEntry {
            key,
            deadline: Store::deadline(deadline),
            value,
        };
        let entries = [
            entry(b"key", 0, SnapshotValue::String(b"value")),
            entry(b"", 7, SnapshotValue::String(b"")),
            entry(b"tags", 8, set(None)),
            entry(b"tags", 0, set(Some(2))),
            entry(b"\xff", 0, SnapshotValue::String(b"\x00")),
        ];
        let mut batch = Batch::default();
        for entry in entries {
            batch.push(entry);
        }
        assert!(batch.iter().eq(entries));
        let begin = batch.iter().filter(is_whole_or_first).count();
        assert_eq!(begin, 4);
        assert!(!batch.is_full());
        batch.push(entry(
            b"",
            0,
            SnapshotValue::String(&vec![0; TRANSFER_BATCH_BYTES]),
        ));
        assert!(batch.is_full());
    }
}
