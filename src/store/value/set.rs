//! Sets: strings without an order, each once.
//!
//! The members of a set are the keys of a [`Table`] without values. So a set grows without ever being
//! hashed anew as a whole, and an iteration over it visits what is there throughout.

use std::fmt;
use std::ops::ControlFlow;

use super::{Items, ItemsBuf, Kind, Op, Value};
use crate::store::table::{Entry, Table, hash};

pub(in crate::store) static KIND: Kind = Kind {
    name: "set",
    empty: || Value::Set(Set::new()),
    ops: &[&ADD, &REMOVE],
    adds: &ADD,
};

/// The members are in the set from now on.
pub(in crate::store) static ADD: Op = Op {
    name: "sadd",
    creates: true,
    apply: |value, member| {
        if let Value::Set(set) = value {
            set.add(member);
        }
    },
};

/// The members are not in the set from now on.
pub(in crate::store) static REMOVE: Op = Op {
    name: "srem",
    creates: false,
    apply: |value, member| {
        if let Value::Set(set) = value {
            set.remove(member);
        }
    },
};

/// How many members are compared before a look at whether one was missing.
const COMPARED_MEMBERS: usize = 64;

/// A set of strings.
pub struct Set {
    /// Apart, so that a string that will be gone takes no more memory than it needs.
    members: Box<Table>,
    /// The bytes of all members.
    bytes: usize,
}

impl Set {
    pub(in crate::store) fn new() -> Self {
        Self {
            members: Box::new(Table::new()),
            bytes: 0,
        }
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none. No key holds such a set.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this is a member.
    pub fn contains(&self, member: &[u8]) -> bool {
        self.members.get(hash(member), member).is_some()
    }

    /// Visits members from position `from` (0 is the beginning) on: at least `at_least` of them, unless
    /// the end comes first. Returns the position to go on from, or `None` at the end.
    ///
    /// Positions are below 2^48. A member that is there throughout an iteration is visited by it, whatever
    /// happens to others between the steps.
    pub fn scan(&self, from: u64, at_least: usize, visit: &mut dyn FnMut(&[u8])) -> Option<u64> {
        self.members
            .scan(from, at_least, &mut |entry| visit(entry.key()))
    }

    /// The members at these places, counted from 0 in the order of the iteration. `places` rise.
    pub fn at(&self, places: &[usize]) -> Vec<&[u8]> {
        let entries = self.members.at(places).into_iter();
        entries.map(Entry::key).collect()
    }

    /// Adds a member. Whether it was not there before.
    pub(in crate::store) fn add(&mut self, member: &[u8]) -> bool {
        let is_new = self.members.add_key(hash(member), member);
        self.bytes += if is_new { member.len() } else { 0 };
        is_new
    }

    /// Removes a member. Whether it was there.
    pub(in crate::store) fn remove(&mut self, member: &[u8]) -> bool {
        let is_removed = self.members.remove(hash(member), member).is_some();
        self.bytes -= if is_removed { member.len() } else { 0 };
        is_removed
    }

    pub(super) fn extend(&mut self, items: Items<'_>) {
        for member in items.iter() {
            self.add(member);
        }
    }

    pub(super) fn append(&mut self, other: &Self) {
        other.scan(0, usize::MAX, &mut |member| {
            self.add(member);
        });
    }

    /// Whether both have the same members.
    pub(super) fn has_same(&self, other: &Self) -> bool {
        let mut is_same = self.len() == other.len();
        let mut from = Some(0).filter(|_| is_same);
        while let Some(position) = from {
            let mut check = |member: &[u8]| is_same = is_same && other.contains(member);
            from = self.scan(position, COMPARED_MEMBERS, &mut check);
            from = from.filter(|_| is_same);
        }
        is_same
    }

    pub(super) fn bytes(&self) -> usize {
        /// What a member takes beside its bytes, with its place.
        const MEMBER_BYTES: usize = 40;
        self.bytes + self.len() * MEMBER_BYTES
    }

    pub(super) fn copy_items(&self, from: u64, bytes: usize, out: &mut ItemsBuf) -> Option<u64> {
        self.members.walk(from, &mut |entry| {
            out.push(entry.key());
            if out.len() < bytes {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Set").field("len", &self.len()).finish()
    }
}
