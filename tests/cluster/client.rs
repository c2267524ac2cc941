//! `client` with a subcommand: what scripts see of it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use triad::resp::Frame;

use crate::lab::connection::bulk;
use crate::lab::{Lab, NAMES, code, key_of, text};

/// Runs the client with arguments that need not be text.
fn client(lab: &Lab, arguments: &[&OsStr]) -> Output {
    let mut command = lab.tool(env!("CARGO_BIN_EXE_client"));
    command.args(arguments).output().unwrap()
}

/// Exit code, standard output, standard error.
pub(crate) fn said(output: &Output) -> (i32, String, String) {
    (code(output), text(&output.stdout), text(&output.stderr))
}

/// Exit code and document.
pub(crate) fn document(output: &Output) -> (i32, Value) {
    let document = serde_json::from_slice(&output.stdout);
    let document = document.unwrap_or_else(|error| panic!("{error}: {:?}", said(output)));
    (code(output), document)
}

/// What is said on standard error by a run that ends with `exit` and prints nothing.
pub(crate) fn refusal(output: &Output, exit: i32) -> String {
    let (code, stdout, stderr) = said(output);
    assert_eq!((code, stdout), (exit, String::new()), "{stderr}");
    stderr
}

/// A run that prints one line and nothing else.
pub(crate) fn one_line(exit: i32, line: &str) -> (i32, String, String) {
    (exit, format!("{line}\n"), String::new())
}

#[test]
fn put_get_and_delete_say_which_node_has_the_key() {
    let lab = Lab::started();
    for name in NAMES {
        let key = key_of(name, "key", 0);
        let absent = (
            1,
            String::new(),
            format!("no such key; it would be on {name}\n"),
        );
        assert_eq!(said(&lab.client(&["get", &key])), absent);
        assert_eq!(
            said(&lab.client(&["put", &key, "a value"])),
            one_line(0, &format!("stored on {name}"))
        );
        // To a pipe the value goes as it is, without a line end.
        let value = (0, "a value".to_owned(), String::new());
        assert_eq!(said(&lab.client(&["get", &key])), value);
        let holds = lab.connect(name).call(&["TRIAD", "HOLDS", &key]);
        assert_eq!(holds, Frame::Integer(1));
        assert_eq!(
            said(&lab.client(&["delete", &key])),
            one_line(0, &format!("deleted from {name}"))
        );
        assert_eq!(said(&lab.client(&["delete", &key])), absent);
    }
}

#[test]
fn any_bytes_pass_unchanged() {
    let lab = Lab::started();
    // No argument can hold a zero byte.
    let all: Vec<u8> = (1..=255).chain([b'\n', b'\r', b'\n']).collect();
    let (key, value) = (
        OsString::from_vec(all.clone()),
        OsString::from_vec(all.clone()),
    );
    let put = client(&lab, &["put".as_ref(), &key, &value]);
    assert_eq!(code(&put), 0, "{}", text(&put.stderr));
    let got = client(&lab, &["get".as_ref(), &key]);
    assert_eq!((code(&got), &got.stdout), (0, &all));
    assert_eq!(lab.connect("mac").call(&[&b"GET"[..], &all]), bulk(&all));

    let with_zeros = vec![0; 3_000_000];
    lab.connect("linux")
        .call(&[&b"SET"[..], b"zeros", &with_zeros]);
    assert_eq!(lab.client(&["get", "zeros"]).stdout, with_zeros);
    assert_eq!(code(&lab.client(&["put", "empty", ""])), 0);
    let empty = (0, String::new(), String::new());
    assert_eq!(said(&lab.client(&["get", "empty"])), empty);
    // Numbers are no options.
    assert_eq!(code(&lab.client(&["put", "-1", "-2.5"])), 0);
    assert_eq!(text(&lab.client(&["get", "-1"]).stdout), "-2.5");
}

