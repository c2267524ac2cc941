//! Keys and their values: what one reads and writes of them.

use std::ops::ControlFlow;

use super::format::record::Effect;
use super::table::{Deadline, Entry, Table, hash};
use super::tables::Tables;
use super::value::{Value, View, WrongType};
use super::{Refused, Seq, Store};
use crate::limits::{
    KEY_MAX_BYTES, TABLE_FETCH_ENTRIES, TABLE_FETCH_ENTRIES_MIN, VALUE_MAX_BYTES_CEILING,
};

/// What an iteration calls for each key, with its value and the moment at which it is gone: whether to go on.
pub type VisitUntil<'v> = dyn FnMut(&[u8], View<'_>, Option<Deadline>) -> ControlFlow<()> + 'v;

impl Store {
    // ---- reads -------------------------------------------------------------------------------

    /// The string of a key; `None` also if it has a value of another type.
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.view(key)?.as_string()
    }

    /// The string of a key; an error if it has a value of another type.
    pub fn string(&self, key: &[u8]) -> Result<Option<&[u8]>, WrongType> {
        let Some(view) = self.view(key) else {
            return Ok(None);
        };
        view.as_string().map(Some).ok_or(WrongType)
    }

    /// The value of a key.
    pub fn view(&self, key: &[u8]) -> Option<View<'_>> {
        self.entry(hash(key), key).map(Entry::view)
    }

    /// Whether there is such a key.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.entry(hash(key), key).is_some()
    }

    /// Has what is known of these keys, which will be asked for soon, brought near to the processor.
    ///
    /// In a large table nearly every access waits for memory, several times in a row. Done for many
    /// keys at once, step by step, the waits of all of them overlap.
    pub fn fetch<'k>(&self, keys: impl Iterator<Item = &'k [u8]>) {
        if self.tables.own.len() >= TABLE_FETCH_ENTRIES_MIN {
            self.tables.own.fetch(keys.map(hash));
        }
    }

    /// For one who asks for many keys one after the other: every so many places it fetches the next ones
    /// of `keys`, which are all of them.
    pub fn fetch_from<'k>(&self, place: usize, keys: impl Iterator<Item = &'k [u8]>) {
        if place.is_multiple_of(TABLE_FETCH_ENTRIES) {
            self.fetch(keys.skip(place));
        }
    }

    /// How many keys there are. Those that have expired a moment ago may be among them.
    pub fn len(&self) -> usize {
        self.touch_all();
        self.tables.own.len()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Visits keys and values from position `from` (0 is the beginning) on: at least `at_least` of
    /// them, unless the end comes first; those that have expired are counted and not visited. Returns
    /// the position to go on from, or `None` at the end.
    ///
    /// Positions are below 2^48. A key that is there throughout an iteration is visited by it,
    /// whatever happens to other keys between the steps.
    pub fn scan(
        &self,
        from: u64,
        at_least: usize,
        visit: &mut dyn FnMut(&[u8], View<'_>),
    ) -> Option<u64> {
        self.touch_all();
        self.tables.own.scan(from, at_least, &mut |entry| {
            if !self.is_gone(entry) {
                visit(entry.key(), entry.view());
            }
        })
    }

    /// As [`Store::scan`], with the moments at which keys are gone, and until `visit` says `Break` if that comes
    /// first.
    pub fn scan_whole(
        &self,
        from: u64,
        at_least: usize,
        visit: &mut VisitUntil<'_>,
    ) -> Option<u64> {
        self.walk_whole(&self.tables.own, from, at_least, visit)
    }

    /// The same over one of the tables.
    pub(super) fn walk_whole(
        &self,
        table: &Table,
        from: u64,
        at_least: usize,
        visit: &mut VisitUntil<'_>,
    ) -> Option<u64> {
        self.touch_all();
        let mut left = at_least;
        table.walk(from, &mut |entry| {
            left = left.saturating_sub(1);
            let flow = if self.is_gone(entry) {
                ControlFlow::Continue(())
            } else {
                visit(entry.key(), entry.view(), entry.deadline())
            };
            if left == 0 {
                ControlFlow::Break(())
            } else {
                flow
            }
        })
    }

    // ---- writes ------------------------------------------------------------------------------

    /// Gives a key a string, which stays.
    pub fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), Refused> {
        self.check(key, value)?;
        let hash = hash(key);
        self.write(hash, &Effect::set(key, value));
        self.forget_misplaced(hash, key);
        self.tables.own.insert(hash, key, value);
        Ok(())
    }

    /// Gives a key a string, which is gone at `deadline` if there is one.
    pub fn set_until(
        &mut self,
        key: &[u8],
        value: &[u8],
        deadline: Option<Deadline>,
    ) -> Result<(), Refused> {
        if deadline.is_none() {
            return self.set(key, value);
        }
        self.check(key, value)?;
        let hash = hash(key);
        self.write(hash, &Effect::set_until(key, value, deadline));
        self.put(
            hash,
            Entry::with(key, Value::String(value.into()), deadline),
        );
        Ok(())
    }

    /// Gives a key another string; when it is gone stays as it was.
    pub fn replace(&mut self, key: &[u8], value: &[u8]) -> Result<(), Refused> {
        let deadline = self.entry(hash(key), key).and_then(Entry::deadline);
        self.set_until(key, value, deadline)
    }

    /// Removes a key. Whether it was there; if it was not, nothing is written.
    pub fn delete(&mut self, key: &[u8]) -> Result<bool, Refused> {
        self.journal.check()?;
        let hash = hash(key);
        self.touch(hash);
        let Some(removed) = self.tables.own.remove(hash, key) else {
            return Ok(false);
        };
        self.write(hash, &Effect::delete(key));
        let was_there = !self.is_gone(&removed);
        removed.drop_apart();
        Ok(was_there)
    }

    /// Gives the key `to` the value of `from`, with the moment at which it is gone. Whether there is a
    /// value.
    pub fn copy(&mut self, from: &[u8], to: &[u8]) -> Result<bool, Refused> {
        self.check(to, &[])?;
        let Some(entry) = self.entry(hash(from), from) else {
            return Ok(false);
        };
        let deadline = entry.deadline();
        match entry.view() {
            View::String(value) => {
                let value = value.to_vec();
                self.set_until(to, &value, deadline)?;
            }
            collection => {
                let copy = Self::copy_of(collection);
                self.put_collection(to, copy, deadline)?;
            }
        }
        Ok(true)
    }

    /// Gives the key `to` the value of `from`, which is then absent. Whether there is a value.
    pub fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<bool, Refused> {
        self.grouped(|store| Ok(store.copy(from, to)? && (from == to || store.delete(from)?)))
    }

    /// Removes every key, the misplaced ones too.
    pub fn clear(&mut self) -> Result<(), Refused> {
        self.journal.check()?;
        self.touch_all();
        if self.tables.own.len() + self.tables.misplaced.len() == 0 {
            return Ok(());
        }
        let seq = self.journal.record(&Effect::Clear);
        self.unsynced.wrote_all(seq);
        self.group.clears |= self.is_in_group();
        self.watched.wrote_all(&self.tables.own, seq);
        self.gate.set(seq);
        std::mem::replace(&mut self.tables, Tables::new()).drop_apart();
        Ok(())
    }

    // ---- within ------------------------------------------------------------------------------

    /// The entry of a key that is there, noting that the reply depends on it.
    pub(super) fn entry(&self, hash: u64, key: &[u8]) -> Option<&Entry> {
        self.touch(hash);
        let entry = self.tables.own.get(hash, key)?;
        (!self.is_gone(entry)).then_some(entry)
    }

    /// Refuses what no record of the journal can hold, and everything once writing has ended.
    pub(super) fn check(&self, key: &[u8], value: &[u8]) -> Result<(), Refused> {
        self.journal.check()?;
        if key.len() > KEY_MAX_BYTES {
            return Err(Refused::KeyTooLong(key.len()));
        }
        if value.len() > VALUE_MAX_BYTES_CEILING {
            return Err(Refused::ValueTooLong(value.len()));
        }
        Ok(())
    }

    /// Puts an entry into the table that was taken down.
    pub(super) fn put(&mut self, hash: u64, entry: Entry) {
        self.forget_misplaced(hash, entry.key());
        let known = self.tables.own.put(hash, entry);
        known.into_iter().for_each(Entry::drop_apart);
    }

    /// No key is ever in both tables. It would be only if the caller wrote a key that it does not own.
    pub(super) fn forget_misplaced(&mut self, hash: u64, key: &[u8]) {
        if self.tables.misplaced.len() > 0 {
            drop(self.tables.misplaced.remove(hash, key));
        }
    }

    /// Takes down a write to one key.
    pub(super) fn write(&mut self, hash: u64, effect: &Effect<'_>) {
        let seq = self.journal.record(effect);
        if self.is_in_group() {
            self.group.wrote.push(hash);
        } else {
            self.wrote(hash, seq);
        }
        self.gate.set(seq);
    }

    /// Notes what depends on a write to one key.
    pub(super) fn wrote(&mut self, hash: u64, seq: Seq) {
        self.unsynced.wrote(hash, seq);
        self.watched.wrote(hash, seq);
    }

    /// Notes that a reply depends on what is known of one key.
    pub(super) fn touch(&self, hash: u64) {
        self.gate
            .set(self.gate.get().max(self.unsynced.last_write(hash)));
    }

    /// Notes that a reply depends on every key.
    pub(super) fn touch_all(&self) {
        self.gate.set(self.gate.get().max(self.journal.last()));
    }
}
