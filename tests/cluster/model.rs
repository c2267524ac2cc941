//! Random requests, to Redis and to us: every reply is compared, in both protocols and through every node.

mod requests;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use triad::resp::Frame;

use crate::lab::redis_server::RedisServer;
use crate::lab::{self, Connection, Lab};
use requests::{Comparison, Request, Vocabulary};

/// The requests through each node in each protocol. `TRIAD_SEED` chooses others.
const REQUESTS: usize = 2500;

#[test]
fn every_reply_is_that_of_redis() {
    let Some(redis) = RedisServer::start() else {
        return;
    };
    let lab = Lab::started();
    let vocabulary = Vocabulary::new();
    let seed = std::env::var("TRIAD_SEED").map_or(5, |seed| seed.parse().expect("a number"));
    let mut choice = StdRng::seed_from_u64(seed);
    let mut equal = 0;
    let mut earlier = Vec::new();
    for protocol in ["2", "3"] {
        for name in lab::NAMES {
            let mut ours = lab.connect(name);
            let mut theirs = Connection::open(redis.address);
            for connection in [&mut ours, &mut theirs] {
                connection.call(&["HELLO", protocol]);
            }
            for _ in 0..REQUESTS {
                let request = vocabulary.request(&mut choice);
                let found = ours.call(&request.words);
                let expected = theirs.call(&request.words);
                earlier.push(request.to_string());
                let context = || {
                    let told = told(&request, &earlier);
                    format!("{request} through {name} in RESP{protocol}, after\n{told}")
                };
                compare(&request, &found, &expected, &context);
                if found == expected {
                    equal += 1;
                } else if let Comparison::Number = request.comparison {
                    // Both go on with one of them.
                    let value = expected.as_bytes().unwrap();
                    for connection in [&mut ours, &mut theirs] {
                        connection.call(&[b"SET", &*request.words[1], value, b"KEEPTTL"]);
                    }
                } else if request.words[0] == b"SPOP" {
                    // Each has lost another member.
                    for connection in [&mut ours, &mut theirs] {
                        connection.call(&[b"DEL", &*request.words[1]]);
                    }
                }
            }
        }
    }
    // Where only the looser comparisons held, this would have compared nothing.
    assert!(equal > 6 * REQUESTS * 9 / 10, "{equal} equal replies");
}

/// The last requests about a key of this one.
fn told(request: &Request, earlier: &[String]) -> String {
    let key = request.words.get(1).map(|key| lab::text(key));
    let is_about = |line: &&String| key.as_ref().is_none_or(|key| line.contains(key));
    let mut lines: Vec<&str> = earlier
        .iter()
        .rev()
        .filter(is_about)
        .take(12)
        .map(String::as_str)
        .collect();
    lines.reverse();
    lines.join("\n")
}

fn compare(
    request: &Request,
    found: &Frame<'_>,
    expected: &Frame<'_>,
    context: &dyn Fn() -> String,
) {
    let sorted = |frames: &[Frame<'_>]| {
        let mut members: Vec<_> = frames.iter().map(|frame| format!("{frame:?}")).collect();
        members.sort_unstable();
        members
    };
    match (request.comparison, found, expected) {
        (Comparison::Members, Frame::Array(found), Frame::Array(expected))
        | (Comparison::Members, Frame::Set(found), Frame::Set(expected)) => {
            assert_eq!(sorted(found), sorted(expected), "{}", context());
        }
        (Comparison::Scan, Frame::Array(found), Frame::Array(expected)) => {
            assert_eq!(found[0], expected[0], "{}", context());
            let [found, expected] = [&found[1], &expected[1]].map(|frame| match frame {
                Frame::Array(members) => sorted(members),
                other => panic!("{other:?}: {}", context()),
            });
            assert_eq!(found, expected, "{}", context());
        }
        (Comparison::Time, Frame::Integer(found), Frame::Integer(expected)) => {
            // The longest that the two requests may lie apart, in whichever unit.
            const APART: i64 = 5_000;
            let is_near = (found - expected).abs() <= APART && (*found < 0) == (*expected < 0);
            assert!(is_near, "{found} is not {expected}: {}", context());
        }
        (Comparison::Number, Frame::Bulk(found), Frame::Bulk(expected)) => {
            let number = |text: &[u8]| lab::text(text).parse::<f64>().unwrap();
            let (found, expected) = (number(found), number(expected));
            let tolerance = 1e-15 * expected.abs().max(1.0);
            assert!(
                (found - expected).abs() <= tolerance,
                "{found} is not {expected}: {}",
                context()
            );
        }
        (Comparison::Kind, Frame::Bulk(_), Frame::Bulk(_)) => {}
        (Comparison::Kind, Frame::Array(found), Frame::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{}", context());
        }
        _ => assert_eq!(found, expected, "{}", context()),
    }
}

