//! Writes that a crash takes back together, or not at all.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::support::{Hold, Lab, pairs, refused, text};
use triad::storage::MemoryStorage;
use triad::store::Store;

const JOURNAL: &str = "linux.journal-1.jsonl";

fn set_both(store: &mut Store, value: &[u8]) {
    let set = |store: &mut Store| {
        store.set(b"from", value)?;
        store.set(b"to", value)
    };
    store.grouped(set).unwrap();
}

/// A journal with a group at its end.
fn journal() -> String {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.set("before", "1").unwrap();
    set_both(&mut lab.store, b"50");
    lab.settle().unwrap();
    text(&storage, JOURNAL)
}

#[test]
fn a_group_that_is_cut_short_is_as_if_it_had_never_been() {
    let whole = journal();
    let begin = whole.find(r#"{"seq":3,"op":"group""#).unwrap();
    let last = whole.trim_end().len();
    for len in begin..whole.len() {
        let storage = MemoryStorage::new();
        storage.put(JOURNAL, &whole.as_bytes()[..len]);
        let mut lab = Lab::open(&storage).unwrap();
        let both = pairs([("before", "1"), ("from", "50"), ("to", "50")]);
        let expected = if len < last {
            pairs([("before", "1")])
        } else {
            both
        };
        assert_eq!(lab.content(), expected, "cut at {len}");
        assert_eq!(
            lab.recovery.torn.is_some(),
            len > begin && len < last,
            "cut at {len}"
        );
        lab.set("after", "1").unwrap();
        drop(lab);
        let lab = Lab::open(&storage).unwrap();
        assert_eq!(lab.get("after").as_deref(), Some("1"), "cut at {len}");
    }
}

/// A later record says that all of the group had been synced, so this was no crash.
#[test]
fn a_group_with_a_gap_before_what_was_synced_is_damage() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    set_both(&mut lab.store, b"50");
    lab.settle().unwrap();
    lab.set("after", "1").unwrap();
    drop(lab);
    let whole = text(&storage, JOURNAL);
    let lines: Vec<&str> = whole
        .lines()
        .filter(|line| !line.contains(r#""key":"to""#))
        .collect();
    storage.put(JOURNAL, (lines.join("\n") + "\n").as_bytes());
    let message = refused(&storage);
    assert!(message.contains("record 2: begins a group"), "{message}");
}

/// Else a reader could see a part of it that a crash takes back.
#[test]
fn who_reads_a_key_of_a_group_waits_for_all_of_it() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    let hold = Hold::syncs(&storage);
    set_both(&mut lab.store, b"50");
    let wrote = lab.store.take_gate();
    assert_eq!(lab.get("from").as_deref(), Some("50"));
    assert_eq!(lab.store.take_gate(), wrote);
    assert_eq!(wrote, 4, "a start, the group's first record, and two more");
    drop(hold);
}

#[test]
fn a_group_without_writes_leaves_no_trace() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.store.grouped(|_| Ok(())).unwrap();
    lab.store.grouped(|store| store.delete(b"absent")).unwrap();
    assert_eq!(lab.store.take_gate(), 0);
    lab.store.grouped(|store| Ok(store.len())).unwrap();
    assert_eq!(
        lab.store.take_gate(),
        0,
        "nobody would ever write that record"
    );
    lab.set("a", "1").unwrap();
    assert!(!text(&storage, JOURNAL).contains("group"));
    drop(lab);
    assert_eq!(Lab::open(&storage).unwrap().content(), pairs([("a", "1")]));
}

#[test]
fn a_group_within_a_group_is_a_part_of_it() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    let write = |store: &mut Store| {
        store.set(b"a", b"1")?;
        store.rename(b"a", b"b")?;
        store.clear()?;
        store.set(b"c", b"1")
    };
    lab.store.grouped(write).unwrap();
    lab.settle().unwrap();
    let journal = text(&storage, JOURNAL);
    assert_eq!(journal.matches("group").count(), 1, "{journal}");
    assert!(journal.contains(r#""op":"group","count":5"#), "{journal}");
    drop(lab);
    assert_eq!(Lab::open(&storage).unwrap().content(), pairs([("c", "1")]));
}
