//! What a client reads.

mod whole;

use std::borrow::Cow;

use bytes::BytesMut;

use super::input::Input;
use super::number::parse_decimal;
use super::{Frame, ProtocolError};
use crate::limits;
use whole::Whole;

/// Reads replies, of both versions of the protocol, from bytes that arrive in pieces of any size.
///
/// The caller appends what has arrived to [`buffer`](Self::buffer), then calls [`next`](Self::next)
/// until it gives none. After an error every further call gives the same error.
///
/// Replies are bounded by [`limits::REPLY_MAX_BYTES`], [`limits::REPLY_ELEMENTS_MAX`] and
/// [`limits::REPLY_DEPTH_MAX`]. Attributes are read and dropped: they are notes on a reply and no
/// part of it. Text that is not UTF-8 is read with U+FFFD in place of what is not.
#[derive(Debug)]
pub struct FrameDecoder {
    bulk_max_bytes: usize,
    input: Input,
    /// The bulk string whose bytes are to come.
    bulk: Option<Bulk>,
    /// The aggregates that are open, the innermost last.
    open: Vec<Aggregate>,
    /// What the current reply has taken of its limits.
    bytes: usize,
    elements: usize,
}

#[derive(Debug, Clone, Copy)]
struct Bulk {
    kind: u8,
    len: usize,
}

/// An array or something like it, of which some elements are to come.
#[derive(Debug)]
struct Aggregate {
    kind: u8,
    missing: usize,
    elements: Vec<Frame<'static>>,
}

/// A step in reading a reply.
#[derive(Debug)]
enum Part {
    Value(Frame<'static>),
    /// The bytes of a bulk string follow.
    Bulk(Bulk),
    /// So many elements follow; a pair of a map counts as two.
    Open {
        kind: u8,
        count: usize,
    },
}

impl FrameDecoder {
    /// A decoder for bulk strings of at most `bulk_max_bytes`. It holds no memory yet.
    pub fn new(bulk_max_bytes: usize) -> Self {
        Self {
            bulk_max_bytes,
            input: Input::default(),
            bulk: None,
            open: Vec::new(),
            bytes: 0,
            elements: 0,
        }
    }

    /// The buffer, for the caller to reserve room in and to append to. What it holds already is still
    /// needed.
    pub fn buffer(&mut self) -> &mut BytesMut {
        self.input.buffer()
    }

