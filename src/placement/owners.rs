//! The owners of many keys at once.
//!
//! A key's owner is the first place of the list whose rule claims it. Rules of one hash function need
//! the same digest, so they are asked together, and the earliest place that any of them gives is kept.
//! The hash functions come in the order in which the list first names them, and one is computed only
//! for the keys that still belong to a place behind that: no key is hashed that
//! [`owner`](super::Placement::owner) would not hash, nor twice with one function.

use super::NodeIndex;
use crate::rule::{DigestRule, HashFunction, Test, for_each_digest};

/// The rules of a list that look at one digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claims {
    hash: HashFunction,
    /// The first of their places.
    first: NodeIndex,
    /// Their tests with their places, in order.
    tests: Vec<(NodeIndex, Test)>,
}

impl Claims {
    /// The rules of a list by hash function, in the order in which the list first names those.
    pub(super) fn of_rules(rules: impl Iterator<Item = (NodeIndex, DigestRule)>) -> Vec<Self> {
        let mut by_hash: Vec<Self> = Vec::new();
        for (place, DigestRule { hash, test }) in rules {
            match by_hash.iter_mut().find(|claims| claims.hash == hash) {
                Some(claims) => claims.tests.push((place, test)),
                None => by_hash.push(Self {
                    hash,
                    first: place,
                    tests: vec![(place, test)],
                }),
            }
        }
        by_hash
    }

    /// Gives each key to the first of these places that claims it, if that comes before the place which
    /// has it so far.
    pub(super) fn apply<'k, 'o>(&self, keys: impl Iterator<Item = (&'o mut NodeIndex, &'k [u8])>) {
        let undecided = keys.filter(|(owner, _)| **owner > self.first);
        for_each_digest(self.hash, undecided, |owner, digest| {
            *owner = self.claimant(digest, *owner);
        });
    }

    /// The first of these places that claims a digest and comes before `owner`, else `owner`.
    fn claimant(&self, digest: &[u8], owner: NodeIndex) -> NodeIndex {
        let before = self.tests.iter().take_while(|(place, _)| *place < owner);
        let mut claiming = before.filter(|(_, test)| test.passes(digest));
        claiming.next().map_or(owner, |(place, _)| *place)
    }
}
