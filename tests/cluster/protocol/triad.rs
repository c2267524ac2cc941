//! The commands of our own are about the node that was asked.

use std::collections::BTreeSet;

use triad::resp::Frame;

use crate::lab::connection::{bulk, rows};
use crate::lab::{self, Connection, Lab};

#[test]
fn every_node_names_the_same_owner() {
    let lab = Lab::started();
    for owner in lab::NAMES {
        for n in 0..5 {
            let key = lab::key_of(owner, "k", n);
            for name in lab::NAMES {
                let told = lab.connect(name).call(&["TRIAD", "OWNER", &key]);
                assert_eq!(told, bulk(owner), "{key} through {name}");
            }
        }
    }
}

#[test]
fn an_offer_is_taken_by_the_owner_and_declined_by_the_others() {
    let lab = Lab::started();
    let mut nodes: Vec<Connection> = lab::NAMES.iter().map(|name| lab.connect(name)).collect();
    for owner in lab::NAMES {
        let key = lab::key_of(owner, "offered", 0);
        for (name, node) in lab::NAMES.iter().zip(&mut nodes) {
            let mine = *name == owner;
            let verdict = |mine_says| bulk(if mine { mine_says } else { "declined" });
            let answer = |verdict| Frame::Array(vec![verdict, bulk(owner)]);
            let offer = ["TRIAD", "OFFER", &key, "first", "NX"];
            assert_eq!(node.call(&offer), answer(verdict("stored")));
            let again = ["TRIAD", "OFFER", &key, "second", "nx"];
            assert_eq!(node.call(&again), answer(verdict("exists")));
            let kept = if mine { bulk("first") } else { Frame::Null };
            assert_eq!(own_value(node, &key), kept, "{key} at {name}");
            let anyway = ["TRIAD", "OFFER", &key, "third"];
            assert_eq!(node.call(&anyway), answer(verdict("stored")));
            let holds = node.call(&["TRIAD", "HOLDS", &key]);
            assert_eq!(holds, Frame::Integer(i64::from(mine)));
        }
        for node in &mut nodes {
            assert_eq!(node.call(&["GET", &key]), bulk("third"));
        }
    }
}

/// The value of a key in a node's own table.
fn own_value(node: &mut Connection, key: &str) -> Frame<'static> {
    let step = node.call(&[
        "TRIAD", "SCAN", "0", "MATCH", key, "COUNT", "1000", "VALUES",
    ]);
    let Frame::Array(step) = step else {
        panic!("no step")
    };
    let Some(Frame::Array(found)) = step.get(1) else {
        panic!("no keys")
    };
    found.get(1).cloned().unwrap_or(Frame::Null)
}

#[test]
fn each_node_lists_its_own_keys_and_no_others() {
    let lab = Lab::started();
    let owned =
        |owner| -> BTreeSet<String> { (0..40).map(|n| lab::key_of(owner, "mine", n)).collect() };
    for key in lab::NAMES.into_iter().flat_map(owned) {
        assert_eq!(lab.connect("mac").call(&["SET", &key, "v"]), Frame::OK);
    }
    for name in lab::NAMES {
        let mut node = lab.connect(name);
        assert_eq!(names(&node.call(&["TRIAD", "KEYS"])), owned(name));
        assert_eq!(names(&node.call(&["TRIAD", "KEYS", "*"])), owned(name));
        let one = lab::key_of(name, "mine", 7);
        let only = BTreeSet::from([one.clone()]);
        assert_eq!(names(&node.call(&["TRIAD", "KEYS", &one])), only);
        assert_eq!(scanned(&mut node, "3"), owned(name));
        assert_eq!(scanned(&mut node, "1000"), owned(name));
    }
}

fn names(keys: &Frame<'_>) -> BTreeSet<String> {
    let Frame::Array(keys) = keys else {
        panic!("no keys: {keys:?}")
    };
    let name = |key: &Frame<'_>| lab::text(key.as_bytes().expect("a key"));
    keys.iter().map(name).collect()
}

fn scanned(node: &mut Connection, count: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut cursor = "0".to_owned();
    for _ in 0..1000 {
        let step = node.call(&["TRIAD", "SCAN", &cursor, "COUNT", count]);
        let Frame::Array(step) = step else {
            panic!("no step: {step:?}")
        };
        cursor = lab::text(step[0].as_bytes().expect("a cursor"));
        found.extend(names(&step[1]));
        if cursor == "0" {
            return found;
        }
    }
    panic!("a scan without an end");
}

#[test]
fn nodes_are_listed_in_order_with_what_they_hold() {
    let lab = Lab::started();
    for (n, owner) in lab::NAMES.into_iter().enumerate() {
        for i in 0..=n {
            lab.connect("linux")
                .call(&["SET", &lab::key_of(owner, "k", i), "v"]);
        }
    }
    for name in lab::NAMES {
        let listed = rows(&lab.connect(name).call(&["TRIAD", "NODES"]));
        let shares = ["1/2", "1/6", "1/3"];
        for (n, (row, owner)) in listed.iter().zip(lab::NAMES).enumerate() {
            assert_eq!(row["name"], owner);
            assert_eq!(row["address"], lab.address(owner).to_string());
            assert_eq!(row["share"], shares[n]);
            assert_eq!(row["reachable"], "1");
            assert_eq!(row["keys"], (n + 1).to_string(), "{owner} through {name}");
            assert_eq!(row["misplaced"], "0");
            assert_eq!(row["version"], env!("CARGO_PKG_VERSION"));
        }
        assert_eq!(listed.len(), 3);
    }
}

