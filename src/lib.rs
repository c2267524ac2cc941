//! triad.

pub mod limits;
