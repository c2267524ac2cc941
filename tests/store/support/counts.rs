//! How much of what could be tried a test tries.
//!
//! Some properties are shown by trying every case there is, which takes minutes. `cargo test` tries a
//! part of them, spread evenly, in seconds; with `TRIAD_COUNTS=full` (best with `--profile faults`) all
//! are tried.

use std::env;

/// Whether every case is to be tried.
pub(crate) fn full() -> bool {
    env::var("TRIAD_COUNTS").is_ok_and(|counts| counts == "full")
}

/// The step with which to walk through cases: 1 if all are to be tried, else `sampled`.
pub(crate) fn step(sampled: usize) -> usize {
    if full() { 1 } else { sampled }
}
