//! Imports that end too early, and how much they hold in memory.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use triad::limits::{IMPORT_LANES, TRANSFER_BATCH_ENTRIES};
use triad::resp::Frame;

use crate::client::one_line;
use crate::lab::{Lab, code, eventually, resident, text};

fn line(n: usize) -> String {
    format!("{{\"key\":\"key {n}\",\"value\":\"{n:0100}\"}}\n")
}

fn lines(numbers: std::ops::Range<usize>) -> String {
    numbers.map(line).collect()
}

/// An import that waits for more on its standard input.
fn waiting(lab: &Lab, arguments: &[&str]) -> (Child, ChildStdin) {
    let mut client = lab.tool(env!("CARGO_BIN_EXE_client"));
    client.args(["import", "-"]).args(arguments);
    client
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut client = client.spawn().unwrap();
    let input = client.stdin.take().unwrap();
    (client, input)
}

/// The code with which it ends, and what it says.
fn end(mut client: Child) -> (Option<i32>, String) {
    let status = client.wait().unwrap();
    let mut message = String::new();
    client
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut message)
        .unwrap();
    (status.code(), message)
}

fn keys_there(lab: &Lab, name: &str) -> usize {
    match lab.connect(name).call(&["TRIAD", "KEYS"]) {
        Frame::Array(keys) => keys.len(),
        other => panic!("{other:?}"),
    }
}

fn all_there(lab: &Lab) -> usize {
    crate::lab::NAMES
        .iter()
        .map(|name| keys_there(lab, name))
        .sum()
}

/// The last keys of what has come so far wait for others to go with: no more than these.
const LAST: usize = IMPORT_LANES * TRANSFER_BATCH_ENTRIES;

/// Waits until nearly all of so many keys are there.
fn wait_for(lab: &Lab, keys: usize) {
    eventually("they are stored", || all_there(lab) + LAST >= keys);
}

#[test]
fn an_import_that_was_interrupted_is_run_again() {
    const KEYS: usize = 6_000;
    let lab = Lab::started();
    fs::write(lab.folder().join("keys.jsonl"), lines(0..KEYS)).unwrap();
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let (client, mut input) = waiting(&lab, &[]);
        input.write_all(lines(0..KEYS / 2).as_bytes()).unwrap();
        wait_for(&lab, KEYS / 2);
        kill_process(Pid::from_child(&client), signal).unwrap();
        let (code, message) = end(client);
        let there = all_there(&lab);
        if signal != Signal::KILL {
            assert_eq!(code, Some(4), "{message}");
            let rest = message
                .strip_prefix("error: interrupted: ")
                .expect(&message);
            let told: usize = rest.split(' ').next().unwrap().parse().unwrap();
            assert!((1..=there).contains(&told), "{there}: {message}");
            let end = format!(
                "{told} keys are stored, and perhaps some more; import the file again for the rest\n"
            );
            assert_eq!(rest, end);
        }
        let again = lab.client(&["import", "keys.jsonl"]);
        let (zero, said, _) = crate::client::said(&again);
        assert!(
            zero == 0 && said.starts_with("stored 6000 keys: "),
            "{said}"
        );
        assert_eq!(all_there(&lab), KEYS);
        let value = lab.connect("mac").call(&["GET", "key 5999"]);
        assert_eq!(text(value.as_bytes().unwrap()), format!("{:0100}", 5999));
        lab.connect("mac").call(&["FLUSHALL"]);
    }
}

#[test]
fn an_import_that_loses_a_node_in_the_middle_tells_how_many_are_stored() {
    const KEYS: usize = 6_000;
    for via in [&[][..], &["--via", "linux"]] {
        let mut lab = Lab::started();
        let (client, mut input) = waiting(&lab, via);
        input.write_all(lines(0..KEYS / 2).as_bytes()).unwrap();
        wait_for(&lab, KEYS / 2);
        lab.lose("android");
        // It ends before it has read all.
        let _ = input.write_all(lines(KEYS / 2..KEYS).as_bytes());
        drop(input);
        let (code, message) = end(client);
        assert_eq!(code, Some(3), "{message}");
        assert!(message.contains("android"), "{message}");
        let end = "; import all of it again when this is mended\n";
        let (rest, count) = message
            .strip_suffix(end)
            .and_then(|rest| rest.rsplit_once(". "))
            .expect(&message);
        assert!(rest.starts_with("error: "), "{message}");
        let told: Vec<usize> = count
            .split(' ')
            .filter_map(|word| word.parse().ok())
            .collect();
        lab.start_all();
        let there = all_there(&lab);
        let unknown = told.get(1).copied().unwrap_or(0);
        assert!(
            told[0] <= there && there <= told[0] + unknown,
            "{there}: {message}"
        );
    }
}

