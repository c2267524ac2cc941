//! Keys that are gone at some moment, by a clock that the test sets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicU64, Ordering};

use crate::support::{Lab, pairs, text};
use triad::storage::MemoryStorage;
use triad::storage::memory::Keep;
use triad::store::{Clock, Options, Store};

/// A store in memory, and its clock.
struct Timed {
    storage: MemoryStorage,
    now: &'static AtomicU64,
    lab: Lab,
}

impl Timed {
    fn new() -> Self {
        let (storage, now) = (
            MemoryStorage::new(),
            &*Box::leak(Box::new(AtomicU64::new(1_000))),
        );
        let lab = open(&storage, now);
        Self { storage, now, lab }
    }

    fn set_until(&mut self, key: &str, at: u64) {
        let deadline = Store::deadline(at);
        self.lab
            .store
            .set_until(key.as_bytes(), b"value", deadline)
            .unwrap();
    }

    fn tick_to(&self, now: u64) {
        self.now.store(now, Ordering::Relaxed);
    }

    /// The keys that were collected, which are at most so many.
    fn collect(&mut self, at_most: usize) -> Vec<String> {
        let mut collected = Vec::new();
        let mut note = |key: &[u8]| collected.push(String::from_utf8_lossy(key).into_owned());
        self.lab.store.collect(at_most, &mut note).unwrap();
        self.lab.settle().unwrap();
        collected
    }

    /// Loses power, and starts again at this time.
    fn crash(self, now: u64) -> Self {
        let Self {
            storage,
            now: clock,
            lab,
        } = self;
        drop(lab);
        clock.store(now, Ordering::Relaxed);
        let storage = storage.crash(Keep::Nothing);
        let lab = open(&storage, clock);
        Self {
            storage,
            now: clock,
            lab,
        }
    }
}

fn open(storage: &MemoryStorage, now: &'static AtomicU64) -> Lab {
    let options = Options {
        clock: Clock::Set(now),
        ..Options::default()
    };
    Lab::open_with(storage, options).unwrap()
}

#[test]
fn a_key_is_gone_for_every_reader_at_its_moment() {
    let mut timed = Timed::new();
    timed.set_until("a", 2_000);
    timed.lab.store.set(b"b", b"stays").unwrap();
    timed.tick_to(1_999);
    assert_eq!(timed.lab.get("a").as_deref(), Some("value"));
    timed.tick_to(2_000);
    let store = &timed.lab.store;
    assert_eq!(timed.lab.get("a"), None);
    assert!(!store.contains(b"a") && store.deadline_of(b"a").is_none());
    let mut seen = Vec::new();
    store.scan(0, usize::MAX, &mut |key, _| seen.push(key.to_vec()));
    assert_eq!(seen, [b"b"]);
    let store = &mut timed.lab.store;
    assert!(!store.expire(b"a", None).unwrap());
    assert!(!store.copy(b"a", b"c").unwrap());
    assert!(!store.rename(b"a", b"c").unwrap());
    assert!(!store.delete(b"a").unwrap());
    // What is set anew is another key.
    timed.set_until("a", 3_000);
    assert_eq!(timed.lab.get("a").as_deref(), Some("value"));
}

