//! What makes bytes from the other side unreadable.

use crate::limits;

/// Why no further request or reply can be read from a connection: where one ends and the next begins
/// is lost, so nothing is left but to say so and to close it.
///
/// The text is Redis's own where Redis has one; it follows `ERR Protocol error: ` in a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The number after `*` (in a reply, also after `%`, `~`, `>` or `|`) is not a count of elements.
    #[error("invalid multibulk length")]
    InvalidCount,
    /// The number after `$` (in a reply, also after `=` or `!`) is not a length in bytes, or is over
    /// the limit.
    #[error("invalid bulk length")]
    InvalidLength,
    /// An argument of a request opens with another byte than `$`.
    #[error("expected '$', got '{}'", .0.escape_ascii())]
    ExpectedBulk(u8),
    /// The announced bytes of a bulk string are not followed by CR and LF.
    #[error("expected CRLF after a bulk string")]
    UnterminatedBulk,
    /// The line that announces the number of arguments has no end.
    #[error("too big mbulk count string")]
    CountTooLong,
    /// The line that announces the length of an argument has no end.
    #[error("too big bulk count string")]
    LengthTooLong,
    /// An inline request is longer than the limit.
    #[error("too big inline request")]
    InlineTooLong,
    /// An inline request has a quote that is not closed, or not followed by a space.
    #[error("unbalanced quotes in request")]
    UnbalancedQuotes,
    /// A reply opens with a byte that names no type.
    #[error("unknown reply type '{}'", .0.escape_ascii())]
    UnknownType(u8),
    /// A line of a reply does not end in CR and LF, or is not what its type calls for.
    #[error("invalid reply of type '{}'", .0.escape_ascii())]
    InvalidReply(u8),
    /// A line of a reply is longer than [`limits::INLINE_MAX_BYTES`].
    #[error("too big reply line")]
    ReplyLineTooLong,
    /// A reply has more than [`limits::REPLY_MAX_BYTES`] or [`limits::REPLY_ELEMENTS_MAX`].
    #[error("too big reply")]
    ReplyTooLarge,
    /// A reply is nested deeper than [`limits::REPLY_DEPTH_MAX`].
    #[error("reply nested deeper than {} levels", limits::REPLY_DEPTH_MAX)]
    ReplyTooDeep,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_that_would_break_a_reply_is_escaped() {
        assert_eq!(
            ProtocolError::ExpectedBulk(b'x').to_string(),
            "expected '$', got 'x'"
        );
        assert_eq!(
            ProtocolError::ExpectedBulk(b'\r').to_string(),
            r"expected '$', got '\r'"
        );
        assert_eq!(
            ProtocolError::UnknownType(0xff).to_string(),
            r"unknown reply type '\xff'"
        );
    }
}