    /// The next reply, if it has arrived whole.
    #[expect(
        clippy::should_implement_trait,
        reason = "`None` is not the end but a wait"
    )]
    pub fn next(&mut self) -> Result<Option<Frame<'static>>, ProtocolError> {
        loop {
            self.input.count_step();
            let part = match self.bulk {
                Some(bulk) => self.take_bulk(bulk)?,
                None => self.take_line()?,
            };
            let reply = match part {
                None => return Ok(None),
                Some(Part::Value(value)) => self.place(value),
                Some(Part::Bulk(bulk)) => {
                    self.bulk = Some(bulk);
                    None
                }
                Some(Part::Open { kind, count: 0 }) => {
                    close(kind, Vec::new()).and_then(|value| self.place(value))
                }
                Some(Part::Open { kind, count }) => {
                    let elements = Vec::with_capacity(count.min(limits::REPLY_ELEMENTS_RESERVED));
                    self.open.push(Aggregate {
                        kind,
                        missing: count,
                        elements,
                    });
                    None
                }
            };
            if reply.is_some() {
                self.bytes = 0;
                self.elements = 0;
                return Ok(reply);
            }
        }
    }

    /// As [`next`](Self::next), but without a copy of the bytes of what replies usually are: short strings,
    /// and arrays of them. These lie in the buffer until the decoder is used again.
    pub fn next_borrowed(&mut self) -> Result<Option<Frame<'_>>, ProtocolError> {
        let is_at_reply = self.open.is_empty() && self.bulk.is_none() && self.input.is_fresh();
        if !is_at_reply {
            return self.next();
        }
        let mut examined = 1;
        let whole = Whole::find(self.input.rest(), self.bulk_max_bytes, &mut examined);
        self.input.count_bytes(examined);
        match whole {
            Some(whole) => Ok(Some(whole.read(self.input.finish_next(whole.len)))),
            None => self.next(),
        }
    }

    /// The bytes looked at so far, and the steps taken: what decoding has cost. However the bytes are
    /// cut, it is at most three for each; the bytes of a bulk string are not looked at.
    pub fn examined(&self) -> u64 {
        self.input.examined()
    }

    /// The bytes for which this decoder holds memory, beside the strings of a reply that has not
    /// arrived whole.
    pub fn held_bytes(&self) -> usize {
        let elements: usize = self.open.iter().map(|open| open.elements.capacity()).sum();
        self.input.capacity()
            + self.open.capacity() * size_of::<Aggregate>()
            + elements * size_of::<Frame<'_>>()
    }

    /// Gives all memory back if nothing is buffered.
    pub fn shrink(&mut self) {
        if self.input.shrink() && self.open.is_empty() {
            self.open = Vec::new();
        }
    }

    /// Reads the line that a value opens with, or consists of.
    fn take_line(&mut self) -> Result<Option<Part>, ProtocolError> {
        let Some(&kind) = self.input.rest().first() else {
            return Ok(None);
        };
        if !b"+-:$*_,#(!=%~>|".contains(&kind) {
            return Err(ProtocolError::UnknownType(kind));
        }
        let too_long = ProtocolError::ReplyLineTooLong;
        let Some(len) = self.input.find_line(limits::INLINE_MAX_BYTES, too_long)? else {
            return Ok(None);
        };
        let line = self
            .input
            .rest()
            .get(1..len)
            .and_then(|line| line.strip_suffix(b"\r"));
        let part = parse_line(kind, line.ok_or(ProtocolError::InvalidReply(kind))?)?;
        self.charge(&part, len + 1)?;
        self.pass(len + 1);
        Ok(Some(part))
    }

    /// Counts a part of a reply against the reply's limits, before anything is done about it.
    fn charge(&mut self, part: &Part, line_bytes: usize) -> Result<(), ProtocolError> {
        let (bytes, elements) = match *part {
            Part::Value(_) => (0, 0),
            Part::Bulk(Bulk { len, .. }) if len > self.bulk_max_bytes => {
                return Err(ProtocolError::InvalidLength);
            }
            Part::Bulk(Bulk { len, .. }) => (len.saturating_add(2), 0),
            Part::Open { .. } if self.open.len() >= limits::REPLY_DEPTH_MAX => {
                return Err(ProtocolError::ReplyTooDeep);
            }
            Part::Open { count, .. } => (0, count),
        };
        let bytes = self.bytes.saturating_add(bytes).saturating_add(line_bytes);
        let elements = self.elements.saturating_add(elements);
        if bytes > limits::REPLY_MAX_BYTES || elements > limits::REPLY_ELEMENTS_MAX {
            return Err(ProtocolError::ReplyTooLarge);
        }
        self.bytes = bytes;
        self.elements = elements;
        Ok(())
    }

    /// Reads the bytes of a bulk string.
    fn take_bulk(&mut self, bulk: Bulk) -> Result<Option<Part>, ProtocolError> {
        if !self.input.has_bulk(bulk.len)? {
            return Ok(None);
        }
        let bytes = self.input.rest().get(..bulk.len).unwrap_or_default();
        let value = match (bulk.kind, bytes) {
            (b'!', text) => Frame::Error(text_of(text)),
            (b'=', &[first, second, third, b':', ref text @ ..]) => {
                let text = Cow::Owned(text.to_vec());
                Frame::Verbatim {
                    format: [first, second, third],
                    text,
                }
            }
            (b'=', _) => return Err(ProtocolError::InvalidReply(b'=')),
            (_, bytes) => Frame::Bulk(Cow::Owned(bytes.to_vec())),
        };
        self.pass(bulk.len + 2);
        self.bulk = None;
        Ok(Some(Part::Value(value)))
    }

    /// What has been read is finished with at once: every value is a copy.
    fn pass(&mut self, len: usize) {
        self.input.keep(len);
        self.input.finish();
    }

    /// Puts a value where it belongs: into the innermost open aggregate, which is a value for the one
    /// around it when it is complete. Gives the value if it is a whole reply.
    fn place(&mut self, mut value: Frame<'static>) -> Option<Frame<'static>> {
        loop {
            let Some(innermost) = self.open.last_mut() else {
                return Some(value);
            };
            innermost.elements.push(value);
            innermost.missing -= 1;
            if innermost.missing > 0 {
                return None;
            }
            let Aggregate { kind, elements, .. } = self.open.pop()?;
            value = close(kind, elements)?;
        }
    }
}

