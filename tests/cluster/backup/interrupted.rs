//! Backups and restores that end too early.

use std::fs;
use std::io::Read as _;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use triad::resp::Frame;

use super::{backup, flush, restore, told};
use crate::lab::contents::{self, Contents};
use crate::lab::{Lab, code, eventually, text};

const KEYS: usize = 20_000;

/// A cluster without keys, a backup of many, and what was in it.
fn emptied() -> (Lab, Contents) {
    let lab = Lab::started();
    let line = |n: usize| format!("{{\"key\":\"key {n}\",\"value\":\"{n:0100}\"}}\n");
    let lines: String = (0..KEYS).map(line).collect();
    fs::write(lab.folder().join("keys.jsonl"), &lines).unwrap();
    assert_eq!(code(&lab.client(&["import", "keys.jsonl"])), 0);
    lab.connect("mac")
        .call(&["SADD", "a set", "with", "members"]);
    let all = contents::of(&lab, "linux");
    backup(&lab, "all.backup");
    flush(&lab);
    (lab, all)
}

/// A restore that has come to a halt, since one node answers no more.
fn halted(lab: &Lab, arguments: &[&str]) -> Child {
    let mut client = lab.tool(env!("CARGO_BIN_EXE_client"));
    client
        .args(["--via", "linux", "restore", "all.backup"])
        .args(arguments);
    let client = client
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut linux = lab.connect("linux");
    eventually("some keys are restored", || {
        linux.call(&["TRIAD", "SELF"]) != Frame::Null
            && !matches!(linux.call(&["TRIAD", "KEYS"]), Frame::Array(keys) if keys.is_empty())
    });
    lab.pause("android");
    client
}

fn keys_there(lab: &Lab) -> u64 {
    let Frame::Integer(count) = lab.connect("linux").call(&["DBSIZE"]) else {
        panic!("no count")
    };
    u64::try_from(count).unwrap()
}

#[test]
fn a_restore_that_was_interrupted_is_run_again() {
    for signal in [Signal::KILL, Signal::INT] {
        let (lab, all) = emptied();
        let mut client = halted(&lab, &[]);
        kill_process(Pid::from_child(&client), signal).unwrap();
        let status = client.wait().unwrap();
        let mut message = String::new();
        client
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut message)
            .unwrap();
        lab.resume("android");
        lab.wait_until_linked();
        if signal == Signal::INT {
            assert_eq!(status.code(), Some(4));
            let end = " restored, and perhaps some more; run it again for the rest\n";
            assert!(message.starts_with("error: interrupted: "), "{message}");
            assert!(message.ends_with(end), "{message}");
        }
        // What was on its way to the node that answered no more arrives now, before anything later.
        let before = keys_there(&lab);
        assert!((1..KEYS as u64).contains(&before), "{before}");
        let (zero, document) = restore(&lab, "all.backup", &[]);
        let same = document["same"].as_u64().unwrap();
        assert!(same >= before, "{document}");
        let total = KEYS as u64 + 1;
        let expected = told([total - same, 0, same, 0, 0, 0], &json!([]));
        assert_eq!((zero, document), (0, expected));
        contents::assert_same(&contents::of(&lab, "mac"), &all);
    }
}

#[test]
fn a_restore_that_loses_a_node_says_how_far_it_came() {
    let (mut lab, all) = emptied();
    let mut client = halted(&lab, &["--replace"]);
    lab.kill("android");
    assert_eq!(client.wait().unwrap().code(), Some(3));
    let mut message = String::new();
    client
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut message)
        .unwrap();
    let parts = [
        format!("error: android {} ", lab.address("android")),
        format!(
            " of {} keys are restored; run it again when this is mended\n",
            KEYS + 1
        ),
    ];
    for part in parts {
        assert!(message.contains(&part), "{message}");
    }
    lab.start_all();
    let again = lab.client(&["restore", "all.backup", "--replace"]);
    assert_eq!(code(&again), 0, "{}", text(&again.stderr));
    contents::assert_same(&contents::of(&lab, "mac"), &all);
}
