//! Frames and requests to bytes.
//!
//! What is written here is always one well-formed message, whatever the frame holds: texts that stand
//! in a line of their own lose the bytes that would end the line.

use super::{Frame, Protocol};

const CRLF: &[u8] = b"\r\n";

/// Appends a reply to `out`. In RESP2, the types that only RESP3 has take the forms in which Redis
/// sends them there: maps, sets and pushes are arrays, null is the null bulk string, doubles, big
/// numbers and verbatim texts are bulk strings, booleans are 1 and 0.
pub fn encode(frame: &Frame<'_>, protocol: Protocol, out: &mut Vec<u8>) {
    let resp3 = protocol == Protocol::Resp3;
    match frame {
        Frame::Simple(text) => line(b'+', text, out),
        Frame::Error(text) => line(b'-', text, out),
        Frame::Integer(number) => line(b':', itoa::Buffer::new().format(*number), out),
        Frame::Bulk(bytes) => bulk(bytes, out),
        Frame::Null => out.extend_from_slice(if resp3 { b"_\r\n" } else { b"$-1\r\n" }),
        Frame::Array(elements) => aggregate(b'*', elements, protocol, out),
        Frame::Set(elements) => {
            aggregate(if resp3 { b'~' } else { b'*' }, elements, protocol, out);
        }
        Frame::Push(elements) => {
            aggregate(if resp3 { b'>' } else { b'*' }, elements, protocol, out);
        }
        Frame::Map(pairs) => {
            if resp3 {
                header(b'%', pairs.len(), out);
            } else {
                header(b'*', pairs.len().saturating_mul(2), out);
            }
            for (key, value) in pairs {
                encode(key, protocol, out);
                encode(value, protocol, out);
            }
        }
        Frame::Double(number) => text_type(b',', &double(*number), protocol, out),
        Frame::BigNumber(digits) => text_type(b'(', digits, protocol, out),
        Frame::Boolean(yes) => out.extend_from_slice(match (resp3, yes) {
            (true, true) => b"#t\r\n",
            (true, false) => b"#f\r\n",
            (false, true) => b":1\r\n",
            (false, false) => b":0\r\n",
        }),
        Frame::Verbatim { format, text } if resp3 => {
            header(b'=', text.len().saturating_add(4), out);
            out.extend_from_slice(format);
            out.push(b':');
            out.extend_from_slice(text);
            out.extend_from_slice(CRLF);
        }
        Frame::Verbatim { text, .. } => bulk(text, out),
    }
}

/// Appends the line that an array of `count` elements begins with.
pub(crate) fn encode_array_header(count: usize, out: &mut Vec<u8>) {
    header(b'*', count, out);
}

/// Appends a request to `out`: an array of bulk strings, the command's name first.
pub fn encode_request<'a>(args: impl ExactSizeIterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
    header(b'*', args.len(), out);
    for arg in args {
        bulk(arg, out);
    }
}

