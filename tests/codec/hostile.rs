//! Row 9: hostile bytes bring an error or a wait, and at most 1 MiB of memory.

use triad::limits::{INLINE_MAX_BYTES, REPLY_DEPTH_MAX, REPLY_ELEMENTS_MAX, REQUEST_ARGS_MAX};
use triad::resp::{Frame, FrameDecoder, ProtocolError, RequestDecoder, RequestLimits};

use crate::{feed, feed_borrowed, feed_reply};

const MEMORY_MAX_BYTES: usize = 1024 * 1024;
const PIECE_BYTES: usize = 16 * 1024;

/// Feeds bytes as a connection does, and sees to the memory at each piece.
fn request_error(bytes: &[u8], piece: usize) -> Option<ProtocolError> {
    let mut decoder = RequestDecoder::new(RequestLimits::default());
    for piece in bytes.chunks(piece) {
        let result = feed(&mut decoder, piece);
        assert!(
            decoder.held_bytes() <= MEMORY_MAX_BYTES,
            "{} bytes held",
            decoder.held_bytes()
        );
        if let Err(error) = result {
            assert_eq!(feed(&mut decoder, b""), Err(error), "the error lasts");
            return Some(error);
        }
    }
    None
}

/// The error of both ways of reading replies, which is one.
fn reply_error(bytes: &[u8], piece: usize) -> Option<ProtocolError> {
    let errors = [feed_reply, feed_borrowed].map(|feed| reply_error_by(feed, bytes, piece));
    assert_eq!(errors[0], errors[1]);
    errors[0]
}

type Feed = fn(&mut FrameDecoder, &[u8]) -> Result<Vec<Frame<'static>>, ProtocolError>;

fn reply_error_by(feed: Feed, bytes: &[u8], piece: usize) -> Option<ProtocolError> {
    let mut decoder = FrameDecoder::new(8 * 1024 * 1024);
    for piece in bytes.chunks(piece) {
        let result = feed(&mut decoder, piece);
        assert!(
            decoder.held_bytes() <= MEMORY_MAX_BYTES,
            "{} bytes held",
            decoder.held_bytes()
        );
        if let Err(error) = result {
            assert_eq!(feed(&mut decoder, b""), Err(error), "the error lasts");
            return Some(error);
        }
    }
    None
}

fn check(
    cases: Vec<(Vec<u8>, Option<ProtocolError>)>,
    error: impl Fn(&[u8], usize) -> Option<ProtocolError>,
) {
    for (bytes, expected) in cases {
        let start = bytes.get(..40).unwrap_or(&bytes).escape_ascii().to_string();
        assert_eq!(error(&bytes, PIECE_BYTES), expected, "{start}");
        // The same bytes one at a time: an error does not depend on how they arrive.
        if bytes.len() < 10_000 {
            assert_eq!(error(&bytes, 1), expected, "{start}, byte by byte");
        }
    }
}

