//! A cluster in which nothing happens does nothing.

use std::time::{Duration, Instant};

use triad::limits::BACKOFF_FIRST;
use triad::resp::Frame;

use crate::lab::{Lab, NAMES, Proxy, eventually, key_of};

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
        assert_eq!(
            client.call(&["SET", &key_of("mac", "k", 0), "1"]),
            Frame::OK
        );
    }

    let relayed = || (to_mac.relayed(), to_linux.relayed());
    let ticks = || NAMES.map(|name| lab.cpu_ticks(name));
    let (bytes, spent) = (relayed(), ticks());
    assert_eq!(clients[0].reply_within(REST), None);
    assert_eq!(
        relayed(),
        bytes,
        "bytes on links where nobody asks anything"
    );
    for (name, (before, after)) in NAMES.iter().zip(spent.iter().zip(ticks())) {
        assert!(
            after - before <= 1,
            "{name} has taken {} ticks in {REST:?}",
            after - before
        );
    }
}

#[test]
fn the_others_do_not_spin_while_a_node_is_down() {
    let mut lab = Lab::started();
    lab.kill("mac");
    let mut client = lab.connect("linux");
    let key = key_of("mac", "k", 0);
    let attempts = || ["linux", "android"].map(|name| lab.cpu_ticks(name));
    eventually(
        "mac is missed",
        || matches!(client.call(&["GET", &key]), Frame::Error(text) if text.starts_with("UNREACHABLE")),
    );
    let spent = attempts();
    assert_eq!(client.reply_within(REST), None);
    for (before, after) in spent.iter().zip(attempts()) {
        assert!(after - before <= 2, "{} ticks in {REST:?}", after - before);
    }
}

/// After this many failures in a row the next attempt is made eight seconds later.
const FAILURES: usize = 5;

#[test]
fn a_node_that_shows_up_is_not_kept_waiting_for_the_end_of_a_pause() {
    let mut lab = Lab::new();
    let proxy = Proxy::to(lab.address("mac"));
    proxy.cut();
    lab.start_through("linux", &[("mac", &proxy)]);
    let began = Instant::now();
    eventually("linux has tried several times", || {
        proxy.attempts() == FAILURES
    });
    // The pauses were of 1, 2, 4 and 8 times the first; without the first, for the clock's grain.
    assert!(
        began.elapsed() >= BACKOFF_FIRST * (2 + 4 + 8),
        "the pauses do not grow"
    );
    proxy.mend();

    let shows_up = Instant::now();
    lab.start("mac");
    eventually("linux tries again", || proxy.attempts() > FAILURES);
    // Half of what is left of the pause; a loaded machine needs a few hundredths of that.
    assert!(
        shows_up.elapsed() < BACKOFF_FIRST * 8,
        "it took {:?}",
        shows_up.elapsed()
    );
    lab.wait_until_linked();
    let key = key_of("mac", "k", 0);
    assert_eq!(lab.connect("linux").call(&["SET", &key, "1"]), Frame::OK);
}

#[test]
fn a_node_that_comes_back_asleep_is_given_up_also_while_clients_keep_asking() {
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
