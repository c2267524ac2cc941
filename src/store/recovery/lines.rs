//! A file line by line, with the place of each line, and never more of it in memory than one record
//! may have.

use std::io::{self, BufRead, BufReader, Read};

use crate::limits::FILE_READ_CHUNK_BYTES;

/// What stands on a line.
pub(super) enum Line<'a> {
    /// The line without its end.
    Text(&'a [u8]),
    /// More than a record may have.
    TooLong,
}

/// A reader of lines.
pub(super) struct Lines {
    reader: BufReader<Box<dyn Read + Send>>,
    line: Vec<u8>,
    longest: usize,
    /// Where the next line begins.
    offset: u64,
    ended: bool,
}

impl Lines {
    /// A reader of lines of up to `longest` bytes.
    pub(super) fn new(file: Box<dyn Read + Send>, longest: usize) -> Self {
        let reader = BufReader::with_capacity(FILE_READ_CHUNK_BYTES, file);
        Self {
            reader,
            line: Vec::new(),
            longest,
            offset: 0,
            ended: true,
        }
    }

    /// The next line that is not blank, with the offset of its first byte; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        loop {
            let start = self.offset;
            let too_long = self.read()?;
            if self.offset == start {
                return Ok(None);
            }
            if too_long {
                return Ok(Some((start, Line::TooLong)));
            }
            if !self.line.trim_ascii().is_empty() {
                return Ok(Some((start, Line::Text(&self.line))));
            }
        }
    }

    /// Where the next line begins; after the last line, the size of the file.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the last line that was read has its end.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Reads up to the end of a line. Whether it was too long to be kept.
    fn read(&mut self) -> io::Result<bool> {
        self.line.clear();
        let limit = self.longest as u64 + 1;
        let read = self
            .reader
            .by_ref()
            .take(limit)
            .read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(false);
        }
        self.offset += read as u64;
        self.ended = self.line.pop_if(|last| *last == b'\n').is_some();
        if self.ended || self.line.len() <= self.longest {
            return Ok(false);
        }
        self.line = Vec::new();
        self.offset += self.reader.skip_until(b'\n')? as u64;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a text with their offsets, the longer ones as `None`.
    fn lines(text: &str, longest: usize) -> (Vec<(u64, Option<String>)>, u64, bool) {
        let file = io::Cursor::new(text.to_owned().into_bytes());
        let mut lines = Lines::new(Box::new(file), longest);
        let mut found = Vec::new();
        while let Some((offset, line)) = lines.next().unwrap() {
            found.push(match line {
                Line::Text(line) => (offset, Some(String::from_utf8(line.to_vec()).unwrap())),
                Line::TooLong => (offset, None),
            });
        }
        (found, lines.offset(), lines.ended())
    }

    fn text(offset: u64, text: &str) -> (u64, Option<String>) {
        (offset, Some(text.to_owned()))
    }

    #[test]
    fn lines_come_with_their_places() {
        assert_eq!(lines("", 9), (vec![], 0, true));
        assert_eq!(
            lines("ab\n\n \r\ncd", 9),
            (vec![text(0, "ab"), text(7, "cd")], 9, false)
        );
        assert_eq!(lines("\nab\n", 9), (vec![text(1, "ab")], 4, true));
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let (found, size, _) = lines("123\n1234\n12345678901234567890\nabc\n1234", 3);
        let expected = vec![
            text(0, "123"),
            (4, None),
            (9, None),
            text(30, "abc"),
            (34, None),
        ];
        assert_eq!((found, size), (expected, 38));
    }
}
