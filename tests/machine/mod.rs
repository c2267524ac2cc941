//! What the tests say of the machine that they run on.

use std::io::{self, Write as _};

/// Tells that a test is skipped for want of `what`; where `TRIAD_REQUIRE` names that, the test fails.
pub(crate) fn skip(what: &str, reason: &str) {
    let required = std::env::var("TRIAD_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|required| required == what),
        "TRIAD_REQUIRE names {what}, but {reason}"
    );
    // Straight to the terminal: the test harness shows what a test prints only when it fails.
    let _ = writeln!(io::stderr(), "skipped: {reason}");
}
