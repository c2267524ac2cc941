//! The table: keys and values in memory, in an order that does not depend on how many there are.
//!
//! It is extendible hashing (Fagin, Nievergelt, Pippenger, Strong 1979). The top bits of a key's
//! hash choose a place in the directory, the place names a leaf, and the leaf is a small hash table.
//! A leaf that is full splits in two by one more bit, so that no operation ever moves more than a
//! leaf: there is no moment at which the whole table is hashed anew. Only the directory, an array of
//! numbers, doubles now and then.
//!
//! Invariant: an iteration by positions visits every element that is there from its beginning to its
//! end, whatever else comes and goes. A position is the first 48 bits of the hash. Elements are
//! visited by rising hash, and those of one position in one step.
//!
//! The hash is SipHash-1-3 with [`HASH_KEY`], the same on every device, so that two devices hold
//! what they share in the same order. Whoever knows the key can choose keys that agree in their
//! first bits; that makes one leaf large and nothing else, since the directory's size is bounded by
//! the number of entries.
//!
//! Leaves do not merge. A leaf from which most is deleted shrinks, an empty one holds no memory, and
//! an empty table has a directory of one place again.

mod deadlines;
mod entry;
mod leaf;

use std::ops::ControlFlow;

use siphasher::sip::SipHasher13;

use super::value::Value;
use crate::limits::{TABLE_ENTRIES_PER_PLACE_MIN, TABLE_FETCH_ENTRIES, TABLE_LEAF_ENTRIES};
use deadlines::Deadlines;
pub use entry::Deadline;
pub(super) use entry::Entry;
pub(super) use leaf::Leaf;

/// The key of the hash. It is part of what devices agree on: it never changes.
const HASH_KEY: &[u8; 16] = b"triad table 2026";

/// The bits of a position.
const POSITION_BITS: u32 = 48;

/// The hash of a key.
pub(super) fn hash(key: &[u8]) -> u64 {
    SipHasher13::new_with_key(HASH_KEY).hash(key)
}

/// What an iteration calls for each entry. After `Break` it goes on to the end of the position that
/// it is at, and stops there.
pub(super) type Visit<'v> = dyn FnMut(&Entry) -> ControlFlow<()> + 'v;

/// A table of keys and values.
pub(super) struct Table {
    /// `2^depth` places, each with the number of a leaf. A leaf of less depth stands in several
    /// neighbouring places.
    directory: Vec<u32>,
    depth: u32,
    leaves: Vec<Leaf>,
    len: usize,
    deadlines: Deadlines,
}

