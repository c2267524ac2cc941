//! Many keys at a time: from files into a cluster and back, and from node to node.

mod batch;
pub mod export;
mod feed;
mod format;
pub mod import;
mod read;
pub mod rehome;
mod source;
mod tally;
mod target;
mod way;
mod wholes;

pub use format::{Format, Place};
pub use tally::Tally;
