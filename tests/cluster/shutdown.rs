//! A node that is asked to end finishes what is in flight.

use rustix::process::Signal;
use triad::resp::Frame;

use crate::lab::connection::bulk;
use crate::lab::{Lab, Proxy, key_of};

#[test]
fn requests_in_flight_are_answered_before_the_end() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut lab = Lab::new();
        let proxy = Proxy::to(lab.address("mac"));
        lab.start("mac");
        lab.start_through("linux", &[("mac", &proxy)]);
        lab.wait_until_linked();
        let (near, far) = (key_of("linux", "k", 0), key_of("mac", "k", 0));
        let mut client = lab.connect("linux");
        let mut idle = lab.connect("linux");
        assert_eq!(idle.call(&["PING"]), Frame::Simple("PONG".into()));
        proxy.hold();
        client.send(&["SET", &far, "1"]);
        client.send(&["SET", &near, "2"]);
        client.send(&["SAVE"]);
        client.send(&["GET", &far]);
        proxy.wait_for_held_bytes(0);
        lab.signal("linux", signal);
        // Who has asked nothing is let go at once: the node knows of the signal.
        assert_eq!(idle.try_reply(), None);
        proxy.release();
        for reply in [Frame::OK, Frame::OK, Frame::OK, bulk("1")] {
            assert_eq!(client.reply(), reply);
        }
        assert_eq!(client.try_reply(), None);
        assert_eq!(lab.wait("linux").code(), Some(0));
        assert_eq!(lab.connect("mac").call(&["GET", &far]), bulk("1"));

        lab.start("linux");
        lab.wait_until_linked();
        assert_eq!(lab.connect("linux").call(&["GET", &far]), bulk("1"));
    }
}

#[test]
fn what_has_arrived_before_the_signal_is_answered() {
    const REQUESTS: usize = 20_000;
    let mut lab = Lab::new();
    lab.start("linux");
    let mut client = lab.connect("linux");
    let request = format!("SET {} 1\r\n", key_of("linux", "k", 0));
    client.send_bytes(request.repeat(REQUESTS).as_bytes());
    // All of it is with the node's system, and the node has just begun.
    assert_eq!(client.reply(), Frame::OK);
    lab.signal("linux", Signal::TERM);
    for _ in 1..REQUESTS {
        assert_eq!(client.reply(), Frame::OK);
    }
    assert_eq!(client.try_reply(), None);
    assert_eq!(lab.wait("linux").code(), Some(0));
}

#[test]
fn requests_for_a_node_that_ends_are_answered_or_refused_with_the_cause() {
    let mut lab = Lab::started();
    let key = key_of("mac", "k", 0);
    let mut client = lab.connect("linux");
    for _ in 0..1000 {
        client.send(&["SET", &key, "1"]);
    }
    lab.signal("mac", Signal::TERM);
    let mut refused = 0;
    for _ in 0..1000 {
        let reply = client.reply();
        let is_refusal = matches!(&reply, Frame::Error(text)
            if text.starts_with("OUTCOMEUNKNOWN mac ") || text.starts_with("UNREACHABLE mac "));
        assert!(
            is_refusal || (reply == Frame::OK && refused == 0),
            "{reply:?}"
        );
        refused += usize::from(is_refusal);
    }
    assert_eq!(lab.wait("mac").code(), Some(0));
    lab.start("mac");
    lab.wait_until_linked();
    assert_eq!(client.call(&["SET", &key, "2"]), Frame::OK);
}

#[test]
fn a_client_that_does_not_read_does_not_keep_a_node_from_ending() {
    let mut lab = Lab::new();
    lab.start("linux");
    let key = key_of("linux", "k", 0);
    let mut client = lab.connect("linux");
    assert_eq!(
        client.call(&["SET", &key, &"x".repeat(8 * 1024 * 1024)]),
        Frame::OK
    );
    for _ in 0..4 {
        client.send(&["GET", &key]);
    }
    assert_eq!(lab.stop("linux").code(), Some(0));
    assert!(
        lab.log("linux")
            .contains("closed connections that did not read their replies")
    );
}
