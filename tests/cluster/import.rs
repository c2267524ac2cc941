//! `client import`: a JSON file becomes keys, all of it or, where something in it is wrong, nothing.

mod faults;
mod formats;
mod interrupted;

use std::fs;

use serde_json::{Value, json};
use triad::limits::{KEY_MAX_BYTES, VALUE_MAX_BYTES};
use triad::resp::Frame;

use crate::client::{document, one_line, refusal, said};
use crate::lab::connection::bulk;
use crate::lab::{Lab, NAMES, code, text};

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/samples");

#[test]
fn the_samples_are_imported() {
    let lab = Lab::started();
    for (file, count) in [("countries.json", 249), ("ports.json", 318)] {
        let path = format!("{SAMPLES}/{file}");
        let sample: serde_json::Map<String, Value> =
            serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(sample.len(), count, "{file}");
        let (zero, imported) =
            document(&lab.client(&["--via", "android", "--json", "import", &path]));
        assert_eq!((zero, &imported["keys"]), (0, &json!(count)));
        let nodes = imported["nodes"].as_array().unwrap();
        let names: Vec<_> = nodes
            .iter()
            .map(|node| node["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, NAMES);
        let counts = nodes.iter().map(|node| node["keys"].as_u64().unwrap());
        assert_eq!(counts.sum::<u64>(), count as u64);
        let mut mac = lab.connect("mac");
        for (key, value) in &sample {
            assert_eq!(
                mac.call(&["GET", key]),
                bulk(value.as_str().unwrap()),
                "{file}: {key}"
            );
        }
    }
    let output = lab.client(&["import", &format!("{SAMPLES}/countries.json")]);
    let (zero, line, _) = said(&output);
    assert!(
        zero == 0 && line.starts_with("stored 249 keys: linux "),
        "{line}"
    );
    // Nothing stood in both, and nothing was stored twice.
    assert_eq!(
        lab.connect("linux").call(&["DBSIZE"]),
        Frame::Integer(249 + 318)
    );
}

#[test]
fn of_a_name_that_stands_twice_the_last_counts() {
    let lab = Lab::started();
    fs::write(
        lab.folder().join("twice.json"),
        r#"{"a":"1","b":"2","a":"3"}"#,
    )
    .unwrap();
    // What was stored is counted, and that was three times something.
    let (zero, imported) = document(&lab.client(&["--json", "import", "twice.json"]));
    assert_eq!((zero, &imported["keys"]), (0, &json!(3)));
    assert_eq!(text(&lab.client(&["get", "a"]).stdout), "3");
    // What some editors put before the text.
    let marked = "\u{feff}{\"a\":\"4\"}\n";
    fs::write(lab.folder().join("marked.json"), marked).unwrap();
    let imported = lab.client(&["import", "marked.json"]);
    let line = "stored 1 key: linux 0, mac 0, android 1";
    assert_eq!(said(&imported), one_line(0, line));
}

#[test]
fn a_file_that_can_t_be_imported_is_refused_with_the_place_and_nothing_is_stored() {
    let lab = Lab::started();
    let refused = |content: &str, parts: &[&str]| {
        fs::write(lab.folder().join("bad.json"), content).unwrap();
        let message = refusal(&lab.client(&["import", "bad.json"]), 2);
        assert!(message.starts_with("error: bad.json: "), "{message}");
        assert!(message.ends_with(". Nothing was stored\n"), "{message}");
        for part in parts {
            assert!(message.contains(part), "{part:?} is not in {message}");
        }
        assert!(message.len() < 400, "{message}");
    };
    refused("", &["line 1, column 0: ", "EOF"]);
    refused(
        "{\"a\": \"1\",\n \"b\" \"2\"}",
        &["line 2, column 6: expected `:`"],
    );
    refused(
        "{\"a\": \"1\"} x",
        &["line 1, column 12: trailing characters"],
    );
    refused(
        "[\"a\", \"b\"]",
        &[
            "line 1, column 1: ",
            "sequence",
            "a JSON object whose values are strings",
        ],
    );
    refused(
        "\"text\"",
        &["string", "a JSON object whose values are strings"],
    );
    refused(
        "{\"a\": \"1\",\n \"b\": 2}",
        &["line 2, column 8: the value of \"b\" is not a string; write it in quotation marks"],
    );
    refused(
        "{\"a\": \"1\",\n \"b\": {\"c\": \"2\"}}",
        &["the value of \"b\" is not a string"],
    );
    refused(
        &format!("{{\"a\":\"1\",\"b\":{}", "[".repeat(100_000)),
        &["line 1, column 15: invalid type: sequence, expected a string"],
    );
    let long = "k".repeat(KEY_MAX_BYTES + 1);
    refused(
        &format!("{{\"a\":\"1\",\n\"{long}\":\"2\"}}"),
        &[
            "line 2, column 65543: the key \"kkk",
            "has 65537 bytes; a key has at most 65536",
        ],
    );
    let large = "v".repeat(VALUE_MAX_BYTES + 1);
    refused(
        &format!("{{\"a\":\"1\",\"b\":\"{large}\"}}"),
        &[
            "the value of \"b\" has 8388609 bytes; a value has at most 8388608",
            "--max-value",
        ],
    );
    fs::write(lab.folder().join("latin1.json"), b"{\"a\": \"\xe9\"}").unwrap();
    let message = refusal(&lab.client(&["import", "latin1.json"]), 2);
    assert!(
        message.contains("line 1, column 8: invalid unicode"),
        "{message}"
    );

    let message = refusal(&lab.client(&["import", "no-such.json"]), 2);
    assert!(
        message.contains("no-such.json: there is no such file; check the path"),
        "{message}"
    );
    let message = refusal(&lab.client(&["import", "data"]), 2);
    assert!(message.contains("data: this is a folder"), "{message}");
    assert_eq!(lab.connect("linux").call(&["DBSIZE"]), Frame::Integer(0));

    // The longest key and the largest value are fine.
    let content = json!({ "k".repeat(KEY_MAX_BYTES): "v".repeat(VALUE_MAX_BYTES) });
    fs::write(lab.folder().join("large.json"), content.to_string()).unwrap();
    let output = lab.client(&["import", "large.json"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
}

#[test]
fn an_import_that_a_lost_node_ends_says_how_far_it_came() {
    let mut lab = Lab::started();
    lab.lose("android");
    let path = format!("{SAMPLES}/countries.json");
    let message = refusal(&lab.client(&["--via", "linux", "import", &path]), 3);
    assert!(message.contains("UNREACHABLE android"), "{message}");
    let count = |name: &str| match lab.connect(name).call(&["TRIAD", "KEYS"]) {
        Frame::Array(keys) => keys.len(),
        other => panic!("{other:?}"),
    };
    let stored = count("linux") + count("mac");
    assert!(stored > 0, "the others' keys are stored");
    let told = format!(". {stored} of 249 keys are stored; import the file again");
    assert!(message.contains(&told), "{told}: {message}");
    assert!(message.contains("import the file again"), "{message}");
}
