//! Lists of byte strings as JSON, and back.

use serde::Deserialize;

use super::Flaw;
use super::bytes::{Text, push_base64, push_text};
use crate::limits::VALUE_MAX_BYTES_CEILING;
use crate::store::value::{Items, ItemsBuf};

const OPENING: &[u8] = b",\"items\":[";
const BASE64_OPENING: &[u8] = b",\"items_base64\":[";

/// Appends the field: all as text, or all in base64 if one of them has to be, or is shorter so.
pub(super) fn push(out: &mut Vec<u8>, items: Items<'_>) {
    let start = out.len();
    if !push_list(out, OPENING, items, push_text) {
        out.truncate(start);
        push_list(out, BASE64_OPENING, items, |out, item| {
            push_base64(out, item);
            true
        });
    }
}

/// Appends the list. `false` if `push` could not do it for one of them.
fn push_list(
    out: &mut Vec<u8>,
    opening: &[u8],
    items: Items<'_>,
    push: impl Fn(&mut Vec<u8>, &[u8]) -> bool,
) -> bool {
    out.extend_from_slice(opening);
    for (number, item) in items.iter().enumerate() {
        out.extend_from_slice(if number > 0 { b",\"" } else { b"\"" });
        if !push(out, item) {
            return false;
        }
        out.push(b'"');
    }
    out.push(b']');
    true
}

/// The texts of a list.
#[derive(Deserialize)]
#[serde(transparent)]
pub(in crate::store) struct Texts<'a>(#[serde(borrow)] Vec<Text<'a>>);

/// The content of the field, whichever of its two forms is there.
pub(in crate::store) fn decode(
    texts: Option<Texts<'_>>,
    base64: Option<Texts<'_>>,
) -> Result<Option<ItemsBuf>, Flaw> {
    let (texts, is_base64) = match (texts, base64) {
        (None, None) => return Ok(None),
        (Some(texts), None) => (texts, false),
        (None, Some(texts)) => (texts, true),
        (Some(_), Some(_)) => {
            return Err(Flaw::malformed("has both `items` and `items_base64`"));
        }
    };
    let mut items = ItemsBuf::default();
    for text in &texts.0 {
        if is_base64 {
            items.push(&text.decode_base64("items_base64")?);
        } else {
            items.push(text.0.as_bytes());
        }
    }
    if items
        .as_items()
        .iter()
        .any(|item| item.len() > VALUE_MAX_BYTES_CEILING)
    {
        return Err(Flaw::malformed("has an item that is too long"));
    }
    Ok(Some(items))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Object;
    use super::*;

    #[derive(Deserialize)]
    struct Parsed<'a> {
        #[serde(borrow)]
        items: Option<Texts<'a>>,
        #[serde(borrow)]
        items_base64: Option<Texts<'a>>,
    }

    fn written(items: &[&[u8]]) -> Vec<u8> {
        let items: ItemsBuf = items.iter().copied().collect();
        let mut out = b"{\"first\":0".to_vec();
        push(&mut out, items.as_items());
        out.push(b'}');
        out
    }

    #[test]
    fn they_are_text_as_long_as_all_can_be() {
        let written = |items: &[&[u8]]| String::from_utf8(written(items)).unwrap();
        assert_eq!(written(&[]), r#"{"first":0,"items":[]}"#);
        assert_eq!(
            written(&[b"a", b"\"", "ä".as_bytes()]),
            r#"{"first":0,"items":["a","\"","ä"]}"#
        );
        assert_eq!(
            written(&[b"a", b"\xff"]),
            r#"{"first":0,"items_base64":["YQ==","/w=="]}"#
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            items in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..8),
            is_ascii in any::<bool>(),
        ) {
            let items: Vec<Vec<u8>> = items
                .into_iter()
                .map(|item| if is_ascii { item.iter().map(|byte| byte & 0x7f).collect() } else { item })
                .collect();
            let slices: Vec<&[u8]> = items.iter().map(Vec::as_slice).collect();
            let text = written(&slices);
            let Object(parsed): Object<serde_json::Map<String, serde_json::Value>> =
                serde_json::from_slice(&text).unwrap();
            prop_assert_eq!(parsed.len(), 2);
            let Parsed { items, items_base64 } = serde_json::from_slice(&text).unwrap();
            let read = decode(items, items_base64).unwrap().unwrap();
            prop_assert!(read.as_items().iter().eq(slices));
        }
    }
}
