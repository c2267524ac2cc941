//! What is seen ahead at a place is what comes at that place.

use proptest::prelude::*;
use triad::limits::LOOK_AHEAD_REQUESTS_MAX;
use triad::resp::{Next, RequestDecoder, RequestLimits};

use crate::array_request;
use crate::generate::{cases, pipeline};

/// The second words seen ahead, and those that came at the places where they had been seen.
fn seen_and_come(bytes: &[u8], passed: usize) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let mut decoder = RequestDecoder::new(RequestLimits::default());
    decoder.buffer().extend_from_slice(bytes);
    for _ in 0..passed {
        let _ = decoder.next();
    }
    let ahead = decoder.second_words_ahead();
    let mut ahead: Vec<_> = ahead.map(|(place, word)| (place, word.to_vec())).collect();
    let seen = ahead.iter().map(|(_, word)| word.clone()).collect();
    let mut come = Vec::new();
    while let Ok(Next::Request(request)) = decoder.next() {
        ahead.retain(|(place, word)| {
            let is_there = request.place(1) == Some(*place);
            if is_there {
                assert_eq!(request.args().get(1), Some(word.as_slice()));
                come.push(word.clone());
            }
            !is_there
        });
    }
    (seen, come)
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn words_seen_ahead_come_where_they_were_seen((bytes, _) in pipeline(), passed in 0_usize..3) {
        let (seen, come) = seen_and_come(&bytes, passed);
        prop_assert_eq!(seen, come);
    }
}

/// Whether they have keys or not: who sends only such that have none may not have each looked at again
/// and again.
#[test]
fn no_more_requests_are_looked_at_than_the_limit() {
    let ping = array_request(&[b"PING"]).0;
    let get = array_request(&[b"GET", b"a"]).0;
    for (pings, seen) in [
        (LOOK_AHEAD_REQUESTS_MAX - 1, 1),
        (LOOK_AHEAD_REQUESTS_MAX, 0),
    ] {
        let bytes = [ping.repeat(pings), get.clone()].concat();
        assert_eq!(seen_and_come(&bytes, 0).0.len(), seen);
    }
}

#[test]
fn the_next_keys_of_a_usual_pipeline_are_seen() {
    let keys: Vec<_> = (0..100).map(|n| format!("key:{n}").into_bytes()).collect();
    let get = |key: &Vec<u8>| array_request(&[b"GET", key]).0;
    let bytes = keys.iter().flat_map(get).collect::<Vec<_>>();
    let (seen, come) = seen_and_come(&bytes, 10);
    assert_eq!(seen, keys[10..10 + LOOK_AHEAD_REQUESTS_MAX]);
    assert_eq!(come, seen);
}
