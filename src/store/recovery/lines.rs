//! A file line by line, or in blocks of whole lines, with the place of each line, and never more of it
//! in memory than one record may have.

use std::io::{self, Read};

use memchr::{memchr, memrchr};

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
    file: Box<dyn Read + Send>,
    longest: usize,
    /// What was read and not handed out yet begins at `start`.
    buffer: Vec<u8>,
    start: usize,
    /// Whether the buffer has all that is left of the file.
    all_read: bool,
    /// Where the next line begins.
    offset: u64,
    ended: bool,
}

/// Some lines that follow each other.
pub(super) struct Block {
    text: Vec<u8>,
    start: usize,
    offset: u64,
    longest: usize,
    /// It stands for one line that was passed over.
    too_long: bool,
}

/// Where the next line in the buffer is.
enum Next {
    /// It has so many bytes, with or without an end after them.
    Line {
        len: usize,
        ended: bool,
    },
    TooLong,
    /// There is none.
    Nothing,
}

impl Lines {
    /// A reader of lines of up to `longest` bytes.
    pub(super) fn new(file: Box<dyn Read + Send>, longest: usize) -> Self {
        Self {
            file,
            longest,
            buffer: Vec::new(),
            start: 0,
            all_read: false,
            offset: 0,
            ended: true,
        }
    }

    /// The next line that is not blank, with the offset of its first byte; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        loop {
            let offset = self.offset;
            match self.find()? {
                Next::Nothing => return Ok(None),
                Next::TooLong => {
                    self.skip()?;
                    return Ok(Some((offset, Line::TooLong)));
                }
                Next::Line { len, ended } => {
                    let start = self.start;
                    self.advance(len + usize::from(ended));
                    self.ended = ended;
                    let line = start..start + len;
                    if !is_blank(slice(&self.buffer, line.clone())) {
                        return Ok(Some((offset, Line::Text(slice(&self.buffer, line)))));
                    }
                }
            }
        }
    }

    /// The next lines, about [`FILE_READ_CHUNK_BYTES`] of them; `None` at the end.
    pub(super) fn next_block(&mut self) -> io::Result<Option<Block>> {
        let offset = self.offset;
        match self.find()? {
            Next::Nothing => return Ok(None),
            Next::TooLong => {
                self.skip()?;
                return Ok(Some(Block {
                    text: Vec::new(),
                    start: 0,
                    offset,
                    longest: self.longest,
                    too_long: true,
                }));
            }
            Next::Line { .. } => {}
        }
        while self.rest().len() < FILE_READ_CHUNK_BYTES && !self.all_read {
            self.fill()?;
        }
        // What follows the last end of a line is the last line, or the beginning of one.
        let whole = memrchr(b'\n', self.rest()).map_or(0, |end| end + 1);
        let len = if self.all_read {
            self.rest().len()
        } else {
            whole
        };
        self.ended = len == whole;
        let rest = slice(&self.buffer, self.start + len..self.buffer.len()).to_vec();
        let mut text = std::mem::replace(&mut self.buffer, rest);
        text.truncate(self.start + len);
        let start = std::mem::take(&mut self.start);
        self.offset += len as u64;
        Ok(Some(Block {
            text,
            start,
            offset,
            longest: self.longest,
            too_long: false,
        }))
    }

    /// Where the next line begins; after the last line, the size of the file.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the last line that was read has its end.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Finds the next line, and reads as far as that needs.
    fn find(&mut self) -> io::Result<Next> {
        let mut searched = 0;
        loop {
            let rest = self.rest();
            if let Some(end) = memchr(b'\n', slice(rest, searched..rest.len())) {
                let len = searched + end;
                return Ok(if len > self.longest {
                    Next::TooLong
                } else {
                    Next::Line { len, ended: true }
                });
            }
            let len = rest.len();
            if len > self.longest {
                return Ok(Next::TooLong);
            }
            if self.all_read {
                return Ok(match len {
                    0 => Next::Nothing,
                    len => Next::Line { len, ended: false },
                });
            }
            searched = len;
            self.fill()?;
        }
    }

    /// Passes over a line, however long it is.
    fn skip(&mut self) -> io::Result<()> {
        loop {
            if let Some(end) = memchr(b'\n', self.rest()) {
                self.advance(end + 1);
                self.ended = true;
                return Ok(());
            }
            self.advance(self.rest().len());
            if self.all_read {
                self.ended = false;
                return Ok(());
            }
            self.fill()?;
        }
    }

    fn advance(&mut self, bytes: usize) {
        self.start += bytes;
        self.offset += bytes as u64;
    }

    fn rest(&self) -> &[u8] {
        slice(&self.buffer, self.start..self.buffer.len())
    }

    /// Reads on.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let wanted = FILE_READ_CHUNK_BYTES;
        self.buffer.reserve(wanted);
        let read = (&mut self.file)
            .take(wanted as u64)
            .read_to_end(&mut self.buffer)?;
        self.all_read = read < wanted;
        Ok(())
    }
}

