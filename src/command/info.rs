//! `INFO`: what a node tells about itself, in Redis's sections and with Redis's field names where
//! tools look for them, and a section `triad` of its own. It is told as it is at the moment: who asks
//! because the disk is slow or has failed has to get an answer.

mod process;
mod rates;

use std::fmt::Write as _;
use std::time::Instant;

pub use rates::Rates;
use rates::Totals;

use super::{Args, Context, Error, Frame, Outcome, reply};
use crate::store::{Status, unix_seconds};

/// The version of Redis whose command documentation this store follows.
pub(super) const REDIS_VERSION: &str = "7.0.15";

type Section = fn(&Context<'_, '_>, &mut String);

const SECTIONS: &[(&str, Section)] = &[
    ("server", server),
    ("clients", clients),
    ("memory", memory),
    ("persistence", persistence),
    ("stats", stats),
    ("replication", replication),
    ("cpu", cpu),
    ("modules", |_, _| {}),
    ("errorstats", errorstats),
    ("cluster", cluster),
    ("triad", triad),
    ("keyspace", keyspace),
];

pub(super) fn info<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let asks = |name: &str| {
        args.iter()
            .skip(1)
            .any(|word| word.eq_ignore_ascii_case(name.as_bytes()))
    };
    let all = args.len() == 1 || ["all", "default", "everything"].into_iter().any(asks);
    let mut text = String::new();
    for (name, section) in SECTIONS.iter().filter(|(name, _)| all || asks(name)) {
        if !text.is_empty() {
            text.push_str("\r\n");
        }
        line(&mut text, format_args!("# {}", title(name)));
        section(&cx, &mut text);
    }
    reply(Frame::Verbatim {
        format: *b"txt",
        text: text.into_bytes().into(),
    })
}

/// The name of a section above it.
fn title(name: &str) -> String {
    if name == "cpu" {
        return "CPU".to_owned();
    }
    let (initial, rest) = name.split_at(1);
    format!("{}{rest}", initial.to_uppercase())
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = write!(text, "{line}\r\n");
}

fn server(cx: &Context<'_, '_>, text: &mut String) {
    let uptime = cx.host.started.elapsed().as_secs();
    line(text, format_args!("redis_version:{REDIS_VERSION}"));
    line(text, format_args!("redis_mode:standalone"));
    line(
        text,
        format_args!("triad_version:{}", env!("CARGO_PKG_VERSION")),
    );
    line(
        text,
        format_args!("os:{} {}", std::env::consts::OS, std::env::consts::ARCH),
    );
    line(text, format_args!("arch_bits:{}", usize::BITS));
    line(text, format_args!("process_id:{}", std::process::id()));
    line(text, format_args!("process_supervised:no"));
    line(text, format_args!("run_id:{}", run_id(cx)));
    line(text, format_args!("tcp_port:{}", cx.host.address.port()));
    line(
        text,
        format_args!("server_time_usec:{}", unix_seconds() * 1_000_000),
    );
    line(text, format_args!("uptime_in_seconds:{uptime}"));
    line(text, format_args!("uptime_in_days:{}", uptime / 86_400));
    let program = std::env::current_exe().unwrap_or_default();
    line(text, format_args!("executable:{}", program.display()));
    line(text, format_args!("config_file:"));
    line(text, format_args!("io_threads_active:0"));
}

/// What no other start of any node has: 40 characters, as Redis has it.
fn run_id(cx: &Context<'_, '_>) -> String {
    format!("{}{:08x}", cx.store.node_id(), cx.store.incarnation())
}

fn clients(cx: &Context<'_, '_>, text: &mut String) {
    let counters = &cx.host.counters;
    let peers = counters.peers.get();
    let clients = counters.connections.get().saturating_sub(peers);
    line(text, format_args!("connected_clients:{clients}"));
    line(text, format_args!("cluster_connections:{peers}"));
    line(
        text,
        format_args!("maxclients:{}", cx.host.connections_max.get()),
    );
    line(text, format_args!("blocked_clients:0"));
    line(text, format_args!("tracking_clients:0"));
}

