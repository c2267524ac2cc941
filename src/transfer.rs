//! Many keys at a time: from files into a cluster and back, and from node to node.

pub mod backup;
mod batch;
pub mod export;
mod feed;
mod format;
pub mod import;
mod read;
pub mod rehome;
pub mod restore;
mod source;
mod tally;
mod target;
mod way;
mod wholes;

pub use format::{Format, Place};
pub use tally::Tally;