#[test]
fn what_has_expired_is_collected_in_the_order_of_time_and_nothing_else() {
    let mut timed = Timed::new();
    for (key, at) in [("c", 3_000), ("a", 1_500), ("b", 2_000), ("d", 4_000)] {
        timed.set_until(key, at);
    }
    timed.lab.set("e", "stays").unwrap();
    assert_eq!(timed.lab.store.next_deadline(), Some(1_500));
    assert_eq!(timed.collect(10), [""; 0]);
    timed.tick_to(3_500);
    assert_eq!(timed.collect(2), ["a", "b"]);
    assert_eq!(timed.collect(2), ["c"]);
    assert_eq!(timed.lab.store.next_deadline(), Some(4_000));
    assert_eq!(timed.lab.store.len(), 2);
    assert_eq!(timed.lab.store.status().expiring, 1);
    assert!(text(&timed.storage, "linux.journal-1.jsonl").contains(r#""op":"del","key":"c""#));
}

#[test]
fn a_key_that_was_set_again_or_persisted_is_not_collected() {
    let mut timed = Timed::new();
    for key in ["a", "b", "c", "d"] {
        timed.set_until(key, 2_000);
    }
    timed.lab.store.set(b"a", b"other").unwrap();
    timed.lab.store.expire(b"b", None).unwrap();
    timed
        .lab
        .store
        .expire(b"c", Store::deadline(9_000))
        .unwrap();
    timed.lab.store.replace(b"d", b"longer value").unwrap();
    timed.tick_to(5_000);
    assert_eq!(
        timed.collect(10),
        ["d"],
        "a replaced value keeps its moment"
    );
    assert_eq!(timed.lab.store.len(), 3);
    assert_eq!(timed.lab.store.next_deadline(), Some(9_000));
}

/// Whether it was collected before the crash or not, and also if the clock is then set back.
#[test]
fn what_has_expired_stays_gone_after_a_restart() {
    let mut timed = Timed::new();
    timed.set_until("collected", 2_000);
    timed.set_until("left", 2_500);
    timed.set_until("later", 9_000);
    timed.lab.set("stays", "1").unwrap();
    timed.tick_to(2_200);
    assert_eq!(timed.collect(10), ["collected"]);
    let timed = timed.crash(2_600);
    assert_eq!(timed.lab.get("left"), None);
    let mut timed = timed.crash(1_000);
    assert_eq!(timed.lab.get("collected"), None);
    assert_eq!(timed.lab.get("later").as_deref(), Some("value"));
    timed.tick_to(10_000);
    timed.collect(10);
    timed.lab.checkpoint().unwrap();
    let timed = timed.crash(1_000);
    assert_eq!(timed.lab.content(), pairs([("stays", "1")]));
}

#[test]
fn a_clock_that_is_set_back_brings_nothing_back() {
    let mut timed = Timed::new();
    timed.set_until("a", 2_000);
    timed.tick_to(2_000);
    assert_eq!(timed.lab.get("a"), None);
    timed.tick_to(1_000);
    assert_eq!(timed.lab.get("a"), None);
    assert_eq!(timed.lab.store.now_unix_ms(), 2_000);
}

#[test]
fn deadlines_outlive_checkpoints_and_restarts() {
    let mut timed = Timed::new();
    timed.set_until("a", 2_000);
    timed
        .lab
        .store
        .add_members(b"set", [&b"m"[..]].into_iter())
        .unwrap();
    timed
        .lab
        .store
        .expire(b"set", Store::deadline(3_000))
        .unwrap();
    timed.lab.checkpoint().unwrap();
    timed
        .lab
        .store
        .expire(b"a", Store::deadline(4_000))
        .unwrap();
    timed.lab.settle().unwrap();
    let mut timed = timed.crash(1_000);
    assert_eq!(timed.lab.store.next_deadline(), Some(3_000));
    timed.tick_to(3_000);
    assert_eq!(timed.collect(10), ["set"]);
    assert_eq!(timed.lab.store.next_deadline(), Some(4_000));
}

/// It has changed when its time comes, also if nobody has collected it; and not if that was before.
#[test]
fn a_watched_key_changes_when_its_time_comes() {
    let mut timed = Timed::new();
    timed.set_until("a", 2_000);
    let store = &mut timed.lab.store;
    let (there, absent) = (store.watch(b"a"), store.watch(b"b"));
    assert!(!store.has_changed(there) && !store.has_changed(absent));
    timed.tick_to(2_000);
    let store = &mut timed.lab.store;
    assert!(store.has_changed(there) && !store.has_changed(absent));
    timed.set_until("c", 3_000);
    timed.tick_to(3_000);
    let store = &mut timed.lab.store;
    let gone = store.watch(b"c");
    assert!(!store.has_changed(gone));
    for watch in [there, absent, gone] {
        store.unwatch(watch);
    }
    assert_eq!(store.watched(), 0);
    assert!(
        store.has_changed(gone),
        "of what is not watched nobody knows"
    );
}

#[test]
fn a_deadline_that_no_file_can_hold_is_none() {
    assert_eq!(Store::deadline(0), None);
    assert!(Store::deadline(1 << 53).is_some());
    assert_eq!(Store::deadline((1 << 53) + 1), None);
}
