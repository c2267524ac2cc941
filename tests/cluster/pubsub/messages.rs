//! A message reaches each subscriber once, on whichever node it is and through whichever it was sent.

use triad::limits::{CHANNEL_MAX_BYTES, PATTERN_MAX_BYTES, SUBSCRIPTIONS_MAX};
use triad::resp::Frame;
use triad::storage::MemoryStorage;
use triad::store::Fsync;

use super::{heard, subscribed, words};
use crate::lab::connection::{bulk, error, request};
use crate::lab::{Lab, NAMES, memory};

#[test]
fn a_message_goes_from_each_node_to_each() {
    let lab = Lab::started();
    for version in ["2", "3"] {
        let mut subscribers = NAMES.map(|name| {
            let mut connection = lab.connect(name);
            connection.call(&["HELLO", version]);
            connection.call(&["SUBSCRIBE", "news"]);
            connection
        });
        for from in NAMES {
            let text = format!("from {from}\r\n");
            let told = lab.connect(from).call(&["PUBLISH", "news", &text]);
            assert_eq!(told, Frame::Integer(3), "from {from}");
            for subscriber in &mut subscribers {
                let message = subscriber.reply();
                let is_push = matches!(message, Frame::Push(_));
                assert_eq!(is_push, version == "3");
                assert_eq!(words(&message), ["message", "news", &text]);
            }
        }
        // Each was told once.
        for subscriber in &mut subscribers {
            subscriber.send(&["PING"]);
            let pong = subscriber.reply();
            assert!(matches!(&pong, Frame::Simple(_)) || words(&pong) == ["pong", ""]);
        }
        drop(subscribers);
        let mut connection = lab.connect("linux");
        crate::lab::eventually("the subscribers have been forgotten", || {
            connection.call(&["PUBLISH", "news", "nobody"]) == Frame::Integer(0)
        });
    }
}

#[test]
fn patterns_of_all_nodes_match_a_message() {
    let lab = Lab::started();
    let mut subscribers = NAMES.map(|name| {
        let mut connection = lab.connect(name);
        connection.call(&["PSUBSCRIBE", "n?ws:[a-c]*"]);
        connection.call(&["PSUBSCRIBE", "other:*"]);
        connection
    });
    let mut publisher = lab.connect("mac");
    let mut publish = |channel: &str| publisher.call(&["PUBLISH", channel, "text"]);
    assert_eq!(publish("news:d"), Frame::Integer(0));
    assert_eq!(publish("news:bb"), Frame::Integer(3));
    for subscriber in &mut subscribers {
        let expected = ["pmessage", "n?ws:[a-c]*", "news:bb", "text"];
        assert_eq!(heard(subscriber), expected);
    }
}

#[test]
fn messages_of_one_publisher_come_in_order() {
    const MESSAGES: usize = 2000;
    let lab = Lab::started();
    let mut subscribers = NAMES.map(|name| subscribed(&lab, name, "news"));
    let mut publisher = lab.connect("android");
    let sent: Vec<u8> = (0..MESSAGES)
        .flat_map(|n| request(&["PUBLISH", "news", &n.to_string()]))
        .collect();
    publisher.send_bytes(&sent);
    for subscriber in &mut subscribers {
        for n in 0..MESSAGES {
            assert_eq!(heard(subscriber), ["message", "news", &n.to_string()]);
        }
    }
    for _ in 0..MESSAGES {
        assert_eq!(publisher.reply(), Frame::Integer(3));
    }
}

#[test]
fn every_node_tells_of_the_channels_of_all() {
    let lab = Lab::started();
    let mut connections = Vec::new();
    for (name, channels) in NAMES.iter().zip([["a", "x"], ["b", "x"], ["c", "x"]]) {
        let mut connection = lab.connect(name);
        connection.call(&["SUBSCRIBE", channels[0]]);
        connection.call(&["SUBSCRIBE", channels[1]]);
        connection.call(&["PSUBSCRIBE", "p*"]);
        connections.push(connection);
    }
    for name in NAMES {
        let mut connection = lab.connect(name);
        let mut channels = words(&connection.call(&["PUBSUB", "CHANNELS"]));
        channels.sort();
        assert_eq!(channels, ["a", "b", "c", "x"], "{name}");
        let mut some = words(&connection.call(&["PUBSUB", "CHANNELS", "[ab]"]));
        some.sort();
        assert_eq!(some, ["a", "b"], "{name}");
        let counts = words(&connection.call(&["PUBSUB", "NUMSUB", "x", "b", "y", "x"]));
        assert_eq!(counts, ["x", "3", "b", "1", "y", "0", "x", "3"], "{name}");
        let patterns = connection.call(&["PUBSUB", "NUMPAT"]);
        assert_eq!(patterns, Frame::Integer(3), "{name}");
    }
}

