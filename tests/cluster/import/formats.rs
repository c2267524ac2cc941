//! The formats of files, and what is wrong with some.

use std::fs;
use std::io::Write as _;
use std::process::{Output, Stdio};

use serde_json::json;
use triad::limits::{KEY_MAX_BYTES, VALUE_MAX_BYTES};
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
         {{\"key\":\"k\",\"value\":\"v\",\"crc\":\"537ddd53\"}}\n{{\"key\":\"a\",\"value\":\"3\"}}"
    );
    let content = content.replace("b96b43f9", &crc_of("k", "v"));
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

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_place() {
    let lab = Lab::started();
    let long = "k".repeat(KEY_MAX_BYTES + 1);
    let large = "v".repeat(VALUE_MAX_BYTES + 1);
    let header = "columns are key, value, expires_unix_ms, key_base64, value_base64. begin with the header \
                  key,value";
    let mut wrong = Vec::new();
    for (file, content, expected) in [
        // One object.
        (
            "a.json",
            "{\"a\": {\"c\": \"2\"}}",
            "line 1, column 11: the value of \"a\" is not a string, nor an object with a `value` or `items`: it has the field \"c\"",
        ),
        (
            "a.json",
            "{\"a\": null}",
            "line 1, column 10: the value of \"a\" is not a string; write it in quotation marks",
        ),
        (
            "a.json",
            "{\"a\": []}",
            "line 1, column 8: the value of \"a\" has no items; a set has at least one",
        ),
        (
            "a.json",
            "{\"a\": [1]}",
            "line 1, column 9: invalid type: integer `1`, expected a string",
        ),
        (
            "a.json",
            "{\"a\": {}}",
            "line 1, column 8: the value of \"a\" has neither a `value` nor `items`",
        ),
        (
            "a.json",
            "{\"a\": {\"value\":\"\",\"items\":[\"b\"]}}",
            "line 1, column 32: the value of \"a\" has both a `value` and `items`",
        ),
        (
            "a.json",
            "{\"a\": {\"value\":\"1\",\"value_base64\":\"MQ==\"}}",
            "line 1, column 41: the value of \"a\" has a field twice, or both as text and in base64",
        ),
        (
            "a.json",
            "{\"a\": {\"value_base64\":\"?\"}}",
            "line 1, column 26: the value of \"a\" has a `value_base64` that is not base64: Invalid symbol 63, offset 0.",
        ),
        (
            "a.json",
            "{\"a\": {\"value\":\"1\",\"expires_unix_ms\":0}}",
            "line 1, column 39: the value of \"a\" has an `expires_unix_ms` that is no time",
        ),
        (
            "a.json",
            "{\"a\": {\"value\":\"1\",\"type\":\"list\"}}",
            "line 1, column 33: the value of \"a\" has a `type` that does not go with it; a \"set\" has `items`",
        ),
        // Lines.
        (
            "a.jsonl",
            "{\"key\":\"a\",\"value\":\"1\"}\n{\"key\":\"b\"",
            "line 2: column 10: EOF while parsing an object",
        ),
        (
            "a.jsonl",
            "\n{\"key\":\"a\",\"value\":\"1\",\"ttl\":5}",
            "line 2: column 28: unknown field `ttl`, expected one of `key`, `key_base64`, `value`, `value_base64`, `type`, `items`, `items_base64`, `part`, `expires_unix_ms`, `crc`",
        ),
        (
            "a.jsonl",
            "{\"value\":\"1\"}",
            "line 1: this entry has no `key`",
        ),
        (
            "a.jsonl",
            "{\"key\":\"a\"}",
            "line 1: the entry with the key \"a\" has no `value`",
        ),
        (
            "a.jsonl",
            "{\"key\":\"a\",\"key_base64\":\"YQ==\",\"value\":\"1\"}",
            "line 1: has both `key` and `key_base64`",
        ),
        (
            "a.jsonl",
            "{\"key\":\"a\",\"type\":\"list\",\"items\":[\"1\"]}",
            "line 1: the entry with the key \"a\" is of the unknown type \"list\"",
        ),
        (
            "a.jsonl",
            "{\"key\":\"a\",\"type\":\"set\",\"items\":[]}",
            "line 1: the entry with the key \"a\" has no item in its `items`",
        ),
        (
            "a.jsonl",
            "{\"key\":\"a\",\"value\":\"1\",\"crc\":\"00000000\"}",
            "line 1: the entry with the key \"a\" has the checksum \"00000000\", but its content has \"b96b43f9\"",
        ),
        (
            "a.jsonl",
            "[1]",
            "line 1: column 0: invalid type: sequence, expected an object",
        ),
        (
            "a.jsonl",
            &format!("{{\"key\":\"{long}\",\"value\":\"\"}}"),
            "line 1: the key \"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\"… has 65537 bytes; a key has at most 65536",
        ),
        (
            "a.jsonl",
            &format!("{{\"key\":\"a\",\"type\":\"set\",\"items\":[\"{large}\"]}}"),
            "line 1: an item of \"a\" has 8388609 bytes; a value has at most 8388608 (--max-value of the nodes changes it)",
        ),
        // CSV.
        (
            "a.csv",
            "",
            "line 1: the file is empty; begin with the header key,value",
        ),
        (
            "a.csv",
            "a,1\nb,2\n",
            &format!("line 1: there is no column \"a\"; the {header}"),
        ),
        (
            "a.csv",
            "key,expires_unix_ms\n",
            "line 1: there is no column value or value_base64. begin with the header key,value",
        ),
        (
            "a.csv",
            "value\n",
            "line 1: there is no column key or key_base64. begin with the header key,value",
        ),
        (
            "a.csv",
            "key,value,key\n",
            "line 1: the column \"key\" stands twice",
        ),
        (
            "a.csv",
            "key,value\n\na,1\nb,1,2\n",
            "line 4: 3 cells, where the header has 2; a cell with a comma, a quotation mark or a line end stands in quotation marks",
        ),
        (
            "a.csv",
            "key,value\n\"a\nb\",1\nc\n",
            "line 4: 1 cells, where the header has 2; a cell with a comma, a quotation mark or a line end stands in quotation marks",
        ),
        (
            "a.csv",
            "key,key_base64,value\na,YQ==,1\n",
            "line 2: there is both a key and a key_base64; leave one of the cells empty",
        ),
        (
            "a.csv",
            "key,value,value_base64\na,,?\n",
            "line 2: the value_base64 is not base64: Invalid symbol 63, offset 0.",
        ),
        (
            "a.csv",
            "key,value,expires_unix_ms\na,1,tomorrow\n",
            "line 2: the expires_unix_ms \"tomorrow\" is no time; it is milliseconds since 1970, or empty",
        ),
        // None of them.
        (
            "a",
            "hello",
            "it begins neither with { nor with the header key,value; if it has keys, name its format with --format object, lines or csv",
        ),
    ] {
        fs::write(lab.folder().join(file), content).unwrap();
        let message = refusal(&lab.client(&["import", file]), 2);
        let expected = format!("error: {file}: {expected}. Nothing was stored\n");
        if message != expected {
            wrong.push((expected, message));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let (two, _, message) = said(&lab.client(&["import", "a", "--format", "xml"]));
    assert_eq!(two, 2);
    assert!(
        message.contains("the formats are object, lines and csv"),
        "{message}"
    );
    assert_eq!(lab.connect("linux").call(&["DBSIZE"]), Frame::Integer(0));
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
