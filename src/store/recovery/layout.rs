//! A snapshot in the layout in which this program writes it: one entry a line.
//!
//! A parser for any layout has to take JSON byte by byte; a line can be parsed as one piece, several
//! times faster, and that is most of the time that a node needs to start. So this is tried first.
//! It takes nothing that the general parser would not take, and whatever it does not understand it
//! leaves to that one, which can say in which line and column something is wrong.

use std::io;

use serde::de::DeserializeSeed;

use super::document::Document;
use super::lines::{Line, Lines};
use crate::limits::SNAPSHOT_FRAME_MAX_BYTES;
use crate::store::format::Object;

/// Reads the document. `false` if it is in another layout, or anything is wrong with it; then
/// `document` is of no more use.
pub(super) fn read(mut lines: Lines, document: &mut Document<'_>) -> io::Result<bool> {
    // The document without its entries: a header, an empty list, and an end.
    let mut frame = Vec::new();
    for _ in 0..2 {
        if !lines
            .next()?
            .is_some_and(|(_, line)| add(&mut frame, &line))
        {
            return Ok(false);
        }
    }
    if !frame.ends_with(b"\n\"entries\":[") || !take_entries(&mut lines, &mut frame, document)? {
        return Ok(false);
    }
    while let Some((_, line)) = lines.next()? {
        if !add(&mut frame, &line) {
            return Ok(false);
        }
    }
    let mut parser = serde_json::Deserializer::from_slice(&frame);
    Ok(document
        .deserialize(&mut parser)
        .and_then(|()| parser.end())
        .is_ok())
}

/// Takes the entries, and the line that closes them. Whether there was nothing else.
fn take_entries(
    lines: &mut Lines,
    frame: &mut Vec<u8>,
    document: &mut Document<'_>,
) -> io::Result<bool> {
    let mut comma = None;
    while let Some((_, Line::Text(line))) = lines.next()? {
        if line.starts_with(b"]") {
            frame.extend_from_slice(line);
            return Ok(comma != Some(true));
        }
        if comma == Some(false) {
            return Ok(false);
        }
        let entry = line.strip_suffix(b",");
        comma = Some(entry.is_some());
        let entry = serde_json::from_slice(entry.unwrap_or(line));
        if !entry.is_ok_and(|Object(entry)| document.entry(entry).is_ok()) {
            return Ok(false);
        }
    }
    Ok(false)
}

/// Adds a line to the frame. `false` if it is too long to belong there.
fn add(frame: &mut Vec<u8>, line: &Line<'_>) -> bool {
    let Line::Text(line) = line else {
        return false;
    };
    frame.push(b'\n');
    frame.extend_from_slice(line);
    frame.len() <= SNAPSHOT_FRAME_MAX_BYTES
}
