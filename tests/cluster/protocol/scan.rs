//! `SCAN` goes over the tables of all nodes.

use std::collections::{BTreeMap, BTreeSet};

use triad::resp::Frame;

use crate::lab::connection::error;
use crate::lab::{self, Connection, Lab};

/// One step: the next cursor, and the keys.
fn step(connection: &mut Connection, words: &[&str]) -> (String, Vec<String>) {
    let reply = connection.call(words);
    let Frame::Array(two) = reply else {
        panic!("no step: {reply:?}")
    };
    let [cursor, Frame::Array(keys)] = two.as_slice() else {
        panic!("no cursor and keys: {two:?}")
    };
    let name = |key: &Frame<'_>| lab::text(key.as_bytes().expect("a text"));
    (name(cursor), keys.iter().map(name).collect())
}

/// A whole scan: each key with how often it came. `between` is called after every step.
fn scan(
    connection: &mut Connection,
    options: &[&str],
    mut between: impl FnMut(usize),
) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let mut cursor = "0".to_owned();
    for n in 0..10_000 {
        let words: Vec<&str> = ["SCAN", &cursor]
            .into_iter()
            .chain(options.iter().copied())
            .collect();
        let (next, keys) = step(connection, &words);
        for key in keys {
            *found.entry(key).or_default() += 1;
        }
        let number: u64 = next.parse().expect("a cursor is a number");
        assert!(number < 1 << 63, "{number} does not fit where a sign is");
        if number == 0 {
            return found;
        }
        between(n);
        cursor = next;
    }
    panic!("a scan without an end");
}

fn fill(lab: &Lab, count: usize) -> BTreeSet<String> {
    let keys: BTreeSet<_> = (0..count).map(|n| format!("key:{n}")).collect();
    let mut words = vec!["MSET"];
    words.extend(keys.iter().flat_map(|key| [key.as_str(), "v"]));
    assert_eq!(lab.connect("linux").call(&words), Frame::OK);
    keys
}

#[test]
fn every_key_is_found_once_when_nothing_changes() {
    let lab = Lab::started();
    let keys = fill(&lab, 600);
    for name in lab::NAMES {
        for options in [
            &[][..],
            &["COUNT", "1"],
            &["COUNT", "7"],
            &["COUNT", "1000000"],
        ] {
            let found = scan(&mut lab.connect(name), options, |_| {});
            let times: BTreeSet<_> = found.values().copied().collect();
            assert!(found.keys().eq(keys.iter()), "{options:?} through {name}");
            assert_eq!(times, BTreeSet::from([1]), "{options:?} through {name}");
        }
    }
}

#[test]
fn a_step_looks_at_about_as_many_keys_as_count_says() {
    let lab = Lab::started();
    fill(&lab, 600);
    let mut connection = lab.connect("mac");
    let (_, few) = step(&mut connection, &["SCAN", "0"]);
    assert!((1..=30).contains(&few.len()), "{} keys", few.len());
    let (_, more) = step(&mut connection, &["SCAN", "0", "COUNT", "100"]);
    assert!((50..=200).contains(&more.len()), "{} keys", more.len());
}

#[test]
fn match_selects() {
    let lab = Lab::started();
    let keys = fill(&lab, 600);
    let mut connection = lab.connect("android");
    for (pattern, chosen) in [
        ("key:5?", (50..60).collect::<Vec<_>>()),
        ("key:[12]", vec![1, 2]),
        ("*:599", vec![599]),
        ("nothing*", vec![]),
    ] {
        let expected: BTreeSet<_> = chosen.iter().map(|n| format!("key:{n}")).collect();
        let found = scan(&mut connection, &["MATCH", pattern, "COUNT", "50"], |_| {});
        assert!(found.keys().eq(expected.iter()), "{pattern}: {found:?}");
    }
    let found = scan(&mut connection, &["match", "*", "count", "50"], |_| {});
    assert!(found.keys().eq(keys.iter()));
}

/// What was there from beginning to end is found, whatever else comes and goes.
#[test]
fn keys_that_stay_are_found_while_others_come_and_go() {
    let lab = Lab::started();
    let keys = fill(&lab, 300);
    let mut writer = lab.connect("linux");
    let found = scan(&mut lab.connect("mac"), &["COUNT", "5"], |n| {
        let new: Vec<_> = (0..20).map(|i| format!("other:{n}:{i}")).collect();
        let mut words = vec!["MSET"];
        words.extend(new.iter().flat_map(|key| [key.as_str(), "v"]));
        assert_eq!(writer.call(&words), Frame::OK);
        if n % 2 == 1 {
            words = vec!["DEL"];
            words.extend(new.iter().map(String::as_str));
            assert_eq!(writer.call(&words), Frame::Integer(20));
        }
    });
    assert!(keys.iter().all(|key| found.contains_key(key)));
    assert!(
        found
            .keys()
            .all(|key| keys.contains(key) || key.starts_with("other:"))
    );
}

#[test]
fn cursors_that_no_scan_returned_are_refused() {
    let lab = Lab::started();
    let fourth_node = (3_u64 << 48).to_string();
    let last_node = (255_u64 << 48).to_string();
    for name in lab::NAMES {
        let mut connection = lab.connect(name);
        for cursor in [
            &fourth_node,
            &last_node,
            "72057594037927936",
            "9223372036854775807",
            "18446744073709551615",
            "18446744073709551616",
            "-1",
            "1.5",
            " 0",
            "0 ",
            "+0",
            "",
            "x",
        ] {
            let text = error(&connection.call(&["SCAN", cursor]));
            assert_eq!(text, "ERR invalid cursor", "{cursor:?}");
        }
        // A position that no scan returned but could have is only a place to begin at.
        step(&mut connection, &["SCAN", "12345"]);
    }
}
