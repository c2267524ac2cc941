//! A crash leaves the journal's end incomplete. What is whole is loaded, the rest is put aside, and
//! the journal goes on.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use crate::support::journal::{JOURNAL, Verdict, Written};
use crate::support::{Lab, counts, parallel, text, with_file};
use triad::storage::MemoryStorage;
use triad::store::{Defect, OpenError, Place};

const TORN: &str = "linux.torn-1";

/// The size of the journal that is cut: at each of its bytes when all are tried, and else at about a
/// thousand of a shorter one.
fn journal_bytes() -> usize {
    1024 * if counts::full() { 64 } else { 8 }
}

/// The end of it in which something else may stand instead of nothing.
const FILLED_BYTES: usize = 4 * 1024;

/// Loads `bytes`, of which the first `lines` are as they were and the rest is torn; writes; loads
/// again.
fn check(written: &Written, bytes: &[u8], lines: usize) {
    let storage = MemoryStorage::new();
    storage.put(JOURNAL, bytes);
    let when = || format!("after {lines} lines, of {} bytes", bytes.len());
    let mut lab = Lab::open(&storage).unwrap_or_else(|error| panic!("{}: {error}", when()));
    assert!(lab.content() == *written.state(lines), "{}", when());
    let end = written.start(lines);
    // The last line is whole also without its end.
    if bytes.len() > end {
        let torn = lab.recovery.torn.as_ref().unwrap();
        assert_eq!(torn.bytes, (bytes.len() - end) as u64, "{}", when());
        assert!(storage.content(TORN).unwrap() == bytes[end..]);
        assert!(lab.recovery.warnings[0].contains(&format!("byte {end}: ")));
        assert!(lab.recovery.warnings[0].contains(TORN));
    } else {
        assert_eq!((storage.content(TORN), &lab.recovery.torn), (None, &None));
    }
    lab.set("after", "the crash").unwrap();
    let expected = lab.content();
    drop(lab);
    let lab = Lab::open(&storage).unwrap();
    assert!(
        lab.content() == expected,
        "{}, a write and a restart",
        when()
    );
    assert_eq!(lab.recovery.torn, None);
}

/// The places from `from` on at which the journal is cut: all of them, or an even part and each byte of
/// the last two records.
fn places(written: &Written, from: usize, sampled: usize) -> Vec<usize> {
    let last = written.start(written.lines() - 2);
    let mut places: Vec<_> = (from..last).step_by(counts::step(sampled)).collect();
    places.extend(last..written.bytes.len());
    places
}

#[test]
fn a_journal_cut_at_any_byte_loads() {
    let written = Written::of(journal_bytes());
    let mut places = places(&written, 0, 9);
    places.push(written.bytes.len());
    assert!(!counts::full() || places.len() > 64 * 1024);
    parallel::for_each(&places, |len| {
        // The end of a line is not needed to understand it.
        check(
            &written,
            &written.bytes[..*len],
            written.whole_lines(*len + 1),
        );
    });
}

/// A file system may have made the file longer before it wrote what belongs there.
#[test]
fn zeros_at_the_end_are_a_torn_tail() {
    for_each_filled_end(0, |_| 0);
}

#[test]
fn garbage_at_the_end_is_a_torn_tail() {
    for_each_filled_end(b'#', |random| random);
    for_each_filled_end(b'}', |random| b"#{}\",:[0\n\\"[usize::from(random) % 10]);
}

/// Each end of the journal that is tried, with other bytes in its place.
fn for_each_filled_end(first: u8, next: impl Fn(u8) -> u8 + Sync) {
    let written = Written::of(journal_bytes());
    let places = places(&written, written.bytes.len() - FILLED_BYTES, 31);
    assert!(!counts::full() || places.len() == FILLED_BYTES);
    parallel::for_each(&places, |len| {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64 ^ *len as u64;
        let mut bytes = written.bytes[..*len].to_vec();
        // Of the line that it stands in nothing can be understood.
        bytes.push(first);
        while bytes.len() < written.bytes.len() {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            bytes.push(next(random.to_le_bytes()[0]));
        }
        if written.bytes[*len] != first {
            check(&written, &bytes, written.whole_lines(*len));
        }
    });
}

