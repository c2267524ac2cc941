//! All that a cluster holds, as any client reads it; and keys that are hard to carry.

use std::collections::{BTreeMap, BTreeSet};

use triad::limits::{KEY_MAX_BYTES, VALUE_MAX_BYTES};
use triad::resp::Frame;

use super::{Connection, Lab};

/// A deadline that no test sees pass.
pub(crate) const LATER: i64 = 4_102_444_800_123;

/// A value and, in milliseconds since 1970, when it is gone; -1 if it stays.
pub(crate) type Held = (Value, i64);

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(Vec<u8>),
    Set(BTreeSet<Vec<u8>>),
}

/// Keys, with what they hold.
pub(crate) type Contents = BTreeMap<Vec<u8>, Held>;

/// All keys of the cluster, asked through `name`.
pub(crate) fn of(lab: &Lab, name: &str) -> Contents {
    let mut node = lab.connect(name);
    let keys = elements(&node.call(&["KEYS", "*"]));
    keys.into_iter()
        .map(|key| {
            let held = held(&mut node, &key);
            (key, held)
        })
        .collect()
}

fn held(node: &mut Connection, key: &[u8]) -> Held {
    let is_set = node.call(&[b"TYPE", key]) == Frame::Simple("set".into());
    let value = if is_set {
        Value::Set(
            elements(&node.call(&[b"SMEMBERS", key]))
                .into_iter()
                .collect(),
        )
    } else {
        let value = node.call(&[b"GET", key]);
        Value::Text(value.as_bytes().expect("a value").to_vec())
    };
    let Frame::Integer(expires) = node.call(&[b"PEXPIRETIME", key]) else {
        panic!("no time")
    };
    (value, expires)
}

fn elements(frame: &Frame<'_>) -> Vec<Vec<u8>> {
    let (Frame::Array(elements) | Frame::Set(elements)) = frame else {
        panic!("no list: {frame:?}")
    };
    let bytes = |element: &Frame<'_>| element.as_bytes().expect("bytes").to_vec();
    elements.iter().map(bytes).collect()
}

/// Strings that are hard to carry: empty, binary, long, and full of what files give a meaning to.
pub(crate) fn awkward_strings() -> Contents {
    let all: Vec<u8> = (0..=255).collect();
    let texts: [(&[u8], &[u8]); 16] = [
        (b"plain", b"value"),
        (b"", b"of the empty key"),
        (b"empty value", b""),
        (b"key", b"value"),
        (b"value", b"key"),
        (b"items", b"[\"not\",\"a\",\"list\"]"),
        (b"key_base64", b"/w=="),
        (b"/w==", b"text that is the base64 of another key"),
        (b"\xff", b"\xff\xfe\x00"),
        (b"comma,quote\" and;semicolon", b"\"a\",b\r\nc\td"),
        (b"lines\nof\r\na\rkey", b"\n"),
        (b" blanks ", b"  "),
        (
            "schl\u{fc}ssel \u{1f511}".as_bytes(),
            "wert \u{2028} \u{85}".as_bytes(),
        ),
        (b"=1+1", b"-2"),
        (b"\xef\xbb\xbfmarked", b"\xef\xbb\xbf"),
        (&all, &all),
    ];
    let mut contents: Contents = texts
        .into_iter()
        .map(|(key, value)| (key.to_vec(), (Value::Text(value.to_vec()), -1)))
        .collect();
    let long = |byte: u8, len| vec![byte; len];
    for (key, value) in [
        (long(b'k', KEY_MAX_BYTES), long(b'v', VALUE_MAX_BYTES)),
        (long(0xfe, KEY_MAX_BYTES), long(0, 300_000)),
    ] {
        contents.insert(key, (Value::Text(value), -1));
    }
    contents.insert(b"gone later".to_vec(), (Value::Text(b"7".to_vec()), LATER));
    contents.insert(
        b"\xfe later".to_vec(),
        (Value::Text(b"\xfe".to_vec()), LATER),
    );
    contents
}

/// Sets that are hard to carry. Two of them go in parts.
pub(crate) fn awkward_sets() -> Contents {
    let few: [&[&[u8]]; 4] = [
        &[b"red", b"blue"],
        &[b""],
        &[b"text", b"\xff\x00", b"\""],
        &["\u{e4}".as_bytes(), b"\n"],
    ];
    let mut contents = Contents::new();
    for (number, members) in few.iter().enumerate() {
        let members: BTreeSet<_> = members.iter().map(|member| member.to_vec()).collect();
        let key = format!("set {number}").into_bytes();
        contents.insert(key, (Value::Set(members), -1));
    }
    let member = |n: u32| format!("{n:02000}").into_bytes();
    let many: BTreeSet<_> = (0..1_200).map(member).collect();
    let mut binary = many.clone();
    binary.insert(vec![0xff; VALUE_MAX_BYTES / 4]);
    contents.insert(b"large set".to_vec(), (Value::Set(many), -1));
    contents.insert(b"\xfd large".to_vec(), (Value::Set(binary), LATER));
    contents
}

/// Stores all of it.
pub(crate) fn store(lab: &Lab, contents: &Contents) {
    let mut node = lab.connect("linux");
    for (key, (value, expires)) in contents {
        match value {
            Value::Text(value) => {
                assert_eq!(node.call(&[b"SET", key.as_slice(), value]), Frame::OK);
            }
            Value::Set(members) => {
                let members: Vec<_> = members.iter().map(Vec::as_slice).collect();
                for some in members.chunks(1000) {
                    let words = [&[b"SADD", key.as_slice()], some].concat();
                    let added = i64::try_from(some.len()).unwrap();
                    assert_eq!(node.call(&words), Frame::Integer(added));
                }
            }
        }
        if *expires >= 0 {
            let expires = expires.to_string();
            let words = [b"PEXPIREAT", key.as_slice(), expires.as_bytes()];
            assert_eq!(node.call(&words), Frame::Integer(1));
        }
    }
}

/// Says which keys differ, since the values may be too long to be shown.
pub(crate) fn assert_same(found: &Contents, expected: &Contents) {
    let shown = |key: &Vec<u8>| {
        let key = String::from_utf8_lossy(key);
        key.chars().take(40).collect::<String>()
    };
    let differs = |key: &&Vec<u8>| found.get(*key) != expected.get(*key);
    let all: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    let differing: Vec<_> = all.into_iter().filter(differs).map(shown).collect();
    assert!(differing.is_empty(), "other than expected: {differing:?}");
}
