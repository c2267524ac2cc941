//! What a store tells about itself.

use std::time::Duration;

use super::Fsync;
pub use super::recovery::{Repair, TornTail};

/// What was found when a store was opened.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// The keys that the node owns.
    pub keys: usize,
    /// The keys in its files that it does not own.
    pub misplaced: usize,
    /// The changes that the journal had beyond the snapshot.
    pub replayed: u64,
    /// What a crash had left incomplete.
    pub torn: Option<TornTail>,
    /// What was done about damage.
    pub repair: Option<Repair>,
    /// What the owner of the device should know, a sentence each.
    pub warnings: Vec<String>,
    /// How long it took.
    pub elapsed: Duration,
}

/// The state of a store, as it is now: for people and their tools, who have to be told also when the
/// disk has failed. So no reply that is built from it waits for anything.
#[derive(Debug, Clone)]
pub struct Status {
    /// The keys in the table, with those whose writes are not durable yet.
    pub keys: usize,
    /// Of these, how many will be gone at some moment.
    pub expiring: usize,
    /// In how many milliseconds that will be, on average.
    pub mean_ttl_ms: u64,
    /// How many keys of other nodes there are, without those that have expired.
    pub misplaced: usize,
    /// When a write counts as done.
    pub fsync: Fsync,
    /// When this process last finished a checkpoint, or else was started, in seconds since 1970.
    pub last_checkpoint_unix_seconds: u64,
    /// Whether the last checkpoint that ended went well.
    pub last_checkpoint_ok: bool,
    /// Why it did not.
    pub last_checkpoint_failure: Option<String>,
    /// Whether there is one under way.
    pub checkpoint_running: bool,
    /// The size of the journal's segments together.
    pub journal_bytes: u64,
    /// The changes in the journal since the last checkpoint.
    pub journal_records: u64,
    /// How many segments there are.
    pub journal_segments: usize,
    /// The size of the snapshot.
    pub snapshot_bytes: u64,
    /// How many times the journal was synced since this process began.
    pub syncs: u64,
    /// Why writes have stopped.
    pub failure: Option<String>,
}
