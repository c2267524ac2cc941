//! Files that are not what they have to be: refused, with what is wrong, where, and what to do; and
//! left as they are.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use crate::support::{Lab, refused, text, with_file};
use triad::limits::KEY_MAX_BYTES;
use triad::storage::{Folder, MemoryStorage};
use triad::store::{OpenError, Options, Place};

const SNAPSHOT: &str = "linux.json";
const JOURNAL: &str = "linux.journal-1.jsonl";

/// The texts of a snapshot and of a journal of two records.
fn good() -> (String, String) {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.set("a", "1").unwrap();
    let journal = text(&storage, JOURNAL);
    lab.checkpoint().unwrap();
    (text(&storage, SNAPSHOT), journal)
}

/// Whether the message says all of this.
fn says(message: &str, all: &[&str]) {
    for part in all {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}

#[test]
fn texts_that_are_no_snapshot() {
    let header = r#"{"triad":"snapshot","version":1,"node":"linux","node_id":"x","incarnation":1,"#;
    let same_twice = r#"{"entries":[{"key":"a","value":"1"},{"key_base64":"YQ==","value":"2"}]}"#;
    let long_key = format!(
        r#"{{"entries":[{{"key":"{}","value":""}}]}}"#,
        "k".repeat(70_000)
    );
    assert!(long_key.len() > KEY_MAX_BYTES);
    let cases: &[(&str, &[&str])] = &[
        ("", &["is empty"]),
        ("hello\n", &["line 1, column 1", "not a snapshot of triad"]),
        ("[1,2]", &["line 1", "an object with `entries`"]),
        ("{}", &["no `entries`"]),
        (
            "{\n \"name\": \"my-app\",\n \"version\": 3\n}",
            &["line 2, column 8", "unknown field `name`"],
        ),
        (r#"{"a":"1"}"#, &["unknown field `a`", "client import"]),
        (r#"{"entries":{}}"#, &["a list of entries"]),
        (
            r#"{"entries":["a"]}"#,
            &["an entry: an object with `key` and `value`"],
        ),
        (
            r#"{"entries":[{"key":"a"}]}"#,
            &["key \"a\" has no `value`"],
        ),
        (r#"{"entries":[{"value":"a"}]}"#, &["has no `key`"]),
        (
            r#"{"entries":[{"key":1,"value":"a"}]}"#,
            &["integer `1`, expected a string"],
        ),
        (
            r#"{"entries":[{"key":"a","value":"a","ttl":1}]}"#,
            &["unknown field `ttl`"],
        ),
        (
            r#"{"entries":[{"key":"a","key":"b","value":""}]}"#,
            &["duplicate field `key`"],
        ),
        (
            r#"{"entries":[{"key":"a","key_base64":"","value":""}]}"#,
            &["both `key` and `key_base64`"],
        ),
        (
            r#"{"entries":[{"key_base64":"!","value":""}]}"#,
            &["`key_base64` is not base64"],
        ),
        (r#"{"entries":[{"key":"\ud800","value":""}]}"#, &["line 1"]),
        (same_twice, &["line 1", "key \"a\" is here twice"]),
        (&long_key, &["kkk", "too long"]),
        (
            r#"{"entries":[],"entries":[]}"#,
            &["duplicate field `entries`"],
        ),
        (r#"{"entries":[]} and more"#, &["trailing characters"]),
        (
            r#"{"entries":[],"count":0}"#,
            &["`count`", "a file by hand has only `entries`"],
        ),
        (r#"{"entries":[]"#, &["EOF while parsing"]),
        (
            r#"{"triad":"journal","entries":[]}"#,
            &["is a `journal` of triad"],
        ),
        (&format!(r#"{header}"entries":[]}}"#), &["has no `seq`"]),
        (
            &format!(r#"{header}"seq":-1,"entries":[]}}"#),
            &["line 1", "-1"],
        ),
        (&format!(r#"{header}"seq":1e3,"entries":[]}}"#), &["line 1"]),
        (
            &format!(r#"{header}"seq":9007199254740993,"entries":[]}}"#),
            &["over 2^53"],
        ),
    ];
    for (text, parts) in cases {
        let message = refused(&with_file(SNAPSHOT, text));
        says(&message, &["memory/linux.json", "Nothing was changed"]);
        says(&message, parts);
        assert!(message.len() < 1_000, "{message}");
    }
}

/// In the layout in which we write it too.
#[test]
fn commas_between_entries() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    for key in ["a", "b", "c"] {
        lab.set(key, "1").unwrap();
    }
    lab.checkpoint().unwrap();
    drop(lab);
    let good = text(&storage, SNAPSHOT);
    for (from, to) in [
        ("},\n{", "}\n{"),
        ("}\n]", "},\n]"),
        ("[\n{", "[\n,{"),
        ("},\n{", "},,\n{"),
    ] {
        storage.put(SNAPSHOT, good.replacen(from, to, 1).as_bytes());
        says(&refused(&storage), &["is not a snapshot of triad", "line "]);
    }
    storage.put(SNAPSHOT, good.as_bytes());
    assert_eq!(Lab::open(&storage).unwrap().content().len(), 3);
}

#[test]
fn the_error_can_be_looked_into() {
    let storage = with_file(SNAPSHOT, "{\"entries\":[\n{\"key\":\"a\"}\n]}");
    match Lab::open(&storage).err().unwrap() {
        OpenError::Malformed(defect) => {
            assert_eq!(defect.file(), "memory/linux.json");
            assert_eq!(
                defect.place(),
                Place::Line {
                    line: 2,
                    column: 11
                }
            );
            assert_eq!(
                defect.problem(),
                "the entry with the key \"a\" has no `value`"
            );
        }
        error => panic!("{error}"),
    }
}

#[test]
fn the_file_of_another_node() {
    let (snapshot, _) = good();
    let storage = with_file(
        SNAPSHOT,
        &snapshot.replace(r#""node":"linux""#, r#""node":"mac""#),
    );
    says(
        &refused(&storage),
        &[
            "is the snapshot of `mac`, not of `linux`",
            "where it belongs",
        ],
    );

    let storage = MemoryStorage::new();
    let mac = Lab::open_as(
        Arc::new(storage.clone()),
        "mac",
        Options::default(),
        &|_| true,
    );
    drop(mac.unwrap());
    let mac = text(&storage, "mac.journal-1.jsonl");
    says(
        &refused(&with_file(JOURNAL, &mac)),
        &["byte 0", "is the journal of `mac`, not of `linux`"],
    );
}

#[test]
fn two_nodes_of_one_name_are_not_mixed() {
    let first = MemoryStorage::new();
    let second = MemoryStorage::new();
    for storage in [&first, &second] {
        let mut lab = Lab::open(storage).unwrap();
        lab.set("a", "1").unwrap();
        lab.checkpoint().unwrap();
    }
    first.put(
        "linux.journal-2.jsonl",
        &second.content("linux.journal-2.jsonl").unwrap(),
    );
    says(
        &refused(&first),
        &["is of the node", "but the files before it are of the node"],
    );
}

#[test]
fn a_segment_under_a_wrong_name() {
    let (_, journal) = good();
    let storage = with_file(JOURNAL, &journal);
    storage.put("linux.journal-2.jsonl", journal.as_bytes());
    says(
        &refused(&storage),
        &["journal-2.jsonl", "is segment 1 under a wrong name"],
    );
}

#[test]
fn files_of_a_newer_program() {
    let (snapshot, journal) = good();
    let newer = [
        (
            SNAPSHOT,
            snapshot.replace(r#""version":2"#, r#""version":3"#),
        ),
        (
            SNAPSHOT,
            r#"{"triad":"snapshot","version":3,"tables":[]}"#.to_owned(),
        ),
        (
            JOURNAL,
            journal.replace(r#""version":2"#, r#""version":3,"new":true"#),
        ),
    ];
    for (name, text) in newer {
        let message = refused(&with_file(name, &text));
        says(
            &message,
            &[
                "is of version 3",
                "this program knows 2",
                "Start the newer triad",
            ],
        );
    }
    // An op that came later, with a right checksum.
    let (lines, _) = journal.split_once(r#"{"seq":2"#).unwrap();
    let later = r#"{"seq":2,"op":"lpush","key":"a","synced":1,"crc":"8e6e4244"}"#;
    let message = refused(&with_file(JOURNAL, &format!("{lines}{later}\n")));
    says(
        &message,
        &[
            "has the op \"lpush\"",
            "does not know",
            "Start the newer triad",
        ],
    );
}

#[test]
fn texts_that_are_no_journal() {
    for text in [
        "{}",
        "[]",
        "\"text\"",
        "12",
        r#"{"triad":"snapshot","version":1}"#,
    ] {
        let message = refused(&with_file(JOURNAL, text));
        says(
            &message,
            &[JOURNAL, "byte 0", "is not the header of a journal of triad"],
        );
    }
}

#[test]
fn records_that_are_none() {
    let (_, journal) = good();
    let (lines, _) = journal.split_once(r#"{"seq":2"#).unwrap();
    for (record, problem) in [
        (
            r#"{"seq":2,"op":"set","key":"a"}"#,
            "has not the fields that op \"set\" needs",
        ),
        (r#"{"seq":2,"op":"del"}"#, "op \"del\" needs"),
        (
            r#"{"seq":2,"op":"del","key":"a","value":"b"}"#,
            "op \"del\" needs",
        ),
        (r#"{"seq":2,"op":"clear","key":"a"}"#, "op \"clear\" needs"),
        (r#"{"seq":2,"op":"start"}"#, "op \"start\" needs"),
        (
            r#"{"seq":2,"op":"set","key":"a","value":"b","ttl":1}"#,
            "unknown field `ttl`",
        ),
        (
            r#"{"seq":2,"op":"clear","synced":2}"#,
            "before it was written",
        ),
        (r#"{"seq":2,"op":"clear"}"#, "has no checksum"),
        (
            r#"{"seq":2,"op":"clear","crc":"0"}"#,
            "has the checksum \"0\"",
        ),
        (
            r#"{"seq":2,"op":"nothing","crc":"00000000"}"#,
            "unknown op \"nothing\"",
        ),
        (r#"{"seq":2}"#, "missing field `op`"),
        ("[]", "is not a record of a journal"),
    ] {
        let storage = with_file(JOURNAL, &format!("{lines}{record}\n"));
        // Nothing says that this was synced, so it counts as torn; and the warning says why.
        let lab = Lab::open(&storage).unwrap();
        says(&lab.recovery.warnings[0], &[JOURNAL, problem]);
        assert_eq!(text(&storage, "linux.torn-1"), format!("{record}\n"));
    }
}

/// A folder where a file should be.
#[test]
fn what_the_operating_system_will_not_read() {
    for name in [SNAPSHOT, JOURNAL] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(name)).unwrap();
        let storage = Arc::new(Folder::open(folder.path()).unwrap());
        let error = Lab::open_as(storage, "linux", Options::default(), &|_| true)
            .err()
            .unwrap();
        let path = folder.path().join(name).display().to_string();
        assert!(
            error
                .to_string()
                .starts_with(&format!("could not read {path}")),
            "{error}"
        );
    }
}
