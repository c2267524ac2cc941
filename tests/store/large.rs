//! Files that are read in several pieces at once are the same table as if they were read in one.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::support::{Content, Lab, text};
use triad::storage::MemoryStorage;
use triad::store::OpenError;

const JOURNAL: &str = "linux.journal-1.jsonl";

/// A store with a journal of more than a MiB: keys are written over and over, removed, and all
/// removed once.
fn written() -> (MemoryStorage, Content) {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    let mut content = Content::new();
    for number in 0..5_000_u32 {
        let key = format!("key-{}", number.wrapping_mul(2_654_435_761) % 3_000).into_bytes();
        match number {
            1_500 => {
                lab.store.clear().unwrap();
                content.clear();
            }
            _ if number % 7 == 0 && content.remove(&key).is_some() => {
                assert!(lab.store.delete(&key).unwrap());
            }
            _ => {
                let value = format!("{number}: {}", "ä\n".repeat(60)).into_bytes();
                lab.store.set(&key, &value).unwrap();
                content.insert(key, value);
            }
        }
        if number % 100 == 0 {
            lab.settle().unwrap();
        }
    }
    lab.settle().unwrap();
    (storage, content)
}

#[test]
fn a_long_journal_is_replayed_in_its_order() {
    let (storage, content) = written();
    assert!(text(&storage, JOURNAL).len() > 1024 * 1024);
    let mut lab = Lab::open(&storage).unwrap();
    assert_eq!(lab.content(), content);
    lab.checkpoint().unwrap();
    drop(lab);
    assert_eq!(Lab::open(&storage).unwrap().content(), content);
}

#[test]
fn a_long_snapshot_is_read_in_any_layout() {
    let (storage, content) = written();
    Lab::open(&storage).unwrap().store.close().unwrap();
    let snapshot = text(&storage, "linux.json");
    assert!(snapshot.len() > 512 * 1024);
    // The second is read by the other parser.
    for snapshot in [snapshot.clone(), snapshot.replace('\n', "")] {
        storage.put("linux.json", snapshot.as_bytes());
        assert_eq!(
            Lab::open(&storage.clone()).unwrap().content(),
            content.clone()
        );
    }
}

/// Damage is told with its place, wherever in the file it is.
#[test]
fn the_place_of_damage_in_a_long_journal_is_told() {
    let (storage, _) = written();
    let journal = text(&storage, JOURNAL);
    for part in [1, 3, 5] {
        let at = journal.len() * part / 6;
        let at = at + journal[at..].find("\n{\"seq\":").unwrap() + 1;
        let mut damaged = journal.clone();
        damaged.replace_range(at..=at, "#");
        let storage = MemoryStorage::new();
        storage.put(JOURNAL, damaged.as_bytes());
        match Lab::open(&storage).err().unwrap() {
            OpenError::Damaged(defect, _) => {
                assert!(
                    defect.to_string().contains(&format!("byte {at}: record ")),
                    "{defect}"
                );
            }
            error => panic!("{error}"),
        }
    }
}

/// An entry that is there twice is found however far apart the two are, and so is a missing comma.
#[test]
fn a_long_snapshot_is_checked_as_one() {
    let (storage, _) = written();
    Lab::open(&storage).unwrap().store.close().unwrap();
    let snapshot = text(&storage, "linux.json");
    let lines: Vec<&str> = snapshot.lines().collect();
    let (first, last) = (lines[2], lines[lines.len() - 3]);
    let twice = snapshot.replacen(last, first.trim_end_matches(','), 1);
    let mut damaged = vec![(twice, "is here twice")];
    // Also after the last entry of a piece: pieces end near multiples of 256 KiB.
    for near in [300_000, 256 * 1024, 512 * 1024] {
        let mut snapshot = snapshot.clone();
        let at = snapshot[..near].rfind("},\n").unwrap();
        snapshot.remove(at + 1);
        damaged.push((snapshot, "expected `,` or `]`"));
    }
    for (snapshot, problem) in damaged {
        storage.put("linux.json", snapshot.as_bytes());
        let error = Lab::open(&storage).err().unwrap().to_string();
        assert!(error.contains(problem), "{error}");
    }
}
