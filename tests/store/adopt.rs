//! Keys that come whole from another node.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::support::{Lab, pairs, text, told_items};
use triad::limits::RECORD_ITEMS_BYTES;
use triad::storage::MemoryStorage;
use triad::store::{Adoption, Deadline, Payload, Store};

const JOURNAL: &str = "linux.journal-1.jsonl";

fn set_of(members: &[Vec<u8>]) -> Payload {
    let mut payload = Payload::empty(b"set").unwrap();
    payload.add(members.iter().map(Vec::as_slice)).unwrap();
    payload
}

fn later() -> Option<Deadline> {
    Store::deadline(4_102_444_800_000)
}

/// Cut after any of its lines: all members with their deadline, or nothing.
#[test]
fn a_crash_leaves_all_of_it_or_nothing() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.set("before", "1").unwrap();
    let members: Vec<_> = (b'a'..b'k')
        .map(|byte| vec![byte; RECORD_ITEMS_BYTES / 3])
        .collect();
    let adopted = lab.store.adopt(b"set", set_of(&members), later()).unwrap();
    assert_eq!(adopted, Adoption::Stored);
    lab.settle().unwrap();
    let whole = told_items("set", &members, later().map(Deadline::get));
    assert_eq!(lab.content()[&b"set"[..]], whole);
    drop(lab);
    let journal = text(&storage, JOURNAL);
    let ends: Vec<usize> = journal.match_indices('\n').map(|(at, _)| at + 1).collect();
    let first = journal.find(r#""op":"group""#).unwrap();
    for end in ends.iter().copied().filter(|end| *end > first) {
        let cut = MemoryStorage::new();
        cut.put(JOURNAL, &journal.as_bytes()[..end]);
        let content = Lab::open(&cut).unwrap().content();
        let mut expected = pairs([("before", "1")]);
        if end == journal.len() {
            expected.insert(b"set".to_vec(), whole.clone());
        }
        assert!(content == expected, "cut at {end}");
    }
    assert!(ends.len() > 5, "several records");
}

#[test]
fn what_is_there_already_is_compared_and_left_as_it_is() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    let [a, b, c] = [b"a", b"b", b"c"].map(|member| member.to_vec());
    let ab = [a.clone(), b.clone()];
    lab.store.adopt(b"k", set_of(&ab), later()).unwrap();
    lab.settle().unwrap();
    let before = (lab.content(), lab.store.last());
    for (payload, deadline, expected) in [
        (set_of(&[b, a.clone()]), later(), Adoption::Same),
        (set_of(&ab), None, Adoption::OtherDeadline),
        (set_of(&[a.clone(), c]), later(), Adoption::OtherValue),
        (set_of(&[a]), later(), Adoption::OtherValue),
        (Payload::string(b"a"), later(), Adoption::OtherValue),
        (set_of(&ab), Store::deadline(1), Adoption::Expired),
    ] {
        let adopted = lab.store.adopt(b"k", payload, deadline).unwrap();
        assert_eq!(adopted, expected);
    }
    let as_string = Payload::string(b"v");
    assert_eq!(
        lab.store.adopt(b"s", as_string, None).unwrap(),
        Adoption::Stored
    );
    assert_eq!(
        lab.store.adopt(b"s", Payload::string(b"v"), None).unwrap(),
        Adoption::Same
    );
    assert!(lab.store.delete(b"s").unwrap());
    assert_eq!((lab.content(), lab.store.last()), (before.0, before.1 + 2));
}

#[test]
fn there_is_no_payload_of_an_unknown_type() {
    assert!(Payload::empty(b"string").is_none());
    assert!(Payload::empty(b"nonsense").is_none());
    assert!(Payload::empty(b"\xff").is_none());
}
