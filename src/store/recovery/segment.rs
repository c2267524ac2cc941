//! A segment of the journal as replay has found it.

use crate::store::Seq;
use crate::store::journal::SegmentSize;

/// The places in a segment are noted with at least so many bytes between them.
const GRAIN_BYTES: u64 = 64 * 1024;

/// A segment that was read.
pub(super) struct ReadSegment {
    pub(super) size: SegmentSize,
    /// Whether its last line has its end.
    pub(super) ended: bool,
    /// The version of the format that it is written in, as far as its header is known.
    pub(super) version: Option<u64>,
    /// Where some of its records begin, rising.
    places: Vec<(Seq, u64)>,
}

impl ReadSegment {
    pub(super) fn new(number: u64) -> Self {
        let size = SegmentSize {
            number,
            bytes: 0,
            changes: 0,
        };
        Self {
            size,
            ended: true,
            version: None,
            places: Vec::new(),
        }
    }

    /// Notes that this record begins here.
    pub(super) fn note(&mut self, seq: Seq, offset: u64) {
        if self
            .places
            .last()
            .is_none_or(|(_, last)| offset - last >= GRAIN_BYTES)
        {
            self.places.push((seq, offset));
        }
    }

    /// How many bytes from its beginning are proven to be on the disk, if all records up to `synced`
    /// are. In a segment of which no record is, not even the header.
    pub(super) fn proven_bytes(&self, synced: Seq) -> u64 {
        if self.places.first().is_none_or(|(first, _)| *first > synced) {
            return 0;
        }
        let proven = self.places.iter().rev().find(|(seq, _)| *seq <= synced + 1);
        proven.map_or(0, |(_, offset)| *offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_before_a_record_is_proven_by_a_sync_of_the_one_before_it() {
        let mut segment = ReadSegment::new(1);
        assert_eq!(segment.proven_bytes(9), 0);
        segment.note(5, 200);
        segment.note(6, 300);
        segment.note(7, 100_000);
        segment.note(8, 200_000);
        let proven = [3, 4, 5, 6, 7, 9].map(|synced| segment.proven_bytes(synced));
        assert_eq!(proven, [0, 0, 200, 100_000, 200_000, 200_000]);
    }
}
