//! Sets in the store: what goes to the files, and what large ones cost.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use crate::support::{Lab, text};
use triad::limits::{RECORD_ITEMS_BYTES, SNAPSHOT_PART_BYTES};
use triad::storage::MemoryStorage;
use triad::store::{Refused, Store};

const JOURNAL: &str = "linux.journal-1.jsonl";
const SNAPSHOT: &str = "linux.json";

fn add(store: &mut Store, key: &[u8], members: &[Vec<u8>]) -> usize {
    let members = members.iter().map(Vec::as_slice);
    store.add_members(key, members).unwrap()
}

fn numbered(count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|number| format!("member-{number}").into_bytes())
        .collect()
}

fn members(store: &Store, key: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut members = BTreeSet::new();
    store.view(key).unwrap().visit_items(&mut |member| {
        assert!(members.insert(member.to_vec()), "a member comes once");
    });
    members
}

#[test]
fn the_journal_gets_the_change_and_not_the_whole() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    add(&mut lab.store, b"set", &numbered(10_000));
    lab.settle().unwrap();
    let before = text(&storage, JOURNAL).len();
    assert_eq!(add(&mut lab.store, b"set", &[b"one more".to_vec()]), 1);
    assert_eq!(add(&mut lab.store, b"set", &[b"one more".to_vec()]), 0);
    lab.store
        .remove_members(b"set", [&b"member-7"[..], b"absent"].into_iter())
        .unwrap();
    lab.settle().unwrap();
    let change = text(&storage, JOURNAL).len() - before;
    assert!(change < 300, "{change} bytes for two changes");
}

/// Cut at each of its records: all members, or none.
#[test]
fn a_change_of_more_than_a_record_holds_counts_as_one() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    let large = |number: u8| vec![b'a' + number; RECORD_ITEMS_BYTES / 3];
    let many: Vec<_> = (0..10).map(large).collect();
    assert_eq!(add(&mut lab.store, b"set", &many), 10);
    lab.settle().unwrap();
    drop(lab);
    let journal = text(&storage, JOURNAL);
    assert!(journal.lines().count() > 5, "several records");
    let lines: Vec<&str> = journal.lines().collect();
    for kept in 3..=lines.len() {
        let storage = MemoryStorage::new();
        storage.put(JOURNAL, (lines[..kept].join("\n") + "\n").as_bytes());
        let lab = Lab::open(&storage).unwrap();
        let is_whole = kept == lines.len();
        assert_eq!(lab.store.contains(b"set"), is_whole, "{kept} lines");
        if is_whole {
            assert_eq!(members(&lab.store, b"set").len(), 10);
        }
    }
}

/// While it is copied it changes: what is there afterwards is right all the same.
#[test]
fn a_large_set_stands_in_the_snapshot_in_parts_of_bounded_size() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    let all = numbered(100_000);
    add(&mut lab.store, b"large", &all);
    add(&mut lab.store, b"other", &all[..50_000]);
    add(&mut lab.store, b"small", &all[..3]);
    lab.store
        .expire(b"large", Store::deadline(1 << 50))
        .unwrap();
    lab.settle().unwrap();
    lab.store.begin_checkpoint().unwrap();
    let mut expected: BTreeSet<_> = all.iter().cloned().collect();
    for number in 0..200 {
        lab.store.step_checkpoint();
        let (old, new) = (&all[number * 7], format!("new-{number}").into_bytes());
        lab.store
            .remove_members(b"large", [&**old].into_iter())
            .unwrap();
        add(&mut lab.store, b"large", std::slice::from_ref(&new));
        expected.remove(old);
        expected.insert(new);
    }
    lab.store.set(b"other", b"a string now").unwrap();
    lab.finish_checkpoint().unwrap();
    lab.settle().unwrap();
    let snapshot = text(&storage, SNAPSHOT);
    let longest = snapshot.lines().map(str::len).max().unwrap();
    assert!(longest < 2 * SNAPSHOT_PART_BYTES, "{longest}");
    assert!(snapshot.contains(r#""part":3"#));
    drop(lab);
    for _ in 0..2 {
        let mut lab = Lab::open(&storage).unwrap();
        assert_eq!(members(&lab.store, b"large"), expected);
        assert_eq!(
            lab.store.deadline_of(b"large").unwrap(),
            Store::deadline(1 << 50)
        );
        assert_eq!(members(&lab.store, b"small").len(), 3);
        assert_eq!(lab.get("other").as_deref(), Some("a string now"));
        lab.checkpoint().unwrap();
    }
}

#[test]
fn a_set_that_loses_its_last_member_is_absent_also_after_a_restart() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    let some = numbered(3);
    add(&mut lab.store, b"set", &some);
    lab.store.expire(b"set", Store::deadline(1 << 50)).unwrap();
    lab.store
        .remove_members(b"set", some.iter().map(Vec::as_slice))
        .unwrap();
    assert!(!lab.store.contains(b"set"));
    add(&mut lab.store, b"set", &some[..1]);
    lab.settle().unwrap();
    drop(lab);
    let lab = Lab::open(&storage).unwrap();
    assert_eq!(
        lab.store.deadline_of(b"set"),
        Some(None),
        "it is another set"
    );
}

#[test]
fn a_value_of_another_type_is_refused_and_stays() {
    let mut lab = Lab::open(&MemoryStorage::new()).unwrap();
    lab.set("string", "1").unwrap();
    let member = || [&b"m"[..]].into_iter();
    let added = lab.store.add_members(b"string", member());
    assert!(matches!(added, Err(Refused::WrongType(_))));
    let removed = lab.store.remove_members(b"string", member());
    assert!(matches!(removed, Err(Refused::WrongType(_))));
    assert_eq!(lab.get("string").as_deref(), Some("1"));
    lab.store.add_members(b"set", member()).unwrap();
    assert!(lab.store.string(b"set").is_err() && lab.store.get(b"set").is_none());
}

/// A person writes a set as a JSON array.
#[test]
fn a_set_by_hand_loads() {
    let storage = MemoryStorage::new();
    let by_hand = r#"{"entries":[{"key":"colours","type":"set","items":["red","blue","red"]}]}"#;
    storage.put(SNAPSHOT, by_hand.as_bytes());
    let lab = Lab::open(&storage).unwrap();
    assert_eq!(members(&lab.store, b"colours").len(), 2);
    for bad in [
        r#"{"key":"a","type":"heap","items":[]}"#,
        r#"{"key":"a","type":"set"}"#,
        r#"{"key":"a","type":"set","items":[]}"#,
        r#"{"key":"a","type":"set","items":[1]}"#,
        r#"{"key":"a","type":"set","items":["x"],"value":"y"}"#,
        r#"{"key":"a","value":"y","part":2}"#,
        r#"{"key":"a","type":"set","items":["x"],"part":1}"#,
        r#"{"key":"a","value":"y","expires_unix_ms":0}"#,
        r#"{"key":"a","value":"y","expires_unix_ms":9007199254740993}"#,
        r#"{"key":"a","type":"set","items_base64":["?"]}"#,
    ] {
        let storage = MemoryStorage::new();
        storage.put(SNAPSHOT, format!("{{\"entries\":[{bad}]}}").as_bytes());
        assert!(Lab::open(&storage).is_err(), "{bad}");
    }
}
