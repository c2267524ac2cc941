//! What a server reads.

mod ahead;
mod decoder;

use std::fmt;

use super::Args;
use crate::limits;

pub use decoder::RequestDecoder;

/// How large a request may be. The defaults are those of [`limits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// The most arguments, the command's name among them.
    pub args_max: usize,
    /// The longest argument that is kept.
    pub bulk_max_bytes: usize,
    /// The longest argument that is read past; a longer one ends the connection.
    pub bulk_skip_max_bytes: usize,
    /// The most memory that one request may take: its bytes, and the places of its arguments.
    pub request_max_bytes: usize,
    /// The longest inline request, and the longest line that announces a number.
    pub inline_max_bytes: usize,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            args_max: limits::REQUEST_ARGS_MAX,
            bulk_max_bytes: limits::VALUE_MAX_BYTES,
            bulk_skip_max_bytes: limits::REQUEST_BULK_MAX_BYTES,
            request_max_bytes: limits::REQUEST_MAX_BYTES,
            inline_max_bytes: limits::INLINE_MAX_BYTES,
        }
    }
}

/// What [`RequestDecoder::next`] found.
#[derive(Debug, Clone, Copy)]
pub enum Next<'a> {
    /// No whole request is there: more bytes are needed.
    Incomplete,
    /// A request.
    Request(Request<'a>),
    /// A request that was over a limit has ended. It is to be answered with an error; the connection
    /// goes on.
    TooLarge(TooLarge<'a>),
}

/// One request. It lies in the decoder's buffer until the decoder is used again.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    args: Args<'a>,
    raw: Option<&'a [u8]>,
    /// Where in the decoder's buffer `raw` begins.
    start: usize,
}

/// Where some bytes lie in a decoder's buffer: what was seen ahead at a place is what comes at that place.
/// It holds until [`RequestDecoder::buffer`] is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    start: usize,
    len: usize,
}

impl<'a> Request<'a> {
    /// Its arguments, the command's name first. There is at least that one.
    pub const fn args(&self) -> Args<'a> {
        self.args
    }

    /// The bytes as they came, if it came as an array of bulk strings: they can be sent on as they
    /// are. None for an inline request.
    pub const fn raw(&self) -> Option<&'a [u8]> {
        self.raw
    }

    /// Where the argument at `index` lies, if the request came as an array of bulk strings.
    pub fn place(&self, index: usize) -> Option<Place> {
        let span = self.raw.and_then(|_| self.args.span(index))?;
        Some(Place {
            start: self.start + span.start,
            len: span.end - span.start,
        })
    }

    /// Whether this is not a request for this server but a line of an HTTP request: a web page can
    /// make a browser send one to a port of the loopback address, with commands of the page's choice
    /// in its body. Such a connection is to be closed before it comes to the body.
    ///
    /// As Redis does, it takes any request named `POST` or `Host:` for one; and beyond Redis, an
    /// inline request of three words of which the last is a version of HTTP.
    pub fn is_http(&self) -> bool {
        let name = self.args.get(0).unwrap_or_default();
        let ends_in_version = || {
            self.raw.is_none()
                && self.args.len() == 3
                && self
                    .args
                    .get(2)
                    .is_some_and(|word| word.starts_with(b"HTTP/"))
        };
        name.eq_ignore_ascii_case(b"post")
            || name.eq_ignore_ascii_case(b"host:")
            || ends_in_version()
    }
}

/// A request that was read past because it is over a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge<'a> {
    /// The command's name, if it had arrived and has at most
    /// [`COMMAND_NAME_KEPT_MAX_BYTES`](limits::COMMAND_NAME_KEPT_MAX_BYTES).
    pub command: Option<&'a [u8]>,
    /// What was over which limit.
    pub excess: Excess,
}

/// What of a request was over a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// One argument.
    Argument {
        /// Which: 0 is the command's name.
        index: usize,
        /// Its announced length.
        bytes: usize,
        /// [`RequestLimits::bulk_max_bytes`].
        limit_bytes: usize,
    },
    /// All together.
    Request {
        /// What the request would take up to and including the argument that was too much.
        bytes: usize,
        /// [`RequestLimits::request_max_bytes`].
        limit_bytes: usize,
    },
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument {
                index,
                bytes,
                limit_bytes,
            } => {
                write!(
                    f,
                    "argument {index} has {bytes} bytes, and at most {limit_bytes} are taken"
                )
            }
            Self::Request { bytes, limit_bytes } => write!(
                f,
                "the request takes {bytes} bytes of memory or more, and may take {limit_bytes}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_http(bytes: &[u8]) -> bool {
        let mut decoder = RequestDecoder::new(RequestLimits::default());
        decoder.buffer().extend_from_slice(bytes);
        match decoder.next() {
            Ok(Next::Request(request)) => request.is_http(),
            other => panic!("no request but {other:?}"),
        }
    }

    #[test]
    fn an_http_request_is_known_by_its_first_line() {
        let http: [&[u8]; 8] = [
            b"GET / HTTP/1.1\r\n",
            b"DELETE /key?now HTTP/1.0\n",
            b"PRI * HTTP/2.0\r\n",
            b"POST / HTTP/1.1\r\n",
            b"post\r\n",
            b"Host: 127.0.0.1:7001\r\n",
            b"host: x\r\n",
            b"*1\r\n$4\r\nPOST\r\n",
        ];
        for bytes in http {
            assert!(is_http(bytes), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn commands_that_look_a_little_like_http_are_commands() {
        let commands: [&[u8]; 6] = [
            b"GET a\r\n",
            b"GET HTTP/1.1\r\n",
            b"SET k HTTP/1.1 NX\r\n",
            b"MSET k v l HTTP/1.1\r\n",
            b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$8\r\nHTTP/1.1\r\n",
            b"GET post\r\n",
        ];
        for bytes in commands {
            assert!(!is_http(bytes), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn an_excess_says_what_was_too_much() {
        let argument = Excess::Argument {
            index: 2,
            bytes: 20,
            limit_bytes: 10,
        };
        assert_eq!(
            argument.to_string(),
            "argument 2 has 20 bytes, and at most 10 are taken"
        );
        let request = Excess::Request {
            bytes: 20,
            limit_bytes: 10,
        };
        let expected = "the request takes 20 bytes of memory or more, and may take 10";
        assert_eq!(request.to_string(), expected);
    }
}