fn aggregate(kind: u8, elements: &[Frame<'_>], protocol: Protocol, out: &mut Vec<u8>) {
    header(kind, elements.len(), out);
    for element in elements {
        encode(element, protocol, out);
    }
}

/// A type of RESP3 that is a line of text there, and in RESP2 a bulk string with that text.
fn text_type(kind: u8, text: &str, protocol: Protocol, out: &mut Vec<u8>) {
    match protocol {
        Protocol::Resp3 => line(kind, text, out),
        Protocol::Resp2 => bulk(text.as_bytes(), out),
    }
}

/// A type byte, a number, and the end of the line.
fn header(kind: u8, count: usize, out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(itoa::Buffer::new().format(count).as_bytes());
    out.extend_from_slice(CRLF);
}

fn bulk(bytes: &[u8], out: &mut Vec<u8>) {
    header(b'$', bytes.len(), out);
    out.extend_from_slice(bytes);
    out.extend_from_slice(CRLF);
}

fn line(kind: u8, text: &str, out: &mut Vec<u8>) {
    out.push(kind);
    for (nth, part) in text.split(['\r', '\n']).enumerate() {
        if nth > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(part.as_bytes());
    }
    out.extend_from_slice(CRLF);
}

/// The shortest decimal text that reads back as the same number. With an exponent where the digits
/// alone would be long; both forms are the protocol's.
fn double(number: f64) -> String {
    let size = number.abs();
    if number.is_nan() {
        "nan".to_owned()
    } else if number.is_infinite() || size == 0.0 || (1e-5..1e17).contains(&size) {
        number.to_string()
    } else {
        format!("{number:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(frame: &Frame<'_>, protocol: Protocol) -> String {
        let mut out = Vec::new();
        encode(frame, protocol, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_type_has_its_form_in_both_versions() {
        let pair = || vec![Frame::Integer(1), Frame::Null];
        let table = [
            (Frame::OK, "+OK\r\n", "+OK\r\n"),
            (Frame::error("ERR no"), "-ERR no\r\n", "-ERR no\r\n"),
            (
                Frame::Integer(i64::MIN),
                ":-9223372036854775808\r\n",
                ":-9223372036854775808\r\n",
            ),
            (
                Frame::bulk(b"a\r\nb"),
                "$4\r\na\r\nb\r\n",
                "$4\r\na\r\nb\r\n",
            ),
            (Frame::bulk(b""), "$0\r\n\r\n", "$0\r\n\r\n"),
            (Frame::Null, "$-1\r\n", "_\r\n"),
            (
                Frame::Array(pair()),
                "*2\r\n:1\r\n$-1\r\n",
                "*2\r\n:1\r\n_\r\n",
            ),
            (
                Frame::Set(pair()),
                "*2\r\n:1\r\n$-1\r\n",
                "~2\r\n:1\r\n_\r\n",
            ),
            (
                Frame::Push(pair()),
                "*2\r\n:1\r\n$-1\r\n",
                ">2\r\n:1\r\n_\r\n",
            ),
            (
                Frame::map([(Frame::text("k"), Frame::Boolean(true))]),
                "*2\r\n$1\r\nk\r\n:1\r\n",
                "%1\r\n$1\r\nk\r\n#t\r\n",
            ),
            (Frame::Boolean(false), ":0\r\n", "#f\r\n"),
            (Frame::Double(10.0), "$2\r\n10\r\n", ",10\r\n"),
            (Frame::Double(-0.25), "$5\r\n-0.25\r\n", ",-0.25\r\n"),
            (Frame::Double(1e300), "$5\r\n1e300\r\n", ",1e300\r\n"),
            (
                Frame::Double(f64::NEG_INFINITY),
                "$4\r\n-inf\r\n",
                ",-inf\r\n",
            ),
            (Frame::Double(-f64::NAN), "$3\r\nnan\r\n", ",nan\r\n"),
            (
                Frame::BigNumber("-123".into()),
                "$4\r\n-123\r\n",
                "(-123\r\n",
            ),
            (
                Frame::Verbatim {
                    format: *b"txt",
                    text: b"hi"[..].into(),
                },
                "$2\r\nhi\r\n",
                "=6\r\ntxt:hi\r\n",
            ),
        ];
        for (frame, resp2, resp3) in table {
            assert_eq!(encoded(&frame, Protocol::Resp2), resp2, "{frame:?}");
            assert_eq!(encoded(&frame, Protocol::Resp3), resp3, "{frame:?}");
        }
    }

    #[test]
    fn a_text_never_ends_its_line() {
        let error = Frame::error("ERR no key 'a\r\n+OK\r\n'");
        assert_eq!(
            encoded(&error, Protocol::Resp2),
            "-ERR no key 'a  +OK  '\r\n"
        );
        let simple = Frame::simple("\n");
        assert_eq!(encoded(&simple, Protocol::Resp2), "+ \r\n");
        let number = Frame::BigNumber("1\r\n2".into());
        assert_eq!(encoded(&number, Protocol::Resp3), "(1  2\r\n");
    }

    #[test]
    fn a_request_is_an_array_of_bulk_strings() {
        let mut out = Vec::new();
        encode_request([&b"GET"[..], b""].into_iter(), &mut out);
        assert_eq!(out, b"*2\r\n$3\r\nGET\r\n$0\r\n\r\n");
    }
}
