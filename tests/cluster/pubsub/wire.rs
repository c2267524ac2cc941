//! What channels look like on the wire, byte for byte, beside Redis.

use std::net::SocketAddr;

use crate::lab::connection::request;
use crate::lab::redis_server::RedisServer;
use crate::lab::{self, Connection, Lab};

const NOT_NOW: &str =
    "only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context";

/// Requests of one connection, each with what comes back; `~` stands for the end of a line, `!` for an error
/// that says [`NOT_NOW`].
const TALKS: &[&[(&str, &str)]] = &[
    &[
        (
            "SUBSCRIBE a a b",
            "*3~$9~subscribe~$1~a~:1~*3~$9~subscribe~$1~a~:1~*3~$9~subscribe~$1~b~:2~",
        ),
        ("GET x", "-ERR Can't execute 'get': !"),
        ("CONFIG GET x", "-ERR Can't execute 'config|get': !"),
        ("PUBLISH a x", "-ERR Can't execute 'publish': !"),
        ("HELLO 3", "-ERR Can't execute 'hello': !"),
        ("GET", "-ERR wrong number of arguments for 'get' command~"),
        (
            "NONSENSE",
            "-ERR unknown command 'NONSENSE', with args beginning with: ~",
        ),
        ("PING", "*2~$4~pong~$0~~"),
        ("PING hi", "*2~$4~pong~$2~hi~"),
        (
            "PING a b",
            "-ERR wrong number of arguments for 'ping' command~",
        ),
        ("PSUBSCRIBE p*", "*3~$10~psubscribe~$2~p*~:3~"),
        (
            "UNSUBSCRIBE b nobody",
            "*3~$11~unsubscribe~$1~b~:2~*3~$11~unsubscribe~$6~nobody~:2~",
        ),
        ("UNSUBSCRIBE", "*3~$11~unsubscribe~$1~a~:1~"),
        ("UNSUBSCRIBE", "*3~$11~unsubscribe~$-1~:1~"),
        ("PUNSUBSCRIBE", "*3~$12~punsubscribe~$2~p*~:0~"),
        ("PUNSUBSCRIBE", "*3~$12~punsubscribe~$-1~:0~"),
        ("PING", "+PONG~"),
        ("GET x", "$-1~"),
        ("SUBSCRIBE a", "*3~$9~subscribe~$1~a~:1~"),
        ("RESET", "+RESET~"),
        ("GET x", "$-1~"),
        ("SUBSCRIBE a", "*3~$9~subscribe~$1~a~:1~"),
        ("QUIT", "+OK~"),
    ],
    &[
        ("UNSUBSCRIBE", "*3~$11~unsubscribe~$-1~:0~"),
        (
            "UNSUBSCRIBE a b",
            "*3~$11~unsubscribe~$1~a~:0~*3~$11~unsubscribe~$1~b~:0~",
        ),
        ("PUBLISH a text", ":0~"),
        ("PUBSUB CHANNELS", "*0~"),
        (
            "PUBSUB CHANNELS a b",
            "-ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP.~",
        ),
        ("PUBSUB NUMSUB", "*0~"),
        ("PUBSUB NUMSUB a a", "*4~$1~a~:0~$1~a~:0~"),
        ("PUBSUB NUMPAT", ":0~"),
        (
            "PUBSUB NUMPAT a",
            "-ERR wrong number of arguments for 'pubsub|numpat' command~",
        ),
        (
            "PUBSUB",
            "-ERR wrong number of arguments for 'pubsub' command~",
        ),
        ("PUBSUB x", "-ERR unknown subcommand 'x'. Try PUBSUB HELP.~"),
        (
            "SUBSCRIBE",
            "-ERR wrong number of arguments for 'subscribe' command~",
        ),
        (
            "PSUBSCRIBE",
            "-ERR wrong number of arguments for 'psubscribe' command~",
        ),
        (
            "PUBLISH a",
            "-ERR wrong number of arguments for 'publish' command~",
        ),
        (
            "PUBLISH a b c",
            "-ERR wrong number of arguments for 'publish' command~",
        ),
    ],
    &[
        ("CONFIG SET notify-keyspace-events KEA", "+OK~"),
        (
            "CONFIG GET notify-keyspace-events",
            "*2~$22~notify-keyspace-events~$3~AKE~",
        ),
        (
            "CONFIG SET notify-keyspace-events xyz",
            "-ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - Invalid event class character. Use 'Ag$lshzxeKEtmdn'.~",
        ),
        ("CONFIG SET Notify-Keyspace-Events mKx", "+OK~"),
        (
            "CONFIG GET NOTIFY-*",
            "*2~$22~notify-keyspace-events~$3~xKm~",
        ),
        (
            "CONFIG SET notify-keyspace-events",
            "-ERR wrong number of arguments for 'config|set' command~",
        ),
        (
            "CONFIG SET notify-keyspace-events K a",
            "-ERR syntax error~",
        ),
        (
            "CONFIG SET nonsense b",
            "-ERR Unknown option or number of arguments for CONFIG SET - 'nonsense'~",
        ),
        ("CONFIG SET notify-keyspace-events K", "+OK~"),
        (
            "CONFIG GET notify-keyspace-events",
            "*2~$22~notify-keyspace-events~$1~K~",
        ),
    ],
];

