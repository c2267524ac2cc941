//! Damage is what no crash leaves: the start is refused, with the file and the place, and nothing is
//! changed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::support::{Content, Lab, refused, text, with_file};
use triad::storage::MemoryStorage;

const JOURNAL: &str = "linux.journal-1.jsonl";
const SNAPSHOT: &str = "linux.json";

/// A journal of six records after the `start`, the last two of them in one group, and what it says
/// after each of its lines, counted from 0; so that line and number of a record are the same.
fn journal() -> (String, Vec<Content>) {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    let mut states = vec![Content::new(), Content::new()];
    for number in 0..4 {
        lab.set(&format!("k{number}"), "ä\n1").unwrap();
        states.push(lab.content());
    }
    assert!(lab.store.delete(b"k0").unwrap());
    states.push(lab.content());
    lab.store.set(b"k1", &[0xff]).unwrap();
    states.push(lab.content());
    lab.settle().unwrap();
    (text(&storage, JOURNAL), states)
}

/// The damaged text as a folder.
fn with_bytes(name: &str, bytes: &[u8]) -> MemoryStorage {
    let storage = MemoryStorage::new();
    storage.put(name, bytes);
    storage
}

/// Every bit of a journal: a change is refused if an intact record says that what it hit had been
/// synced, and otherwise cut off with what follows; or it changes nothing.
#[test]
fn no_flipped_bit_of_a_journal_goes_unseen() {
    let (journal, states) = journal();
    let ends: Vec<usize> = journal.match_indices('\n').map(|(at, _)| at).collect();
    let (mut refused, mut cut, mut harmless) = (0, 0, 0);
    for bit in 0..journal.len() * 8 {
        let mut bytes = journal.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let line = ends.iter().position(|end| bit / 8 <= *end).unwrap();
        let storage = with_bytes(JOURNAL, &bytes);
        match Lab::open(&storage) {
            Err(error) => {
                assert_eq!(storage.content(JOURNAL).unwrap(), bytes, "{bit}: {error}");
                assert!(error.to_string().contains("byte "), "{bit}: {error}");
                refused += 1;
            }
            Ok(lab) if lab.recovery.torn.is_some() => {
                // The last group are the records 6 and 7; 6 says that 5 was synced. Only what joins
                // 5 and 6 to one line hits 5 and takes that away.
                assert!(
                    line >= 6 || bit / 8 == ends[5],
                    "{bit}: record {line} had been synced"
                );
                assert_eq!(lab.content(), states[line - 1], "{bit}");
                cut += 1;
            }
            Ok(lab) => {
                assert_eq!(lab.content(), *states.last().unwrap(), "{bit}");
                harmless += 1;
            }
        }
    }
    assert!(refused > 5 * cut / 2 && cut > 1_000, "{refused} {cut}");
    // Letters of checksums that turn into capitals.
    assert!(harmless < 8 * ends.len(), "{harmless}");
}

#[test]
fn no_flipped_bit_of_a_snapshot_goes_unseen() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.set("a", "1").unwrap();
    lab.set("bytes", "\u{1}\u{2}\u{3}\u{4}").unwrap();
    lab.set("text", "ä\n").unwrap();
    lab.checkpoint().unwrap();
    let expected = lab.content();
    drop(lab);
    let snapshot = storage.content(SNAPSHOT).unwrap();
    let journal = storage.content("linux.journal-2.jsonl").unwrap();
    let mut harmless = 0;
    for bit in 0..snapshot.len() * 8 {
        let mut bytes = snapshot.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let storage = with_bytes(SNAPSHOT, &bytes);
        storage.put("linux.journal-2.jsonl", &journal);
        if let Ok(lab) = Lab::open(&storage) {
            assert_eq!(lab.content(), expected, "{bit}");
            harmless += 1;
        } else {
            assert_eq!(storage.content(SNAPSHOT).unwrap(), bytes);
        }
    }
    assert!(harmless < 8 * 4, "{harmless}");
}

