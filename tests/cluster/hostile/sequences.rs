//! The hostile sequences: what is sent, and what must come back before the connection ends.

use crate::lab::connection::request;

/// What a node makes of a sequence after which the sender says nothing more.
pub(super) enum Answer {
    /// This error of the protocol, and nothing that follows is carried out.
    Protocol(&'static str),
    /// An error that begins so; what follows is carried out.
    Refused(&'static str),
    /// Errors only, whichever.
    Errors,
    /// Nothing: no request has arrived whole, or an empty one.
    Nothing,
}

pub(super) struct Sequence {
    pub(super) what: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) answer: Answer,
}

use Answer::{Errors, Nothing, Protocol, Refused};

const COUNT: Answer = Protocol("invalid multibulk length");
const LENGTH: Answer = Protocol("invalid bulk length");
const QUOTES: Answer = Protocol("unbalanced quotes in request");
const MIB: usize = 1024 * 1024;

fn sequence(what: &'static str, bytes: impl Into<Vec<u8>>, answer: Answer) -> Sequence {
    let bytes = bytes.into();
    Sequence {
        what,
        bytes,
        answer,
    }
}

/// Counts and lengths that are none, or too large.
pub(super) fn numbers() -> Vec<Sequence> {
    vec![
        sequence("most arguments an int has", "*2147483647\r\n", COUNT),
        sequence("one argument too many", "*1048577\r\n", COUNT),
        sequence("a count that overflows", "*99999999999999999999\r\n", COUNT),
        sequence("the last u64", "*18446744073709551615\r\n", COUNT),
        sequence("a count of letters", "*abc\r\n", COUNT),
        sequence("a count with a plus", "*+1\r\n$4\r\nPING\r\n", COUNT),
        sequence("no count", "*\r\n", COUNT),
        sequence("line ends without CR", "*1\n$4\nPING\n", COUNT),
        sequence("a negative length", "*1\r\n$-1\r\n", LENGTH),
        sequence(
            "the least length",
            "*1\r\n$-9223372036854775808\r\n",
            LENGTH,
        ),
        sequence("a length over the limit", "*1\r\n$536870913\r\n", LENGTH),
        sequence(
            "a length that overflows",
            "*1\r\n$99999999999999999999\r\n",
            LENGTH,
        ),
        sequence("the last i64", "*1\r\n$9223372036854775807\r\n", LENGTH),
        sequence("a length of letters", "*2\r\n$3\r\nGET\r\n$abc\r\n", LENGTH),
        sequence(
            "a length with a zero before it",
            "*1\r\n$04\r\nPING\r\n",
            LENGTH,
        ),
        sequence("no length", "*1\r\n$\r\n", LENGTH),
        sequence(
            "bytes without their end",
            "*1\r\n$4\r\nPINGxx",
            Protocol("expected CRLF after a bulk string"),
        ),
    ]
}

/// What stands where something else is expected.
pub(super) fn types() -> Vec<Sequence> {
    let nested = "*1\r\n".repeat(100_000);
    vec![
        sequence(
            "100,000 nested arrays",
            nested,
            Protocol("expected '$', got '*'"),
        ),
        sequence(
            "a simple string as argument",
            "*1\r\n+PING\r\n",
            Protocol("expected '$', got '+'"),
        ),
        sequence(
            "NUL as argument",
            "*1\r\n\0PING\r\n",
            Protocol(r"expected '$', got '\x00'"),
        ),
        sequence(
            "an empty line as argument",
            "*1\r\n\r\n",
            Protocol(r"expected '$', got '\r'"),
        ),
        sequence(
            "a byte above ASCII as argument",
            b"*1\r\n\xff",
            Protocol(r"expected '$', got '\xff'"),
        ),
        sequence("a map as request", "%1\r\n+a\r\n+b\r\n", Errors),
        sequence(
            "replies as requests",
            "+OK\r\n:1\r\n-ERR\r\n$1\r\na\r\n_\r\n",
            Errors,
        ),
        sequence("a double quote that stays open", "GET \"abc\r\n", QUOTES),
        sequence("a single quote that stays open", "GET 'abc\r\n", QUOTES),
        sequence("a quote that ends within a word", "GET \"a\"b\r\n", QUOTES),
        sequence(
            "a command of NULs",
            "\0\0\0\r\n",
            Refused("ERR unknown command '\0\0\0'"),
        ),
        sequence(
            "an empty name",
            "*1\r\n$0\r\n\r\n",
            Refused("ERR unknown command ''"),
        ),
        sequence("bytes without sense", garbage(), Errors),
        sequence(
            "empty requests",
            "*0\r\n*-1\r\n*-2147483648\r\n\r\n",
            Nothing,
        ),
        sequence("100,000 empty lines", "\r\n".repeat(100_000), Nothing),
    ]
}

/// 64 KiB that look like nothing, in lines, from a fixed seed (xorshift).
fn garbage() -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::new();
    while bytes.len() < 64 * 1024 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_be_bytes());
        if state.is_multiple_of(7) {
            bytes.extend(b"\r\n");
        }
    }
    bytes
}

