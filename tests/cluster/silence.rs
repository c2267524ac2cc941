//! When a peer that says nothing is given up, and when not.

use std::time::Duration;

use triad::resp::Frame;

use crate::lab::{Lab, Proxy, key_of};

#[test]
fn a_node_that_sleeps_is_given_up_also_while_clients_keep_asking() {
    let lab = Lab::started();
    let mut client = lab.connect("linux");
    let key = key_of("mac", "k", 0);
    assert_eq!(client.call(&["GET", &key]), Frame::Null);
    lab.pause("mac");
    // The system takes each of these requests for the sleeping peer; that is no sign of life.
    let mut sent = 0;
    let reply = loop {
        client.send(&["GET", &key]);
        sent += 1;
        if let Some(reply) = client.reply_within(Duration::from_millis(500)) {
            break reply;
        }
        assert!(
            sent < 20,
            "no answer, although mac has been silent for {sent} halves of a second"
        );
    };
    assert!(
        matches!(&reply, Frame::Error(text) if text.starts_with("OUTCOMEUNKNOWN mac ")),
        "{reply:?}"
    );
    lab.resume("mac");
}

#[test]
fn an_answer_that_came_while_the_entry_node_slept_is_not_lost() {
    let mut lab = Lab::new();
    let to_mac = Proxy::to(lab.address("mac"));
    let to_android = Proxy::to(lab.address("android"));
    lab.start("mac");
    lab.start("android");
    lab.start_through("linux", &[("mac", &to_mac), ("android", &to_android)]);
    lab.wait_until_linked();
    let (mac_key, android_key) = (key_of("mac", "k", 0), key_of("android", "k", 0));
    let mut client = lab.connect("linux");
    to_mac.hold();
    to_android.hold();
    client.send(&["SET", &mac_key, "1"]);
    client.send(&["SET", &android_key, "2"]);
    to_mac.wait_for_held_bytes(0);
    to_android.wait_for_held_bytes(0);
    lab.pause("linux");
    to_mac.release();
    to_android.release();
    // Longer than a link may be silent, as seen by a node that is awake.
    assert_eq!(client.reply_within(Duration::from_millis(2500)), None);
    lab.resume("linux");
    assert_eq!(client.reply(), Frame::OK);
    assert_eq!(client.reply(), Frame::OK);
}
