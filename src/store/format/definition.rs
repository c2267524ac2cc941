//! What a line is, said once more and without regard to speed: the encoders are compared with this.

use proptest::prelude::*;

use super::checksum;
use super::record::{self, Effect};
use super::snapshot::{SnapshotHeader, SnapshotText};
use crate::store::Seq;

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
    let (op, key, value) = match effect {
        Effect::Set { key, value } => ("set", key, Some(value)),
        Effect::Delete { key } => ("del", key, None),
        _ => unreachable!("these have no key"),
    };
    let mut line = format!("{{\"seq\":{seq},\"op\":\"{op}\",").into_bytes();
    line.extend(field("key", key));
    let mut fields = vec![("key", &**key), ("op", op.as_bytes()), ("seq", &seq_bytes)];
    if synced.is_some() {
        fields.push(("synced", &synced_bytes));
    }
    if let Some(value) = value {
        line.push(b',');
        line.extend(field("value", value));
        fields.push(("value", value));
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
        synced in prop::option::of(0..1_u64 << 53),
    ) {
        let effect = match &value {
            Some(value) => Effect::set(&key, value),
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
        text.entry(&mut out, &key, &value);
        let crc = crc(&[("key", &key), ("value", &value)]);
        let expected = [b"\n{", &*field("key", &key), b",", &field("value", &value), crc.as_bytes(), b"}"];
        prop_assert_eq!(out, expected.concat());
        let written = crc.rsplit('"').nth(1).and_then(checksum::parse);
        prop_assert_eq!(written, Some(checksum::of_entry(&key, &value)));
    }
}