/// Lines that do not end within any bound.
pub(super) fn endless() -> Vec<Sequence> {
    let inline = || Protocol("too big inline request");
    let line = |beginning: &str, byte: &str| beginning.to_owned() + &byte.repeat(2 * MIB);
    vec![
        sequence("an endless word", line("", "a"), inline()),
        sequence("an endless quote", line("GET \"", "a"), inline()),
        sequence("endless NULs", line("", "\0"), inline()),
        sequence("endless blanks", line("", " "), inline()),
        sequence(
            "an endless count",
            line("*", "1"),
            Protocol("too big mbulk count string"),
        ),
        sequence(
            "an endless length",
            line("*1\r\n$", "1"),
            Protocol("too big bulk count string"),
        ),
    ]
}

/// Requests that stop short. Nothing of them may be carried out.
pub(super) fn truncated() -> Vec<Sequence> {
    vec![
        sequence("a length without bytes", "*1\r\n$536870912\r\n", Nothing),
        sequence(
            "a value without bytes",
            "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$8388608\r\n",
            Nothing,
        ),
        sequence("a count without arguments", "*1048576\r\n", Nothing),
        sequence("a count alone", "*", Nothing),
        sequence("half a number", "*3", Nothing),
        sequence("half a line end", "*3\r", Nothing),
        sequence("half a name", "*3\r\n$3\r\nSE", Nothing),
        sequence(
            "half a value",
            "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nval",
            Nothing,
        ),
        sequence(
            "all but the last byte",
            "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r",
            Nothing,
        ),
        sequence("a line without an end", "SET k v", Nothing),
        sequence(
            "a greeting of TLS",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            Nothing,
        ),
    ]
}

/// Handshakes of peers that are none.
pub(super) fn handshakes() -> Vec<Sequence> {
    let hello = |words: &[&str]| request(&[&["TRIAD", "PEER"], words].concat());
    let (long, print) = ("x".repeat(1000), "0".repeat(64));
    vec![
        sequence(
            "another version",
            hello(&["2", "mac", "id", "1", &print]),
            Refused(
                "PEERVERSION this node speaks version 1 of the peer protocol, the other version 2",
            ),
        ),
        sequence(
            "a version that is no number",
            hello(&["x", "mac", "id", "1", &print]),
            Refused("ERR value is not an integer"),
        ),
        sequence(
            "a start that is no number",
            hello(&["1", "mac", "id", "-1", &print]),
            Refused("ERR value is not an integer"),
        ),
        sequence(
            "a start that overflows",
            hello(&["1", "mac", "id", "99999999999999999999", &print]),
            Refused("ERR value is not an integer"),
        ),
        sequence(
            "a name that is a path",
            hello(&["1", "../../etc/passwd", "id", "1", &print]),
            Refused("ERR \"../../etc/passwd\" is not a name"),
        ),
        sequence(
            "no name",
            hello(&["1", "", "id", "1", &print]),
            Refused("ERR \"\" is not a name"),
        ),
        sequence(
            "a name that is not text",
            request(&[
                &b"TRIAD"[..],
                b"PEER",
                b"1",
                b"\xff",
                b"id",
                b"1",
                print.as_bytes(),
            ]),
            Refused("ERR syntax error"),
        ),
        sequence(
            "an endless id",
            hello(&["1", "mac", &long, "1", &print]),
            Refused("ERR syntax error"),
        ),
        sequence(
            "an endless fingerprint",
            hello(&["1", "mac", "id", "1", &long]),
            Refused("ERR syntax error"),
        ),
        sequence(
            "too few words",
            hello(&["1", "mac", "id", "1"]),
            Refused("ERR wrong number of arguments for 'triad|peer' command"),
        ),
        sequence(
            "too many words",
            hello(&["1", "mac", "id", "1", &print, "x"]),
            Refused("ERR wrong number of arguments for 'triad|peer' command"),
        ),
    ]
}

/// Requests that are whole, and ask for too much.
pub(super) fn excessive() -> Vec<Sequence> {
    let long = "x".repeat(64 * 1024 + 1);
    vec![
        sequence(
            "a key that is too long",
            request(&["SET", &long, "v"]),
            Refused("ERR the key has 65537 bytes"),
        ),
        sequence(
            "a name for a connection that is too long",
            request(&["CLIENT", "SETNAME", &long]),
            Refused("ERR client names are at most 256 bytes long"),
        ),
        sequence(
            "a library that is too long",
            request(&["CLIENT", "SETINFO", "LIB-NAME", &long]),
            Refused("ERR lib-name cannot contain"),
        ),
        sequence(
            "a command that is too long",
            request(&[&long]),
            Refused("ERR unknown command 'xxx"),
        ),
        sequence(
            "100,000 arguments of nothing",
            request(&vec![""; 100_000]),
            Refused("ERR unknown command ''"),
        ),
        sequence(
            "a scan of everything",
            request(&["SCAN", "0", "COUNT", "9223372036854775808"]),
            Refused("ERR value is not an integer"),
        ),
    ]
}
