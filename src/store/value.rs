//! What stands under a key: a string, or a collection of many items.
//!
//! A kind of collection is one file of this folder: the structure in memory, and a [`Kind`] that says
//! how it is named, how it is made, and which [`Op`]s of the journal change it. Files, recovery and
//! checkpoints know only that there are kinds, and that a collection is a list of items; so another
//! kind is another file, and a variant here.

mod items;
pub(in crate::store) mod set;

use std::fmt;

pub use items::{Items, ItemsBuf};
pub use set::Set;

/// A value in the table.
pub(in crate::store) enum Value {
    String(Box<[u8]>),
    Set(Set),
}

/// A value as a reader sees it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum View<'a> {
    /// A string of bytes.
    String(&'a [u8]),
    /// A set of strings.
    Set(&'a Set),
}

/// A kind of collection.
pub struct Kind {
    /// What `TYPE` answers, and what the snapshot calls it.
    pub(in crate::store) name: &'static str,
    /// An empty one.
    pub(in crate::store) empty: fn() -> Value,
    /// What the journal can do to one.
    pub(in crate::store) ops: &'static [&'static Op],
    /// The op that adds items to it.
    pub(in crate::store) adds: &'static Op,
}

/// A change of some items of a collection. Done twice it changes nothing the second time.
pub(in crate::store) struct Op {
    pub(in crate::store) name: &'static str,
    /// Whether it makes the collection if there is none.
    pub(in crate::store) creates: bool,
    /// Does it for one item. A value of another kind is left as it is.
    pub(in crate::store) apply: fn(&mut Value, &[u8]),
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Kind {}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Op {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Op {}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Every kind of collection.
const KINDS: &[&Kind] = &[&set::KIND];

impl Kind {
    /// The kind of this name, as [`View::type_name`] has it.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        KINDS.iter().copied().find(|kind| kind.name == name)
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The kind that an op of the journal is for, and the op.
    pub(in crate::store) fn of_op(name: &str) -> Option<(&'static Self, &'static Op)> {
        KINDS.iter().find_map(|kind| {
            let op = kind.ops.iter().find(|op| op.name == name)?;
            Some((*kind, *op))
        })
    }

    /// Whether a value is of this kind.
    pub(in crate::store) fn is_of(&self, value: &Value) -> bool {
        value.view().type_name() == self.name
    }

    /// A collection of these items.
    pub(in crate::store) fn with_items(&self, items: Items<'_>) -> Value {
        let mut value = (self.empty)();
        value.extend(items);
        value
    }
}

impl Value {
    pub(in crate::store) fn view(&self) -> View<'_> {
        match self {
            Self::String(bytes) => View::String(bytes),
            Self::Set(set) => View::Set(set),
        }
    }

    /// Adds items to a collection; a string has none.
    pub(in crate::store) fn extend(&mut self, items: Items<'_>) {
        match self {
            Self::String(_) => {}
            Self::Set(set) => set.extend(items),
        }
    }

    /// Adds the items of a collection of the same kind. Whether it is one.
    pub(in crate::store) fn append(&mut self, other: View<'_>) -> bool {
        match (self, other) {
            (Self::Set(set), View::Set(other)) => {
                set.append(other);
                true
            }
            _ => false,
        }
    }

    /// How many bytes of memory it takes, a collection only about.
    pub(in crate::store) fn bytes(&self) -> usize {
        match self {
            Self::String(bytes) => bytes.len(),
            Self::Set(set) => set.bytes(),
        }
    }
}

impl<'a> View<'a> {
    /// The name of its type, as `TYPE` answers it.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::String(_) => STRING,
            Self::Set(_) => set::KIND.name,
        }
    }

    /// Its bytes, if it is a string.
    pub fn as_string(self) -> Option<&'a [u8]> {
        match self {
            Self::String(bytes) => Some(bytes),
            Self::Set(_) => None,
        }
    }

    /// The set, if it is one.
    pub fn as_set(self) -> Option<&'a Set> {
        match self {
            Self::Set(set) => Some(set),
            Self::String(_) => None,
        }
    }

    /// How many items a collection has; a string has none.
    pub fn items_len(self) -> usize {
        match self {
            Self::String(_) => 0,
            Self::Set(set) => set.len(),
        }
    }

    /// Whether both are of one type and hold the same.
    pub(in crate::store) fn holds_same(self, other: View<'_>) -> bool {
        match (self, other) {
            (Self::String(one), View::String(other)) => one == other,
            (Self::Set(one), View::Set(other)) => one.has_same(other),
            _ => false,
        }
    }

    /// A part of a collection: items from position `from` (0 is the beginning) on, until they take `bytes` or
    /// more. And the position to go on from, if there may be more.
    pub fn items_from(self, from: u64, bytes: usize) -> (Vec<Vec<u8>>, Option<u64>) {
        let mut part = ItemsBuf::default();
        let next = self.copy_items(from, bytes, &mut part);
        let items = part.as_items();
        (items.iter().map(<[u8]>::to_vec).collect(), next)
    }

    /// Visits the items of a collection, in the order of its iteration; a string has none.
    pub fn visit_items(self, visit: &mut dyn FnMut(&[u8])) {
        match self {
            Self::String(_) => {}
            Self::Set(set) => drop(set.scan(0, usize::MAX, visit)),
        }
    }

    /// Copies a part of a collection: items from position `from` on, until they take `bytes` or more. The
    /// position to go on from, if there is more. Positions are as those of [`Set::scan`].
    pub(in crate::store) fn copy_items(
        self,
        from: u64,
        bytes: usize,
        out: &mut ItemsBuf,
    ) -> Option<u64> {
        match self {
            Self::String(_) => None,
            Self::Set(set) => set.copy_items(from, bytes, out),
        }
    }

    /// Whether it is a collection of nothing.
    pub(in crate::store) fn is_without_items(self) -> bool {
        self.kind().is_some() && self.items_len() == 0
    }

    /// The kind of collection that it is.
    pub(in crate::store) fn kind(self) -> Option<&'static Kind> {
        match self {
            Self::String(_) => None,
            Self::Set(_) => Some(&set::KIND),
        }
    }
}

/// The name of the type of strings.
const STRING: &str = "string";

/// The key has a value of another type than the command is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key holds a value of another type")]
pub struct WrongType;
