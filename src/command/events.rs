//! Keyspace notifications: which kinds of events a node tells its subscribers of, and the events that its
//! commands have noted and nobody has been told of yet.
//!
//! A command notes an event where it changes the key, by one line. While nobody wants to know, that is one
//! look at a cell. What was noted waits here until the write is durable: nobody is told of what a crash can
//! take back. Names and kinds are [those of Redis](https://redis.io/docs/latest/develop/pubsub/keyspace-notifications/).

mod flags;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

pub use self::flags::EventFlags;
use super::Error;
use crate::limits::EVENTS_WAITING_MAX_BYTES;
use crate::store::{Seq, Store};

/// The setting's name.
pub(super) const SETTING: &str = "notify-keyspace-events";

/// What is wrong with a letter that stands for no kind of events.
const INVALID: &str = "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";

/// Refuses letters that stand for no kind of events.
pub(super) fn check(letters: &str) -> Result<(), String> {
    let flags = EventFlags::parse(letters.as_bytes());
    flags.map(|_| ()).ok_or_else(|| INVALID.to_owned())
}

/// Something that happened to a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its kind.
    pub class: EventFlags,
    /// What Redis calls it.
    pub name: &'static str,
    /// The key.
    pub key: Box<[u8]>,
}

impl Event {
    fn held_bytes(&self) -> usize {
        size_of::<(Seq, Self)>() + self.key.len()
    }
}

/// The events of a node: what it is to tell of, and what waits to be told.
#[derive(Debug, Default)]
pub struct Events {
    /// The setting.
    flags: Cell<EventFlags>,
    /// What somebody wants to be told of, here or on another node.
    wanted: Cell<EventFlags>,
    /// Something was noted or set since the last [`Events::take_stirred`].
    stirred: Cell<bool>,
    /// In order, each with the write that it waits for; [`UNDATED`] while that is not known.
    waiting: RefCell<VecDeque<(Seq, Event)>>,
    waiting_bytes: Cell<usize>,
    dropped: Cell<u64>,
}

/// Stands for the write of an event whose batch of requests is not over.
const UNDATED: Seq = Seq::MAX;

impl Events {
    /// Notes an event of the kind `class`, if somebody wants to be told of it.
    pub fn note(&self, class: EventFlags, name: &'static str, key: &[u8]) {
        if self.wanted.get().has(class) {
            self.add(class, name, key);
        }
    }

    /// Notes that a key will be there which is not; to be called before it is written.
    pub fn note_if_new(&self, store: &Store, key: &[u8]) {
        if self.wanted.get().has(EventFlags::NEW) && !store.contains(key) {
            self.add(EventFlags::NEW, "new", key);
        }
    }

    /// Notes that somebody asked for a key that is not there.
    pub fn note_miss(&self, key: &[u8]) {
        self.note(EventFlags::KEY_MISS, "keymiss", key);
    }

    /// The setting `notify-keyspace-events`.
    pub fn flags(&self) -> EventFlags {
        self.flags.get()
    }

    /// Changes the setting to what the letters say.
    pub fn set_flags(&self, letters: &[u8]) -> Result<(), Error> {
        let flags = EventFlags::parse(letters).ok_or(Error::new(INVALID))?;
        self.flags.set(flags);
        self.stirred.set(true);
        Ok(())
    }

    /// Changes what events are noted.
    pub(crate) fn set_wanted(&self, wanted: EventFlags) {
        self.wanted.set(wanted);
    }

    /// Whether something was noted or set since the last call.
    pub(crate) fn take_stirred(&self) -> bool {
        self.stirred.replace(false)
    }

    /// The events noted so far wait for the write `seq`, which is the last one now.
    pub(crate) fn date(&self, seq: Seq) {
        let mut waiting = self.waiting.borrow_mut();
        let undated = |place: &&mut (Seq, Event)| place.0 == UNDATED;
        for place in waiting.iter_mut().rev().take_while(undated) {
            place.0 = seq;
        }
    }

    /// How many events were not kept since the last call, because too many wait.
    pub(crate) fn take_dropped(&self) -> u64 {
        self.dropped.take()
    }

    /// Takes the events that wait for no write behind `durable`.
    pub(crate) fn take_due(&self, durable: Seq) -> Vec<Event> {
        let mut waiting = self.waiting.borrow_mut();
        let due = waiting.partition_point(|(seq, _)| *seq <= durable);
        let due: Vec<_> = waiting.drain(..due).map(|(_, event)| event).collect();
        let bytes = due.iter().map(Event::held_bytes).sum::<usize>();
        self.waiting_bytes.set(self.waiting_bytes.get() - bytes);
        if waiting.is_empty() {
            // A burst is over.
            *waiting = VecDeque::new();
        }
        due
    }

    /// Whether no event waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting_bytes.get() == 0
    }

    /// Forgets all that wait: their writes will never be durable.
    pub(crate) fn forget(&self) {
        self.waiting.take();
        self.waiting_bytes.set(0);
    }

    #[cold]
    fn add(&self, class: EventFlags, name: &'static str, key: &[u8]) {
        let key = key.into();
        let event = Event { class, name, key };
        let bytes = self.waiting_bytes.get() + event.held_bytes();
        self.stirred.set(true);
        if bytes > EVENTS_WAITING_MAX_BYTES {
            self.dropped.set(self.dropped.get() + 1);
            return;
        }
        self.waiting_bytes.set(bytes);
        self.waiting.borrow_mut().push_back((UNDATED, event));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(events: &[Event]) -> Vec<&'static str> {
        events.iter().map(|event| event.name).collect()
    }

    #[test]
    fn events_are_due_in_order_when_their_writes_are_durable() {
        let events = Events::default();
        events.note(EventFlags::STRING, "unwanted", b"k");
        assert!(events.is_empty() && !events.take_stirred());
        events.set_wanted(EventFlags::STRING);
        events.note(EventFlags::STRING, "first", b"k");
        events.note(EventFlags::GENERIC, "unwanted", b"k");
        assert!(events.take_stirred());
        events.date(1);
        events.note(EventFlags::STRING, "second", b"k");
        assert!(events.take_due(0).is_empty());
        assert_eq!(names(&events.take_due(5)), ["first"]);
        events.date(6);
        assert!(events.take_due(5).is_empty());
        assert_eq!(names(&events.take_due(6)), ["second"]);
        assert!(events.is_empty());
    }

    #[test]
    fn no_more_wait_than_there_is_room_for() {
        let events = Events::default();
        events.set_wanted(EventFlags::STRING);
        let key = vec![0; crate::limits::KEY_MAX_BYTES];
        let fit = EVENTS_WAITING_MAX_BYTES / (key.len() + size_of::<(Seq, Event)>());
        for _ in 0..fit + 3 {
            events.note(EventFlags::STRING, "set", &key);
        }
        events.date(1);
        assert_eq!(events.take_dropped(), 3);
        assert_eq!(events.take_due(1).len(), fit);
        assert_eq!(events.take_dropped(), 0);
        events.note(EventFlags::STRING, "set", &key);
        events.forget();
        assert!(events.is_empty() && events.take_due(UNDATED).is_empty());
    }
}
