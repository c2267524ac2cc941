//! `CONFIG SET` changes what can be changed while a node runs: all that is asked for, or nothing.

use std::net::SocketAddr;

use triad::resp::Frame;
use triad::storage::MemoryStorage;
use triad::storage::memory::Keep;
use triad::store::Fsync;

use crate::lab::connection::{bulk, error, fields};
use crate::lab::redis_server::RedisServer;
use crate::lab::{self, Connection, Lab, memory};

fn setting(connection: &mut Connection, name: &str) -> String {
    let found = fields(&connection.call(&["CONFIG", "GET", name]));
    found[name].clone()
}

/// Settings, each with values that are read back as they were given, the last of which is how it was.
const CHANGES: &[(&str, &[&str])] = &[
    ("appendfsync", &["no", "everysec", "always"]),
    ("timeout", &["2147483647", "300", "0"]),
    ("maxclients", &["1", "100"]),
    ("loglevel", &["warning", "debug", "verbose", "notice"]),
    ("save", &[""]),
    ("appendonly", &["yes"]),
    ("maxmemory", &["0"]),
    ("maxmemory-policy", &["noeviction"]),
    ("requirepass", &[""]),
    ("proto-max-bulk-len", &["536870912"]),
];

fn check(address: SocketAddr, whose: &str) {
    let mut client = Connection::open(address);
    for (name, values) in CHANGES {
        for value in *values {
            let upper = name.to_uppercase();
            let reply = client.call(&["CONFIG", "SET", &upper, value]);
            assert_eq!(reply, Frame::OK, "{name} {value} {whose}");
            assert_eq!(setting(&mut client, name), *value, "{whose}");
        }
    }
    // All, or nothing.
    let set = |client: &mut Connection, more: &[&str]| {
        let words = ["CONFIG", "SET", "timeout", "7", "appendfsync", "no"];
        client.call(&[&words[..], more].concat())
    };
    for more in [
        &["maxclients", "0"][..],
        &["databases", "1"],
        &["nonsense", "1"],
        &["timeout", "8"],
        &["odd"],
    ] {
        error(&set(&mut client, more));
        assert_eq!(setting(&mut client, "timeout"), "0", "{more:?} {whose}");
        assert_eq!(setting(&mut client, "appendfsync"), "always");
    }
    assert_eq!(set(&mut client, &["maxclients", "90"]), Frame::OK);
    let found = client.call(&["CONFIG", "GET", "time*", "appendfs???", "maxclients"]);
    let found = fields(&found);
    assert_eq!(found.len(), 3);
    assert_eq!(found["timeout"], "7");
    assert_eq!(found["appendfsync"], "no");
    assert_eq!(found["maxclients"], "90");
}

#[test]
fn settings_change_all_or_none() {
    let mut lab = Lab::new();
    lab.start("linux");
    check(lab.address("linux"), "at a node");
}

#[test]
fn redis_itself_changes_them_so() {
    if let Some(server) = RedisServer::start() {
        let mut client = Connection::open(server.address);
        for (name, value) in [("appendfsync", "always"), ("appendonly", "yes")] {
            assert_eq!(client.call(&["CONFIG", "SET", name, value]), Frame::OK);
        }
        check(server.address, "at Redis");
    }
}

/// What Redis has a choice in and a node has none is not taken as if it had.
#[test]
fn what_would_have_no_effect_is_refused_with_the_reason() {
    let mut lab = Lab::new();
    lab.start("linux");
    let mut client = lab.connect("linux");
    let port = setting(&mut client, "port");
    assert_eq!(client.call(&["CONFIG", "SET", "port", &port]), Frame::OK);
    for (name, value, why) in [
        ("appendonly", "no", "every write goes to the journal"),
        ("save", "3600 1 300 100", "a node decides itself"),
        ("maxmemory", "100mb", "no key is ever evicted"),
        ("maxmemory-policy", "allkeys-lru", "no key is ever evicted"),
        ("requirepass", "secret", "nodes have no passwords"),
        ("port", "1", "--listen chooses it"),
        ("bind", "0.0.0.0", "--listen chooses it"),
    ] {
        let text = error(&client.call(&["CONFIG", "SET", name, value]));
        let expected =
            format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {why}");
        assert!(text.starts_with(&expected), "{text}");
    }
}

#[test]
fn resetstat_counts_from_the_beginning() {
    let mut lab = Lab::new();
    lab.start("linux");
    let mut client = lab.connect("linux");
    let key = lab::key_of("linux", "k", 0);
    client.call(&["SET", &key, "v"]);
    client.call(&["GET", &key]);
    error(&client.call(&["nonsense"]));
    let counted = [
        "total_connections_received",
        "keyspace_hits",
        "total_error_replies",
    ];
    for field in counted {
        assert!(client.info(field) > 0, "{field}");
    }
    assert!(client.info("total_net_input_bytes") > 100);
    assert!(client.info("total_net_output_bytes") > 1000);
    assert_eq!(client.call(&["CONFIG", "RESETSTAT"]), Frame::OK);
    assert_eq!(client.info("total_commands_processed"), 1);
    for field in counted {
        assert_eq!(client.info(field), 0, "{field}");
    }
    assert!(client.info("total_net_input_bytes") < 100);
    assert_eq!(client.info("connected_clients"), 1);
}

