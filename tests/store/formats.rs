//! The files as text: what version 2 looks like, and what may be done to it from outside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::support::{Content, Lab, pairs, text, told_items, with_file};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use triad::storage::MemoryStorage;
use triad::store::Store;

const SNAPSHOT: &str = "linux.json";
const JOURNAL: &str = "linux.journal-1.jsonl";

/// The files of a store that was made by the first version of the format.
fn fixture(name: &str) -> MemoryStorage {
    files_in(&format!("store-v1/{name}"))
}

fn files_in(folder: &str) -> MemoryStorage {
    let storage = MemoryStorage::new();
    let folder = format!("{}/tests/fixtures/{folder}", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let bytes = std::fs::read(entry.path()).unwrap();
        storage.put(entry.file_name().to_str().unwrap(), &bytes);
    }
    storage
}

fn fixture_content() -> Content {
    let mut content = pairs([
        ("", "an empty key"),
        ("name", "Ada King"),
        ("ключ/鍵 🔑", "значение \"in quotes\", a \\ and\na\ttab"),
        ("control", "\u{1}\u{2}\u{3}\u{4}"),
        ("bell", "ding\u{7}dong and some more text"),
    ]);
    content.insert(b"bytes\xff\xfe".to_vec(), vec![0, 159, 146, 150]);
    content.insert(b"b".to_vec(), vec![0xff]);
    content
}

/// A copy of a folder with one text changed.
fn changed(storage: &MemoryStorage, name: &str, change: impl Fn(&str) -> String) -> MemoryStorage {
    let copy = MemoryStorage::new();
    for (file, bytes) in storage.contents() {
        if file == name {
            copy.put(
                &file,
                change(std::str::from_utf8(&bytes).unwrap()).as_bytes(),
            );
        } else {
            copy.put(&file, &bytes);
        }
    }
    copy
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn files_of_version_1_load() {
    let lab = Lab::open(&fixture("both")).unwrap();
    assert_eq!(lab.content(), fixture_content());
    assert_eq!(lab.store.node_id(), "52b557c77f7b4f173df947ced10f812b");
    assert_eq!((lab.store.incarnation(), lab.recovery.replayed), (4, 5));
    assert!(lab.recovery.warnings.is_empty() && lab.recovery.torn.is_none());

    let lab = Lab::open(&fixture("journal")).unwrap();
    assert_eq!(lab.content(), pairs([("b", "2")]));
    assert_eq!((lab.store.incarnation(), lab.recovery.replayed), (2, 3));
}

fn without_crc(line: &str) -> String {
    line.split(",\"crc\"").next().unwrap().to_owned()
}

#[test]
fn files_of_version_2_load() {
    let expected = || {
        let items = |items: &[&[u8]]| items.iter().map(|item| item.to_vec()).collect::<Vec<_>>();
        let mut content = pairs([("name", "Ada King"), ("from", "90"), ("to", "10")]);
        let mut told = |key: &[u8], kind, list: &[&[u8]], deadline| {
            content.insert(key.to_vec(), told_items(kind, &items(list), deadline));
        };
        told(b"session", "string", &[b"7"], Some(1 << 50));
        told(b"bytes", "string", &[b"\xff"], Some(1 << 51));
        told(b"tags", "set", &[b"blue", b"green"], None);
        told(b"raw", "set", &[b"", b"a", b"\xff"], Some(1 << 50));
        content
    };
    let storage = files_in("store-v2");
    let mut lab = Lab::open(&storage).unwrap();
    assert_eq!(lab.content(), expected());
    assert_eq!(lab.store.incarnation(), 3);
    assert!(lab.recovery.warnings.is_empty() && lab.recovery.torn.is_none());
    lab.checkpoint().unwrap();
    drop(lab);
    assert_eq!(Lab::open(&storage).unwrap().content(), expected());
}

/// A program that knows only version 1 must not find anything of version 2 in a file that says it is older.
#[test]
fn a_journal_of_version_1_goes_on_in_a_new_segment() {
    let storage = fixture("both");
    let old = storage.content("linux.journal-2.jsonl").unwrap();
    let mut lab = Lab::open(&storage).unwrap();
    lab.set("more", "text").unwrap();
    let expected = lab.content();
    drop(lab);
    assert_eq!(storage.content("linux.journal-2.jsonl").unwrap(), old);
    assert!(text(&storage, "linux.journal-3.jsonl").contains("\"version\":2"));
    let lab = Lab::open(&storage).unwrap();
    assert_eq!(lab.content(), expected);
    assert_eq!(lab.store.incarnation(), 5);
}

#[test]
fn what_is_written_is_what_the_format_says() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    let id = lab.store.node_id().to_owned();
    assert!(id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit()));
    lab.set("name", "Ada").unwrap();
    lab.store.set(b"quote\"", b"\x00").unwrap();
    lab.store.delete(b"name").unwrap();
    lab.store.delete(b"absent").unwrap();
    lab.store.clear().unwrap();
    lab.settle().unwrap();
    let later = Store::deadline(1_900_000_000_000);
    lab.store.set_until(b"token", b"7", later).unwrap();
    lab.store.expire(b"token", None).unwrap();
    lab.store.expire(b"token", later).unwrap();
    let add = |store: &mut Store, members: &[&[u8]]| {
        store.add_members(b"tags", members.iter().copied()).unwrap();
    };
    add(&mut lab.store, &[b"red", b"\"blue\"", b"red"]);
    add(&mut lab.store, &[b"red"]);
    add(&mut lab.store, &[b"green", b"\xff"]);
    let members = [&b"red"[..], b"absent"].into_iter();
    lab.store.remove_members(b"tags", members).unwrap();
    lab.store.rename(b"token", b"tags").unwrap();
    lab.settle().unwrap();
    let journal = text(&storage, JOURNAL);
    let lines: Vec<_> = journal.lines().map(without_crc).collect();
    let header = format!(
        r#"{{"triad":"journal","version":2,"node":"linux","node_id":"{id}","incarnation":1,"segment":1,"seq":0"#
    );
    assert_eq!(
        lines,
        [
            &*header,
            r#"{"seq":1,"op":"start","incarnation":1,"synced":0"#,
            r#"{"seq":2,"op":"set","key":"name","value":"Ada","synced":1"#,
            r#"{"seq":3,"op":"set","key":"quote\"","value":"\u0000","synced":2"#,
            r#"{"seq":4,"op":"del","key":"name""#,
            r#"{"seq":5,"op":"clear""#,
            r#"{"seq":6,"op":"set","key":"token","value":"7","expires_unix_ms":1900000000000,"synced":5"#,
            r#"{"seq":7,"op":"persist","key":"token""#,
            r#"{"seq":8,"op":"expire","key":"token","expires_unix_ms":1900000000000"#,
            r#"{"seq":9,"op":"sadd","key":"tags","items":["red","\"blue\""]"#,
            r#"{"seq":10,"op":"sadd","key":"tags","items_base64":["Z3JlZW4=","/w=="]"#,
            r#"{"seq":11,"op":"srem","key":"tags","items":["red"]"#,
            r#"{"seq":12,"op":"group","count":2"#,
            r#"{"seq":13,"op":"set","key":"tags","value":"7","expires_unix_ms":1900000000000"#,
            r#"{"seq":14,"op":"del","key":"token""#,
        ]
    );
}

