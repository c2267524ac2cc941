//! Reading the snapshot, entry by entry, into the tables.
//!
//! Nothing depends on the order of the fields: after `jq -S` the entries come before the fields that
//! say whose they are. So entries go to the tables as they come, and the tables are thrown away if
//! something turns out to be wrong later.

use std::fmt;
use std::io::{self, BufReader, Read};

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::document::Document;
use super::entry::{self, EntryText};
use super::layout;
use super::lines::Lines;
use super::ration::{Ration, Rationed};
use crate::limits::{FILE_READ_CHUNK_BYTES, RECORD_MAX_BYTES};
use crate::storage::Storage;
use crate::store::Seq;
use crate::store::error::{Defect, OpenError, Place};
use crate::store::failure::{Action, Failure};
use crate::store::files::FileNames;
use crate::store::format::Flaw;
use crate::store::format::snapshot::SnapshotHeader;
use crate::store::tables::{Mine, Tables};

/// What a snapshot says beside its entries.
pub(super) struct Snapshot {
    /// Absent if a person has written the file.
    pub(super) header: Option<SnapshotHeader>,
    /// The highest number that an fsync had covered when it was finished.
    pub(super) synced: Seq,
    pub(super) bytes: u64,
    /// Something in it was accepted as an edit.
    pub(super) edited: bool,
}

/// How to read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'r> {
    pub(super) names: &'r FileNames,
    pub(super) accept_edits: bool,
    pub(super) mine: &'r Mine<'r>,
}

/// Reads the snapshot of a node.
pub(super) fn read(
    storage: &dyn Storage,
    reading: Reading<'_>,
) -> Result<(Snapshot, Tables), OpenError> {
    let name = reading.names.snapshot();
    let path = storage.describe(&name);
    let failed = Failure::on(storage, Action::Read, &name);
    let bytes = storage.size(&name).map_err(&failed)?;
    let lines = Lines::new(storage.open_read(&name).map_err(&failed)?, RECORD_MAX_BYTES);
    let document = if let Some(document) = layout::read(lines, reading).map_err(&failed)? {
        document
    } else {
        let file = storage.open_read(&name).map_err(&failed)?;
        parse(file, reading).map_err(|(error, flaw)| match flaw {
            Some(flaw) => open_error(path.clone(), place(&error), &flaw),
            None if error.is_io() => io_error(path.clone(), &failed, error),
            None => syntax_error(path.clone(), &error, bytes),
        })?
    };
    document
        .finish(bytes)
        .map_err(|flaw| open_error(path, Place::Whole, &flaw))
}

/// Reads a document in whatever layout. The error comes with what was wrong, if it was more than
/// the syntax.
fn parse(
    file: Box<dyn Read + Send>,
    reading: Reading<'_>,
) -> Result<Document<'_>, (serde_json::Error, Option<Flaw>)> {
    let ration = Ration::new(RECORD_MAX_BYTES);
    let file = Rationed::new(file, ration.clone());
    let file = BufReader::with_capacity(FILE_READ_CHUNK_BYTES, file);
    let mut document = Document::new(reading, ration);
    let mut parser = serde_json::Deserializer::from_reader(file);
    match (&mut document)
        .deserialize(&mut parser)
        .and_then(|()| parser.end())
    {
        Ok(()) => Ok(document),
        Err(error) => Err((error, document.flaw)),
    }
}

fn place(error: &serde_json::Error) -> Place {
    Place::Line {
        line: error.line(),
        column: error.column(),
    }
}

/// An error of the disk, or of the ration.
fn io_error(
    file: String,
    failed: impl Fn(io::Error) -> Failure,
    error: serde_json::Error,
) -> OpenError {
    let error = io::Error::from(error);
    if error.kind() == io::ErrorKind::InvalidData {
        return OpenError::Malformed(Defect::new(file, Place::Whole, &error.to_string()));
    }
    failed(error).into()
}

fn syntax_error(file: String, error: &serde_json::Error, bytes: u64) -> OpenError {
    if bytes == 0 {
        let problem = "is empty, and no crash empties it";
        return OpenError::Malformed(Defect::new(file, Place::Whole, problem));
    }
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let problem = text.strip_suffix(&position).unwrap_or(&text);
    let problem = format!("is not a snapshot of triad: {problem}");
    OpenError::Malformed(Defect::new(file, place(error), &problem))
}

/// A flaw at a place of a file, as the error of the start.
pub(super) fn open_error(file: String, place: Place, flaw: &Flaw) -> OpenError {
    let defect = Defect::new(file, place, flaw.text());
    match flaw {
        Flaw::Malformed(_) => OpenError::Malformed(defect),
        Flaw::Checksum(_) => OpenError::Edited(defect),
        Flaw::Newer(_) => OpenError::Newer(defect),
        Flaw::Foreign(_) => OpenError::Foreign(defect),
    }
}

impl<'de> DeserializeSeed<'de> for &mut Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `entries`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key()? {
            self.field(name, &mut map)?;
        }
        Ok(())
    }
}

/// The list of entries, each of which goes into the document's tables.
pub(super) struct Entries<'d, 'r>(pub(super) &'d mut Document<'r>);

impl<'de> DeserializeSeed<'de> for Entries<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while entries.next_element_seed(Entry(&mut *self.0))?.is_some() {}
        Ok(())
    }
}

/// One entry. What is wrong with it is told before the parser goes on, so that its place is told.
struct Entry<'d, 'r>(&'d mut Document<'r>);

impl<'de> DeserializeSeed<'de> for Entry<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Entry<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry: an object with `key` and `value`")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let entry = EntryText::deserialize(MapAccessDeserializer::new(map))?;
        let mine = self.0.reading().mine;
        entry::Entry::decode(entry, mine)
            .and_then(|entry| self.0.entry(entry))
            .or_else(|flaw| self.0.fail(flaw))
    }
}
