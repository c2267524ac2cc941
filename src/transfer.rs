//! Many keys at a time: from files into a cluster and back, and from node to node.

mod format;
pub mod import;
pub mod rehome;
mod tally;

pub use format::{Format, Place};
pub use tally::Tally;
