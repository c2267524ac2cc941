//! What the benchmarks share: servers in folders of their own, a loader, and what the system says of
//! a process.
//!
//! A comparison is made in one run, the sides in turn, and told as a ratio of medians: machines differ,
//! and one machine differs from minute to minute.

pub(crate) mod connection;
pub(crate) mod data;
pub(crate) mod generator;
pub(crate) mod load;
pub(crate) mod ports;
pub(crate) mod process;
pub(crate) mod redis_cluster;
pub(crate) mod routed;
pub(crate) mod server;
pub(crate) mod site;
pub(crate) mod statistics;
pub(crate) mod table;

use std::time::Duration;

/// The bound on every wait: far more than a million keys need on a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Looks whether this machine can be measured on, and tells what it is. Whether there is Redis.
pub(crate) fn introduce() -> anyhow::Result<bool> {
    process::check()?;
    let cores = std::thread::available_parallelism()?;
    println!("{cores} processors; an acknowledged write is on the disk, on both sides");
    let redis = site::redis_version()?;
    match &redis {
        Some(version) => println!(
            "beside Redis {version} (appendonly yes, appendfsync always, aof-use-rdb-preamble yes, save \"\")"
        ),
        None => crate::machine::skip("redis-server", "redis-server is not installed"),
    }
    Ok(redis.is_some())
}
