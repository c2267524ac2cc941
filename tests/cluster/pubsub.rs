//! Channels: messages to subscribers on every node, and events of keys.

mod crash;
mod events;
mod leaving;
mod messages;
mod outages;
mod peers;
mod slow;
mod wire;

use triad::resp::Frame;

use crate::lab::connection::bulk;
use crate::lab::{Connection, Lab};

/// The words of a message, which is an array in RESP2 and a push in RESP3.
fn words(frame: &Frame<'_>) -> Vec<String> {
    let (Frame::Array(words) | Frame::Push(words)) = frame else {
        panic!("not a message: {frame:?}")
    };
    words
        .iter()
        .map(|word| match word {
            Frame::Bulk(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Frame::Integer(number) => number.to_string(),
            other => format!("{other:?}"),
        })
        .collect()
}

/// The words of the next message.
fn heard(connection: &mut Connection) -> Vec<String> {
    words(&connection.reply())
}

/// A connection to a node that is subscribed to a channel.
fn subscribed(lab: &Lab, name: &str, channel: &str) -> Connection {
    let mut connection = lab.connect(name);
    let told = words(&connection.call(&["SUBSCRIBE", channel]));
    assert_eq!(told, ["subscribe", channel, "1"]);
    connection
}

/// A connection to a node that hears of all events of keys, by the names of the events.
fn listening(lab: &Lab, name: &str) -> Connection {
    let mut connection = lab.connect(name);
    let set = ["CONFIG", "SET", "notify-keyspace-events", "KEA"];
    assert_eq!(connection.call(&set), Frame::OK);
    let told = words(&connection.call(&["PSUBSCRIBE", "__keyevent@0__:*"]));
    assert_eq!(told, ["psubscribe", "__keyevent@0__:*", "1"]);
    connection
}

/// What such a connection is told.
fn event(name: &str, key: &str) -> Frame<'static> {
    let channel = format!("__keyevent@0__:{name}");
    Frame::array([
        bulk("pmessage"),
        bulk("__keyevent@0__:*"),
        bulk(channel),
        bulk(key),
    ])
}
