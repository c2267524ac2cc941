//! A subscriber that does not read costs the others nothing.

use triad::limits::UNREAD_REPLY_MAX_BYTES;
use triad::resp::Frame;

use super::{heard, subscribed};
use crate::lab::Lab;

#[test]
fn a_subscriber_that_does_not_read_is_closed_and_the_others_go_on() {
    const TEXT_BYTES: usize = 1024 * 1024;
    let lab = Lab::started();
    let mut slow = subscribed(&lab, "linux", "news");
    let mut others = [
        subscribed(&lab, "linux", "news"),
        subscribed(&lab, "mac", "news"),
    ];
    let mut publisher = lab.connect("mac");
    let text = "x".repeat(TEXT_BYTES);
    let mut sent = 0;
    loop {
        let told = publisher.call(&["PUBLISH", "news", &text]);
        for other in &mut others {
            assert_eq!(heard(other), ["message", "news", &text]);
        }
        sent += 1;
        if told == Frame::Integer(2) {
            break;
        }
        assert_eq!(told, Frame::Integer(3));
        // The system's own buffers take some MiB.
        assert!(
            sent * TEXT_BYTES < 2 * UNREAD_REPLY_MAX_BYTES,
            "it is not closed"
        );
    }
    assert!(
        sent * TEXT_BYTES > UNREAD_REPLY_MAX_BYTES,
        "closed after {sent} messages"
    );
    assert!(
        lab.log("linux")
            .contains("closed a client that does not read")
    );
    // What had left before that can still be read, and then there is an end.
    while slow.try_reply().is_some() {}
}
