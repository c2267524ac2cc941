//! A snapshot in the layout in which this program writes it: one entry a line.
//!
//! A parser for any layout has to take JSON byte by byte; a line can be parsed as one piece, several
//! times faster, and that is most of the time that a node needs to start. So this is tried first.
//! It takes nothing that the general parser would not take, and whatever it does not understand it
//! leaves to that one, which can say in which line and column something is wrong.

use std::io;
use std::ops::ControlFlow;

use serde::de::DeserializeSeed;

use super::crew;
use super::document::Document;
use super::entry::Entry;
use super::lines::{Block, Line, Lines};
use super::ration::Ration;
use super::snapshot::Reading;
use crate::limits::{RECORD_MAX_BYTES, SNAPSHOT_FRAME_MAX_BYTES};
use crate::store::tables::Mine;

/// Reads the document. `None` if it is in another layout, or anything is wrong with it.
pub(super) fn read(mut lines: Lines, reading: Reading<'_>) -> io::Result<Option<Document<'_>>> {
    // The document without its entries: a header, an empty list, and an end.
    let mut frame = Vec::new();
    for _ in 0..2 {
        match lines.next()? {
            Some((_, Line::Text(line))) if add(&mut frame, line) => {}
            _ => return Ok(None),
        }
    }
    if !frame.ends_with(b"\n\"entries\":[") {
        return Ok(None);
    }
    let mine = reading.mine;
    let mut list = List {
        document: Document::new(reading, Ration::new(RECORD_MAX_BYTES)),
        frame,
        comma: None,
        state: State::Open,
    };
    crew::in_order(
        || lines.next_block(),
        |block| block.text().len(),
        |block| Part::parse(block, mine),
        |part| {
            Ok::<_, io::Error>(match list.take(part) {
                State::Wrong => ControlFlow::Break(()),
                State::Open | State::Closed => ControlFlow::Continue(()),
            })
        },
    )?;
    let List {
        mut document,
        frame,
        state: State::Closed,
        ..
    } = list
    else {
        return Ok(None);
    };
    let mut parser = serde_json::Deserializer::from_slice(&frame);
    let framed = (&mut document)
        .deserialize(&mut parser)
        .and_then(|()| parser.end());
    Ok(framed.is_ok().then_some(document))
}

/// Some lines of the list of entries.
struct Part {
    block: Block,
    entries: Vec<Entry>,
    /// Whether the last of the entries has a comma after it. All others have.
    comma: bool,
    /// Where in the text the list is closed, if it is.
    closed: Option<usize>,
    /// Whether there was nothing else.
    is_right: bool,
}

impl Part {
    fn parse(block: Block, mine: &Mine<'_>) -> Self {
        let mut part = Self {
            entries: Vec::new(),
            comma: true,
            closed: None,
            is_right: true,
            block,
        };
        for (offset, line) in part.block.lines() {
            let Line::Text(line) = line else {
                part.is_right = false;
                break;
            };
            if line.starts_with(b"]") {
                part.closed = usize::try_from(offset - part.block.offset()).ok();
                break;
            }
            let entry = line.strip_suffix(b",");
            match Entry::parse(entry.unwrap_or(line), mine) {
                Some(entry) if part.comma => part.entries.push(entry),
                _ => {
                    part.is_right = false;
                    break;
                }
            }
            part.comma = entry.is_some();
        }
        part
    }
}

/// The list of entries as far as it was taken.
struct List<'r> {
    document: Document<'r>,
    /// What stands around the list.
    frame: Vec<u8>,
    /// Whether the last entry has a comma after it.
    comma: Option<bool>,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    Open,
    /// What comes now belongs to the frame.
    Closed,
    Wrong,
}

impl List<'_> {
    fn take(&mut self, part: Part) -> State {
        self.state = match self.state {
            State::Open => self.take_entries(part),
            State::Closed if part.block.is_too_long() => State::Wrong,
            State::Closed => self.take_end(part.block.text()),
            State::Wrong => State::Wrong,
        };
        self.state
    }

    fn take_entries(&mut self, part: Part) -> State {
        let goes_on = !part.entries.is_empty();
        if !part.is_right || goes_on && self.comma == Some(false) {
            return State::Wrong;
        }
        if goes_on {
            self.comma = Some(part.comma);
        }
        for entry in part.entries {
            if self.document.entry(entry).is_err() {
                return State::Wrong;
            }
        }
        match part.closed {
            None => State::Open,
            Some(_) if self.comma == Some(true) => State::Wrong,
            Some(at) => self.take_end(part.block.text().get(at..).unwrap_or_default()),
        }
    }

    fn take_end(&mut self, text: &[u8]) -> State {
        if add(&mut self.frame, text) {
            State::Closed
        } else {
            State::Wrong
        }
    }
}

/// Adds text to the frame. `false` if it is too long to belong there.
fn add(frame: &mut Vec<u8>, text: &[u8]) -> bool {
    frame.push(b'\n');
    frame.extend_from_slice(text);
    frame.len() <= SNAPSHOT_FRAME_MAX_BYTES
}
