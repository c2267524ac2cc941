//! How much memory a node takes, where the system tells.

use std::fs;
use std::path::Path;

use rustix::process::Pid;

use super::require;

const MIB: u64 = 1024 * 1024;

/// Whether the system tells how much memory a process takes. If not, the reason is printed, and the
/// caller returns.
pub(crate) fn is_told() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if status.contains("VmHWM:") && Path::new("/proc/self/statm").is_file() {
        return true;
    }
    require::skip("proc", "this system has no /proc that tells of memory");
    false
}

/// What a process has in memory now, in bytes: the second field of `statm`, in pages (proc(5)).
pub(crate) fn resident_bytes(pid: Pid) -> u64 {
    let statm = fs::read_to_string(format!("/proc/{}/statm", pid.as_raw_pid())).unwrap();
    let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * rustix::param::page_size() as u64
}

/// The most that a process has ever had in memory, in MiB: `VmHWM` of `status`, in KiB (proc(5)).
pub(crate) fn peak_mib(pid: Pid) -> u64 {
    try_peak_mib(pid).expect("a peak")
}

/// The same, if it is told: of a process that has ended it is not.
pub(crate) fn try_peak_mib(pid: Pid) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_pid())).ok()?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
    let kib: u64 = peak?.trim().parse().ok()?;
    Some(kib * 1024 / MIB)
}
