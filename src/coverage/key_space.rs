//! Random keys that are unique by construction.
//!
//! The keys of one length are numbers in base 62. A seeded permutation of all of them, walked from 0,
//! yields each once in an order that looks random; so nothing has to be remembered to keep them apart,
//! and the same seed yields the same keys.
//!
//! The permutation is a Feistel network on the smallest even number of bits that can count the keys,
//! with results beyond the last key fed through it again (Black and Rogaway, *Ciphers with Arbitrary
//! Finite Domains*, 2002: "cycle walking").

use std::hash::Hasher as _;

use siphasher::sip::SipHasher24;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The most characters whose combinations fit in 128 bits. What a longer key has beyond them is drawn
/// freely: these alone keep it unique.
const PERMUTED_MAX: usize = 21;

/// The most characters whose combinations fit in 64 bits.
const DRAWN_AT_ONCE: usize = 10;

/// How many combinations these have.
const DRAWN_SIZE: u128 = 62_u128.pow(10);

/// Four rounds make a permutation that looks random to a reader, which is all that is asked.
const ROUNDS: u64 = 4;

/// The alphanumeric keys of one length, in an order given by a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySpace {
    length: usize,
    seed: u64,
    size: u128,
    half_bits: u32,
}

impl KeySpace {
    /// All keys of `length` characters.
    pub fn new(length: usize, seed: u64) -> Self {
        let permuted = u32::try_from(length.min(PERMUTED_MAX)).unwrap_or(0);
        let size = 62_u128.pow(permuted);
        let bits = u128::BITS - (size - 1).leading_zeros();
        Self {
            length,
            seed,
            size,
            half_bits: bits.div_ceil(2).max(1),
        }
    }

    /// How many characters each key has.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// How many different keys there are; for long keys at least so many.
    pub fn size(&self) -> u128 {
        self.size
    }

    /// The key at `index`, or `None` if there are not so many.
    pub fn key(&self, index: u128) -> Option<String> {
        let mut key = Vec::with_capacity(self.length);
        let exists = self.write_key(index, &mut key);
        exists.then(|| key.into_iter().map(char::from).collect())
    }

    /// Adds the key at `index` to `out`. False, and nothing added, if there are not so many.
    pub(super) fn write_key(&self, index: u128, out: &mut Vec<u8>) -> bool {
        if index >= self.size {
            return false;
        }
        let mut number = self.permute(index);
        while number >= self.size {
            number = self.permute(number);
        }
        // Digits are taken from 64 bits at a time, whose division is many times as fast as that of 128.
        let mut left = self.length;
        let mut permuted = left.min(PERMUTED_MAX);
        while permuted > 0 {
            let digits = permuted.min(DRAWN_AT_ONCE);
            write_digits(low(number % DRAWN_SIZE), digits, out);
            number /= DRAWN_SIZE;
            permuted -= digits;
            left -= digits;
        }
        while left > 0 {
            let digits = left.min(DRAWN_AT_ONCE);
            write_digits(self.mix((self.length - left) as u64, index), digits, out);
            left -= digits;
        }
        true
    }

    fn permute(&self, number: u128) -> u128 {
        let mask = (1_u128 << self.half_bits) - 1;
        let (mut left, mut right) = (number >> self.half_bits, number & mask);
        for round in 0..ROUNDS {
            let mixed = u128::from(self.mix(round, right)) & mask;
            (left, right) = (right, left ^ mixed);
        }
        left << self.half_bits | right
    }

    fn mix(&self, tweak: u64, number: u128) -> u64 {
        let mut hasher = SipHasher24::new_with_keys(self.seed, tweak);
        hasher.write(&number.to_le_bytes());
        hasher.finish()
    }
}

/// Adds so many digits of a number to `out`, the lowest first.
fn write_digits(mut number: u64, digits: usize, out: &mut Vec<u8>) {
    for _ in 0..digits {
        let digit = usize::try_from(number % 62).unwrap_or(0);
        number /= 62;
        out.push(ALPHABET.get(digit).copied().unwrap_or(b'0'));
    }
}

/// The low 64 bits.
fn low(number: u128) -> u64 {
    u64::try_from(number & u128::from(u64::MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_short_key_comes_exactly_once() {
        for seed in 0..3 {
            let space = KeySpace::new(2, seed);
            let keys: HashSet<_> = (0..62 * 62)
                .map(|index| space.key(index).unwrap())
                .collect();
            assert_eq!(keys.len(), 62 * 62);
            assert_eq!(space.key(62 * 62), None);
        }
    }

    #[test]
    fn keys_have_their_length_and_only_letters_and_digits() {
        for length in [1, 3, 16, 21, 22, 300] {
            let space = KeySpace::new(length, 7);
            for index in 0..50 {
                let key = space.key(index).unwrap();
                assert_eq!(key.len(), length);
                assert!(
                    key.bytes().all(|byte| byte.is_ascii_alphanumeric()),
                    "{key}"
                );
            }
        }
    }

    #[test]
    fn keys_are_those_of_earlier_releases() {
        // Whoever wrote a seed down is to find the same keys again.
        let key = |length, seed, index| KeySpace::new(length, seed).key(index).unwrap();
        assert_eq!(
            [
                key(1, 1, 0),
                key(7, 2, 61),
                key(16, 5, 0),
                key(16, u64::MAX, 99_999)
            ],
            ["f", "M7LXdvq", "KXBGMqsWOMhFGIGE", "06vjhe54kQofSkJd"]
        );
        assert_eq!(key(21, 3, 1 << 100), "VUO71TGEMl8NX72vvmCOT");
        assert_eq!(
            key(47, 4, 12),
            "vzE6jCf7vnd2V4ms6i3LCKNBo6nCn8P6bNLuATrpfWkqdCE"
        );
    }

    #[test]
    fn a_seed_gives_the_same_keys_again_and_another_seed_others() {
        let keys = |seed| (0..100).map(move |index| KeySpace::new(16, seed).key(index).unwrap());
        assert!(keys(1).eq(keys(1)));
        let first: HashSet<_> = keys(1).collect();
        assert!(keys(2).all(|key| !first.contains(&key)));
    }
}
