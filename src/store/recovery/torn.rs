//! A torn tail: the end of the journal that a crash has left incomplete.

use std::io::{self, Read};

use super::replay::End;
use super::segment::ReadSegment;
use crate::limits::FILE_READ_CHUNK_BYTES;
use crate::storage::{AppendFile, Storage};
use crate::store::error::shorten;
use crate::store::failure::{Action, Failure};
use crate::store::files::FileNames;

/// What was cut off the end of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// How many bytes.
    pub bytes: u64,
    /// How many lines were begun in them: about so many records.
    pub records: u64,
    /// The file, with its path, where they are now.
    pub kept_in: String,
}

impl TornTail {
    /// What the owner of the device should know.
    pub(super) fn warning(&self, file: &str, end: &End) -> String {
        let Self {
            bytes,
            records,
            kept_in,
        } = self;
        let End { offset, .. } = end;
        let records = if *records == 1 {
            "one record".to_owned()
        } else {
            format!("{records} records")
        };
        format!(
            "{file}, byte {offset}: {}. A crash has left the end of the journal incomplete. Its last \
             {bytes} bytes (about {records}), which no fsync had covered, were cut off and \
             are in {kept_in}",
            shorten(end.problem())
        )
    }
}

/// Keeps what stands from `end` on in a file of its own, and cuts it off. `None` if there is
/// nothing there but an empty segment.
pub(super) fn cut(
    storage: &dyn Storage,
    names: &FileNames,
    end: &End,
    segments: &mut Vec<ReadSegment>,
) -> Result<Option<TornTail>, Failure> {
    let first = segments
        .iter()
        .position(|known| known.size.number == end.segment);
    let mut torn = segments.split_off(first.unwrap_or(segments.len()));
    let bytes = torn
        .iter()
        .map(|segment| segment.size.bytes)
        .sum::<u64>()
        .saturating_sub(end.offset);
    let kept = if bytes == 0 {
        None
    } else {
        Some(keep(storage, names, end, &torn, bytes)?)
    };

    // From the last one on, each removal made to last before the next: whatever a crash leaves of
    // this is again a torn tail, and never a journal with a segment missing in its middle.
    while let Some(mut segment) = torn.pop() {
        let name = names.segment(segment.size.number);
        let failed = |action| Failure::on(storage, action, &name);
        if segment.size.number == end.segment && !end.is_at_header() {
            storage
                .truncate(&name, end.offset)
                .map_err(failed(Action::Cut))?;
            segment.size.bytes = end.offset;
            segment.ended = true;
            segments.push(segment);
        } else {
            storage.remove(&name).map_err(failed(Action::Remove))?;
            storage.sync_folder().map_err(failed(Action::SyncFolder))?;
        }
    }
    Ok(kept)
}

/// Copies what is about to be cut, and makes the copy last.
fn keep(
    storage: &dyn Storage,
    names: &FileNames,
    end: &End,
    torn: &[ReadSegment],
    bytes: u64,
) -> Result<TornTail, Failure> {
    let taken = storage
        .list()
        .map_err(Failure::on(storage, Action::List, ""))?;
    let number = (1..u64::MAX)
        .find(|number| !taken.contains(&names.torn(*number)))
        .unwrap_or(u64::MAX);
    let name = names.torn(number);
    let failed = |action| Failure::on(storage, action, &name);
    let mut file = storage.create(&name).map_err(failed(Action::Create))?;

    let mut records = 0;
    for segment in torn {
        let from = if segment.size.number == end.segment {
            end.offset
        } else {
            0
        };
        let segment = names.segment(segment.size.number);
        let source =
            storage
                .open_read(&segment)
                .map_err(Failure::on(storage, Action::Read, &segment))?;
        match copy(source, from, &mut *file) {
            Ok(lines) => records += lines,
            Err(error) => {
                // It is not whole, so it is of no use; the journal still has everything.
                drop(storage.remove(&name));
                return Err(failed(Action::Write)(error));
            }
        }
    }
    file.sync().map_err(failed(Action::Sync))?;
    storage.sync_folder().map_err(failed(Action::SyncFolder))?;
    Ok(TornTail {
        bytes,
        records,
        kept_in: storage.describe(&name),
    })
}

/// Copies what follows the first `from` bytes. The number of lines that begin there.
fn copy(
    mut source: Box<dyn Read + Send>,
    from: u64,
    target: &mut dyn AppendFile,
) -> io::Result<u64> {
    io::copy(&mut source.by_ref().take(from), &mut io::sink())?;
    let mut chunk = vec![0; FILE_READ_CHUNK_BYTES];
    let mut lines = 0;
    let mut in_line = false;
    loop {
        let read = match source.read(&mut chunk) {
            Ok(0) => return Ok(lines),
            Ok(read) => chunk.get(..read).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        for byte in read {
            lines += u64::from(!in_line && *byte != b'\n');
            in_line = *byte != b'\n';
        }
        target.append(read)?;
    }
}