/// Makes a value of the elements of an aggregate; none of an attribute.
fn close(kind: u8, elements: Vec<Frame<'static>>) -> Option<Frame<'static>> {
    match kind {
        b'|' => None,
        b'%' => {
            let mut pairs = Vec::with_capacity(elements.len() / 2);
            let mut elements = elements.into_iter();
            while let (Some(key), Some(value)) = (elements.next(), elements.next()) {
                pairs.push((key, value));
            }
            Some(Frame::Map(pairs))
        }
        b'~' => Some(Frame::Set(elements)),
        b'>' => Some(Frame::Push(elements)),
        _ => Some(Frame::Array(elements)),
    }
}

/// Reads the line of a value: its type, and what stands between that and CR and LF.
fn parse_line(kind: u8, text: &[u8]) -> Result<Part, ProtocolError> {
    let invalid = ProtocolError::InvalidReply(kind);
    let value = match kind {
        b'+' if text == b"OK" => Frame::OK,
        b'+' => Frame::Simple(text_of(text)),
        b'-' => Frame::Error(text_of(text)),
        b':' => {
            let number = text.strip_prefix(b"+").unwrap_or(text);
            Frame::Integer(parse_decimal(number).ok_or(invalid)?)
        }
        b'$' | b'*' if text == b"-1" => Frame::Null,
        b'_' if text.is_empty() => Frame::Null,
        b'#' if text == b"t" => Frame::Boolean(true),
        b'#' if text == b"f" => Frame::Boolean(false),
        b',' => Frame::Double(parse_double(text).ok_or(invalid)?),
        b'(' if is_big_number(text) => Frame::BigNumber(text_of(text)),
        b'$' | b'!' | b'=' => {
            let len = parse_count(text).ok_or(ProtocolError::InvalidLength)?;
            return Ok(Part::Bulk(Bulk { kind, len }));
        }
        b'*' | b'~' | b'>' | b'%' | b'|' => {
            let each = if matches!(kind, b'%' | b'|') { 2 } else { 1 };
            let count = parse_count(text).and_then(|count| count.checked_mul(each));
            return Ok(Part::Open {
                kind,
                count: count.ok_or(ProtocolError::InvalidCount)?,
            });
        }
        _ => return Err(invalid),
    };
    Ok(Part::Value(value))
}

fn parse_count(text: &[u8]) -> Option<usize> {
    usize::try_from(parse_decimal(text)?).ok()
}

/// Reads a double. Redis before 7.2 wrote NaN as the C library did, with a sign at times.
fn parse_double(text: &[u8]) -> Option<f64> {
    match text {
        b"inf" => Some(f64::INFINITY),
        b"-inf" => Some(f64::NEG_INFINITY),
        b"nan" | b"-nan" => Some(f64::NAN),
        // What Rust reads beyond the protocol is all letters.
        _ if text
            .iter()
            .any(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'e' | b'E')) =>
        {
            None
        }
        _ => str::from_utf8(text).ok()?.parse().ok(),
    }
}

fn is_big_number(text: &[u8]) -> bool {
    let digits = text
        .strip_prefix(b"-")
        .or(text.strip_prefix(b"+"))
        .unwrap_or(text);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

fn text_of(bytes: &[u8]) -> Cow<'static, str> {
    Cow::Owned(String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reply_has_its_limits_to_itself() {
        let mut decoder = FrameDecoder::new(100);
        decoder.buffer().extend_from_slice(b"*2\r\n$1\r\na\r\n");
        assert_eq!(decoder.next(), Ok(None));
        assert_eq!((decoder.bytes, decoder.elements), (11, 2));
        decoder.buffer().extend_from_slice(b":1\r\n");
        assert!(matches!(decoder.next(), Ok(Some(_))));
        assert_eq!((decoder.bytes, decoder.elements), (0, 0));
    }
}
