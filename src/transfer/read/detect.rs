//! Which format a file has, by its beginning.

use std::cell::RefCell;
use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};

use super::csv::COLUMNS;
use crate::transfer::Format;

/// The fields of an entry that stands on a line. The first two are those of its key.
const FIELDS: [&str; 9] = [
    "key",
    "key_base64",
    "value",
    "value_base64",
    "type",
    "items",
    "items_base64",
    "expires_unix_ms",
    "crc",
];

/// The format of a file that begins so. The error says what to do where that can't be told.
///
/// What begins with `{` is either one object or the first of many. It is an entry of many if its fields are those
/// of one, with the key first, as long as they can be seen.
pub(in crate::transfer) fn detect(head: &[u8]) -> Result<Format, String> {
    let text = head.trim_ascii_start();
    if text.first() == Some(&b'{') {
        return Ok(if is_entry(&names_in(text)) {
            Format::Lines
        } else {
            Format::Object
        });
    }
    let line = text.split(|byte| *byte == b'\n').next();
    let mut cells = line
        .unwrap_or_default()
        .split(|byte| b",;\t".contains(byte));
    let is_column = |cell: &[u8]| {
        let cell = cell.trim_ascii();
        COLUMNS.iter().any(|column| column.as_bytes() == cell)
    };
    if cells.any(is_column) {
        return Ok(Format::Csv);
    }
    Err(
        "it begins neither with { nor with the header key,value; if it has keys, name its format with \
         --format object, lines or csv"
            .to_owned(),
    )
}

/// Whether a file begins with a line that is an entry: a key with its value or items.
pub(in crate::transfer) fn begins_with_an_entry(head: &[u8]) -> bool {
    let names = names_in(head.trim_ascii_start());
    let is_value = |name: &String| {
        matches!(
            name.as_str(),
            "value" | "value_base64" | "items" | "items_base64"
        )
    };
    is_entry(&names) && names.iter().any(is_value)
}

fn is_entry(names: &[String]) -> bool {
    let is_field = |name: &String| FIELDS.contains(&name.as_str());
    match names {
        // A backup, or another file of nodes: the reader of lines knows what to say of it.
        [first, ..] if first == "triad" => true,
        // A value so long that the next name is out of sight is no key.
        [key, rest @ ..] => {
            matches!(key.as_str(), "key" | "key_base64")
                && !rest.is_empty()
                && rest.iter().all(is_field)
        }
        [] => false,
    }
}

/// The names of the object at the beginning, as far as it can be seen.
fn names_in(text: &[u8]) -> Vec<String> {
    struct Names<'n>(&'n RefCell<Vec<String>>);

    impl<'de> Visitor<'de> for Names<'_> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(name) = map.next_key::<String>()? {
                self.0.borrow_mut().push(name);
                map.next_value::<IgnoredAny>()?;
            }
            Ok(())
        }
    }

    let names = RefCell::default();
    // It ends with an error where the text is cut off, and nothing else is asked of it.
    let _ = serde_json::Deserializer::from_slice(text).deserialize_map(Names(&names));
    names.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_tells_the_format() {
        for (text, format) in [
            ("{}", Format::Object),
            ("  {\n  \"a\": \"b\"\n}", Format::Object),
            ("{\"key\":\"value\",\"another\":\"value\"}", Format::Object),
            ("{\"key\":\"value\"}", Format::Object),
            ("{\"value\":\"a\",\"key\":\"b\"}", Format::Object),
            ("{", Format::Object),
            ("{\"key\":\"a\",\"value\":\"b\"}\n{\"key\":", Format::Lines),
            ("{\"key_base64\":\"/w==\",\"value\":\"b\"}", Format::Lines),
            (
                "\n {\"key\":\"a\",\"type\":\"set\",\"items\":[\"",
                Format::Lines,
            ),
            ("{\"key\":\"a\",\"value\":\"cut of", Format::Lines),
            ("{\"triad\":\"backup\",\"version\":1}", Format::Lines),
            ("key,value\na,b\n", Format::Csv),
            ("value;key\r\n", Format::Csv),
            ("key_base64\tvalue\n", Format::Csv),
        ] {
            assert_eq!(detect(text.as_bytes()), Ok(format), "{text}");
        }
        for (text, is) in [
            ("{\"key\":\"a\",\"value\":\"b", true),
            ("{\"key\":\"a\",\"type\":\"set\",\"items\":[\"", true),
            ("{\"key\":\"a\",\"type\":\"b\"}", false),
            ("{\"value\":\"a\",\"key\":\"b\"}", false),
            ("{\"key\":\"a\",\"value\":\"b\",\"c\":\"d\"}", false),
            ("key,value", false),
        ] {
            assert_eq!(begins_with_an_entry(text.as_bytes()), is, "{text}");
        }
        for text in ["", "[1,2]", "a,b\n", "\"text\"", "\u{0}\u{1}"] {
            assert!(detect(text.as_bytes()).is_err(), "{text}");
        }
    }
}
