//! How far a transfer has come.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How many keys a transfer is done with. It can be looked at from elsewhere while the transfer goes on, and
/// after its future was dropped, which is how one is interrupted: what it tells then is done for good.
#[derive(Debug, Default)]
pub struct Tally {
    keys: AtomicU64,
}

impl Tally {
    /// How many keys are done: stored, or written to the file.
    pub fn keys(&self) -> u64 {
        self.keys.load(Relaxed)
    }

    pub(super) fn add(&self, keys: u64) {
        self.keys.fetch_add(keys, Relaxed);
    }

    /// The subject of a sentence: `1 key is`, `2 keys are`.
    pub(super) fn are(&self) -> String {
        let verb = if self.keys() == 1 { "is" } else { "are" };
        format!("{} {verb}", keys_text(self.keys()))
    }
}

/// A number of keys in words.
pub(super) fn keys_text(keys: u64) -> String {
    match keys {
        1 => "1 key".to_owned(),
        keys => format!("{keys} keys"),
    }
}
