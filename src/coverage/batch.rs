//! Some keys that are asked about together, and what the nodes say to them.

use super::KeySpace;
use crate::placement::{NodeIndex, Placement};

/// What stands before the key in the value of a key of this test. The value depends on nothing but the
/// key, so that a test that is repeated with the same seed knows its own keys from those of others.
pub(super) const VALUE_START: &[u8] = b"triad keygen ";

/// Keys of one space with their owners. Its memory is kept from batch to batch.
#[derive(Debug, Default)]
pub(super) struct Batch {
    indices: Vec<u128>,
    /// The value of each key, one behind the other: the key is the end of its value.
    values: Vec<u8>,
    value_bytes: usize,
    owners: Vec<NodeIndex>,
}

impl Batch {
    /// Takes these keys of `space`, in place of those before. Indices that the space does not have are
    /// left out.
    pub(super) fn fill(
        &mut self,
        space: &KeySpace,
        placement: &Placement,
        indices: impl Iterator<Item = u128>,
    ) {
        self.indices.clear();
        self.values.clear();
        self.owners.clear();
        self.value_bytes = VALUE_START.len() + space.length();
        for index in indices {
            let before = self.values.len();
            self.values.extend_from_slice(VALUE_START);
            if space.write_key(index, &mut self.values) {
                self.indices.push(index);
            } else {
                self.values.truncate(before);
            }
        }
        let keys = self.values.chunks_exact(self.value_bytes).map(key_in);
        placement.owners(keys, &mut self.owners);
    }

    pub(super) fn len(&self) -> usize {
        self.indices.len()
    }

    pub(super) fn index(&self, place: usize) -> u128 {
        self.indices.get(place).copied().unwrap_or_default()
    }

    pub(super) fn value(&self, place: usize) -> &[u8] {
        let begin = place * self.value_bytes;
        let value = self.values.get(begin..begin + self.value_bytes);
        value.unwrap_or_default()
    }

    pub(super) fn key(&self, place: usize) -> &[u8] {
        key_in(self.value(place))
    }

    /// The place of the node that the rules name.
    pub(super) fn owner(&self, place: usize) -> usize {
        self.owners.get(place).map_or(0, |owner| owner.as_usize())
    }
}

fn key_in(value: &[u8]) -> &[u8] {
    value.get(VALUE_START.len()..).unwrap_or_default()
}

/// What each node said to each key of a batch, once.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// By node, then by key; none where it was not asked.
    by_node: Vec<Vec<Option<Answer>>>,
}

/// What a node said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// To an offer: it stores the key now.
    Stored,
    /// It is not the owner.
    Declined,
    /// It has the key already.
    Exists,
    /// To a reading: the value of this test.
    Ours,
    /// Another value.
    Anothers,
    /// No value.
    Nothing,
    /// Whether it has the key.
    Has(bool),
    /// It did what it was told.
    Done,
}

impl Answers {
    /// Forgets all, and makes room for the answers of so many nodes to so many keys.
    pub(super) fn clear(&mut self, nodes: usize, keys: usize) -> &mut [Vec<Option<Answer>>] {
        self.by_node.resize_with(nodes, Vec::new);
        for answers in &mut self.by_node {
            answers.clear();
            answers.resize(keys, None);
        }
        &mut self.by_node
    }

    /// What each node said to one key, in the order of the list.
    pub(super) fn to(&self, place: usize) -> impl Iterator<Item = Option<Answer>> + Clone {
        let answer = move |answers: &Vec<Option<Answer>>| answers.get(place).copied().flatten();
        self.by_node.iter().map(answer)
    }

    /// What one node said to one key.
    pub(super) fn of(&self, node: usize, place: usize) -> Option<Answer> {
        self.by_node.get(node)?.get(place).copied().flatten()
    }
}
