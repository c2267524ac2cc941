//! Many keys at a time: from files into a cluster and back, and from node to node.

pub mod import;
pub mod rehome;
