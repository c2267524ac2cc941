//! A bound on how much of a file may go by without anything coming of it.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use crate::limits::FILE_READ_CHUNK_BYTES;

/// What may still be read. A parser that keeps the text of one string until it ends has no bound of
/// its own; with this one a file of one endless string ends in an error instead of in no memory.
#[derive(Clone)]
pub(super) struct Ration {
    left: Rc<Cell<usize>>,
    full: usize,
}

impl Ration {
    /// Enough for an entry of `longest` bytes, and for what a buffer may have read ahead.
    pub(super) fn new(longest: usize) -> Self {
        let full = longest + 2 * FILE_READ_CHUNK_BYTES;
        Self {
            left: Rc::new(Cell::new(full)),
            full,
        }
    }

    /// An entry is complete: the next one has the full ration again.
    pub(super) fn renew(&self) {
        self.left.set(self.full);
    }
}

/// A file that is read by ration.
pub(super) struct Rationed<R> {
    file: R,
    ration: Ration,
}

impl<R> Rationed<R> {
    pub(super) fn new(file: R, ration: Ration) -> Self {
        Self { file, ration }
    }
}

impl<R: Read> Read for Rationed<R> {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(place)?;
        let Some(left) = self.ration.left.get().checked_sub(read) else {
            let text = "is not a snapshot of triad: something in it is longer than an entry may be";
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        };
        self.ration.left.set(left);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_text_ends() {
        let ration = Ration::new(1_000);
        let mut file = Rationed::new(io::repeat(b'x'), ration.clone());
        let mut entry = vec![0; 2 * FILE_READ_CHUNK_BYTES];
        for _ in 0..10 {
            file.read_exact(&mut entry).unwrap();
            ration.renew();
        }
        let error = file.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