/// What takes keys of one owner does nothing where they have two, and says so.
#[test]
fn a_request_for_keys_of_one_owner_is_refused_for_two() {
    let lab = Lab::started();
    let [one, other] = ["linux", "mac"].map(|owner| lab::key_of(owner, "k", 0));
    for name in lab::NAMES {
        let mut connection = lab.connect(name);
        connection.call(&["FLUSHALL"]);
        connection.call(&["SET", &one, "v"]);
        let requests: [&[&str]; 4] = [
            &["MSETNX", &other, "1", &one, "2"],
            &["RENAME", &one, &other],
            &["RENAMENX", &one, &other],
            &["COPY", &one, &other, "REPLACE"],
        ];
        for words in requests {
            let refused = lab::connection::error(&connection.call(words));
            let says = format!("CROSSSLOT {} takes keys of one owner", words[0]);
            assert!(refused.starts_with(&says), "{refused}");
            for part in ["is of linux", "of mac", "Nothing was done"] {
                let reversed = part.replace("is of linux", "of linux");
                assert!(refused.contains(&reversed), "{refused}");
            }
        }
        let values = connection.call(&["MGET", &one, &other]);
        assert_eq!(values, Frame::Array(vec![Frame::bulk(b"v"), Frame::Null]));
    }
}

/// A value that grows by parts is no longer than one that is sent whole.
#[test]
fn no_value_grows_beyond_what_a_node_takes() {
    let lab = Lab::started();
    let key = lab::key_of("android", "k", 0);
    let mut connection = lab.connect("mac");
    let refused = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    let most = triad::limits::VALUE_MAX_BYTES.to_string();
    let too_far = connection.call(&["SETRANGE", &key, &most, "v"]);
    assert_eq!(lab::connection::error(&too_far), refused);
    assert_eq!(connection.call(&["EXISTS", &key]), Frame::Integer(0));
    let last = (triad::limits::VALUE_MAX_BYTES - 1).to_string();
    let length = Frame::Integer(i64::try_from(triad::limits::VALUE_MAX_BYTES).unwrap());
    assert_eq!(connection.call(&["SETRANGE", &key, &last, "v"]), length);
    let one_more = connection.call(&["APPEND", &key, "v"]);
    assert_eq!(lab::connection::error(&one_more), refused);
    assert_eq!(connection.call(&["STRLEN", &key]), length);
}

#[test]
fn a_random_key_is_one_of_any_node() {
    let lab = Lab::started();
    let keys = lab::NAMES.map(|owner| lab::key_of(owner, "k", 0));
    for name in lab::NAMES {
        let mut connection = lab.connect(name);
        connection.call(&["FLUSHALL"]);
        assert_eq!(connection.call(&["RANDOMKEY"]), Frame::Null);
        for key in &keys {
            connection.call(&["SET", key, "v"]);
        }
        let mut found = std::collections::HashSet::new();
        // The rarest one is missed so often once in 10^15 times.
        for _ in 0..200 {
            let key = connection.call(&["RANDOMKEY"]);
            found.insert(lab::text(key.as_bytes().unwrap()));
        }
        assert_eq!(found, keys.iter().cloned().collect(), "through {name}");
    }
}
