//! From where on something is to be seen to, each with its reason.

use crate::limits::CHECKPOINT_JOURNAL_MIN_BYTES;

/// How far clocks may be apart, in microseconds. The owner's clock counts for the time that its keys last, so
/// that much too early or too late they are gone; two seconds nobody notices, and clocks that are set by the
/// network are a hundred times better.
pub(super) const CLOCK_MAX_US: i64 = 2_000_000;

/// The free room, in bytes, below which there is a warning, however little a node keeps: what its journal may
/// grow to before it is written anew.
pub(super) const FREE_MIN_BYTES: u64 = CHECKPOINT_JOURNAL_MIN_BYTES;

/// A new snapshot stands beside the old one and the journal until it is whole, and may have all that both
/// have. With less free room than twice that there is a warning: the journal grows meanwhile.
pub(super) const FREE_FILES_FACTOR: u64 = 2;

/// With less free room than this, in bytes, writes will soon be refused: it is what 2,000 values of usual size
/// with their overhead take.
pub(super) const FREE_LAST_BYTES: u64 = 1024 * 1024;

/// A node writes a snapshot when its journal has outgrown the last one and
/// [`CHECKPOINT_JOURNAL_MIN_BYTES`]. Twice as much, with no snapshot under way, says that it can't.
pub(super) const JOURNAL_FACTOR: u64 = 2;

/// The free room, in bytes, below which there is a warning, for files of this size.
pub(super) fn free_wanted(files_bytes: u64) -> u64 {
    FREE_MIN_BYTES.max(files_bytes.saturating_mul(FREE_FILES_FACTOR))
}

/// The size of a journal, in bytes, above which there is a warning, for a snapshot of this size.
pub(super) fn journal_wanted(snapshot_bytes: u64) -> u64 {
    let due = CHECKPOINT_JOURNAL_MIN_BYTES.max(snapshot_bytes);
    due.saturating_mul(JOURNAL_FACTOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    #[test]
    fn small_nodes_have_a_floor_and_large_ones_a_factor() {
        assert_eq!(free_wanted(0), 64 * MIB);
        assert_eq!(free_wanted(32 * MIB), 64 * MIB);
        assert_eq!(free_wanted(100 * MIB), 200 * MIB);
        assert_eq!(journal_wanted(0), 128 * MIB);
        assert_eq!(journal_wanted(1000 * MIB), 2000 * MIB);
    }
}
