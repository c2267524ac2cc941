//! Nodes that are down, asleep or back again.

use triad::resp::Frame;

use super::{event, heard, listening, subscribed};
use crate::lab::{Lab, Proxy, key_of, memory};

#[test]
fn a_message_reaches_those_that_can_be_reached() {
    let mut lab = Lab::started();
    let mut subscribers = ["linux", "android"].map(|name| subscribed(&lab, name, "news"));
    let _lost = subscribed(&lab, "mac", "news");
    let mut publisher = lab.connect("linux");
    assert_eq!(publisher.call(&["PUBLISH", "news", "1"]), Frame::Integer(3));
    lab.lose("mac");
    assert_eq!(publisher.call(&["PUBLISH", "news", "2"]), Frame::Integer(2));
    for subscriber in &mut subscribers {
        for text in ["1", "2"] {
            assert_eq!(heard(subscriber), ["message", "news", text]);
        }
    }
    let counts = publisher.call(&["PUBSUB", "NUMSUB", "news"]);
    assert_eq!(super::words(&counts), ["news", "2"]);
    lab.start("mac");
    lab.wait_until_linked();
    let mut back = subscribed(&lab, "mac", "news");
    assert_eq!(publisher.call(&["PUBLISH", "news", "3"]), Frame::Integer(3));
    assert_eq!(heard(&mut back), ["message", "news", "3"]);
}

/// It is found out only when it does not answer, and then counts as one that is down.
#[test]
fn a_node_that_falls_asleep_does_not_fail_a_message() {
    let lab = Lab::started();
    let mut subscriber = subscribed(&lab, "android", "news");
    lab.pause("mac");
    let mut publisher = lab.connect("linux");
    assert_eq!(publisher.call(&["PUBLISH", "news", "1"]), Frame::Integer(1));
    assert_eq!(heard(&mut subscriber), ["message", "news", "1"]);
    lab.resume("mac");
}

#[test]
fn a_node_that_is_back_is_asked_for_its_events_again() {
    let mut lab = Lab::started();
    let mut subscribers = ["linux", "android"].map(|name| listening(&lab, name));
    for round in ["1", "2"] {
        lab.lose("mac");
        lab.start("mac");
        lab.wait_until_linked();
        let key = key_of("mac", round, 0);
        assert_eq!(lab.connect("mac").call(&["SET", &key, "v"]), Frame::OK);
        for subscriber in &mut subscribers {
            assert_eq!(subscriber.reply(), event("set", &key));
        }
    }
}

#[test]
fn a_link_that_is_made_again_carries_events_again() {
    let mut lab = Lab::new();
    let to_mac = Proxy::to(lab.address("mac"));
    lab.start("mac");
    lab.start_through("linux", &[("mac", &to_mac)]);
    memory::wait_for_link(&lab, "linux", "mac");
    let mut subscriber = listening(&lab, "linux");
    let keys = ["before", "after"].map(|prefix| key_of("mac", prefix, 0));
    let mut writer = lab.connect("mac");
    writer.call(&["SET", &keys[0], "v"]);
    assert_eq!(subscriber.reply(), event("set", &keys[0]));
    to_mac.cut();
    crate::lab::eventually("mac has seen the link end", || {
        writer.info("cluster_connections") == 0
    });
    to_mac.mend();
    memory::wait_for_link(&lab, "linux", "mac");
    writer.call(&["SET", &keys[1], "v"]);
    assert_eq!(subscriber.reply(), event("set", &keys[1]));
}

/// What is written after a subscriber has its reply is told, so the reply waits for the peers.
#[test]
fn a_subscriber_is_answered_when_the_peers_know_of_it() {
    let mut lab = Lab::new();
    let to_mac = Proxy::to(lab.address("mac"));
    lab.start("mac");
    lab.start_through("linux", &[("mac", &to_mac)]);
    memory::wait_for_link(&lab, "linux", "mac");
    let mut subscriber = lab.connect("linux");
    subscriber.call(&["CONFIG", "SET", "notify-keyspace-events", "KEA"]);
    to_mac.hold();
    subscriber.send(&["PSUBSCRIBE", "__keyevent@0__:*"]);
    to_mac.wait_for_held_bytes(0);
    // Another one, for the same: it waits as well. Who wants no events does not.
    let mut second = lab.connect("linux");
    second.send(&["SUBSCRIBE", "__keyevent@0__:set"]);
    memory::settle(&lab, "linux");
    assert!(!subscriber.has_reply() && !second.has_reply());
    to_mac.release();
    let told = ["psubscribe", "__keyevent@0__:*", "1"];
    assert_eq!(heard(&mut subscriber), told);
    assert_eq!(heard(&mut second), ["subscribe", "__keyevent@0__:set", "1"]);
    let key = key_of("mac", "k", 0);
    lab.connect("mac").call(&["SET", &key, "v"]);
    assert_eq!(subscriber.reply(), event("set", &key));
    assert_eq!(heard(&mut second), ["message", "__keyevent@0__:set", &key]);
    // A peer that cannot be reached keeps nobody waiting.
    lab.lose("mac");
    listening(&lab, "linux");
}
