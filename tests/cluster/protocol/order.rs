//! Replies come back in the order of the requests, wherever the keys are.

use triad::resp::Frame;

use crate::lab::connection::{bulk, request};
use crate::lab::{self, Connection, Lab};

const REQUESTS: usize = 10_000;

/// Requests of all kinds in a fixed muddle, with the replies that they must get: `model` is what a
/// single table would hold.
fn mixed(keys: &[String]) -> (Vec<u8>, Vec<Frame<'static>>) {
    let mut model: Vec<Option<String>> = vec![None; keys.len()];
    let (mut bytes, mut replies) = (Vec::new(), Vec::new());
    // Two numbers without a common divisor walk over every pair of key and kind.
    for n in 0..REQUESTS {
        let (i, j) = (n * 7 % keys.len(), n * 11 % keys.len());
        let value = n.to_string();
        let frame = |value: &Option<String>| value.as_ref().map_or(Frame::Null, bulk);
        let (words, reply): (Vec<&str>, _) = match n % 8 {
            0 | 4 => {
                model[i] = Some(value.clone());
                (vec!["SET", &keys[i], &value], Frame::OK)
            }
            1 | 5 => (vec!["GET", &keys[i]], frame(&model[i])),
            2 => {
                let values = [frame(&model[i]), frame(&model[j])];
                (vec!["MGET", &keys[i], &keys[j]], Frame::array(values))
            }
            3 => (vec!["PING", &value], bulk(&value)),
            6 => {
                model[i] = Some(value.clone());
                model[j] = Some(value.clone());
                (vec!["MSET", &keys[i], &value, &keys[j], &value], Frame::OK)
            }
            _ => {
                let there = i64::from(model[j].take().is_some());
                (vec!["DEL", &keys[j]], Frame::Integer(there))
            }
        };
        bytes.extend(request(&words));
        replies.push(reply);
    }
    (bytes, replies)
}

/// A client that writes everything before it reads would wait for ever once both buffers are full, so
/// writing has a thread of its own.
fn run(mut connection: Connection, bytes: &[u8], replies: &[Frame<'_>], what: &str) {
    let mut writer = connection.second();
    std::thread::scope(|scope| {
        scope.spawn(move || writer.send_bytes(bytes));
        for (n, expected) in replies.iter().enumerate() {
            assert_eq!(connection.reply(), *expected, "reply {n} {what}");
        }
    });
}

#[test]
fn ten_thousand_mixed_requests_in_one_pipeline() {
    let lab = Lab::started();
    for name in lab::NAMES {
        let prefix = format!("{name}-");
        let keys: Vec<_> = (0..31)
            .map(|n| lab::key_of(lab::NAMES[n % 3], &prefix, n))
            .collect();
        let (bytes, replies) = mixed(&keys);
        run(lab.connect(name), &bytes, &replies, name);
    }
}

#[test]
fn pipelines_through_all_nodes_at_the_same_time() {
    let lab = Lab::started();
    std::thread::scope(|scope| {
        for name in lab::NAMES {
            let lab = &lab;
            scope.spawn(move || {
                let key = |n| lab::key_of(lab::NAMES[n % 3], &format!("at-once-{name}-"), n);
                let keys: Vec<_> = (0..31).map(key).collect();
                let (bytes, replies) = mixed(&keys);
                run(lab.connect(name), &bytes, &replies, name);
            });
        }
    });
}

/// The same with every request cut at odd places, as a network may cut them.
#[test]
fn a_pipeline_in_small_pieces() {
    let lab = Lab::started();
    let keys: Vec<_> = (0..31)
        .map(|n| lab::key_of(lab::NAMES[n % 3], "piece", n))
        .collect();
    let (bytes, replies) = mixed(&keys);
    let mut connection = lab.connect("android");
    let mut writer = connection.second();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for piece in bytes.chunks(13) {
                writer.send_bytes(piece);
            }
        });
        for (n, expected) in replies.iter().enumerate() {
            assert_eq!(connection.reply(), *expected, "reply {n}");
        }
    });
}
