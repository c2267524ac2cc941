//! Who leaves, in whichever way, is told no more and leaves nothing behind.

use triad::resp::Frame;

use super::{heard, subscribed, words};
use crate::lab::{Connection, Lab, NAMES, eventually};

/// What all nodes tell of channels and patterns together.
fn left(connection: &mut Connection) -> (Frame<'static>, Frame<'static>) {
    let channels = connection.call(&["PUBSUB", "CHANNELS"]);
    (channels, connection.call(&["PUBSUB", "NUMPAT"]))
}

#[test]
fn who_unsubscribes_is_told_no_more() {
    let lab = Lab::started();
    let mut subscriber = subscribed(&lab, "linux", "a");
    subscriber.call(&["SUBSCRIBE", "b"]);
    subscriber.call(&["PSUBSCRIBE", "?"]);
    let mut publisher = lab.connect("android");
    assert_eq!(publisher.call(&["PUBLISH", "a", "1"]), Frame::Integer(2));
    assert_eq!(heard(&mut subscriber), ["message", "a", "1"]);
    assert_eq!(heard(&mut subscriber), ["pmessage", "?", "a", "1"]);
    let told = words(&subscriber.call(&["PUNSUBSCRIBE", "?"]));
    assert_eq!(told, ["punsubscribe", "?", "2"]);
    let told = words(&subscriber.call(&["UNSUBSCRIBE", "a"]));
    assert_eq!(told, ["unsubscribe", "a", "1"]);
    assert_eq!(publisher.call(&["PUBLISH", "a", "2"]), Frame::Integer(0));
    assert_eq!(publisher.call(&["PUBLISH", "b", "3"]), Frame::Integer(1));
    assert_eq!(heard(&mut subscriber), ["message", "b", "3"]);
}

#[test]
fn connections_that_end_are_forgotten() {
    let lab = Lab::started();
    let mut bystander = lab.connect("mac");
    for ending in ["RESET", "QUIT", "gone"] {
        let mut subscribers = NAMES.map(|name| {
            let mut connection = subscribed(&lab, name, "a");
            for n in 0..100 {
                connection.call(&["PSUBSCRIBE", &format!("p{n}*")]);
            }
            connection
        });
        assert_eq!(bystander.call(&["PUBSUB", "NUMPAT"]), Frame::Integer(300));
        for subscriber in &mut subscribers {
            if ending != "gone" {
                subscriber.call(&[ending]);
            }
        }
        if ending == "RESET" {
            // Those are the same connections, and tell so themselves.
            for subscriber in &mut subscribers {
                assert_eq!(subscriber.call(&["GET", "x"]), Frame::Null);
            }
            assert_eq!(left(&mut bystander), (Frame::array([]), Frame::Integer(0)));
        }
        drop(subscribers);
        eventually(&format!("nothing is left after {ending}"), || {
            left(&mut bystander) == (Frame::array([]), Frame::Integer(0))
        });
        assert_eq!(bystander.call(&["PUBLISH", "a", "text"]), Frame::Integer(0));
    }
}
