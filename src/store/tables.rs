//! The two tables of a node: what it owns, and what stands in its files but belongs to another.

use std::ops::ControlFlow;
use std::thread;

use super::format::record::Effect;
use super::table::{Deadline, Entry, Table, hash};
use super::value::{Items, Kind, Op, Value};
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
            Change::Put(placed) => {
                self.put(placed);
            }
            Change::Delete(Placed {
                hash, mine, entry, ..
            }) => {
                self.of(mine).remove(hash, entry.key());
            }
            Change::Expire(
                Placed {
                    hash, mine, entry, ..
                },
                deadline,
            ) => {
                self.of(mine).set_deadline(hash, entry.key(), deadline);
            }
            Change::Items(placed, items) => self.change_items(placed, &items),
            Change::Clear => *self = Self::new(),
            Change::Group { .. } | Change::None => {}
        }
    }

    /// Takes an entry. The one with its key that was there, unless both are of one collection.
    pub(super) fn put(&mut self, placed: Placed) -> Option<Entry> {
        let Placed {
            hash,
            mine,
            entry,
            is_part,
        } = placed;
        let table = self.of(mine);
        if is_part
            && let Some(known) = table.value_mut(hash, entry.key())
            && known.append(entry.view())
        {
            return None;
        }
        table.put(hash, entry)
    }

    /// Changes items of a collection.
    ///
    /// The collection may be one of a later moment than the record. What it was then, the records that
    /// follow make it again; so one that is empty for a while stays, with its deadline.
    fn change_items(&mut self, placed: Placed, change: &ItemsChange) {
        let Placed {
            hash, mine, entry, ..
        } = placed;
        let table = self.of(mine);
        let ItemsChange { kind, op, packed } = change;
        let is_there = |table: &mut Table| {
            let known = table.value_mut(hash, entry.key());
            known.is_some_and(|value| kind.is_of(value))
        };
        if !is_there(table) {
            if !op.creates {
                return;
            }
            table.put(hash, Entry::with(entry.key(), (kind.empty)(), None));
        }
        if let Some(value) = table.value_mut(hash, entry.key()) {
            for item in Items::from_packed(packed).iter() {
                (op.apply)(value, item);
            }
        }
    }

    /// How many keys belong to another, without those that have expired.
    pub(super) fn misplaced_len(&self, now_unix_ms: u64) -> usize {
        self.misplaced.len() - self.misplaced.overdue_len(now_unix_ms)
    }

    /// Removes collections without items, which no key holds. A journal never ends with one, unless it was
    /// edited, or records of it are lost.
    pub(super) fn remove_empty(&mut self) {
        for table in [&mut self.own, &mut self.misplaced] {
            let mut empty = Vec::new();
            table.walk(0, &mut |entry| {
                if entry.view().is_without_items() {
                    empty.push(entry.key().to_vec());
                }
                ControlFlow::Continue(())
            });
            for key in empty {
                table.remove(hash(&key), &key);
            }
        }
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
    /// Its collection is a part of one.
    is_part: bool,
}

impl Placed {
    /// A string that stays.
    pub(super) fn new(key: &[u8], value: &[u8], mine: &Mine<'_>) -> Self {
        Self::of(Entry::new(key, value), mine)
    }

    pub(super) fn of(entry: Entry, mine: &Mine<'_>) -> Self {
        let key = entry.key();
        Self {
            hash: hash(key),
            mine: mine(key),
            entry,
            is_part: false,
        }
    }

    /// The same, of which the collection is a part of one or not.
    pub(super) fn into_part(self, is_part: bool) -> Self {
        Self { is_part, ..self }
    }

    pub(super) fn key(&self) -> &[u8] {
        self.entry.key()
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }
}

/// What an effect changes in the tables.
pub(super) enum Change {
    Put(Placed),
    /// Removes the key of this entry, which has no value.
    Delete(Placed),
    /// The key of this entry, which has no value, is gone then.
    Expire(Placed, Option<Deadline>),
    /// Changes items of the collection under the key of this entry, which has no value.
    Items(Placed, ItemsChange),
    Clear,
    /// The next so many changes are all made, or none of them.
    Group {
        count: u64,
    },
    None,
}

/// A change of items of a collection.
pub(super) struct ItemsChange {
    kind: &'static Kind,
    op: &'static Op,
    packed: Vec<u8>,
}

impl Change {
    pub(super) fn new(effect: &Effect<'_>, mine: &Mine<'_>) -> Self {
        let of_key = |key: &[u8]| Placed::new(key, &[], mine);
        match effect {
            Effect::Set {
                key,
                value,
                deadline: None,
            } => Self::Put(Placed::new(key, value, mine)),
            Effect::Set {
                key,
                value,
                deadline,
            } => {
                let value = Value::String(value.as_ref().into());
                Self::Put(Placed::of(Entry::with(key, value, *deadline), mine))
            }
            Effect::Delete { key } => Self::Delete(of_key(key)),
            Effect::Expire { key, deadline } => Self::Expire(of_key(key), *deadline),
            Effect::Items {
                key,
                kind,
                op,
                packed,
            } => {
                let packed = packed.to_vec();
                Self::Items(of_key(key), ItemsChange { kind, op, packed })
            }
            Effect::Clear => Self::Clear,
            Effect::Group { count } => Self::Group { count: *count },
            Effect::Start { .. } => Self::None,
        }
    }

    /// Whether it changes anything by itself.
    pub(super) fn is_one(&self) -> bool {
        !matches!(self, Self::Group { .. } | Self::None)
    }

    /// What it changes, unless that is everything or nothing.
    pub(super) fn placed(&self) -> Option<&Placed> {
        match self {
            Self::Put(placed)
            | Self::Delete(placed)
            | Self::Expire(placed, _)
            | Self::Items(placed, _) => Some(placed),
            Self::Clear | Self::Group { .. } | Self::None => None,
        }
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let items = match self {
            Self::Items(_, change) => change.packed.len(),
            _ => 0,
        };
        items + self.placed().map_or(0, |placed| placed.entry.bytes())
    }
}