#[test]
fn a_snapshot_is_what_the_format_says() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    let id = lab.store.node_id().to_owned();
    lab.set("one", "1").unwrap();
    let later = Store::deadline(1 << 50);
    lab.store.set_until(b"four", b"4", later).unwrap();
    let members = [&b"a"[..], b"b"].into_iter();
    lab.store.add_members(b"some", members).unwrap();
    lab.checkpoint().unwrap();
    assert_eq!(storage.contents().len(), 2, "the old segment is gone");
    let header = format!(
        "{{\"triad\":\"snapshot\",\"version\":2,\"node\":\"linux\",\"node_id\":\"{id}\",\
         \"incarnation\":1,\"seq\":4,\"replay_from\":2,\"checksums\":true,\n\"entries\":[\n"
    );
    let snapshot = text(&storage, SNAPSHOT);
    let rest = snapshot.strip_prefix(&header).unwrap();
    let (entries, end) = rest.split_once("\n],\n").unwrap();
    let entries: Vec<_> = entries.lines().map(without_crc).collect();
    assert_eq!(
        entries,
        [
            r#"{"key":"some","type":"set","items":["b","a"]"#,
            r#"{"key":"one","value":"1""#,
            r#"{"key":"four","value":"4","expires_unix_ms":1125899906842624"#,
        ]
    );
    assert_eq!(without_crc(end), r#""count":3,"synced":4"#);
}

#[test]
fn an_empty_snapshot_is_json_too() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.checkpoint().unwrap();
    drop(lab);
    assert_eq!(
        parse(&text(&storage, SNAPSHOT))["entries"],
        Value::Array(Vec::new())
    );
    assert_eq!(Lab::open(&storage).unwrap().content(), Content::new());
}

