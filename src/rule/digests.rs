//! The digests of one key, each computed when first asked for, and once.
//!
//! Most keys are claimed by the first rule of a list, so hashing on demand makes them pay for one
//! digest and not for three. Nothing here allocates but [`Digests::hex`].

use std::fmt::Write as _;

use ::md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::block::Short;
use super::{HashFunction, md5, sha};

/// The digests of one key while a list of rules is walked.
#[derive(Clone, Debug)]
pub struct Digests<'k> {
    key: &'k [u8],
    md5: Option<[u8; 16]>,
    sha1: Option<[u8; 20]>,
    sha256: Option<[u8; 32]>,
}

impl<'k> Digests<'k> {
    /// The digests of these raw bytes; none is computed yet.
    pub const fn new(key: &'k [u8]) -> Self {
        Self {
            key,
            md5: None,
            sha1: None,
            sha256: None,
        }
    }

    /// The digest in bytes: 16 of MD5, 20 of SHA-1, 32 of SHA-256.
    pub fn get(&mut self, hash: HashFunction) -> &[u8] {
        let key = self.key;
        match hash {
            HashFunction::Md5 => self.md5.get_or_insert_with(|| match Short::new(key) {
                Some(short) => md5::digest(short),
                None => Md5::digest(key).into(),
            }),
            HashFunction::Sha1 => self.sha1.get_or_insert_with(|| match Short::new(key) {
                Some(short) => sha::sha1(&sha::padded(short)),
                None => Sha1::digest(key).into(),
            }),
            HashFunction::Sha256 => self.sha256.get_or_insert_with(|| match Short::new(key) {
                Some(short) => sha::sha256(&sha::padded(short)),
                None => Sha256::digest(key).into(),
            }),
        }
    }

    /// The digest as `md5sum` and its like print it: lower-case hexadecimal.
    pub fn hex(&mut self, hash: HashFunction) -> String {
        to_hex(self.get(hash))
    }

    /// Whether this digest has been paid for.
    pub const fn is_computed(&self, hash: HashFunction) -> bool {
        match hash {
            HashFunction::Md5 => self.md5.is_some(),
            HashFunction::Sha1 => self.sha1.is_some(),
            HashFunction::Sha256 => self.sha256.is_some(),
        }
    }
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string can't fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 1321, appendix A.5; RFC 3174, section 7.3; FIPS 180-2, appendix B.1.
    #[test]
    fn published_digests() {
        let mut digests = Digests::new(b"abc");
        let published = [
            "900150983cd24fb0d6963f7d28e17f72",
            "a9993e364706816aba3e25717850c26c9cd0d89d",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ];
        assert_eq!(HashFunction::ALL.map(|hash| digests.hex(hash)), published);
    }

    #[test]
    fn only_what_is_asked_for_is_computed() {
        for asked in HashFunction::ALL {
            let mut digests = Digests::new(b"key");
            digests.get(asked);
            for hash in HashFunction::ALL {
                assert_eq!(digests.is_computed(hash), hash == asked);
            }
        }
    }

    #[test]
    fn a_second_question_is_answered_from_the_first() {
        let mut digests = Digests::new(b"key");
        digests.md5 = Some([1; 16]);
        digests.sha1 = Some([2; 20]);
        digests.sha256 = Some([3; 32]);
        assert_eq!(digests.get(HashFunction::Md5), [1; 16]);
        assert_eq!(digests.get(HashFunction::Sha1), [2; 20]);
        assert_eq!(digests.get(HashFunction::Sha256), [3; 32]);
    }
}
