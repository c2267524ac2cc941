//! Programs that a test needs and a machine may lack.
//!
//! A test that lacks one says so and passes; where `TRIAD_REQUIRE` names the program, it fails.

use std::env;
use std::path::Path;

pub(crate) use crate::machine::skip;

/// Whether `program` can be run. If not, the reason is printed, and the caller returns.
pub(crate) fn has(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    if env::split_paths(&path).any(|folder| folder.join(program).is_file()) {
        return true;
    }
    skip(program, &format!("{program} is not installed"));
    false
}

/// Whether the file that stands for `what` is there.
pub(crate) fn has_file(what: &str, path: &Path) -> bool {
    if path.is_file() {
        return true;
    }
    skip(what, &format!("{} is not there", path.display()));
    false
}
