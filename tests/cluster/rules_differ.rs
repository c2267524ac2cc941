//! Nodes with different lists of rules must not share keys, and say so.

use std::path::PathBuf;

use serde_json::json;
use triad::resp::Frame;

use crate::lab::connection::{bulk, error, rows};
use crate::lab::{Lab, Proxy, key_of};

/// The default list with another rule for mac.
fn write_other_rules(lab: &Lab) -> PathBuf {
    let list = [
        ("linux", json!({ "hash": "md5", "last_hex_digit": "even" })),
        ("mac", json!({ "hash": "sha1", "divisible_by": 4 })),
        ("android", json!("remainder")),
    ];
    lab.write_cluster_file("other.json", &list, |_, address| address)
}

#[test]
fn data_is_refused_in_both_directions_until_the_file_is_corrected() {
    let mut lab = Lab::new();
    let other_rules = write_other_rules(&lab);
    lab.start("linux");
    lab.start("mac");
    lab.start_with_cluster("android", &other_rules);
    lab.wait_until_linked();
    let (mut linux, mut android) = (lab.connect("linux"), lab.connect("android"));
    let (on_linux, on_mac) = (key_of("linux", "k", 0), key_of("mac", "k", 0));
    let on_android = key_of("android", "k", 0);
    let from_linux = "RULESDIFFER linux and android have different lists of rules; start both with \
                      the same cluster file";
    let from_android = "RULESDIFFER android and linux have different lists of rules; start both with \
                        the same cluster file";
    for words in [
        vec!["SET", &on_android, "1"],
        vec!["GET", &on_android],
        vec!["MSET", &on_linux, "1", &on_android, "1"],
        vec!["KEYS", "*"],
        vec!["FLUSHALL"],
    ] {
        assert_eq!(error(&linux.call(&words)), from_linux, "{words:?}");
    }
    for words in [vec!["SET", &on_linux, "1"], vec!["DBSIZE"]] {
        assert_eq!(error(&android.call(&words)), from_android, "{words:?}");
    }
    for name in ["linux", "mac", "android"] {
        assert_eq!(
            lab.connect(name).call(&["TRIAD", "KEYS"]),
            Frame::Array(vec![]),
            "{name}"
        );
    }

    // Those with the same rules go on, and everybody answers questions about itself.
    assert_eq!(linux.call(&["SET", &on_mac, "2"]), Frame::OK);
    for client in [&mut linux, &mut android] {
        let nodes = rows(&client.call(&["TRIAD", "NODES"]));
        let reachable: Vec<_> = nodes.iter().map(|node| &*node["reachable"]).collect();
        assert_eq!(reachable, ["1", "1", "1"]);
    }

    assert_eq!(lab.stop("android").code(), Some(0));
    lab.start("android");
    lab.wait_until_linked();
    assert_eq!(linux.call(&["SET", &on_android, "3"]), Frame::OK);
    let mut android = lab.connect("android");
    assert_eq!(android.call(&["GET", &on_mac]), bulk("2"));
    assert_eq!(android.call(&["GET", &on_android]), bulk("3"));
}

#[test]
fn a_peer_with_other_rules_may_ask_about_the_node_only() {
    let mut lab = Lab::new();
    lab.start("android");
    let mut peer = lab.connect("android");
    peer.call(&[
        "TRIAD",
        "PEER",
        "1",
        "linux",
        "0123456789abcdef",
        "1",
        "other",
    ]);
    let key = key_of("android", "k", 0);
    let refused = "RULESDIFFER android and linux have different lists of rules; start both with the \
                   same cluster file";
    for words in [
        vec!["GET", &key],
        vec!["SET", &key, "1"],
        vec!["DEL", &key],
        vec!["KEYS", "*"],
        vec!["SCAN", "0"],
        vec!["FLUSHALL"],
        vec!["TRIAD", "OFFER", &key, "1"],
        vec!["TRIAD", "RELEASE", &key],
    ] {
        assert_eq!(error(&peer.call(&words)), refused, "{words:?}");
    }
    assert_eq!(peer.call(&["TRIAD", "OWNER", &key]), bulk("android"));
    assert_eq!(peer.call(&["TRIAD", "HOLDS", &key]), Frame::Integer(0));
    assert!(matches!(peer.call(&["TRIAD", "SELF"]), Frame::Map(_)));
}

#[test]
fn a_question_asked_before_the_peer_is_known_is_answered_also_if_the_rules_differ() {
    let mut lab = Lab::new();
    let other_rules = write_other_rules(&lab);
    lab.start_with_cluster("android", &other_rules);
    let proxy = Proxy::to(lab.address("android"));
    proxy.hold_all();
    lab.start_through("linux", &[("android", &proxy)]);
    proxy.wait_for_held_bytes(0);
    let (mut client, mut writer) = (lab.connect("linux"), lab.connect("linux"));
    // The replies to PING show that the node has looked at what came with it.
    client.send_bytes(b"PING\r\nTRIAD NODES\r\n");
    writer.send_bytes(format!("PING\r\nSET {} 1\r\n", key_of("android", "k", 0)).as_bytes());
    for connection in [&mut client, &mut writer] {
        assert_eq!(connection.reply(), Frame::Simple("PONG".into()));
    }
    proxy.release();
    let nodes = rows(&client.reply());
    assert_eq!(nodes[2]["reachable"], "1", "{nodes:?}");
    let told = error(&writer.reply());
    assert!(told.starts_with("RULESDIFFER linux and android "), "{told}");
}

#[test]
fn the_same_rules_at_other_addresses_are_fine() {
    let mut lab = Lab::new();
    let proxy = Proxy::to(lab.address("mac"));
    lab.start("mac");
    lab.start("android");
    lab.start_through("linux", &[("mac", &proxy)]);
    lab.wait_until_linked();
    let key = key_of("mac", "k", 0);
    assert_eq!(lab.connect("linux").call(&["SET", &key, "1"]), Frame::OK);
    assert_eq!(lab.connect("android").call(&["GET", &key]), bulk("1"));
}
