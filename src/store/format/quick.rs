//! Lines as this program itself writes them, read without a parser of JSON.
//!
//! Nearly every line that a node reads when it starts is its own: the fields in one order, no white
//! space, text without escapes. Such a line is compared piece by piece, several times faster than it
//! would be parsed. What is not exactly so, or has a wrong checksum, is left to the parser, which takes
//! all that is taken here and understands it in the same way.

use memchr::memchr;

use super::NUMBER_MAX;
use super::bytes::EXPIRES;
use super::checksum;
use super::escape::{is_plain, is_plain_ascii};
use super::record::{Content, Effect, Record};
use crate::limits::{KEY_MAX_BYTES, VALUE_MAX_BYTES_CEILING};
use crate::store::table::Deadline;

/// The key, the value and the checksum of an entry of a snapshot.
pub(in crate::store) fn entry(line: &[u8]) -> Option<(&[u8], &[u8], u32)> {
    let mut line = Line(line);
    line.skip(b"{\"key\":\"")?;
    let key = line.text(KEY_MAX_BYTES)?;
    line.skip(b",\"value\":\"")?;
    let value = line.text(VALUE_MAX_BYTES_CEILING)?;
    let written = line.end()?;
    let crc = checksum::of_entry(key, value);
    (written == crc).then_some((key, value, crc))
}

/// The key and the value of such an entry as a program writes it that knows of no checksums.
pub(in crate::store) fn entry_without_checksum(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut line = Line(line);
    line.skip(b"{\"key\":\"")?;
    let key = line.text(KEY_MAX_BYTES)?;
    line.skip(b",\"value\":\"")?;
    let value = line.text(VALUE_MAX_BYTES_CEILING)?;
    (line.0 == b"}").then_some((key, value))
}

/// A record that sets or deletes a key.
pub(super) fn record(line: &[u8]) -> Option<Record<'_>> {
    let mut line = Line(line);
    line.skip(b"{\"seq\":")?;
    let seq = line.number()?;
    line.skip(b",\"op\":\"")?;
    let is_set = line.skip(b"set").is_some();
    if !is_set {
        line.skip(b"del")?;
    }
    line.skip(b"\",\"key\":\"")?;
    let key = line.text(KEY_MAX_BYTES)?;
    let value = if is_set {
        line.skip(b",\"value\":\"")?;
        Some(line.text(VALUE_MAX_BYTES_CEILING)?)
    } else {
        None
    };
    let deadline = match line.skip(EXPIRES) {
        Some(()) => Some(Deadline::new(line.number().filter(|_| is_set)?)?),
        None => None,
    };
    let synced = match line.skip(b",\"synced\":") {
        Some(()) => Some(line.number().filter(|synced| *synced < seq)?),
        None => None,
    };
    let written = line.end()?;
    let content = Content {
        count: None,
        deadline,
        incarnation: None,
        items: None,
        key: Some(key),
        op: if is_set { "set" } else { "del" },
        seq,
        synced,
        value,
    };
    let effect = match value {
        Some(value) => Effect::set_until(key, value, deadline),
        None => Effect::delete(key),
    };
    (written == content.checksum()).then_some(Record {
        seq,
        synced,
        effect,
    })
}

/// What is left of a line.
struct Line<'a>(&'a [u8]);

impl<'a> Line<'a> {
    /// Passes over what has to stand here.
    fn skip(&mut self, expected: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    /// A text without escapes, with the quote after it.
    fn text(&mut self, longest: usize) -> Option<&'a [u8]> {
        let (text, rest) = self.0.split_at_checked(memchr(b'"', self.0)?)?;
        self.0 = rest.get(1..)?;
        let is_text = is_plain_ascii(text) || is_plain(text) && std::str::from_utf8(text).is_ok();
        (text.len() <= longest && is_text).then_some(text)
    }

    fn number(&mut self) -> Option<u64> {
        let len = self.0.iter().take_while(|byte| byte.is_ascii_digit());
        let (digits, rest) = self.0.split_at_checked(len.count())?;
        self.0 = rest;
        let has_zeros = digits.len() > 1 && digits.first() == Some(&b'0');
        let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
        (!has_zeros && number <= NUMBER_MAX).then_some(number)
    }

    /// The checksum, and the end of the line.
    fn end(&mut self) -> Option<u32> {
        self.skip(b",\"crc\":\"")?;
        let digits = self.0.strip_suffix(b"\"}")?;
        checksum::parse(std::str::from_utf8(digits).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::record as general;
    use super::*;
    use crate::store::format::snapshot::{SnapshotEntry, SnapshotHeader, SnapshotText};
    use proptest::prelude::*;

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            4 => "[ -~äß€]{0,12}".prop_map(String::into_bytes),
            1 => prop::collection::vec(any::<u8>(), 0..12),
        ]
    }

    /// A line with one of its bytes changed, doubled or removed, or as it is.
    fn spoil(mut line: Vec<u8>, (at, by, how): (prop::sample::Index, u8, u8)) -> Vec<u8> {
        let at = at.index(line.len());
        match how % 4 {
            0 => line[at] = by,
            1 => line.insert(at, line[at]),
            2 => drop(line.remove(at)),
            _ => {}
        }
        line
    }

