//! How far a transfer has come.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use crate::terminal;

/// How many keys a transfer is done with. It can be looked at from elsewhere while the transfer goes on, and
/// after its future was dropped, which is how one is interrupted: what it tells then is done for good.
#[derive(Debug, Default)]
pub struct Tally {
    keys: AtomicU64,
    /// The key of which a part is stored, and others can see it.
    in_part: Mutex<Option<Vec<u8>>>,
}

impl Tally {
    /// How many keys are done: stored, or written to the file.
    pub fn keys(&self) -> u64 {
        self.keys.load(Relaxed)
    }

    pub(super) fn add(&self, keys: u64) {
        self.keys.fetch_add(keys, Relaxed);
    }

    /// A key is stored some at a time from now on, or it is no more.
    pub(super) fn set_in_part(&self, key: Option<&[u8]>) {
        let mut in_part = self.in_part.lock().unwrap_or_else(PoisonError::into_inner);
        *in_part = key.map(<[u8]>::to_vec);
    }

    /// What there is to say of a key of which only a part is stored; nothing if there is none.
    pub(super) fn in_part_text(&self) -> String {
        let in_part = self.in_part.lock().unwrap_or_else(PoisonError::into_inner);
        in_part.as_deref().map_or_else(String::new, |key| {
            let key = terminal::readable_line(key);
            format!("; of {key} only a part is there, which only --replace replaces")
        })
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
