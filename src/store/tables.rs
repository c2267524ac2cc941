//! The two tables of a node: what it owns, and what stands in its files but belongs to another.

use super::format::record::Effect;
use super::table::{Table, hash};

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

    /// Does what a record of the journal says, each key in the table where it belongs.
    pub(super) fn apply(&mut self, effect: &Effect<'_>, mine: &Mine<'_>) {
        match effect {
            Effect::Set { key, value } => {
                self.insert(key, value, mine);
            }
            Effect::Delete { key } => {
                self.of(key, mine).remove(hash(key), key);
            }
            Effect::Clear => *self = Self::new(),
            Effect::Start { .. } => {}
        }
    }

    /// Gives the key this value, in the table where it belongs. Whether it was there.
    pub(super) fn insert(&mut self, key: &[u8], value: &[u8], mine: &Mine<'_>) -> bool {
        self.of(key, mine).insert(hash(key), key, value)
    }

    fn of(&mut self, key: &[u8], mine: &Mine<'_>) -> &mut Table {
        if mine(key) {
            &mut self.own
        } else {
            &mut self.misplaced
        }
    }
}
