//! Of a peer's links the newest counts: a stalled old write can't overtake a new one.

use triad::resp::Frame;

use super::{alone, link_of, say_hello};
use crate::lab;
use crate::lab::connection::{error, request};

#[test]
fn a_new_link_closes_the_older_one() {
    let lab = alone();
    let mut older = link_of(&lab, "mac", 1);
    let mut newer = link_of(&lab, "mac", 1);
    let _ = older.try_send_bytes(&request(&["SET", &lab::key_of("linux", "late", 0), "v"]));
    assert_eq!(older.try_reply(), None);
    assert_eq!(newer.call(&["DBSIZE"]), Frame::Integer(0));
    // The links of others stay.
    let mut other = link_of(&lab, "android", 1);
    let mut newest = link_of(&lab, "mac", 1);
    assert_eq!(newer.try_reply(), None);
    assert_eq!(other.call(&["DBSIZE"]), Frame::Integer(0));
    assert_eq!(newest.call(&["DBSIZE"]), Frame::Integer(0));
    let mut client = lab.connect("linux");
    assert_eq!(client.info("cluster_connections"), 2);
}

/// The older link has stalled: its replies are not read, and a write waits behind them. When the new
/// link is answered, that write does not take effect any more, even if the replies are read then.
#[test]
fn a_write_that_stalled_on_the_older_link_is_not_carried_out() {
    let lab = alone();
    let (large, late) = (
        lab::key_of("linux", "large", 0),
        lab::key_of("linux", "late", 0),
    );
    let value = vec![b'v'; 1024 * 1024];
    let set = [b"SET", large.as_bytes(), &value];
    assert_eq!(lab.connect("linux").call(&set), Frame::OK);
    let mut older = link_of(&lab, "mac", 1);
    let mut stalled = request(&["GET", &large]).repeat(64);
    stalled.extend(request(&["SET", &late, "v"]));
    older.send_bytes(&stalled);
    lab::eventually("its replies arrive", || older.has_reply());
    let mut newer = link_of(&lab, "mac", 1);
    assert_eq!(newer.call(&["DBSIZE"]), Frame::Integer(1));
    while let Some(reply) = older.try_reply() {
        assert_ne!(reply, Frame::OK, "the write was answered");
    }
    assert_eq!(newer.call(&["DBSIZE"]), Frame::Integer(1));
}

#[test]
fn an_older_start_of_the_same_node_is_refused() {
    let lab = alone();
    let mut current = link_of(&lab, "mac", 7);
    let mut earlier = lab.connect("linux");
    let text = error(&say_hello(&mut earlier, "mac", 6));
    assert_eq!(
        text,
        "ERR mac has been started again since: this is start 6, and start 7 was here"
    );
    assert_eq!(earlier.try_reply(), None);
    assert_eq!(current.call(&["DBSIZE"]), Frame::Integer(0));
    // When the current one has gone, it may be a node whose files were restored.
    drop(current);
    let mut bystander = lab.connect("linux");
    lab::eventually("it has gone", || bystander.info("cluster_connections") == 0);
    link_of(&lab, "mac", 6);
}

/// A device that was set up anew begins to count again.
#[test]
fn another_device_of_the_same_name_takes_over() {
    let lab = alone();
    let mut current = link_of(&lab, "mac", 7);
    let mut other = lab.connect("linux");
    let fingerprint = triad::placement::Placement::built_in()
        .fingerprint()
        .to_owned();
    let hello = ["TRIAD", "PEER", "1", "mac", "another-id", "1", &fingerprint];
    assert!(matches!(other.call(&hello), Frame::Array(_)));
    assert_eq!(current.try_reply(), None);
    assert_eq!(other.call(&["DBSIZE"]), Frame::Integer(0));
}
