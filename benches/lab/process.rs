//! What Linux says of a process: proc(5).
//!
//! All of it can still be read when the process has ended, until its parent has waited for it; the
//! memory is then gone.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rustix::process::Pid;

/// The unit of the times in `stat` (`USER_HZ`), which is the same on every Linux of today.
const TICKS_A_SECOND: f64 = 100.0;

/// Whether this system tells what the functions below return.
pub(crate) fn check() -> anyhow::Result<()> {
    ensure!(
        Path::new("/proc/self/io").exists(),
        "this benchmark reads /proc/PID/io, which this system does not have"
    );
    Ok(())
}

/// The memory that the process has now, in bytes: the second field of `statm`, which is in pages.
pub(crate) fn resident_bytes(pid: Pid) -> anyhow::Result<u64> {
    let statm = read(pid, "statm")?;
    let pages = statm
        .split(' ')
        .nth(1)
        .context("statm has a second field")?;
    Ok(pages.parse::<u64>()? * u64::try_from(rustix::param::page_size())?)
}

/// The processor time that the process has taken, all its threads together, also those that have
/// ended: the fields 14 (user) and 15 (system) of `stat`, in steps of 10 ms.
pub(crate) fn cpu_time(pid: Pid) -> anyhow::Result<Duration> {
    let stat = read(pid, "stat")?;
    // The program's name stands in parentheses and may hold blanks.
    let (_, fields) = stat.rsplit_once(") ").context("stat has a name")?;
    let mut ticks = 0;
    for field in fields.split(' ').skip(11).take(2) {
        ticks += field.parse::<u32>()?;
    }
    Ok(Duration::from_secs_f64(f64::from(ticks) / TICKS_A_SECOND))
}

/// The bytes that the process has sent towards the disk: `write_bytes` of `io`, which counts whole
/// pages of files whenever they become dirty, and no sockets. Children are included once they were
/// waited for.
pub(crate) fn written_bytes(pid: Pid) -> anyhow::Result<u64> {
    let io = read(pid, "io")?;
    let bytes = io
        .lines()
        .find_map(|line| line.strip_prefix("write_bytes: "));
    Ok(bytes.context("io has write_bytes")?.parse()?)
}

fn read(pid: Pid, file: &str) -> anyhow::Result<String> {
    let path = format!("/proc/{}/{file}", pid.as_raw_pid());
    fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))
}
