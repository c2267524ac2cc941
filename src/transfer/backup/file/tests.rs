//! Of a backup with any byte changed, any cut off, or any line gone, nothing else is read than was written.

use super::*;
use crate::store::{ItemsBuf, Kind, SnapshotValue, Store};

fn backup() -> Vec<u8> {
    let mut out = Vec::new();
    let cluster = Cluster::built_in();
    let mut text = BackupText::begin(&cluster, 1_795_680_000_000, &mut out).unwrap();
    let items: ItemsBuf = [&b"red"[..], b"\xff"].into_iter().collect();
    let kind = Kind::by_name("set").unwrap();
    let set = |part| SnapshotValue::Items {
        kind,
        items: items.as_items(),
        part,
    };
    for (key, value, deadline) in [
        (&b"name"[..], SnapshotValue::String(b"Ada"), 0),
        (
            b"\xff",
            SnapshotValue::String(b"\x00\xff"),
            1_900_000_000_000,
        ),
        (b"tags", set(None), 7),
        (b"tags", set(Some(2)), 7),
    ] {
        let deadline = Store::deadline(deadline);
        text.entry(
            &mut out,
            &SnapshotEntry {
                key,
                deadline,
                value,
            },
        );
    }
    text.end(&mut out).unwrap();
    out
}

/// The checksums of the entries, or what is wrong.
fn entries_of(text: &[u8]) -> Result<Vec<u32>, End> {
    let mut found = Vec::new();
    read(text, &mut |entry| {
        found.push(entry.checksum());
        Ok(())
    })?;
    Ok(found)
}

#[test]
fn what_is_written_is_read() {
    assert_eq!(entries_of(&backup()).unwrap().len(), 4);
}

#[test]
fn each_bit_that_is_changed_is_noticed() {
    let whole = backup();
    let expected = entries_of(&whole).unwrap();
    let mut harmless = 0;
    for place in 0..whole.len() * 8 {
        let mut text = whole.clone();
        text[place / 8] ^= 1 << (place % 8);
        // Such as the case of a hexadecimal digit.
        if let Ok(found) = entries_of(&text) {
            assert_eq!(found, expected, "{}", String::from_utf8_lossy(&text));
            harmless += 1;
        }
    }
    assert!(harmless < whole.len() * 8 / 50, "{harmless}");
}

#[test]
fn each_end_that_is_missing_is_noticed() {
    let whole = backup();
    // The last line end says nothing.
    for end in 0..whole.len() - 1 {
        assert!(entries_of(&whole[..end]).is_err(), "{end}");
    }
}

#[test]
fn each_line_that_is_missing_or_twice_there_is_noticed() {
    let whole = backup();
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    for number in 0..lines.len() {
        let mut less = lines.clone();
        let line = less.remove(number);
        assert!(entries_of(&less.concat()).is_err(), "without line {number}");
        let mut more = lines.clone();
        more.insert(number, line);
        assert!(
            entries_of(&more.concat()).is_err(),
            "with line {number} twice"
        );
    }
}
