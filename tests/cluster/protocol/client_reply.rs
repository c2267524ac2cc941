//! `CLIENT REPLY`: requests that are carried out and not answered.

use std::net::SocketAddr;

use triad::limits::WINDOW_REQUESTS;
use triad::resp::Frame;

use crate::lab::connection::{bulk, request};
use crate::lab::redis_server::RedisServer;
use crate::lab::{self, Connection, Lab};

fn pipeline(requests: &[&[&str]]) -> Vec<u8> {
    requests.iter().flat_map(|words| request(words)).collect()
}

/// `keys` may have any owners.
fn check(address: SocketAddr, keys: [&str; 3], whose: &str) {
    let [one, two, three] = keys;
    let all = ["MGET", one, two, three];
    let set = ["MSET", one, "1", two, "2", three, "3"];

    // Nothing is answered, whoever would answer it and whatever it would be.
    let mut client = Connection::open(address);
    client.send_bytes(&pipeline(&[
        &["PING", "before"],
        &["CLIENT", "REPLY", "OFF"],
        &set,
        &["GET", one],
        &["GET", two],
        &["GET", three],
        &all,
        &["APPEND", two, "x"],
        &["KEYS", "*"],
        &["nonsense"],
        &["GET"],
        &["CLIENT", "REPLY", "SKIP"],
        &["CLIENT", "REPLY", "nonsense"],
        &["HELLO", "3"],
        &["PING"],
        &["CLIENT", "REPLY", "ON"],
        &["GET", "absent"],
        &["GET", two],
        &all,
    ]));
    let expected =
        "$6\r\nbefore\r\n+OK\r\n_\r\n$2\r\n2x\r\n*3\r\n$1\r\n1\r\n$2\r\n2x\r\n$1\r\n3\r\n";
    client.expect_bytes(expected.as_bytes(), whose);

    // One is not answered, and the request for that is not either.
    client.send_bytes(&pipeline(&[
        &["CLIENT", "REPLY", "SKIP"],
        &["SET", three, "4"],
        &["GET", three],
        &["CLIENT", "REPLY", "SKIP"],
        &["GET", two],
        &["GET", three],
        &["CLIENT", "REPLY", "SKIP"],
        &["CLIENT", "REPLY", "SKIP"],
        &["PING", "after two"],
        &["PING", "at last"],
        &["CLIENT", "REPLY", "SKIP"],
        &["CLIENT", "REPLY", "ON"],
        &["CLIENT", "REPLY", "SKIP"],
        &["nonsense"],
        &["GET", one],
    ]));
    let expected = "$1\r\n4\r\n$1\r\n4\r\n$7\r\nat last\r\n+OK\r\n$1\r\n1\r\n";
    client.expect_bytes(expected.as_bytes(), whose);

    // A connection that is as at its beginning is answered.
    client.send_bytes(&pipeline(&[
        &["CLIENT", "REPLY", "OFF"],
        &["GET", one],
        &["RESET"],
        &["GET", one],
    ]));
    client.expect_bytes(b"+RESET\r\n$1\r\n1\r\n", whose);
}

#[test]
fn what_is_not_wanted_is_not_sent_through_each_node() {
    let lab = Lab::started();
    let [l, m, a] = lab::NAMES.map(|name| lab::key_of(name, "k", 0));
    for name in lab::NAMES {
        for keys in [[&*l, &*m, &*a], [&*a, &*l, &*m], [&*m, &*a, &*l]] {
            check(lab.address(name), keys, &format!("through {name}"));
        }
    }
}

#[test]
fn redis_itself_sends_the_same() {
    if let Some(server) = RedisServer::start() {
        check(server.address, ["a", "b", "c"], "at Redis");
    }
}

/// Redis forgets to close a connection on which its `+OK` to `QUIT` is not sent.
#[test]
fn quit_ends_the_connection_without_an_answer_too() {
    let mut lab = Lab::new();
    lab.start("linux");
    let mut client = lab.connect("linux");
    client.send_bytes(&pipeline(&[&["CLIENT", "REPLY", "OFF"], &["QUIT"]]));
    assert_eq!(client.read_to_end(), b"");
}

/// Requests that nobody is told of take their places in the window, and give them back.
#[test]
fn more_requests_than_the_window_has_go_through_unanswered() {
    let lab = Lab::started();
    let theirs = lab::key_of("mac", "counter", 0);
    let mine = lab::key_of("linux", "counter", 0);
    let mut client = lab.connect("linux");
    let mut bytes = request(&["CLIENT", "REPLY", "OFF"]);
    let many = 4 * WINDOW_REQUESTS;
    for _ in 0..many {
        bytes.extend(pipeline(&[&["INCR", &theirs], &["INCR", &mine]]));
    }
    bytes.extend(pipeline(&[
        &["CLIENT", "REPLY", "ON"],
        &["MGET", &theirs, &mine],
    ]));
    client.send_bytes(&bytes);
    assert_eq!(client.reply(), Frame::OK);
    let count = bulk(many.to_string());
    assert_eq!(client.reply(), Frame::array([count.clone(), count]));
}