#[test]
fn each_subcommand_prints_one_document() {
    let lab = Lab::started();
    let key = key_of("mac", "key", 0);
    let run = |arguments: &[&str]| document(&lab.client(&[&["--json"], arguments].concat()));
    assert_eq!(
        run(&["put", &key, "å"]),
        (0, json!({"key": key, "node": "mac", "stored": true}))
    );
    let found = json!({"key": key, "value": "å", "node": "mac"});
    assert_eq!(run(&["get", &key]), (0, found));
    let absent = json!({"key": "nothing", "value": null, "node": "android"});
    assert_eq!(run(&["get", "nothing"]), (1, absent));
    assert_eq!(
        run(&["keys"]),
        (0, json!({"node": null, "keys": [{"key": key}]}))
    );
    let (zero, located) = run(&["where", &key]);
    assert_eq!(
        (zero, &located["node"], &located["exists"]),
        (0, &json!("mac"), &json!(true))
    );
    let deletion = |deleted| json!({"key": key, "node": "mac", "deleted": deleted});
    assert_eq!(run(&["delete", &key]), (0, deletion(true)));
    assert_eq!(run(&["delete", &key]), (1, deletion(false)));
    assert_eq!(
        run(&["keys", "--node", "mac"]),
        (0, json!({"node": "mac", "keys": []}))
    );
    assert_eq!(run(&["rehome"]), (0, json!({"moved": 0, "kept": []})));

    let bytes = OsString::from_vec(b"\xff\xfe".to_vec());
    let put = client(&lab, &["put".as_ref(), &bytes, &bytes, "--json".as_ref()]);
    let (zero, stored) = document(&put);
    assert_eq!((zero, &stored["key_base64"]), (0, &json!("//4=")));
    let (_, found) = document(&client(&lab, &["--json".as_ref(), "get".as_ref(), &bytes]));
    assert_eq!(
        (&found["key_base64"], &found["value_base64"]),
        (&json!("//4="), &json!("//4="))
    );
    assert_eq!(run(&["keys"]).1["keys"], json!([{"key_base64": "//4="}]));
}

#[test]
fn keys_of_which_some_cannot_be_told_are_a_document_with_the_reason() {
    let mut lab = Lab::started();
    let key = key_of("linux", "key", 0);
    assert_eq!(lab.connect("linux").call(&["SET", &key, "v"]), Frame::OK);
    lab.lose("mac");
    let output = lab.client(&["--json", "--via", "linux", "keys"]);
    let (three, listed) = document(&output);
    assert_eq!((three, &listed["node"]), (3, &Value::Null));
    let error = listed["error"].as_str().unwrap();
    assert!(error.starts_with("UNREACHABLE mac "), "{listed}");
    assert_eq!(said(&output).2, format!("error: {error}\n"));
}

#[test]
fn keys_of_all_nodes_or_of_one() {
    let lab = Lab::started();
    let mut linux = lab.connect("linux");
    // More than one step of a scan brings.
    let keys: Vec<String> = (0..2200).map(|n| format!("key {n:04}")).collect();
    let pairs = keys.iter().flat_map(|key| [key.as_str(), "v"]);
    let words: Vec<&str> = ["MSET"].into_iter().chain(pairs).collect();
    assert_eq!(linux.call(&words), Frame::OK);

    let listed = |arguments: &[&str]| {
        let output = lab.client(arguments);
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        let mut keys: Vec<_> = text(&output.stdout).lines().map(str::to_owned).collect();
        keys.sort();
        keys
    };
    assert_eq!(listed(&["keys"]), keys);
    let mut by_node: Vec<_> = NAMES
        .iter()
        .flat_map(|name| listed(&["keys", "--node", name]))
        .collect();
    by_node.sort();
    assert_eq!(by_node, keys);
    let of_mac = listed(&["keys", "--node", "mac"]);
    let placement = triad::placement::Placement::built_in();
    assert!(
        of_mac
            .iter()
            .all(|key| placement.owner(key.as_bytes()).as_usize() == 1)
    );

    let (_, all) = document(&lab.client(&["--json", "keys"]));
    let mut all: Vec<_> = all["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["key"].clone())
        .collect();
    all.sort_by_key(ToString::to_string);
    assert_eq!(all, keys);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let lab = Lab::started();
    let mut linux = lab.connect("linux");
    for n in 0..2000 {
        linux.send(&["SET", &format!("{n:0100}"), "v"]);
    }
    for _ in 0..2000 {
        assert_eq!(linux.reply(), Frame::OK);
    }
    for arguments in [
        &["keys"][..],
        &["--json", "keys"],
        &["status"],
        &["get", &"0".repeat(100)],
    ] {
        let mut command = lab.tool(env!("CARGO_BIN_EXE_client"));
        command
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (code(&output), text(&output.stderr)),
            (0, String::new()),
            "{arguments:?}"
        );
    }
}

