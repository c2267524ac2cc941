//! Replies that have arrived whole and are of the kinds that nodes send most: a short string, or an array
//! of short strings and nulls. They are read without a copy of their bytes.

use crate::resp::Frame;
use crate::resp::number::parse_short_line;

/// A reply of such a kind, which has not been read yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole {
    /// Its length, all lines included.
    pub(super) len: usize,
    /// The elements, of an array.
    elements: Option<usize>,
}

/// A string, or null, at the beginning of some bytes.
struct Element {
    /// Where the string is; none for null.
    string: Option<std::ops::Range<usize>>,
    len: usize,
}

const NULL: &[u8] = b"_\r\n";

impl Whole {
    /// The reply that `bytes` begin with, if it is one of these. `None` says nothing else about them.
    /// The bytes that had to be looked at are added to `examined`.
    pub(super) fn find(
        bytes: &[u8],
        string_max_bytes: usize,
        examined: &mut usize,
    ) -> Option<Self> {
        if bytes.first() != Some(&b'*') {
            let element = Element::find(bytes, string_max_bytes, examined)?;
            return Some(Self {
                len: element.len,
                elements: None,
            });
        }
        let (count, line) = parse_short_line(bytes)?;
        *examined += line;
        let mut len = line;
        for _ in 0..count {
            len += Element::find(bytes.get(len..)?, string_max_bytes, examined)?.len;
        }
        Some(Self {
            len,
            elements: Some(count),
        })
    }

    /// The reply itself, of the bytes that it was found in.
    pub(super) fn read(self, bytes: &[u8]) -> Frame<'_> {
        let Some(count) = self.elements else {
            return Elements(bytes).next().unwrap_or(Frame::Null);
        };
        let line = parse_short_line(bytes).map_or(0, |(_, line)| line);
        let rest = bytes.get(line..).unwrap_or_default();
        let mut elements = Vec::with_capacity(count);
        elements.extend(Elements(rest).take(count));
        Frame::Array(elements)
    }
}

/// The strings and nulls that some bytes begin with.
struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        let element = Element::find(self.0, usize::MAX, &mut 0)?;
        let string = element.string.and_then(|place| self.0.get(place));
        self.0 = self.0.get(element.len..).unwrap_or_default();
        Some(Frame::bulk_or_null(string))
    }
}

impl Element {
    fn find(bytes: &[u8], string_max_bytes: usize, examined: &mut usize) -> Option<Self> {
        if bytes.starts_with(NULL) {
            *examined += NULL.len();
            return Some(Self {
                string: None,
                len: NULL.len(),
            });
        }
        let is_string = bytes.first() == Some(&b'$');
        let (len, line) = parse_short_line(bytes).filter(|_| is_string)?;
        *examined += line + 2;
        let end = line + len;
        let is_whole = len <= string_max_bytes && bytes.get(end..end + 2) == Some(b"\r\n");
        is_whole.then_some(Self {
            string: Some(line..end),
            len: end + 2,
        })
    }
}
