//! How large a reply becomes.

use crate::limits::{REPLY_ELEMENTS_MAX, REPLY_MAX_BYTES};
use crate::resp::Frame;

/// What a string of a reply takes on the wire beside its bytes: a type, a length of up to nine digits
/// and two line ends.
const STRING_MAX_BYTES: usize = 16;

/// What stands around the strings of a reply: the lengths of two arrays and a cursor.
const AROUND_MAX_BYTES: usize = 128;

/// Adds up the strings of a reply while it is made, so that none becomes larger than what the reader
/// takes: a peer that is sent more gives up the link.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReplySize {
    bytes: usize,
    elements: usize,
}

impl ReplySize {
    /// An empty reply.
    pub(crate) const fn new() -> Self {
        Self {
            bytes: AROUND_MAX_BYTES,
            elements: 4,
        }
    }

    /// How many bytes it has so far, at most.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a string of `bytes`; false if the reply is then too large.
    #[must_use]
    pub(crate) fn add(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes + STRING_MAX_BYTES);
        self.elements += 1;
        self.bytes <= REPLY_MAX_BYTES && self.elements <= REPLY_ELEMENTS_MAX
    }

    /// Adds the elements of an array; false if the reply is then too large.
    #[must_use]
    pub(crate) fn add_array(&mut self, elements: &[Frame<'_>]) -> bool {
        elements
            .iter()
            .all(|element| self.add(element.as_bytes().map_or(0, <[u8]>::len)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::{self, FrameDecoder, Protocol};

    #[test]
    fn what_fits_is_taken_by_the_reader() {
        for bytes in [1, 1000, REPLY_MAX_BYTES / 12, REPLY_MAX_BYTES / 2] {
            let mut size = ReplySize::new();
            let mut elements = Vec::new();
            while size.add(bytes) && elements.len() < 100_000 {
                elements.push(Frame::bulk(vec![0; bytes]));
            }
            let scan = Frame::array([Frame::bulk(vec![b'9'; 20]), Frame::Array(elements)]);
            let mut decoder = FrameDecoder::new(REPLY_MAX_BYTES);
            let mut encoded = Vec::new();
            resp::encode(&scan, Protocol::Resp3, &mut encoded);
            decoder.buffer().extend_from_slice(&encoded);
            assert!(decoder.next().unwrap().is_some(), "strings of {bytes}");
        }
    }

    #[test]
    fn elements_are_counted_too() {
        let mut size = ReplySize::new();
        let fitting = (0..=REPLY_ELEMENTS_MAX).take_while(|_| size.add(0)).count();
        assert_eq!(fitting, REPLY_ELEMENTS_MAX - 4);
    }
}
