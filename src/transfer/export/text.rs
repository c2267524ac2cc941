//! Entries as the text of a file.

use super::super::Format;
use crate::store::{Items, Kind, SnapshotEntry, SnapshotValue, push_base64, push_text};
use crate::transfer::read::COLUMNS;

/// A file under way. It appends text to a buffer.
pub(in crate::transfer) struct Text {
    format: Format,
    /// Whether an entry was written before.
    has_entries: bool,
}

impl Text {
    /// Begins a file.
    pub(in crate::transfer) fn begin(format: Format, out: &mut Vec<u8>) -> Self {
        match format {
            Format::Object => out.push(b'{'),
            Format::Lines => {}
            Format::Csv => {
                out.extend_from_slice(COLUMNS.join(",").as_bytes());
                out.push(b'\n');
            }
        }
        let has_entries = false;
        Self {
            format,
            has_entries,
        }
    }

    /// Ends the file.
    pub(in crate::transfer) fn end(self, out: &mut Vec<u8>) {
        if self.format == Format::Object {
            out.extend_from_slice(if self.has_entries { b"\n}\n" } else { b"}\n" });
        }
    }

    /// Whether the format can hold collections.
    pub(in crate::transfer) fn takes_collections(&self) -> bool {
        self.format != Format::Csv
    }

    /// Appends an entry with all its items. Not a collection, where the format has none.
    pub(in crate::transfer) fn entry(&mut self, out: &mut Vec<u8>, entry: &SnapshotEntry<'_>) {
        match self.format {
            Format::Object => {
                self.next_member(out);
                push_member(out, entry);
            }
            Format::Lines => {
                entry.push(out, None);
                out.push(b'\n');
            }
            Format::Csv => push_row(out, entry),
        }
        self.has_entries = true;
    }

    /// Begins an entry whose items come in parts. `entry` has none of them.
    pub(in crate::transfer) fn begin_large(
        &mut self,
        out: &mut Vec<u8>,
        entry: &SnapshotEntry<'_>,
        kind: &'static Kind,
    ) -> Large {
        if self.format == Format::Object {
            self.next_member(out);
            let has_name = push_name(out, entry.key);
            push_opening(out, entry, has_name);
            out.extend_from_slice(b"\"items_base64\":[");
        }
        self.has_entries = true;
        let parts = 0;
        Large { kind, parts }
    }

    /// Appends some items of it.
    pub(in crate::transfer) fn part(
        &mut self,
        out: &mut Vec<u8>,
        entry: &SnapshotEntry<'_>,
        large: &mut Large,
        items: Items<'_>,
    ) {
        large.parts += 1;
        if self.format == Format::Object {
            // A part of them may not be text, and that is not known when the first ones are written.
            for (number, item) in items.iter().enumerate() {
                let is_first = large.parts == 1 && number == 0;
                out.extend_from_slice(if is_first { b"\"" } else { b",\"" });
                push_base64(out, item);
                out.push(b'"');
            }
            return;
        }
        let part = SnapshotEntry {
            value: SnapshotValue::Items {
                kind: large.kind,
                items,
                part: Some(large.parts).filter(|part| *part > 1),
            },
            ..*entry
        };
        self.entry(out, &part);
    }

    /// Ends it.
    pub(in crate::transfer) fn end_large(&self, out: &mut Vec<u8>) {
        if self.format == Format::Object {
            out.extend_from_slice(b"]}");
        }
    }

    fn next_member(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.has_entries { b",\n" } else { b"\n" });
    }
}

/// An entry whose items come in parts.
pub(in crate::transfer) struct Large {
    kind: &'static Kind,
    parts: u64,
}

