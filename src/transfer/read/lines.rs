//! An entry on each line.

use std::io::{ErrorKind, Read};

use memchr::memchr;

use super::{End, Take, at};
use crate::limits::{FILE_READ_CHUNK_BYTES, RECORD_MAX_BYTES};
use crate::store::ReadEntry;
use crate::transfer::source::too_long;

/// How a backup begins, which is read by others.
const BACKUP: &[u8] = b"{\"triad\":\"backup\"";

/// Gives every entry to `take`. Lines without anything on them are passed over.
pub(super) fn read(from: impl Read, take: &mut Take<'_>) -> Result<(), End> {
    let mut lines = Lines::new(from);
    while let Some(line) = lines.next()? {
        if line.is_empty() {
            continue;
        }
        let taken = read_line(line, take);
        let number = lines.number();
        taken.map_err(at(format_args!("line {number}")))?;
    }
    Ok(())
}

fn read_line(line: &[u8], take: &mut Take<'_>) -> Result<(), End> {
    if line.starts_with(BACKUP) {
        let advice = "this is a backup; `client restore` reads it";
        return Err(advice.to_owned().into());
    }
    let entry = ReadEntry::parse(line)?;
    if entry.has_checksum() {
        entry.check()?;
    }
    take(entry.entry())
}

/// The lines of a file, without their ends.
pub(in crate::transfer) struct Lines<R> {
    from: R,
    buffer: Vec<u8>,
    /// What of the buffer was read and not given yet.
    start: usize,
    end: usize,
    number: u64,
    is_at_end: bool,
}

impl<R: Read> Lines<R> {
    pub(in crate::transfer) fn new(from: R) -> Self {
        Self {
            from,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            number: 0,
            is_at_end: false,
        }
    }

    /// The number of the line that was given last, from 1 on.
    pub(in crate::transfer) fn number(&self) -> u64 {
        self.number
    }

    /// The next line, without blanks around it; none at the end. The error has the place in it.
    pub(in crate::transfer) fn next(&mut self) -> Result<Option<&[u8]>, String> {
        let mut looked_at = self.start;
        let (end, next) = loop {
            let found = self.buffer.get(looked_at..self.end).unwrap_or_default();
            if let Some(at) = memchr(b'\n', found) {
                break (looked_at + at, looked_at + at + 1);
            }
            if self.is_at_end {
                if self.start == self.end {
                    return Ok(None);
                }
                break (self.end, self.end);
            }
            let unfinished = self.end - self.start;
            if unfinished > RECORD_MAX_BYTES {
                return Err(format!("line {}: {}", self.number + 1, too_long()));
            }
            self.read_more()?;
            looked_at = unfinished;
        };
        self.number += 1;
        let line = self.start..end;
        self.start = next;
        Ok(self.buffer.get(line).map(<[u8]>::trim_ascii))
    }

    /// Moves what is left to the beginning, and reads as much as there is then room for, but no less than a
    /// chunk.
    fn read_more(&mut self) -> Result<(), String> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let wanted = self.end + self.end.max(FILE_READ_CHUNK_BYTES);
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        let room = self.buffer.get_mut(self.end..wanted).unwrap_or_default();
        let count = loop {
            match self.from.read(room) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        let count = count.map_err(|error| {
            format!("line {}: the file can't be read ({error})", self.number + 1)
        })?;
        self.end += count;
        self.is_at_end = count == 0;
        Ok(())
    }
}
