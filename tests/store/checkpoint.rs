//! Checkpoints: when they are due, what they write, and that requests go on meanwhile.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::support::{Content, Hold, Lab, pairs, text, with_fsync};
use triad::limits::{CHECKPOINT_JOURNAL_MIN_BYTES, CHECKPOINT_STEP_BYTES, CHECKPOINT_STEP_ENTRIES};
use triad::storage::MemoryStorage;
use triad::storage::memory::{Fault, Keep, Operation};
use triad::store::{CheckpointStep, Fsync, Refused};

const SNAPSHOT: &str = "linux.json";

fn keys_of_snapshot(storage: &MemoryStorage) -> Vec<String> {
    let document: serde_json::Value = serde_json::from_str(&text(storage, SNAPSHOT)).unwrap();
    let entries = document.get("entries").unwrap().as_array().unwrap();
    entries
        .iter()
        .map(|entry| entry["key"].as_str().unwrap().to_owned())
        .collect()
}

/// Steps until the checkpoint ends; `between` may write. How many steps copied something.
fn steps(lab: &mut Lab, mut between: impl FnMut(&mut Lab)) -> usize {
    let mut copied = 0;
    loop {
        match lab.store.step_checkpoint() {
            CheckpointStep::Continue => {
                copied += 1;
                between(lab);
            }
            CheckpointStep::Wait => {
                let done = lab.wait(|store| match store.step_checkpoint() {
                    CheckpointStep::Wait => None,
                    CheckpointStep::Continue => Some(false),
                    CheckpointStep::Done => Some(true),
                    CheckpointStep::Failed(failure) => panic!("{failure}"),
                });
                if done {
                    return copied;
                }
                copied += 1;
            }
            CheckpointStep::Done => return copied,
            CheckpointStep::Failed(failure) => panic!("{failure}"),
        }
    }
}

#[test]
fn writes_go_on_during_a_checkpoint() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    let keys = 3 * CHECKPOINT_STEP_ENTRIES;
    for number in 0..keys {
        lab.store
            .set(format!("key-{number}").as_bytes(), b"1")
            .unwrap();
    }
    lab.settle().unwrap();
    lab.store.begin_checkpoint().unwrap();
    assert!(lab.store.checkpoint_running());
    assert!(matches!(
        lab.store.begin_checkpoint(),
        Err(Refused::CheckpointRunning)
    ));
    let mut number = 0;
    let copied = steps(&mut lab, |lab| {
        for _ in 0..40 {
            lab.store
                .set(format!("key-{}", number * 7 % keys).as_bytes(), b"2")
                .unwrap();
            lab.store
                .delete(format!("key-{}", number * 11 % keys).as_bytes())
                .unwrap();
            lab.store
                .set(format!("new-{number}").as_bytes(), b"3")
                .unwrap();
            number += 1;
        }
        lab.store.commit();
    });
    assert!(
        copied >= 4,
        "{copied} steps for three times the entries of one"
    );
    assert!(!lab.store.checkpoint_running());
    assert!(matches!(lab.store.step_checkpoint(), CheckpointStep::Done));
    lab.store.len();
    lab.settle().unwrap();
    let expected = lab.content();
    drop(lab);
    let lab = Lab::open(&storage.crash(Keep::Nothing)).unwrap();
    assert_eq!(lab.content(), expected);
    assert!(lab.recovery.replayed > 0);
}

/// A step is bounded in bytes too.
#[test]
fn large_values_take_more_steps() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    let value = vec![b'v'; CHECKPOINT_STEP_BYTES / 2];
    for number in 0..10_u8 {
        lab.store.set(&[number], &value).unwrap();
    }
    lab.settle().unwrap();
    lab.store.begin_checkpoint().unwrap();
    assert!(steps(&mut lab, |_| {}) >= 5);
    drop(lab);
    assert_eq!(Lab::open(&storage).unwrap().content().len(), 10);
}

/// One key over and over, so that the journal grows and the snapshot does not.
#[test]
fn a_checkpoint_is_due_when_the_journal_has_grown() {
    const VALUE: usize = 8 * 1024 * 1024;
    let minimum = usize::try_from(CHECKPOINT_JOURNAL_MIN_BYTES).unwrap() / VALUE;
    let storage = MemoryStorage::new();
    let mut lab = Lab::open_with(&storage, with_fsync(Fsync::Never)).unwrap();
    let mut writes = 0;
    while !lab.store.checkpoint_due() {
        writes += 1;
        lab.store.set(b"key", &vec![b'v'; VALUE]).unwrap();
        lab.store.commit();
    }
    assert_eq!(writes, minimum);
    assert_eq!(lab.store.journal_records(), writes as u64);

    storage.fail(Operation::Rename, 1, Fault::code(28));
    lab.checkpoint().unwrap_err();
    assert!(!lab.store.checkpoint_due(), "not at once again");
    assert!(!lab.store.status().last_checkpoint_ok);

    lab.checkpoint().unwrap();
    assert!(!lab.store.checkpoint_due());
    let status = lab.store.status();
    assert_eq!((status.journal_records, status.journal_segments), (0, 1));
    assert!(status.journal_bytes < 1024);
    assert!(status.snapshot_bytes > VALUE as u64);
    assert!(status.last_checkpoint_ok);
    assert!(status.last_checkpoint_unix_seconds > 1_600_000_000);
}

