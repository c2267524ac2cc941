//! triad.

pub mod cluster;
pub mod limits;
pub mod placement;
pub mod rule;
