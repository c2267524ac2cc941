//! `COMMAND` tells of the commands what Redis tells of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use triad::resp::Frame;

use crate::lab::connection::error;
use crate::lab::redis_server::RedisServer;
use crate::lab::{self, Connection, Lab};

/// Arity, flags, places of the keys and categories of a command.
type Description = (Vec<i64>, Vec<String>, Vec<String>);

fn numbers(fields: &[Frame<'_>]) -> Vec<i64> {
    let number = |field: &Frame<'_>| match field {
        Frame::Integer(number) => *number,
        other => panic!("no number: {other:?}"),
    };
    fields.iter().map(number).collect()
}

fn words(field: &Frame<'_>) -> Vec<String> {
    let (Frame::Array(words) | Frame::Set(words)) = field else {
        panic!("no words: {field:?}")
    };
    let mut words: Vec<_> = words
        .iter()
        .map(|word| lab::text(word.as_bytes().unwrap()))
        .collect();
    words.sort_unstable();
    words
}

fn collect(commands: &Frame<'_>, into: &mut BTreeMap<String, Description>) {
    let Frame::Array(commands) = commands else {
        panic!("no list: {commands:?}")
    };
    for command in commands {
        let Frame::Array(ten) = command else {
            panic!("no fields: {command:?}")
        };
        let name = lab::text(ten[0].as_bytes().unwrap());
        let numbers = [numbers(&ten[1..2]), numbers(&ten[3..6])].concat();
        into.insert(name, (numbers, words(&ten[2]), words(&ten[6])));
        collect(&ten[9], into);
    }
}

fn described(address: SocketAddr) -> BTreeMap<String, Description> {
    let mut found = BTreeMap::new();
    collect(&Connection::open(address).call(&["COMMAND"]), &mut found);
    found
}

#[test]
fn commands_are_described_as_by_redis() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let mut lab = Lab::new();
    lab.start("linux");
    let theirs = described(server.address);
    let ours = described(lab.address("linux"));
    let mut compared = 0;
    for (name, description) in &ours {
        // Of a later Redis is one that clients send without being asked.
        if name.starts_with("triad") || name == "client|setinfo" {
            assert!(!theirs.contains_key(name), "{name}");
            continue;
        }
        assert_eq!(Some(description), theirs.get(name), "{name}");
        compared += 1;
    }
    assert!(compared > 60, "{compared} commands");
}

/// What a list has, and what must not be in it.
fn check_list(address: SocketAddr, whose: &str) {
    let mut client = Connection::open(address);
    let mut list = |filter: &[&str]| {
        let words = [&["COMMAND", "LIST"], filter].concat();
        self::words(&client.call(&words))
    };
    let all = list(&[]);
    for name in ["get", "client", "client|list", "command"] {
        assert!(all.iter().any(|known| known == name), "{name} {whose}");
    }
    for (filter, with, without) in [
        (["PATTERN", "G*T"], "get", "getset2"),
        (["pattern", "config|*"], "config|get", "config"),
        (["ACLCAT", "Connection"], "client|id", "client"),
        (["aclcat", "slow"], "client", "get"),
        (["aclcat", "dangerous"], "keys", "del"),
    ] {
        let found = list(&[&["FILTERBY"], &filter[..]].concat());
        assert!(found.iter().any(|name| name == with), "{filter:?} {whose}");
        assert!(
            found.iter().all(|name| name != without),
            "{filter:?} {whose}"
        );
        assert!(found.len() < all.len());
    }
    for filter in [
        ["MODULE", "json"],
        ["ACLCAT", "nonsense"],
        ["ACLCAT", "@slow"],
        ["PATTERN", ""],
    ] {
        assert!(list(&[&["FILTERBY"], &filter[..]].concat()).is_empty());
    }
    let refused = client.call(&["COMMAND", "LIST", "FILTERBY", "PATTERN"]);
    assert_eq!(error(&refused), "ERR syntax error", "{whose}");
}

#[test]
fn names_are_listed_by_what_is_asked_for() {
    let mut lab = Lab::new();
    lab.start("linux");
    check_list(lab.address("linux"), "at a node");
}

#[test]
fn redis_itself_lists_so() {
    if let Some(server) = RedisServer::start() {
        check_list(server.address, "at Redis");
    }
}
