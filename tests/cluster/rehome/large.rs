//! Sets that are too large for one request go in parts, and arrive as a whole or not at all.

use std::fs;

use serde_json::json;
use triad::limits::PART_BYTES;
use triad::resp::Frame;

use super::Moved;
use super::values::stray_of_linux;
use crate::lab::connection::{bulk, error};
use crate::lab::{Connection, Lab, NAMES, key_of};

/// More than two parts.
const COUNT: usize = 500;
const MEMBER_BYTES: usize = 5000;
const LATER: i64 = 4_102_444_800_123;

fn member(n: usize) -> String {
    format!("{n:0MEMBER_BYTES$}")
}

/// Adds [`COUNT`] long members to a set, some at a time.
fn fill(node: &mut Connection, key: &str) {
    let all: Vec<_> = (0..COUNT).map(member).collect();
    for some in all.chunks(100) {
        let members = some.iter().map(String::as_str);
        let words: Vec<&str> = ["SADD", key].into_iter().chain(members).collect();
        assert_eq!(node.call(&words), Frame::Integer(100));
    }
}

/// A large set that lies on `linux` and is of `mac` by the new list.
fn large_stray() -> (Moved, String) {
    let lab = Lab::started();
    let key = stray_of_linux("large");
    let mut linux = lab.connect("linux");
    fill(&mut linux, &key);
    linux.call(&["PEXPIREAT", &key, &LATER.to_string()]);
    let mut moved = Moved::stopped(lab, Vec::new());
    moved.lab.start_all();
    assert_eq!(moved.misplaced("linux"), 1);
    (moved, key)
}

fn assert_at_home(moved: &Moved, key: &str) {
    for name in NAMES {
        let mut node = moved.lab.connect(name);
        let count = i64::try_from(COUNT).unwrap();
        assert_eq!(node.call(&["SCARD", key]), Frame::Integer(count), "{name}");
        let all: Vec<_> = (0..COUNT).map(member).collect();
        let words: Vec<&str> = ["SMISMEMBER", key]
            .into_iter()
            .chain(all.iter().map(String::as_str))
            .collect();
        assert_eq!(
            node.call(&words),
            Frame::Array(vec![Frame::Integer(1); COUNT])
        );
        assert_eq!(node.call(&["PEXPIRETIME", key]), Frame::Integer(LATER));
        assert_eq!(moved.misplaced(name), 0);
    }
}

/// The cursor and the items of the reply to `TRIAD ITEMS`.
fn part_of(node: &mut Connection, key: &str, cursor: &str) -> (String, Vec<Vec<u8>>) {
    let Frame::Array(step) = node.call(&["TRIAD", "ITEMS", key, cursor]) else {
        panic!("no items")
    };
    let Frame::Array(items) = &step[1] else {
        panic!("{step:?}")
    };
    let items = items.iter().map(|item| item.as_bytes().unwrap().to_vec());
    let cursor = step[0].as_bytes().unwrap();
    (String::from_utf8(cursor.to_vec()).unwrap(), items.collect())
}

/// Hands some items to the node; how many it has then.
fn hand_over(node: &mut Connection, key: &str, from: usize, items: &[Vec<u8>]) -> Frame<'static> {
    let from = from.to_string();
    let words: [&[u8]; 5] = [b"TRIAD", b"PART", key.as_bytes(), from.as_bytes(), b"set"];
    let items = items.iter().map(Vec::as_slice);
    node.call(&words.into_iter().chain(items).collect::<Vec<_>>())
}

#[test]
fn a_large_set_goes_to_its_owner_with_its_deadline() {
    let (mut moved, key) = large_stray();
    let mut linux = moved.lab.connect("linux");
    let listed = linux.call(&["TRIAD", "MISPLACED", "0", "WHOLE"]);
    let alone = [key.as_str(), &LATER.to_string(), "set"].map(bulk);
    let alone = Frame::Array(vec![Frame::Array(alone.into())]);
    assert_eq!(
        listed,
        Frame::Array(vec![bulk("0"), alone]),
        "without items"
    );
    let (cursor, first) = part_of(&mut linux, &key, "0");
    assert!(cursor != "0" && first.len() < COUNT / 2, "{}", first.len());

    assert_eq!(moved.rehome(), (0, json!({"moved": 1, "kept": []})));
    assert_at_home(&moved, &key);
    assert_eq!(moved.rehome(), (0, json!({"moved": 0, "kept": []})));
    for name in NAMES {
        moved.lab.kill(name);
    }
    moved.lab.start_all();
    assert_at_home(&moved, &key);
}

