//! The formats of files, and what is wrong with some.

use std::fs;
use std::io::Write as _;
use std::process::{Output, Stdio};

use serde_json::json;
use triad::resp::Frame;

use crate::client::{document, refusal, said};
use crate::lab::contents::{self, Contents, LATER, Value};
use crate::lab::{Lab, code, text};

/// Imports what is given to standard input.
fn import_input(lab: &Lab, input: &[u8], arguments: &[&str]) -> Output {
    let mut client = lab.tool(env!("CARGO_BIN_EXE_client"));
    client.args(["import", "-"]).args(arguments);
    client
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut client = client.spawn().unwrap();
    client.stdin.take().unwrap().write_all(input).unwrap();
    client.wait_with_output().unwrap()
}

/// Imports a file, and returns what the cluster holds then. It is empty afterwards.
fn imported(lab: &Lab, file: &str, content: &str) -> Contents {
    fs::write(lab.folder().join(file), content).unwrap();
    let imported = lab.client(&["import", file]);
    assert_eq!(code(&imported), 0, "{file}: {}", text(&imported.stderr));
    let found = contents::of(lab, "mac");
    assert_eq!(lab.connect("mac").call(&["FLUSHALL"]), Frame::OK);
    // By its beginning, too, and from a pipe.
    let piped = import_input(lab, content.as_bytes(), &[]);
    assert_eq!(code(&piped), 0, "{file}: {}", text(&piped.stderr));
    contents::assert_same(&contents::of(lab, "linux"), &found);
    assert_eq!(lab.connect("mac").call(&["FLUSHALL"]), Frame::OK);
    found
}

fn string(
    key: impl AsRef<[u8]>,
    value: impl AsRef<[u8]>,
    expires: i64,
) -> (Vec<u8>, contents::Held) {
    let value = Value::Text(value.as_ref().to_vec());
    (key.as_ref().to_vec(), (value, expires))
}

fn set(key: &str, members: &[&[u8]]) -> (Vec<u8>, contents::Held) {
    let members = members.iter().map(|member| member.to_vec()).collect();
    (key.as_bytes().to_vec(), (Value::Set(members), -1))
}

#[test]
fn an_object_has_strings_lists_and_objects() {
    let lab = Lab::started();
    let content = format!(
        "{{\"a\": \"1\",\n \"tags\": [\"red\", \"blue\", \"red\"],\n \"x\": {{\"value\": \"2\", \
         \"expires_unix_ms\": {LATER}}},\n \"name\": {{\"value_base64\": \"/w==\", \"key_base64\": \"/v8=\"}},\n \
         \"both\": {{\"items_base64\": [\"/w==\"], \"type\": \"set\"}}, \"\\u00e4\": \"\\ud83d\\udd11\"}}"
    );
    let expected = Contents::from([
        string("a", "1", -1),
        set("tags", &[b"red", b"blue"]),
        string("x", "2", LATER),
        string(b"\xfe\xff", b"\xff", -1),
        set("both", &[b"\xff"]),
        string("\u{e4}", "\u{1f511}", -1),
    ]);
    contents::assert_same(&imported(&lab, "a.json", &content), &expected);
}

#[test]
fn lines_are_entries_as_the_nodes_write_them() {
    let lab = Lab::started();
    let content = format!(
        "{{\"key\":\"a\",\"value\":\"1\"}}\r\n\n  {{ \"value\" : \"2\", \"key\" : \"b\" }}\n\
         {{\"key_base64\":\"/w==\",\"value_base64\":\"/v8=\",\"expires_unix_ms\":{LATER}}}\n\
         {{\"key\":\"tags\",\"type\":\"set\",\"items\":[\"red\"]}}\n\
         {{\"key\":\"tags\",\"type\":\"set\",\"items_base64\":[\"/w==\"],\"part\":2}}\n\
         {{\"key\":\"k\",\"value\":\"v\",\"crc\":\"CRC\"}}\n{{\"key\":\"a\",\"value\":\"3\"}}"
    );
    let content = content.replace("CRC", &crc_of("k", "v"));
    let expected = Contents::from([
        string("a", "3", -1),
        string("b", "2", -1),
        string(b"\xff", b"\xfe\xff", LATER),
        set("tags", &[b"red", b"\xff"]),
        string("k", "v", -1),
    ]);
    contents::assert_same(&imported(&lab, "a.jsonl", &content), &expected);
    // A set takes the place of what there was.
    lab.connect("mac").call(&["SADD", "tags", "old"]);
    contents::assert_same(&imported(&lab, "a.ndjson", &content), &expected);
}

