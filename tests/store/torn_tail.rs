//! A crash leaves the journal's end incomplete. What is whole is loaded, the rest is put aside, and
//! the journal goes on.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use crate::support::{Content, Lab, text, with_file};
use triad::storage::MemoryStorage;

const JOURNAL: &str = "linux.journal-1.jsonl";
const TORN: &str = "linux.torn-1";

/// A journal, where each of its lines ends, and what it says up to there.
struct Written {
    bytes: Vec<u8>,
    states: Vec<(usize, Content)>,
}

/// Some writes, each synced before the next.
fn written(writes: usize) -> Written {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    let len = |storage: &MemoryStorage| storage.content(JOURNAL).unwrap().len();
    let mut states = vec![(len(&storage), Content::new())];
    for number in 0..writes {
        match number % 5 {
            3 => assert!(
                lab.store
                    .delete(format!("key-{}", number - 2).as_bytes())
                    .unwrap()
            ),
            _ => lab
                .store
                .set(format!("key-{number}").as_bytes(), b"some value\n")
                .unwrap(),
        }
        lab.settle().unwrap();
        states.push((len(&storage), lab.content()));
    }
    Written {
        bytes: storage.content(JOURNAL).unwrap(),
        states,
    }
}

impl Written {
    /// What the first `len` bytes say. The end of a line is not needed to understand it.
    fn state(&self, len: usize) -> (usize, Content) {
        let whole = self.states.iter().rev().find(|(end, _)| *end <= len + 1);
        whole.cloned().unwrap_or_default()
    }
}

/// Loads `bytes`, of which the first `whole` are as they were; writes; loads again.
fn check(written: &Written, bytes: &[u8], whole: usize) {
    let storage = MemoryStorage::new();
    storage.put(JOURNAL, bytes);
    let (end, expected) = written.state(whole);
    let mut lab = Lab::open(&storage).unwrap();
    assert_eq!(lab.content(), expected, "after {whole} bytes");
    let header = written
        .bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap();
    // The first `start` record is no state of its own, so below the first end lines may be whole.
    if end > 0 && bytes.len() > end {
        let torn = lab.recovery.torn.as_ref().unwrap();
        assert_eq!(torn.bytes, (bytes.len() - end) as u64);
        assert_eq!(storage.content(TORN).unwrap(), bytes[end..]);
        assert!(lab.recovery.warnings[0].contains(&format!("byte {end}")));
        assert!(lab.recovery.warnings[0].contains(TORN));
    } else if whole < header && !bytes.is_empty() {
        assert_eq!(
            storage.content(TORN).unwrap(),
            bytes,
            "nothing is thrown away"
        );
    } else if end > 0 {
        assert_eq!((storage.content(TORN), &lab.recovery.torn), (None, &None));
    }
    lab.set("after", "the crash").unwrap();
    let expected = lab.content();
    drop(lab);
    let lab = Lab::open(&storage).unwrap();
    assert_eq!(
        lab.content(),
        expected,
        "after {whole} bytes, a write and a restart"
    );
    assert_eq!(lab.recovery.torn, None);
}

#[test]
fn a_journal_cut_at_any_byte_loads() {
    let written = written(24);
    assert!(
        (2_000..4_096).contains(&written.bytes.len()),
        "{}",
        written.bytes.len()
    );
    for len in 0..=written.bytes.len() {
        check(&written, &written.bytes[..len], len);
    }
}

/// A file system may have made the file longer before it wrote what belongs there.
#[test]
fn zeros_at_the_end_are_a_torn_tail() {
    let written = written(8);
    for len in written.states[0].0..written.bytes.len() {
        let mut bytes = written.bytes[..len].to_vec();
        bytes.resize(written.bytes.len(), 0);
        // A zero is no end of a line.
        let whole = if written.bytes[len] == b'\n' {
            len - 1
        } else {
            len
        };
        check(&written, &bytes, whole);
    }
}

#[test]
fn garbage_at_the_end_is_a_torn_tail() {
    let written = written(8);
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for len in written.states[0].0..written.bytes.len() {
        let mut bytes = written.bytes[..len].to_vec();
        bytes.push(b'#');
        while bytes.len() < written.bytes.len() {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            bytes.push(random.to_le_bytes()[0]);
        }
        let whole = if written.bytes[len] == b'\n' {
            len - 1
        } else {
            len
        };
        check(&written, &bytes, whole);
    }
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
    let mut journal = written(3);
    journal.bytes.extend(b"torn ");
    let content = journal.states.last().unwrap().1.clone();
    for point in 0.. {
        let storage = MemoryStorage::new();
        storage.put(JOURNAL, &journal.bytes);
        storage.put("linux.journal-2.jsonl", b"in ");
        storage.put("linux.journal-3.jsonl", b"three");
        storage.stop_after(point);
        let opened = Lab::open(&storage);
        for keep in storage.crash_states(4) {
            let left = storage.crash(keep);
            let lab = Lab::open(&left).unwrap_or_else(|error| panic!("{point} {keep:?}: {error}"));
            assert_eq!(lab.content(), content, "{point} {keep:?}");
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
