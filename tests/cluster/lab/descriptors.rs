//! How many connections this test program may have.

use rustix::process::{Resource, getrlimit, setrlimit};

use super::require;

/// Whether this process may open `wanted` descriptors beside the few it has; it asks the system for as
/// many as it allows. If they are too few, the reason is printed, and the caller returns.
pub(crate) fn allow(wanted: u64) -> bool {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let raised = setrlimit(Resource::Nofile, limit).is_ok();
    let allowed = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    if allowed >= wanted {
        return true;
    }
    let reason = format!("this process may open {allowed} files only (raised: {raised})");
    require::skip("descriptors", &reason);
    false
}
