//! The keys of a run, and values that tell which operation wrote them.

use std::ops::Range;

use triad::placement::Placement;

use super::history::Position;
use crate::lab::NAMES;

/// The keys of one writer that one node owns: with all writers' so many that a start and a checkpoint
/// of each node take some hundredths of a second in a debug build.
const OF_WRITER_AND_OWNER: usize = 100;

/// The keys of each writer: numbers that follow each other, with the owners in turn.
const OF_WRITER: usize = OF_WRITER_AND_OWNER * NAMES.len();

/// Texts that values consist of: plain, escaped in JSON, and none that JSON could hold.
const FILLERS: [&[u8]; 3] = [b"abcdefghij", b"\"quoted\"\n", b"\xff\xfe\x00\x80"];

/// The keys of each writer that are written and read most.
const HOT_OF_WRITER: usize = 6;

/// All keys of a run, numbered from 0.
pub(crate) struct Keys {
    all: Vec<Key>,
}

struct Key {
    name: String,
    owner: &'static str,
}

impl Keys {
    /// The keys of so many writers.
    pub(crate) fn of_writers(writers: usize) -> Self {
        let all = (0..writers).flat_map(keys_of_writer).collect();
        Self { all }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Those that a writer alone writes to.
    pub(crate) fn of_writer(writer: usize) -> Range<usize> {
        writer * OF_WRITER..(writer + 1) * OF_WRITER
    }

    /// Those of them that are written and read most, so that reads meet writes.
    pub(crate) fn hot_of_writer(writer: usize) -> Range<usize> {
        let first = Self::of_writer(writer).start;
        first..first + HOT_OF_WRITER
    }

    /// The name of a key.
    pub(crate) fn name(&self, key: usize) -> &str {
        &self.all[key].name
    }

    /// The node that owns a key.
    pub(crate) fn owner(&self, key: usize) -> &'static str {
        self.all[key].owner
    }

    /// The value that an operation gives a key. One in ten is larger than a page of the system's
    /// memory, so that a kill can tear its record.
    pub(crate) fn value(&self, key: usize, operation: Position) -> Vec<u8> {
        // A damaged value may tell any number.
        let mix = key.wrapping_mul(31) ^ operation.wrapping_mul(17);
        let length = match mix % 100 {
            0 => 64 * 1024 + mix % (64 * 1024),
            1..=10 => 4096 + mix % (12 * 1024),
            _ => 10 + mix % 200,
        };
        let mut value = format!("{} {operation} ", self.name(key)).into_bytes();
        let filler = FILLERS[mix % 7 % FILLERS.len()];
        value.extend_from_slice(&filler.repeat(length / filler.len()));
        value
    }

    /// The operation that wrote a value, if it is one that such an operation writes.
    pub(crate) fn operation_of(&self, key: usize, value: &[u8]) -> Option<Position> {
        let mut words = value.splitn(3, |byte| *byte == b' ').skip(1);
        let operation = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
        (value == self.value(key, operation)).then_some(operation)
    }
}

/// So many of each node, in turn.
fn keys_of_writer(writer: usize) -> Vec<Key> {
    let placement = Placement::built_in();
    let mut of_owner = NAMES.map(|owner| {
        let names = (0..).map(move |number| format!("{writer}-{number}"));
        let owner_of = |name: &String| &**placement.name(placement.owner(name.as_bytes()));
        names
            .filter(move |name| *owner_of(name) == *owner)
            .map(move |name| Key { name, owner })
    });
    let in_turn = (0..OF_WRITER).map(|number| of_owner[number % NAMES.len()].next());
    in_turn.map(|key| key.expect("endless")).collect()
}

#[test]
fn a_value_tells_its_operation_only_if_it_is_whole_and_of_its_key() {
    let keys = Keys::of_writers(2);
    assert_eq!(keys.len(), Keys::of_writer(1).end);
    for key in [0, 1, 299, 300] {
        for operation in 1..40 {
            let value = keys.value(key, operation);
            assert_eq!(keys.operation_of(key, &value), Some(operation));
            assert_eq!(keys.operation_of(key + 2, &value), None);
            assert_eq!(keys.operation_of(key, &value[..value.len() - 1]), None);
            let mut damaged = value.clone();
            *damaged.last_mut().unwrap() ^= 1;
            assert_eq!(keys.operation_of(key, &damaged), None);
        }
    }
    assert_eq!(keys.operation_of(0, b""), None);
}