impl Block {
    /// The lines that are not blank, each with the offset of its first byte.
    pub(super) fn lines(&self) -> impl Iterator<Item = (u64, Line<'_>)> {
        let too_long = self.too_long.then_some((self.offset, Line::TooLong));
        let mut rest = self.text();
        let mut offset = self.offset;
        let texts = std::iter::from_fn(move || {
            loop {
                if rest.is_empty() {
                    return None;
                }
                let len = memchr(b'\n', rest).unwrap_or(rest.len());
                let start = offset;
                let (line, after) = rest.split_at_checked(len)?;
                rest = after.get(1..).unwrap_or_default();
                offset += len as u64 + 1;
                if len > self.longest {
                    return Some((start, Line::TooLong));
                }
                if !is_blank(line) {
                    return Some((start, Line::Text(line)));
                }
            }
        });
        too_long.into_iter().chain(texts)
    }

    /// Whether it stands for a line of which nothing was kept.
    pub(super) fn is_too_long(&self) -> bool {
        self.too_long
    }

    /// Where in the file it begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// All of it as text.
    pub(super) fn text(&self) -> &[u8] {
        slice(&self.text, self.start..self.text.len())
    }
}

/// Whether there is only what JSON takes for white space.
fn is_blank(line: &[u8]) -> bool {
    line.iter()
        .all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// A part of what is known to be there.
fn slice(bytes: &[u8], range: std::ops::Range<usize>) -> &[u8] {
    bytes.get(range).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Found = (Vec<(u64, Option<String>)>, u64, bool);

    fn owned((offset, line): (u64, Line<'_>)) -> (u64, Option<String>) {
        match line {
            Line::Text(line) => (offset, Some(String::from_utf8(line.to_vec()).unwrap())),
            Line::TooLong => (offset, None),
        }
    }

    /// The lines of a text with their offsets, the longer ones as `None`; read one by one, and in
    /// blocks after the first so many.
    fn lines(text: &str, longest: usize) -> Found {
        let open = || {
            let file = io::Cursor::new(text.to_owned().into_bytes());
            Lines::new(Box::new(file), longest)
        };
        let mut lines = open();
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push(owned(line));
        }
        let end = (lines.offset(), lines.ended());
        for singly in 0..=found.len() {
            let mut lines = open();
            let mut again = Vec::new();
            for _ in 0..singly {
                again.extend(lines.next().unwrap().map(owned));
            }
            while let Some(block) = lines.next_block().unwrap() {
                again.extend(block.lines().map(owned));
            }
            assert_eq!(again, found, "{singly} lines before the first block");
            assert_eq!((lines.offset(), lines.ended()), end);
        }
        (found, end.0, end.1)
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

    #[test]
    fn a_file_of_many_blocks_is_the_same_lines() {
        let line = "x".repeat(FILE_READ_CHUNK_BYTES / 3);
        let long = "y".repeat(FILE_READ_CHUNK_BYTES * 2);
        let file = format!("{line}\n{line}\nshort\n{long}\n{line}\n\n{line}\n{line}\nend");
        for longest in [line.len(), long.len() - 1, long.len()] {
            let (found, size, ended) = lines(&file, longest);
            assert_eq!((found.len(), size, ended), (8, file.len() as u64, false));
            let passed_over = found.iter().filter(|(_, line)| line.is_none()).count();
            assert_eq!(passed_over, usize::from(longest < long.len()));
        }
    }
}
