//! What tools ask a server when they connect: `INFO COMMAND CONFIG SAVE LASTSAVE`.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use triad::resp::Frame;

use crate::lab::connection::fields;
use crate::lab::{self, Connection, Lab};

fn info(connection: &mut Connection, sections: &[&str]) -> HashMap<String, String> {
    let words: Vec<&str> = std::iter::once("INFO")
        .chain(sections.iter().copied())
        .collect();
    let reply = connection.call(&words);
    let text = lab::text(reply.as_bytes().expect("a text"));
    text.split("\r\n")
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("{line:?}"));
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

#[test]
fn info_has_what_tools_look_for() {
    let lab = Lab::started();
    for name in lab::NAMES {
        let mut connection = lab.connect(name);
        connection.call(&["SET", &lab::key_of(name, "k", 0), "v"]);
        let told = info(&mut connection, &[]);
        assert!(told["redis_version"].starts_with("7."));
        assert_eq!(told["redis_mode"], "standalone");
        assert_eq!(told["process_id"], lab.pid(name).as_raw_pid().to_string());
        assert_eq!(told["tcp_port"], lab.address(name).port().to_string());
        assert_eq!(told["loading"], "0");
        assert_eq!(told["role"], "master");
        assert_eq!(told["name"], name);
        assert_eq!(told["nodes"], "3");
        assert_eq!(told["db0"], "keys=1,expires=0,avg_ttl=0");
        let clients = info(&mut connection, &["CLIENTS"]);
        assert!(clients.contains_key("connected_clients") && !clients.contains_key("role"));
        let two = info(&mut connection, &["clients", "Replication"]);
        assert!(two.contains_key("connected_clients") && two.contains_key("role"));
        assert!(!two.contains_key("loading"));
        assert_eq!(info(&mut connection, &["everything"]).len(), told.len());
    }
}

/// The nodes' links to each other are no clients, from the first moment on.
#[test]
fn peers_are_not_counted_as_clients() {
    let mut lab = Lab::new();
    lab.start("linux");
    let mut connection = lab.connect("linux");
    assert_eq!(connection.info("connected_clients"), 1);
    assert_eq!(connection.info("cluster_connections"), 0);
    for name in ["mac", "android"] {
        lab.start(name);
    }
    lab::eventually("both peers are linked", || {
        connection.info("cluster_connections") == 2
    });
    assert_eq!(connection.info("connected_clients"), 1);
    let mut another = lab.connect("linux");
    assert_eq!(another.info("connected_clients"), 2);
    drop(connection);
    lab::eventually("the first one has gone", || {
        another.info("connected_clients") == 1
    });
}

#[test]
fn info_in_resp3_is_text_to_be_shown() {
    let lab = Lab::started();
    let mut connection = lab.connect("linux");
    connection.call(&["HELLO", "3"]);
    let Frame::Verbatim { format, text } = connection.call(&["INFO", "server"]) else {
        panic!("not a verbatim text")
    };
    assert_eq!(format, *b"txt");
    assert!(text.starts_with(b"# Server\r\nredis_version:"));
}

/// Arity, flags and places of the keys.
fn beginning(described: &Frame<'static>) -> Vec<Frame<'static>> {
    match described {
        Frame::Array(ten) => ten[1..6].to_vec(),
        other => panic!("not described: {other:?}"),
    }
}

#[test]
fn commands_are_described_in_the_fields_of_redis() {
    let lab = Lab::started();
    let mut connection = lab.connect("mac");
    let Frame::Array(all) = connection.call(&["COMMAND"]) else {
        panic!("no list")
    };
    let count = Frame::Integer(i64::try_from(all.len()).unwrap());
    assert_eq!(connection.call(&["COMMAND", "COUNT"]), count);
    for described in &all {
        let Frame::Array(ten) = described else {
            panic!("no fields")
        };
        assert_eq!(ten.len(), 10, "{described:?}");
    }
    let Frame::Array(some) = connection.call(&["COMMAND", "INFO", "MSET", "config|get"]) else {
        panic!("no list")
    };
    assert_eq!(
        beginning(&some[0]),
        [
            Frame::Integer(-3),
            Frame::Array(vec![Frame::simple("write"), Frame::simple("denyoom")]),
            Frame::Integer(1),
            Frame::Integer(-1),
            Frame::Integer(2),
        ]
    );
    assert_eq!(beginning(&some[1])[0], Frame::Integer(-3));
}

/// Redis's documentation says which fields are always there; redis-cli relies on it.
#[test]
fn every_command_is_documented_with_summary_since_and_group() {
    let lab = Lab::started();
    let mut connection = lab.connect("linux");
    connection.call(&["HELLO", "3"]);
    let Frame::Map(pages) = connection.call(&["COMMAND", "DOCS"]) else {
        panic!("no map")
    };
    let Frame::Integer(count) = connection.call(&["COMMAND", "COUNT"]) else {
        panic!("no number")
    };
    assert_eq!(pages.len(), usize::try_from(count).unwrap());
    for (name, page) in &pages {
        let page = fields(page);
        for field in ["summary", "since", "group"] {
            assert!(page.contains_key(field), "{name:?} has no {field}");
        }
    }
    let Frame::Map(one) = connection.call(&["COMMAND", "DOCS", "triad|owner"]) else {
        panic!("no map")
    };
    assert_eq!(fields(&one[0].1)["group"], "triad");
}

#[test]
fn settings_are_told_under_the_names_that_redis_has_for_them() {
    let lab = Lab::started();
    let mut connection = lab.connect("android");
    // What redis-benchmark asks.
    let found = fields(&connection.call(&["CONFIG", "GET", "save"]));
    assert_eq!(found["save"], "");
    let found = fields(&connection.call(&["config", "get", "APPEND*", "port", "nothing"]));
    assert_eq!(found["appendonly"], "yes");
    assert_eq!(found["appendfsync"], "always");
    assert_eq!(found["port"], lab.address("android").port().to_string());
    assert_eq!(found.len(), 3);
}

#[test]
fn lastsave_tells_when_save_was_done() {
    let mut lab = Lab::new();
    lab.start("linux");
    let mut connection = lab.connect("linux");
    let now = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs()
    };
    let before = now();
    connection.call(&["SET", &lab::key_of("linux", "k", 0), "v"]);
    assert_eq!(connection.call(&["SAVE"]), Frame::OK);
    let Frame::Integer(saved) = connection.call(&["LASTSAVE"]) else {
        panic!("no number")
    };
    let saved = u64::try_from(saved).unwrap();
    assert!((before..=now()).contains(&saved), "{saved} is not now");
    assert_eq!(connection.info("rdb_last_save_time"), saved);
}