fn memory(_: &Context<'_, '_>, text: &mut String) {
    let mut bytes_of = |name: &str, bytes: u64| {
        line(text, format_args!("{name}:{bytes}"));
        line(text, format_args!("{name}_human:{}", process::human(bytes)));
    };
    if let Some(memory) = process::memory() {
        // What the allocator has given out is not known: this is what it has from the system.
        bytes_of("used_memory", memory.resident);
        bytes_of("used_memory_rss", memory.resident);
        for (name, bytes) in [
            ("used_memory_peak", memory.peak),
            ("total_system_memory", memory.total),
        ] {
            if let Some(bytes) = bytes {
                bytes_of(name, bytes);
            }
        }
    }
    bytes_of("maxmemory", 0);
    line(text, format_args!("maxmemory_policy:noeviction"));
}

fn persistence(cx: &Context<'_, '_>, text: &mut String) {
    let Status {
        fsync,
        last_checkpoint_unix_seconds,
        last_checkpoint_ok,
        last_checkpoint_failure,
        checkpoint_running,
        journal_bytes,
        journal_records,
        journal_segments,
        snapshot_bytes,
        syncs,
        failure,
        ..
    } = cx.store.status();
    let write_status = if failure.is_none() { "ok" } else { "err" };
    line(text, format_args!("loading:0"));
    line(text, format_args!("async_loading:0"));
    line(
        text,
        format_args!("rdb_bgsave_in_progress:{}", u8::from(checkpoint_running)),
    );
    line(
        text,
        format_args!("rdb_last_save_time:{last_checkpoint_unix_seconds}"),
    );
    line(
        text,
        format_args!(
            "rdb_last_bgsave_status:{}",
            if last_checkpoint_ok { "ok" } else { "err" }
        ),
    );
    line(
        text,
        format_args!("rdb_changes_since_last_save:{journal_records}"),
    );
    let checkpoints = &cx.host.counters.checkpoints;
    let seconds = |seconds: Option<u64>| {
        seconds.map_or_else(|| "-1".to_owned(), |seconds| seconds.to_string())
    };
    let began = checkpoints.began.get();
    line(
        text,
        format_args!(
            "rdb_last_bgsave_time_sec:{}",
            seconds(checkpoints.last_seconds.get())
        ),
    );
    line(
        text,
        format_args!(
            "rdb_current_bgsave_time_sec:{}",
            seconds(began.map(|began| began.elapsed().as_secs()))
        ),
    );
    line(text, format_args!("rdb_saves:{}", checkpoints.done.get()));
    line(text, format_args!("aof_enabled:1"));
    // A checkpoint drops the journal that it covers; it is never written anew by itself.
    line(text, format_args!("aof_rewrite_in_progress:0"));
    line(text, format_args!("aof_rewrite_scheduled:0"));
    line(text, format_args!("aof_last_rewrite_time_sec:-1"));
    line(text, format_args!("aof_current_rewrite_time_sec:-1"));
    line(text, format_args!("aof_last_bgrewrite_status:ok"));
    line(text, format_args!("aof_last_write_status:{write_status}"));
    line(text, format_args!("aof_current_size:{journal_bytes}"));
    line(text, format_args!("triad_fsync:{fsync}"));
    line(text, format_args!("triad_fsyncs:{syncs}"));
    line(
        text,
        format_args!("triad_journal_segments:{journal_segments}"),
    );
    line(text, format_args!("triad_snapshot_bytes:{snapshot_bytes}"));
    disk(cx, text);
    for (name, failure) in [
        ("triad_checkpoint_failure", last_checkpoint_failure),
        ("triad_failure", failure),
    ] {
        let failure = failure.as_deref().unwrap_or("none");
        line(text, format_args!("{name}:{failure}"));
    }
}

/// Left out where the file system does not tell: a number that nobody has measured would mislead.
fn disk(cx: &Context<'_, '_>, text: &mut String) {
    let Some(space) = cx.store.space() else {
        return;
    };
    for (name, bytes) in [("free", space.free_bytes), ("total", space.total_bytes)] {
        line(text, format_args!("triad_disk_{name}_bytes:{bytes}"));
    }
}

