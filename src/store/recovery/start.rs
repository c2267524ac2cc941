//! The last part of recovery: a new incarnation, on the disk before anybody is served.

use std::io;

use crate::storage::{AppendFile, Storage};
use crate::store::Seq;
use crate::store::checkpoint::{self, SnapshotFile};
use crate::store::error::OpenError;
use crate::store::failure::{Action, Failure};
use crate::store::files::FileNames;
use crate::store::format::header::SegmentHeader;
use crate::store::format::record::{self, Effect};
use crate::store::format::snapshot::SnapshotHeader;
use crate::store::journal::{SegmentSize, create_segment};
use crate::store::tables::Tables;

/// A journal that is ready to go on.
pub(super) struct Start<'s> {
    pub(super) storage: &'s dyn Storage,
    pub(super) names: &'s FileNames,
    pub(super) node_id: String,
    pub(super) incarnation: u64,
    /// The number of the `start` record.
    pub(super) seq: Seq,
}

impl Start<'_> {
    /// Appends the `start` record to a segment. `ended` says whether its last line is.
    pub(super) fn go_on(
        &self,
        segment: &mut SegmentSize,
        ended: bool,
    ) -> Result<Box<dyn AppendFile>, Failure> {
        let mut lines = Vec::new();
        if !ended {
            lines.push(b'\n');
        }
        self.push_record(&mut lines);
        let name = self.names.segment(segment.number);
        let failed = |action| Failure::on(self.storage, action, &name);
        let mut file = self.storage.append(&name).map_err(failed(Action::Read))?;
        file.append(&lines).map_err(failed(Action::Write))?;
        file.sync().map_err(failed(Action::Sync))?;
        segment.bytes += lines.len() as u64;
        Ok(file)
    }

    /// Makes a segment that begins with the `start` record.
    pub(super) fn begin(&self, number: u64) -> Result<(SegmentSize, Box<dyn AppendFile>), Failure> {
        let header = SegmentHeader {
            node: self.names.node().to_owned(),
            node_id: self.node_id.clone(),
            incarnation: self.incarnation,
            segment: number,
            seq: self.seq - 1,
        };
        let mut lines = Vec::new();
        header.push(&mut lines);
        self.push_record(&mut lines);
        let file = create_segment(self.storage, self.names, number, &lines)?;
        Ok((
            SegmentSize {
                number,
                bytes: lines.len() as u64,
                changes: 0,
            },
            file,
        ))
    }

    fn push_record(&self, lines: &mut Vec<u8>) {
        let effect = Effect::Start {
            incarnation: self.incarnation,
        };
        record::push(lines, self.seq, &effect, Some(self.seq - 1));
    }
}

/// Gives a snapshot that has lost its journal to a new node, by writing it anew. It has to be done
/// before that node has a journal: a journal and a snapshot of two nodes don't belong together.
pub(super) fn adopt(
    storage: &dyn Storage,
    names: &FileNames,
    header: &SnapshotHeader,
    node_id: &str,
    tables: &Tables,
) -> Result<u64, Failure> {
    let header = SnapshotHeader {
        node_id: node_id.to_owned(),
        incarnation: 0,
        checksums: true,
        ..header.clone()
    };
    let seq = header.seq;
    let mut file = SnapshotFile::begin(storage, names, header)?;
    checkpoint::copy_all(tables, &mut |entry| file.entry(entry))?;
    file.finish(seq, || Ok(()))
}

/// 128 random bits, as 32 hexadecimal digits.
pub(super) fn new_node_id() -> Result<String, OpenError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| OpenError::System {
        operation: "get a random number",
        cause: io::Error::from(error),
    })?;
    Ok(format!("{:032x}", u128::from_be_bytes(random)))
}
