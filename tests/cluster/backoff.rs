//! How a node looks for one that is away.

use std::time::{Duration, Instant};

use triad::limits::BACKOFF_FIRST;
use triad::resp::Frame;

use crate::lab::{Lab, Proxy, eventually, key_of};

/// How long the others are watched: long enough for one that turns in a loop to be seen.
const WATCHED: Duration = Duration::from_secs(3);

#[test]
fn the_others_do_not_spin_while_a_node_is_down() {
    let mut lab = Lab::started();
    lab.kill("mac");
    let mut client = lab.connect("linux");
    let key = key_of("mac", "k", 0);
    let ticks = || ["linux", "android"].map(|name| lab.cpu_ticks(name));
    eventually(
        "mac is missed",
        || matches!(client.call(&["GET", &key]), Frame::Error(text) if text.starts_with("UNREACHABLE")),
    );
    let before = ticks();
    assert_eq!(client.reply_within(WATCHED), None);
    for (before, after) in before.iter().zip(ticks()) {
        assert!(
            after - before <= 2,
            "{} ticks in {WATCHED:?}",
            after - before
        );
    }
}

/// After this many failures in a row the next attempt is made eight seconds later.
const FAILURES: usize = 5;

#[test]
fn a_node_that_shows_up_is_not_kept_waiting_for_the_end_of_a_pause() {
    let mut lab = Lab::new();
    let proxy = Proxy::to(lab.address("mac"));
    proxy.cut();
    let began = Instant::now();
    lab.start_through("linux", &[("mac", &proxy)]);
    eventually("linux has tried several times", || {
        proxy.attempts() == FAILURES
    });
    let pauses = BACKOFF_FIRST * (1 + 2 + 4 + 8);
    assert!(began.elapsed() >= pauses, "the pauses do not grow");
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
