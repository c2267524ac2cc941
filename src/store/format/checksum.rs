//! The checksum: CRC-32 (IEEE 802.3, as in zlib) over the decoded content of an object.
//!
//! It is taken over every field of the object but `crc` itself, sorted by name; a field that is
//! absent is not in it. Of each field it takes the length of the name (4 bytes, little-endian), the
//! name, the length of the content (the same way) and the content, which is
//!
//! - for `key` and `value` the decoded bytes, under these names however they are written;
//! - for other text its UTF-8 bytes;
//! - for a number 8 bytes, little-endian; for `true` and `false` one byte, 1 or 0;
//! - for `entries` 4 bytes: the CRC-32 of all the entries' checksums, in order, 4 bytes
//!   little-endian each.
//!
//! White space, escapes, the order of fields and base64 are therefore not in it, and new fields can
//! come without a change to this definition.

use crc32fast::Hasher;

/// A checksum under way. The fields have to come sorted by name.
pub struct Checksum {
    hasher: Hasher,
    /// CRC-32 is several times faster over one piece than over many small ones.
    gathered: [u8; 192],
    len: usize,
}

impl Default for Checksum {
    fn default() -> Self {
        Self::new()
    }
}

impl Checksum {
    /// Without any field yet.
    pub fn new() -> Self {
        Self {
            hasher: Hasher::new(),
            gathered: [0; 192],
            len: 0,
        }
    }

    /// Takes a field of bytes, or of text.
    #[inline]
    pub fn bytes<const N: usize>(&mut self, name: &[u8; N], content: &[u8]) {
        self.name(name);
        self.take(length(content));
        self.take_slice(content);
    }

    /// Takes a field that is a number.
    #[inline]
    pub fn number<const N: usize>(&mut self, name: &[u8; N], content: u64) {
        let content = content.to_le_bytes();
        self.name(name);
        self.take(length(&content));
        self.take(content);
    }

    pub(in crate::store) fn flag<const N: usize>(&mut self, name: &[u8; N], content: bool) {
        self.bytes(name, &[u8::from(content)]);
    }

    /// The checksum of all that was taken.
    pub fn finish(mut self) -> u32 {
        self.flush();
        self.hasher.finalize()
    }

    #[inline]
    fn name<const N: usize>(&mut self, name: &[u8; N]) {
        self.take(length(name));
        self.take(*name);
    }

    /// Takes a piece whose length the compiler knows, which is an instruction or two.
    #[inline]
    fn take<const N: usize>(&mut self, piece: [u8; N]) {
        let place = self.gathered.get_mut(self.len..);
        if let Some(place) = place.and_then(<[u8]>::first_chunk_mut) {
            *place = piece;
            self.len += N;
        } else {
            self.take_slice(&piece);
        }
    }

    fn take_slice(&mut self, piece: &[u8]) {
        let end = self.len + piece.len();
        if let Some(place) = self.gathered.get_mut(self.len..end) {
            place.copy_from_slice(piece);
            self.len = end;
        } else {
            self.flush();
            self.hasher.update(piece);
        }
    }

    fn flush(&mut self) {
        self.hasher
            .update(self.gathered.get(..self.len).unwrap_or_default());
        self.len = 0;
    }
}

/// Keys and values are far below 4 GiB: see [`crate::limits`].
fn length(content: &[u8]) -> [u8; 4] {
    u32::try_from(content.len())
        .unwrap_or(u32::MAX)
        .to_le_bytes()
}

/// The checksum of an entry of a snapshot.
pub(in crate::store) fn of_entry(key: &[u8], value: &[u8]) -> u32 {
    let mut checksum = Checksum::new();
    checksum.bytes(b"key", key);
    checksum.bytes(b"value", value);
    checksum.finish()
}

/// The checksum that a `crc` field has, if it is one.
pub fn parse(digits: &str) -> Option<u32> {
    let is_one = digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| is_one)
}

/// The 8 hexadecimal digits of a `crc` field.
pub fn digits(crc: u32) -> [u8; 8] {
    let mut digits = [0; 8];
    for (digit, shift) in digits.iter_mut().zip((0..32).step_by(4).rev()) {
        let number = u8::try_from((crc >> shift) & 15).unwrap_or_default();
        *digit = if number < 10 {
            b'0' + number
        } else {
            b'a' + number - 10
        };
    }
    digits
}