/// The snapshot may hold effects of writes that were made while it was copied. It must not take its
/// place before those are on the disk, whatever the policy.
#[test]
fn a_snapshot_waits_for_the_journal_that_it_needs() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open_with(&storage, with_fsync(Fsync::Never)).unwrap();
    lab.checkpoint().unwrap();
    let old = storage.content(SNAPSHOT);
    lab.store.begin_checkpoint().unwrap();
    lab.wait(|_| storage.content("linux.journal-3.jsonl").map(drop));
    lab.set("during", "1").unwrap();
    let hold = Hold::syncs(&storage);
    while matches!(lab.store.step_checkpoint(), CheckpointStep::Continue) {}
    storage.wait_for_held_sync();
    assert!(matches!(lab.store.step_checkpoint(), CheckpointStep::Wait));
    assert_eq!(storage.content(SNAPSHOT), old);
    drop(hold);
    lab.finish_checkpoint().unwrap();
    assert_eq!(keys_of_snapshot(&storage), ["during"]);
    let left = Lab::open(&storage.crash(Keep::Nothing)).unwrap();
    assert_eq!(left.content(), pairs([("during", "1")]));
}

#[test]
fn the_end_writes_a_snapshot_if_there_is_something_new() {
    let storage = MemoryStorage::new();
    Lab::open(&storage).unwrap().store.close().unwrap();
    assert_eq!(storage.content(SNAPSHOT), None, "nothing has changed");

    let mut lab = Lab::open(&storage).unwrap();
    lab.store.set(b"a", b"1").unwrap();
    lab.store.close().unwrap();
    assert_eq!(keys_of_snapshot(&storage), ["a"]);
    assert_eq!(
        storage.contents().len(),
        2,
        "the snapshot and the segment after it"
    );

    let renames = storage.count(Operation::Rename);
    Lab::open(&storage).unwrap().store.close().unwrap();
    assert_eq!(storage.count(Operation::Rename), renames);
    let lab = Lab::open(&storage).unwrap();
    assert_eq!(
        (lab.content(), lab.recovery.replayed),
        (pairs([("a", "1")]), 0)
    );
}

#[test]
fn the_end_finishes_a_checkpoint_under_way_and_takes_what_came_after_it() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.set("a", "1").unwrap();
    lab.store.begin_checkpoint().unwrap();
    lab.store.set(b"b", b"1").unwrap();
    lab.store.close().unwrap();
    let lab = Lab::open(&storage).unwrap();
    assert_eq!((lab.content().len(), lab.recovery.replayed), (2, 0));
    assert_eq!(lab.store.status().journal_segments, 1);
}

#[test]
fn a_crash_during_a_checkpoint_leaves_no_rest() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.set("a", "1").unwrap();
    lab.store.begin_checkpoint().unwrap();
    storage.wait_for_count(Operation::Create, 3);
    let crashed = storage.crash(Keep::Everything);
    drop(lab);
    let has = |storage: &MemoryStorage| storage.content("linux.json.tmp").is_some();
    assert!(has(&crashed), "there was something to clear away");
    assert_eq!(Lab::open(&crashed).unwrap().content(), pairs([("a", "1")]));
    assert!(!has(&crashed) && !has(&storage));
}

#[test]
fn a_cleared_table_is_an_empty_snapshot() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    for number in 0..10_000_u32 {
        lab.store.set(&number.to_be_bytes(), b"").unwrap();
    }
    lab.store.begin_checkpoint().unwrap();
    assert!(matches!(
        lab.store.step_checkpoint(),
        CheckpointStep::Continue
    ));
    lab.store.clear().unwrap();
    lab.store.set(b"a", b"1").unwrap();
    lab.settle().unwrap();
    lab.finish_checkpoint().unwrap();
    drop(lab);
    let lab = Lab::open(&storage).unwrap();
    assert_eq!(lab.content(), pairs([("a", "1")]));
    lab.store.close().unwrap();
    assert_eq!(
        Lab::open(&storage).unwrap().content(),
        Content::from(pairs([("a", "1")]))
    );
    assert_eq!(keys_of_snapshot(&storage), ["a"]);
}
