//! What a restore does with keys that the cluster has already.

use serde_json::json;
use triad::resp::Frame;

use super::{backup, restore, told};
use crate::client::said;
use crate::lab::connection::bulk;
use crate::lab::contents::LATER;
use crate::lab::{Lab, key_of};

#[test]
fn keys_that_are_there_stay_and_are_told_unless_they_are_to_be_replaced() {
    let lab = Lab::started();
    let mut mac = lab.connect("mac");
    let [same, absent, other, set, deadline] = [0, 1, 2, 3, 4].map(|n| key_of("android", "key", n));
    for key in [&same, &absent, &other, &deadline] {
        mac.call(&["SET", key, "of the backup"]);
    }
    mac.call(&["SADD", &set, "a", "b"]);
    backup(&lab, "five");
    mac.call(&["DEL", &absent]);
    mac.call(&["SET", &other, "of the cluster"]);
    mac.call(&["SADD", &set, "c"]);
    mac.call(&["PEXPIREAT", &deadline, &LATER.to_string()]);

    let (code, document) = restore(&lab, "five", &[]);
    let mut kept = document["kept"].as_array().unwrap().clone();
    kept.sort_by_key(|kept| kept["key"].to_string());
    let mut expected = [(&other, "value"), (&set, "value"), (&deadline, "deadline")]
        .map(|(key, reason)| json!({ "key": key, "node": "android", "reason": reason }));
    expected.sort_by_key(|kept| kept["key"].to_string());
    assert_eq!(kept, expected);
    assert_eq!(
        (code, &document),
        (1, &told([1, 0, 1, 0, 3, 0], &document["kept"]))
    );
    assert_eq!(mac.call(&["GET", &absent]), bulk("of the backup"));
    assert_eq!(mac.call(&["GET", &other]), bulk("of the cluster"));
    assert_eq!(mac.call(&["SCARD", &set]), Frame::Integer(3));

    let (one, text, _) = said(&lab.client(&["restore", "five"]));
    assert_eq!(one, 1);
    let mut lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.remove(0), "restored 0 keys; 2 there already");
    let advice =
        "3 keys kept as in the cluster; to have the backup's instead, run it again with --replace";
    assert_eq!(lines.pop(), Some(advice));
    lines.sort_unstable();
    let mut expected = [
        format!("kept: {other} (android has another value)"),
        format!("kept: {set} (android has another value)"),
        format!("kept: {deadline} (android has it with another deadline)"),
    ];
    expected.sort();
    assert_eq!(lines, expected);

    let (zero, text, _) = said(&lab.client(&["restore", "five", "--replace"]));
    let expected = "restored 3 keys; 3 replaced another value; 2 there already\n";
    assert_eq!((zero, text.as_str()), (0, expected));
    assert_eq!(mac.call(&["GET", &other]), bulk("of the backup"));
    assert_eq!(mac.call(&["SCARD", &set]), Frame::Integer(2));
    assert_eq!(mac.call(&["PTTL", &deadline]), Frame::Integer(-1));
}

#[test]
fn a_key_whose_time_has_come_is_not_restored() {
    let lab = Lab::started();
    let mut linux = lab.connect("linux");
    linux.call(&["SET", "stays", "1"]);
    // Soon: the backup is made while it is there, or it is not in it at all.
    let ends = |node: &mut crate::lab::Connection| {
        let Frame::Array(time) = node.call(&["TIME"]) else {
            panic!("no time")
        };
        let seconds: u64 = String::from_utf8_lossy(time[0].as_bytes().unwrap())
            .parse()
            .unwrap();
        seconds + 5
    };
    let ends = ends(&mut linux).to_string();
    linux.call(&["SET", "ends", "1", "EXAT", &ends]);
    backup(&lab, "two");
    let is_in = std::fs::read_to_string(lab.folder().join("two"))
        .unwrap()
        .contains("\"ends\"");
    crate::lab::eventually("its time has come", || {
        linux.call(&["EXISTS", "ends"]) == Frame::Integer(0)
    });
    linux.call(&["DEL", "stays"]);
    let expired = u64::from(is_in);
    let expected = told([1, 0, 0, expired, 0, 0], &json!([]));
    assert_eq!(restore(&lab, "two", &[]), (0, expected));
    assert_eq!(linux.call(&["EXISTS", "ends"]), Frame::Integer(0));
}

#[test]
fn a_key_that_its_owner_does_not_take_is_told_and_holds_up_no_other() {
    let mut lab = Lab::started();
    let [large, small] = [0, 1].map(|n| key_of("mac", "key", n));
    let set = key_of("mac", "set", 0);
    let mut mac = lab.connect("mac");
    mac.call(&["SET", &large, &"v".repeat(5000)]);
    mac.call(&["SET", &small, "v"]);
    let member = |n: usize| format!("{n:05000}");
    let members: Vec<_> = (0..500).map(member).collect();
    for some in members.chunks(100) {
        let words = ["SADD", &set]
            .into_iter()
            .chain(some.iter().map(String::as_str));
        mac.call(&words.collect::<Vec<_>>());
    }
    backup(&lab, "three");
    super::flush(&lab);
    assert!(lab.stop("mac").success());
    lab.start_with("mac", &["--max-value", "4096"]);
    lab.wait_until_linked();
    let (code, document) = restore(&lab, "three", &[]);
    assert_eq!(
        (code, &document),
        (1, &told([1, 0, 0, 0, 0, 2], &document["kept"]))
    );
    for kept in document["kept"].as_array().unwrap() {
        let reason = kept["reason"]["refused"].as_str().unwrap();
        assert!(
            reason.contains("has 5000 bytes, and at most 4096 are taken"),
            "{reason}"
        );
    }
    assert_eq!(lab.connect("mac").call(&["GET", &small]), bulk("v"));
    assert_eq!(
        lab.connect("mac").call(&["EXISTS", &set, &large]),
        Frame::Integer(0)
    );
}