/// Everything after the hole is there. If any of it says that an fsync had covered what was in the
/// hole, no crash has made it.
#[test]
fn a_hole_before_synced_records_is_damage_and_before_others_a_torn_tail() {
    let written = Written::of(journal_bytes());
    let (mut damage, mut torn) = (0, 0);
    for line in (0..written.lines())
        .filter(|line| line % counts::step(3) == 0 || written.lines() - line < 12)
    {
        let text = written.line(line);
        for hole in [
            text.start + 2..text.end - 2,
            text.start..text.end,
            // With the end of the line, so that the next one is of no use either.
            text.end - 2..text.end + 1,
        ] {
            let mut bytes = written.bytes.clone();
            bytes[hole.clone()].fill(0);
            match written.verdict(hole) {
                Verdict::Damage(offset) => {
                    let storage = MemoryStorage::new();
                    storage.put(JOURNAL, &bytes);
                    let error = Lab::open(&storage).err().unwrap();
                    let OpenError::Damaged(defect, _) = &error else {
                        panic!("{error}")
                    };
                    assert_eq!(Defect::place(defect), Place::Byte(offset));
                    let files = storage.contents();
                    assert!(
                        files == [(JOURNAL.to_owned(), bytes)],
                        "nothing was changed"
                    );
                    damage += 1;
                }
                Verdict::Torn(lines) => {
                    check(&written, &bytes, lines);
                    torn += 1;
                }
            }
        }
    }
    // The last group are three records; the first of them tells of all before it.
    assert!(torn >= 9 && damage > 50, "{damage} {torn}");
}

/// Lines after the torn one may have reached the disk; as none of them was synced they go too.
#[test]
fn whole_records_after_a_hole_are_cut_with_it() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.set("synced", "1").unwrap();
    // One group: only its first record says what was synced before it.
    for key in ["a", "b", "c"] {
        lab.store.set(key.as_bytes(), b"1").unwrap();
    }
    lab.settle().unwrap();
    drop(lab);
    let journal = text(&storage, JOURNAL);
    let hole = journal.find(r#"{"seq":4"#).unwrap();
    let damaged = journal.replacen(r#"{"seq":4"#, r#"{"seq":\0"#, 1);
    let storage = with_file(JOURNAL, &damaged);
    let lab = Lab::open(&storage).unwrap();
    assert!(lab.store.contains(b"a") && !lab.store.contains(b"b") && !lab.store.contains(b"c"));
    let torn = lab.recovery.torn.unwrap();
    assert_eq!(
        (torn.bytes, torn.records),
        ((damaged.len() - hole) as u64, 2)
    );
    assert_eq!(text(&storage, TORN), damaged[hole..]);
}

/// A crash while the journal goes on in a new segment.
#[test]
fn an_incomplete_header_of_a_further_segment_is_cut() {
    let next = "linux.journal-2.jsonl";
    for beginning in ["", "{\"triad\":\"jour", "\0\0\0\0"] {
        let storage = MemoryStorage::new();
        let mut lab = Lab::open(&storage).unwrap();
        lab.set("a", "1").unwrap();
        drop(lab);
        storage.put(next, beginning.as_bytes());
        let mut lab = Lab::open(&storage).unwrap();
        assert_eq!(lab.get("a").as_deref(), Some("1"));
        assert_eq!(storage.content(next), None);
        assert_eq!(
            storage.content(TORN).unwrap_or_default(),
            beginning.as_bytes()
        );
        lab.checkpoint().unwrap();
        lab.set("b", "2").unwrap();
        drop(lab);
        assert_eq!(Lab::open(&storage).unwrap().content().len(), 2);
    }
}

/// However far a start gets with cutting a tail that goes over several segments, the next one finds
/// a torn tail again.
#[test]
fn a_crash_while_a_torn_tail_is_cut_does_no_harm() {
    let written = Written::of(300);
    let content = written.state(written.lines());
    let journal = [&*written.bytes, b"torn "].concat();
    for point in 0.. {
        let storage = MemoryStorage::new();
        storage.put(JOURNAL, &journal);
        storage.put("linux.journal-2.jsonl", b"in ");
        storage.put("linux.journal-3.jsonl", b"three");
        storage.stop_after(point);
        let opened = Lab::open(&storage);
        for keep in storage.crash_states(4) {
            let left = storage.crash(keep);
            let lab = Lab::open(&left).unwrap_or_else(|error| panic!("{point} {keep:?}: {error}"));
            assert_eq!(lab.content(), *content, "{point} {keep:?}");
            let kept = left
                .contents()
                .into_iter()
                .filter(|(name, _)| name.contains("torn"));
            let kept: Vec<u8> = kept.flat_map(|(_, bytes)| bytes).collect();
            let whole = b"torn in three";
            assert!(
                kept.windows(whole.len()).any(|part| part == whole),
                "{point} {keep:?}"
            );
        }
        if opened.is_ok() {
            break;
        }
    }
}

#[test]
fn earlier_torn_tails_are_kept() {
    let storage = MemoryStorage::new();
    for number in 1..4 {
        drop(Lab::open(&storage).unwrap());
        let mut journal = storage.content(JOURNAL).unwrap();
        journal.extend(format!("tail {number}").bytes());
        storage.put(JOURNAL, &journal);
        let lab = Lab::open(&storage).unwrap();
        let kept_in = format!("linux.torn-{number}");
        assert!(
            lab.recovery
                .torn
                .as_ref()
                .unwrap()
                .kept_in
                .ends_with(&kept_in)
        );
        assert_eq!(text(&storage, &kept_in), format!("tail {number}"));
    }
}
