//! What is refused is refused in Redis's words, because clients match on them.

mod table;

use std::net::SocketAddr;

use triad::resp::Frame;

use crate::lab::connection::{error, request};
use crate::lab::redis_server::RedisServer;
use crate::lab::{self, Connection, Lab};

fn check(address: SocketAddr, whose: &str) {
    let mut connection = Connection::open(address);
    for (words, text) in table::refused() {
        assert_eq!(error(&connection.call(&words)), text, "{words:?} {whose}");
    }
    assert_eq!(connection.call(&["PING"]), Frame::simple("PONG"));
    for (bytes, text) in table::NOT_RESP {
        let found = Connection::open(address).exchange(bytes);
        assert_eq!(
            String::from_utf8_lossy(&found),
            format!("-ERR Protocol error: {text}\r\n"),
            "{} {whose}",
            bytes.escape_ascii()
        );
    }
}

#[test]
fn errors_are_those_of_redis_through_each_node() {
    let lab = Lab::started();
    for name in lab::NAMES {
        check(lab.address(name), &format!("through {name}"));
        assert_eq!(lab.connect(name).call(&["DBSIZE"]), Frame::Integer(0));
    }
}

/// The table is compared with the server that it speaks of.
#[test]
fn redis_itself_answers_so() {
    if let Some(server) = RedisServer::start() {
        check(server.address, "at Redis");
    }
}

#[test]
fn errors_of_our_own_commands_are_of_the_same_form() {
    let lab = Lab::started();
    let rows = table::of_our_own(&lab::key_of("linux", "k", 0));
    for name in lab::NAMES {
        let mut connection = lab.connect(name);
        for (words, text) in &rows {
            assert_eq!(error(&connection.call(words)), *text, "through {name}");
        }
        assert_eq!(connection.call(&["DBSIZE"]), Frame::Integer(0));
    }
}

/// Every "Try … HELP." leads somewhere.
#[test]
fn help_lists_the_subcommands() {
    let lab = Lab::started();
    for (container, subcommand) in [
        ("CLIENT", "SETNAME"),
        ("COMMAND", "DOCS"),
        ("CONFIG", "GET"),
        ("TRIAD", "OWNER"),
    ] {
        let Frame::Array(lines) = lab.connect("linux").call(&[container, "HELP"]) else {
            panic!("no lines")
        };
        let lines: Vec<_> = lines.iter().filter_map(Frame::as_bytes).collect();
        assert!(lines.contains(&subcommand.as_bytes()), "{container}");
        assert!(lines.contains(&&b"HELP"[..]), "{container}");
    }
    let bytes = lab.connect("mac").exchange(&request(&["config", "help"]));
    assert!(bytes.starts_with(b"*11\r\n+CONFIG <subcommand> "));
}
