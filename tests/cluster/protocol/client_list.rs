//! `CLIENT LIST` and `CLIENT INFO`: a line for each connection of the node that is asked.

use std::collections::HashMap;
use std::net::SocketAddr;

use triad::resp::Frame;

use crate::lab::connection::bulk;
use crate::lab::redis_server::RedisServer;
use crate::lab::{self, Connection, Lab};

/// The fields of a line in Redis 7.0, in their order.
const FIELDS: &str = "id addr laddr fd name age idle flags db sub psub ssub multi qbuf qbuf-free argv-mem \
                      multi-mem rbs rbp obl oll omem tot-mem events cmd user redir resp";

/// What Redis has behind them since it takes `CLIENT SETINFO`.
const LIBRARY_FIELDS: &str = " lib-name lib-ver";

/// The lines of a reply, each ended.
fn lines(reply: &Frame<'_>) -> Vec<String> {
    let text = lab::text(reply.as_bytes().expect("a text"));
    assert!(text.is_empty() || text.ends_with('\n'), "{text:?}");
    text.lines().map(str::to_owned).collect()
}

fn names(line: &str) -> String {
    let names = line.split(' ').filter_map(|field| field.split('=').next());
    names.collect::<Vec<_>>().join(" ")
}

fn fields(line: &str) -> HashMap<&str, &str> {
    line.split(' ')
        .map(|field| field.split_once('=').unwrap())
        .collect()
}

/// The lines of `CLIENT LIST` with what is behind it.
fn list(connection: &mut Connection, filter: &[&str]) -> Vec<String> {
    lines(&connection.call(&[&["CLIENT", "LIST"], filter].concat()))
}

fn id_of(connection: &mut Connection) -> String {
    match connection.call(&["CLIENT", "ID"]) {
        Frame::Integer(id) => id.to_string(),
        other => panic!("no number: {other:?}"),
    }
}

/// What is told of a client that has done so and so, by itself and to another.
fn check(address: SocketAddr, expected: &str, whose: &str) {
    let (mut one, mut other) = (Connection::open(address), Connection::open(address));
    one.call(&["CLIENT", "SETNAME", "me"]);
    one.call(&["HELLO", "3"]);
    let Frame::Verbatim { format, text } = one.call(&["CLIENT", "INFO"]) else {
        panic!("no verbatim text {whose}")
    };
    assert_eq!(format, *b"txt");
    let info = lines(&Frame::bulk(text));
    assert_eq!(info.len(), 1);
    assert_eq!(names(&info[0]), expected, "{whose}");

    let id = id_of(&mut one);
    one.call(&["GET", "absent"]);
    let told = list(&mut other, &["ID", &id, "999999"]);
    assert_eq!(told.len(), 1, "{told:?}");
    let told = fields(&told[0]);
    for (field, value) in [
        ("id", &*id),
        ("laddr", &address.to_string()),
        ("name", "me"),
        ("flags", "N"),
        ("db", "0"),
        ("sub", "0"),
        ("psub", "0"),
        ("multi", "-1"),
        ("qbuf", "0"),
        ("omem", "0"),
        ("cmd", "get"),
        ("user", "default"),
        ("redir", "-1"),
        ("resp", "3"),
    ] {
        assert_eq!(told[field], value, "{field} {whose}");
    }
    let addr: SocketAddr = told["addr"].parse().unwrap();
    assert_eq!(addr.ip(), address.ip());
    assert_ne!(addr.port(), address.port());
    for field in ["fd", "age", "idle", "tot-mem"] {
        told[field].parse::<u64>().unwrap();
    }

    // The one that asks is among all, and both are ordinary clients.
    let other_id = id_of(&mut other);
    for filter in [&[][..], &["TYPE", "NORMAL"]] {
        let all = list(&mut other, filter);
        let ids: Vec<_> = all.iter().map(|line| fields(line)["id"]).collect();
        assert_eq!(&ids[ids.len() - 2..], [&*id, &*other_id], "{whose}");
        let own = fields(all.last().unwrap());
        assert_eq!(own["cmd"], "client|list");
        assert_eq!(own["resp"], "2");
    }
    for client_type in ["pubsub", "replica", "slave"] {
        assert!(list(&mut other, &["TYPE", client_type]).is_empty());
    }
    let both = list(&mut other, &["ID", &other_id, &id]);
    assert!(both[0].starts_with(&format!("id={other_id} ")), "{both:?}");
    assert!(both[1].starts_with(&format!("id={id} ")), "{both:?}");

    // One that has gone is not told of.
    drop(one);
    lab::eventually("it has gone", || list(&mut other, &["ID", &id]).is_empty());
}

