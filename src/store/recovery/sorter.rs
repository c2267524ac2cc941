//! Changes of the tables, sorted roughly by hash before they are made.
//!
//! A journal has its keys in no order, so that each change by itself waits for memory several times.
//! Made in the order of the table, many thousand at once, they find what they need in the cache.
//! Changes of one key have one hash, and stay in their order.

use crate::limits::{LOAD_SORTED_BYTES, LOAD_SORTED_CHANGES, LOAD_SORTED_GROUPS_BITS};
use crate::store::tables::{Change, Tables};

/// Changes that wait to be made.
pub(super) struct Sorter {
    /// By the first bits of the hash.
    groups: Vec<Vec<Change>>,
    waiting: usize,
    bytes: usize,
}

impl Sorter {
    pub(super) fn new() -> Self {
        Self {
            groups: Vec::new(),
            waiting: 0,
            bytes: 0,
        }
    }

    /// Makes a change, now or later.
    pub(super) fn apply(&mut self, change: Change, tables: &mut Tables) {
        let Some(placed) = change.placed() else {
            if matches!(change, Change::Clear) {
                self.finish(tables);
                tables.apply(change);
            }
            return;
        };
        let hash = placed.hash();
        if self.groups.is_empty() {
            self.groups
                .resize_with(1 << LOAD_SORTED_GROUPS_BITS, Vec::new);
        }
        self.waiting += 1;
        self.bytes += change.bytes();
        let group = usize::try_from(hash >> (u64::BITS - LOAD_SORTED_GROUPS_BITS));
        if let Some(group) = group.ok().and_then(|group| self.groups.get_mut(group)) {
            group.push(change);
        }
        if self.waiting >= LOAD_SORTED_CHANGES || self.bytes >= LOAD_SORTED_BYTES {
            self.finish(tables);
        }
    }

    /// Makes all changes that wait.
    pub(super) fn finish(&mut self, tables: &mut Tables) {
        for group in &mut self.groups {
            for change in group.drain(..) {
                tables.apply(change);
            }
        }
        (self.waiting, self.bytes) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::format::record::Effect;
    use crate::store::table::hash;

    /// What `changes` come to, made through a sorter: the value of each of some keys.
    fn made(changes: impl Iterator<Item = Effect<'static>>) -> Vec<Option<Vec<u8>>> {
        let mut tables = Tables::new();
        let mut sorter = Sorter::new();
        for effect in changes {
            sorter.apply(Change::new(&effect, &|_| true), &mut tables);
        }
        sorter.finish(&mut tables);
        let value = |key: u8| {
            tables
                .own
                .get(hash(&[key]), &[key])
                .and_then(|entry| entry.view().as_string().map(<[u8]>::to_vec))
        };
        (0..4).map(value).collect()
    }

    fn set(key: u8, value: usize) -> Effect<'static> {
        Effect::Set {
            key: vec![key].into(),
            value: value.to_string().into_bytes().into(),
            deadline: None,
        }
    }

    fn delete(key: u8) -> Effect<'static> {
        Effect::Delete {
            key: vec![key].into(),
        }
    }

    #[test]
    fn changes_of_one_key_keep_their_order() {
        let changes = [
            set(0, 1),
            set(1, 1),
            set(0, 2),
            delete(1),
            delete(2),
            set(2, 3),
        ];
        let expected = [Some(b"2".to_vec()), None, Some(b"3".to_vec()), None];
        assert_eq!(made(changes.into_iter()), expected);
    }

    #[test]
    fn a_clear_removes_what_came_before_it_and_nothing_else() {
        let changes = [set(0, 1), set(1, 1), Effect::Clear, set(1, 2)];
        assert_eq!(made(changes.into_iter())[..2], [None, Some(b"2".to_vec())]);
    }

    #[test]
    fn large_values_do_not_wait_long() {
        let mut tables = Tables::new();
        let mut sorter = Sorter::new();
        let value = vec![b'x'; LOAD_SORTED_BYTES / 8];
        for number in 1..=64 {
            sorter.apply(
                Change::new(&Effect::set(b"key", &value), &|_| true),
                &mut tables,
            );
            assert!(sorter.waiting < 8, "after {number}");
        }
        assert_eq!(tables.own.len(), 1);
    }

    #[test]
    fn more_changes_than_may_wait_keep_their_order_too() {
        let last = LOAD_SORTED_CHANGES * 2 + 100;
        let changes = (0..=last).map(|number| set(u8::try_from(number % 4).unwrap_or(0), number));
        let expected = (last - 3..=last).map(|number| Some(number.to_string().into_bytes()));
        let mut expected: Vec<_> = expected.collect();
        expected.rotate_left((4 - (last - 3) % 4) % 4);
        assert_eq!(made(changes), expected);
    }
}
