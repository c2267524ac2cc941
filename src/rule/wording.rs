//! How messages quote what stands in a file, and name what should stand there.

use serde_json::Value;

/// The most characters of a file that a message repeats: enough to find the place by.
const QUOTED_MAX_CHARS: usize = 40;

/// The value as its writer knows it, on one line and short.
pub(crate) fn quote(value: &Value) -> String {
    match value {
        Value::String(text) => quote_text(text),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// The text in quotation marks. Control characters are escaped, so that a file can't write to the
/// terminal of its reader.
pub(crate) fn quote_text(text: &str) -> String {
    match text.char_indices().nth(QUOTED_MAX_CHARS) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// Whether `found` is `word` but for case, hyphens, underscores and spaces: `MD5`, `sha-1`,
/// `lastHexDigit`.
pub(crate) fn is_nearly(found: &str, word: &str) -> bool {
    fn squash(word: &str) -> impl Iterator<Item = u8> {
        word.bytes()
            .filter(u8::is_ascii_alphanumeric)
            .map(|byte| byte.to_ascii_lowercase())
    }
    squash(found).eq(squash(word))
}

/// What to write instead of `found`: the one word that it nearly is, else all that are known.
pub(crate) fn instead(found: &str, known: &[&str]) -> String {
    match known.iter().find(|word| is_nearly(found, word)) {
        Some(word) => quote_text(word),
        None => one_of(known),
    }
}

/// The words in quotation marks, as a choice: `"a", "b" or "c"`.
pub(crate) fn one_of(known: &[&str]) -> String {
    let quoted: Vec<String> = known.iter().copied().map(quote_text).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_quoted_on_one_short_line() {
        let cases = [
            (json!("md6"), r#""md6""#.to_owned()),
            (json!("a\nb\u{1b}[2J"), r#""a\nb\u{1b}[2J""#.to_owned()),
            (
                json!("é".repeat(1000)),
                format!("\"{}\"…", "é".repeat(QUOTED_MAX_CHARS)),
            ),
            (json!(-3), "-3".to_owned()),
            (json!(null), "null".to_owned()),
            (json!([1, 2]), "a list".to_owned()),
            (json!({"a": 1}), "an object".to_owned()),
        ];
        for (value, quoted) in cases {
            assert_eq!(quote(&value), quoted);
        }
    }

    #[test]
    fn a_near_miss_gets_its_word_and_anything_else_the_choice() {
        let known = ["md5", "sha1", "last_hex_digit"];
        for (found, word) in [
            ("MD-5", "md5"),
            ("SHA 1", "sha1"),
            ("lastHexDigit", known[2]),
        ] {
            assert_eq!(instead(found, &known), format!("\"{word}\""));
        }
        for found in ["md6", "", "---"] {
            assert_eq!(
                instead(found, &known),
                r#""md5", "sha1" or "last_hex_digit""#
            );
        }
        assert_eq!(instead("x", &["only"]), r#""only""#);
    }
}
