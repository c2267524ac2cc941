//! The two tables of a node: what it owns, and what stands in its files but belongs to another.

use std::thread;

use super::format::record::Effect;
use super::table::{Entry, Table, hash};
use crate::limits::TABLE_DROP_ENTRIES;

/// Says whether this node owns a key.
pub(super) type Mine<'m> = dyn Fn(&[u8]) -> bool + Sync + 'm;

/// Both tables. No key is in both.
pub(super) struct Tables {
    pub(super) own: Table,
    pub(super) misplaced: Table,
}

impl Tables {
    pub(super) fn new() -> Self {
        Self {
            own: Table::new(),
            misplaced: Table::new(),
        }
    }

    /// Does what a record of the journal says.
    pub(super) fn apply(&mut self, change: Change) {
        match change {
            Change::Set(placed) => {
                self.put(placed);
            }
            Change::Delete(Placed { hash, mine, entry }) => {
                self.of(mine).remove(hash, entry.key());
            }
            Change::Clear => *self = Self::new(),
            Change::None => {}
        }
    }

    /// Takes an entry. The one with its key that was there.
    pub(super) fn put(&mut self, placed: Placed) -> Option<Entry> {
        let Placed { hash, mine, entry } = placed;
        self.of(mine).put(hash, entry)
    }

    /// Gives their memory back; that of large ones on a thread of its own: a million entries take a
    /// tenth of a second, in which nobody would be served.
    pub(super) fn drop_apart(self) {
        if self.own.len() + self.misplaced.len() > TABLE_DROP_ENTRIES {
            // Without a thread the closure is dropped here, and the tables with it.
            drop(
                thread::Builder::new()
                    .name("drop".to_owned())
                    .spawn(move || drop(self)),
            );
        }
    }

    fn of(&mut self, mine: bool) -> &mut Table {
        if mine {
            &mut self.own
        } else {
            &mut self.misplaced
        }
    }
}

/// An entry, with what has to be found out before it can go into a table: so this can be done where
/// the tables are not, by several threads at once.
pub(super) struct Placed {
    hash: u64,
    mine: bool,
    entry: Entry,
}

impl Placed {
    pub(super) fn new(key: &[u8], value: &[u8], mine: &Mine<'_>) -> Self {
        Self {
            hash: hash(key),
            mine: mine(key),
            entry: Entry::new(key, value),
        }
    }

    pub(super) fn key(&self) -> &[u8] {
        self.entry.key()
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    /// The memory that the entry takes.
    pub(super) fn bytes(&self) -> usize {
        self.entry.bytes()
    }
}

/// What an effect changes in the tables.
pub(super) enum Change {
    Set(Placed),
    /// Removes the key of this entry, which has no value.
    Delete(Placed),
    Clear,
    None,
}

impl Change {
    pub(super) fn new(effect: &Effect<'_>, mine: &Mine<'_>) -> Self {
        match effect {
            Effect::Set { key, value } => Self::Set(Placed::new(key, value, mine)),
            Effect::Delete { key } => Self::Delete(Placed::new(key, &[], mine)),
            Effect::Clear => Self::Clear,
            Effect::Start { .. } => Self::None,
        }
    }
}