#[test]
fn where_tells_the_node_and_why() {
    let mut lab = Lab::started();
    // The digests are what `printf a | md5sum` and its like print.
    let expected = "\
android (the remainder); not stored at the moment
  linux    no   MD5 ends in an even hex digit
  mac      no   SHA-1 divisible by 3
  android  yes  the remainder
  MD5      0cc175b9c0f1b6a831c399e269772661
  SHA-1    86f7e437faa5a7fce15d1ddcb9eaeaea377667b8";
    assert_eq!(said(&lab.client(&["where", "a"])), one_line(0, expected));
    lab.client(&["put", "a", "1"]);
    let (zero, located) = document(&lab.client(&["--json", "where", "a"]));
    assert_eq!(zero, 0);
    assert_eq!(
        located,
        json!({
            "key": "a",
            "node": "android",
            "rule": "the remainder",
            "exists": true,
            "md5": "0cc175b9c0f1b6a831c399e269772661",
            "sha1": "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8",
            "sha256": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
        })
    );
    // A key of the first rule needs no other.
    let key = key_of("linux", "k", 0);
    let screen = text(&lab.client(&["where", &key]).stdout);
    assert!(
        !screen.contains("SHA-1") && !screen.contains("mac"),
        "{screen}"
    );

    // Whose a key is needs no answer of that node; whether it is there does.
    lab.lose("android");
    let output = lab.client(&["where", "a"]);
    assert_eq!(code(&output), 3);
    let screen = text(&output.stdout);
    assert!(
        screen.starts_with("android (the remainder); whether it is stored there can't be asked\n")
    );
    assert!(text(&output.stderr).contains("UNREACHABLE android"));
    let (three, located) = document(&lab.client(&["--json", "where", "a"]));
    assert_eq!(
        (three, &located["node"], &located["exists"]),
        (3, &json!("android"), &Value::Null)
    );
}

#[test]
fn status_tells_about_every_node() {
    let mut lab = Lab::started();
    lab.client(&["put", &key_of("mac", "k", 0), "v"]);
    let (zero, status) = document(&lab.client(&["--json", "status"]));
    let row = |name: &str, rule: &str, share: &str, keys| {
        json!({
            "name": name,
            "address": lab.address(name).to_string(),
            "rule": rule,
            "share": share,
            "reachable": true,
            "keys": keys,
            "misplaced": 0,
            "version": env!("CARGO_PKG_VERSION"),
            "error": null,
        })
    };
    let rows = [
        row("linux", "MD5 ends in an even hex digit", "1/2", 0),
        row("mac", "SHA-1 divisible by 3", "1/6", 1),
        row("android", "the remainder", "1/3", 0),
    ];
    assert_eq!((zero, status), (0, json!({ "nodes": rows })));
    let table = text(&lab.client(&["status"]).stdout);
    assert_eq!(table.lines().count(), 5, "{table}");
    assert!(
        table.lines().all(|line| line.chars().count() <= 80),
        "{table}"
    );

    // A node that is down is a row, a sentence and an exit code.
    lab.lose("android");
    let output = lab.client(&["--via", "mac", "status"]);
    let table = text(&output.stdout);
    assert_eq!(code(&output), 3, "{table}");
    let android = lab.address("android");
    let row = table
        .lines()
        .find(|line| line.starts_with("android  "))
        .unwrap();
    assert!(row.trim_end().ends_with("?  DOWN"), "{table}");
    let sentence = format!("android: UNREACHABLE android {android}: ");
    assert!(table.contains(&sentence), "{table}");
    let (three, status) = document(&lab.client(&["--via", "mac", "status", "--json"]));
    let row = &status["nodes"][2];
    assert_eq!(
        (three, &row["reachable"], &row["keys"]),
        (3, &json!(false), &Value::Null)
    );
    assert!(
        row["error"]
            .as_str()
            .unwrap()
            .starts_with("UNREACHABLE android")
    );
}

