//! `--repair`: what is sound is loaded, what was there is kept, and what is missing is told.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use crate::support::{Content, Lab, pairs, refused, refused_with, repairing, text, with_file};
use triad::storage::MemoryStorage;
use triad::storage::memory::{Fault, Keep, Operation};
use triad::store::{OpenError, Options, Repair};

mod faults;

const SNAPSHOT: &str = "linux.json";
const FIRST: &str = "linux.journal-1.jsonl";
const SECOND: &str = "linux.journal-2.jsonl";

/// A snapshot with `a`, `b` and `c`, and a journal that changes `c`, removes `a` and adds `d`.
fn good() -> MemoryStorage {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    for (key, value) in [("a", "1"), ("b", "ä\n"), ("c", "3")] {
        lab.set(key, value).unwrap();
    }
    lab.checkpoint().unwrap();
    lab.set("c", "4").unwrap();
    lab.store.delete(b"a").unwrap();
    lab.settle().unwrap();
    lab.set("d", "5").unwrap();
    lab.set("e", "6").unwrap();
    storage
}

/// The good files, with a part of one of them replaced.
fn damaged(name: &str, old: &str, new: &str) -> MemoryStorage {
    let storage = good();
    let damaged = text(&storage, name).replacen(old, new, 1);
    assert_ne!(damaged, text(&storage, name), "there is no {old}");
    storage.put(name, damaged.as_bytes());
    storage
}

/// Repairs what an ordinary start refuses; the content, and what was left out. Afterwards it is a
/// store as any other.
fn repair(storage: &MemoryStorage) -> (Content, Repair) {
    refused(storage);
    let before = storage.contents();
    let mut lab = Lab::open_with(storage, repairing()).unwrap();
    let repair = lab.recovery.repair.clone().unwrap();
    let content = lab.content();
    check_copies(&before, storage, &repair);
    assert!(lab.recovery.warnings[0].contains(&repair.listed_in));
    assert_eq!(lab.store.incarnation(), 1, "it is a new node");

    lab.set("after", "the repair").unwrap();
    let expected = lab.content();
    drop(lab);
    for left in [&storage.crash(Keep::Nothing), storage] {
        let mut lab = Lab::open(left).unwrap();
        assert_eq!(lab.content(), expected);
        assert_eq!(lab.recovery.warnings, [""; 0]);
        lab.checkpoint().unwrap();
        lab.store.close().unwrap();
        assert_eq!(Lab::open(left).unwrap().content(), expected);
    }
    (content, repair)
}

/// Every file that was there is there as a copy, byte for byte, and the list says what was left out.
fn check_copies(before: &[(String, Vec<u8>)], storage: &MemoryStorage, repair: &Repair) {
    let mut kept = 0;
    for (name, bytes) in before.iter().filter(|(name, _)| !name.contains("damaged")) {
        let rest = name.strip_prefix("linux").unwrap();
        let copy = repair.kept.iter().find(|copy| copy.ends_with(rest));
        let copy = copy.unwrap().strip_prefix("memory/").unwrap();
        assert_eq!(storage.content(copy).as_ref(), Some(bytes), "{copy}");
        kept += 1;
    }
    assert_eq!(kept, repair.kept.len());
    let list = text(storage, repair.listed_in.strip_prefix("memory/").unwrap());
    for line in &repair.left_out {
        assert!(list.contains(line), "{list}");
    }
}