#[test]
fn a_client_is_told_of_in_the_fields_of_redis() {
    let mut lab = Lab::new();
    lab.start("mac");
    let expected = format!("{FIELDS}{LIBRARY_FIELDS}");
    check(lab.address("mac"), &expected, "at a node");
}

#[test]
fn redis_itself_tells_so() {
    if let Some(server) = RedisServer::start() {
        check(server.address, FIELDS, "at Redis");
    }
}

#[test]
fn names_and_libraries_stay_until_they_are_changed() {
    let mut lab = Lab::new();
    lab.start("linux");
    let mut client = lab.connect("linux");
    for words in [
        &["CLIENT", "SETINFO", "LIB-NAME", "redis-py"][..],
        &["CLIENT", "SETINFO", "lib-ver", "5.0"],
        &["HELLO", "3", "SETNAME", "me"],
        &["CLIENT", "NO-EVICT", "on"],
    ] {
        assert!(!matches!(client.call(words), Frame::Error(_)), "{words:?}");
    }
    let told = list(&mut client, &[]);
    assert!(told[0].ends_with(" lib-name=redis-py lib-ver=5.0"));
    assert_eq!(fields(&told[0])["name"], "me");
    assert_eq!(fields(&told[0])["flags"], "e");
    assert_eq!(client.call(&["CLIENT", "SETNAME", ""]), Frame::OK);
    assert_eq!(client.call(&["CLIENT", "GETNAME"]), Frame::Null);
    client.call(&["CLIENT", "SETNAME", "again"]);
    assert_eq!(client.call(&["RESET"]), Frame::simple("RESET"));
    let told = list(&mut client, &[]);
    let told = fields(&told[0]);
    assert_eq!([told["name"], told["flags"], told["resp"]], ["", "N", "2"]);
    assert_eq!(told["lib-name"], "redis-py");
}

/// The connections of other nodes are what Redis has as the link of a master: a server that sends commands.
#[test]
fn links_of_peers_are_told_of_by_the_names_of_their_nodes() {
    let lab = Lab::started();
    let mut client = lab.connect("linux");
    let peers = list(&mut client, &["TYPE", "master"]);
    let mut names: Vec<_> = peers.iter().map(|line| fields(line)["name"]).collect();
    names.sort_unstable();
    assert_eq!(names, ["android", "mac"]);
    for line in &peers {
        let told = fields(line);
        assert_eq!([told["flags"], told["resp"]], ["M", "3"]);
        assert_eq!(told["user"], "(superuser)");
    }
    let normal = list(&mut client, &["TYPE", "normal"]);
    assert_eq!(normal.len(), 1, "{normal:?}");
    assert_eq!(list(&mut client, &[]).len(), 3);
}

/// What a client has not read, and what it has sent of a request that is not whole, are its own.
#[test]
fn what_waits_for_a_client_is_told() {
    let mut lab = Lab::new();
    lab.start("linux");
    let key = lab::key_of("linux", "k", 0);
    let (mut slow, mut other) = (lab.connect("linux"), lab.connect("linux"));
    slow.narrow();
    let id = id_of(&mut slow);
    let value = vec![b'v'; 1024 * 1024];
    other.call(&[b"SET", key.as_bytes(), &value]);
    for _ in 0..16 {
        slow.send(&["GET", &key]);
    }
    let told = |other: &mut Connection, field: &str| -> usize {
        let line = list(other, &["ID", &id]);
        fields(&line[0])[field].parse().unwrap()
    };
    lab::eventually("replies wait", || told(&mut other, "omem") > value.len());
    for _ in 0..16 {
        assert_eq!(slow.reply(), bulk(&value));
    }
    lab::eventually("none waits", || told(&mut other, "omem") == 0);
    slow.send_bytes(b"*2\r\n$3\r\nGET\r\n");
    lab::eventually("half a request", || told(&mut other, "qbuf") > 0);
}