#[test]
fn via_chooses_the_entry_node() {
    let mut lab = Lab::started();
    let accepted = |name: &str| {
        let info = text(
            lab.connect(name)
                .call(&["INFO", "stats"])
                .as_bytes()
                .unwrap(),
        );
        let field = info
            .lines()
            .find_map(|line| line.strip_prefix("total_connections_received:"));
        field.unwrap().parse::<u64>().unwrap()
    };
    for name in NAMES {
        let before = NAMES.map(accepted);
        assert_eq!(code(&lab.client(&["--via", name, "put", "k", "v"])), 0);
        let after = NAMES.map(accepted);
        for (place, other) in NAMES.into_iter().enumerate() {
            // This count's own connection, and the client's.
            let more = if other == name { 2 } else { 1 };
            assert_eq!(after[place] - before[place], more, "via {name}, {other}");
        }
    }
    // By default the first that answers.
    lab.lose("linux");
    let key = key_of("android", "k", 0);
    assert_eq!(code(&lab.client(&["put", &key, "v"])), 0);
    let message = refusal(&lab.client(&["--via", "linux", "get", &key]), 3);
    let linux = lab.address("linux");
    assert_eq!(
        message,
        format!(
            "error: linux {linux} cannot be reached: no node runs there (connection refused); start it\n"
        )
    );
    let via = lab
        .tool(env!("CARGO_BIN_EXE_client"))
        .env("TRIAD_VIA", "linux")
        .args(["get", &key])
        .output();
    assert_eq!(code(&via.unwrap()), 3);
}

#[test]
fn a_node_that_takes_connections_and_never_answers_is_passed_over() {
    let lab = Lab::started();
    lab.pause("linux");
    let key = key_of("mac", "k", 0);
    let run = |arguments: &[&str]| {
        let mut command = lab.tool(env!("CARGO_BIN_EXE_client"));
        command
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    // Both wait as long as they may, at the same time.
    let by_default = run(&["put", &key, "v"]);
    let via_linux = run(&["--via", "linux", "get", &key]);
    let output = by_default.wait_with_output().unwrap();
    assert_eq!(said(&output), one_line(0, "stored on mac"));
    let message = refusal(&via_linux.wait_with_output().unwrap(), 3);
    assert!(
        message.contains("no answer within 3 s: the device may be asleep"),
        "{message}"
    );
    lab.resume("linux");
}

#[test]
fn a_node_with_another_list_is_told() {
    let lab = Lab::started();
    let list = [
        ("linux", json!({"hash": "sha256", "divisible_by": 2})),
        ("mac", json!("remainder")),
    ];
    lab.write_cluster_file("other.json", &list, |_, address| address);
    let output = lab.client(&["--cluster", "other.json", "put", "a", "1"]);
    let (zero, _, warning) = said(&output);
    assert_eq!((zero, warning.lines().count()), (0, 1), "{warning}");
    let linux = format!(
        "warning: linux {} has not the same list",
        lab.address("linux")
    );
    assert!(
        warning.starts_with(&linux) && warning.contains("(other.json)"),
        "{warning}"
    );
    // The node does as its own list says.
    let owner = lab.connect("linux").call(&["TRIAD", "OWNER", "a"]);
    assert_eq!(owner, bulk("android"));
    let holds = lab.connect("android").call(&["TRIAD", "HOLDS", "a"]);
    assert_eq!(holds, Frame::Integer(1));
}

#[test]
fn a_key_that_holds_no_string_says_what_it_holds_and_how_to_read_it() {
    let lab = Lab::started();
    for name in NAMES {
        let key = key_of(name, "set", 0);
        assert_eq!(
            lab.connect("mac").call(&["SADD", &key, "member"]),
            Frame::Integer(1)
        );
        let port = lab.address("android").port();
        let sentence = format!(
            "error: {key} holds a set, not a string; read it with `redis-cli -h 127.0.0.1 -p {port} \
             SMEMBERS {key}`\n"
        );
        let get = ["--via", "android", "get", &key];
        assert_eq!(refusal(&lab.client(&get), 4), sentence);
        assert_eq!(
            refusal(&lab.client(&[&["--json"], &get[..]].concat()), 4),
            sentence
        );
        // The others know of keys only whether they are there.
        let keys = said(&lab.client(&["keys", "--node", name]));
        assert_eq!(keys, one_line(0, &key));
        let (code, location) = document(&lab.client(&["--json", "where", &key]));
        assert_eq!((code, &location["exists"]), (0, &json!(true)));
        assert_eq!(
            said(&lab.client(&["delete", &key])),
            one_line(0, &format!("deleted from {name}"))
        );
    }
}
