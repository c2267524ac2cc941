//! Requests of a cluster client whose owners are not known yet.
//!
//! To work out the owners of many keys together takes less than half of the time, so requests of one key
//! wait here until there are enough of them, or a reply is wanted.

use crate::limits::{CLIENT_STAGE_BYTES, CLIENT_STAGE_REQUESTS};
use crate::resp::encode_request;

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Stage {
    /// The encoded requests, one behind the other, and their keys likewise.
    requests: Vec<u8>,
    keys: Vec<u8>,
    /// Where each request ends, and each key.
    ends: Vec<(usize, usize)>,
}

impl Stage {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Whether it is time to work out the owners.
    pub(super) fn is_full(&self) -> bool {
        self.len() >= CLIENT_STAGE_REQUESTS || self.requests.len() >= CLIENT_STAGE_BYTES
    }

    /// Whether a request is so short that it may wait here. To copy a longer one once more would cost more
    /// than its digest can save.
    pub(super) fn takes(words: &[&[u8]]) -> bool {
        let bytes = words.iter().map(|word| word.len()).sum::<usize>();
        bytes <= CLIENT_STAGE_BYTES / CLIENT_STAGE_REQUESTS * 4
    }

    /// Adds a request and its one key.
    pub(super) fn push(&mut self, words: &[&[u8]], key: &[u8]) {
        encode_request(words.iter().copied(), &mut self.requests);
        self.keys.extend_from_slice(key);
        self.ends.push((self.requests.len(), self.keys.len()));
    }

    /// Gives each encoded request to `put`, with the place that `places` finds for its key among all of
    /// them; then it is empty.
    pub(super) fn settle(
        &mut self,
        places: impl FnOnce(&[&[u8]]) -> Vec<usize>,
        mut put: impl FnMut(usize, &[u8]),
    ) {
        let mut start = 0;
        let keys = self.ends.iter().map(|&(_, end)| {
            let key = self.keys.get(start..end).unwrap_or_default();
            start = end;
            key
        });
        let keys: Vec<_> = keys.collect();
        let places = places(&keys);
        debug_assert_eq!(places.len(), keys.len(), "a place for each key");
        let mut start = 0;
        for (&(end, _), place) in self.ends.iter().zip(places) {
            put(place, self.requests.get(start..end).unwrap_or_default());
            start = end;
        }
        self.requests.clear();
        self.keys.clear();
        self.ends.clear();
    }
}