#[test]
fn the_place_of_a_damaged_record_is_told() {
    let (journal, _) = journal();
    let at = journal.find(r#"{"seq":3"#).unwrap();
    let message = refused(&with_file(
        JOURNAL,
        &journal.replacen(r#"{"seq":3"#, r#"{"seq";3"#, 1),
    ));
    assert!(
        message.starts_with(&format!("memory/{JOURNAL}, byte {at}: record 3: ")),
        "{message}"
    );
    assert!(
        message.contains("The records up to 5 had reached the disk"),
        "{message}"
    );
    assert!(message.contains("Nothing was changed"), "{message}");
}

#[test]
fn a_missing_record_is_damage() {
    let (journal, _) = journal();
    let without_4: String = journal
        .split_inclusive('\n')
        .filter(|line| !line.starts_with(r#"{"seq":4"#))
        .collect();
    let at = journal.find(r#"{"seq":4"#).unwrap();
    let message = refused(&with_file(JOURNAL, &without_4));
    assert!(
        message.contains(&format!("byte {at}: record 4: record 4 is missing")),
        "{message}"
    );
}

#[test]
fn records_in_a_wrong_order_are_damage() {
    let (journal, _) = journal();
    let mut lines: Vec<_> = journal.split_inclusive('\n').collect();
    lines.swap(2, 3);
    let message = refused(&with_file(JOURNAL, &lines.concat()));
    assert!(
        message.contains("record 2 is missing; record 3 stands in its place"),
        "{message}"
    );
}

/// Three segments, as after a checkpoint that failed; the snapshot stands before the second.
fn segments() -> MemoryStorage {
    use triad::storage::memory::{Fault, Operation};
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.set("a", "1").unwrap();
    lab.checkpoint().unwrap();
    lab.set("b", "2").unwrap();
    for key in ["c", "d"] {
        storage.fail(Operation::Rename, 1, Fault::code(28));
        lab.checkpoint().unwrap_err();
        lab.set(key, "3").unwrap();
    }
    assert_eq!(lab.store.status().journal_segments, 3);
    assert_eq!(lab.content().len(), 4);
    storage
}

/// A copy without one file.
fn without(storage: &MemoryStorage, name: &str) -> MemoryStorage {
    let copy = MemoryStorage::new();
    for (file, bytes) in storage.contents() {
        if file != name {
            copy.put(&file, &bytes);
        }
    }
    copy
}

#[test]
fn several_segments_load() {
    assert_eq!(Lab::open(&segments()).unwrap().content().len(), 4);
}

#[test]
fn a_missing_segment_is_damage() {
    let segments = segments();
    for number in [2, 3] {
        let name = format!("linux.journal-{number}.jsonl");
        let message = refused(&without(&segments, &name));
        assert!(
            message.starts_with(&format!("memory/{name}: is missing")),
            "{message}"
        );
    }
}

/// A segment is synced before another one is begun, and the other one's header says so.
#[test]
fn a_missing_end_of_a_segment_that_another_follows_is_damage() {
    let storage = segments();
    let last = text(&storage, "linux.journal-3.jsonl");
    let header = last.split_inclusive('\n').next().unwrap();
    storage.put("linux.journal-3.jsonl", header.as_bytes());
    let before = text(&storage, "linux.journal-2.jsonl");
    let end = before.trim_end().rfind('\n').unwrap() + 1;
    storage.put("linux.journal-2.jsonl", &before.as_bytes()[..end]);
    let message = refused(&storage);
    let expected = format!("memory/linux.journal-2.jsonl, byte {end}: record ");
    assert!(message.starts_with(&expected), "{message}");
}

#[test]
fn a_missing_snapshot_is_damage() {
    let message = refused(&without(&segments(), SNAPSHOT));
    assert!(message.contains("and so is memory/linux.json"), "{message}");
}

/// The snapshot was made while the journal went on, and has effects of which it is not the end.
#[test]
fn a_snapshot_without_the_journal_that_it_needs_is_damage() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.set("a", "1").unwrap();
    lab.store.begin_checkpoint().unwrap();
    lab.set("b", "2").unwrap();
    lab.finish_checkpoint().unwrap();
    drop(lab);
    let message = refused(&without(&storage, "linux.journal-2.jsonl"));
    assert!(
        message.contains("journal-2.jsonl: is missing, and with it records 3 to 3"),
        "{message}"
    );
}

#[test]
fn a_journal_shorter_than_the_snapshot_says_is_damage() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.store.begin_checkpoint().unwrap();
    lab.set("b", "2").unwrap();
    lab.finish_checkpoint().unwrap();
    drop(lab);
    let journal = text(&storage, "linux.journal-2.jsonl");
    let header = journal.split_inclusive('\n').next().unwrap();
    storage.put("linux.journal-2.jsonl", header.as_bytes());
    let message = refused(&storage);
    assert!(
        message.contains(&format!("byte {}: ends before record 2", header.len())),
        "{message}"
    );
}

#[test]
fn a_damaged_header_is_no_torn_tail_when_records_follow_it() {
    let (journal, _) = journal();
    let message = refused(&with_file(
        JOURNAL,
        &journal.replacen("{\"triad\"", "#\"triad\"", 1),
    ));
    assert!(message.contains("although records follow it"), "{message}");
}

/// A header is on the disk before anything goes after it, so a long file has had one.
#[test]
fn a_long_file_of_anything_is_no_torn_tail() {
    let message = refused(&with_file(JOURNAL, &"any text\n".repeat(200)));
    assert!(
        message.contains("more than a header was written to it"),
        "{message}"
    );
}

#[test]
fn the_header_of_a_segment_that_a_snapshot_names_is_no_torn_tail() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.checkpoint().unwrap();
    drop(lab);
    storage.put("linux.journal-2.jsonl", b"");
    let message = refused(&storage);
    assert!(
        message.contains("the snapshot says that replay begins with it"),
        "{message}"
    );
}
