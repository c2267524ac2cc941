//! `INFO`: the sections and the fields of Redis, and no field under a name of Redis's that it does not have.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use crate::lab::redis_server::RedisServer;
use crate::lab::{self, Connection, Lab};

fn info(connection: &mut Connection, sections: &[&str]) -> String {
    let reply = connection.call(&[&["INFO"], sections].concat());
    lab::text(reply.as_bytes().expect("a text"))
}

fn titles(text: &str) -> Vec<String> {
    let titles = text.lines().filter_map(|line| line.strip_prefix("# "));
    titles.map(str::to_owned).collect()
}

/// The fields of all sections but our own, by section and name.
fn fields(text: &str) -> BTreeSet<(String, String)> {
    let (mut section, mut found) = (String::new(), BTreeSet::new());
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("# ") {
            title.clone_into(&mut section);
        } else if let Some((name, _)) = line.split_once(':')
            && section != "Triad"
            && !name.starts_with("triad_")
        {
            found.insert((section.clone(), name.to_owned()));
        }
    }
    found
}

/// What client libraries read, and tools that show or watch a server.
const READ_BY_TOOLS: &str = "redis_version redis_mode os arch_bits process_id run_id tcp_port \
    uptime_in_seconds uptime_in_days executable config_file connected_clients blocked_clients maxclients \
    used_memory used_memory_human used_memory_rss used_memory_peak used_memory_peak_human \
    total_system_memory maxmemory maxmemory_policy loading rdb_changes_since_last_save \
    rdb_bgsave_in_progress rdb_last_save_time rdb_last_bgsave_status rdb_last_bgsave_time_sec \
    rdb_current_bgsave_time_sec aof_enabled aof_rewrite_in_progress aof_rewrite_scheduled \
    aof_last_rewrite_time_sec aof_current_rewrite_time_sec aof_last_bgrewrite_status \
    aof_last_write_status total_connections_received total_commands_processed \
    instantaneous_ops_per_sec total_net_input_bytes total_net_output_bytes instantaneous_input_kbps \
    instantaneous_output_kbps rejected_connections evicted_keys keyspace_hits keyspace_misses \
    pubsub_channels pubsub_patterns total_error_replies role connected_slaves master_replid \
    used_cpu_sys used_cpu_user cluster_enabled";

/// The sections that there are by default, in Redis's order.
const SECTIONS: &str =
    "Server Clients Memory Persistence Stats Replication CPU Modules Errorstats Cluster Keyspace";

fn check(address: SocketAddr, whose: &str) {
    let mut client = Connection::open(address);
    let without_our_own = |text: &str| {
        let mut titles = titles(text);
        titles.retain(|title| title != "Triad");
        titles.join(" ")
    };
    let by_default = info(&mut client, &[]);
    assert_eq!(without_our_own(&by_default), SECTIONS, "{whose}");
    let told = info(&mut client, &["default"]);
    assert_eq!(without_our_own(&told), SECTIONS, "{whose}");
    for all in ["all", "everything"] {
        let titles = titles(&info(&mut client, &[all]));
        assert!(titles.iter().any(|title| title == "Modules"), "{whose}");
    }
    // Each once, in the order of the sections and not of the request; what is not known is passed over.
    let some = ["KEYSPACE", "nonsense", "cpu", "Server", "cpu"];
    let told = info(&mut client, &some);
    assert_eq!(titles(&told), ["Server", "CPU", "Keyspace"], "{whose}");
    assert_eq!(info(&mut client, &["nonsense"]), "", "{whose}");
    // No keys, no line of the database.
    client.call(&["FLUSHALL"]);
    assert_eq!(info(&mut client, &["keyspace"]), "# Keyspace\r\n");
    let known: BTreeSet<_> = fields(&by_default)
        .into_iter()
        .map(|(_, name)| name)
        .collect();
    for name in READ_BY_TOOLS.split_whitespace() {
        assert!(known.contains(name), "{name} {whose}");
    }
}

#[test]
fn sections_are_those_of_redis_through_a_node() {
    if !lab::resident::is_told() {
        return;
    }
    let lab = Lab::started();
    check(lab.address("linux"), "at a node");
}

#[test]
fn redis_itself_has_these_sections() {
    if let Some(server) = RedisServer::start() {
        check(server.address, "at Redis");
    }
}

#[test]
fn every_field_of_a_section_of_redis_is_one_of_its_fields() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let lab = Lab::started();
    let redis = &mut Connection::open(server.address);
    // Some fields are told only while there is a journal, or after an error.
    for words in [&["CONFIG", "SET", "appendonly", "yes"][..], &["nonsense"]] {
        redis.call(words);
    }
    redis.call(&["SET", "k", "v"]);
    let theirs = fields(&info(redis, &["everything"]));
    let mut client = lab.connect("mac");
    client.call(&["nonsense"]);
    client.call(&["SET", &lab::key_of("mac", "k", 0), "v"]);
    let ours = fields(&info(&mut client, &["everything"]));
    let unknown: Vec<_> = ours.difference(&theirs).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn the_room_on_the_disk_is_told_where_files_are() {
    let lab = Lab::started();
    let mut client = lab.connect("linux");
    let disk = rustix::fs::statvfs(lab.data("")).unwrap();
    assert_eq!(
        client.info("triad_disk_total_bytes"),
        disk.f_blocks * disk.f_frsize
    );
    let free = client.info("triad_disk_free_bytes");
    assert!(free > 0 && free <= disk.f_blocks * disk.f_frsize, "{free}");
    // It is a part of this section, and of no other.
    let told = info(&mut client, &["persistence"]);
    assert!(told.contains("triad_disk_free_bytes:"), "{told}");
    assert!(!info(&mut client, &["server", "triad"]).contains("triad_disk"));
}

#[test]
fn figures_are_those_of_the_node() {
    let lab = Lab::started();
    let mut client = lab.connect("android");
    let key = lab::key_of("android", "k", 0);
    client.call(&["SET", &key, "v"]);
    for words in [&["nonsense"][..], &["GET"], &["HELLO", "7"], &["GET", &key]] {
        client.call(words);
    }
    let errors = info(&mut client, &["errorstats"]);
    let expected = "# Errorstats\r\nerrorstat_ERR:count=2\r\nerrorstat_NOPROTO:count=1\r\n";
    assert_eq!(errors, expected);
    assert_eq!(client.info("total_error_replies"), 3);
    let before = (
        client.info("total_commands_processed"),
        client.info("total_net_input_bytes"),
        client.info("total_net_output_bytes"),
    );
    let ping = [b'x'; 1000];
    client.call(&[&b"PING"[..], &ping]);
    assert_eq!(client.info("total_commands_processed"), before.0 + 4);
    let received = client.info("total_net_input_bytes") - before.1;
    let sent = client.info("total_net_output_bytes") - before.2;
    assert!((1000..3000).contains(&received), "{received}");
    assert!(sent > 1000, "{sent}");
    let replid = client.info_text("master_replid");
    assert_eq!(replid, client.info_text("run_id"));
    assert_eq!(replid.len(), 40);
}