#[test]
fn in_resp3_a_node_and_a_list_of_nodes_are_maps() {
    let lab = Lab::started();
    let mut connection = lab.connect("android");
    connection.call(&["HELLO", "3"]);
    let Frame::Array(listed) = connection.call(&["TRIAD", "NODES"]) else {
        panic!("no list")
    };
    assert_eq!(listed.len(), 3);
    for row in listed {
        let Frame::Map(pairs) = row else {
            panic!("no map: {row:?}")
        };
        assert!(pairs.contains(&(bulk("reachable"), Frame::Boolean(true))));
    }
    let Frame::Map(own) = connection.call(&["TRIAD", "SELF"]) else {
        panic!("no map")
    };
    assert!(own.contains(&(bulk("keys"), Frame::Integer(0))));
}

/// The reply of `TRIAD SCAN 0 COUNT 1000 WHOLE`: the cursor, and the strings of each key.
fn whole(node: &mut Connection, cursor: &str) -> (String, Vec<Vec<Vec<u8>>>) {
    let reply = node.call(&["TRIAD", "SCAN", cursor, "COUNT", "1000", "WHOLE"]);
    let Frame::Array(step) = reply else {
        panic!("no step: {reply:?}")
    };
    let Frame::Array(found) = &step[1] else {
        panic!("nothing found: {step:?}")
    };
    let bytes = |word: &Frame<'_>| word.as_bytes().expect("bytes").to_vec();
    let words = |key: &Frame<'_>| match key {
        Frame::Array(words) => words.iter().map(bytes).collect(),
        other => panic!("no key: {other:?}"),
    };
    (
        lab::text(&bytes(&step[0])),
        found.iter().map(words).collect(),
    )
}

#[test]
fn a_node_tells_all_that_its_own_keys_are() {
    let lab = Lab::started();
    let mut mac = lab.connect("mac");
    let [text, tags, large] = [0, 1, 2].map(|n| lab::key_of("mac", "whole", n));
    mac.call(&["SET", &text, "v", "PXAT", "4102444800123"]);
    mac.call(&["SADD", &tags, "red"]);
    let members: Vec<_> = (0..600).map(|n| format!("{n:05000}")).collect();
    let words = ["SADD", &large]
        .into_iter()
        .chain(members.iter().map(String::as_str));
    mac.call(&words.collect::<Vec<_>>());
    let expected = [
        vec![text.as_str(), "4102444800123", "string", "v"],
        vec![&tags, "0", "set", "red"],
        // Its items are too many for one reply.
        vec![&large, "0", "set"],
    ];
    let expected = expected.map(|words| {
        words
            .into_iter()
            .map(|word| word.as_bytes().to_vec())
            .collect()
    });
    let (cursor, found) = whole(&mut mac, "0");
    let expected: BTreeSet<Vec<Vec<u8>>> = expected.into_iter().collect();
    assert_eq!(
        (cursor.as_str(), found.into_iter().collect()),
        ("0", expected)
    );

    let mut items = BTreeSet::new();
    let mut cursor = "0".to_owned();
    let mut parts = 0;
    while parts == 0 || cursor != "0" {
        let Frame::Array(step) = mac.call(&["TRIAD", "ITEMS", &large, &cursor]) else {
            panic!("no step")
        };
        cursor = lab::text(step[0].as_bytes().expect("a cursor"));
        items.extend(names(&step[1]));
        parts += 1;
    }
    assert!(parts > 1);
    assert!(items.iter().eq(&members), "{} members", items.len());
    assert_eq!(mac.call(&["TRIAD", "ITEMS", "none", "0"]), Frame::Null);
}

/// A step ends when it has enough bytes, however many keys were asked for.
#[test]
fn what_a_node_tells_at_once_is_bounded() {
    let lab = Lab::started();
    let mut linux = lab.connect("linux");
    let value = "v".repeat(400_000);
    let keys: BTreeSet<_> = (0..10).map(|n| lab::key_of("linux", "whole", n)).collect();
    for key in &keys {
        linux.call(&["SET", key, &value]);
    }
    let mut cursor = "0".to_owned();
    let mut found = BTreeSet::new();
    let mut steps = 0;
    while steps == 0 || cursor != "0" {
        let (next, some) = whole(&mut linux, &cursor);
        assert!(some.len() <= 3, "{} at once", some.len());
        found.extend(some.iter().map(|words| lab::text(&words[0])));
        cursor = next;
        steps += 1;
    }
    assert_eq!(found, keys);
}

#[test]
fn an_owner_replaces_what_a_key_is() {
    let lab = Lab::started();
    let mut mac = lab.connect("mac");
    let key = lab::key_of("mac", "replaced", 0);
    let verdict = |verdict| Frame::Array(vec![bulk(verdict), bulk("mac")]);
    let mut replace = |words: &[&str]| mac.call(&[&["TRIAD", "REPLACE", &key], words].concat());
    assert_eq!(replace(&["0", "string", "a"]), verdict("stored"));
    assert_eq!(replace(&["0", "string", "a"]), verdict("same"));
    assert_eq!(
        replace(&["4102444800123", "string", "a"]),
        verdict("replaced")
    );
    assert_eq!(replace(&["0", "set", "x", "y"]), verdict("replaced"));
    assert_eq!(replace(&["1", "string", "a"]), verdict("expired"));
    assert_eq!(mac.call(&["SCARD", &key]), Frame::Integer(2));
    assert_eq!(mac.call(&["TTL", &key]), Frame::Integer(-1));
    let declined = lab
        .connect("linux")
        .call(&["TRIAD", "REPLACE", &key, "0", "string", "b"]);
    assert_eq!(declined, Frame::Array(vec![bulk("declined"), bulk("mac")]));
    assert_eq!(mac.call(&["SCARD", &key]), Frame::Integer(2));
}