/// Appends `"key":"value"`, or what else says the same of an entry that is more than two texts.
fn push_member(out: &mut Vec<u8>, entry: &SnapshotEntry<'_>) {
    let has_name = push_name(out, entry.key);
    let start = out.len();
    if has_name && entry.deadline.is_none() && push_short(out, entry.value) {
        return;
    }
    out.truncate(start);
    push_opening(out, entry, has_name);
    match entry.value {
        SnapshotValue::String(value) => {
            let start = out.len();
            out.extend_from_slice(b"\"value\":\"");
            if !push_text(out, value) {
                out.truncate(start);
                out.extend_from_slice(b"\"value_base64\":\"");
                push_base64(out, value);
            }
            out.push(b'"');
        }
        SnapshotValue::Items { items, .. } => {
            let start = out.len();
            out.extend_from_slice(b"\"items\":");
            if !push_list(out, items, push_text) {
                out.truncate(start);
                out.extend_from_slice(b"\"items_base64\":");
                push_list(out, items, |out, item| {
                    push_base64(out, item);
                    true
                });
            }
        }
    }
    out.push(b'}');
}

/// Appends the name of a member: the key, or its base64 if it is no text. Whether it is the key.
fn push_name(out: &mut Vec<u8>, key: &[u8]) -> bool {
    let start = out.len();
    out.push(b'"');
    let is_key = push_text(out, key);
    if !is_key {
        out.truncate(start + 1);
        push_base64(out, key);
    }
    out.extend_from_slice(b"\":");
    is_key
}

/// Appends what an object begins with that stands behind a name.
fn push_opening(out: &mut Vec<u8>, entry: &SnapshotEntry<'_>, has_name: bool) {
    out.push(b'{');
    if !has_name {
        out.extend_from_slice(b"\"key_base64\":\"");
        push_base64(out, entry.key);
        out.extend_from_slice(b"\",");
    }
    if let Some(deadline) = entry.deadline {
        out.extend_from_slice(b"\"expires_unix_ms\":");
        out.extend_from_slice(itoa::Buffer::new().format(deadline.get()).as_bytes());
        out.push(b',');
    }
}

/// Appends a value as a text or a list of texts. Whether it could be done.
fn push_short(out: &mut Vec<u8>, value: SnapshotValue<'_>) -> bool {
    match value {
        SnapshotValue::String(value) => {
            out.push(b'"');
            let is_text = push_text(out, value);
            out.push(b'"');
            is_text
        }
        SnapshotValue::Items { items, .. } => push_list(out, items, push_text),
    }
}

fn push_list(
    out: &mut Vec<u8>,
    items: Items<'_>,
    push: impl Fn(&mut Vec<u8>, &[u8]) -> bool,
) -> bool {
    out.push(b'[');
    for (number, item) in items.iter().enumerate() {
        out.extend_from_slice(if number == 0 { b"\"" } else { b",\"" });
        if !push(out, item) {
            return false;
        }
        out.push(b'"');
    }
    out.push(b']');
    true
}

/// Appends a row, with the cells in the order of [`COLUMNS`].
fn push_row(out: &mut Vec<u8>, entry: &SnapshotEntry<'_>) {
    let SnapshotValue::String(value) = entry.value else {
        return;
    };
    let [key_is_text, value_is_text] = [entry.key, value].map(is_text_of_a_cell);
    if key_is_text {
        push_cell(out, entry.key);
    }
    out.push(b',');
    if value_is_text {
        push_cell(out, value);
    }
    out.push(b',');
    if let Some(deadline) = entry.deadline {
        out.extend_from_slice(itoa::Buffer::new().format(deadline.get()).as_bytes());
    }
    out.push(b',');
    if !key_is_text {
        push_base64(out, entry.key);
    }
    out.push(b',');
    if !value_is_text {
        push_base64(out, value);
    }
    out.push(b'\n');
}

/// Whether spreadsheets keep a text as it is: they drop control characters, and make others of line ends.
fn is_text_of_a_cell(bytes: &[u8]) -> bool {
    let is_kept = |char: char| !char.is_control() || char == '\n' || char == '\t';
    std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_kept))
}

/// Appends a cell, in quotation marks if it would not be read as one otherwise: RFC 4180.
fn push_cell(out: &mut Vec<u8>, text: &[u8]) {
    let is_special = |byte: &u8| b",;\"\n\t ".contains(byte);
    if !text.iter().any(is_special) {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for byte in text {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}
