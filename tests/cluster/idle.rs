//! A cluster in which nothing happens does nothing.

use std::time::Duration;

use triad::resp::Frame;

use crate::lab::{Lab, NAMES, Proxy, key_of};

/// How long nothing happens: long enough that a node which looks around ten times a second, or which
/// turns in a loop, has taken more than a hundredth of a second of processor time.
const REST: Duration = Duration::from_secs(3);

#[test]
fn linked_nodes_at_rest_use_no_processor_and_send_nothing() {
    let mut lab = Lab::new();
    let to_mac = Proxy::to(lab.address("mac"));
    let to_linux = Proxy::to(lab.address("linux"));
    lab.start_through("linux", &[("mac", &to_mac)]);
    lab.start_through("mac", &[("linux", &to_linux)]);
    lab.start("android");
    lab.wait_until_linked();
    let mut clients = NAMES.map(|name| lab.connect(name));
    for client in &mut clients {
        // A key that will be gone in an hour is nothing to do until then.
        let key = key_of("mac", "k", 0);
        let set = ["SET", &key, "1", "EX", "3600"];
        assert_eq!(client.call(&set), Frame::OK);
    }

    // Who waits for messages and events costs nothing either.
    let _subscribers = NAMES.map(|name| {
        let mut subscriber = lab.connect(name);
        let set = ["CONFIG", "SET", "notify-keyspace-events", "KEA"];
        assert_eq!(subscriber.call(&set), Frame::OK);
        subscriber.call(&["PSUBSCRIBE", "*"]);
        subscriber
    });

    let relayed = || (to_mac.relayed(), to_linux.relayed());
    let ticks = || NAMES.map(|name| lab.cpu_ticks(name));
    let (sent, used) = (relayed(), ticks());
    assert_eq!(clients[0].reply_within(REST), None);
    assert_eq!(relayed(), sent, "bytes on links where nobody asks anything");
    for (name, (before, after)) in NAMES.iter().zip(used.iter().zip(ticks())) {
        assert!(
            after - before <= 1,
            "{name} has taken {} ticks in {REST:?}",
            after - before
        );
    }
}
