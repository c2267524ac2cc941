//! `INFO`: what a node tells about itself, in Redis's sections and with Redis's field names where
//! tools look for them, and a section `triad` of its own. It is told as it is at the moment: who asks
//! because the disk is slow or has failed has to get an answer.

use std::fmt::Write as _;

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
        let (initial, rest) = name.split_at(1);
        line(
            &mut text,
            format_args!("# {}{rest}", initial.to_uppercase()),
        );
        section(&cx, &mut text);
    }
    reply(Frame::Verbatim {
        format: *b"txt",
        text: text.into_bytes().into(),
    })
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
    line(
        text,
        format_args!(
            "run_id:{}{:08x}",
            cx.store.node_id(),
            cx.store.incarnation()
        ),
    );
    line(text, format_args!("tcp_port:{}", cx.host.address.port()));
    line(
        text,
        format_args!("server_time_usec:{}", unix_seconds() * 1_000_000),
    );
    line(text, format_args!("uptime_in_seconds:{uptime}"));
    line(text, format_args!("uptime_in_days:{}", uptime / 86_400));
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
}

fn memory(_: &Context<'_, '_>, text: &mut String) {
    // Known where the system has a `/proc`; elsewhere the fields are left out.
    if let Some(bytes) = resident_bytes() {
        line(text, format_args!("used_memory:{bytes}"));
        line(text, format_args!("used_memory_rss:{bytes}"));
    }
    line(text, format_args!("maxmemory:0"));
    line(text, format_args!("maxmemory_policy:noeviction"));
}

/// The memory of this process that is in use, from `/proc/self/statm` (proc(5), in pages).
fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * u64::try_from(rustix::param::page_size()).ok()?)
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
    line(text, format_args!("aof_enabled:1"));
    line(text, format_args!("aof_last_write_status:{write_status}"));
    line(text, format_args!("aof_current_size:{journal_bytes}"));
    line(text, format_args!("triad_fsync:{fsync}"));
    line(text, format_args!("triad_fsyncs:{syncs}"));
    line(
        text,
        format_args!("triad_journal_segments:{journal_segments}"),
    );
    line(text, format_args!("triad_snapshot_bytes:{snapshot_bytes}"));
    for (name, failure) in [
        ("triad_checkpoint_failure", last_checkpoint_failure),
        ("triad_failure", failure),
    ] {
        let failure = failure.as_deref().unwrap_or("none");
        line(text, format_args!("{name}:{failure}"));
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
    line(
        text,
        format_args!(
            "rejected_connections:{}",
            counters.connections_rejected.get()
        ),
    );
    line(text, format_args!("keyspace_hits:{}", counters.hits.get()));
    line(
        text,
        format_args!("keyspace_misses:{}", counters.misses.get()),
    );
    line(
        text,
        format_args!("triad_forwarded:{}", counters.forwarded.get()),
    );
}

/// Tools read the role; every node takes writes, which Redis calls a master.
fn replication(_: &Context<'_, '_>, text: &mut String) {
    line(text, format_args!("role:master"));
    line(text, format_args!("connected_slaves:0"));
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
}

fn keyspace(cx: &Context<'_, '_>, text: &mut String) {
    let keys = cx.store.status().keys;
    line(text, format_args!("db0:keys={keys},expires=0,avg_ttl=0"));
}