/// In RESP2 a client takes what comes next for its reply, so a message must not stand before one that waits;
/// and in neither version inside one.
#[test]
fn a_message_stands_behind_the_replies_that_wait() {
    let lab = memory::alone();
    let disk = MemoryStorage::new();
    let node = memory::start(&lab, "linux", &disk, Fsync::Always);
    for version in ["2", "3"] {
        let mut client = lab.connect("linux");
        client.call(&["HELLO", version]);
        let held = memory::hold_syncs(&disk);
        client.send(&["SET", "k", version]);
        client.send(&["SUBSCRIBE", "news"]);
        disk.wait_for_held_sync();
        memory::settle(&lab, "linux");
        let told = lab.connect("linux").call(&["PUBLISH", "news", "text"]);
        assert_eq!(told, Frame::Integer(1));
        memory::settle(&lab, "linux");
        assert!(!client.has_reply());
        drop(held);
        assert_eq!(client.reply(), Frame::OK);
        assert_eq!(heard(&mut client), ["subscribe", "news", "1"]);
        assert_eq!(heard(&mut client), ["message", "news", "text"]);
    }
    node.stop().unwrap();
}

#[test]
fn what_is_too_much_is_refused_and_nothing_of_it_done() {
    let lab = Lab::started();
    let mut connection = lab.connect("linux");
    let (long, longer) = (
        "n".repeat(CHANNEL_MAX_BYTES),
        "n".repeat(CHANNEL_MAX_BYTES + 1),
    );
    let text = "ERR the channel's name has 65601 bytes; one has at most 65600";
    assert_eq!(error(&connection.call(&["SUBSCRIBE", "a", &longer])), text);
    assert_eq!(error(&connection.call(&["PUBLISH", &longer, "text"])), text);
    let pattern = "p".repeat(PATTERN_MAX_BYTES + 1);
    for words in [
        ["PSUBSCRIBE", &pattern].as_slice(),
        &["PUBSUB", "CHANNELS", &pattern],
    ] {
        let text = "ERR the pattern is longer than 1024 bytes";
        assert_eq!(error(&connection.call(words)), text);
    }
    let many: Vec<_> = (0..=SUBSCRIPTIONS_MAX).map(|n| n.to_string()).collect();
    let all: Vec<_> = ["SUBSCRIBE"]
        .into_iter()
        .chain(many.iter().map(String::as_str))
        .collect();
    let refused = error(&connection.call(&all));
    assert_eq!(
        refused,
        "ERR a connection has at most 8192 subscriptions, and this one would have 8193; use PSUBSCRIBE, or \
         another connection"
    );
    assert_eq!(connection.call(&["PUBSUB", "CHANNELS"]), Frame::array([]));
    connection.send(&all[..all.len() - 1]);
    for n in 0..SUBSCRIPTIONS_MAX {
        let told = heard(&mut connection);
        assert_eq!(told, ["subscribe", &n.to_string(), &(n + 1).to_string()]);
    }
    assert!(error(&connection.call(&["SUBSCRIBE", &long])).starts_with("ERR a connection has"));
    let told = lab.connect("mac").call(&["PUBLISH", "8191", "text"]);
    assert_eq!(told, Frame::Integer(1));
    assert_eq!(heard(&mut connection), ["message", "8191", "text"]);
    // The longest name serves as any other.
    let mut other = subscribed(&lab, "mac", &long);
    assert_eq!(
        connection.call(&["PING"]),
        Frame::array([bulk("pong"), bulk("")])
    );
    lab.connect("linux").call(&["PUBLISH", &long, "text"]);
    assert_eq!(heard(&mut other), ["message", &long, "text"]);
}