#[test]
fn an_import_takes_little_memory() {
    const KEYS: usize = 300_000;
    if !resident::is_told() {
        return;
    }
    let lab = Lab::started();
    let (client, mut input) = waiting(&lab, &[]);
    for some in (0..KEYS).step_by(10_000) {
        input
            .write_all(lines(some..some + 10_000).as_bytes())
            .unwrap();
    }
    let mut linux = lab.connect("linux");
    eventually(
        "they are stored",
        || matches!(linux.call(&["DBSIZE"]), Frame::Integer(keys) if keys + 1024 >= 300_000),
    );
    let peak = resident::peak_mib(Pid::from_child(&client));
    drop(input);
    assert_eq!(client.wait_with_output().unwrap().status.code(), Some(0));
    assert_eq!(linux.call(&["DBSIZE"]), Frame::Integer(300_000));
    assert!(peak < 40, "{peak} MiB");
}

/// A file without an end of an entry is not gathered in memory.
#[test]
fn an_entry_without_an_end_is_refused_when_it_is_too_long() {
    let lab = Lab::started();
    let rest = vec![b'x'; triad::limits::RECORD_MAX_BYTES + 1024 * 1024];
    for (file, beginning, expected) in [
        (
            "a.jsonl",
            "{\"key\":\"a\",\"value\":\"",
            "line 1: this entry has more than 100663296 bytes of text",
        ),
        (
            "a.csv",
            "key,value\na,\"",
            "line 2: this entry has more than 100663296 bytes of text",
        ),
    ] {
        fs::write(
            lab.folder().join(file),
            [beginning.as_bytes(), &rest].concat(),
        )
        .unwrap();
        let refused = lab.client(&["import", file]);
        let expected = format!("error: {file}: {expected}. Nothing was stored\n");
        assert_eq!((code(&refused), text(&refused.stderr)), (2, expected));
    }
}

/// Where the rules of nodes are others, the node that is named still knows where keys belong.
#[test]
fn through_the_node_that_was_named_keys_come_to_their_owners() {
    let lab = Lab::started();
    let list = [
        (
            "linux",
            serde_json::json!({ "hash": "md5", "last_hex_digit": "odd" }),
        ),
        (
            "mac",
            serde_json::json!({ "hash": "sha1", "divisible_by": 3 }),
        ),
        ("android", serde_json::json!("remainder")),
    ];
    lab.write_cluster_file("other.json", &list, |_, address| address);
    fs::write(
        lab.folder().join("a.json"),
        "{\"a\":\"1\",\"tags\":[\"x\"]}",
    )
    .unwrap();
    let refused = lab.client(&["--cluster", "other.json", "import", "a.json"]);
    assert_eq!(code(&refused), 4);
    let message = text(&refused.stderr);
    let part = "has another list of rules than this program; give both the same cluster file. 0 of 2 keys are \
                stored; import the file again when this is mended\n";
    assert!(message.ends_with(part), "{message}");
    let imported = lab.client(&[
        "--cluster",
        "other.json",
        "--via",
        "mac",
        "import",
        "a.json",
    ]);
    assert_eq!(code(&imported), 0, "{}", text(&imported.stderr));
    let imported = lab.client(&["--via", "mac", "import", "a.json"]);
    assert_eq!(
        crate::client::said(&imported),
        one_line(0, "stored 2 keys: linux 0, mac 0, android 2")
    );
    assert_eq!(keys_there(&lab, "android"), 2);
}
