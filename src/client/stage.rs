//! Requests of a cluster client whose owners are not known yet.
//!
//! To work out the owners of many keys together takes less than half of the time, so requests of one key
//! wait here until there are enough of them, or a reply is wanted.

use std::iter::repeat;

use crate::limits::{CLIENT_STAGE_REQUEST_BYTES, CLIENT_STAGE_REQUESTS};
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
        self.len() >= CLIENT_STAGE_REQUESTS
    }

    /// Whether a request is so short that it may wait here.
    pub(super) fn takes(words: &[&[u8]]) -> bool {
        // What stands around a word: `$`, a length, and two ends of lines.
        const AROUND_BYTES: usize = 16;
        let bytes = words.iter().map(|word| word.len() + AROUND_BYTES);
        bytes.sum::<usize>() <= CLIENT_STAGE_REQUEST_BYTES
    }

    /// Adds a request and its one key.
    pub(super) fn push(&mut self, words: &[&[u8]], key: &[u8]) {
        encode_request(words.iter().copied(), &mut self.requests);
        self.keys.extend_from_slice(key);
        self.ends.push((self.requests.len(), self.keys.len()));
    }

    /// Gives each encoded request to `put`, with the place that `places` finds for its key among all of
    /// them, or one that no list has if it finds too few; then it is empty.
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
        let places = places(&keys).into_iter().chain(repeat(usize::MAX));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_is_given_once_in_order_also_where_places_are_missing() {
        let mut stage = Stage::default();
        for key in ["a", "bb", ""] {
            let words: [&[u8]; 2] = [b"GET", key.as_bytes()];
            assert!(Stage::takes(&words));
            stage.push(&words, key.as_bytes());
        }
        let mut given = Vec::new();
        let places = |keys: &[&[u8]]| {
            assert_eq!(keys, [&b"a"[..], b"bb", b""]);
            vec![7, 5]
        };
        stage.settle(places, |place, request| {
            given.push((place, String::from_utf8(request.to_vec()).unwrap()));
        });
        let request = |key: &str| format!("*2\r\n$3\r\nGET\r\n${}\r\n{key}\r\n", key.len());
        let expected = [(7, "a"), (5, "bb"), (usize::MAX, "")];
        assert_eq!(given, expected.map(|(place, key)| (place, request(key))));
        assert!(stage.is_empty());
    }

    #[test]
    fn what_is_long_is_not_copied_once_more() {
        let long = vec![b'v'; CLIENT_STAGE_REQUEST_BYTES];
        assert!(!Stage::takes(&[b"SET", b"k", &long]));
        assert!(!Stage::takes(&vec![&b""[..]; CLIENT_STAGE_REQUEST_BYTES]));
    }
}
