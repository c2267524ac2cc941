//! Keys that last for a while: gone at once for every reader, removed by themselves, gone after a restart.

use std::time::{SystemTime, UNIX_EPOCH};

use triad::resp::Frame;

use crate::lab::connection::{bulk, request};
use crate::lab::{Connection, Lab, NAMES, eventually, key_of};

/// Of each node a string and a set, which last as long as they are told to.
fn keys() -> Vec<[String; 2]> {
    NAMES
        .map(|owner| [0, 1].map(|n| key_of(owner, "k", n)))
        .into()
}

fn set_all(connection: &mut Connection, ms: &str) {
    for [string, set] in keys() {
        assert_eq!(connection.call(&["SET", &string, "v", "PX", ms]), Frame::OK);
        assert_eq!(connection.call(&["SADD", &set, "m"]), Frame::Integer(1));
        assert_eq!(connection.call(&["PEXPIRE", &set, ms]), Frame::Integer(1));
    }
}

fn unix_ms() -> u128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_millis()
}

/// Asked for at their moment, not when somebody has removed them.
#[test]
fn a_key_is_gone_for_every_reader_at_its_moment() {
    let lab = Lab::started();
    let mut readers = NAMES.map(|name| lab.connect(name));
    for owner in NAMES {
        let key = key_of(owner, "k", 0);
        // What was read before the moment must be there, and what was read after it must not.
        let moment = unix_ms() + 150;
        readers[0].call(&["SET", &key, "v", "PXAT", &moment.to_string()]);
        let (mut was_there, mut is_gone) = (0, 0);
        while is_gone < 30 {
            for (reader, name) in readers.iter_mut().zip(NAMES) {
                let before = unix_ms();
                let value = reader.call(&["GET", &key]);
                let after = unix_ms();
                if after < moment {
                    assert_eq!(value, bulk("v"), "{owner}'s key through {name}");
                    was_there += 1;
                } else if before >= moment {
                    assert_eq!(value, Frame::Null, "{owner}'s key through {name}");
                    is_gone += 1;
                }
            }
        }
        assert!(was_there > 0, "it was never read before its moment");
    }
}

#[test]
fn what_has_expired_is_removed_by_itself() {
    let lab = Lab::started();
    let mut client = lab.connect("mac");
    client.call(&["SET", "stays", "v"]);
    set_all(&mut client, "100");
    // Nobody asks for the keys: they are counted, as they are until they are removed.
    eventually("they are removed", || {
        client.call(&["DBSIZE"]) == Frame::Integer(1)
    });
    for name in NAMES {
        let mut node = lab.connect(name);
        assert_eq!(node.info("expired_keys"), 2, "{name}");
    }
}

/// More than are removed at a time.
#[test]
fn many_that_expire_at_once_are_all_removed() {
    let mut lab = Lab::with_rules(&[("linux", serde_json::json!("remainder"))]);
    lab.start_with("linux", &["--fsync", "never"]);
    let mut client = lab.connect("linux");
    let moment = (unix_ms() + 1_500).to_string();
    let count = 20_000;
    let set = |n: usize| request(&["SET", &format!("k{n}"), "v", "PXAT", &moment]);
    client.send_bytes(&(0..count).flat_map(set).collect::<Vec<u8>>());
    for _ in 0..count {
        assert_eq!(client.reply(), Frame::OK);
    }
    client.call(&["SET", "stays", "v"]);
    eventually("all are removed", || {
        client.call(&["DBSIZE"]) == Frame::Integer(1)
    });
    assert_eq!(client.info("expired_keys"), 20_000);
}

#[test]
fn what_has_expired_stays_gone_after_a_restart() {
    let mut lab = Lab::started();
    let mut client = lab.connect("linux");
    set_all(&mut client, "1500");
    let mut later = Vec::new();
    for owner in NAMES {
        let key = key_of(owner, "later", 0);
        client.call(&["SET", &key, "v", "EX", "1000"]);
        later.push((client.call(&["PEXPIRETIME", &key]), key));
    }
    // Some while they are down, some while they are up; killed, so that only the journal knows.
    for name in NAMES {
        lab.kill(name);
    }
    let moment = unix_ms() + 1_500;
    eventually("the moment has come", || unix_ms() > moment);
    lab.start_all();
    for name in NAMES {
        let mut reader = lab.connect(name);
        for [string, set] in keys() {
            assert_eq!(reader.call(&["GET", &string]), Frame::Null);
            assert_eq!(reader.call(&["SMEMBERS", &set]), Frame::Array(vec![]));
            assert_eq!(reader.call(&["TTL", &set]), Frame::Integer(-2));
        }
        for (time, key) in &later {
            assert_eq!(&reader.call(&["PEXPIRETIME", key]), time, "it is as it was");
        }
    }
    let mut client = lab.connect("linux");
    eventually("they are removed", || {
        client.call(&["DBSIZE"]) == Frame::Integer(3)
    });
}
