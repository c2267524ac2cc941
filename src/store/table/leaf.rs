//! A leaf of the table: the entries whose hashes begin with the same bits, in no order.

use hashbrown::HashTable;

use super::entry::Entry;
use super::hash;
use crate::limits::TABLE_LEAF_ENTRIES;

/// Entries whose hashes agree in their top `depth` bits.
pub(in crate::store) struct Leaf {
    pub(super) depth: u32,
    entries: HashTable<Entry>,
}

impl Leaf {
    pub(super) fn new(depth: u32) -> Self {
        Self {
            depth,
            entries: HashTable::new(),
        }
    }

    pub(in crate::store) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get(&self, hash: u64, key: &[u8]) -> Option<&Entry> {
        self.entries.find(inner(hash), |entry| entry.key() == key)
    }

    /// Reads the place where an entry of this hash stands, if there is one.
    pub(super) fn touch_place(&self, hash: u64) -> usize {
        self.entries
            .find(inner(hash), |_| true)
            .map_or(0, Entry::bytes)
    }

    /// Reads the ends of the memory that such an entry takes.
    pub(super) fn touch_entry(&self, hash: u64) -> Option<usize> {
        self.entries.find(inner(hash), |_| true).map(Entry::touch)
    }

    pub(super) fn get_mut(&mut self, hash: u64, key: &[u8]) -> Option<&mut Entry> {
        self.entries
            .find_mut(inner(hash), |entry| entry.key() == key)
    }

    /// The entry with the same key. What `entry` points to is not looked at unless there is one that
    /// seems to be: it may not be in the cache.
    pub(super) fn get_same(&mut self, hash: u64, entry: &Entry) -> Option<&mut Entry> {
        self.entries
            .find_mut(inner(hash), |known| known.key() == entry.key())
    }

    /// Adds an entry that is not there yet.
    pub(super) fn add(&mut self, hash: u64, entry: Entry) {
        self.entries
            .insert_unique(inner(hash), entry, |entry| inner(hash_of(entry)));
    }

    pub(super) fn remove(&mut self, hash: u64, key: &[u8]) -> Option<Entry> {
        let found = self
            .entries
            .find_entry(inner(hash), |entry| entry.key() == key);
        let (removed, _) = found.ok()?.remove();
        if self.entries.is_empty() {
            self.entries = HashTable::new();
        } else if self.entries.len() * 4 < self.entries.capacity() {
            self.entries
                .shrink_to(self.entries.len() * 2, |entry| inner(hash_of(entry)));
        }
        Some(removed)
    }

    /// Splits the leaf by the next bit of the hashes: keeps the entries that have 0 there, and
    /// returns the leaf of those that have 1.
    pub(super) fn split(&mut self) -> Self {
        let depth = self.depth + 1;
        // Room for as many as a leaf takes: half of the leaves would need it at once, the others soon.
        let room = || Self {
            depth,
            entries: HashTable::with_capacity(TABLE_LEAF_ENTRIES),
        };
        let whole = std::mem::replace(self, room());
        let mut ones = room();
        for entry in whole.entries {
            let hash = hash_of(&entry);
            let is_one = hash.rotate_left(depth) & 1 == 1;
            let side = if is_one { &mut ones } else { &mut *self };
            side.add(hash, entry);
        }
        for side in [&mut *self, &mut ones] {
            if side.entries.is_empty() {
                side.entries = HashTable::new();
            }
        }
        ones
    }

    /// The entries whose hashes are `from` or more, sorted by hash.
    pub(super) fn sorted(&self, from: u64) -> Vec<(u64, &Entry)> {
        let hashed = self.entries.iter().map(|entry| (hash_of(entry), entry));
        let mut sorted: Vec<_> = hashed.filter(|(hash, _)| *hash >= from).collect();
        sorted.sort_unstable_by_key(|(hash, _)| *hash);
        sorted
    }

    /// The entries, in no order: that takes neither their hashes nor a sorting.
    pub(in crate::store) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The entries of this hash.
    pub(super) fn with_hash(&self, hash: u64) -> impl Iterator<Item = &Entry> {
        let entries = self.entries.iter_hash(inner(hash));
        entries.filter(move |entry| hash_of(entry) == hash)
    }

    /// The bytes of all keys and values, and a few more.
    pub(in crate::store) fn bytes(&self) -> usize {
        self.entries.iter().map(Entry::bytes).sum()
    }
}

fn hash_of(entry: &Entry) -> u64 {
    hash(entry.key())
}

/// The hash for use within a leaf. `HashTable` tells entries apart by the top seven bits, which are
/// equal in a leaf; here they are the bottom ones, and the next ones choose the place.
fn inner(hash: u64) -> u64 {
    hash.rotate_right(7)
}