/// The connection, the node or the power goes when some parts are there, or all of them.
#[test]
fn of_a_set_that_came_in_part_nothing_is_there() {
    let (mut moved, key) = large_stray();
    let mut linux = moved.lab.connect("linux");
    let (cursor, first) = part_of(&mut linux, &key, "0");
    let (_, second) = part_of(&mut linux, &key, &cursor);
    for cut in ["connection", "node"] {
        let mut mac = moved.lab.connect("mac");
        assert_ne!(hand_over(&mut mac, &key, 0, &first), Frame::Integer(0));
        let count = hand_over(&mut mac, &key, first.len(), &second);
        let both = i64::try_from(first.len() + second.len()).unwrap();
        assert_eq!(count, Frame::Integer(both), "{cut}");
        if cut == "node" {
            moved.lab.kill("mac");
            moved.lab.start_all();
        } else {
            drop(mac);
        }
        let mut mac = moved.lab.connect("mac");
        assert_eq!(mac.call(&["EXISTS", &key]), Frame::Integer(0), "{cut}");
        let nothing = mac.call(&["TRIAD", "ADOPT", &key, "0", "set"]);
        assert_eq!(error(&nothing), "ERR syntax error", "of another connection");
        assert_eq!(moved.misplaced("linux"), 1);
    }
    assert_eq!(moved.rehome(), (0, json!({"moved": 1, "kept": []})));
    assert_at_home(&moved, &key);
}

#[test]
fn a_large_set_that_arrived_before_is_dropped_where_it_lay_or_kept_if_it_differs() {
    let (moved, key) = large_stray();
    let mut mac = moved.lab.connect("mac");
    fill(&mut mac, &key);
    mac.call(&["PEXPIREAT", &key, &LATER.to_string()]);
    mac.call(&["SADD", &key, "one more"]);
    let kept = json!([{ "key": key, "holder": "linux", "owner": "mac" }]);
    assert_eq!(moved.rehome(), (1, json!({"moved": 0, "kept": kept})));
    assert_eq!(moved.misplaced("linux"), 1);
    mac.call(&["SREM", &key, "one more"]);
    assert_eq!(moved.rehome(), (0, json!({"moved": 1, "kept": []})));
    assert_at_home(&moved, &key);
}

#[test]
fn a_large_set_that_its_owner_does_not_take_stays() {
    let (mut moved, key) = large_stray();
    assert!(moved.lab.stop("mac").success());
    moved.lab.start_with("mac", &["--max-value", "4096"]);
    moved.lab.wait_until_linked();
    let (code, document) = moved.rehome();
    assert_eq!((code, &document["moved"]), (1, &json!(0)), "{document}");
    let refused = document["kept"][0]["refused"].as_str().unwrap();
    assert!(
        refused.contains("has 5000 bytes, and at most 4096 are taken"),
        "{refused}"
    );
    assert_eq!(moved.misplaced("linux"), 1);
    let exists = moved.lab.connect("mac").call(&["EXISTS", &key]);
    assert_eq!(exists, Frame::Integer(0));
}

