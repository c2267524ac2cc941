//! A repair on a disk that fails or loses power, and after damage at every place.

use super::*;
use crate::support::counts;

/// However far a repair gets before the power goes, the next one comes to the same.
#[test]
fn a_crash_during_a_repair_does_no_harm() {
    let expected = pairs([("b", "ä\n"), ("c", "4"), ("e", "6")]);
    let damaged = damaged(
        SECOND,
        r#""key":"d","value":"5""#,
        r#""key":"d","value":"7""#,
    );
    let journal = damaged.content(SECOND).unwrap();
    for point in 0.. {
        let storage = damaged.crash(Keep::Everything);
        storage.stop_after(point);
        let opened = Lab::open_with(&storage, repairing());
        for keep in storage.crash_states(4) {
            let left = storage.crash(keep);
            let lab = Lab::open_with(&left, repairing());
            let lab = lab.unwrap_or_else(|error| panic!("{point} {keep:?}: {error}"));
            assert_eq!(lab.content(), expected, "{point} {keep:?}");
            let copies = left.contents().into_iter();
            let mut copies = copies.filter(|(name, _)| name.contains("damaged"));
            assert!(
                copies.any(|(_, bytes)| bytes == journal),
                "{point} {keep:?}"
            );
            drop(lab);
            assert_eq!(Lab::open(&left).unwrap().content(), expected);
        }
        if opened.is_ok() {
            assert!(point > 10, "{point}");
            break;
        }
    }
}

#[test]
fn without_space_for_the_copies_nothing_is_changed() {
    for nth in 1..=3 {
        let storage = damaged(SNAPSHOT, r#""value":"3""#, r#""value":"9""#);
        let before = storage.contents();
        storage.fail(Operation::Append, nth, Fault::code(28).after_bytes(3));
        let error = Lab::open_with(&storage, repairing()).err().unwrap();
        assert!(error.to_string().contains("linux.damaged-1."), "{error}");
        assert!(error.to_string().contains("free some space"), "{error}");
        assert!(
            storage.contents() == before,
            "something is left of the copies"
        );
        Lab::open_with(&storage, repairing()).unwrap();
    }
}

/// Whichever bit is damaged: nothing is loaded that was never written, and what is missing is told.
#[test]
fn a_repair_after_any_flipped_bit_invents_nothing() {
    let storage = good();
    let files = [SNAPSHOT, SECOND].map(|name| (name, storage.content(name).unwrap()));
    let expected = Lab::open(&storage).unwrap().content();
    let written = ["1", "ä\n", "3", "4", "5", "6"];
    for (name, bytes) in &files {
        for bit in (0..bytes.len() * 8).step_by(counts::step(23)) {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let storage = MemoryStorage::new();
            for (file, bytes) in &files {
                storage.put(file, if file == name { &flipped } else { bytes });
            }
            let lab = match Lab::open_with(&storage, repairing()) {
                Ok(lab) => lab,
                // Files of another node or of a newer program are not repaired.
                Err(OpenError::Foreign(_) | OpenError::Newer(_)) => {
                    let whose = whose(bytes);
                    assert!(whose.contains(&(bit / 8)), "{name} bit {bit} was refused");
                    continue;
                }
                Err(error) => panic!("{name} bit {bit}: {error}"),
            };
            let content = lab.content();
            for (key, value) in &content {
                assert!(
                    expected.contains_key(key) || key == b"a",
                    "{name} bit {bit}: {key:?}"
                );
                let value = std::str::from_utf8(value).unwrap();
                assert!(written.contains(&value), "{name} bit {bit}: {value:?}");
            }
            let is_told = |repair: &Repair| !repair.left_out.is_empty();
            let is_told = lab.recovery.repair.as_ref().is_some_and(is_told);
            assert!(
                content == expected || is_told || lab.recovery.torn.is_some(),
                "{name} bit {bit}: {content:?}"
            );
        }
    }
}

/// Where a header says whose it is.
fn whose(header: &[u8]) -> std::ops::Range<usize> {
    let end = header.windows(10).position(|part| part == b"\"node_id\":");
    0..end.unwrap()
}
