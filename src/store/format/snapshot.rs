//! The snapshot as it is written: a header, entries, and the end that covers both.

use crc32fast::Hasher;

use super::bytes::{EXPIRES, KEY, VALUE, push_crc, push_number};
use super::checksum::{self, Checksum};
use super::{VERSION, items};
use crate::store::Seq;
use crate::store::table::Deadline;
use crate::store::value::{Items, Kind};

/// An entry of a snapshot, and of files that are written alike: a key with its value, or with a part of a
/// large one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotEntry<'a> {
    /// The key.
    pub key: &'a [u8],
    /// When it is gone.
    pub deadline: Option<Deadline>,
    /// Its value.
    pub value: SnapshotValue<'a>,
}

/// The value of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotValue<'a> {
    /// A string of bytes.
    String(&'a [u8]),
    /// A collection.
    Items {
        /// What it is.
        kind: &'static Kind,
        /// What it holds, or some of that.
        items: Items<'a>,
        /// From 2 on: the items belong to those of an earlier entry with this key.
        part: Option<u64>,
    },
}

impl<'a> SnapshotEntry<'a> {
    /// The entry of a string that stays.
    pub(in crate::store) fn string(key: &'a [u8], value: &'a [u8]) -> Self {
        Self {
            key,
            deadline: None,
            value: SnapshotValue::String(value),
        }
    }

    /// The checksum of its content: CRC-32, as the snapshot has it.
    pub fn checksum(&self) -> u32 {
        let Self {
            key,
            deadline,
            value,
        } = self;
        if let (None, SnapshotValue::String(value)) = (deadline, value) {
            return checksum::of_entry(key, value);
        }
        let mut checksum = Checksum::new();
        if let Some(deadline) = deadline {
            checksum.number(b"expires_unix_ms", deadline.get());
        }
        match value {
            SnapshotValue::String(value) => {
                checksum.bytes(b"key", key);
                checksum.bytes(b"value", value);
            }
            SnapshotValue::Items { kind, items, part } => {
                checksum.bytes(b"items", items.packed());
                checksum.bytes(b"key", key);
                if let Some(part) = part {
                    checksum.number(b"part", *part);
                }
                checksum.bytes(b"type", kind.name.as_bytes());
            }
        }
        checksum.finish()
    }

    /// Appends the entry as an object of JSON, with this checksum if there is one.
    pub fn push(&self, out: &mut Vec<u8>, crc: Option<u32>) {
        out.push(b'{');
        KEY.push(out, self.key);
        match self.value {
            SnapshotValue::String(value) => {
                out.push(b',');
                VALUE.push(out, value);
            }
            SnapshotValue::Items { kind, items, part } => {
                out.extend_from_slice(b",\"type\":\"");
                out.extend_from_slice(kind.name.as_bytes());
                out.push(b'"');
                items::push(out, items);
                if let Some(part) = part {
                    out.extend_from_slice(b",\"part\":");
                    push_number(out, part);
                }
            }
        }
        if let Some(deadline) = self.deadline {
            out.extend_from_slice(EXPIRES);
            push_number(out, deadline.get());
        }
        if let Some(crc) = crc {
            push_crc(out, crc);
        }
        out.push(b'}');
    }
}

/// The fields before the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct SnapshotHeader {
    pub(in crate::store) node: String,
    pub(in crate::store) node_id: String,
    pub(in crate::store) incarnation: u64,
    /// The last record before the segment that replay begins with.
    pub(in crate::store) seq: Seq,
    pub(in crate::store) replay_from: u64,
    pub(in crate::store) checksums: bool,
}

/// The checksum of a snapshot under way: what its entries add to it.
#[derive(Clone, Default)]
pub(in crate::store) struct EntriesSum {
    crcs: Hasher,
    pub(in crate::store) count: u64,
}

impl EntriesSum {
    pub(in crate::store) fn add(&mut self, entry_crc: u32) {
        self.crcs.update(&entry_crc.to_le_bytes());
        self.count += 1;
    }

    /// The closing checksum of the snapshot.
    pub(in crate::store) fn closing(
        &self,
        header: &SnapshotHeader,
        version: u64,
        count: u64,
        synced: Seq,
    ) -> u32 {
        let mut checksum = Checksum::new();
        checksum.flag(b"checksums", header.checksums);
        checksum.number(b"count", count);
        checksum.bytes(b"entries", &self.crcs.clone().finalize().to_le_bytes());
        checksum.number(b"incarnation", header.incarnation);
        checksum.bytes(b"node", header.node.as_bytes());
        checksum.bytes(b"node_id", header.node_id.as_bytes());
        checksum.number(b"replay_from", header.replay_from);
        checksum.number(b"seq", header.seq);
        checksum.number(b"synced", synced);
        checksum.bytes(b"triad", b"snapshot");
        checksum.number(b"version", version);
        checksum.finish()
    }
}

/// A snapshot that is being written. It appends text to buffers that others write to the file.
pub(in crate::store) struct SnapshotText {
    header: SnapshotHeader,
    entries: EntriesSum,
}

impl SnapshotText {
    /// Begins: appends the header.
    pub(in crate::store) fn begin(header: SnapshotHeader, out: &mut Vec<u8>) -> Self {
        let SnapshotHeader {
            node,
            node_id,
            incarnation,
            seq,
            replay_from,
            checksums,
        } = &header;
        let text = format!(
            "{{\"triad\":\"snapshot\",\"version\":{VERSION},\"node\":\"{node}\",\
             \"node_id\":\"{node_id}\",\"incarnation\":{incarnation},\"seq\":{seq},\
             \"replay_from\":{replay_from},\"checksums\":{checksums},\n\"entries\":["
        );
        out.extend_from_slice(text.as_bytes());
        Self {
            header,
            entries: EntriesSum::default(),
        }
    }

    /// Appends an entry.
    pub(in crate::store) fn entry(&mut self, out: &mut Vec<u8>, entry: &SnapshotEntry<'_>) {
        let crc = entry.checksum();
        out.extend_from_slice(if self.entries.count == 0 {
            b"\n"
        } else {
            b",\n"
        });
        entry.push(out, Some(crc));
        self.entries.add(crc);
    }

    /// Ends: appends what closes the entries and the whole.
    pub(in crate::store) fn end(self, out: &mut Vec<u8>, synced: Seq) {
        let count = self.entries.count;
        out.extend_from_slice(b"\n],\n\"count\":");
        push_number(out, count);
        out.extend_from_slice(b",\"synced\":");
        push_number(out, synced);
        push_crc(
            out,
            self.entries.closing(&self.header, VERSION, count, synced),
        );
        out.extend_from_slice(b"}\n");
    }
}