    fn spoiling() -> impl Strategy<Value = (prop::sample::Index, u8, u8)> {
        (any::<prop::sample::Index>(), any::<u8>(), any::<u8>())
    }

    proptest! {
        #[test]
        fn a_record_is_what_the_parser_says(
            seq in 1..1_u64 << 54,
            key in bytes(),
            value in prop::option::of(bytes()),
            deadline in prop::option::of(1..1_u64 << 54),
            synced in prop::option::of(any::<u64>()),
            spoiling in spoiling(),
        ) {
            let deadline = deadline.and_then(Deadline::new);
            let effect = match &value {
                Some(value) => Effect::set_until(&key, value, deadline),
                None => Effect::delete(&key),
            };
            let mut line = Vec::new();
            general::push(&mut line, seq, &effect, synced.map(|synced| synced % (seq + 1)));
            line.pop();
            let line = spoil(line, spoiling);
            if let Some(quick) = record(&line) {
                let (parsed, flaw) = general::parse_json(&line).unwrap();
                prop_assert_eq!((quick, None), (parsed, flaw));
            }
        }

        #[test]
        fn an_entry_is_what_the_parser_says(
            key in bytes(),
            value in bytes(),
            spoiling in spoiling(),
        ) {
            let header = SnapshotHeader {
                node: "linux".to_owned(),
                node_id: String::new(),
                incarnation: 1,
                seq: 1,
                replay_from: 1,
                checksums: true,
            };
            let mut text = SnapshotText::begin(header, &mut Vec::new());
            let mut line = Vec::new();
            text.entry(&mut line, &SnapshotEntry::string(&key, &value));
            let line = spoil(line.split_off(1), spoiling);
            if let Some((key, value, crc)) = entry(&line) {
                let parsed: serde_json::Value = serde_json::from_slice(&line).unwrap();
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                prop_assert_eq!(&parsed["key"], &text(key));
                prop_assert_eq!(&parsed["value"], &text(value));
                let written = parsed["crc"].as_str().unwrap().to_ascii_lowercase();
                prop_assert_eq!(written.as_bytes(), checksum::digits(crc));
                prop_assert_eq!(parsed.as_object().unwrap().len(), 3);
            }
        }
    }

    /// Lines whose checksum is right, but which are not JSON or not what is written.
    #[test]
    fn what_the_parser_would_refuse_is_not_taken() {
        let record_line = |seq: &str, key: &[u8], synced: &str| {
            let content = Content {
                count: None,
                deadline: None,
                items: None,
                incarnation: None,
                key: Some(key),
                op: "del",
                seq: seq.parse().unwrap(),
                synced: synced.parse().ok(),
                value: None,
            };
            let digits = checksum::digits(content.checksum());
            let mut line = format!("{{\"seq\":{seq},\"op\":\"del\",\"key\":\"").into_bytes();
            line.extend_from_slice(key);
            line.push(b'"');
            if !synced.is_empty() {
                line.extend_from_slice(format!(",\"synced\":{synced}").as_bytes());
            }
            line.extend_from_slice(b",\"crc\":\"");
            line.extend_from_slice(&digits);
            line.extend_from_slice(b"\"}");
            line
        };
        let too_long = vec![b'k'; KEY_MAX_BYTES + 1];
        assert!(record(&record_line("8", b"key", "7")).is_some());
        assert!(record(&record_line("9007199254740992", b"key", "")).is_some());
        for (seq, key, synced) in [
            ("08", &b"key"[..], ""),
            ("8", b"key", "07"),
            ("8", b"key", "8"),
            ("9007199254740993", b"key", ""),
            ("8", b"a\x00b", ""),
            ("8", b"a\nb", ""),
            ("8", b"a\\b", ""),
            ("8", b"a\xffb", ""),
            ("8", &too_long, ""),
        ] {
            let line = record_line(seq, key, synced);
            assert_eq!(record(&line), None, "{seq} {synced}");
        }

        for key in [&b"a\x1fb"[..], b"a\\b", b"\xc3", &too_long] {
            let digits = checksum::digits(checksum::of_entry(key, b""));
            let line = [
                b"{\"key\":\"",
                key,
                b"\",\"value\":\"\",\"crc\":\"",
                &digits,
                b"\"}",
            ];
            assert_eq!(entry(&line.concat()), None);
        }
    }

    /// It would be of no use if it took nothing.
    #[test]
    fn usual_lines_are_read_so() {
        let mut line = Vec::new();
        for (effect, synced) in [
            (Effect::set(b"key", "value ä".as_bytes()), None),
            (Effect::set(b"", b""), Some(7)),
            (Effect::set_until(b"k", b"v", Deadline::new(7)), Some(3)),
            (Effect::delete(b"key"), Some(0)),
        ] {
            line.clear();
            general::push(&mut line, 8, &effect, synced);
            line.pop();
            let expected = Record {
                seq: 8,
                synced,
                effect,
            };
            assert_eq!(record(&line), Some(expected));
        }
        let crc = checksum::of_entry(b"k", b"v");
        let digits = checksum::digits(crc);
        let digits = String::from_utf8_lossy(&digits);
        let line = format!("{{\"key\":\"k\",\"value\":\"v\",\"crc\":\"{digits}\"}}");
        assert_eq!(entry(line.as_bytes()), Some((&b"k"[..], &b"v"[..], crc)));
    }
}
