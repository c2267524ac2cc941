//! Requests that concern several nodes: all or nothing is sent, and what was done in part is told.

use triad::resp::Frame;

use crate::lab::connection::{bulk, error};
use crate::lab::{Connection, Lab, NAMES, eventually, key_of};

/// One key of each node, in the order of the list.
fn keys() -> [String; 3] {
    NAMES.map(|owner| key_of(owner, "k", 0))
}

fn holds(lab: &Lab, name: &str, key: &str) -> bool {
    lab.connect(name).call(&["TRIAD", "HOLDS", key]) == Frame::Integer(1)
}

/// Waits until `client`'s node knows that mac is down.
fn wait_until_missed(client: &mut Connection) {
    let key = key_of("mac", "k", 0);
    eventually("mac is missed", || {
        error(&client.call(&["GET", &key])).starts_with("UNREACHABLE mac ")
    });
}

#[test]
fn with_a_node_down_nothing_is_done_anywhere() {
    let mut lab = Lab::started();
    let [on_linux, on_mac, on_android] = keys();
    let others = [("linux", &on_linux), ("android", &on_android)];
    lab.kill("mac");
    for via in ["linux", "android"] {
        let mut client = lab.connect(via);
        wait_until_missed(&mut client);
        let mut refused = |words: &[&str]| {
            let told = error(&client.call(words));
            assert!(told.starts_with("UNREACHABLE mac "), "{words:?}: {told}");
        };
        refused(&["MSET", &on_linux, "1", &on_android, "1", &on_mac, "1"]);
        for (name, key) in others {
            assert!(!holds(&lab, name, key), "{key} was stored on {name}");
            assert_eq!(lab.connect(via).call(&["SET", key, "1"]), Frame::OK);
        }
        refused(&["DEL", &on_linux, &on_android, &on_mac]);
        refused(&["FLUSHALL"]);
        refused(&["MGET", &on_linux, &on_mac]);
        refused(&["EXISTS", &on_mac, &on_linux]);
        refused(&["KEYS", "*"]);
        refused(&["DBSIZE"]);
        for (name, key) in others {
            assert!(holds(&lab, name, key), "{key} was deleted from {name}");
        }
        // What does not need mac goes on.
        assert_eq!(
            client.call(&["DEL", &on_linux, &on_android]),
            Frame::Integer(2)
        );
    }
}

#[test]
fn what_fails_in_the_middle_names_who_did_it_and_who_did_not() {
    let lab = Lab::started();
    let [on_linux, on_mac, on_android] = keys();
    let mut client = lab.connect("linux");
    let request = ["MSET", &on_linux, "1", &on_mac, "1", &on_android, "1"];
    lab.pause("mac");
    let told = error(&client.call(&request));
    let begins = "PARTIAL MSET: done on linux and android; it is not known whether on mac: \
                  OUTCOMEUNKNOWN mac ";
    assert!(told.starts_with(begins), "{told}");
    assert!(holds(&lab, "linux", &on_linux));
    assert!(holds(&lab, "android", &on_android));
    // From here on mac is known to be away.
    let told = error(&client.call(&["FLUSHALL"]));
    assert!(told.starts_with("UNREACHABLE mac "), "{told}");
    assert!(holds(&lab, "android", &on_android));

    lab.resume("mac");
    eventually("mac is back", || client.call(&request) == Frame::OK);
    assert_eq!(client.call(&["DBSIZE"]), Frame::Integer(3));
}

#[test]
fn a_read_that_fails_in_the_middle_is_an_error_of_the_node_that_failed() {
    let lab = Lab::started();
    let [on_linux, on_mac, on_android] = keys();
    let mut client = lab.connect("android");
    lab.pause("mac");
    client.send(&["MGET", &on_linux, &on_mac, &on_android]);
    client.send(&["DBSIZE"]);
    for _ in 0..2 {
        let told = error(&client.reply());
        assert!(told.starts_with("OUTCOMEUNKNOWN mac "), "{told}");
    }
    lab.resume("mac");
}

#[test]
fn what_every_node_refuses_alike_is_refused_in_its_words() {
    let lab = Lab::started();
    let told = error(&lab.connect("mac").call(&["FLUSHALL", "SOMETIMES"]));
    assert_eq!(told, "ERR syntax error");
}

#[test]
fn a_key_that_is_named_twice_counts_as_in_redis() {
    let lab = Lab::started();
    for via in NAMES {
        let mut client = lab.connect(via);
        let [one, two, three] = keys();
        let all = [
            "MSET", &one, "a", &two, "b", &one, "c", &three, "d", &two, "e", &one, "f",
        ];
        assert_eq!(client.call(&all), Frame::OK);
        let found = ["f", "e", "f", "d", "f"].map(bulk);
        assert_eq!(
            client.call(&["MGET", &one, &two, &one, &three, &one]),
            Frame::Array(found.into()),
            "through {via}"
        );
        assert_eq!(
            client.call(&["EXISTS", &two, &two, &one, &two]),
            Frame::Integer(4)
        );
        assert_eq!(
            client.call(&["DEL", &three, &one, &three, &two, &two]),
            Frame::Integer(3)
        );
        assert_eq!(client.call(&["DBSIZE"]), Frame::Integer(0));
    }
}