fn crc_of(key: &str, value: &str) -> String {
    let entry = triad::store::SnapshotEntry {
        key: key.as_bytes(),
        deadline: None,
        value: triad::store::SnapshotValue::String(value.as_bytes()),
    };
    format!("{:08X}", entry.checksum())
}

#[test]
fn csv_has_the_columns_that_its_header_names() {
    let lab = Lab::started();
    let content = "value,key\n1,a\n\"two\nlines, \"\"quoted\"\"\",\"b\"\n,empty\nof none,\n";
    let expected = Contents::from([
        string("a", "1", -1),
        string("b", "two\nlines, \"quoted\"", -1),
        string("empty", "", -1),
        string("", "of none", -1),
    ]);
    contents::assert_same(&imported(&lab, "a.csv", content), &expected);
    let content = format!(
        "\u{feff}key;key_base64;value_base64;expires_unix_ms\r\na;;MQ==;{LATER}\r\n;/w==;;\r\n"
    );
    let expected = Contents::from([string("a", "1", LATER), string(b"\xff", "", -1)]);
    contents::assert_same(&imported(&lab, "b.csv", &content), &expected);
}

/// What comes from a pipe is stored as it comes.
#[test]
fn of_a_pipe_it_is_told_what_was_stored_before_a_fault() {
    let lab = Lab::started();
    let input = b"{\"key\":\"a\",\"value\":\"1\"}\n{\"key\":\"b\",\"value\":\"2\"}\nnonsense\n";
    let message = refusal(&import_input(&lab, input, &[]), 2);
    let expected = "error: standard input: line 3: column 2: expected ident. 2 keys are stored; import all of \
                    it again when this is mended\n";
    assert_eq!(message, expected);
    assert_eq!(lab.connect("mac").call(&["DBSIZE"]), Frame::Integer(2));
    let (zero, told) = document(&import_input(&lab, b"key,value\nc,3\n", &["--json"]));
    assert_eq!((zero, &told["keys"]), (0, &json!(1)));
    let nothing = import_input(&lab, b"", &["--format", "lines"]);
    let line = "stored 0 keys: linux 0, mac 0, android 0\n";
    assert_eq!(said(&nothing), (0, line.to_owned(), String::new()));
}

/// An object with a key named `key` is as rare as lines in a file of that name are likely.
#[test]
fn a_name_that_says_object_is_not_believed_of_a_line_with_an_entry() {
    let lab = Lab::started();
    fs::write(
        lab.folder().join("one.json"),
        "{\"key\":\"a1\",\"value\":\"one\"}\n",
    )
    .unwrap();
    let message = refusal(&lab.client(&["import", "one.json"]), 2);
    let expected = "error: one.json: its name says that it is one object, but it begins with a line that is an \
                    entry; say which with --format lines or --format object. Nothing was stored\n";
    assert_eq!(message, expected);
    let mut linux = lab.connect("linux");
    assert_eq!(linux.call(&["DBSIZE"]), Frame::Integer(0));
    for (format, keys) in [("lines", 1), ("object", 3)] {
        let imported = lab.client(&["import", "one.json", "--format", format]);
        assert_eq!(code(&imported), 0);
        assert_eq!(linux.call(&["DBSIZE"]), Frame::Integer(keys));
    }
}
