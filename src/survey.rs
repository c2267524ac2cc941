//! What the nodes of a cluster tell about themselves, for people who look after them.

mod status;

pub use status::Status;
