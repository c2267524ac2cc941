//! Keys, values and numbers as JSON text, and back.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::{Flaw, checksum};

/// A field that holds bytes, under the two names that it may have.
pub(in crate::store) struct Field {
    name: &'static str,
    base64_name: &'static str,
    /// The field up to its content, in either form.
    opening: &'static [u8],
    base64_opening: &'static [u8],
}

pub(in crate::store) const KEY: Field = Field {
    name: "key",
    base64_name: "key_base64",
    opening: b"\"key\":\"",
    base64_opening: b"\"key_base64\":\"",
};

pub(in crate::store) const VALUE: Field = Field {
    name: "value",
    base64_name: "value_base64",
    opening: b"\"value\":\"",
    base64_opening: b"\"value_base64\":\"",
};

/// Text of a file. Parsed from a slice it is borrowed from there, if nothing in it is escaped.
#[derive(Deserialize)]
#[serde(transparent)]
pub(in crate::store) struct Text<'a>(#[serde(borrow)] pub(in crate::store) Cow<'a, str>);

impl Field {
    /// Appends the field: as text, or in base64 if it has to be or if that makes it shorter.
    pub(in crate::store) fn push(&self, out: &mut Vec<u8>, bytes: &[u8]) {
        let is_text = std::str::from_utf8(bytes).is_ok();
        match escapes_len(bytes) {
            0 if is_text => {
                out.extend_from_slice(self.opening);
                out.extend_from_slice(bytes);
            }
            more if is_text && self.text_len(bytes, more) <= self.base64_len(bytes) => {
                out.reserve(self.text_len(bytes, more));
                out.extend_from_slice(self.opening);
                push_escaped(out, bytes);
            }
            _ => {
                out.extend_from_slice(self.base64_opening);
                push_base64(out, bytes);
            }
        }
        out.push(b'"');
    }

    /// The content of the field, whichever of its two forms is there.
    pub(in crate::store) fn decode<'a>(
        &self,
        text: Option<Text<'a>>,
        base64: Option<Text<'a>>,
    ) -> Result<Option<Cow<'a, [u8]>>, Flaw> {
        match (text, base64) {
            (None, None) => Ok(None),
            (Some(Text(Cow::Borrowed(text))), None) => Ok(Some(Cow::Borrowed(text.as_bytes()))),
            (Some(Text(Cow::Owned(text))), None) => Ok(Some(Cow::Owned(text.into_bytes()))),
            (None, Some(Text(text))) => match STANDARD.decode(text.as_bytes()) {
                Ok(bytes) => Ok(Some(Cow::Owned(bytes))),
                Err(error) => Err(Flaw::Malformed(format!(
                    "`{}` is not base64: {error}",
                    self.base64_name
                ))),
            },
            (Some(_), Some(_)) => Err(Flaw::Malformed(format!(
                "has both `{}` and `{}`",
                self.name, self.base64_name
            ))),
        }
    }

    /// Of the text with `more` bytes of escapes.
    fn text_len(&self, bytes: &[u8], more: usize) -> usize {
        self.opening.len() + bytes.len() + more
    }

    fn base64_len(&self, bytes: &[u8]) -> usize {
        self.base64_opening.len() + base64_len(bytes)
    }
}

/// Whether the bytes stand in JSON as they are.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    escapes_len(bytes) == 0
}

/// The bytes that escapes add; none if the bytes stand in JSON as they are.
fn escapes_len(bytes: &[u8]) -> usize {
    // The sum of a chunk fits in a byte, and without a branch it is taken of many bytes at once.
    let of_chunk = |chunk: &[u8]| chunk.iter().map(|&byte| escape_len(byte)).sum::<u8>();
    let chunks = bytes.chunks(usize::from(u8::MAX / HEX_ESCAPE_LEN));
    chunks.map(|chunk| usize::from(of_chunk(chunk))).sum()
}

/// What the longest escape, `\u001f`, has beyond the byte that it stands for.
const HEX_ESCAPE_LEN: u8 = 5;

/// The bytes that the escape of a byte adds. It agrees with [`escape`].
#[expect(
    clippy::needless_bitwise_bool,
    reason = "branches would keep the loop from being done for many bytes at once"
)]
fn escape_len(byte: u8) -> u8 {
    let is_short = (byte == b'"') | (byte == b'\\');
    let is_named = (byte == b'\n') | (byte == b'\r') | (byte == b'\t');
    u8::from(is_short) + u8::from(byte < 0x20) * HEX_ESCAPE_LEN
        - u8::from(is_named) * (HEX_ESCAPE_LEN - 1)
}

