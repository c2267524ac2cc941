//! Each hostile sequence gets its answer, on many connections at once, and costs the node next to
//! nothing.

use triad::resp::{Frame, FrameDecoder};

use super::sequences::{self, Answer, Sequence};
use crate::lab::connection::{bulk, request};
use crate::lab::{self, Connection, Lab, resident};

/// The connections on which each sequence is sent at the same time.
const CONNECTIONS: u64 = 16;

/// What one connection may cost a node in memory.
const GROWTH_MAX_BYTES: u64 = 1024 * 1024;

#[test]
fn counts_and_lengths_that_are_none() {
    attack(&sequences::numbers());
}

#[test]
fn types_out_of_place() {
    attack(&sequences::types());
}

#[test]
fn endless_lines() {
    attack(&sequences::endless());
}

#[test]
fn requests_that_stop_short() {
    attack(&sequences::truncated());
}

#[test]
fn handshakes_of_peers_that_are_none() {
    attack(&sequences::handshakes());
}

#[test]
fn requests_that_ask_for_too_much() {
    attack(&sequences::excessive());
}

#[test]
fn there_are_at_least_thirty() {
    let all = [
        sequences::numbers(),
        sequences::types(),
        sequences::endless(),
        sequences::truncated(),
        sequences::handshakes(),
        sequences::excessive(),
    ];
    assert!(all.iter().map(Vec::len).sum::<usize>() >= 30);
}

/// Sends each sequence to a node of a cluster, followed by a request that tells whether the node goes
/// on with this connection.
fn attack(sequences: &[Sequence]) {
    let lab = Lab::started();
    let mut bystander = lab.connect("linux");
    // The first of everything takes memory that stays.
    send_to_many(&lab, b"PING\r\n");
    for sequence in sequences {
        let before = resident::is_told().then(|| resident::resident_bytes(lab.pid("linux")));
        send_to_many(&lab, &sequence.bytes);
        let after = before.map(|_| resident::resident_bytes(lab.pid("linux")));
        let growth = after.unwrap_or(0).saturating_sub(before.unwrap_or(0));
        let what = sequence.what;
        assert!(
            growth <= CONNECTIONS * GROWTH_MAX_BYTES,
            "{what}: {growth} bytes"
        );
        check_answer(&lab, sequence);
        for owner in lab::NAMES {
            let key = lab::key_of(owner, "bystander", 0);
            assert_eq!(bystander.call(&["SET", &key, what]), Frame::OK, "{what}");
            assert_eq!(bystander.call(&["GET", &key]), bulk(what));
        }
        assert_eq!(bystander.call(&["DBSIZE"]), Frame::Integer(3), "{what}");
    }
}

/// Sends the bytes on many connections that are all open when the node has taken them.
fn send_to_many(lab: &Lab, bytes: &[u8]) {
    let mut open: Vec<_> = (0..CONNECTIONS).map(|_| lab.connect("linux")).collect();
    for connection in &mut open {
        // The node may close it before it has said all.
        let _ = connection.try_send_bytes(bytes);
    }
    // The node has read the others when it answers one that comes after them.
    assert_eq!(lab.connect("linux").call(&["PING"]), Frame::simple("PONG"));
}

fn check_answer(lab: &Lab, sequence: &Sequence) {
    let what = sequence.what;
    let marker = request(&["ECHO", "still here"]);
    let goes_on = matches!(sequence.answer, Answer::Refused(_));
    let mut bytes = sequence.bytes.clone();
    if goes_on {
        bytes.extend(&marker);
    }
    let found = lab.connect("linux").exchange(&bytes);
    let replies = replies(&found);
    match &sequence.answer {
        Answer::Protocol(text) => {
            let error = Frame::error(format!("ERR Protocol error: {text}"));
            assert_eq!(replies, [error], "{what}");
        }
        Answer::Refused(beginning) => {
            let [Frame::Error(text), last] = replies.as_slice() else {
                panic!("{what}: {replies:?}")
            };
            assert!(text.starts_with(beginning), "{what}: {text}");
            assert_eq!(*last, bulk("still here"), "{what}");
        }
        Answer::Errors => {
            let all = replies.iter().all(|reply| matches!(reply, Frame::Error(_)));
            assert!(all && !replies.is_empty(), "{what}: {replies:?}");
        }
        Answer::Nothing => assert_eq!(replies, [], "{what}"),
    }
}

fn replies(bytes: &[u8]) -> Vec<Frame<'static>> {
    let mut decoder = FrameDecoder::new(bytes.len());
    decoder.buffer().extend_from_slice(bytes);
    std::iter::from_fn(|| decoder.next().expect("RESP")).collect()
}

/// What was sent before and after the same bytes on one connection.
#[test]
fn requests_before_the_bad_bytes_are_answered_and_those_behind_are_not() {
    let lab = Lab::started();
    for name in lab::NAMES {
        let key = lab::key_of("mac", name, 0);
        let mut bytes = request(&["SET", &key, "before"]);
        bytes.extend(b"*1\r\n$-1\r\n");
        bytes.extend(request(&["SET", &key, "behind"]));
        let found = lab.connect(name).exchange(&bytes);
        let expected = "+OK\r\n-ERR Protocol error: invalid bulk length\r\n";
        assert_eq!(String::from_utf8_lossy(&found), expected, "through {name}");
        assert_eq!(lab.connect("linux").call(&["GET", &key]), bulk("before"));
    }
}

/// A list of another fingerprint may ask about the node, and nothing else.
#[test]
fn a_peer_with_a_made_up_fingerprint_sees_no_data() {
    let mut lab = Lab::new();
    lab.start("linux");
    let key = lab::key_of("linux", "k", 0);
    assert_eq!(lab.connect("linux").call(&["SET", &key, "v"]), Frame::OK);
    for name in ["mac", "nobody"] {
        let mut peer: Connection = lab.connect("linux");
        peer.call(&["TRIAD", "PEER", "1", name, "id", "1", "made up"]);
        for words in [
            &["GET", &key][..],
            &["SET", &key, "w"],
            &["KEYS", "*"],
            &["FLUSHALL"],
        ] {
            let Frame::Error(text) = peer.call(words) else {
                panic!("{words:?} was answered")
            };
            assert!(text.starts_with("RULESDIFFER linux and "), "{text}");
        }
        assert!(matches!(peer.call(&["TRIAD", "SELF"]), Frame::Map(_)));
    }
    assert_eq!(lab.connect("linux").call(&["GET", &key]), bulk("v"));
}