#[test]
fn requests() {
    use ProtocolError as E;
    let long = |byte: u8| vec![byte; INLINE_MAX_BYTES + 1];
    let args_over = format!("*{}\r\n", REQUEST_ARGS_MAX + 1).into_bytes();
    let args_most = format!("*{REQUEST_ARGS_MAX}\r\n").into_bytes();
    let cases: Vec<(Vec<u8>, Option<ProtocolError>)> = vec![
        // Counts.
        (b"*2147483647\r\n".to_vec(), Some(E::InvalidCount)),
        (args_over, Some(E::InvalidCount)),
        (b"*9223372036854775807\r\n".to_vec(), Some(E::InvalidCount)),
        (b"*9223372036854775808\r\n".to_vec(), Some(E::InvalidCount)),
        (
            b"*-99999999999999999999\r\n".to_vec(),
            Some(E::InvalidCount),
        ),
        (b"*\r\n".to_vec(), Some(E::InvalidCount)),
        (b"*a\r\n".to_vec(), Some(E::InvalidCount)),
        (b"*+1\r\n".to_vec(), Some(E::InvalidCount)),
        (b"*01\r\n".to_vec(), Some(E::InvalidCount)),
        (b"*1\n$4\r\nPING\r\n".to_vec(), Some(E::InvalidCount)),
        (b"* 1\r\n".to_vec(), Some(E::InvalidCount)),
        ([&b"*"[..], &long(b'1')].concat(), Some(E::CountTooLong)),
        // Lengths.
        (b"*1\r\n$-1\r\n".to_vec(), Some(E::InvalidLength)),
        (b"*1\r\n$536870913\r\n".to_vec(), Some(E::InvalidLength)),
        (
            b"*1\r\n$9223372036854775808\r\n".to_vec(),
            Some(E::InvalidLength),
        ),
        (
            b"*1\r\n$18446744073709551617\r\n".to_vec(),
            Some(E::InvalidLength),
        ),
        (b"*1\r\n$\r\n".to_vec(), Some(E::InvalidLength)),
        (b"*1\r\n$4 \r\nPING\r\n".to_vec(), Some(E::InvalidLength)),
        (b"*1\r\n$4\nPING\r\n".to_vec(), Some(E::InvalidLength)),
        (
            [&b"*1\r\n$"[..], &long(b'1')].concat(),
            Some(E::LengthTooLong),
        ),
        // Arguments.
        (b"*1\r\nx\r\n".to_vec(), Some(E::ExpectedBulk(b'x'))),
        (b"*1\r\n:1\r\n".to_vec(), Some(E::ExpectedBulk(b':'))),
        (
            b"*1\r\n:4\r\nPING\r\n".to_vec(),
            Some(E::ExpectedBulk(b':')),
        ),
        (
            b"*2\r\n$4\r\nPING\r\n\r\n".to_vec(),
            Some(E::ExpectedBulk(b'\r')),
        ),
        (b"*1\r\n$4\r\nPINGPONG".to_vec(), Some(E::UnterminatedBulk)),
        (b"*1\r\n$4\r\nPING\n\n".to_vec(), Some(E::UnterminatedBulk)),
        (b"*1\r\n".repeat(100_000), Some(E::ExpectedBulk(b'*'))),
        // Lines.
        (long(b'a').repeat(16), Some(E::InlineTooLong)),
        (
            [&b"SET k \""[..], &long(b'a')].concat(),
            Some(E::InlineTooLong),
        ),
        (b"SET \"k v\r\n".to_vec(), Some(E::UnbalancedQuotes)),
        (b"SET 'k'v\r\n".to_vec(), Some(E::UnbalancedQuotes)),
        // What announces much and sends nothing is waited for, and costs nothing.
        (b"*1000000\r\n".to_vec(), None),
        (args_most, None),
        (b"*1\r\n$536870912\r\n".to_vec(), None),
        (b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$8388608\r\n".to_vec(), None),
        (b"\r\n".repeat(500_000), None),
        // As many words as a line can hold, one line after another.
        (
            [b"a ".repeat(INLINE_MAX_BYTES / 2), b"\n".to_vec()]
                .concat()
                .repeat(4),
            None,
        ),
        (
            b"*0\r\n*-1\r\n*-9223372036854775808\r\n".repeat(50_000),
            None,
        ),
    ];
    check(cases, request_error);
}

#[test]
fn replies() {
    use ProtocolError as E;
    let nested = |levels: usize| b"*1\r\n".repeat(levels);
    let over = REPLY_ELEMENTS_MAX + 1;
    let long = vec![b'a'; INLINE_MAX_BYTES + 1];
    let cases: Vec<(Vec<u8>, Option<ProtocolError>)> = vec![
        (nested(100_000), Some(E::ReplyTooDeep)),
        (nested(REPLY_DEPTH_MAX + 1), Some(E::ReplyTooDeep)),
        (nested(REPLY_DEPTH_MAX), None),
        (
            b"%1\r\n+a\r\n>1\r\n|1\r\n~1\r\n".repeat(10),
            Some(E::ReplyTooDeep),
        ),
        (format!("*{over}\r\n").into_bytes(), Some(E::ReplyTooLarge)),
        (
            format!("%{}\r\n", over / 2 + 1).into_bytes(),
            Some(E::ReplyTooLarge),
        ),
        // Each is allowed, all together are not.
        (b"*2000000\r\n".repeat(3), Some(E::ReplyTooLarge)),
        (b"*9223372036854775807\r\n".to_vec(), Some(E::ReplyTooLarge)),
        (b"*9223372036854775808\r\n".to_vec(), Some(E::InvalidCount)),
        (
            b"%9223372036854775807\r\n".repeat(2),
            Some(E::ReplyTooLarge),
        ),
        (b"*-2\r\n".to_vec(), Some(E::InvalidCount)),
        (b"%-1\r\n".to_vec(), Some(E::InvalidCount)),
        (b"*?\r\n".to_vec(), Some(E::InvalidCount)),
        (b"*1\n".to_vec(), Some(E::InvalidReply(b'*'))),
        (b"$8388609\r\n".to_vec(), Some(E::InvalidLength)),
        (b"$-2\r\n".to_vec(), Some(E::InvalidLength)),
        (b"$?\r\n".to_vec(), Some(E::InvalidLength)),
        (
            b"$18446744073709551615\r\n".to_vec(),
            Some(E::InvalidLength),
        ),
        (b"$1\r\nab\r\n".to_vec(), Some(E::UnterminatedBulk)),
        (b"=3\r\ntxt\r\n".to_vec(), Some(E::InvalidReply(b'='))),
        (b"=4\r\ntxt-\r\n".to_vec(), Some(E::InvalidReply(b'='))),
        (
            b":9223372036854775808\r\n".to_vec(),
            Some(E::InvalidReply(b':')),
        ),
        (b":\r\n".to_vec(), Some(E::InvalidReply(b':'))),
        (b",1.2.3\r\n".to_vec(), Some(E::InvalidReply(b','))),
        (b",infinity\r\n".to_vec(), Some(E::InvalidReply(b','))),
        (b"#x\r\n".to_vec(), Some(E::InvalidReply(b'#'))),
        (b"_x\r\n".to_vec(), Some(E::InvalidReply(b'_'))),
        (b"(12a\r\n".to_vec(), Some(E::InvalidReply(b'('))),
        (b"+a\n".to_vec(), Some(E::InvalidReply(b'+'))),
        (b"x".to_vec(), Some(E::UnknownType(b'x'))),
        (b"HTTP/1.1 200 OK\r\n".to_vec(), Some(E::UnknownType(b'H'))),
        ([&b"-"[..], &long].concat(), Some(E::ReplyLineTooLong)),
        ([&b":"[..], &long].concat(), Some(E::ReplyLineTooLong)),
        (b"*1000000\r\n".to_vec(), None),
        (b"$8388608\r\n".to_vec(), None),
    ];
    check(cases, reply_error);
}

/// A reply is bounded as a whole, also where each of its parts is small, and where it is none.
#[test]
fn endless_replies() {
    use triad::limits::REPLY_MAX_BYTES;
    let mut decoder = FrameDecoder::new(8 * 1024 * 1024);
    let attributes = b"|1\r\n+a\r\n$65536\r\n".to_vec();
    let attributes = [attributes, vec![b'v'; 65_536], b"\r\n".to_vec()].concat();
    let error = (0..=REPLY_MAX_BYTES / 65_536)
        .find_map(|_| feed_reply(&mut decoder, &attributes).err())
        .expect("an error before that many bytes");
    assert_eq!(error, ProtocolError::ReplyTooLarge);
    assert!(decoder.held_bytes() <= MEMORY_MAX_BYTES);
}

/// An idle connection costs nothing, whatever it asked before.
#[test]
fn an_idle_decoder_gives_all_memory_back() {
    let mut decoder = RequestDecoder::new(RequestLimits::default());
    let (request, seen) = crate::array_request(&vec![&b"argument"[..]; 10_000]);
    for _ in 0..2 {
        assert_eq!(feed(&mut decoder, &request), Ok(vec![seen.clone()]));
        let room = decoder.buffer().capacity();
        assert!(
            room >= request.len(),
            "what is read has left its room to what comes: {room}"
        );
        feed(&mut decoder, b"SET a \"b\"\r\n").unwrap();
        assert!(decoder.held_bytes() > 0);
        decoder.shrink();
        assert_eq!(decoder.held_bytes(), 0);
    }
    feed(&mut decoder, b"*2\r\n$3\r\nGET\r\n$1\r\n").unwrap();
    decoder.shrink();
    let get = crate::Seen::Request {
        args: vec![b"GET".to_vec(), b"a".to_vec()],
        raw: Some(b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n".to_vec()),
    };
    assert_eq!(feed(&mut decoder, b"a\r\n"), Ok(vec![get]));

    let mut decoder = FrameDecoder::new(1000);
    feed_reply(&mut decoder, b"*2\r\n:1\r\n").unwrap();
    decoder.shrink();
    let array = Frame::array([Frame::Integer(1), Frame::Integer(2)]);
    assert_eq!(feed_reply(&mut decoder, b":2\r\n"), Ok(vec![array]));
    decoder.shrink();
    assert_eq!(decoder.held_bytes(), 0);
}
