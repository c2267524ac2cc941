//! The first line of a segment of the journal.

use serde::Deserialize;

use super::bytes::{Text, push_crc};
use super::checksum::Checksum;
use super::{Flaw, Number, Object, VERSION, malformed_line, record};
use crate::store::Seq;

/// Whose journal this is, and where in it the segment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct SegmentHeader {
    pub(in crate::store) node: String,
    pub(in crate::store) node_id: String,
    pub(in crate::store) incarnation: u64,
    pub(in crate::store) segment: u64,
    /// The last record before this segment. All up to it was synced before the segment was made.
    pub(in crate::store) seq: Seq,
}

impl SegmentHeader {
    /// Appends the line.
    pub(in crate::store) fn push(&self, out: &mut Vec<u8>) {
        let Self {
            node,
            node_id,
            incarnation,
            segment,
            seq,
        } = self;
        let text = format!(
            "{{\"triad\":\"journal\",\"version\":{VERSION},\"node\":\"{node}\",\
             \"node_id\":\"{node_id}\",\"incarnation\":{incarnation},\"segment\":{segment},\
             \"seq\":{seq}"
        );
        out.extend_from_slice(text.as_bytes());
        push_crc(out, self.checksum(VERSION));
        out.extend_from_slice(b"}\n");
    }

    /// Reads a line. `Ok` has the header, the version of the format that follows it, and the flaw of its
    /// checksum if it has one.
    pub(in crate::store) fn parse(line: &[u8]) -> Result<(Self, u64, Option<Flaw>), Flaw> {
        let malformed = |error| malformed_line("the header of a journal of triad", &error);
        let Object(kind): Object<Kind<'_>> = serde_json::from_slice(line).map_err(malformed)?;
        match (kind.triad.as_ref().map(|text| &*text.0), kind.version) {
            (Some("journal"), Some(version)) if version > VERSION => {
                return Err(Flaw::Newer(format!(
                    "is of version {version} of the format; this program knows {VERSION}"
                )));
            }
            (Some("journal"), Some(1..)) => {}
            _ => return Err(Flaw::malformed("is not the header of a journal of triad")),
        }
        let Object(text): Object<HeaderText<'_>> =
            serde_json::from_slice(line).map_err(malformed)?;
        let header = Self {
            node: text.node.0.into_owned(),
            node_id: text.node_id.0.into_owned(),
            incarnation: text.incarnation.0,
            segment: text.segment.0,
            seq: text.seq.0,
        };
        let flaw = record::check(text.crc.as_ref(), header.checksum(text.version)).err();
        Ok((header, text.version, flaw))
    }

    fn checksum(&self, version: u64) -> u32 {
        let mut checksum = Checksum::new();
        checksum.number(b"incarnation", self.incarnation);
        checksum.bytes(b"node", self.node.as_bytes());
        checksum.bytes(b"node_id", self.node_id.as_bytes());
        checksum.number(b"segment", self.segment);
        checksum.number(b"seq", self.seq);
        checksum.bytes(b"triad", b"journal");
        checksum.number(b"version", version);
        checksum.finish()
    }
}

/// What can be read of any version.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow)]
    triad: Option<Text<'a>>,
    version: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderText<'a> {
    #[serde(rename = "triad")]
    _triad: Text<'a>,
    version: u64,
    #[serde(borrow)]
    node: Text<'a>,
    #[serde(borrow)]
    node_id: Text<'a>,
    incarnation: Number,
    segment: Number,
    seq: Number,
    #[serde(borrow)]
    crc: Option<Text<'a>>,
}
