//! How much a transaction holds, writes and watches.

use triad::limits::{TRANSACTION_WRITES_MAX_BYTES, VALUE_MAX_BYTES, WATCHED_KEYS_MAX};
use triad::resp::Frame;
use triad::storage::MemoryStorage;
use triad::store::Fsync;

use crate::lab::connection::error;
use crate::lab::{Lab, NAMES, key_of, memory};

#[test]
fn a_transaction_that_is_too_large_is_refused_and_the_connection_goes_on() {
    let lab = Lab::started();
    let key = key_of("mac", "k", 0);
    let mut client = lab.connect("linux");
    client.call(&["MULTI"]);
    let value = "v".repeat(7 * 1024 * 1024);
    let replies: Vec<_> = (0..10)
        .map(|_| client.call(&["SET", &key, &value]))
        .collect();
    assert_eq!(replies[8], Frame::simple("QUEUED"));
    assert!(error(&replies[9]).starts_with("ERR the transaction is too large"));
    assert!(error(&client.call(&["EXEC"])).starts_with("EXECABORT"));
    assert_eq!(client.call(&["EXISTS", &key]), Frame::Integer(0));
}

#[test]
fn more_keys_than_a_connection_may_watch_are_refused_and_none_of_them_is_watched() {
    let lab = Lab::started();
    let mut client = lab.connect("linux");
    let watch = |count: usize| -> Vec<String> {
        let keys = (0..count).map(|number| format!("key:{number}"));
        std::iter::once("WATCH".to_owned()).chain(keys).collect()
    };
    let refused = error(&client.call(&watch(WATCHED_KEYS_MAX + 1)));
    assert!(
        refused.starts_with("ERR a connection watches at most"),
        "{refused}"
    );
    let watched = || NAMES.map(|name| lab.connect(name).info("watched_keys"));
    assert_eq!(watched(), [0; 3]);
    assert_eq!(client.call(&watch(WATCHED_KEYS_MAX)), Frame::OK);
    assert_eq!(watched().iter().sum::<u64>(), WATCHED_KEYS_MAX as u64);
    assert!(matches!(client.call(&watch(1)), Frame::Error(_)));
    assert_eq!(client.call(&["UNWATCH"]), Frame::OK);
    assert_eq!(client.call(&watch(1)), Frame::OK);
}

/// A request of a few bytes can write a whole value, and all of a transaction is held until its end.
#[test]
fn a_transaction_that_writes_too_much_stops_writing_and_answers_the_rest() {
    let lab = memory::alone();
    let node = memory::start(&lab, "linux", &MemoryStorage::new(), Fsync::Never);
    let mut client = lab.connect("linux");
    let value = "v".repeat(VALUE_MAX_BYTES - 1_000);
    client.call(&["SET", "k", &value]);
    let fitting = TRANSACTION_WRITES_MAX_BYTES / value.len() + 1;
    client.call(&["MULTI"]);
    for _ in 0..fitting + 2 {
        client.call(&["APPEND", "k", "x"]);
    }
    client.call(&["STRLEN", "k"]);
    let Frame::Array(replies) = client.call(&["EXEC"]) else {
        panic!("an array");
    };
    let length = |more| Frame::Integer(i64::try_from(value.len() + more).unwrap());
    for (number, reply) in replies.iter().enumerate().take(fitting) {
        assert_eq!(*reply, length(number + 1));
    }
    for reply in &replies[fitting..fitting + 2] {
        assert!(error(reply).contains("may write; this one was not carried out"));
    }
    assert_eq!(replies[fitting + 2..], [length(fitting)]);
    assert_eq!(client.call(&["APPEND", "k", "x"]), length(fitting + 1));
    node.stop().unwrap();
}
