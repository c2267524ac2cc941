//! Random messages, each with what it is to be read as.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use triad::resp::{Frame, Protocol, encode};

use crate::{Seen, array_request};

/// So many cases, the same in every run.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(0x7472_6961_6400),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// One or two messages in a row: requests in both forms, and lines that are none.
pub(crate) fn pipeline() -> impl Strategy<Value = (Vec<u8>, Vec<Seen>)> {
    vec(message(), 1..=2).prop_map(|messages| {
        let bytes = messages
            .iter()
            .flat_map(|(bytes, _)| bytes)
            .copied()
            .collect();
        (
            bytes,
            messages.into_iter().filter_map(|(_, seen)| seen).collect(),
        )
    })
}

fn message() -> impl Strategy<Value = (Vec<u8>, Option<Seen>)> {
    prop_oneof![
        6 => vec(arg(), 1..=4).prop_map(|args| {
            let slices: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
            let (bytes, seen) = array_request(&slices);
            (bytes, Some(seen))
        }),
        3 => (vec((arg(), 0..3_u8), 1..=3), line_end()).prop_filter_map(
            "an inline request does not open with the byte of an array",
            |(words, end)| {
                let line: Vec<u8> = words.iter().flat_map(|(arg, style)| word(arg, *style)).collect();
                let args = words.into_iter().map(|(arg, _)| arg).collect();
                let seen = Seen::Request { args, raw: None };
                (line.first() != Some(&b'*')).then(|| ([&line, end].concat(), Some(seen)))
            },
        ),
        1 => prop::sample::select(vec![&b"\r\n"[..], b"\n", b" \t\r\n", b"*0\r\n", b"*-1\r\n"])
            .prop_map(|bytes| (bytes.to_vec(), None)),
    ]
}

/// Short bytes, among them often those that mean something to the protocol.
fn arg() -> impl Strategy<Value = Vec<u8>> {
    vec(
        prop_oneof![any::<u8>(), prop::sample::select(&b"\r\n$*0 \"'\\x"[..])],
        0..=8,
    )
}

fn line_end() -> impl Strategy<Value = &'static [u8]> {
    prop::sample::select(vec![&b"\r\n"[..], b"\n"])
}

/// An argument as a word of an inline request: plain or in one of the quotes, where that can be.
fn word(arg: &[u8], style: u8) -> Vec<u8> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte > 127 || *byte == b'*';
    let mut word = match style {
        0 if !arg.is_empty() && arg.iter().all(plain) => arg.to_vec(),
        1 if !arg.iter().any(|byte| matches!(byte, b'\n' | b'\\' | b'\'')) => {
            [b"'", arg, b"'"].concat()
        }
        _ => {
            let escaped = arg.iter().flat_map(|&byte| match byte {
                b'\n' => b"\\n".to_vec(),
                b'"' | b'\\' => vec![b'\\', byte],
                byte if byte.is_ascii_graphic() => vec![byte],
                byte => format!("\\x{byte:02X}").into_bytes(),
            });
            b"\"".iter().copied().chain(escaped).chain(*b"\"").collect()
        }
    };
    word.push(b' ');
    word
}

/// One or two replies in a row, in the version of the protocol that comes with them.
pub(crate) fn replies() -> impl Strategy<Value = (Protocol, Vec<u8>, Vec<Frame<'static>>)> {
    let protocol = prop::sample::select(vec![Protocol::Resp2, Protocol::Resp3]);
    (protocol, vec(frame(2, 2), 1..=2)).prop_map(|(protocol, frames)| {
        let mut bytes = Vec::new();
        for frame in &frames {
            encode(frame, protocol, &mut bytes);
        }
        let seen = frames
            .into_iter()
            .map(|frame| as_read(frame, protocol))
            .collect();
        (protocol, bytes, seen)
    })
}

/// A frame of any type, so many levels deep and so wide.
pub(crate) fn frame(depth: u32, width: usize) -> impl Strategy<Value = Frame<'static>> {
    let text = || "[^\r\n]{0,6}";
    let scalar = prop_oneof![
        text().prop_map(Frame::simple),
        text().prop_map(Frame::error),
        any::<i64>().prop_map(Frame::Integer),
        arg().prop_map(Frame::bulk),
        Just(Frame::Null),
        Just(Frame::OK),
        prop::num::f64::ANY
            .prop_filter("NaN equals nothing", |n| !n.is_nan())
            .prop_map(Frame::Double),
        any::<bool>().prop_map(Frame::Boolean),
        "-?[1-9][0-9]{0,30}".prop_map(|digits| Frame::BigNumber(digits.into())),
        (prop::array::uniform3(b'a'..=b'z'), arg()).prop_map(|(format, text)| Frame::Verbatim {
            format,
            text: text.into()
        }),
    ];
    scalar.prop_recursive(depth, 12, 3, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..=width).prop_map(Frame::Array),
            vec(inner.clone(), 0..=width).prop_map(Frame::Set),
            vec(inner.clone(), 0..=width).prop_map(Frame::Push),
            vec((inner.clone(), inner), 0..=width).prop_map(Frame::Map),
        ]
    })
}

/// How a frame reads after it was sent: RESP2 has fewer types.
pub(crate) fn as_read(frame: Frame<'static>, protocol: Protocol) -> Frame<'static> {
    let all = |frames: Vec<Frame<'static>>| {
        frames
            .into_iter()
            .map(|frame| as_read(frame, protocol))
            .collect::<Vec<_>>()
    };
    match (protocol, frame) {
        (_, Frame::Array(elements)) => Frame::Array(all(elements)),
        (Protocol::Resp3, Frame::Set(elements)) => Frame::Set(all(elements)),
        (Protocol::Resp3, Frame::Push(elements)) => Frame::Push(all(elements)),
        (Protocol::Resp3, frame) => frame,
        (_, Frame::Set(elements) | Frame::Push(elements)) => Frame::Array(all(elements)),
        (_, Frame::Map(pairs)) => Frame::Array(all(pairs
            .into_iter()
            .flat_map(|(key, value)| [key, value])
            .collect())),
        (_, Frame::Double(number)) if number.is_infinite() => {
            Frame::text(if number > 0.0 { "inf" } else { "-inf" })
        }
        (_, Frame::Double(number)) => Frame::text(shortest(number)),
        (_, Frame::Boolean(yes)) => Frame::Integer(yes.into()),
        (_, Frame::BigNumber(digits)) => Frame::text(digits),
        (_, Frame::Verbatim { text, .. }) => Frame::Bulk(text),
        (_, frame) => frame,
    }
}

/// The shorter of the two ways in which Rust writes a number, plain where they would be as long.
fn shortest(number: f64) -> String {
    let plain = number.to_string();
    let size = number.abs();
    if size != 0.0 && !(1e-5..1e17).contains(&size) {
        format!("{number:e}")
    } else {
        plain
    }
}
