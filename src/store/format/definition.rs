//! What a line is, said once more and without regard to speed: the encoders are compared with this.

use proptest::prelude::*;

use super::checksum;
use super::record::{self, Effect};
use super::snapshot::{SnapshotEntry, SnapshotHeader, SnapshotText, SnapshotValue};
use crate::store::Seq;
use crate::store::table::Deadline;
use crate::store::value::{ItemsBuf, Kind};

/// What stands in JSON for a byte.
pub(super) fn escaped(byte: u8) -> Vec<u8> {
    match byte {
        b'"' | b'\\' => vec![b'\\', byte],
        b'\n' => b"\\n".to_vec(),
        b'\r' => b"\\r".to_vec(),
        b'\t' => b"\\t".to_vec(),
        0..0x20 => format!("\\u{byte:04x}").into_bytes(),
        _ => vec![byte],
    }
}

/// As text if it is UTF-8 and if the whole field is not longer so than in base64.
fn field(name: &str, bytes: &[u8]) -> Vec<u8> {
    use base64::Engine;
    let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
    let base64 = format!("\"{name}_base64\":\"{base64}\"").into_bytes();
    let text: Vec<u8> = bytes.iter().copied().flat_map(escaped).collect();
    let text = [format!("\"{name}\":\"").as_bytes(), &text, b"\""].concat();
    let is_text = std::str::from_utf8(bytes).is_ok() && text.len() <= base64.len();
    if is_text { text } else { base64 }
}

/// Name and content of each field, sorted by name, each with its length before it.
fn crc(fields: &[(&str, &[u8])]) -> String {
    let length = |piece: &[u8]| u32::try_from(piece.len()).unwrap().to_le_bytes();
    let mut content = Vec::new();
    for (name, piece) in fields {
        for piece in [name.as_bytes(), piece] {
            content.extend_from_slice(&length(piece));
            content.extend_from_slice(piece);
        }
    }
    format!(",\"crc\":\"{:08x}\"", crc32fast::hash(&content))
}

fn record_line(seq: Seq, effect: &Effect<'_>, synced: Option<Seq>) -> Vec<u8> {
    let seq_bytes = seq.to_le_bytes();
    let synced_bytes = synced.unwrap_or_default().to_le_bytes();
    let (op, key, value, deadline) = match effect {
        Effect::Set {
            key,
            value,
            deadline,
        } => ("set", key, Some(value), *deadline),
        Effect::Delete { key } => ("del", key, None, None),
        Effect::Expire { key, deadline } if deadline.is_none() => ("persist", key, None, None),
        Effect::Expire { key, deadline } => ("expire", key, None, *deadline),
        _ => unreachable!("these are others"),
    };
    let deadline = deadline.map(Deadline::get);
    let deadline_bytes = deadline.unwrap_or_default().to_le_bytes();
    let mut line = format!("{{\"seq\":{seq},\"op\":\"{op}\",").into_bytes();
    line.extend(field("key", key));
    let mut fields = vec![("key", &**key), ("op", op.as_bytes()), ("seq", &seq_bytes)];
    if deadline.is_some() {
        fields.insert(0, ("expires_unix_ms", &deadline_bytes));
    }
    if synced.is_some() {
        fields.push(("synced", &synced_bytes));
    }
    if let Some(value) = value {
        line.push(b',');
        line.extend(field("value", value));
        fields.push(("value", value));
    }
    if let Some(deadline) = deadline {
        line.extend_from_slice(format!(",\"expires_unix_ms\":{deadline}").as_bytes());
    }
    if let Some(synced) = synced {
        line.extend_from_slice(format!(",\"synced\":{synced}").as_bytes());
    }
    line.extend_from_slice(crc(&fields).as_bytes());
    line.extend_from_slice(b"}\n");
    line
}

