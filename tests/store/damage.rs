//! Damage is what no crash leaves: the start is refused, with the file and the place, and nothing is
//! changed.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;

use crate::support::journal::{JOURNAL, Verdict, Written};
use crate::support::{Lab, counts, parallel, refused, text, with_file};
use triad::storage::MemoryStorage;
use triad::store::{Defect, OpenError, Place};

const SNAPSHOT: &str = "linux.json";

/// So much of each file is damaged bit by bit when all bits are tried.
const BYTES: usize = 4 * 1024;

/// A journal of six records after the `start`, the last two of them in one group.
fn journal() -> String {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    for number in 0..4 {
        lab.set(&format!("k{number}"), "ä\n1").unwrap();
    }
    assert!(lab.store.delete(b"k0").unwrap());
    lab.store.set(b"k1", &[0xff]).unwrap();
    lab.settle().unwrap();
    text(&storage, JOURNAL)
}

/// How often each thing has come of a flipped bit.
#[derive(Default)]
struct Tally(Mutex<BTreeMap<&'static str, usize>>);

impl Tally {
    fn note(&self, what: &'static str) {
        *self.0.lock().unwrap().entry(what).or_default() += 1;
    }

    /// How many of a thousand.
    fn share(&self, what: &str) -> usize {
        let tally = self.0.lock().unwrap();
        let all: usize = tally.values().sum();
        1000 * tally.get(what).copied().unwrap_or_default() / all
    }
}

/// Flips the bits of a part of a file, all of them or an even part, and tells of each the bytes with it
/// flipped and the place of its byte.
fn for_each_bit(bytes: &[u8], part: Range<usize>, look: impl Fn(Vec<u8>, usize) + Sync) {
    let bits: Vec<_> = (part.start * 8..part.end * 8)
        .step_by(counts::step(13))
        .collect();
    parallel::for_each(&bits, |bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        look(flipped, bit / 8);
    });
}

/// Whether the only difference is that a hexadecimal digit of a checksum has become a capital.
fn is_a_capital_digit(bytes: &[u8], flipped: &[u8], at: usize) -> bool {
    let in_checksum =
        (0..8).any(|digit| bytes[..at.saturating_sub(digit)].ends_with(b"\"crc\":\""));
    in_checksum && flipped[at] == bytes[at].to_ascii_uppercase()
}

/// What is wrong with a file, and where.
fn defect(error: &OpenError) -> &Defect {
    match error {
        OpenError::Malformed(defect)
        | OpenError::Damaged(defect, _)
        | OpenError::Edited(defect)
        | OpenError::Foreign(defect)
        | OpenError::Newer(defect) => defect,
        _ => panic!("{error}"),
    }
}

/// Every bit of the end of a journal, which is not synced, and of as much before it: a change is
/// refused, with the place of its record, if an intact record says that what it hit had been synced; if
/// not, it is cut off with what follows. Or it changes nothing.
#[test]
fn no_flipped_bit_of_a_journal_goes_unseen() {
    let written = Written::of(BYTES);
    let whole = written.state(written.lines());
    let tally = Tally::default();
    assert!(written.bytes.len() >= BYTES);
    for_each_bit(&written.bytes, 0..written.bytes.len(), |bytes, at| {
        let storage = MemoryStorage::new();
        storage.put(JOURNAL, &bytes);
        let opened = Lab::open(&storage);
        if is_a_capital_digit(&written.bytes, &bytes, at) {
            let lab = opened.unwrap();
            assert!(
                lab.content() == *whole && lab.recovery.torn.is_none(),
                "{at}"
            );
            return tally.note("harmless");
        }
        match (written.verdict(at..at + 1), opened) {
            (Verdict::Damage(offset), Err(error)) => {
                let defect = defect(&error);
                assert!(defect.file().ends_with(JOURNAL), "{at}: {error}");
                assert_eq!(defect.place(), Place::Byte(offset), "{at}: {error}");
                let files = storage.contents();
                assert!(files == [(JOURNAL.to_owned(), bytes)], "{at}: changed");
                tally.note("damage");
            }
            (Verdict::Torn(lines), Ok(lab)) => {
                assert!(lab.content() == *written.state(lines), "{at}");
                let torn = lab.recovery.torn.unwrap();
                let cut = bytes.len() - written.start(lines);
                assert_eq!(torn.bytes, cut as u64, "{at}");
                tally.note("torn");
            }
            (verdict, opened) => panic!("{at}: {verdict:?}, but {:?}", opened.map(|_| ()).err()),
        }
    });
    let shares = ["damage", "torn", "harmless"].map(|what| tally.share(what));
    assert!(
        shares[0] > 800 && shares[1] > 20 && shares[2] < 10,
        "{shares:?} ‰"
    );
}

/// Every bit of a snapshot: a change of an entry is refused with its line or its key, one of the rest
/// with the name of the file. Or it changes nothing.
#[test]
fn no_flipped_bit_of_a_snapshot_goes_unseen() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    for number in 0..72 {
        let value = ["1", "\u{1}\u{2}\u{3}\u{4}", "ä\n and more text"][number % 3];
        lab.set(&format!("key-{number}"), value).unwrap();
    }
    lab.checkpoint().unwrap();
    let expected = lab.content();
    drop(lab);
    let snapshot = text(&storage, SNAPSHOT);
    assert!(snapshot.len() >= BYTES, "{}", snapshot.len());
    let journal = storage.content("linux.journal-2.jsonl").unwrap();
    let first = 1 + snapshot.find("[\n").unwrap();
    let entries = first + 1..snapshot.find("\n],").unwrap();
    let tally = Tally::default();
    for_each_bit(snapshot.as_bytes(), 0..snapshot.len(), |bytes, at| {
        let storage = MemoryStorage::new();
        storage.put(SNAPSHOT, &bytes);
        storage.put("linux.journal-2.jsonl", &journal);
        let files = storage.contents();
        let opened = Lab::open(&storage);
        if is_a_capital_digit(snapshot.as_bytes(), &bytes, at) {
            assert!(opened.unwrap().content() == expected, "{at}");
            return tally.note("harmless");
        }
        let Err(error) = opened else {
            panic!("{at}: not seen");
        };
        assert!(storage.contents() == files, "{at}: changed");
        let defect = defect(&error);
        assert!(defect.file().ends_with(SNAPSHOT), "{at}: {error}");
        if entries.contains(&at) {
            assert!(tells_the_entry(defect, &snapshot, at), "{at}: {error}");
            tally.note("an entry");
        } else {
            tally.note("the rest");
        }
    });
    let shares = ["an entry", "the rest", "harmless"].map(|what| tally.share(what));
    assert!(
        shares[0] > 850 && shares[1] > 30 && shares[2] < 40,
        "{shares:?} ‰"
    );
}

/// Whether a refusal tells in which entry byte `at` of the snapshot is: by its line, or by the key as
/// it stands there. A line whose end was hit goes on in the next one.
fn tells_the_entry(defect: &Defect, snapshot: &str, at: usize) -> bool {
    let ends = snapshot.match_indices('\n').map(|(end, _)| end);
    let number = 1 + ends.take_while(|end| *end < at).count();
    if let Place::Line { line, .. } = defect.place() {
        return line == number || line == number + 1;
    }
    let key = snapshot.lines().nth(number - 1).unwrap();
    let key = key.split('"').nth(3).unwrap();
    defect.problem().contains(key)
}

#[test]
fn the_place_of_a_damaged_record_is_told() {
    let journal = journal();
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
    let journal = journal();
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
    let journal = journal();
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
    let journal = journal();
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
