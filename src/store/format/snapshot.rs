//! The snapshot as it is written: a header, entries, and the end that covers both.

use crc32fast::Hasher;

use super::VERSION;
use super::bytes::{KEY, VALUE, push_crc, push_number};
use super::checksum::{self, Checksum};
use crate::store::Seq;

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
    pub(in crate::store) fn entry(&mut self, out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
        let crc = checksum::of_entry(key, value);
        out.extend_from_slice(if self.entries.count == 0 {
            b"\n{"
        } else {
            b",\n{"
        });
        KEY.push(out, key);
        out.push(b',');
        VALUE.push(out, value);
        push_crc(out, crc);
        out.push(b'}');
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
