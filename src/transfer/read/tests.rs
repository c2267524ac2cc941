//! What is written in each format is read again, and whatever is read, nothing panics.

use std::io::{self, Cursor, Read};

use proptest::prelude::*;

use super::*;
use crate::store::{Deadline, ItemsBuf, Kind, Store};
use crate::transfer::export::Text;

/// An entry of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Owned {
    key: Vec<u8>,
    value: Held,
    expires: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Held {
    String(Vec<u8>),
    Set(Vec<Vec<u8>>),
}

impl Owned {
    fn of(entry: SnapshotEntry<'_>) -> Self {
        Self {
            key: entry.key.to_vec(),
            value: match entry.value {
                SnapshotValue::String(value) => Held::String(value.to_vec()),
                SnapshotValue::Items { items, .. } => {
                    Held::Set(items.iter().map(<[u8]>::to_vec).collect())
                }
            },
            expires: entry.deadline.map_or(0, Deadline::get),
        }
    }

    fn is_set(&self) -> bool {
        matches!(self.value, Held::Set(_))
    }

    fn with<T>(&self, give: impl FnOnce(&SnapshotEntry<'_>) -> T) -> T {
        let items: ItemsBuf = match &self.value {
            Held::String(_) => ItemsBuf::default(),
            Held::Set(items) => items.iter().map(Vec::as_slice).collect(),
        };
        give(&SnapshotEntry {
            key: &self.key,
            deadline: Store::deadline(self.expires),
            value: match &self.value {
                Held::String(value) => SnapshotValue::String(value),
                Held::Set(_) => SnapshotValue::Items {
                    kind: Kind::by_name("set").unwrap(),
                    items: items.as_items(),
                    part: None,
                },
            },
        })
    }
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => "[ -~\u{e4}\u{df}\u{20ac}]{0,12}".prop_map(String::into_bytes),
        2 => prop::collection::vec(
            prop::sample::select(&b"\"\\,;\n\r\t {}[]:=\x00\x7f\xef\xbb\xbf"[..]), 0..10),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ]
}

fn entry() -> impl Strategy<Value = Owned> {
    let held = prop_oneof![
        4 => bytes().prop_map(Held::String),
        1 => prop::collection::vec(bytes(), 1..4).prop_map(Held::Set),
    ];
    let expires = prop_oneof![3 => Just(0), 1 => 1..=1_u64 << 53];
    (bytes(), held, expires).prop_map(|(key, value, expires)| Owned {
        key,
        value,
        expires,
    })
}

fn written(format: Format, entries: &[Owned]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut text = Text::begin(format, &mut out);
    for entry in entries {
        entry.with(|entry| text.entry(&mut out, entry));
    }
    text.end(&mut out);
    out
}

/// Gives a few bytes at a time, as pipes do.
struct Dribble(Cursor<Vec<u8>>, usize);

impl Read for Dribble {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = buffer.len().min(self.1);
        self.0.read(&mut buffer[..end])
    }
}

fn entries_of(format: Format, text: &[u8], each: usize) -> Result<Vec<Owned>, End> {
    let from = Dribble(Cursor::new(text.to_vec()), each);
    let mut found = Vec::new();
    let mut take = |entry: SnapshotEntry<'_>| {
        found.push(Owned::of(entry));
        Ok(())
    };
    let read = match format {
        Format::Object => object::read(from, &mut take),
        Format::Lines => lines::read(from, &mut take),
        Format::Csv => csv::read(from, csv::delimiter_of(text), &mut take),
    };
    read.map(|()| found)
}

fn format() -> impl Strategy<Value = Format> {
    prop::sample::select(Format::ALL.to_vec())
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        mut entries in prop::collection::vec(entry(), 0..8),
        format in format(),
        each in 1..40_usize,
    ) {
        if format == Format::Csv {
            entries.retain(|entry| !entry.is_set());
        }
        let text = written(format, &entries);
        prop_assert_eq!(entries_of(format, &text, each), Ok(entries.clone()));
        if !entries.is_empty() && format != Format::Object {
            prop_assert_eq!(detect(&text), Ok(format));
        }
        if format == Format::Object {
            let parsed: serde_json::Value = serde_json::from_slice(&text).unwrap();
            prop_assert!(parsed.is_object());
        }
    }

    #[test]
    fn whatever_is_read_is_read_or_refused(
        entries in prop::collection::vec(entry(), 0..4),
        format in format(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..4),
        each in 1..40_usize,
    ) {
        let mut text = written(format, &entries);
        for (at, by, how) in changes {
            if text.is_empty() {
                break;
            }
            let at = at.index(text.len());
            match how {
                0 => text[at] = by,
                1 => text.insert(at, by),
                2 => drop(text.remove(at)),
                _ => text.truncate(at),
            }
        }
        // An entry that was read is one that can be written again.
        if let Ok(found) = entries_of(format, &text, each) {
            let again = written(format, &found);
            prop_assert_eq!(entries_of(format, &again, 4096), Ok(found));
        }
        let _ = detect(&text);
    }

    #[test]
    fn noise_is_read_or_refused(
        text in prop::collection::vec(any::<u8>(), 0..200),
        format in format(),
    ) {
        let _ = entries_of(format, &text, 7);
        let _ = detect(&text);
    }
}

/// Sets of more than a part are given on in parts, whichever way they are written.
#[test]
fn a_large_set_of_an_object_comes_in_parts() {
    let item = "i".repeat(1000);
    let list: Vec<String> = (0..3000).map(|n| format!("{item}{n}")).collect();
    let list = serde_json::to_string(&list).unwrap();
    for text in [
        format!("{{\"key\":{list}}}"),
        format!("{{\"key\":{{\"items\":{list},\"expires_unix_ms\":7}}}}"),
    ] {
        let mut parts = Vec::new();
        let mut take = |entry: SnapshotEntry<'_>| {
            let SnapshotValue::Items { items, part, .. } = entry.value else {
                panic!("a string")
            };
            parts.push((part, items.iter().count(), entry.deadline.is_some()));
            Ok(())
        };
        object::read(text.as_bytes(), &mut take).unwrap();
        let numbers: Vec<_> = parts.iter().map(|(part, ..)| *part).collect();
        assert_eq!(numbers, [None, Some(2), Some(3)]);
        assert_eq!(parts.iter().map(|(_, count, _)| count).sum::<usize>(), 3000);
        let ends: Vec<_> = parts.iter().map(|(.., ends)| *ends).collect();
        assert_eq!(ends, [false, false, text.contains("expires")]);
    }
    let late = format!("{{\"key\":{{\"items\":{list},\"key_base64\":\"\"}}}}");
    let refused = object::read(late.as_bytes(), &mut |_| Ok(()));
    let Err(End::Fault(fault)) = refused else {
        panic!("it is taken")
    };
    assert!(
        fault.ends_with("has so many items that `key_base64` has to stand before them"),
        "{fault}"
    );
}
