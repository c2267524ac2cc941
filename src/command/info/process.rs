//! What the system tells of this process, where it has a `/proc` (proc(5)). Elsewhere these fields are left
//! out: a number that nobody has measured would mislead.

use std::fs::read_to_string;

/// The memory of this process, in bytes.
pub(super) struct Memory {
    pub(super) resident: u64,
    pub(super) peak: Option<u64>,
    /// Of the whole machine.
    pub(super) total: Option<u64>,
}

/// The memory that is in use: from `statm` (in pages), `status` and `meminfo` (both in KiB).
pub(super) fn memory() -> Option<Memory> {
    let statm = read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(Memory {
        resident: pages * u64::try_from(rustix::param::page_size()).ok()?,
        peak: kib_field("/proc/self/status", "VmHWM:"),
        total: kib_field("/proc/meminfo", "MemTotal:"),
    })
}

fn kib_field(file: &str, name: &str) -> Option<u64> {
    let text = read_to_string(file).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// The processor time of this process, or of its thread that carries out requests, in microseconds: in
/// the kernel, and outside. From `stat`, in ticks.
pub(super) fn processor_micros(of_thread: bool) -> Option<[u64; 2]> {
    let stat = read_to_string(if of_thread {
        "/proc/thread-self/stat"
    } else {
        "/proc/self/stat"
    });
    let stat = stat.ok()?;
    // The program's name stands in parentheses and may hold blanks.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let mut micros = || {
        let ticks: u64 = fields.next()?.parse().ok()?;
        Some(ticks * 1_000_000 / rustix::param::clock_ticks_per_second().max(1))
    };
    let (user, system) = (micros()?, micros()?);
    Some([system, user])
}

/// A number of bytes, as Redis writes it for people.
pub(super) fn human(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["K", "M", "G", "T"];
    if bytes < 1024 {
        return format!("{bytes}B");
    }
    // Hundredths of the unit, so that no rounding of large numbers shows.
    let mut hundredths = u128::from(bytes) * 100 / 1024;
    let mut units = UNITS.iter();
    let mut unit = units.next().copied().unwrap_or_default();
    for larger in units {
        if hundredths < 100 * 1024 {
            break;
        }
        (hundredths, unit) = (hundredths / 1024, larger);
    }
    format!("{}.{:02}{unit}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_for_people() {
        for (bytes, text) in [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1.00K"),
            (1536, "1.50K"),
            (1_361_072, "1.29M"),
            (25_276_510_208, "23.54G"),
        ] {
            assert_eq!(human(bytes), text);
        }
    }
}