/// Of all lengths about those at which the encoders do something else, with some bytes that are escaped,
/// that are not ASCII or that are not text; and some of little else.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let plain = prop::collection::vec(b' '..=b'!', 0..300);
    let text = "[ -~äß€😀\n\t\"\\\\\u{1}]{0,40}".prop_map(String::into_bytes);
    let control = prop::collection::vec(0..0x22_u8, 0..40);
    let binary = prop::collection::vec(any::<u8>(), 0..40);
    let spots = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    let spotted = (plain.clone(), spots).prop_map(|(mut bytes, spots)| {
        for (at, byte) in spots {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        bytes
    });
    prop_oneof![plain, spotted, text, control, binary]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_record_is_encoded_as_it_is_defined(
        seq in 1..=1_u64 << 53,
        key in bytes(),
        value in prop::option::of(bytes()),
        deadline in prop::option::of(1..1_u64 << 53),
        is_expire in any::<bool>(),
        synced in prop::option::of(0..1_u64 << 53),
    ) {
        let deadline = deadline.and_then(Deadline::new);
        let effect = match &value {
            Some(value) => Effect::set_until(&key, value, deadline),
            None if is_expire => Effect::expire(&key, deadline),
            None => Effect::delete(&key),
        };
        // What stands in the buffer before it makes no difference.
        let mut out = b"before".to_vec();
        record::push(&mut out, seq, &effect, synced);
        let expected = record_line(seq, &effect, synced);
        prop_assert_eq!(String::from_utf8_lossy(&out[6..]), String::from_utf8_lossy(&expected));
        prop_assert_eq!(&out[6..], &expected);
    }

    #[test]
    fn an_entry_is_encoded_as_it_is_defined(key in bytes(), value in bytes()) {
        let header = SnapshotHeader {
            node: "linux".to_owned(),
            node_id: "id".to_owned(),
            incarnation: 1,
            seq: 1,
            replay_from: 1,
            checksums: true,
        };
        let mut out = Vec::new();
        let mut text = SnapshotText::begin(header, &mut out);
        out.clear();
        text.entry(&mut out, &SnapshotEntry::string(&key, &value));
        let crc = crc(&[("key", &key), ("value", &value)]);
        let expected = [b"\n{", &*field("key", &key), b",", &field("value", &value), crc.as_bytes(), b"}"];
        prop_assert_eq!(out, expected.concat());
        let written = crc.rsplit('"').nth(1).and_then(checksum::parse);
        prop_assert_eq!(written, Some(checksum::of_entry(&key, &value)));
    }

    #[test]
    fn changes_of_items_are_encoded_as_they_are_defined(
        key in bytes(),
        items in prop::collection::vec(bytes(), 0..5),
    ) {
        let list: ItemsBuf = items.iter().map(Vec::as_slice).collect();
        let mut packed = Vec::new();
        for item in &items {
            packed.extend_from_slice(&u32::try_from(item.len()).unwrap().to_le_bytes());
            packed.extend_from_slice(item);
        }
        let (kind, op) = Kind::of_op("sadd").unwrap();
        let effect = Effect::Items {
            key: (&key).into(),
            kind,
            op,
            packed: list.as_items().packed().into(),
        };
        let mut out = Vec::new();
        record::push(&mut out, 7, &effect, None);
        let seq = 7_u64.to_le_bytes();
        let crc = crc(&[("items", &packed), ("key", &key), ("op", b"sadd"), ("seq", &seq)]);
        let end = [crc.as_bytes(), b"}\n"].concat();
        prop_assert!(out.ends_with(&end));
        out.pop();
        let (read, flaw) = record::parse(&out).unwrap();
        prop_assert_eq!((read.effect, flaw), (effect, None));
    }

    #[test]
    fn a_collection_that_will_be_gone_is_encoded_as_it_is_defined(
        key in bytes(),
        items in prop::collection::vec(bytes(), 0..5),
        part in prop::option::of(2..9_u64),
        deadline in prop::option::of(1..1_u64 << 53),
    ) {
        let list: ItemsBuf = items.iter().map(Vec::as_slice).collect();
        let entry = SnapshotEntry {
            key: &key,
            deadline: deadline.and_then(Deadline::new),
            value: SnapshotValue::Items {
                kind: Kind::by_name("set").unwrap(),
                items: list.as_items(),
                part,
            },
        };
        let (deadline, part) = (deadline.map(u64::to_le_bytes), part.map(u64::to_le_bytes));
        let fields = [
            ("expires_unix_ms", deadline.as_ref().map(|bytes| &bytes[..])),
            ("items", Some(list.as_items().packed())),
            ("key", Some(&key[..])),
            ("part", part.as_ref().map(|bytes| &bytes[..])),
            ("type", Some(b"set")),
        ];
        let present = |(name, content): (&'static str, Option<_>)| Some((name, content?));
        let fields: Vec<_> = fields.into_iter().filter_map(present).collect();
        let written = crc(&fields);
        let written = written.rsplit('"').nth(1).and_then(checksum::parse);
        prop_assert_eq!(written, Some(entry.checksum()));
    }
}
