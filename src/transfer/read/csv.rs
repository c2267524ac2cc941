//! Comma-separated values: a header that names columns, then a row for each key.
//!
//! A key stands in the column `key` or, in base64, in `key_base64`; a value in `value` or `value_base64`; of each
//! pair one cell at least is empty, and where both are, the text is empty. `expires_unix_ms` may be empty.

mod quotes;

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use csv::{ByteRecord, ReaderBuilder};
use quotes::Quotes;

use super::{End, Take, at, quote};
use crate::limits::FILE_READ_CHUNK_BYTES;
use crate::store::{Deadline, SnapshotEntry, SnapshotValue, Store};
use crate::transfer::source::Rationed;

/// The columns that there are, in the order in which they are written.
pub(in crate::transfer) const COLUMNS: [&str; 5] = [
    "key",
    "value",
    "expires_unix_ms",
    "key_base64",
    "value_base64",
];

/// What stands between cells, by the first line: spreadsheets of many countries take a semicolon.
pub(super) fn delimiter_of(head: &[u8]) -> u8 {
    let line = head.split(|byte| *byte == b'\n').next();
    let line = line.unwrap_or_default();
    let found = [b',', b';', b'\t'].into_iter();
    let mut found = found.filter(|delimiter| line.contains(delimiter));
    found.next().unwrap_or(b',')
}

/// Gives every entry to `take`.
pub(super) fn read(from: impl Read, delimiter: u8, take: &mut Take<'_>) -> Result<(), End> {
    let (from, allowance) = Rationed::new(from);
    let (from, fault) = Quotes::new(from, delimiter);
    let mut rows = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(FILE_READ_CHUNK_BYTES)
        .from_reader(from);
    let mut row = ByteRecord::new();
    let mut header = None;
    loop {
        let line = rows.position().line();
        let is_there = rows.read_byte_record(&mut row);
        let is_there = is_there.map_err(|error| match fault.take() {
            Some(fault) => fault.to_string(),
            None => format!("line {line}: {error}"),
        })?;
        allowance.renew();
        // Empty lines before it do not count.
        let line = row.position().map_or(line, csv::Position::line);
        match &header {
            _ if !is_there => break,
            None => {
                let columns = Columns::of(&row);
                header = Some(columns.map_err(|fault| format!("line {line}: {fault}"))?);
            }
            Some(columns) => {
                let taken = columns.take(&row, take);
                taken.map_err(at(format_args!("line {line}")))?;
            }
        }
    }
    match header {
        Some(_) => Ok(()),
        None => Err(format!("line 1: the file is empty; {BEGIN}").into()),
    }
}

/// What a file has to begin with.
const BEGIN: &str = "begin with the header key,value";

/// The places of the columns.
struct Columns {
    /// In the order of [`COLUMNS`].
    places: [Option<usize>; COLUMNS.len()],
    count: usize,
}

impl Columns {
    /// Reads a header.
    fn of(row: &ByteRecord) -> Result<Self, String> {
        let mut places = [None; COLUMNS.len()];
        for (place, cell) in row.iter().enumerate() {
            let name = cell.trim_ascii();
            let known = COLUMNS.iter().position(|known| known.as_bytes() == name);
            let column = known.and_then(|known| places.get_mut(known));
            let Some(column) = column else {
                return Err(format!(
                    "there is no column {}; the columns are {}. {BEGIN}",
                    quote(name),
                    COLUMNS.join(", ")
                ));
            };
            if column.replace(place).is_some() {
                return Err(format!("the column {} stands twice", quote(name)));
            }
        }
        let [key, value, _, key_base64, value_base64] = places;
        for (name, one, other) in [("key", key, key_base64), ("value", value, value_base64)] {
            if one.or(other).is_none() {
                return Err(format!(
                    "there is no column {name} or {name}_base64. {BEGIN}"
                ));
            }
        }
        let count = row.len();
        Ok(Self { places, count })
    }

    fn take(&self, row: &ByteRecord, take: &mut Take<'_>) -> Result<(), End> {
        if row.len() != self.count {
            return Err(End::Fault(format!(
                "{} cells, where the header has {}; a cell with a comma, a quotation mark or a line end \
                 stands in quotation marks",
                row.len(),
                self.count
            )));
        }
        let cell = |place: Option<usize>| place.and_then(|place| row.get(place));
        let [key, value, expires, key_base64, value_base64] = self.places.map(cell);
        let mut decoded = [Vec::new(), Vec::new()];
        let [key_decoded, value_decoded] = &mut decoded;
        let entry = SnapshotEntry {
            key: either("key", key, key_base64, key_decoded)?,
            deadline: deadline(expires.unwrap_or_default())?,
            value: SnapshotValue::String(either("value", value, value_base64, value_decoded)?),
        };
        take(entry)
    }
}

/// The content of a cell or of its twin in base64, one of which is empty.
fn either<'a>(
    name: &str,
    text: Option<&'a [u8]>,
    base64: Option<&[u8]>,
    decoded: &'a mut Vec<u8>,
) -> Result<&'a [u8], String> {
    let (text, base64) = (text.unwrap_or_default(), base64.unwrap_or_default());
    match (text, base64) {
        (text, []) => Ok(text),
        ([], base64) => {
            let done = STANDARD.decode_vec(base64, decoded);
            done.map_err(|error| format!("the {name}_base64 is not base64: {error}"))?;
            Ok(decoded)
        }
        _ => Err(format!(
            "there is both a {name} and a {name}_base64; leave one of the cells empty"
        )),
    }
}

fn deadline(cell: &[u8]) -> Result<Option<Deadline>, String> {
    let cell = cell.trim_ascii();
    if cell.is_empty() {
        return Ok(None);
    }
    let number = std::str::from_utf8(cell)
        .ok()
        .and_then(|text| text.parse().ok());
    let deadline = number.and_then(Store::deadline);
    deadline.map(Some).ok_or_else(|| {
        format!(
            "the expires_unix_ms {} is no time; it is milliseconds since 1970, or empty",
            quote(cell)
        )
    })
}
