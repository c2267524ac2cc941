//! Channels: who is to be told of what, on this node and through it on the others.
//!
//! * `registry` knows the subscribers of this node, by channel and by pattern
//! * `requests` is what dispatch does for `SUBSCRIBE` and its like
//! * `events` tells subscribers, here and on peers, what has happened to the keys of this node
//! * `interest` has the peers know whether this node wants to be told of their events
//!
//! A message takes its place behind the replies of its subscriber, so that none stands inside a reply or
//! ahead of one that waits. Who does not read is closed as a client that does not read its replies: at
//! [`UNREAD_REPLY_MAX_BYTES`](crate::limits::UNREAD_REPLY_MAX_BYTES), or earlier where all of them together
//! come to [`UNREAD_TOTAL_MAX_BYTES`](crate::limits::UNREAD_TOTAL_MAX_BYTES). A message crosses one link at
//! most: what comes from a peer is only for the subscribers of this node.

mod events;
mod interest;
mod registry;
mod requests;

pub(crate) use interest::{Interest, Told};
pub(crate) use registry::{Registry, Subscriber};
