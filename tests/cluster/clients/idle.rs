//! Clients that ask nothing for longer than the setting `timeout` allows.

use std::time::{Duration, Instant};

use triad::resp::Frame;

use crate::lab::connection::rows;
use crate::lab::{self, Connection, Lab};

fn ids(client: &mut Connection, client_type: &str) -> Vec<String> {
    let reply = client.call(&["CLIENT", "LIST", "TYPE", client_type]);
    let text = lab::text(reply.as_bytes().unwrap());
    let id = |line: &str| line.split(' ').next().unwrap().to_owned();
    text.lines().map(id).collect()
}

#[test]
fn a_client_that_asks_nothing_is_closed_and_peers_are_not() {
    let lab = Lab::started();
    let [mut active, mut idle, mut half] = [(); 3].map(|()| lab.connect("linux"));
    idle.call(&["PING"]);
    half.send_bytes(b"*2\r\n$3\r\nGET\r\n");
    let peers = ids(&mut active, "master");
    assert_eq!(peers.len(), 2);
    let began = Instant::now();
    active.call(&["CONFIG", "SET", "timeout", "2"]);
    // One that comes later is seen too.
    let mut late = lab.connect("linux");
    lab::eventually("only the one that asks is left", || {
        ids(&mut active, "normal").len() == 1
    });
    assert!(began.elapsed() >= Duration::from_secs(1));
    for client in [&mut idle, &mut half, &mut late] {
        assert_eq!(client.read_to_end(), b"");
    }
    assert_eq!(ids(&mut active, "master"), peers);
    let nodes = rows(&active.call(&["TRIAD", "NODES"]));
    assert!(nodes.iter().all(|node| node["reachable"] == "1"));

    // With 0 nobody is closed any more.
    active.call(&["CONFIG", "SET", "timeout", "0"]);
    let mut resting = lab.connect("linux");
    resting.call(&["PING"]);
    assert_eq!(active.reply_within(Duration::from_secs(3)), None);
    assert_eq!(resting.call(&["PING"]), Frame::simple("PONG"));
}

/// Who waits for an answer is not idle, however long that takes.
#[test]
fn a_client_that_waits_for_an_answer_is_not_closed() {
    let lab = Lab::started();
    let mut waiting = lab.connect("linux");
    let theirs = lab::key_of("mac", "k", 0);
    let mut active = lab.connect("linux");
    active.call(&["CONFIG", "SET", "timeout", "1"]);
    lab.pause("mac");
    waiting.send(&["GET", &theirs]);
    // A paused peer is given up after some time, and that is the answer.
    assert!(matches!(waiting.reply(), Frame::Error(_)));
    lab.resume("mac");
    assert_eq!(waiting.read_to_end(), b"");
}
