//! Somebody edits a file on purpose: refused, unless they say so; and then it is written anew.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::support::{Lab, accepting_edits, pairs, refused, refused_with, text};
use triad::storage::MemoryStorage;
use triad::storage::memory::Keep;

const SNAPSHOT: &str = "linux.json";
const JOURNAL: &str = "linux.journal-2.jsonl";

/// A snapshot with `a` and `b`, and a journal that adds `c`, which the checkpoint after it did not
/// cover; after that two more starts, so that all of it is known to be synced.
fn files() -> MemoryStorage {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.set("a", "1").unwrap();
    lab.set("b", "2").unwrap();
    lab.checkpoint().unwrap();
    lab.set("c", "3").unwrap();
    drop(lab);
    drop(Lab::open(&storage).unwrap());
    storage
}

fn edited(name: &str, from: &str, to: &str) -> MemoryStorage {
    let storage = files();
    let before = text(&storage, name);
    let after = before.replacen(from, to, 1);
    assert_ne!(before, after);
    storage.put(name, after.as_bytes());
    storage
}

#[test]
fn an_edited_entry_is_named() {
    let storage = edited(
        SNAPSHOT,
        r#""key":"b","value":"2""#,
        r#""key":"b","value":"two""#,
    );
    let line = 1 + text(&storage, SNAPSHOT)
        .lines()
        .position(|line| line.contains("two"))
        .unwrap();
    let message = refused(&storage);
    assert!(
        message.starts_with(&format!("memory/linux.json, line {line}, column ")),
        "{message}"
    );
    assert!(
        message.contains("the entry with the key \"b\" has the checksum"),
        "{message}"
    );
    assert!(message.contains("If you edited this on purpose, start with --accept-edits"));
}

#[test]
fn an_edited_record_is_named() {
    let storage = edited(JOURNAL, r#""value":"3""#, r#""value":"three""#);
    let at = text(&storage, JOURNAL).find(r#"{"seq":4"#).unwrap();
    let message = refused(&storage);
    assert!(
        message.starts_with(&format!("memory/{JOURNAL}, byte {at}: record 4: ")),
        "{message}"
    );
    assert!(message.contains("If you edited this on purpose, start with --accept-edits"));
}

/// Opens with `--accept-edits`, and looks whether the edit is good for ever.
fn accepted(storage: &MemoryStorage, expected: [(&str, &str); 3]) {
    let mut lab = Lab::open_with(storage, accepting_edits()).unwrap();
    assert_eq!(lab.content(), pairs(expected));
    assert!(
        lab.store.checkpoint_due(),
        "the files should be written anew at once"
    );
    lab.checkpoint().unwrap();
    assert!(!lab.store.checkpoint_due());
    drop(lab);
    assert_eq!(
        Lab::open(&storage.crash(Keep::Nothing)).unwrap().content(),
        pairs(expected)
    );
}

#[test]
fn accepted_edits_stay() {
    let entry = edited(
        SNAPSHOT,
        r#""key":"b","value":"2""#,
        r#""key":"b","value":"two""#,
    );
    accepted(&entry, [("a", "1"), ("b", "two"), ("c", "3")]);

    let record = edited(JOURNAL, r#""value":"3""#, r#""value":"three""#);
    accepted(&record, [("a", "1"), ("b", "2"), ("c", "three")]);

    let no_crc = edited(
        SNAPSHOT,
        r#"{"key":"#,
        r#"{"key":"new","value":"entry"},{"key":"#,
    );
    let message = refused(&no_crc);
    assert!(
        message.contains("the entry with the key \"new\" has no checksum"),
        "{message}"
    );
    assert!(
        Lab::open_with(&no_crc, accepting_edits())
            .unwrap()
            .store
            .contains(b"new")
    );

    let header = edited(SNAPSHOT, r#""incarnation":1"#, r#""incarnation":7"#);
    assert!(refused(&header).contains("as a whole has the checksum"));
    assert_eq!(
        Lab::open_with(&header, accepting_edits())
            .unwrap()
            .store
            .incarnation(),
        8
    );

    let segment = edited(JOURNAL, r#""incarnation":1"#, r#""incarnation":9"#);
    assert!(refused(&segment).contains(&format!("{JOURNAL}, byte 0: has the checksum")));
    assert_eq!(
        Lab::open_with(&segment, accepting_edits())
            .unwrap()
            .store
            .incarnation(),
        10
    );
}

#[test]
fn a_deleted_entry_is_noticed() {
    let storage = files();
    let lines: String = text(&storage, SNAPSHOT)
        .split_inclusive('\n')
        .filter(|line| !line.contains(r#""key":"b""#))
        .collect();
    storage.put(SNAPSHOT, lines.replace("},\n]", "}\n]").as_bytes());
    assert!(refused(&storage).contains("has 1 entries, but says 2"));
    let lab = Lab::open_with(&storage, accepting_edits()).unwrap();
    assert_eq!(lab.content(), pairs([("a", "1"), ("c", "3")]));
}

/// The end of the process writes the files anew, if nothing else did.
#[test]
fn accepted_edits_are_written_at_the_end_at_the_latest() {
    let storage = edited(SNAPSHOT, r#""value":"1""#, r#""value":"one""#);
    let lab = Lab::open_with(&storage, accepting_edits()).unwrap();
    lab.store.close().unwrap();
    assert_eq!(
        Lab::open(&storage).unwrap().get("a").as_deref(),
        Some("one")
    );
}

#[test]
fn without_checksums_there_is_nothing_to_accept() {
    let storage = files();
    let mut document: serde_json::Value = serde_json::from_str(&text(&storage, SNAPSHOT)).unwrap();
    document["checksums"] = false.into();
    document.as_object_mut().unwrap().remove("crc");
    for entry in document["entries"].as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().remove("crc");
        entry["value"] = "by hand".into();
    }
    storage.put(SNAPSHOT, document.to_string().as_bytes());
    let lab = Lab::open(&storage).unwrap();
    assert_eq!(
        lab.content(),
        pairs([("a", "by hand"), ("b", "by hand"), ("c", "3")])
    );
    assert!(!lab.store.checkpoint_due());
}

/// The flag is about content, not about what can't be understood.
#[test]
fn damage_is_not_an_edit() {
    for (name, from, to) in [
        (SNAPSHOT, r#""key":"b""#, r#""key":"b"#),
        (SNAPSHOT, r#""key":"b""#, r#""key":"a""#),
        (SNAPSHOT, r#""node":"linux""#, r#""node":"mac""#),
        (SNAPSHOT, r#""version":2"#, r#""version":3"#),
        (JOURNAL, r#"{"seq":4"#, r#"{"seq":5"#),
        (JOURNAL, r#"{"seq":4"#, "{seq:4"),
        (JOURNAL, r#""op":"set""#, r#""op":"put""#),
    ] {
        refused_with(&edited(name, from, to), accepting_edits());
    }
}
