//! One reply, as a value.

use std::borrow::Cow;

/// The version of the protocol in which a connection is answered; `HELLO` changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// What every connection opens with.
    #[default]
    Resp2,
    /// Adds maps, sets, doubles, booleans, one null, and pushes.
    Resp3,
}

/// One reply. Text and bytes are borrowed where they can be, so that a value is copied once on its
/// way out: from the table into the output.
///
/// Frames are built by this program, or by [`FrameDecoder`](super::FrameDecoder) within
/// [`REPLY_DEPTH_MAX`](crate::limits::REPLY_DEPTH_MAX) levels; so what walks over one may recurse.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame<'a> {
    /// A short text without CR and LF, such as `OK`.
    Simple(Cow<'a, str>),
    /// An error: a code in capitals, a space, and a text for people. Without the `-` before it.
    Error(Cow<'a, str>),
    /// A number.
    Integer(i64),
    /// Bytes of any kind: what keys and values are.
    Bulk(Cow<'a, [u8]>),
    /// Nothing: there is no such key.
    Null,
    /// Elements in order.
    Array(Vec<Frame<'a>>),
    /// Keys and values, in the order in which they are sent. RESP2: an array of both in turn.
    Map(Vec<(Frame<'a>, Frame<'a>)>),
    /// Elements whose order means nothing. RESP2: an array.
    Set(Vec<Frame<'a>>),
    /// What was not asked for. RESP2: an array.
    Push(Vec<Frame<'a>>),
    /// A floating point number. RESP2: its text, as a bulk string.
    Double(f64),
    /// Yes or no. RESP2: the integers 1 and 0.
    Boolean(bool),
    /// An integer of any size, in decimal digits. RESP2: a bulk string.
    BigNumber(Cow<'a, str>),
    /// Text to be shown to a person as it is. RESP2: a bulk string.
    Verbatim {
        /// Three letters: `txt`, or `mkd` for Markdown.
        format: [u8; 3],
        /// The text.
        text: Cow<'a, [u8]>,
    },
}

/// No scalar takes more bytes than this beside its text: type, a length of up to 20 digits and two
/// line ends, or a double of up to 25 characters with the length that RESP2 puts before it.
const SCALAR_MAX_BYTES: usize = 48;

impl<'a> Frame<'a> {
    /// `+OK`.
    pub const OK: Frame<'static> = Frame::Simple(Cow::Borrowed("OK"));

    /// A simple string. CR and LF in it become spaces when it is sent.
    pub fn simple(text: impl Into<Cow<'a, str>>) -> Self {
        Frame::Simple(text.into())
    }

    /// An error: its code, a space, its text. CR and LF in it become spaces when it is sent.
    pub fn error(text: impl Into<Cow<'a, str>>) -> Self {
        Frame::Error(text.into())
    }

    /// A bulk string of bytes.
    pub fn bulk(bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        Frame::Bulk(bytes.into())
    }

    /// A bulk string of text.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Frame::Bulk(match text.into() {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        })
    }

    /// A bulk string, or null where there is none.
    pub fn bulk_or_null(bytes: Option<impl Into<Cow<'a, [u8]>>>) -> Self {
        bytes.map_or(Frame::Null, Frame::bulk)
    }

    /// A number of things.
    pub fn count(things: usize) -> Self {
        Frame::Integer(i64::try_from(things).unwrap_or(i64::MAX))
    }

    /// An array.
    pub fn array(elements: impl IntoIterator<Item = Frame<'a>>) -> Self {
        Frame::Array(elements.into_iter().collect())
    }

    /// A map.
    pub fn map(pairs: impl IntoIterator<Item = (Frame<'a>, Frame<'a>)>) -> Self {
        Frame::Map(pairs.into_iter().collect())
    }

    /// The bytes of a string of any kind.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Frame::Simple(text) => Some(text.as_bytes()),
            Frame::Bulk(bytes) | Frame::Verbatim { text: bytes, .. } => Some(bytes),
            _ => None,
        }
    }

    /// The same frame, borrowing nothing.
    pub fn into_owned(self) -> Frame<'static> {
        let all = |frames: Vec<Frame<'_>>| frames.into_iter().map(Frame::into_owned).collect();
        match self {
            Frame::Simple(text) => Frame::Simple(owned(text)),
            Frame::Error(text) => Frame::Error(owned(text)),
            Frame::Integer(number) => Frame::Integer(number),
            Frame::Bulk(bytes) => Frame::Bulk(owned(bytes)),
            Frame::Null => Frame::Null,
            Frame::Array(elements) => Frame::Array(all(elements)),
            Frame::Map(pairs) => Frame::map(
                pairs
                    .into_iter()
                    .map(|(key, value)| (key.into_owned(), value.into_owned())),
            ),
            Frame::Set(elements) => Frame::Set(all(elements)),
            Frame::Push(elements) => Frame::Push(all(elements)),
            Frame::Double(number) => Frame::Double(number),
            Frame::Boolean(yes) => Frame::Boolean(yes),
            Frame::BigNumber(digits) => Frame::BigNumber(owned(digits)),
            Frame::Verbatim { format, text } => Frame::Verbatim {
                format,
                text: owned(text),
            },
        }
    }

    /// A number of bytes that this frame's encoding does not exceed in either version, a few dozen
    /// above it for each element. It costs a walk over the elements and not over their bytes.
    pub fn encoded_len_max(&self) -> usize {
        let sum = |frames: &[Frame<'_>]| frames.iter().map(Frame::encoded_len_max).sum::<usize>();
        SCALAR_MAX_BYTES
            + match self {
                Frame::Simple(text) | Frame::Error(text) | Frame::BigNumber(text) => text.len(),
                Frame::Bulk(bytes) | Frame::Verbatim { text: bytes, .. } => bytes.len(),
                Frame::Array(elements) | Frame::Set(elements) | Frame::Push(elements) => {
                    sum(elements)
                }
                Frame::Map(pairs) => pairs
                    .iter()
                    .map(|(key, value)| key.encoded_len_max() + value.encoded_len_max())
                    .sum(),
                Frame::Integer(_) | Frame::Null | Frame::Double(_) | Frame::Boolean(_) => 0,
            }
    }
}

fn owned<T: ToOwned + ?Sized>(text: Cow<'_, T>) -> Cow<'static, T> {
    Cow::Owned(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_takes_what_the_limit_of_elements_reckons_with() {
        assert!(size_of::<Frame<'_>>() <= 32);
    }

    #[test]
    fn owning_changes_no_value() {
        let text = String::from("text");
        let frame = Frame::array([
            Frame::OK,
            Frame::error(text.as_str()),
            Frame::count(usize::MAX),
            Frame::text(text.as_str()),
            Frame::bulk_or_null(None::<&[u8]>),
            Frame::map([(
                Frame::bulk(text.as_bytes()),
                Frame::Set(vec![Frame::Boolean(true)]),
            )]),
            Frame::Push(vec![
                Frame::Double(0.5),
                Frame::BigNumber(text.as_str().into()),
            ]),
            Frame::Verbatim {
                format: *b"txt",
                text: text.as_bytes().into(),
            },
        ]);
        let copy = frame.clone();
        assert_eq!(frame.into_owned(), copy);
    }

    #[test]
    fn every_kind_of_string_has_bytes() {
        assert_eq!(Frame::OK.as_bytes(), Some(&b"OK"[..]));
        assert_eq!(Frame::text("a").as_bytes(), Some(&b"a"[..]));
        assert_eq!(Frame::error("ERR no").as_bytes(), None);
    }
}
