//! What is exactly as large as a limit is taken, and one more is not, wherever it is cut.

use triad::resp::{Excess, ProtocolError, RequestDecoder};

use crate::{Seen, array_request, feed, small_limits};

/// What one message gives, the same at every cut.
fn read(bytes: &[u8]) -> Result<Seen, ProtocolError> {
    let read_cut_at = |at| {
        let (head, tail) = bytes.split_at(at);
        let mut decoder = RequestDecoder::new(small_limits());
        let mut seen = feed(&mut decoder, head)?;
        seen.extend(feed(&mut decoder, tail)?);
        assert_eq!(seen.len(), 1, "cut at {at}");
        Ok(seen.remove(0))
    };
    let whole = read_cut_at(0);
    for at in 1..=bytes.len() {
        assert_eq!(read_cut_at(at), whole, "cut at {at}");
    }
    whole
}

fn is_request(result: &Result<Seen, ProtocolError>) -> bool {
    matches!(result, Ok(Seen::Request { .. }))
}

#[test]
fn the_length_of_a_line() {
    let line = |spaces: usize| [&b"PING"[..], &b" ".repeat(spaces), b"\n"].concat();
    assert!(is_request(&read(&line(36))));
    assert_eq!(read(&line(37)), Err(ProtocolError::InlineTooLong));
}

#[test]
fn the_number_of_arguments() {
    assert!(is_request(&read(&array_request(&[&b"a"[..]; 10]).0)));
    assert_eq!(
        read(&array_request(&[&b"a"[..]; 11]).0),
        Err(ProtocolError::InvalidCount)
    );
    assert!(is_request(&read(b"a b c d e f g h i j\r\n")));
    assert_eq!(
        read(b"a b c d e f g h i j k\r\n"),
        Err(ProtocolError::InlineTooLong)
    );
}

#[test]
fn the_length_of_an_argument() {
    assert!(is_request(&read(&array_request(&[b"a", &[b'v'; 16]]).0)));
    let excess = Excess::Argument {
        index: 1,
        bytes: 17,
        limit_bytes: 16,
    };
    let too_large = Seen::TooLarge {
        command: Some(b"a".to_vec()),
        excess,
    };
    assert_eq!(read(&array_request(&[b"a", &[b'v'; 17]]).0), Ok(too_large));
    assert!(is_request(&read(b"a bbbbbbbbbbbbbbbb\r\n")));
    assert_eq!(
        read(b"a bbbbbbbbbbbbbbbbb\r\n"),
        Err(ProtocolError::InlineTooLong)
    );
}

#[test]
fn the_memory_of_a_request() {
    // Beside their bytes, eight arguments take eight places.
    let bytes = 300 - 8 * size_of::<[usize; 2]>();
    let with = |last: usize| {
        let (v, last) = (b"v".repeat(16), b"v".repeat(last));
        array_request(&[b"MSET", &v, &v, &v, &v, &v, &v, &last]).0
    };
    let exact = (0..16).find(|&last| with(last).len() == bytes);
    let exact = exact.expect("a last argument that fills the limit");
    assert!(is_request(&read(&with(exact))));
    let excess = Excess::Request {
        bytes: 301,
        limit_bytes: 300,
    };
    let too_large = Seen::TooLarge {
        command: Some(b"MSET".to_vec()),
        excess,
    };
    assert_eq!(read(&with(exact + 1)), Ok(too_large));
}
