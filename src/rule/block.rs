//! Messages that are one block of a hash function.
//!
//! MD5 (RFC 1321, sections 3.1 and 3.2), SHA-1 and SHA-256 (FIPS 180-4, section 5.1.1) pad a message
//! alike: a one bit, then zeros, then the message's length in bits as the last eight bytes of a block
//! of 64. Only the order of those eight bytes differs. What has 55 bytes at most, as most keys have, is
//! a single block, and needs none of the buffering that a hasher does for messages that come in parts.

/// What the three hash functions take at a time.
pub(super) type Block = [u8; 64];

/// The longest message that leaves room for the one bit and the length.
const SHORT_MAX_BYTES: usize = 64 - 1 - 8;

/// A message that is one block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Short<'m>(&'m [u8]);

impl<'m> Short<'m> {
    /// The message, if it is short enough.
    pub(super) fn new(message: &'m [u8]) -> Option<Self> {
        (message.len() <= SHORT_MAX_BYTES).then_some(Self(message))
    }

    /// Writes the block. The length goes in as `length_bytes` says: `u64::to_le_bytes` for MD5,
    /// `u64::to_be_bytes` for the others.
    ///
    /// It is written in words of eight bytes, because a processor that reads a word right after single
    /// bytes of it were written has to wait until these are in its cache: a tenth of an MD5.
    #[inline]
    pub(super) fn pad(self, length_bytes: fn(u64) -> [u8; 8], block: &mut Block) {
        let (words, _) = block.as_chunks_mut::<8>();
        words.fill([0; 8]);
        let (whole, _) = self.0.as_chunks::<8>();
        for (word, bytes) in words.iter_mut().zip(whole) {
            *word = *bytes;
        }
        if let Some(word) = words.get_mut(whole.len()) {
            *word = self.last_word();
        }
        if let Some(word) = words.last_mut() {
            *word = length_bytes(8 * self.0.len() as u64);
        }
    }

    /// The bytes after the last whole word, the one bit (the highest of the next byte), and zeros.
    fn last_word(self) -> [u8; 8] {
        let rest_bits = 8 * (self.0.len() % 8);
        let rest = match self.0.last_chunk::<8>() {
            // One read for any number of bytes. Two shifts, because all 64 bits go if nothing is left.
            Some(last) => u64::from_le_bytes(*last) >> 1 >> (63 - rest_bits),
            None => self
                .0
                .iter()
                .rev()
                .fold(0, |rest, byte| (rest << 8) | u64::from(*byte)),
        };
        (rest | (0x80 << rest_bits)).to_le_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The padding as the standards tell it, byte by byte.
    fn padded_by_definition(message: &[u8], length: [u8; 8]) -> Vec<u8> {
        let mut bytes = [message, &[0x80]].concat();
        while bytes.len() % 64 != 56 {
            bytes.push(0);
        }
        bytes.extend(length);
        bytes
    }

    #[test]
    fn messages_of_one_block_are_padded_as_the_standards_say_and_longer_ones_are_refused() {
        let long: Vec<u8> = (0..200).map(|byte| byte ^ 0xa5).collect();
        // What an earlier message left in the block.
        let mut block = [0xff; 64];
        for length in 0..=long.len() {
            for length_bytes in [u64::to_le_bytes as fn(u64) -> [u8; 8], u64::to_be_bytes] {
                let message = &long[..length];
                let padded = padded_by_definition(message, length_bytes(8 * length as u64));
                match Short::new(message) {
                    Some(short) => {
                        short.pad(length_bytes, &mut block);
                        assert_eq!(block[..], padded, "{length} bytes");
                    }
                    None => assert!(padded.len() > 64, "{length} bytes were refused"),
                }
            }
        }
    }
}
