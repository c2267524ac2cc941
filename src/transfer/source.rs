//! A file with keys, as it is opened to be read.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::Place;
use crate::limits::{RECORD_MAX_BYTES, TRANSFER_HEAD_BYTES};

/// What some editors put before a text. RFC 8259, section 8.1, lets a reader pass over it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The bytes of a file with keys, from the beginning.
pub(super) struct Source {
    /// The beginning, which is read already.
    head: Cursor<Vec<u8>>,
    rest: Counted,
}

/// What is read, and how much of it was.
struct Counted {
    from: Box<dyn Read>,
    read_bytes: Arc<AtomicU64>,
}

impl Source {
    /// Opens a place, and reads its beginning. What was read of it is told in `read_bytes`. The error says what
    /// is wrong with the place.
    pub(super) fn open(place: &Place, read_bytes: Arc<AtomicU64>) -> Result<Self, String> {
        let from: Box<dyn Read> = match place {
            Place::File(path) => Box::new(open_file(path)?),
            Place::Standard => Box::new(io::stdin()),
        };
        let mut rest = Counted { from, read_bytes };
        let head = read_head(&mut rest).map_err(|error| unreadable(&error))?;
        let mut head = Cursor::new(head);
        if head.get_ref().starts_with(BYTE_ORDER_MARK) {
            head.set_position(BYTE_ORDER_MARK.len() as u64);
        }
        Ok(Self { head, rest })
    }

    /// Its beginning: the first line at least, but no more than [`TRANSFER_HEAD_BYTES`].
    pub(super) fn head(&self) -> &[u8] {
        let position = usize::try_from(self.head.position()).unwrap_or(usize::MAX);
        self.head.get_ref().get(position..).unwrap_or_default()
    }
}

/// Reads until a line has ended. Who writes to a pipe may wait then until something becomes of it.
fn read_head(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = vec![0; TRANSFER_HEAD_BYTES];
    let mut len = 0;
    while let Some(room) = head.get_mut(len..).filter(|room| !room.is_empty()) {
        match from.read(room) {
            Ok(0) => break,
            Ok(count) => {
                let read = room.get(..count).unwrap_or_default();
                let has_line = read.contains(&b'\n');
                len += count;
                if has_line {
                    break;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    head.truncate(len);
    Ok(head)
}

fn open_file(path: &Path) -> Result<File, String> {
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let is_folder = file.metadata().is_ok_and(|about| about.is_dir());
    if is_folder {
        return Err(unreadable(&ErrorKind::IsADirectory.into()));
    }
    Ok(file)
}

/// Why a place can't be read, in words.
fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file; check the path".to_owned(),
        ErrorKind::IsADirectory => "this is a folder; give the path of a file".to_owned(),
        _ => format!("the file can't be read ({error})"),
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.head.read(buffer)? {
            0 => self.rest.read(buffer),
            count => Ok(count),
        }
    }
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.read_bytes.fetch_add(count as u64, Relaxed);
        Ok(count)
    }
}

/// A reader that gives no more than the text of one entry may have, until its [`Allowance`] is renewed: so what a
/// parser gathers is bounded, whatever the file.
pub(super) struct Rationed<R> {
    from: R,
    allowance: Allowance,
}

/// How much may still be read.
#[derive(Clone)]
pub(super) struct Allowance(Rc<Cell<usize>>);

impl<R: Read> Rationed<R> {
    pub(super) fn new(from: R) -> (Self, Allowance) {
        let allowance = Allowance(Rc::new(Cell::new(RECORD_MAX_BYTES)));
        let rationed = Self {
            from,
            allowance: allowance.clone(),
        };
        (rationed, allowance)
    }
}

impl Allowance {
    /// A further entry begins.
    pub(super) fn renew(&self) {
        self.0.set(RECORD_MAX_BYTES);
    }
}

impl<R: Read> Read for Rationed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.allowance.0.get();
        if left == 0 {
            return Err(io::Error::other(too_long()));
        }
        let end = buffer.len().min(left);
        let count = self.from.read(buffer.get_mut(..end).unwrap_or_default())?;
        self.allowance.0.set(left - count);
        Ok(count)
    }
}

/// What is said of an entry whose text is too long.
pub(super) fn too_long() -> String {
    format!("this entry has more than {RECORD_MAX_BYTES} bytes of text")
}
