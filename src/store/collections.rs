//! Collections: what one reads and writes of their items.
//!
//! The journal gets the change, not the whole: a record has items that came or went. A collection
//! that loses its last item is absent, and the record says that: were it only implied, a replay over a
//! later snapshot would not know when it was.

use std::borrow::Cow;

use super::format::record::Effect;
use super::table::{Deadline, Entry, hash};
use super::value::{Items, ItemsBuf, Kind, Op, Set, Value, View, WrongType, set};
use super::{Refused, Store};
use crate::limits::RECORD_ITEMS_BYTES;

impl Store {
    /// The set of a key; an error if it has a value of another type.
    pub fn members(&self, key: &[u8]) -> Result<Option<&Set>, WrongType> {
        let Some(view) = self.view(key) else {
            return Ok(None);
        };
        view.as_set().map(Some).ok_or(WrongType)
    }

    /// Adds members to a set, which is made if it is not there. How many were not there before.
    pub fn add_members<'m>(
        &mut self,
        key: &[u8],
        members: impl Iterator<Item = &'m [u8]> + Clone,
    ) -> Result<usize, Refused> {
        self.check(key, &[])?;
        for member in members.clone() {
            self.check(key, member)?;
        }
        let hash = hash(key);
        self.purge(hash, key);
        if self.members(key)?.is_none() {
            self.put(hash, Entry::with(key, Value::Set(Set::new()), None));
        }
        let mut added = ItemsBuf::default();
        let mut count = 0;
        if let Some(Value::Set(set)) = self.tables.own.value_mut(hash, key) {
            for member in members.filter(|member| set.add(member)) {
                added.push(member);
                count += 1;
            }
        }
        self.write_items(hash, key, &set::KIND, &set::ADD, added.as_items());
        Ok(count)
    }

    /// Removes members from a set. How many were there; the key is absent when there are none left.
    pub fn remove_members<'m>(
        &mut self,
        key: &[u8],
        members: impl Iterator<Item = &'m [u8]>,
    ) -> Result<usize, Refused> {
        self.journal.check()?;
        if self.members(key)?.is_none() {
            return Ok(0);
        }
        let hash = hash(key);
        let mut removed = ItemsBuf::default();
        let (mut count, mut is_empty) = (0, false);
        if let Some(Value::Set(set)) = self.tables.own.value_mut(hash, key) {
            for member in members.filter(|member| set.remove(member)) {
                removed.push(member);
                count += 1;
            }
            is_empty = set.is_empty();
        }
        if is_empty {
            self.write(hash, &Effect::delete(key));
            drop(self.tables.own.remove(hash, key));
        } else {
            self.write_items(hash, key, &set::KIND, &set::REMOVE, removed.as_items());
        }
        Ok(count)
    }

    /// Gives a key a collection of another one.
    pub(super) fn put_collection(
        &mut self,
        key: &[u8],
        value: Value,
        deadline: Option<Deadline>,
    ) -> Result<(), Refused> {
        let Some(kind) = value.view().kind() else {
            return Ok(());
        };
        self.grouped(|store| {
            store.delete(key)?;
            let hash = hash(key);
            let mut from = Some(0);
            let mut items = ItemsBuf::default();
            while let Some(position) = from {
                items.clear();
                from = value
                    .view()
                    .copy_items(position, RECORD_ITEMS_BYTES, &mut items);
                store.write_items(hash, key, kind, kind.adds, items.as_items());
            }
            if deadline.is_some() {
                store.write(hash, &Effect::expire(key, deadline));
            }
            store.put(hash, Entry::with(key, value, deadline));
            Ok(())
        })
    }

    /// A collection with the same items.
    pub(super) fn copy_of(view: View<'_>) -> Value {
        let mut copy = match view.kind() {
            Some(kind) => (kind.empty)(),
            None => Value::String(view.as_string().unwrap_or_default().into()),
        };
        copy.append(view);
        copy
    }

    /// Takes down a change of items: in several records if they are too many for one.
    fn write_items(
        &mut self,
        hash: u64,
        key: &[u8],
        kind: &'static Kind,
        op: &'static Op,
        items: Items<'_>,
    ) {
        let packed = items.packed();
        if packed.len() <= RECORD_ITEMS_BYTES {
            if !packed.is_empty() {
                self.write_record(hash, key, kind, op, packed);
            }
            return;
        }
        self.begin_group();
        let mut part = ItemsBuf::default();
        for item in items.iter() {
            if part.len() + item.len() > RECORD_ITEMS_BYTES && !part.is_empty() {
                self.write_record(hash, key, kind, op, part.as_items().packed());
                part.clear();
            }
            part.push(item);
        }
        self.write_record(hash, key, kind, op, part.as_items().packed());
        self.end_group();
    }

    fn write_record(
        &mut self,
        hash: u64,
        key: &[u8],
        kind: &'static Kind,
        op: &'static Op,
        packed: &[u8],
    ) {
        let effect = Effect::Items {
            key: Cow::Borrowed(key),
            kind,
            op,
            packed: Cow::Borrowed(packed),
        };
        self.write(hash, &effect);
    }
}