fn stats(cx: &Context<'_, '_>, text: &mut String) {
    let counters = &cx.host.counters;
    line(
        text,
        format_args!(
            "total_connections_received:{}",
            counters.connections_total.get()
        ),
    );
    line(
        text,
        format_args!("total_commands_processed:{}", counters.commands.get()),
    );
    let per_second = counters.rates.borrow_mut().look(
        Instant::now(),
        Totals {
            commands: counters.commands.get(),
            received_bytes: counters.received_bytes.get(),
            sent_bytes: counters.sent_bytes.get(),
        },
    );
    line(
        text,
        format_args!("instantaneous_ops_per_sec:{}", per_second.commands),
    );
    line(
        text,
        format_args!("total_net_input_bytes:{}", counters.received_bytes.get()),
    );
    line(
        text,
        format_args!("total_net_output_bytes:{}", counters.sent_bytes.get()),
    );
    line(
        text,
        format_args!("instantaneous_input_kbps:{:.2}", per_second.received_kib),
    );
    line(
        text,
        format_args!("instantaneous_output_kbps:{:.2}", per_second.sent_kib),
    );
    line(
        text,
        format_args!(
            "rejected_connections:{}",
            counters.connections_rejected.get()
        ),
    );
    for name in ["sync_full", "sync_partial_ok", "sync_partial_err"] {
        line(text, format_args!("{name}:0"));
    }
    line(
        text,
        format_args!("expired_keys:{}", counters.expired.get()),
    );
    line(text, format_args!("evicted_keys:0"));
    line(text, format_args!("keyspace_hits:{}", counters.hits.get()));
    line(
        text,
        format_args!("keyspace_misses:{}", counters.misses.get()),
    );
    line(
        text,
        format_args!("pubsub_channels:{}", counters.channels.get()),
    );
    line(
        text,
        format_args!("pubsub_patterns:{}", counters.patterns.get()),
    );
    line(text, format_args!("latest_fork_usec:0"));
    line(text, format_args!("total_forks:0"));
    let errors = counters.errors.all();
    let errors: u64 = errors.iter().map(|(_, count)| count).sum();
    line(text, format_args!("total_error_replies:{errors}"));
    line(
        text,
        format_args!("triad_forwarded:{}", counters.forwarded.get()),
    );
}

/// Tools read the role; every node takes writes, which Redis calls a master.
fn replication(cx: &Context<'_, '_>, text: &mut String) {
    line(text, format_args!("role:master"));
    line(text, format_args!("connected_slaves:0"));
    line(text, format_args!("master_failover_state:no-failover"));
    line(text, format_args!("master_replid:{}", run_id(cx)));
    line(text, format_args!("master_repl_offset:0"));
    line(text, format_args!("second_repl_offset:-1"));
    line(text, format_args!("repl_backlog_active:0"));
}

fn cpu(_: &Context<'_, '_>, text: &mut String) {
    let mut micros_of = |name: &str, micros: Option<[u64; 2]>| {
        for (sort, micros) in ["sys", "user"].into_iter().zip(micros.unwrap_or_default()) {
            let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
            line(
                text,
                format_args!("used_cpu_{sort}{name}:{seconds}.{rest:06}"),
            );
        }
    };
    if let Some(whole) = process::processor_micros(false) {
        micros_of("", Some(whole));
        // A node starts no other program.
        micros_of("_children", None);
        micros_of("_main_thread", process::processor_micros(true));
    }
}

/// The errors that this node itself has given, by their codes.
fn errorstats(cx: &Context<'_, '_>, text: &mut String) {
    for (code, count) in cx.host.counters.errors.all() {
        line(text, format_args!("errorstat_{code}:count={count}"));
    }
}

/// The nodes are no Redis Cluster, of which clients would ask for slots.
fn cluster(_: &Context<'_, '_>, text: &mut String) {
    line(text, format_args!("cluster_enabled:0"));
}

fn triad(cx: &Context<'_, '_>, text: &mut String) {
    line(text, format_args!("name:{}", cx.host.name));
    line(text, format_args!("node_id:{}", cx.store.node_id()));
    line(text, format_args!("incarnation:{}", cx.store.incarnation()));
    line(
        text,
        format_args!("rule:{}", cx.host.placement.rule(cx.host.me)),
    );
    line(text, format_args!("nodes:{}", cx.host.placement.len()));
    line(
        text,
        format_args!("fingerprint:{}", cx.host.placement.fingerprint()),
    );
    let misplaced = cx.store.status().misplaced;
    line(text, format_args!("misplaced:{misplaced}"));
    line(text, format_args!("watched_keys:{}", cx.store.watched()));
}

fn keyspace(cx: &Context<'_, '_>, text: &mut String) {
    let status = cx.store.status();
    if status.keys == 0 {
        return;
    }
    line(
        text,
        format_args!(
            "db0:keys={},expires={},avg_ttl={}",
            status.keys, status.expiring, status.mean_ttl_ms
        ),
    );
}
