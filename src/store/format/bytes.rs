//! Keys, values and numbers as JSON text, and back.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::escape::{is_plain_ascii, push_escaped};
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

/// The field that says when a key is gone, up to its content.
pub(in crate::store) const EXPIRES: &[u8] = b",\"expires_unix_ms\":";

/// Text of a file. Parsed from a slice it is borrowed from there, if nothing in it is escaped.
#[derive(Deserialize)]
#[serde(transparent)]
pub(in crate::store) struct Text<'a>(#[serde(borrow)] pub(in crate::store) Cow<'a, str>);

impl Text<'_> {
    /// The bytes that it is the base64 of. `field` is told if it is none.
    pub(in crate::store) fn decode_base64(&self, field: &str) -> Result<Vec<u8>, Flaw> {
        let decoded = STANDARD.decode(self.0.as_bytes());
        decoded.map_err(|error| Flaw::Malformed(format!("`{field}` is not base64: {error}")))
    }
}

impl Field {
    /// Appends the field: as text, or in base64 if it has to be or if that makes it shorter.
    pub(in crate::store) fn push(&self, out: &mut Vec<u8>, bytes: &[u8]) {
        if is_plain_ascii(bytes) {
            out.extend_from_slice(self.opening);
            out.extend_from_slice(bytes);
        } else {
            self.push_other(out, bytes);
        }
        out.push(b'"');
    }

    fn push_other(&self, out: &mut Vec<u8>, bytes: &[u8]) {
        let start = out.len();
        out.reserve(self.opening.len() + bytes.len());
        if std::str::from_utf8(bytes).is_ok() {
            let longest = self.base64_len(bytes) - self.opening.len();
            out.extend_from_slice(self.opening);
            if push_escaped(out, bytes, longest) {
                return;
            }
        }
        out.truncate(start);
        out.extend_from_slice(self.base64_opening);
        push_base64(out, bytes);
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
            (None, Some(text)) => Ok(Some(Cow::Owned(text.decode_base64(self.base64_name)?))),
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

fn base64_len(bytes: &[u8]) -> usize {
    bytes.len().div_ceil(3).saturating_mul(4)
}

/// Appends the text of a string of JSON, if the bytes are one and it is no longer than their base64. Whether it
/// was done; if not, some of it may have been appended.
pub fn push_text(out: &mut Vec<u8>, bytes: &[u8]) -> bool {
    if is_plain_ascii(bytes) {
        out.extend_from_slice(bytes);
        return true;
    }
    std::str::from_utf8(bytes).is_ok() && push_escaped(out, bytes, base64_len(bytes))
}

/// Appends the base64 of these bytes.
pub fn push_base64(out: &mut Vec<u8>, bytes: &[u8]) {
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
pub(in crate::store) fn push_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
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