fn base64_len(bytes: &[u8]) -> usize {
    bytes.len().div_ceil(3).saturating_mul(4)
}

fn push_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut rest = bytes;
    loop {
        let plain = rest.iter().position(|&byte| escape_len(byte) > 0);
        let (run, escaped) = rest
            .split_at_checked(plain.unwrap_or(rest.len()))
            .unwrap_or_default();
        out.extend_from_slice(run);
        let Some((&byte, after)) = escaped.split_first() else {
            return;
        };
        push_escape(out, byte);
        rest = after;
    }
}

fn push_escape(out: &mut Vec<u8>, byte: u8) {
    match escape(byte) {
        Escape::No => out.push(byte),
        Escape::Short(letter) => out.extend_from_slice(&[b'\\', letter]),
        Escape::Hex => {
            // Only bytes below 0x20 come here.
            out.extend_from_slice(if byte < 0x10 { b"\\u000" } else { b"\\u001" });
            out.push(
                b"0123456789abcdef"
                    .get(usize::from(byte & 15))
                    .copied()
                    .unwrap_or(b'0'),
            );
        }
    }
}

#[derive(Clone, Copy)]
enum Escape {
    No,
    Short(u8),
    Hex,
}

fn escape(byte: u8) -> Escape {
    match byte {
        b'"' | b'\\' => Escape::Short(byte),
        b'\n' => Escape::Short(b'n'),
        b'\r' => Escape::Short(b'r'),
        b'\t' => Escape::Short(b't'),
        0..0x20 => Escape::Hex,
        _ => Escape::No,
    }
}

fn push_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + base64_len(bytes), 0);
    let written = out
        .get_mut(start..)
        .map_or(Ok(0), |place| STANDARD.encode_slice(bytes, place))
        .unwrap_or_default();
    debug_assert_eq!(
        start + written,
        out.len(),
        "base64 takes 4 bytes for each 3 begun"
    );
}

/// Appends a number in decimal.
pub(in crate::store) fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [b'0'; 20];
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        used += 1;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
}

/// Appends `,"crc":"…"`.
pub(in crate::store) fn push_crc(out: &mut Vec<u8>, crc: u32) {
    out.extend_from_slice(b",\"crc\":\"");
    out.extend_from_slice(&checksum::digits(crc));
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Parsed<'a> {
        #[serde(borrow)]
        value: Option<Text<'a>>,
        #[serde(borrow)]
        value_base64: Option<Text<'a>>,
    }

    fn written(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        VALUE.push(&mut out, bytes);
        out
    }

    fn read(field: &[u8]) -> Vec<u8> {
        let object = [b"{", field, b"}"].concat();
        let Parsed {
            value,
            value_base64,
        } = serde_json::from_slice(&object).unwrap();
        let content = VALUE.decode(value, value_base64).unwrap().unwrap();
        content.into_owned()
    }

    /// Bytes of all kinds, with those that are escaped and those beside them more often.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            8 => b' '..=b'~',
            2 => prop::sample::select(&b"\"\\\n\r\t\x00\x08\x0f\x10\x1f !#[]\x7f"[..]),
            1 => Just(0x80_u8),
        ];
        prop::collection::vec(byte, 0..200)
    }

    #[test]
    fn each_byte_is_escaped_as_it_is_counted() {
        for byte in 0..=u8::MAX {
            let mut out = Vec::new();
            push_escaped(&mut out, &[byte]);
            assert_eq!(out.len(), 1 + usize::from(escape_len(byte)), "{byte}");
        }
        assert_eq!(escapes_len(&[0x1f; 1_000]), 5_000);
    }

    #[test]
    fn runs_and_escapes_stand_in_order() {
        assert_eq!(written(b""), b"\"value\":\"\"");
        assert_eq!(
            written(b"\"two \\ and a\ttab in the middle\x1f"),
            br#""value":"\"two \\ and a\ttab in the middle\u001f""#
        );
        assert_eq!(written(b"\x01\x02\x03"), b"\"value_base64\":\"AQID\"");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bytes in bytes()) {
            let field = written(&bytes);
            prop_assert_eq!(read(&field), &*bytes);
            let base64 = VALUE.base64_len(&bytes) + 1;
            prop_assert!(field.len() <= base64, "base64 is the longest it gets");
        }
    }
}
