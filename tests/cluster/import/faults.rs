//! What is wrong with some files, and how it is told.

use std::fs;

use triad::limits::{KEY_MAX_BYTES, VALUE_MAX_BYTES};
use triad::resp::Frame;

use crate::client::{refusal, said};
use crate::lab::Lab;

/// Imports each content as a file of this name, and compares what is said of it.
fn assert_refused(lab: &Lab, file: &str, table: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (content, expected) in table {
        fs::write(lab.folder().join(file), content).unwrap();
        let message = refusal(&lab.client(&["import", file]), 2);
        let expected = format!("error: {file}: {expected}. Nothing was stored\n");
        if message != expected {
            wrong.push((expected, message));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let count = lab.connect("linux").call(&["DBSIZE"]);
    assert_eq!(count, Frame::Integer(0));
}

const OBJECTS: &[(&str, &str)] = &[
    (
        "{\"a\": {\"c\": \"2\"}}",
        "line 1, column 11: the value of \"a\" is not a string, nor an object with a `value` or `items`: it has the field \"c\"",
    ),
    (
        "{\"a\": null}",
        "line 1, column 10: the value of \"a\" is not a string; write it in quotation marks",
    ),
    (
        "{\"a\": []}",
        "line 1, column 8: the value of \"a\" has no items; a set has at least one",
    ),
    (
        "{\"a\": [1]}",
        "line 1, column 9: invalid type: integer `1`, expected a string",
    ),
    (
        "{\"a\": {}}",
        "line 1, column 8: the value of \"a\" has neither a `value` nor `items`",
    ),
    (
        "{\"a\": {\"value\":\"\",\"items\":[\"b\"]}}",
        "line 1, column 32: the value of \"a\" has both a `value` and `items`",
    ),
    (
        "{\"a\": {\"value\":\"1\",\"value_base64\":\"MQ==\"}}",
        "line 1, column 41: the value of \"a\" has a field twice, or both as text and in base64",
    ),
    (
        "{\"a\": {\"value_base64\":\"?\"}}",
        "line 1, column 26: the value of \"a\" has a `value_base64` that is not base64: Invalid symbol 63, offset 0.",
    ),
    (
        "{\"a\": {\"value\":\"1\",\"expires_unix_ms\":0}}",
        "line 1, column 39: the value of \"a\" has an `expires_unix_ms` that is no time",
    ),
    (
        "{\"a\": {\"value\":\"1\",\"type\":\"list\"}}",
        "line 1, column 33: the value of \"a\" has a `type` that does not go with it; a \"set\" has `items`",
    ),
];

const LINES: &[(&str, &str)] = &[
    (
        "{\"key\":\"s\",\"type\":\"set\",\"items\":[\"a\"]}\n{\"key\":\"s\",\"type\":\"set\",\"items\":[\"b\"],\"part\":3}",
        "line 2: part 3 of \"s\" does not stand behind part 2; keep the entries in the order in which they were exported",
    ),
    (
        "{\"key\":\"s\",\"type\":\"set\",\"items\":[\"b\"],\"part\":2}\n{\"key\":\"s\",\"type\":\"set\",\"items\":[\"a\"]}",
        "line 1: part 2 of \"s\" does not stand behind part 1; keep the entries in the order in which they were exported",
    ),
    (
        "{\"key\":\"s\",\"type\":\"set\",\"items\":[\"a\"]}\n{\"key\":\"t\",\"type\":\"set\",\"items\":[\"b\"],\"part\":2}",
        "line 2: part 2 of \"t\" does not stand behind part 1; keep the entries in the order in which they were exported",
    ),
    (
        "{\"key\":\"a\",\"value\":\"1\"}\n{\"key\":\"b\"",
        "line 2: column 10: EOF while parsing an object",
    ),
    (
        "\n{\"key\":\"a\",\"value\":\"1\",\"ttl\":5}",
        "line 2: column 28: unknown field `ttl`, expected one of `key`, `key_base64`, `value`, `value_base64`, `type`, `items`, `items_base64`, `part`, `expires_unix_ms`, `crc`",
    ),
    ("{\"value\":\"1\"}", "line 1: this entry has no `key`"),
    (
        "{\"key\":\"a\"}",
        "line 1: the entry with the key \"a\" has no `value`",
    ),
    (
        "{\"key\":\"a\",\"key_base64\":\"YQ==\",\"value\":\"1\"}",
        "line 1: has both `key` and `key_base64`",
    ),
    (
        "{\"key\":\"a\",\"type\":\"list\",\"items\":[\"1\"]}",
        "line 1: the entry with the key \"a\" is of the unknown type \"list\"",
    ),
    (
        "{\"key\":\"a\",\"type\":\"set\",\"items\":[]}",
        "line 1: the entry with the key \"a\" has no item in its `items`",
    ),
    (
        "{\"key\":\"a\",\"value\":\"1\",\"crc\":\"00000000\"}",
        "line 1: the entry with the key \"a\" has the checksum \"00000000\", but its content has \"537ddd53\"",
    ),
    (
        "[1]",
        "line 1: column 0: invalid type: sequence, expected an object",
    ),
];

const CSV: &[(&str, &str)] = &[
    (
        "",
        "line 1: the file is empty; begin with the header key,value",
    ),
    (
        "key,expires_unix_ms\n",
        "line 1: there is no column value or value_base64. begin with the header key,value",
    ),
    (
        "value\n",
        "line 1: there is no column key or key_base64. begin with the header key,value",
    ),
    ("key,value,key\n", "line 1: the column \"key\" stands twice"),
    (
        "key,value\n\na,1\nb,1,2\n",
        "line 4: 3 cells, where the header has 2; a cell with a comma, a quotation mark or a line end stands in quotation marks",
    ),
    (
        "key,value\n\"a\nb\",1\nc\n",
        "line 4: 1 cells, where the header has 2; a cell with a comma, a quotation mark or a line end stands in quotation marks",
    ),
    (
        "key,key_base64,value\na,YQ==,1\n",
        "line 2: there is both a key and a key_base64; leave one of the cells empty",
    ),
    (
        "key,value,value_base64\na,,?\n",
        "line 2: the value_base64 is not base64: Invalid symbol 63, offset 0.",
    ),
    (
        "key,value,expires_unix_ms\na,1,tomorrow\n",
        "line 2: the expires_unix_ms \"tomorrow\" is no time; it is milliseconds since 1970, or empty",
    ),
    (
        "key,value\na,1\nb,\"2\nc,3\nd,4\n",
        "line 3: the quotation mark that begins a cell here is closed nowhere; close it, and double those within the cell",
    ),
    (
        "key,value\na,\"1\"2\n",
        "line 2: text stands behind the closing quotation mark of a cell that begins here; double the quotation marks within the cell",
    ),
    (
        "a,1\nb,2\n",
        "line 1: there is no column \"a\"; the columns are key, value, expires_unix_ms, key_base64, value_base64. begin with the header key,value",
    ),
];

#[test]
fn what_is_wrong_with_an_object_is_told_with_its_place() {
    assert_refused(&Lab::started(), "a.json", OBJECTS);
}

#[test]
fn what_is_wrong_with_a_line_is_told_with_its_number() {
    let lab = Lab::started();
    assert_refused(&lab, "a.jsonl", LINES);
    let (long, large) = (
        "k".repeat(KEY_MAX_BYTES + 1),
        "v".repeat(VALUE_MAX_BYTES + 1),
    );
    let long = format!("{{\"key\":\"{long}\",\"value\":\"\"}}");
    let shown = "k".repeat(40);
    let too_long = format!("line 1: the key \"{shown}\"… has 65537 bytes; a key has at most 65536");
    let large = format!("{{\"key\":\"a\",\"type\":\"set\",\"items\":[\"{large}\"]}}");
    let too_large = "line 1: an item of \"a\" has 8388609 bytes; a value has at most 8388608 (--max-value of the \
                     nodes changes it)";
    assert_refused(&lab, "a.jsonl", &[(&long, &too_long), (&large, too_large)]);
}

#[test]
fn what_is_wrong_with_a_row_is_told_with_its_line() {
    assert_refused(&Lab::started(), "a.csv", CSV);
}

#[test]
fn what_has_no_format_that_is_known_is_told_so() {
    let lab = Lab::started();
    let advice = "it begins neither with { nor with the header key,value; if it has keys, name its format with \
                  --format object, lines or csv";
    assert_refused(
        &lab,
        "a",
        &[("hello", advice), ("", advice), ("[1]", advice)],
    );
    let (two, _, message) = said(&lab.client(&["import", "a", "--format", "xml"]));
    assert_eq!(two, 2);
    let part = "the formats are object, lines and csv";
    assert!(message.contains(part), "{message}");
}
