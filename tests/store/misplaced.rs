//! Keys in a node's files that another node owns, as after a change of the list.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::support::{Content, Lab, NODE, pairs};
use std::sync::atomic::{AtomicU64, Ordering};
use triad::storage::MemoryStorage;
use triad::store::{Clock, Options, Store};

/// Keys that begin with a capital belong to somebody else.
fn mine(key: &[u8]) -> bool {
    !key.first().is_some_and(u8::is_ascii_uppercase)
}

fn open(storage: &MemoryStorage) -> Lab {
    Lab::open_as(Arc::new(storage.clone()), NODE, Options::default(), &mine).unwrap()
}

fn misplaced(store: &Store) -> Content {
    let mut found = Content::new();
    let mut from = Some(0);
    while let Some(position) = from {
        from = store.misplaced_scan(position, 1, &mut |key, value, _| {
            found.insert(key.to_vec(), value.as_string().unwrap().to_vec());
            ControlFlow::Continue(())
        });
    }
    assert_eq!(found.len(), store.misplaced_len());
    found
}

/// Two keys of ours and three of others, some in the snapshot and some in the journal.
fn files() -> MemoryStorage {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    for key in ["a", "A", "B"] {
        lab.set(key, "1").unwrap();
    }
    lab.checkpoint().unwrap();
    for key in ["b", "C", "D"] {
        lab.set(key, "2").unwrap();
    }
    lab.store.delete(b"D").unwrap();
    lab.settle().unwrap();
    storage
}

#[test]
fn they_are_counted_and_not_served() {
    let lab = open(&files());
    assert_eq!((lab.recovery.keys, lab.recovery.misplaced), (2, 3));
    assert_eq!(lab.content(), pairs([("a", "1"), ("b", "2")]));
    assert_eq!(lab.store.get(b"A"), None);
    assert_eq!(
        misplaced(&lab.store),
        pairs([("A", "1"), ("B", "1"), ("C", "2")])
    );
}

#[test]
fn no_checkpoint_drops_them() {
    let storage = files();
    let mut lab = open(&storage);
    lab.checkpoint().unwrap();
    lab.store.close().unwrap();
    // The list is as it was again.
    let lab = Lab::open(&storage).unwrap();
    assert_eq!((lab.recovery.misplaced, lab.recovery.replayed), (0, 0));
    assert_eq!(lab.content().len(), 5);
}

#[test]
fn they_go_one_by_one() {
    let storage = files();
    let mut lab = open(&storage);
    assert!(lab.store.misplaced_delete(b"A").unwrap());
    assert!(!lab.store.misplaced_delete(b"A").unwrap());
    assert!(
        !lab.store.misplaced_delete(b"a").unwrap(),
        "that one is ours"
    );
    assert!(!lab.store.delete(b"B").unwrap(), "that one is not");
    lab.settle().unwrap();
    lab.store.begin_checkpoint().unwrap();
    assert!(lab.store.misplaced_delete(b"B").unwrap());
    lab.settle().unwrap();
    lab.finish_checkpoint().unwrap();
    drop(lab);
    let lab = open(&storage);
    assert_eq!(misplaced(&lab.store), pairs([("C", "2")]));
    assert_eq!(lab.content().len(), 2);
}

#[test]
fn clearing_takes_them_too() {
    let storage = files();
    let mut lab = open(&storage);
    lab.store.clear().unwrap();
    lab.settle().unwrap();
    assert_eq!((lab.store.len(), lab.store.misplaced_len()), (0, 0));
    drop(lab);
    assert_eq!(Lab::open(&storage).unwrap().content(), Content::new());
}

/// It would be a fault of the caller, and must not make files that can't be loaded.
#[test]
fn a_key_is_never_in_both_tables() {
    let storage = files();
    let mut lab = open(&storage);
    lab.set("A", "ours now").unwrap();
    assert_eq!(lab.store.misplaced_len(), 2);
    lab.checkpoint().unwrap();
    drop(lab);
    assert_eq!(misplaced(&open(&storage).store)[&b"A"[..]], b"ours now");
}

/// And collected, of which nobody is told: to those who ask here they were absent all the time.
#[test]
fn those_whose_time_has_come_do_not_count() {
    static NOW: AtomicU64 = AtomicU64::new(1_000);
    let storage = MemoryStorage::new();
    let options = Options {
        clock: Clock::Set(&NOW),
        ..Options::default()
    };
    let mut lab = Lab::open_with(&storage, options).unwrap();
    for (key, at) in [("A", 2_000), ("B", 3_000), ("c", 2_000)] {
        let deadline = Store::deadline(at);
        lab.store.set_until(key.as_bytes(), b"1", deadline).unwrap();
    }
    lab.settle().unwrap();
    drop(lab);

    NOW.store(2_000, Ordering::Relaxed);
    let again = || Lab::open_as(Arc::new(storage.clone()), NODE, options, &mine).unwrap();
    let mut lab = again();
    assert_eq!(
        (lab.recovery.misplaced, lab.store.status().misplaced),
        (1, 1)
    );
    assert_eq!(misplaced(&lab.store), pairs([("B", "1")]));
    assert!(lab.store.misplaced_view(b"A").is_none());
    let mut told = Vec::new();
    let tell = &mut |key: &[u8]| told.push(key.to_vec());
    lab.store.collect(10, tell).unwrap();
    assert_eq!(told, [b"c"]);
    assert_eq!(lab.store.next_deadline(), Some(3_000));
    lab.settle().unwrap();
    drop(lab);
    // Also if somebody sets the clock back.
    NOW.store(1_000, Ordering::Relaxed);
    assert_eq!(misplaced(&again().store), pairs([("B", "1")]));
}
