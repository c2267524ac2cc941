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
        match std::str::from_utf8(bytes) {
            Ok(_) if is_plain(bytes) => {
                out.extend_from_slice(self.opening);
                out.extend_from_slice(bytes);
            }
            Ok(_) if self.opening.len() + escaped_len(bytes) <= self.base64_len(bytes) => {
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

    fn base64_len(&self, bytes: &[u8]) -> usize {
        self.base64_opening.len() + base64_len(bytes)
    }
}

/// Whether the bytes stand in JSON as they are.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without a branch the loop is done for many bytes at once"
)]
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    !bytes.iter().fold(false, |found, &byte| {
        found | (byte < 0x20) | (byte == b'"') | (byte == b'\\')
    })
}

fn escaped_len(bytes: &[u8]) -> usize {
    let len = |&byte: &u8| match escape(byte) {
        Escape::No => 1,
        Escape::Short(_) => 2,
        Escape::Hex => 6,
    };
    bytes.iter().map(len).sum()
}

fn base64_len(bytes: &[u8]) -> usize {
    bytes.len().div_ceil(3).saturating_mul(4)
}

fn push_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    for &byte in bytes {
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
