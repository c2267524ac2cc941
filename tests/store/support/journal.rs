//! A journal whose every line is known: what it says up to there, and what a start has to make of it
//! when lines of it are damaged.

use std::ops::Range;

use serde_json::Value;
use triad::storage::MemoryStorage;

use super::{Content, Lab};

/// The first segment.
pub(crate) const JOURNAL: &str = "linux.journal-1.jsonl";

/// A journal of one segment. Its lines are counted from 0, so that line and number of a record are
/// the same: line 0 is the header, line 1 the `start`.
pub(crate) struct Written {
    pub(crate) bytes: Vec<u8>,
    /// Where each line ends, with its end of line.
    ends: Vec<usize>,
    /// The content after each line.
    states: Vec<Content>,
    /// What each line tells of fsyncs: the highest number that one had covered.
    synced: Vec<u64>,
}

/// What a start makes of a damaged journal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is refused, and names this byte.
    Damage(u64),
    /// What follows the first so many lines is cut off.
    Torn(usize),
}

impl Written {
    /// A journal of at least `bytes`: sets and deletions, of text and of other bytes, in groups of one
    /// to five between two syncs. The last group has three.
    pub(crate) fn of(bytes: usize) -> Self {
        let storage = MemoryStorage::new();
        let mut lab = Lab::open(&storage).unwrap();
        let mut states = vec![Content::new(), Content::new()];
        let mut number = 0;
        let written = |storage: &MemoryStorage| storage.content(JOURNAL).unwrap();
        for group in [1, 3, 1, 2, 5].into_iter().cycle() {
            let last = written(&storage).len() > bytes;
            for _ in 0..if last { 3 } else { group } {
                write(&mut lab, number);
                number += 1;
                states.push(lab.content());
            }
            lab.settle().unwrap();
            if last {
                break;
            }
        }
        let bytes = written(&storage);
        let text = std::str::from_utf8(&bytes).unwrap();
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let ends = ends.collect();
        let synced = text.lines().enumerate().map(|(line, text)| {
            let line: Value =
                serde_json::from_str(text).unwrap_or_else(|error| panic!("{line}: {error}"));
            let synced = if line["op"].is_null() {
                "seq"
            } else {
                "synced"
            };
            line[synced].as_u64().unwrap_or(0)
        });
        let synced = synced.collect::<Vec<_>>();
        assert_eq!(synced.len(), states.len());
        Self {
            bytes,
            ends,
            states,
            synced,
        }
    }

    /// How many lines there are.
    pub(crate) fn lines(&self) -> usize {
        self.ends.len()
    }

    /// Where a line is, without its end.
    pub(crate) fn line(&self, line: usize) -> Range<usize> {
        self.start(line)..self.ends[line] - 1
    }

    /// Where a line begins; after the last one, the end of the file.
    pub(crate) fn start(&self, line: usize) -> usize {
        line.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    /// The line that a byte is in.
    pub(crate) fn line_of(&self, byte: usize) -> usize {
        self.ends.partition_point(|end| *end <= byte)
    }

    /// How many lines end within the first `len` bytes.
    pub(crate) fn whole_lines(&self, len: usize) -> usize {
        self.line_of(len)
    }

    /// What the first so many lines say.
    pub(crate) fn state(&self, lines: usize) -> &Content {
        // A header alone says as little as nothing.
        &self.states[lines.saturating_sub(1)]
    }

    /// What becomes of a start after nothing but these bytes were changed. A line whose end was hit goes
    /// on in the next one. The rest of the lines says what an fsync had covered, and if the first one that
    /// was hit is of that, this is damage. A header is on the disk before a record is.
    pub(crate) fn verdict(&self, hit: Range<usize>) -> Verdict {
        let hit = self.line_of(hit.start)..=self.line_of(hit.end);
        let intact = (0..self.lines()).filter(|line| !hit.contains(line));
        let synced = intact.map(|line| self.synced[line]).max().unwrap_or(0);
        let first = *hit.start();
        if first == 0 || first as u64 <= synced {
            Verdict::Damage(self.start(first) as u64)
        } else {
            Verdict::Torn(first)
        }
    }
}

/// The `number`-th change. The keys come again and again, so that each changes and goes; the values
/// become longer, so that a long journal has not too many records.
fn write(lab: &mut Lab, number: usize) {
    let key = format!("key-{}", number % 30);
    let value = format!(
        "value {number} ä\n{}",
        "long ".repeat(number % 25 * (1 + number / 40))
    );
    match number % 7 {
        5 if lab.store.delete(key.as_bytes()).unwrap() => {}
        6 => lab.store.set(key.as_bytes(), &[0xff, 7, 0]).unwrap(),
        _ => lab.store.set(key.as_bytes(), value.as_bytes()).unwrap(),
    }
}
