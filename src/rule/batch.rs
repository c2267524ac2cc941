//! The digests of many keys.
//!
//! Short keys, as most are, wait until there are as many as can be hashed side by side. MD5 is
//! computed for [all of them at once](super::md5). The other digests are computed one after the other,
//! but from blocks that were all written before: a processor then begins with the next one while it is
//! still at work on the last, and a SHA-1 takes two thirds of the time.

use std::array::from_fn;

use super::block::{Block, Short};
use super::md5::LANES;
use super::{Digests, HashFunction, md5, sha};

/// Calls `found` with what came with each key and with its digest, in any order. Allocates nothing.
pub(crate) fn for_each_digest<'k, T>(
    hash: HashFunction,
    keys: impl Iterator<Item = (T, &'k [u8])>,
    found: impl FnMut(T, &[u8]),
) {
    match hash {
        HashFunction::Md5 => hash_in_groups(hash, keys, md5::Lanes::new(), found),
        HashFunction::Sha1 => hash_in_groups(hash, keys, Blocks::new(sha::sha1), found),
        HashFunction::Sha256 => hash_in_groups(hash, keys, Blocks::new(sha::sha256), found),
    }
}

fn hash_in_groups<'k, T, G: Group>(
    hash: HashFunction,
    keys: impl Iterator<Item = (T, &'k [u8])>,
    group: G,
    mut found: impl FnMut(T, &[u8]),
) {
    let items = from_fn(|_| None);
    let mut waiting = Waiting {
        group,
        items,
        count: 0,
    };
    for (item, key) in keys {
        match Short::new(key) {
            Some(short) => waiting.add(item, short),
            None => found(item, Digests::new(key).get(hash)),
        }
        if waiting.count == LANES {
            waiting.answer(&mut found);
        }
    }
    waiting.answer(&mut found);
}

/// The keys that wait for each other, with what came with them.
struct Waiting<T, G> {
    group: G,
    items: [Option<T>; LANES],
    count: usize,
}

impl<T, G: Group> Waiting<T, G> {
    /// Adds a key. There is room for it, since whoever fills the last lane answers at once.
    fn add(&mut self, item: T, key: Short<'_>) {
        if let Some(place) = self.items.get_mut(self.count) {
            *place = Some(item);
            self.group.put(self.count, key);
            self.count += 1;
        }
    }

    fn answer(&mut self, found: &mut impl FnMut(T, &[u8])) {
        let digests = self.group.digests(self.count);
        for (item, digest) in self.items.iter_mut().zip(&digests).take(self.count) {
            if let Some(item) = item.take() {
                found(item, digest.as_ref());
            }
        }
        self.count = 0;
    }
}

/// Up to [`LANES`] messages of one block each, and then their digests.
trait Group {
    type Digest: AsRef<[u8]>;

    /// Puts a message into a lane, instead of the one that was there.
    fn put(&mut self, lane: usize, message: Short<'_>);

    /// The digests of the messages in the first `count` lanes, and something in the places behind them.
    fn digests(&self, count: usize) -> [Self::Digest; LANES];
}

impl Group for md5::Lanes {
    type Digest = [u8; 16];

    fn put(&mut self, lane: usize, message: Short<'_>) {
        self.put(lane, message);
    }

    fn digests(&self, count: usize) -> [[u8; 16]; LANES] {
        self.digests(count)
    }
}

/// Messages whose digests are computed one after the other.
struct Blocks<const BYTES: usize> {
    digest: fn(&Block) -> [u8; BYTES],
    blocks: [Block; LANES],
}

impl<const BYTES: usize> Blocks<BYTES> {
    fn new(digest: fn(&Block) -> [u8; BYTES]) -> Self {
        let blocks = [[0; 64]; LANES];
        Self { digest, blocks }
    }
}

impl<const BYTES: usize> Group for Blocks<BYTES> {
    type Digest = [u8; BYTES];

    fn put(&mut self, lane: usize, message: Short<'_>) {
        if let Some(block) = self.blocks.get_mut(lane) {
            message.pad(u64::to_be_bytes, block);
        }
    }

    fn digests(&self, count: usize) -> [[u8; BYTES]; LANES] {
        let mut digests = [[0; BYTES]; LANES];
        for (digest, block) in digests.iter_mut().zip(&self.blocks).take(count) {
            *digest = (self.digest)(block);
        }
        digests
    }
}

#[cfg(test)]
mod tests {
    use ::md5::Md5;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use sha1::Sha1;
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::rule::to_hex;

    /// The digests of the keys, in their order.
    fn digests(hash: HashFunction, keys: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut digests = vec![None; keys.len()];
        let keys = keys.iter().map(Vec::as_slice).enumerate();
        for_each_digest(hash, keys, |place, digest| {
            let twice = digests[place].replace(digest.to_vec());
            assert_eq!(twice, None, "a second digest for the key at {place}");
        });
        digests.into_iter().map(Option::unwrap).collect()
    }

    fn digest_by_definition(hash: HashFunction, key: &[u8]) -> Vec<u8> {
        match hash {
            HashFunction::Md5 => Md5::digest(key).to_vec(),
            HashFunction::Sha1 => Sha1::digest(key).to_vec(),
            HashFunction::Sha256 => Sha256::digest(key).to_vec(),
        }
    }

    /// Short keys and long ones in one batch; mostly short, so that lanes fill.
    fn any_keys() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let key = prop_oneof![
            6 => vec(any::<u8>(), 0..=55),
            2 => vec(any::<u8>(), 56..=200),
            1 => vec(any::<u8>(), 200..=1000),
        ];
        vec(key, 0..=70)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn each_key_gets_its_digest_once_whatever_it_is_hashed_with(keys in any_keys()) {
            for hash in HashFunction::ALL {
                let expected: Vec<_> = keys
                    .iter()
                    .map(|key| digest_by_definition(hash, key))
                    .collect();
                prop_assert_eq!(digests(hash, &keys), expected);
            }
        }
    }

    #[test]
    fn keys_of_all_lengths_get_their_digests_alone_and_in_every_lane() {
        for length in 0..=200 {
            let keys: Vec<_> = (0..10_u8).map(|lane| vec![lane; length]).collect();
            for hash in HashFunction::ALL {
                for count in 0..=keys.len() {
                    let expected: Vec<_> = keys[..count]
                        .iter()
                        .map(|key| digest_by_definition(hash, key))
                        .collect();
                    assert_eq!(digests(hash, &keys[..count]), expected, "{length} bytes");
                }
                let alone = Digests::new(&keys[0]).get(hash).to_vec();
                assert_eq!(
                    alone,
                    digest_by_definition(hash, &keys[0]),
                    "{length} bytes"
                );
            }
        }
    }

    /// RFC 1321, appendix A.5.
    #[test]
    fn the_test_suite_of_the_rfc() {
        let suite = [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("a", "0cc175b9c0f1b6a831c399e269772661"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            (
                "abcdefghijklmnopqrstuvwxyz",
                "c3fcd3d76192e4007dfb496cca67e13b",
            ),
            (
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                "d174ab98d277d9f5a5611c2c9f419d9f",
            ),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a",
            ),
        ];
        let keys: Vec<_> = suite
            .iter()
            .map(|(key, _)| key.as_bytes().to_vec())
            .collect();
        let together = digests(HashFunction::Md5, &keys);
        for ((key, hex), digest) in suite.iter().zip(together) {
            assert_eq!(to_hex(&digest), *hex, "{key}, beside others");
            assert_eq!(
                Digests::new(key.as_bytes()).hex(HashFunction::Md5),
                *hex,
                "{key}, alone"
            );
        }
    }
}
