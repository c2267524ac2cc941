//! triad.

pub mod cluster;
pub mod limits;
pub mod pattern;
pub mod placement;
pub mod resp;
pub mod rule;
pub mod storage;
pub mod store;
