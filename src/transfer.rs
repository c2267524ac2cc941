//! Many keys at a time: from files into a cluster and back, and from node to node.

mod batch;
mod feed;
mod format;
pub mod import;
mod read;
pub mod rehome;
mod source;
mod tally;
mod way;

pub use format::{Format, Place};
pub use tally::Tally;
