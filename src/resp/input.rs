//! The bytes that have arrived, and how far a decoder has come in them.

use bytes::{Buf, BytesMut};

use super::ProtocolError;
use super::number::{parse_decimal, parse_short_line};

/// A buffer with two marks: what lies before `finished` goes at the next chance; what lies from there
/// to `read` has been understood but is still needed; what lies behind is still to be read.
///
/// Finished bytes are dropped when the caller comes for the buffer and not one message at a time: a
/// pipeline of many requests then costs one change of the buffer.
#[derive(Debug, Default)]
pub(super) struct Input {
    bytes: BytesMut,
    finished: usize,
    read: usize,
    /// How many of the bytes to be read are known to hold no LF.
    searched: usize,
    examined: u64,
}

impl Input {
    /// The buffer, for the caller to append to; it holds no finished bytes.
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        if self.finished == self.bytes.len() {
            // Unlike advancing to the end, this makes the whole room usable again.
            self.bytes.clear();
        } else {
            self.bytes.advance(self.finished);
        }
        self.read -= self.finished;
        self.finished = 0;
        &mut self.bytes
    }

    /// What is still to be read.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.read..).unwrap_or_default()
    }

    /// Where in the buffer that begins. It holds until the caller comes for the buffer.
    pub(super) fn rest_start(&self) -> usize {
        self.read
    }

    /// Where in the buffer what is kept begins. It holds until the caller comes for the buffer.
    pub(super) fn kept_start(&self) -> usize {
        self.finished
    }

    /// What has been read and is still needed.
    pub(super) fn kept(&self) -> &[u8] {
        self.bytes.get(self.finished..self.read).unwrap_or_default()
    }

    /// Marks the first `len` bytes of the rest as read. They must have arrived.
    pub(super) fn keep(&mut self, len: usize) {
        self.read += len;
    }

    /// Marks everything that has been read as finished with.
    pub(super) fn finish(&mut self) {
        self.finished = self.read;
    }

    /// Looks for the line that the rest opens with, on from where the last search stopped. Gives its
    /// length without the LF; none while the LF has not arrived.
    ///
    /// Whether a line is longer than `max` bytes does not depend on how it arrives.
    pub(super) fn find_line(
        &mut self,
        max: usize,
        too_long: ProtocolError,
    ) -> Result<Option<usize>, ProtocolError> {
        let rest = self.bytes.get(self.read..).unwrap_or_default();
        let unseen = rest.get(self.searched..).unwrap_or_default();
        let room = max.saturating_add(1).saturating_sub(self.searched);
        let window = unseen.get(..room).unwrap_or(unseen);
        let Some(at) = window.iter().position(|&byte| byte == b'\n') else {
            if window.len() == room {
                return Err(too_long);
            }
            self.searched += window.len();
            self.examined += window.len() as u64;
            return Ok(None);
        };
        let len = self.searched + at;
        self.searched = 0;
        self.examined += at as u64 + 1;
        Ok(Some(len))
    }

    /// Reads a type byte and a number in a line of their own, which the rest opens with. Gives the
    /// number, if it is one, and the length of the line with its end.
    pub(super) fn read_number(
        &mut self,
        max: usize,
        too_long: ProtocolError,
    ) -> Result<Option<(Option<i64>, usize)>, ProtocolError> {
        if self.is_fresh()
            && let Some((number, len)) = parse_short_line(self.rest())
        {
            self.count_bytes(len);
            return Ok(Some((i64::try_from(number).ok(), len)));
        }
        let Some(len) = self.find_line(max, too_long)? else {
            return Ok(None);
        };
        let line = self
            .rest()
            .get(1..len)
            .and_then(|line| line.strip_suffix(b"\r"));
        Ok(Some((line.and_then(parse_decimal), len + 1)))
    }

    /// Whether the rest opens with `len` bytes and the CR and LF that end them.
    pub(super) fn has_bulk(&self, len: usize) -> Result<bool, ProtocolError> {
        match self.rest().get(len..len.saturating_add(2)) {
            Some(b"\r\n") => Ok(true),
            Some(_) => Err(ProtocolError::UnterminatedBulk),
            None => Ok(false),
        }
    }

    /// Finishes with the first `len` bytes of the rest, which have arrived, and gives them.
    pub(super) fn finish_next(&mut self, len: usize) -> &[u8] {
        let start = self.read;
        self.keep(len);
        self.finish();
        self.bytes.get(start..self.read).unwrap_or_default()
    }

    /// Whether no search has begun in the rest, as is so at the beginning of every line.
    pub(super) fn is_fresh(&self) -> bool {
        self.searched == 0
    }

    /// Counts bytes that were looked at elsewhere.
    pub(super) fn count_bytes(&mut self, bytes: usize) {
        self.examined += bytes as u64;
    }

    /// Counts a step of the decoder.
    pub(super) fn count_step(&mut self) {
        self.examined += 1;
    }

    /// The bytes looked at so far, and the steps taken.
    pub(super) fn examined(&self) -> u64 {
        self.examined
    }

    /// The bytes for which memory is held.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Gives the memory back if every byte is finished with. Says whether that is so.
    pub(super) fn shrink(&mut self) -> bool {
        let empty = self.buffer().is_empty();
        if empty {
            self.bytes = BytesMut::new();
        }
        empty
    }
}
