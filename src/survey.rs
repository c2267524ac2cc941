//! What the nodes of a cluster tell about themselves, for people who look after them.
//!
//! `status` is what the entry node knows; `watch` and `doctor` ask every node directly, all at once, each
//! within a time limit, so that one that is away holds up nobody.

pub mod doctor;
mod info;
mod probe;
mod status;
pub mod watch;

pub use doctor::{Findings, doctor};
pub use status::Status;