#[test]
fn maxclients_holds_for_those_that_come_later() {
    let mut lab = Lab::new();
    lab.start("linux");
    let mut first = lab.connect("linux");
    let mut second = lab.connect("linux");
    second.call(&["PING"]);
    let possible = setting(&mut first, "maxclients");
    first.call(&["CONFIG", "SET", "maxclients", "1"]);
    assert_eq!(first.info("maxclients"), 1);
    let mut one_too_many = lab.connect("linux");
    let text = error(&one_too_many.reply());
    assert_eq!(text, "ERR max number of clients reached");
    assert_eq!(second.call(&["PING"]), Frame::simple("PONG"));
    let too_many = (possible.parse::<u64>().unwrap() + 1).to_string();
    let text = error(&first.call(&["CONFIG", "SET", "maxclients", &too_many]));
    assert!(
        text.ends_with(&format!("clients, try with {possible}")),
        "{text}"
    );
    first.call(&["CONFIG", "SET", "maxclients", &possible]);
    assert_eq!(lab.connect("linux").call(&["PING"]), Frame::simple("PONG"));
}

#[test]
fn loglevel_changes_what_the_log_has() {
    let mut lab = Lab::new();
    lab.start("linux");
    let mut client = lab.connect("linux");
    // This is told at the level of debugging.
    let not_resp = || lab.connect("linux").exchange(b"*a\r\n");
    let told = |lab: &Lab| lab.log("linux").matches("does not speak RESP").count();
    not_resp();
    assert_eq!(told(&lab), 0);
    for (level, count) in [("verbose", 1), ("notice", 1), ("debug", 2)] {
        client.call(&["CONFIG", "SET", "loglevel", level]);
        not_resp();
        assert_eq!(told(&lab), count, "{level}");
    }
}

/// From `everysec` to `always`: what was acknowledged before may not be on the disk, so neither the reply to
/// the change, nor a read, nor a write leaves until it is.
#[test]
fn after_a_change_to_always_nothing_is_told_that_a_crash_can_take_back() {
    let lab = memory::alone();
    let disk = MemoryStorage::new();
    let node = memory::start(&lab, "linux", &disk, Fsync::Never);
    let held = memory::hold_syncs(&disk);
    let mut clients = [(); 4].map(|()| lab.connect("linux"));
    let [admin, reader, writer, another] = &mut clients;
    assert_eq!(writer.call(&["SET", "k", "1"]), Frame::OK);
    assert_eq!(reader.call(&["GET", "k"]), bulk("1"));
    admin.send(&["CONFIG", "SET", "appendfsync", "always"]);
    disk.wait_for_held_sync();
    reader.send(&["GET", "k"]);
    writer.send(&["SET", "j", "2"]);
    another.send(&["CONFIG", "GET", "appendfsync"]);
    assert_eq!(fields(&another.reply())["appendfsync"], "always");
    memory::settle(&lab, "linux");
    for client in [&mut *admin, reader, writer] {
        assert!(!client.has_reply());
    }
    drop(held);
    assert_eq!(admin.reply(), Frame::OK);
    assert_eq!(reader.reply(), bulk("1"));
    assert_eq!(writer.reply(), Frame::OK);
    let crashed = disk.crash(Keep::Nothing);
    node.stop().unwrap();
    let node = memory::start(&lab, "linux", &crashed, Fsync::Always);
    let both = lab.connect("linux").call(&["MGET", "k", "j"]);
    assert_eq!(both, Frame::array([bulk("1"), bulk("2")]));
    node.stop().unwrap();
}

/// From `always` to `no`: who waits for an fsync need not any longer.
#[test]
fn after_a_change_to_no_replies_leave_without_a_sync() {
    let lab = memory::alone();
    let disk = MemoryStorage::new();
    let node = memory::start(&lab, "linux", &disk, Fsync::Always);
    let (mut admin, mut writer) = (lab.connect("linux"), lab.connect("linux"));
    assert_eq!(
        admin.call(&["CONFIG", "SET", "appendfsync", "no"]),
        Frame::OK
    );
    let held = memory::hold_syncs(&disk);
    assert_eq!(writer.call(&["SET", "k", "1"]), Frame::OK);
    assert_eq!(writer.call(&["GET", "k"]), bulk("1"));
    assert_eq!(admin.info_text("triad_fsync"), "never");
    drop(held);
    node.stop().unwrap();
}