/// The same in RESP3, after `HELLO 3`.
const RESP3: &[(&str, &str)] = &[
    (
        "SUBSCRIBE a a",
        ">3~$9~subscribe~$1~a~:1~>3~$9~subscribe~$1~a~:1~",
    ),
    ("PSUBSCRIBE a*", ">3~$10~psubscribe~$2~a*~:2~"),
    ("GET x", "_~"),
    // Its own message stands before the reply.
    (
        "PUBLISH a hi",
        ">3~$7~message~$1~a~$2~hi~>4~$8~pmessage~$2~a*~$1~a~$2~hi~:2~",
    ),
    ("PING", "+PONG~"),
    ("PUBSUB NUMSUB a b", "*4~$1~a~:1~$1~b~:0~"),
    ("PUBSUB CHANNELS", "*1~$1~a~"),
    ("PUBSUB NUMPAT", ":1~"),
    ("PUNSUBSCRIBE x", ">3~$12~punsubscribe~$1~x~:2~"),
    ("PUNSUBSCRIBE", ">3~$12~punsubscribe~$2~a*~:1~"),
    ("PUNSUBSCRIBE", ">3~$12~punsubscribe~_~:1~"),
    ("PUBLISH a hi", ">3~$7~message~$1~a~$2~hi~:1~"),
    ("UNSUBSCRIBE", ">3~$11~unsubscribe~$1~a~:0~"),
    ("UNSUBSCRIBE", ">3~$11~unsubscribe~_~:0~"),
];

fn talk(connection: &mut Connection, talk: &[(&str, &str)], whose: &str) {
    for (words, reply) in talk {
        let words: Vec<_> = words.split(' ').collect();
        connection.send_bytes(&request(&words));
        let reply = reply
            .replace('!', &format!("{NOT_NOW}~"))
            .replace('~', "\r\n");
        connection.expect_bytes(reply.as_bytes(), &format!("{words:?} {whose}"));
    }
}

fn check(address: SocketAddr, whose: &str) {
    for requests in TALKS {
        talk(&mut Connection::open(address), requests, whose);
    }
    let mut connection = Connection::open(address);
    connection.call(&["HELLO", "3"]);
    talk(&mut connection, RESP3, whose);
    // Who goes back to RESP2 is told in RESP2.
    talk(&mut connection, &RESP3[..1], whose);
    connection.call(&["HELLO", "2"]);
    Connection::open(address).call(&["PUBLISH", "a", "hi"]);
    connection.expect_bytes(b"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n", whose);
    connection.call(&["RESET"]);
}

#[test]
fn replies_are_those_of_redis_through_each_node() {
    let lab = Lab::started();
    for name in lab::NAMES {
        check(lab.address(name), &format!("through {name}"));
    }
}

/// The tables are compared with the server that they speak of.
#[test]
fn redis_itself_replies_so() {
    if let Some(server) = RedisServer::start() {
        check(server.address, "at Redis");
    }
}
