//! Whether the quotation marks of comma-separated values are in order. The parser takes whatever comes: after a mark
//! that nobody closed it takes the rest of a file for one cell.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;

/// What is wrong with a quotation mark, and the line with the cell that it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Unclosed(u64),
    TextBehind(u64),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unclosed(line) => write!(
                f,
                "line {line}: the quotation mark that begins a cell here is closed nowhere; close it, and double \
                 those within the cell"
            ),
            Self::TextBehind(line) => write!(
                f,
                "line {line}: text stands behind the closing quotation mark of a cell that begins here; double the \
                 quotation marks within the cell"
            ),
        }
    }
}

/// Where the bytes that were read have come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the beginning of a cell.
    Beginning,
    /// In a cell without quotation marks around it.
    Plain,
    /// Between quotation marks.
    Quoted,
    /// Behind a quotation mark that closes the cell, unless another follows.
    Closed,
}

/// A reader that ends with an error at the first quotation mark that is wrong.
pub(super) struct Quotes<R> {
    from: R,
    delimiter: u8,
    state: State,
    line: u64,
    /// The line with the last cell that began with a quotation mark.
    begun: u64,
    fault: Rc<Cell<Option<Fault>>>,
}

impl<R: Read> Quotes<R> {
    /// The reader, and where it tells what was wrong.
    pub(super) fn new(from: R, delimiter: u8) -> (Self, Rc<Cell<Option<Fault>>>) {
        let fault = Rc::default();
        let quotes = Self {
            from,
            delimiter,
            state: State::Beginning,
            line: 1,
            begun: 1,
            fault: Rc::clone(&fault),
        };
        (quotes, fault)
    }

    fn pass(&mut self, byte: u8) -> Result<(), Fault> {
        let is_end = byte == self.delimiter || byte == b'\n' || byte == b'\r';
        self.state = match (self.state, byte) {
            (State::Beginning, b'"') => {
                self.begun = self.line;
                State::Quoted
            }
            (State::Quoted, b'"') => State::Closed,
            (State::Quoted, _) | (State::Closed, b'"') => State::Quoted,
            _ if is_end => State::Beginning,
            (State::Closed, _) => return Err(Fault::TextBehind(self.begun)),
            (State::Beginning | State::Plain, _) => State::Plain,
        };
        self.line += u64::from(byte == b'\n');
        Ok(())
    }

    fn end(&self) -> Result<(), Fault> {
        match self.state {
            State::Quoted => Err(Fault::Unclosed(self.begun)),
            _ => Ok(()),
        }
    }
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        let read = buffer.get(..count).unwrap_or_default();
        let passed = match read {
            [] => self.end(),
            read => read.iter().try_for_each(|byte| self.pass(*byte)),
        };
        passed.map_err(|fault| {
            self.fault.set(Some(fault));
            io::Error::other(fault.to_string())
        })?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fault_of(text: &[u8]) -> Option<Fault> {
        let (mut quotes, fault) = Quotes::new(text, b',');
        let read = io::copy(&mut quotes, &mut io::sink());
        assert_eq!(read.is_err(), fault.get().is_some());
        fault.get()
    }

    #[test]
    fn a_wrong_mark_is_told_with_the_line_of_its_cell() {
        let unclosed = |line| Some(Fault::Unclosed(line));
        let behind = |line| Some(Fault::TextBehind(line));
        for (text, fault) in [
            ("", None),
            ("a,b\nc,\"d\"\n", None),
            ("a,\"b\"", None),
            ("a,\"b\nc\"\r\nd,\"\"\n", None),
            ("a,\"b\"\"c\"\n", None),
            ("a,5\" wide\n", None),
            ("a,\"b\nc,d\n", unclosed(1)),
            ("a,b\nc,\"d\n\ne,f\n", unclosed(2)),
            ("a,\"\"\"", unclosed(1)),
            ("a,b\nc,\"d\"e\n", behind(2)),
            ("a,b\n\"c\n\" ,d\n", behind(2)),
        ] {
            assert_eq!(fault_of(text.as_bytes()), fault, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_a_writer_writes_is_in_order_unless_it_is_cut_off_within_a_cell(
            rows in prop::collection::vec(
                prop::collection::vec("[a\",\r\n]{0,6}", 2..4), 1..4),
            end: prop::sample::Index,
        ) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = writer.into_inner().unwrap();
            prop_assert_eq!(fault_of(&text), None);
            // No mark stands in a cell but doubled or around it.
            let cut = &text[..end.index(text.len() + 1)];
            let marks = memchr::memchr_iter(b'"', cut).count();
            let is_open = matches!(fault_of(cut), Some(Fault::Unclosed(_)));
            prop_assert_eq!(is_open, marks % 2 == 1);
        }
    }
}
