//! Threads that stand back behind the others.

/// How far the thread stands back: a processor that others want too is its own for a tenth of the
/// time, so that its work ends even then.
#[cfg(any(target_os = "linux", target_os = "android"))]
const NICE: i32 = 10;

/// Lets the calling thread stand back behind all other threads, for as long as it lives, where the
/// system knows priorities of threads: on Linux, and so on Android, `setpriority(2)` is about a
/// thread. Elsewhere it is about the process, and nothing is done.
///
/// Such a thread may stand still for a while at any place. So what others wait for, a lock or its end,
/// is not to depend on it for longer than it must.
pub fn background() {
    // A system that refuses is one where the work is done at the priority of all others.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::process::setpriority_process(None, NICE);
}
