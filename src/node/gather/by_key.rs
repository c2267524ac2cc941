//! One array of the values of many keys that several nodes gave, in the order in which the keys were
//! asked for.
//!
//! The values are kept encoded, one behind the other as they came: a copy on the way in and one on the
//! way out, and no allocation for each.

use std::ops::Range;

use crate::resp::{self, Frame, Protocol};

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct ByKey {
    bytes: Vec<u8>,
    /// Where each value stands in `bytes`; nowhere if it is null.
    places: Vec<Range<usize>>,
}

impl ByKey {
    /// Takes the values of the keys at `places` of the whole. The memory that they take, in bytes; none if
    /// this is not what a node answers, and nothing is taken.
    pub(super) fn add(&mut self, places: &[usize], values: &[Frame<'_>]) -> Option<usize> {
        let are_values = |value: &Frame<'_>| matches!(value, Frame::Bulk(_) | Frame::Null);
        if places.len() != values.len() || !values.iter().all(are_values) {
            return None;
        }
        let before = self.held_bytes();
        if let Some(last) = places.iter().max() {
            let len = self.places.len().max(last + 1);
            self.places.resize(len, 0..0);
        }
        for (place, value) in places.iter().zip(values) {
            let start = self.bytes.len();
            if let Frame::Bulk(_) = value {
                // A string has one form in both versions.
                resp::encode(value, Protocol::Resp2, &mut self.bytes);
            }
            if let Some(range) = self.places.get_mut(*place) {
                *range = start..self.bytes.len();
            }
        }
        Some(self.held_bytes() - before)
    }

    /// Appends the array to `out`.
    pub(super) fn encode(&self, protocol: Protocol, out: &mut Vec<u8>) {
        out.reserve(self.bytes.len() + self.places.len() * 5 + 16);
        resp::encode_array_header(self.places.len(), out);
        for range in &self.places {
            match self.bytes.get(range.clone()) {
                Some(value) if !value.is_empty() => out.extend_from_slice(value),
                _ => resp::encode(&Frame::Null, protocol, out),
            }
        }
    }

    fn held_bytes(&self) -> usize {
        self.bytes.len() + self.places.len() * size_of::<Range<usize>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_their_keys_were() {
        let mut values = ByKey::default();
        let held = values.add(&[1, 4], &[Frame::bulk(b"b"), Frame::Null]);
        assert!(held > Some(7));
        assert!(
            values.add(
                &[0, 2, 3],
                &[Frame::bulk(b""), Frame::Null, Frame::bulk(b"d")]
            ) > Some(0)
        );
        for (protocol, null) in [(Protocol::Resp2, "$-1\r\n"), (Protocol::Resp3, "_\r\n")] {
            let mut out = Vec::new();
            values.encode(protocol, &mut out);
            let expected = format!("*5\r\n$0\r\n\r\n$1\r\nb\r\n{null}$1\r\nd\r\n{null}");
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_not_values_is_not_taken() {
        let mut values = ByKey::default();
        assert_eq!(values.add(&[0], &[]), None);
        assert_eq!(
            values.add(&[0, 1], &[Frame::bulk(b"a"), Frame::Integer(1)]),
            None
        );
        let mut out = Vec::new();
        values.encode(Protocol::Resp2, &mut out);
        assert_eq!(out, b"*0\r\n");
    }
}