/// Bytes stand as text where they can, and in base64 where they must or where that is shorter.
#[test]
fn every_value_is_written_in_its_shorter_form() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    for (value, form) in [
        (&b"plain"[..], r#""value":"plain""#),
        (b"", r#""value":"""#),
        (b"\"\\\n\r\t", r#""value":"\"\\\n\r\t""#),
        (b"\x01", r#""value":"\u0001""#),
        (b"\x1f\x7f", "\"value\":\"\\u001f\u{7f}\""),
        (b"\x01\x02\x03\x04", r#""value_base64":"AQIDBA==""#),
        (b"\xff", r#""value_base64":"/w==""#),
        ("ä🔑".as_bytes(), "\"value\":\"ä🔑\""),
    ] {
        lab.store.set(b"k", value).unwrap();
        lab.settle().unwrap();
        let journal = text(&storage, JOURNAL);
        let last = journal.lines().last().unwrap();
        assert!(last.contains(form), "{last} should have {form}");
    }
}

/// The checksum as it is documented, written down once more and for any object.
fn checksum(object: &Map<String, Value>) -> String {
    let mut content = Vec::new();
    // A map of `serde_json` is sorted by name, but base64 is covered under another name.
    let mut fields: Vec<(&str, Vec<u8>)> = object
        .iter()
        .filter(|(name, _)| *name != "crc")
        .map(|(name, value)| {
            let bytes = match value {
                Value::String(text) if name.ends_with("_base64") => STANDARD.decode(text).unwrap(),
                Value::String(text) => text.clone().into_bytes(),
                Value::Number(number) => number.as_u64().unwrap().to_le_bytes().to_vec(),
                Value::Bool(flag) => vec![u8::from(*flag)],
                Value::Array(items) if name.starts_with("items") => {
                    let mut packed = Vec::new();
                    for item in items {
                        let text = item.as_str().unwrap();
                        let item = if name.ends_with("_base64") {
                            STANDARD.decode(text).unwrap()
                        } else {
                            text.as_bytes().to_vec()
                        };
                        packed.extend(u32::try_from(item.len()).unwrap().to_le_bytes());
                        packed.extend(item);
                    }
                    packed
                }
                Value::Array(entries) => {
                    let crcs = entries.iter().flat_map(|entry| {
                        let crc = checksum(entry.as_object().unwrap());
                        u32::from_str_radix(&crc, 16).unwrap().to_le_bytes()
                    });
                    crc32fast::hash(&crcs.collect::<Vec<_>>())
                        .to_le_bytes()
                        .to_vec()
                }
                Value::Null | Value::Object(_) => panic!("no field has {value}"),
            };
            (name.trim_end_matches("_base64"), bytes)
        })
        .collect();
    fields.sort();
    for (name, bytes) in fields {
        for part in [name.as_bytes(), &bytes] {
            content.extend(u32::try_from(part.len()).unwrap().to_le_bytes());
            content.extend(part);
        }
    }
    format!("{:08x}", crc32fast::hash(&content))
}

#[test]
fn checksums_are_what_the_format_says() {
    let mut checked = 0;
    for storage in [fixture("both"), fixture("journal"), files_in("store-v2")] {
        drop(Lab::open(&storage).unwrap());
        for (name, bytes) in storage.contents() {
            let text = String::from_utf8(bytes).unwrap();
            let objects = match name.as_str() {
                SNAPSHOT => vec![parse(&text)],
                _ => text.lines().map(parse).collect(),
            };
            for object in objects {
                let entries = object["entries"].as_array().cloned().unwrap_or_default();
                for object in entries.iter().chain([&object]) {
                    assert_eq!(
                        object["crc"],
                        checksum(object.as_object().unwrap()),
                        "{object}"
                    );
                    checked += 1;
                }
            }
        }
    }
    assert_eq!(
        checked,
        24 + 18,
        "what the fixtures have, and what a start adds"
    );
}

/// What `jq . old > new` and `jq -S . old > new` make of a snapshot.
#[test]
fn a_reformatted_snapshot_loads() {
    let original = fixture("both");
    let sorted_and_pretty = |text: &str| serde_json::to_string_pretty(&parse(text)).unwrap();
    let one_line = |text: &str| text.replace('\n', "");
    let windows = |text: &str| text.replace('\n', "\r\n");
    let spaced = |text: &str| text.replace('\n', "\n\n  ").replace(':', " : ");
    let escaped = |text: &str| text.replace("\"bell\"", "\"\\u0062\\u0065ll\"");
    let as_base64 = |text: &str| text.replace("\"key\":\"bell\"", "\"key_base64\":\"YmVsbA==\"");
    let capitals = |text: &str| text.replace("11a68f95", "11A68F95");
    let changes: [&dyn Fn(&str) -> String; 7] = [
        &sorted_and_pretty,
        &one_line,
        &windows,
        &spaced,
        &escaped,
        &as_base64,
        &capitals,
    ];
    for change in changes {
        let storage = changed(&original, SNAPSHOT, change);
        assert_ne!(storage.content(SNAPSHOT), original.content(SNAPSHOT));
        let lab = Lab::open(&storage).unwrap();
        assert_eq!(lab.content(), fixture_content());
        assert!(!lab.store.checkpoint_due(), "nothing was edited");
    }
}

#[test]
fn a_reformatted_journal_loads() {
    let original = fixture("both");
    let sorted = |text: &str| {
        text.lines()
            .map(|line| parse(line).to_string() + "\n")
            .collect::<String>()
    };
    let windows = |text: &str| text.replace('\n', "\r\n");
    let blank_lines = |text: &str| text.replace('\n', "\n \n\n");
    let unended = |text: &str| text.trim_end().to_owned();
    let nulls = |text: &str| text.replace("\"op\":\"del\"", "\"op\":\"del\",\"value\":null");
    let changes: [&dyn Fn(&str) -> String; 5] = [&sorted, &windows, &blank_lines, &unended, &nulls];
    for change in changes {
        let storage = changed(&original, "linux.journal-2.jsonl", change);
        let mut lab = Lab::open(&storage).unwrap();
        assert_eq!(lab.content(), fixture_content());
        assert!(lab.recovery.torn.is_none());
        lab.set("more", "text").unwrap();
        drop(lab);
        let lab = Lab::open(&storage).unwrap();
        assert_eq!(lab.get("more").as_deref(), Some("text"));
    }
}

#[test]
fn a_snapshot_by_hand_loads() {
    for text in [
        r#"{"entries":[{"key":"a","value":"1"}]}"#,
        "{\"entries\":[\n{\"key\":\"a\",\"value\":\"1\"}\n]}\n",
        "{\n\"entries\":[\n{\"key\":\"a\",\"value\":\"1\"}\n]}",
        r#" { "entries" : [ { "value" : "1", "key_base64" : "YQ==" } ] } "#,
    ] {
        let storage = with_file(SNAPSHOT, text);
        let mut lab = Lab::open(&storage).unwrap();
        assert_eq!(lab.content(), pairs([("a", "1")]));
        assert!(lab.recovery.warnings.is_empty());
        assert_eq!(lab.store.incarnation(), 1);
        lab.set("b", "2").unwrap();
        drop(lab);
        let lab = Lab::open(&storage).unwrap();
        assert_eq!(lab.content(), pairs([("a", "1"), ("b", "2")]));
        assert_eq!(
            storage.content(SNAPSHOT).unwrap(),
            text.as_bytes(),
            "it is left as it is"
        );
    }
}

/// Somebody replaces the snapshot of a node that has run by one of their own.
#[test]
fn a_snapshot_by_hand_goes_with_the_journal_that_is_there() {
    let storage = fixture("both");
    let by_hand = |_: &str| r#"{"entries":[{"key":"z","value":"26"}]}"#.to_owned();
    let storage = changed(&storage, SNAPSHOT, by_hand);
    let lab = Lab::open(&storage).unwrap();
    assert_eq!(lab.store.node_id(), "52b557c77f7b4f173df947ced10f812b");
    assert_eq!(lab.store.incarnation(), 4);
    let mut expected = pairs([("z", "26"), ("name", "Ada King")]);
    expected.insert(b"b".to_vec(), vec![0xff]);
    assert_eq!(lab.content(), expected);
}

#[test]
fn a_snapshot_without_its_journal_becomes_another_node() {
    let whole = fixture("both");
    let storage = MemoryStorage::new();
    storage.put(SNAPSHOT, &whole.content(SNAPSHOT).unwrap());
    let lab = Lab::open(&storage).unwrap();
    assert_eq!(lab.get("name").as_deref(), Some("Ada Lovelace"));
    assert_eq!(lab.recovery.warnings.len(), 1);
    assert!(lab.recovery.warnings[0].contains("linux.json has no journal"));
    let id = lab.store.node_id().to_owned();
    assert_ne!(id, "52b557c77f7b4f173df947ced10f812b");
    let before = lab.content();
    drop(lab);
    let lab = Lab::open(&storage).unwrap();
    assert_eq!((lab.store.node_id(), lab.store.incarnation()), (&*id, 2));
    assert_eq!(lab.content(), before);
    assert!(lab.recovery.warnings.is_empty());
}
