//! The codec, from outside: rows 8 and 9 of what must hold, and what encoders and decoders promise
//! each other. One behaviour a file.

mod ahead;
mod generate;
mod hostile;
mod limits;
mod linear;
mod round_trip;
mod skip;
mod split;

use triad::resp::{
    Excess, Frame, FrameDecoder, Next, ProtocolError, RequestDecoder, RequestLimits,
};

/// What a request decoder found, copied out of it.
#[derive(Debug, Clone, PartialEq)]
enum Seen {
    Request {
        args: Vec<Vec<u8>>,
        raw: Option<Vec<u8>>,
    },
    TooLarge {
        command: Option<Vec<u8>>,
        excess: Excess,
    },
}

/// Appends bytes to a decoder's buffer and takes out all that is whole.
fn feed(decoder: &mut RequestDecoder, bytes: &[u8]) -> Result<Vec<Seen>, ProtocolError> {
    decoder.buffer().extend_from_slice(bytes);
    let mut seen = Vec::new();
    loop {
        seen.push(match decoder.next()? {
            Next::Incomplete => return Ok(seen),
            Next::Request(request) => Seen::Request {
                args: request.args().iter().map(<[u8]>::to_vec).collect(),
                raw: request.raw().map(<[u8]>::to_vec),
            },
            Next::TooLarge(large) => Seen::TooLarge {
                command: large.command.map(<[u8]>::to_vec),
                excess: large.excess,
            },
        });
    }
}

/// As [`feed`], for replies.
fn feed_reply(
    decoder: &mut FrameDecoder,
    bytes: &[u8],
) -> Result<Vec<Frame<'static>>, ProtocolError> {
    decoder.buffer().extend_from_slice(bytes);
    let mut seen = Vec::new();
    while let Some(frame) = decoder.next()? {
        seen.push(frame);
    }
    Ok(seen)
}

/// As [`feed_reply`], by the way that copies as little as it can.
fn feed_borrowed(
    decoder: &mut FrameDecoder,
    bytes: &[u8],
) -> Result<Vec<Frame<'static>>, ProtocolError> {
    decoder.buffer().extend_from_slice(bytes);
    let mut seen = Vec::new();
    while let Some(frame) = decoder.next_borrowed()? {
        seen.push(frame.into_owned());
    }
    Ok(seen)
}

/// A request in the form of an array, and how it is to be seen.
fn array_request(args: &[&[u8]]) -> (Vec<u8>, Seen) {
    let mut bytes = Vec::new();
    triad::resp::encode_request(args.iter().copied(), &mut bytes);
    let args = args.iter().map(|arg| arg.to_vec()).collect();
    let seen = Seen::Request {
        args,
        raw: Some(bytes.clone()),
    };
    (bytes, seen)
}

/// Limits small enough to be crossed by requests that can be split at every byte.
fn small_limits() -> RequestLimits {
    RequestLimits {
        args_max: 10,
        bulk_max_bytes: 16,
        bulk_skip_max_bytes: 1000,
        request_max_bytes: 300,
        inline_max_bytes: 40,
    }
}