impl Table {
    pub(super) fn new() -> Self {
        Self {
            directory: vec![0],
            depth: 0,
            leaves: vec![Leaf::new(0)],
            len: 0,
            deadlines: Deadlines::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, hash: u64, key: &[u8]) -> Option<&Entry> {
        self.leaf(hash).get(hash, key)
    }

    /// Reads what [`Table::get`] will read, for at most [`TABLE_FETCH_ENTRIES`] hashes. How many of them
    /// there are.
    pub(super) fn fetch(&self, hashes: impl Iterator<Item = u64>) -> usize {
        let mut wanted = [0; TABLE_FETCH_ENTRIES];
        let mut count = 0;
        for (place, hash) in wanted.iter_mut().zip(hashes) {
            *place = hash;
            count += 1;
        }
        let wanted = wanted.get(..count).unwrap_or_default();
        // The accesses of each step do not depend on each other, so that they are under way together.
        // What they sum up to is of no use, but without it nothing would have to be read.
        let places = wanted
            .iter()
            .map(|hash| self.leaf(*hash).touch_place(*hash));
        std::hint::black_box(places.sum::<usize>());
        let entries = wanted
            .iter()
            .filter_map(|hash| self.leaf(*hash).touch_entry(*hash));
        let (found, bytes) = entries.fold((0, 0), |(found, sum), byte| (found + 1, sum + byte));
        std::hint::black_box(bytes);
        found
    }

    /// Gives the key this string, which stays. Whether the key was there before.
    pub(super) fn insert(&mut self, hash: u64, key: &[u8], value: &[u8]) -> bool {
        match self.leaf_mut(hash).get_mut(hash, key) {
            Some(Entry::Plain(known)) => known.set_value(value),
            Some(Entry::Rich(_)) => {
                let known = self.put(hash, Entry::new(key, value));
                known.into_iter().for_each(Entry::drop_apart);
            }
            None => {
                self.add(hash, Entry::new(key, value));
                return false;
            }
        }
        true
    }

    /// Takes an entry. The one with its key that was there.
    pub(super) fn put(&mut self, hash: u64, entry: Entry) -> Option<Entry> {
        let deadline = entry.deadline();
        if let Some(known) = self.leaf_mut(hash).get_same(hash, &entry) {
            let known = std::mem::replace(known, entry);
            self.deadlines.change(hash, known.deadline(), deadline);
            return Some(known);
        }
        self.deadlines.change(hash, None, deadline);
        self.add(hash, entry);
        None
    }

    /// Adds a key without a value. Whether it was not there before.
    pub(super) fn add_key(&mut self, hash: u64, key: &[u8]) -> bool {
        let is_new = self.get(hash, key).is_none();
        if is_new {
            self.add(hash, Entry::new(key, b""));
        }
        is_new
    }

    /// Removes the key. Its entry, if it was there.
    pub(super) fn remove(&mut self, hash: u64, key: &[u8]) -> Option<Entry> {
        let removed = self.leaf_mut(hash).remove(hash, key)?;
        self.deadlines.change(hash, removed.deadline(), None);
        self.len -= 1;
        if self.len == 0 {
            *self = Self::new();
        }
        Some(removed)
    }

    /// The value of a key that has a collection, or that will be gone, to be changed.
    pub(super) fn value_mut(&mut self, hash: u64, key: &[u8]) -> Option<&mut Value> {
        self.leaf_mut(hash).get_mut(hash, key)?.value_mut()
    }

    /// Sets or lifts the moment at which the key is gone. Whether there is such a key.
    pub(super) fn set_deadline(
        &mut self,
        hash: u64,
        key: &[u8],
        deadline: Option<Deadline>,
    ) -> bool {
        let Some(entry) = self.leaf_mut(hash).get_mut(hash, key) else {
            return false;
        };
        let before = entry.deadline();
        entry.set_deadline(deadline);
        self.deadlines.change(hash, before, deadline);
        true
    }

    /// The first moment at which a key will be gone.
    pub(super) fn first_deadline(&self) -> Option<Deadline> {
        self.deadlines.first().map(|(deadline, _)| deadline)
    }

    /// How many keys will be gone at some moment.
    pub(super) fn deadlines(&self) -> usize {
        self.deadlines.len()
    }

    /// The mean of these moments, in milliseconds since 1970; 0 if there are none.
    pub(super) fn mean_deadline_ms(&self) -> u64 {
        self.deadlines.mean_ms()
    }

    /// How many keys are to be gone by now.
    pub(super) fn overdue_len(&self, now: u64) -> usize {
        self.deadlines.len_until(now)
    }

    /// A key that is to be gone by now, the one that is so for longest.
    pub(super) fn overdue(&self, now: u64) -> Option<(u64, Vec<u8>)> {
        let (deadline, hash) = self.deadlines.first().filter(|(at, _)| at.get() <= now)?;
        let mut entries = self.leaf(hash).with_hash(hash);
        let entry = entries.find(|entry| entry.deadline() == Some(deadline))?;
        Some((hash, entry.key().to_vec()))
    }

    /// The keys of this hash that are to be gone by now.
    pub(super) fn overdue_of(&self, hash: u64, now: u64) -> Vec<Vec<u8>> {
        let is_overdue = |deadline: Deadline| deadline.get() <= now;
        let entries = self.leaf(hash).with_hash(hash);
        let entries = entries.filter(|entry| entry.deadline().is_some_and(is_overdue));
        entries.map(|entry| entry.key().to_vec()).collect()
    }

    /// Whether there is a key of this hash.
    pub(super) fn has_hash(&self, hash: u64) -> bool {
        self.leaf(hash).with_hash(hash).next().is_some()
    }

    /// The entries at these places, counted from 0 by rising leaves. `places` rise.
    pub(super) fn at(&self, places: &[usize]) -> Vec<&Entry> {
        let mut found = Vec::with_capacity(places.len());
        let mut places = places.iter().copied().peekable();
        let mut before = 0;
        for leaf in &self.leaves {
            let mut entries = leaf.entries().enumerate();
            while let Some(place) = places.next_if(|place| *place < before + leaf.len()) {
                let wanted = place - before;
                found.extend(
                    entries
                        .find(|(place, _)| *place == wanted)
                        .map(|(_, entry)| entry),
                );
            }
            before += leaf.len();
        }
        found
    }

    /// Visits the entries from position `from` on, until `visit` says `Break` and the entries of
    /// that position have been visited too. The position to go on from, or `None` at the end.
    pub(super) fn walk(&self, from: u64, visit: &mut Visit<'_>) -> Option<u64> {
        let mut from = from;
        loop {
            match self.walk_leaf(from, visit) {
                (ControlFlow::Continue(()), Some(next)) => from = next,
                (_, next) => return next,
            }
        }
    }

    /// As [`Table::walk`], but to the end of a leaf at most. `Break` if `visit` has said so.
    pub(super) fn walk_leaf(
        &self,
        from: u64,
        visit: &mut Visit<'_>,
    ) -> (ControlFlow<()>, Option<u64>) {
        let Some(from) = first_hash(from) else {
            return (ControlFlow::Continue(()), None);
        };
        let leaf = self.leaf(from);
        let mut stopped_at = None;
        for (hash, entry) in leaf.sorted(from) {
            let position = position(hash);
            if stopped_at.is_some_and(|stopped| stopped != position) {
                break;
            }
            if visit(entry).is_break() {
                stopped_at = Some(position);
            }
        }
        match stopped_at {
            Some(stopped) => {
                let next = Some(stopped + 1).filter(|next| *next >> POSITION_BITS == 0);
                (ControlFlow::Break(()), next)
            }
            None => (ControlFlow::Continue(()), position_after(from, leaf.depth)),
        }
    }

    /// The leaf that begins at position `from`, and the position that the next one begins at; `None`
    /// if no leaf begins there.
    pub(super) fn leaf_at(&self, from: u64) -> Option<(&Leaf, Option<u64>)> {
        let from = first_hash(from)?;
        let leaf = self.leaf(from);
        let is_first = from & u64::MAX.checked_shr(leaf.depth).unwrap_or(0) == 0;
        is_first.then(|| (leaf, position_after(from, leaf.depth)))
    }

    /// Adds an entry that is not there yet.
    fn add(&mut self, hash: u64, entry: Entry) {
        while self.leaf(hash).len() >= TABLE_LEAF_ENTRIES && self.split(hash) {}
        self.leaf_mut(hash).add(hash, entry);
        self.len += 1;
    }

    /// Visits at least so many entries from position `from` on, unless the end comes first. The
    /// position to go on from, or `None` at the end.
    pub(super) fn scan(
        &self,
        from: u64,
        at_least: usize,
        visit: &mut dyn FnMut(&Entry),
    ) -> Option<u64> {
        let mut visited = 0;
        self.walk(from, &mut |entry| {
            visit(entry);
            visited += 1;
            if visited >= at_least {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
    }

    /// Splits the leaf of this hash. `false` if the directory may not have as many places as that
    /// would need.
    fn split(&mut self, hash: u64) -> bool {
        if self.leaf(hash).depth == self.depth && !self.double() {
            return false;
        }
        let Ok(number) = u32::try_from(self.leaves.len()) else {
            return false;
        };
        let depth = self.leaf(hash).depth;
        let ones = self.leaf_mut(hash).split();
        self.leaves.push(ones);
        // The leaf's places are those whose numbers begin with its bits; the second half of them
        // belongs to the new leaf.
        let places = 1_usize << (self.depth - depth);
        let first = self.place(hash) & !(places - 1);
        if let Some(places) = self.directory.get_mut(first + places / 2..first + places) {
            places.fill(number);
        }
        true
    }

    /// Doubles the directory, if the entries are enough for one as large.
    fn double(&mut self) -> bool {
        let places = self.directory.len() * 2;
        if places > (self.len / TABLE_ENTRIES_PER_PLACE_MIN).max(2) {
            return false;
        }
        self.directory = self
            .directory
            .iter()
            .flat_map(|&leaf| [leaf, leaf])
            .collect();
        self.depth += 1;
        true
    }

    fn place(&self, hash: u64) -> usize {
        // In two steps, because a shift by all 64 bits is none. The directory is in memory, so its
        // places can be counted in `usize`.
        usize::try_from((hash >> 1) >> (63 - self.depth)).unwrap_or_default()
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "a place is `depth` bits, the directory has `2^depth` of them, and each names a leaf"
    )]
    fn leaf(&self, hash: u64) -> &Leaf {
        &self.leaves[self.directory[self.place(hash)] as usize]
    }

    #[expect(clippy::indexing_slicing, reason = "as above")]
    fn leaf_mut(&mut self, hash: u64) -> &mut Leaf {
        let leaf = self.directory[self.place(hash)];
        &mut self.leaves[leaf as usize]
    }
}

/// The position of a hash.
fn position(hash: u64) -> u64 {
    hash >> (64 - POSITION_BITS)
}

/// The lowest hash of a position; `None` past the last position.
fn first_hash(position: u64) -> Option<u64> {
    (position >> POSITION_BITS == 0).then_some(position << (64 - POSITION_BITS))
}

/// The first position of the leaf after the one of this depth with this hash; `None` after the last.
fn position_after(hash: u64, depth: u32) -> Option<u64> {
    let last = hash | u64::MAX.checked_shr(depth).unwrap_or(0);
    last.checked_add(1).map(position)
}

#[cfg(test)]
mod tests;
