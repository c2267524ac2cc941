//! Files that are refused, and what their writers are told.

use serde_json::Map;

use super::*;

/// What is written over the three nodes of a good file, and two things that the refusal says.
const REFUSED: &str = r#"
    [{}, {"name":"Mac"}, {}] => node 2: field "name": "Mac" is => such as "mac"
    [{}, {"name":""}, {}] => node 2: field "name": "" is => write a letter from a to z
    [{}, {}, {"name":"cluster"}] => node 3: field "name": "cluster" is => choose another name
    [{}, {}, {"name":3}] => node 3: field "name" is 3 => such as "linux"
    [{"address":"a"}, {}, {}] => node 1 (linux): field "address": "a" has no => write host:port
    [{"address":"a:0"}, {}, {}] => (linux): field "address": "a:0" has => such as 7001
    [{"address":"a:x"}, {}, {}] => (linux): field "address": "a:x" has => such as 7001
    [{"address":7001}, {}, {}] => (linux): field "address" is 7001 => such as "127.0.0.1:7001"
    [{"rule":"rest"}, {}, {}] => (linux): field "rule": "rest" is not => write "remainder" or
    [{"rule":null}, {}, {}] => (linux): field "rule": null is not => write "remainder" or
    [{}, {"rule":{"hash":"sha-1","divisible_by":3}}, {}] => node 2 (mac): field "rule": => "sha1"
    [{}, {"rule":{"hash":"sha1","divisible_by":0}}, {}] => "divisible_by" is 0 => a whole number
    [{}, {"rule":{"hash":"sha1","divisor":3}}, {}] => (mac): field "rule": unknown => "divisible_by"
    [{}, {"port":7001}, {}] => node 2 (mac): unknown field "port" => "name", "address" or "rule"
    [{}, {"Rule":1}, {}] => node 2 (mac): unknown field "Rule" => ; write "rule"
    [{}, {}, {"name":"linux"}] => nodes 1 and 3 are both named "linux" => give each its own name
    [{}, {}, {"address":"127.0.0.1:07001"}] => node 1 (linux) and node 3 (android) have => give each
    [{"address":"[::1]:1"}, {"address":"[0::1]:1"}, {}] => have the same address, [0::1]:1 => give
    [{}, {}, {"rule":{"hash":"md5","divisible_by":3}}] => no node has => the last node, node 3 (and
    [{"rule":"remainder"}, {}, {}] => nodes 1 (linux) and 3 (android) both => give node 1 a hash
    [{"rule":"remainder"}, {"rule":"remainder"}, {}] => nodes 1 (linux) and 3 (android) both => last
    [{}, {"rule":"remainder"}, {"rule":{"hash":"md5","divisible_by":3}}] => (mac) has => after node 3
"#;

#[test]
fn a_bad_value_or_list_is_refused_with_its_place_and_what_to_write() {
    for line in REFUSED.trim().lines() {
        let [changes, problem, advice] = line.split(" => ").collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let mut file = good();
        let nodes = file["nodes"].as_array_mut().unwrap();
        let changes: Vec<Map<String, Value>> = serde_json::from_str(changes).unwrap();
        assert_eq!(changes.len(), nodes.len());
        for (node, changes) in nodes.iter_mut().zip(changes) {
            node.as_object_mut().unwrap().extend(changes);
        }
        assert_refused(&file.to_string(), &[problem, advice]);
    }
}

#[test]
fn a_missing_field_is_refused_with_an_example() {
    for (field, place, example) in [
        ("name", "node 2: ", "\"name\": \"linux\""),
        (
            "address",
            "node 2 (mac): ",
            "\"address\": \"127.0.0.1:7001\"",
        ),
        ("rule", "node 2 (mac): ", "\"rule\": \"remainder\""),
    ] {
        let mut file = good();
        file["nodes"][1]
            .as_object_mut()
            .unwrap()
            .remove(field)
            .unwrap();
        let missing = format!("{place}field \"{field}\" is missing");
        assert_refused(&file.to_string(), &[&missing, example]);
    }
}

#[test]
fn a_text_that_is_no_list_of_nodes_is_refused() {
    let deep = "[".repeat(100_000);
    let cases = [
        (
            "",
            [
                "the file is empty",
                "write a list of nodes such as { \"nodes\": [ { \"name\"",
            ],
        ),
        (" \r\n\t", ["the file is empty", "{ \"nodes\":"]),
        ("\u{feff}", ["the file is empty", "{ \"nodes\":"]),
        (
            "{ \"nodes\": [] }",
            ["the list has no nodes", "with the rule \"remainder\""],
        ),
        (
            "{}",
            [
                "field \"nodes\" is missing",
                "write a list of nodes such as",
            ],
        ),
        (
            "{ \"nodes\": 3 }",
            ["field \"nodes\" is 3", "write a list of nodes such as"],
        ),
        (
            "{ \"nodes\": {} }",
            [
                "field \"nodes\" is an object",
                "write a list of nodes such as",
            ],
        ),
        (
            "[]",
            ["a list is not a list of nodes", "such as { \"nodes\": ["],
        ),
        (
            "null",
            ["null is not a list of nodes", "such as { \"nodes\": ["],
        ),
        (
            "{ \"Nodes\": [] }",
            ["unknown field \"Nodes\"", "file is \"nodes\""],
        ),
        (
            "{ \"nodes\": [], \"version\": 1 }",
            ["unknown field \"version\"", "file is \"nodes\""],
        ),
        (
            "{ \"nodes\": [\"linux\"] }",
            ["node 1: \"linux\" is not a node", "write an object with"],
        ),
        (
            "{\n  \"nodes\": [],\n}",
            ["line 3, column 1: not JSON", "not after the last"],
        ),
        (
            "{ 'nodes': [] }",
            ["line 1, column 3: not JSON", "double quotation marks"],
        ),
        (
            "{ \"nodes\": [\n",
            ["line 2, column 1: not JSON", "EOF while parsing a list (in"],
        ),
        (
            "// mine\n{}",
            ["line 1, column 1: not JSON", "there are no comments"],
        ),
        (
            "{ \"nodes\": [] } x",
            ["line 1, column 17: not JSON", "trailing characters"],
        ),
        (&deep, ["line 1, column 128: not JSON", "recursion limit"]),
        (
            "{ \"nodes\": [],\n  \"nodes\": [] }",
            [
                "line 2, column 9: field \"nodes\" is given twice",
                "keep one",
            ],
        ),
        (
            "{ \"nodes\": [ { \"name\": \"a\", \"name\": \"b\" } ] }",
            [
                "line 1, column 34: field \"name\" is given twice",
                "keep one",
            ],
        ),
    ];
    for (text, fragments) in cases {
        assert_refused(text, &fragments);
    }
}

fn assert_refused(text: &str, fragments: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.json");
    fs::write(&path, text).unwrap();
    assert_file_refused(&path, fragments);
}

pub(super) fn assert_file_refused(path: &Path, fragments: &[&str]) {
    let message = Cluster::load(path).unwrap_err().to_string();
    assert!(
        message.starts_with(&format!("{}: ", path.display())),
        "{message}"
    );
    assert!(message.len() < 1000, "{message}");
    for fragment in fragments {
        assert!(message.contains(fragment), "{message}\nlacks\n{fragment}");
    }
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let garbage: [&[u8]; 3] = [
        b"\xff\xfe{\0}\0",
        b"{ \"nodes\": \"\xc3\x28\" }",
        b"\x1f\x8b\x08\0\0",
    ];
    for bytes in garbage {
        let fault = Cluster::parse(bytes, Source::BuiltIn).unwrap_err();
        assert!(matches!(fault, Fault::NotJson { line: 1, .. }), "{fault}");
    }
}

#[test]
fn what_is_no_readable_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    assert_file_refused(&file, &["there is no such file", "check the path"]);
    assert_file_refused(
        folder.path(),
        &["this is a folder", "give the path of a cluster file"],
    );
    fs::write(&file, "{}").unwrap();
    // A file is no folder, so nothing can be read below it.
    assert_file_refused(&file.join("below"), &["can't be read (", "give another"]);
}
