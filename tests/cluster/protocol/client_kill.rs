//! `CLIENT KILL` ends connections, at once.

use std::net::SocketAddr;

use triad::resp::Frame;

use crate::lab::connection::{bulk, error, rows};
use crate::lab::redis_server::RedisServer;
use crate::lab::{self, Connection, Lab};

/// A field of the line that `CLIENT INFO` gives.
fn field(connection: &mut Connection, name: &str) -> String {
    let reply = connection.call(&["CLIENT", "INFO"]);
    let line = lab::text(reply.as_bytes().unwrap());
    let value = line.split_whitespace().find_map(|field| {
        let (found, value) = field.split_once('=')?;
        (found == name).then(|| value.to_owned())
    });
    value.unwrap()
}

fn check(address: SocketAddr, whose: &str) {
    let open = || Connection::open(address);
    let mut killer = open();
    let me = field(&mut killer, "id");

    // The old form.
    let mut victim = open();
    let addr = field(&mut victim, "addr");
    assert_eq!(killer.call(&["CLIENT", "KILL", &addr]), Frame::OK);
    assert_eq!(victim.read_to_end(), b"", "{whose}");
    let again = killer.call(&["CLIENT", "KILL", &addr]);
    assert_eq!(error(&again), "ERR No such client");

    // Each filter, alone and together. All of them have to be met.
    for name in ["ID", "ADDR"] {
        let mut victim = open();
        let value = field(&mut victim, &name.to_lowercase());
        let kill = |killer: &mut Connection, more: &[&str]| {
            killer.call(&[&["CLIENT", "KILL", name, &value], more].concat())
        };
        let none = Frame::Integer(0);
        assert_eq!(kill(&mut killer, &["TYPE", "pubsub"]), none, "{whose}");
        assert_eq!(kill(&mut killer, &["ID", &me]), none, "{whose}");
        assert_eq!(kill(&mut killer, &["LADDR", "127.0.0.1:1"]), none);
        assert_eq!(victim.call(&["PING"]), Frame::simple("PONG"));
        let laddr = address.to_string();
        let all = [
            "laddr", &laddr, "user", "default", "type", "normal", "skipme", "yes",
        ];
        assert_eq!(kill(&mut killer, &all), Frame::Integer(1), "{name} {whose}");
        assert_eq!(victim.read_to_end(), b"", "{name} {whose}");
    }

    // Who asks is spared, unless it says otherwise; then it ends after the reply.
    assert_eq!(
        killer.call(&["CLIENT", "KILL", "ID", &me]),
        Frame::Integer(0)
    );
    let mut others = [open(), open()];
    for other in &mut others {
        other.call(&["PING"]);
    }
    let all = ["CLIENT", "KILL", "TYPE", "normal"];
    assert_eq!(killer.call(&all), Frame::Integer(2), "{whose}");
    for mut other in others {
        assert_eq!(other.read_to_end(), b"", "{whose}");
    }
    killer.send_bytes(b"CLIENT KILL ID 0\r\n");
    error(&killer.reply());
    let mut pipeline = format!("CLIENT KILL SKIPME no ID {me}\r\n").into_bytes();
    pipeline.extend_from_slice(b"PING\r\n");
    killer.send_bytes(&pipeline);
    assert_eq!(killer.read_to_end(), b":1\r\n", "{whose}");
    let mut last = open();
    let addr = field(&mut last, "addr");
    last.send(&["CLIENT", "KILL", &addr]);
    assert_eq!(last.read_to_end(), b"+OK\r\n", "{whose}");
}

#[test]
fn those_that_are_meant_end_and_no_others() {
    let mut lab = Lab::new();
    lab.start("linux");
    check(lab.address("linux"), "at a node");
    let mut client = lab.connect("linux");
    lab::eventually("all have gone", || client.info("connected_clients") == 1);
}

#[test]
fn redis_itself_ends_the_same() {
    if let Some(server) = RedisServer::start() {
        check(server.address, "at Redis");
    }
}

/// What it had asked of another node is done there, and its reply goes nowhere.
#[test]
fn a_client_that_waits_for_another_node_is_ended_too() {
    let lab = Lab::started();
    let theirs = lab::key_of("mac", "k", 0);
    let mut killer = lab.connect("linux");
    lab.pause("mac");
    let mut victim = lab.connect("linux");
    let id = field(&mut victim, "id");
    victim.send(&["SET", &theirs, "1"]);
    lab::eventually("the request is on its way", || {
        let reply = killer.call(&["CLIENT", "LIST", "ID", &id]);
        lab::text(reply.as_bytes().unwrap()).contains(" cmd=set ")
    });
    let reply = killer.call(&["CLIENT", "KILL", "ID", &id]);
    assert_eq!(reply, Frame::Integer(1));
    assert_eq!(victim.read_to_end(), b"");
    lab.resume("mac");
    lab::eventually("it was done", || {
        lab.connect("mac").call(&["GET", &theirs]) == bulk("1")
    });
    assert_eq!(killer.call(&["PING"]), Frame::simple("PONG"));
}

/// Whoever means clients does not cut the cluster apart; who means the link of a peer can end it, and that
/// node connects again.
#[test]
fn links_of_peers_end_only_when_they_are_meant() {
    let lab = Lab::started();
    let mut client = lab.connect("linux");
    let peers = |client: &mut Connection| {
        let reply = client.call(&["CLIENT", "LIST", "TYPE", "master"]);
        let text = lab::text(reply.as_bytes().unwrap());
        let id = |line: &str| line.split(' ').next().unwrap().to_owned();
        text.lines().map(id).collect::<Vec<_>>()
    };
    let before = peers(&mut client);
    assert_eq!(before.len(), 2);
    for filter in [["TYPE", "normal"], ["USER", "default"]] {
        let words = [&["CLIENT", "KILL"], &filter[..]].concat();
        assert_eq!(client.call(&words), Frame::Integer(0), "{filter:?}");
        assert_eq!(peers(&mut client), before);
    }
    let killed = client.call(&["CLIENT", "KILL", "TYPE", "master"]);
    assert_eq!(killed, Frame::Integer(2));
    lab::eventually("both have connected again", || {
        let after = peers(&mut client);
        after.len() == 2 && after.iter().all(|id| !before.contains(id))
    });
    let nodes = rows(&client.call(&["TRIAD", "NODES"]));
    assert!(nodes.iter().all(|node| node["reachable"] == "1"));
    let mine = lab::key_of("linux", "k", 0);
    lab::eventually("they ask again", || {
        ["mac", "android"]
            .iter()
            .all(|name| lab.connect(name).call(&["SET", &mine, "1"]) == Frame::OK)
    });
}
