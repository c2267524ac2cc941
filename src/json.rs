//! Keys and values in JSON documents.

use crate::ending::Ending;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// A key as a field of a JSON object: `key`, or `key_base64` if it is not UTF-8.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Key {
    /// Text.
    Text {
        /// The key.
        key: String,
    },
    /// Anything else.
    Bytes {
        /// The key in base64, by RFC 4648.
        key_base64: String,
    },
}

/// A value as a field of a JSON object: `value`, or `value_base64` if it is not UTF-8; null where
/// there is none.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Text.
    Text {
        /// The value.
        value: String,
    },
    /// Anything else.
    Bytes {
        /// The value in base64, by RFC 4648.
        value_base64: String,
    },
    /// No value.
    Absent {
        /// Null.
        value: (),
    },
}

impl Key {
    /// The field for a key.
    pub fn new(key: &[u8]) -> Self {
        match String::from_utf8(key.to_vec()) {
            Ok(key) => Self::Text { key },
            Err(_) => Self::Bytes {
                key_base64: STANDARD.encode(key),
            },
        }
    }
}

impl Value {
    /// The field for a value, or for none.
    pub fn new(value: Option<Vec<u8>>) -> Self {
        match value.map(String::from_utf8) {
            Some(Ok(value)) => Self::Text { value },
            Some(Err(error)) => Self::Bytes {
                value_base64: STANDARD.encode(error.as_bytes()),
            },
            None => Self::Absent { value: () },
        }
    }
}

/// A JSON document on one line.
pub fn document(fields: &impl Serialize) -> Result<String, Ending> {
    serde_json::to_string(fields).map_err(Ending::failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_text_are_told_from_text() {
        let fields = |key: &[u8], value: Option<&[u8]>| {
            let key = document(&Key::new(key)).unwrap();
            (
                key,
                document(&Value::new(value.map(<[u8]>::to_vec))).unwrap(),
            )
        };
        assert_eq!(
            fields(b"a", Some(b"b")),
            (r#"{"key":"a"}"#.into(), r#"{"value":"b"}"#.into())
        );
        assert_eq!(
            fields(b"\xff", Some(b"\xff\xfe")),
            (
                r#"{"key_base64":"/w=="}"#.into(),
                r#"{"value_base64":"//4="}"#.into()
            )
        );
        assert_eq!(fields(b"", None).1, r#"{"value":null}"#);
    }
}
