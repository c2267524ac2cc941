//! Finding entries in a text of which nothing else is sure: one is looked for at every opening brace.

use std::io::{self, Read};

use memchr::memchr;

use super::super::entry::{Entry, EntryText};
use crate::limits::{FILE_READ_CHUNK_BYTES, RECORD_MAX_BYTES};
use crate::store::format::Object;
use crate::store::tables::Mine;

/// What stands in the file, in order.
pub(super) enum Found<'t> {
    Entry {
        at: u64,
        entry: Box<Entry>,
    },
    /// An object that looks like an entry and is none.
    Flawed {
        at: u64,
        problem: String,
    },
    Other {
        at: u64,
        text: &'t [u8],
    },
}

/// The file as a text without an end that one can rely on.
pub(super) struct Text {
    file: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// What of the buffer was looked at.
    at: usize,
    /// Where in the file the buffer begins.
    offset: u64,
    all_read: bool,
}

impl Text {
    pub(super) fn new(file: Box<dyn Read + Send>) -> Self {
        Self {
            file,
            buffer: Vec::new(),
            at: 0,
            offset: 0,
            all_read: false,
        }
    }

    /// What comes next; `None` at the end.
    pub(super) fn next(&mut self, mine: &Mine<'_>) -> io::Result<Option<Found<'_>>> {
        loop {
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            let here = self.offset + self.at as u64;
            if rest.first() != Some(&b'{') {
                let len = memchr(b'{', rest).unwrap_or(rest.len());
                if len > 0 {
                    return Ok(Some(self.other(len)));
                }
                if self.all_read {
                    return Ok(None);
                }
                self.fill()?;
                continue;
            }
            let mut parser = serde_json::Deserializer::from_slice(rest).into_iter();
            let parsed: Option<Result<Object<EntryText<'_>>, _>> = parser.next();
            match parsed {
                Some(Ok(Object(text))) => {
                    let decoded = Entry::decode(text, mine);
                    self.at += parser.byte_offset();
                    return Ok(Some(match decoded {
                        Ok(entry) => Found::Entry {
                            at: here,
                            entry: Box::new(entry),
                        },
                        Err(flaw) => Found::Flawed {
                            at: here,
                            problem: flaw.text().to_owned(),
                        },
                    }));
                }
                Some(Err(error))
                    if error.is_eof() && !self.all_read && rest.len() <= RECORD_MAX_BYTES =>
                {
                    self.fill()?;
                }
                _ => return Ok(Some(self.other(1))),
            }
        }
    }

    fn other(&mut self, len: usize) -> Found<'_> {
        let (at, start) = (self.offset + self.at as u64, self.at);
        self.at += len;
        let text = self.buffer.get(start..self.at).unwrap_or_default();
        Found::Other { at, text }
    }

    /// Reads on: as much again as there is, so that a long entry is not tried too often.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.at);
        self.offset += self.at as u64;
        self.at = 0;
        let wanted = self.buffer.len().max(FILE_READ_CHUNK_BYTES);
        let read = (&mut self.file)
            .take(wanted as u64)
            .read_to_end(&mut self.buffer)?;
        self.all_read = read < wanted;
        Ok(())
    }
}