#[test]
fn a_damaged_record_is_left_out_and_the_others_are_there() {
    let storage = damaged(
        SECOND,
        r#""key":"d","value":"5""#,
        r#""key":"d","value":"7""#,
    );
    let at = text(&storage, SECOND).find(r#"{"seq":7"#).unwrap();
    let (content, repair) = repair(&storage);
    assert_eq!(content, pairs([("b", "ä\n"), ("c", "4"), ("e", "6")]));
    assert_eq!(repair.left_out.len(), 2, "{:?}", repair.left_out);
    let expected = format!("memory/{SECOND}, byte {at}: has the checksum");
    assert!(
        repair.left_out[0].starts_with(&expected),
        "{:?}",
        repair.left_out
    );
    assert!(repair.left_out[1].contains("before this, record 7 is missing"));
}

#[test]
fn a_damaged_entry_is_left_out_and_the_others_are_there() {
    for (old, new, told) in [
        // What the journal says of `c` is there all the same.
        (
            r#""key":"c","value":"3""#,
            r#""key":"c","value":"9""#,
            "the entry with the key \"c\"",
        ),
        (r#"{"key":"c","#, r#"{"key":"c#"#, "bytes that are no entry"),
        (
            r#"{"key":"b","#,
            r#"{"kex":"b","#,
            "bytes that are no entry",
        ),
    ] {
        let (content, repair) = repair(&damaged(SNAPSHOT, old, new));
        let mut expected = pairs([("b", "ä\n"), ("c", "4"), ("d", "5"), ("e", "6")]);
        if old.contains("\"b\"") {
            expected.remove(&b"b"[..]);
        }
        assert_eq!(content, expected, "{old}");
        assert!(repair.left_out[0].contains(told), "{:?}", repair.left_out);
        assert!(repair.left_out[0].starts_with("memory/linux.json, byte "));
        assert!(repair.left_out[1].contains("has 2 sound entries, but says 3"));
    }
}

#[test]
fn a_snapshot_in_another_layout_is_repaired_too() {
    let storage = damaged(SNAPSHOT, r#""value":"3""#, r#""value":"9""#);
    let one_line = text(&storage, SNAPSHOT)
        .replace('\n', " \r\n\t ")
        .replace("},", "}\n , ");
    storage.put(SNAPSHOT, one_line.as_bytes());
    let (content, repair) = repair(&storage);
    assert_eq!(content.len(), 4);
    assert_eq!(repair.left_out.len(), 2, "{:?}", repair.left_out);
}

#[test]
fn without_a_header_the_entries_and_all_segments_are_loaded() {
    let expected = pairs([("b", "ä\n"), ("c", "4"), ("d", "5"), ("e", "6")]);
    for (old, new) in [
        ("\"version\"", "\"vers"),
        ("{\"triad\"", "#"),
        ("\"entries\":[", "\"entr"),
        ("\"count\"", "\"cou"),
        ("\"replay_from\":2", "\"replay_from\":7"),
    ] {
        let (content, repair) = repair(&damaged(SNAPSHOT, old, new));
        assert_eq!(content, expected, "{new}");
        assert!(new.ends_with('7') || !repair.left_out.is_empty(), "{new}");
    }
    for (old, new) in [
        ("{\"triad\"", "#\"triad\""),
        ("\"segment\":2", "\"segment\":3"),
    ] {
        let (content, repair) = repair(&damaged(SECOND, old, new));
        assert_eq!(content, expected, "{new}");
        assert!(
            repair.left_out[0].contains("the header "),
            "{:?}",
            repair.left_out
        );
    }
}

#[test]
fn a_missing_file_is_told_and_the_others_are_loaded() {
    let storage = good();
    let without = |name: &str| {
        let left = MemoryStorage::new();
        for (file, bytes) in storage.contents() {
            if file != name {
                left.put(&file, &bytes);
            }
        }
        left
    };
    let (content, repair) = repair(&without(SNAPSHOT));
    assert_eq!(content, pairs([("c", "4"), ("d", "5"), ("e", "6")]));
    let told = format!("memory/{SECOND}, byte 0: before this, the records 1 to 4 are missing");
    assert_eq!(repair.left_out, [told]);

    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.store.begin_checkpoint().unwrap();
    lab.set("a", "1").unwrap();
    lab.finish_checkpoint().unwrap();
    drop(lab);
    let left = with_file(SNAPSHOT, &text(&storage, SNAPSHOT));
    let (content, repair) = self::repair(&left);
    assert!(content.is_empty() || content == pairs([("a", "1")]));
    assert_eq!(repair.left_out, ["the journal: record 2 is missing"]);
}

#[test]
fn a_file_by_hand_is_repaired_as_well() {
    let storage = with_file(
        SNAPSHOT,
        r#"{"entries":[{"key":"a","value":"1"},{"key":"b","value":2},{"key":"c","value":"3"}]}"#,
    );
    let (content, repair) = repair(&storage);
    assert_eq!(content, pairs([("a", "1"), ("c", "3")]));
    assert_eq!(
        repair.left_out,
        ["memory/linux.json, byte 36: 22 bytes that are no entry"]
    );
}

#[test]
fn where_nothing_is_sound_nothing_is_done() {
    for (name, text) in [
        (SNAPSHOT, "any text"),
        (SNAPSHOT, r#"{"users":[{"name":"a","value":"1"}]}"#),
        (SNAPSHOT, r#"{"tags":[{"key":"a","value":"1"}]}"#),
        (
            SNAPSHOT,
            r#"{"entries":[{"key":"a","value":"1"}],"of":"another program"}"#,
        ),
        (SNAPSHOT, ""),
        (FIRST, &"any text\n".repeat(200)),
    ] {
        let storage = with_file(name, text);
        let ordinary = refused(&storage);
        assert_eq!(refused_with(&storage, repairing()), ordinary);
    }
}

#[test]
fn what_belongs_to_others_is_not_repaired() {
    for (name, old, new) in [
        (SNAPSHOT, "\"node\":\"linux\"", "\"node\":\"mac\""),
        (SNAPSHOT, "\"version\":2", "\"version\":3"),
        (SECOND, "\"version\":2", "\"version\":3"),
    ] {
        let storage = damaged(name, old, new);
        assert_eq!(refused_with(&storage, repairing()), refused(&storage));
        // Nor is it if something else is damaged as well.
        let journal = text(&storage, SECOND).replacen("\"key\":\"d\"", "\"key\":\"x\"", 1);
        storage.put(SECOND, journal.as_bytes());
        refused_with(&storage, repairing());
    }
}

/// The journal of another node of this name, with an entry of the snapshot damaged besides.
#[test]
fn the_files_of_two_nodes_are_not_joined() {
    let storage = damaged(SNAPSHOT, r#""value":"3""#, r#""value":"9""#);
    storage.put(SECOND, &good().content(SECOND).unwrap());
    refused_with(&storage, repairing());
}

/// What is no header of ours is left out, and the records are loaded: their checksums are ours.
#[test]
fn records_under_another_header_are_loaded() {
    let old = "{\"triad\":\"journal\"";
    let (content, repair) = repair(&damaged(SECOND, old, "{\"program\":\"other\""));
    assert_eq!(content.len(), 4);
    assert!(
        repair.left_out[0].contains("the header "),
        "{:?}",
        repair.left_out
    );
}

/// The header and the entries are intact but for the one that names the node.
#[test]
fn a_damaged_node_id_is_no_other_node() {
    let storage = good();
    let snapshot = text(&storage, SNAPSHOT);
    let at = snapshot.find("\"node_id\":\"").unwrap() + 11;
    let digit = if snapshot.as_bytes()[at] == b'0' {
        "1"
    } else {
        "0"
    };
    let mut changed = snapshot.clone();
    changed.replace_range(at..=at, digit);
    storage.put(SNAPSHOT, changed.as_bytes());
    let (content, repair) = repair(&storage);
    assert_eq!(content.len(), 4);
    assert!(repair.left_out[0].contains("checksum of the whole"));
}

/// A number that is not proven is not gone by, however large it is.
#[test]
fn a_number_that_nothing_can_follow_is_left_out() {
    for seq in [
        "18446744073709551615",
        "9007199254740992",
        "9007199254740993",
    ] {
        let new = format!("\"seq\":{seq},");
        let (content, _) = repair(&damaged(SNAPSHOT, "\"seq\":4,", &new));
        assert_eq!(content.len(), 4, "{seq}");
    }
}

#[test]
fn a_missing_segment_is_told() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.checkpoint().unwrap();
    for (key, number) in [("b", 2), ("c", 3)] {
        lab.set(key, "1").unwrap();
        storage.fail(Operation::Rename, 1, Fault::code(28));
        lab.checkpoint().unwrap_err();
        assert!(
            storage
                .content(&format!("linux.journal-{number}.jsonl"))
                .is_some()
        );
    }
    lab.set("d", "1").unwrap();
    drop(lab);
    let left = MemoryStorage::new();
    for (file, bytes) in storage.contents() {
        if file != SECOND {
            left.put(&file, &bytes);
        }
    }
    let (content, repair) = repair(&left);
    assert_eq!(content, pairs([("c", "1"), ("d", "1")]));
    let told = "memory/linux.journal-3.jsonl, byte 0: before this, record 2 is missing";
    assert_eq!(repair.left_out, [told]);
}

/// A segment that an intact snapshot covers, and whose removal has failed.
#[test]
fn what_an_intact_snapshot_covers_does_not_return() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.set("a", "old").unwrap();
    lab.set("b", "old").unwrap();
    let stale = storage.content(FIRST).unwrap();
    lab.set("a", "new").unwrap();
    lab.store.delete(b"b").unwrap();
    lab.settle().unwrap();
    lab.checkpoint().unwrap();
    lab.set("c", "1").unwrap();
    drop(lab);
    storage.put(FIRST, &stale);
    let damaged = text(&storage, SECOND).replacen("{\"triad\"", "#\"triad\"", 1);
    storage.put(SECOND, damaged.as_bytes());
    let (content, _) = repair(&storage);
    assert_eq!(content, pairs([("a", "new"), ("c", "1")]));
}

/// Entries without checksums are right where the file says that it has none.
#[test]
fn a_file_that_has_no_checksums_is_repaired_too() {
    let storage = good();
    let snapshot = text(&storage, SNAPSHOT).replace("\"checksums\":true", "\"checksums\":false");
    let mut plain = String::new();
    for line in snapshot.lines() {
        let is_entry = line.starts_with("{\"key");
        let end = line
            .find(",\"crc\"")
            .filter(|_| is_entry || line.contains("count"));
        plain.push_str(&line[..end.unwrap_or(line.len())]);
        plain.push_str(match (is_entry, end) {
            (_, None) => "\n",
            (true, _) if line.ends_with(',') => "},\n",
            _ => "}\n",
        });
    }
    storage.put(SNAPSHOT, plain.as_bytes());
    let expected = Lab::open(&storage.crash(Keep::Nothing)).unwrap().content();
    assert_eq!(expected.len(), 4);
    let damaged = plain.replacen("{\"key\":\"a\"", "{#key\":\"a\"", 1);
    storage.put(SNAPSHOT, damaged.as_bytes());
    let (content, _) = repair(&storage);
    assert_eq!(content, expected, "the journal removes `a`");
}

/// With both options an edit is taken where it stands, and a damaged number moves nothing.
#[test]
fn edits_are_accepted_by_a_repair_as_well() {
    let both = Options {
        accept_edits: true,
        ..repairing()
    };
    for (old, new, expected) in [
        ("\"value\":\"5\"", "\"value\":\"7\"", Some("7")),
        ("{\"seq\":7", "{\"seq\":9", None),
    ] {
        let storage = damaged(SECOND, old, new);
        // Something that is no edit, so that there is something to repair.
        let snapshot = text(&storage, SNAPSHOT).replacen("{\"key\":\"a\"", "{#key\":\"a\"", 1);
        storage.put(SNAPSHOT, snapshot.as_bytes());
        let lab = Lab::open_with(&storage, both).unwrap();
        assert_eq!(lab.get("d").as_deref(), expected, "{new}");
        assert_eq!(lab.get("e").as_deref(), Some("6"), "{new}");
    }
}

#[test]
fn what_is_sound_is_not_repaired() {
    let storage = good();
    let id = Lab::open(&storage).unwrap().store.node_id().to_owned();
    let mut journal = text(&storage, SECOND);
    journal.push_str("{\"seq\":9,\"op");
    storage.put(SECOND, journal.as_bytes());
    let lab = Lab::open_with(&storage, repairing()).unwrap();
    assert_eq!(lab.store.node_id(), id);
    assert!(lab.recovery.torn.is_some(), "a torn tail is no damage");
    assert_eq!(lab.recovery.repair, None);
    assert_eq!(lab.content().len(), 4);
}

#[test]
fn every_repair_keeps_copies_of_its_own() {
    let storage = damaged(SNAPSHOT, r#""value":"3""#, r#""value":"9""#);
    for number in 1..4 {
        let lab = Lab::open_with(&storage, repairing()).unwrap();
        let listed_in = lab.recovery.repair.as_ref().unwrap().listed_in.clone();
        assert_eq!(listed_in, format!("memory/linux.damaged-{number}.txt"));
        drop(lab);
        let snapshot = text(&storage, SNAPSHOT).replacen("\"count\":", "\"count\":1", 1);
        storage.put(SNAPSHOT, snapshot.as_bytes());
    }
}

/// The sound records of a journal can be too few for what follows them to be right.
#[test]
fn a_set_of_which_all_is_lost_is_absent() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    let member = |name: &'static [u8]| [name].into_iter();
    lab.store.add_members(b"set", member(b"old")).unwrap();
    lab.set("a", "1").unwrap();
    lab.checkpoint().unwrap();
    lab.store.add_members(b"set", member(b"lost")).unwrap();
    lab.store.remove_members(b"set", member(b"old")).unwrap();
    lab.settle().unwrap();
    lab.set("b", "2").unwrap();
    lab.settle().unwrap();
    drop(lab);
    let damaged = text(&storage, SECOND).replacen("lost", "last", 1);
    storage.put(SECOND, damaged.as_bytes());
    let (content, _) = repair(&storage);
    assert_eq!(content, pairs([("a", "1"), ("b", "2")]));
    let lab = Lab::open(&storage).unwrap();
    assert!(!lab.store.contains(b"set"));
}

/// A crash in the middle of a group has left the beginning of it: nobody was told that it was done.
#[test]
fn a_group_whose_end_never_came_is_left_out() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    let member = |name: &'static [u8]| [name].into_iter();
    lab.set("a", "1").unwrap();
    lab.store.add_members(b"new", member(b"m")).unwrap();
    lab.set("target", "old").unwrap();
    lab.settle().unwrap();
    lab.set("b", "2").unwrap();
    lab.settle().unwrap();
    lab.store.rename(b"new", b"target").unwrap();
    lab.settle().unwrap();
    drop(lab);
    let whole = text(&storage, FIRST);
    let damaged = whole.replacen(r#""value":"1""#, r#""value":"7""#, 1);
    let repaired = |journal: &str| {
        let storage = MemoryStorage::new();
        storage.put(FIRST, journal.as_bytes());
        let (_, repair) = repair(&storage);
        let lab = Lab::open(&storage).unwrap();
        (lab.get("target"), lab.store.contains(b"new"), repair)
    };
    // The last record of the group is cut short, or missing.
    let (last, _) = damaged.trim_end().rsplit_once('\n').unwrap();
    for cut in [&damaged[..damaged.len() - 9], &format!("{last}\n")] {
        let (target, is_there, repair) = repaired(cut);
        assert_eq!(target.as_deref(), Some("old"), "{cut}");
        assert!(is_there);
        let told = |line: &String| line.contains("are of a group of which 1 never came");
        assert!(repair.left_out.iter().any(told), "{:?}", repair.left_out);
    }
    let (target, is_there, _) = repaired(&damaged);
    assert!(target.is_none() && !is_there, "the whole group");
}
