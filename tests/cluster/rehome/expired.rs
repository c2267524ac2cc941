//! A misplaced key whose time has come is gone, as any other: nobody's work, served by no one, moved nowhere.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use triad::resp::Frame;

use super::Moved;
use super::values::stray_of_linux;
use crate::lab::connection::bulk;
use crate::lab::{Lab, NAMES, eventually};

fn now_unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

/// Keys of `linux`, which are of `mac` by the new list: a string and a set that are gone at `deadline`, and a
/// string that stays. No node runs.
fn brief(deadline: u64) -> (Moved, [String; 3]) {
    let lab = Lab::started();
    let keys = ["brief", "brief set", "stays"].map(stray_of_linux);
    let [string, set, stays] = &keys;
    let at = deadline.to_string();
    let mut linux = lab.connect("linux");
    linux.call(&["SET", string, "value", "PXAT", &at]);
    linux.call(&["SADD", set, "member"]);
    assert_eq!(linux.call(&["PEXPIREAT", set, &at]), Frame::Integer(1));
    linux.call(&["SET", stays, "value"]);
    (Moved::stopped(lab, Vec::new()), keys)
}

fn is_on_disk(moved: &Moved, key: &str) -> bool {
    assert_eq!(moved.lab.connect("linux").call(&["SAVE"]), Frame::OK);
    let snapshot = fs::read_to_string(moved.lab.data("linux.json")).unwrap();
    snapshot.contains(&format!("{key:?}"))
}

#[test]
fn what_expired_while_no_node_ran_is_not_counted() {
    let deadline = now_unix_ms() + 3000;
    let (mut moved, [string, set, stays]) = brief(deadline);
    eventually("the time has come", || now_unix_ms() > deadline);
    moved.lab.start_all();
    let ready = moved.lab.ready_line("linux");
    assert!(ready.ends_with(" misplaced 1"), "{ready}");
    assert_eq!(moved.misplaced("linux"), 1);
    let listed = moved
        .lab
        .connect("linux")
        .call(&["TRIAD", "MISPLACED", "0"]);
    let alone = Frame::Array(vec![bulk(&stays)]);
    assert_eq!(listed, Frame::Array(vec![bulk("0"), alone]));
    assert_eq!(moved.rehome(), (0, json!({"moved": 1, "kept": []})));
    for name in NAMES {
        let mut node = moved.lab.connect(name);
        let found = node.call(&["EXISTS", &string, &set, &stays]);
        assert_eq!(found, Frame::Integer(1), "{name}");
    }
    for key in [string, set] {
        eventually("it is collected", || !is_on_disk(&moved, &key));
    }
}

#[test]
fn what_expires_while_it_lies_there_is_collected_like_any_other() {
    let deadline = now_unix_ms() + 4000;
    let (mut moved, [string, set, stays]) = brief(deadline);
    moved.lab.start_all();
    // On a slow machine the time may have come already, which changes nothing of what follows.
    eventually("only one is left", || moved.misplaced("linux") == 1);
    assert!(now_unix_ms() >= deadline);
    for key in [string, set] {
        eventually("it is collected", || !is_on_disk(&moved, &key));
    }
    assert!(is_on_disk(&moved, &stays));
    assert_eq!(moved.rehome(), (0, json!({"moved": 1, "kept": []})));
    assert_eq!(
        moved.lab.connect("mac").call(&["DBSIZE"]),
        Frame::Integer(1)
    );
}
