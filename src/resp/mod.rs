//! RESP, the Redis serialization protocol, versions 2 and 3: bytes to frames and back.
//!
//! What is sent and what is read are two languages. A client sends [`Request`]s: arrays of bulk
//! strings, or lines of words typed by hand. A server answers with [`Frame`]s. So there are two
//! decoders, [`RequestDecoder`] for the side that serves and [`FrameDecoder`] for the side that asks,
//! and two encoders, [`encode_request`] and [`encode()`].
//!
//! Both decoders own their buffer, which their caller fills from wherever the bytes come from, and
//! keep three promises to it:
//!
//! - They resume where they stopped. However the bytes are cut, they are read the same, and the work
//!   is linear in their number (`examined` counts it).
//! - They hold what has arrived and not what was announced, and of that no more than their limits.
//! - They never recurse and never panic: any bytes give requests, frames or a [`ProtocolError`].
//!
//! Sources: [the protocol's page](https://redis.io/docs/latest/develop/reference/protocol-spec/) and
//! [the RESP3 specification](https://github.com/redis/redis-specifications/blob/master/protocol/RESP3.md).
//! Streamed strings and streamed aggregates, which Redis itself never sends, are refused.

mod args;
mod encode;
mod error;
mod frame;
mod inline;
mod input;
mod number;
mod reply;
mod request;

pub use args::{Args, ArgsIter};
pub(crate) use encode::encode_array_header;
pub use encode::{encode, encode_request};
pub use error::ProtocolError;
pub use frame::{Frame, Protocol};
pub use reply::FrameDecoder;
pub use request::{Excess, Next, Place, Request, RequestDecoder, RequestLimits, TooLarge};
