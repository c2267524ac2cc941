//! Row 8: the work of decoding is linear in the bytes, in steps that are counted and not timed.

use triad::resp::{Frame, FrameDecoder, Protocol, RequestDecoder, RequestLimits, encode};

use crate::{array_request, feed, feed_borrowed, feed_reply};

/// The most that a byte may cost: it is looked at, it may be a step in itself when bytes come one by
/// one, and it may end a part of a message, which is a step more.
const STEPS_PER_BYTE: u64 = 3;

/// A pipeline of requests of usual size, a large value, and lines short and long. With their number.
fn requests(times: usize) -> (Vec<u8>, usize) {
    let (small, _) = array_request(&[b"SET", b"key:000000001", &[b'v'; 64]]);
    let (large, _) = array_request(&[b"SET", b"large", &vec![b'v'; 100_000 * times]]);
    let inline = b"SET key \"a value\\n\"\r\n".repeat(100 * times);
    let long_line = [&b"SET key "[..], &b"v".repeat(50_000), b"\n"]
        .concat()
        .repeat(times);
    let bytes = [small.repeat(1_000 * times), large, inline, long_line].concat();
    (bytes, 1_101 * times + 1)
}

/// Replies of many elements, of many bytes, and of a long line.
fn replies(times: usize) -> (Vec<u8>, usize) {
    let mut bytes = Vec::new();
    let pairs = (0..2_000).map(|n| Frame::map([(Frame::Integer(n % 10), Frame::text("v"))]));
    let array = Frame::array(pairs);
    let strings = Frame::array((0..900).map(|_| Frame::text("value")));
    let large = Frame::bulk(vec![b'v'; 100_000]);
    let long_line = Frame::error("e".repeat(50_000));
    for frame in [array, strings, large, long_line] {
        for _ in 0..times {
            encode(&frame, Protocol::Resp3, &mut bytes);
        }
    }
    (bytes, 4 * times)
}

/// What messages cost when so many bytes of them arrive at a time.
fn cost((bytes, number): &(Vec<u8>, usize), piece: usize) -> u64 {
    let mut decoder = RequestDecoder::new(RequestLimits::default());
    let found = bytes
        .chunks(piece)
        .map(|piece| feed(&mut decoder, piece).map_or(0, |f| f.len()));
    assert_eq!(found.sum::<usize>(), *number);
    decoder.examined()
}

/// The same for replies, by the way of reading them that costs more.
fn cost_of_replies((bytes, number): &(Vec<u8>, usize), piece: usize) -> u64 {
    let costs = [feed_reply, feed_borrowed].map(|feed| {
        let mut decoder = FrameDecoder::new(1 << 20);
        let found = bytes
            .chunks(piece)
            .map(|piece| feed(&mut decoder, piece).map_or(0, |f| f.len()));
        assert_eq!(found.sum::<usize>(), *number);
        decoder.examined()
    });
    costs.into_iter().max().unwrap_or_default()
}

#[test]
fn the_smallest_pieces_cost_three_steps_a_byte() {
    let requests = requests(1);
    assert!(cost(&requests, 1) <= STEPS_PER_BYTE * requests.0.len() as u64);
    let replies = replies(1);
    assert!(cost_of_replies(&replies, 1) <= STEPS_PER_BYTE * replies.0.len() as u64);
}

#[test]
fn four_times_the_bytes_cost_four_times_the_steps() {
    let (requests, replies) = ([requests(1), requests(4)], [replies(1), replies(4)]);
    for piece in [1, 7, 1_000, 16 * 1024, usize::MAX] {
        let [once, four] = requests.each_ref().map(|requests| cost(requests, piece));
        assert!(
            four <= 4 * once + 100,
            "pieces of {piece}: {once} and {four} steps"
        );
        let [once, four] = replies
            .each_ref()
            .map(|replies| cost_of_replies(replies, piece));
        assert!(
            four <= 4 * once + 100,
            "pieces of {piece}: {once} and {four} steps"
        );
    }
}

#[test]
fn the_bytes_of_a_value_are_not_looked_at() {
    let value = vec![b'v'; 8 * 1024 * 1024];
    let (bytes, _) = array_request(&[b"SET", b"key", &value]);
    let mut decoder = RequestDecoder::new(RequestLimits::default());
    for piece in bytes.chunks(16 * 1024) {
        feed(&mut decoder, piece).unwrap();
    }
    assert!(
        decoder.examined() < 2_000,
        "{} steps for 513 pieces",
        decoder.examined()
    );

    let mut reply = Vec::new();
    encode(&Frame::bulk(value), Protocol::Resp2, &mut reply);
    let mut decoder = FrameDecoder::new(8 * 1024 * 1024);
    for piece in reply.chunks(16 * 1024) {
        feed_reply(&mut decoder, piece).unwrap();
    }
    assert!(
        decoder.examined() < 2_000,
        "{} steps for 513 pieces",
        decoder.examined()
    );
}