#[test]
fn parts_that_do_not_follow_each_other_are_refused_and_forgotten() {
    let lab = Lab::started();
    let mut linux = lab.connect("linux");
    let [key, other] = [0, 1].map(|n| key_of("linux", "parts", n));
    let items = [b"a".to_vec(), b"b".to_vec()];
    let begin_anew =
        "ERR this part does not follow the one before. Nothing was stored: begin anew, at 0";
    let stored = |node: &mut Connection, key: &str| {
        node.call(&["TRIAD", "ADOPT", key, "0", "set"])
            == Frame::Array(vec![bulk("stored"), bulk("linux")])
    };
    // Not begun; of another key; with a gap.
    assert_eq!(error(&hand_over(&mut linux, &key, 2, &items)), begin_anew);
    hand_over(&mut linux, &key, 0, &items);
    assert_eq!(error(&hand_over(&mut linux, &other, 2, &items)), begin_anew);
    assert!(!stored(&mut linux, &key));
    hand_over(&mut linux, &key, 0, &items);
    assert_eq!(error(&hand_over(&mut linux, &key, 1, &items)), begin_anew);
    assert!(!stored(&mut linux, &key));
    // What was begun is forgotten when something is begun anew, or another key is stored.
    hand_over(&mut linux, &key, 0, &items);
    assert_eq!(
        hand_over(&mut linux, &other, 0, &items[..1]),
        Frame::Integer(1)
    );
    assert!(stored(&mut linux, &other));
    assert!(!stored(&mut linux, &key));
    assert_eq!(linux.call(&["SCARD", &other]), Frame::Integer(1));
    assert_eq!(linux.call(&["EXISTS", &key]), Frame::Integer(0));
}

/// A node's memory is not for those who begin and never end. Sixteen of nine are more than it has.
#[test]
fn what_comes_in_parts_is_bounded_on_all_connections_together() {
    let lab = Lab::started();
    let key = key_of("linux", "parts", 0);
    let item = [vec![b'v'; 8 * 1024 * 1024]];
    let mut open: Vec<_> = (0..16).map(|_| lab.connect("linux")).collect();
    let refused = open
        .iter_mut()
        .map(|node| hand_over(node, &key, 0, &item))
        .filter(|reply| matches!(reply, Frame::Error(_)))
        .collect::<Vec<_>>();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(
        error(&refused[0]).contains("at most 134217728 bytes"),
        "{refused:?}"
    );
    // One that goes gives its room to others.
    drop(open.pop());
    drop(open.pop());
    crate::lab::eventually("there is room", || {
        hand_over(&mut lab.connect("linux"), &key, 0, &item) == Frame::Integer(1)
    });
    assert!(
        fs::metadata(lab.data("linux.journal-1.jsonl"))
            .unwrap()
            .len()
            < 4096
    );
}

/// A thousand of them may have more than a reply holds.
#[test]
fn a_step_over_whole_misplaced_keys_ends_at_the_bytes_of_a_part() {
    const VALUE_BYTES: usize = PART_BYTES / 2;
    let lab = Lab::started();
    let keys: Vec<_> = (0..5).map(|n| stray_of_linux(&format!("{n} "))).collect();
    let mut linux = lab.connect("linux");
    for key in &keys {
        assert_eq!(
            linux.call(&["SET", key, &"v".repeat(VALUE_BYTES)]),
            Frame::OK
        );
    }
    let mut moved = Moved::stopped(lab, keys.clone());
    moved.lab.start_all();
    let mut linux = moved.lab.connect("linux");
    let (mut cursor, mut found) = ("0".to_owned(), Vec::new());
    loop {
        let words = ["TRIAD", "MISPLACED", &cursor, "COUNT", "1000", "WHOLE"];
        let Frame::Array(step) = linux.call(&words) else {
            panic!("no step")
        };
        let Frame::Array(some) = &step[1] else {
            panic!("{step:?}")
        };
        assert!(some.len() <= 2, "{} at once", some.len());
        for whole in some {
            let Frame::Array(whole) = whole else {
                panic!("{whole:?}")
            };
            assert_eq!(whole[3].as_bytes().unwrap().len(), VALUE_BYTES);
            let key = whole[0].as_bytes().unwrap().to_vec();
            found.push(String::from_utf8(key).unwrap());
        }
        cursor = String::from_utf8(step[0].as_bytes().unwrap().to_vec()).unwrap();
        if cursor == "0" {
            break;
        }
    }
    found.sort();
    assert_eq!(found, keys);
}
