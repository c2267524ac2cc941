//! What happens to keys is told by the names that Redis has for it, wherever the key is.

use std::net::SocketAddr;

use triad::resp::Frame;

use super::{event, heard, listening, words};
use crate::lab::redis_server::RedisServer;
use crate::lab::{Connection, Lab, NAMES, key_of};

/// Requests about the keys `A` to `D` and `N`, which is never there, each with the events that it brings about.
/// The keys are one node's.
const HAPPENINGS: &[(&str, &str)] = &[
    ("SET A 1", "new A, set A"),
    ("SET A 2", "set A"),
    ("SET B 1 NX", "new B, set B"),
    ("SET B 1 NX", ""),
    ("SET N 1 XX", ""),
    ("SET A 1 GET", "set A"),
    ("SET N 1 XX GET", "keymiss N"),
    ("SETNX C 1", "new C, set C"),
    ("SETNX C 1", ""),
    ("GETSET D 1", "keymiss D, new D, set D"),
    ("GETSET D 2", "set D"),
    ("GETDEL D", "del D"),
    ("GETDEL D", "keymiss D"),
    ("MSET A 1 D 2", "set A, new D, set D"),
    ("MSETNX A 1 N 2", ""),
    ("DEL C D N", "del C, del D"),
    ("MSETNX C 1 D 2", "new C, set C, new D, set D"),
    ("APPEND A x", "append A"),
    ("UNLINK D", "del D"),
    ("APPEND D x", "new D, append D"),
    ("APPEND D ", "append D"),
    ("SETRANGE D 1 yy", "setrange D"),
    ("SETRANGE D 1 ", ""),
    ("SETRANGE N 0 ", ""),
    ("INCR B", "incrby B"),
    ("DECR B", "incrby B"),
    ("INCRBY B 2", "incrby B"),
    ("DECRBY B 2", "incrby B"),
    ("INCR A", ""),
    ("INCRBYFLOAT B 1.5", "incrbyfloat B"),
    ("DEL B C", "del B, del C"),
    ("INCRBYFLOAT B 1", "new B, incrbyfloat B"),
    ("INCR C", "new C, incrby C"),
    ("DEL C", "del C"),
    ("RENAME B C", "new C, rename_from B, rename_to C"),
    ("RENAME C A", "new A, rename_from C, rename_to A"),
    ("RENAME A A", ""),
    ("RENAMENX A D", ""),
    ("RENAMENX A B", "new B, rename_from A, rename_to B"),
    ("RENAME N A", ""),
    ("COPY B A", "new A, copy_to A"),
    ("COPY B A", ""),
    ("COPY B A REPLACE", "new A, copy_to A"),
    ("COPY N A", "keymiss N"),
    ("GET A", ""),
    ("GET N", "keymiss N"),
    ("MGET N A N", "keymiss N, keymiss N"),
    ("STRLEN N", "keymiss N"),
    ("GETRANGE N 0 1", "keymiss N"),
    ("SUBSTR N 0 1", "keymiss N"),
    ("EXISTS N A", "keymiss N"),
    ("TOUCH N", "keymiss N"),
    ("TYPE N", "keymiss N"),
    ("SET A 1 EX 100", "set A, expire A"),
    ("SET A 1 KEEPTTL", "set A"),
    ("SETEX C 100 1", "new C, set C, expire C"),
    ("PSETEX C 100000 1", "set C, expire C"),
    ("GETEX C", ""),
    ("GETEX C PERSIST", "persist C"),
    ("GETEX C PERSIST", ""),
    ("GETEX C EX 100", "expire C"),
    ("GETEX N EX 100", "keymiss N"),
    ("GETEX C EXAT 1", "del C"),
    ("EXPIRE A 100", "expire A"),
    ("EXPIRE A 100 NX", ""),
    ("PEXPIREAT A 4000000000000", "expire A"),
    ("EXPIRE N 100", ""),
    ("PERSIST A", "persist A"),
    ("PERSIST A", ""),
    ("EXPIRE A -1", "del A"),
    ("TTL N", "keymiss N"),
    ("PTTL N", "keymiss N"),
    ("EXPIRETIME N", "keymiss N"),
    ("SADD A x y z", "new A, sadd A"),
    ("SADD A x", ""),
    ("SREM A none", ""),
    ("SREM A x", "srem A"),
    ("SPOP A", "spop A"),
    ("SPOP A 0", ""),
    ("SREM A y z", "srem A, del A"),
    ("SADD A x y", "new A, sadd A"),
    ("SPOP A 2", "spop A, del A"),
    ("SADD A x", "new A, sadd A"),
    ("SPOP A", "spop A, del A"),
    ("SPOP N", ""),
    ("SPOP N 2", ""),
    ("SMEMBERS N", "keymiss N"),
    ("SISMEMBER N x", "keymiss N"),
    ("SMISMEMBER N x", "keymiss N"),
    ("SCARD N", "keymiss N"),
    ("SRANDMEMBER N", "keymiss N"),
    ("SRANDMEMBER N 2", "keymiss N"),
    ("SSCAN N 0", "keymiss N"),
    ("SREM N x", ""),
    ("SADD B x", ""),
    ("SADD C x", "new C, sadd C"),
    ("RENAME C A", "new A, rename_from C, rename_to A"),
    ("COPY A C", "new C, copy_to C"),
    ("SET C 1", "set C"),
];

/// The request with the keys of `owner` in the place of their letters.
fn with_keys(text: &str, owner: &str) -> Vec<String> {
    let word = |word: &str| match word {
        "A" | "B" | "C" | "D" | "N" => key_of(owner, &format!("{word}:"), 0),
        word => word.to_owned(),
    };
    text.split(' ').map(word).collect()
}

/// Carries out all requests at `through`, and checks what is told at `at`.
fn check(at: SocketAddr, through: SocketAddr, owner: &str) {
    let mut subscriber = Connection::open(at);
    let set = ["CONFIG", "SET", "notify-keyspace-events", "KEAmn"];
    assert_eq!(subscriber.call(&set), Frame::OK);
    subscriber.call(&["PSUBSCRIBE", "__key*@0__:*"]);
    let mut client = Connection::open(through);
    let end = key_of(owner, "end:", 0);
    for (request, events) in HAPPENINGS {
        client.call(&with_keys(request, owner));
        let events = events.split(", ").filter(|event| !event.is_empty());
        let whole: Vec<_> = events.map(|event| with_keys(event, owner)).collect();
        // What comes first after this is all that came of the request.
        client.call(&["SET", &end, "1"]);
        client.call(&["DEL", &end]);
        let last = ["new", "set", "del"].map(|name| vec![name.to_owned(), end.clone()]);
        for event in whole.iter().chain(&last) {
            let [name, key] = event.as_slice() else {
                panic!("not an event: {event:?}")
            };
            let of_key = [
                "pmessage",
                "__key*@0__:*",
                &format!("__keyspace@0__:{key}"),
                name,
            ];
            assert_eq!(heard(&mut subscriber), of_key, "{request} of {owner}");
            let of_event = [
                "pmessage",
                "__key*@0__:*",
                &format!("__keyevent@0__:{name}"),
                key,
            ];
            assert_eq!(heard(&mut subscriber), of_event, "{request} of {owner}");
        }
    }
    client.call(&["FLUSHALL"]);
    assert_eq!(words(&subscriber.call(&["PING"])), ["pong", ""]);
}

#[test]
fn events_of_each_owner_are_told_on_each_node() {
    let lab = Lab::started();
    for owner in NAMES {
        for (at, through) in NAMES.iter().zip(["mac", "android", "linux"]) {
            check(lab.address(at), lab.address(through), owner);
        }
    }
}

/// The table is compared with the server that it speaks of.
#[test]
fn redis_itself_tells_so() {
    if let Some(server) = RedisServer::start() {
        check(server.address, server.address, "linux");
    }
}

/// Nobody has asked for it.
#[test]
fn a_key_whose_time_has_come_is_told_of() {
    let lab = Lab::started();
    let mut subscriber = lab.connect("mac");
    subscriber.call(&["CONFIG", "SET", "notify-keyspace-events", "Ex"]);
    subscriber.call(&["PSUBSCRIBE", "__keyevent@0__:*"]);
    for owner in NAMES {
        let key = key_of(owner, "k", 0);
        lab.connect("linux").call(&["SET", &key, "1", "PX", "20"]);
        assert_eq!(subscriber.reply(), event("expired", &key));
    }
}

#[test]
fn requests_of_several_owners_are_told_by_each() {
    let lab = Lab::started();
    let mut subscriber = listening(&lab, "mac");
    let keys = NAMES.map(|owner| key_of(owner, "k", 0));
    let mut client = lab.connect("android");
    client.call(&["MSET", &keys[0], "1", &keys[1], "1", &keys[2], "1"]);
    client.call(&["DEL", &keys[0], &keys[1], &keys[2]]);
    let mut told: Vec<_> = (0..6).map(|_| subscriber.reply()).collect();
    for key in &keys {
        for name in ["set", "del"] {
            let place = told.iter().position(|told| *told == event(name, key));
            told.remove(place.unwrap_or_else(|| panic!("{name} {key} is not among {told:?}")));
        }
    }
}

#[test]
fn each_node_tells_by_its_own_setting() {
    let lab = Lab::started();
    let key = key_of("linux", "k", 0);
    let mut subscribers =
        [("linux", "Kg"), ("mac", "E$"), ("android", "")].map(|(name, letters)| {
            let mut connection = lab.connect(name);
            connection.call(&["CONFIG", "SET", "notify-keyspace-events", letters]);
            connection.call(&["PSUBSCRIBE", "*"]);
            connection
        });
    let mut client = lab.connect("mac");
    for words in [&["SET", &key, "1"][..], &["GET", &key], &["DEL", &key]] {
        client.call(words);
    }
    // Behind all events of that owner, for the nodes' links are first in, first out.
    let told = lab.connect("linux").call(&["PUBLISH", "end", "text"]);
    assert_eq!(told, Frame::Integer(3));
    let of_key = format!("__keyspace@0__:{key}");
    let expected = [
        Some(["pmessage", "*", &of_key, "del"]),
        Some(["pmessage", "*", "__keyevent@0__:set", &key]),
        None,
    ];
    for (subscriber, expected) in subscribers.iter_mut().zip(expected) {
        let mut told = [heard(subscriber)].to_vec();
        if expected.is_some() {
            told.push(heard(subscriber));
        }
        // A push and a request of one pair of nodes go by two links, so that either may be first.
        told.retain(|words| words[2] != "end");
        assert_eq!(told, expected.into_iter().collect::<Vec<_>>());
    }
}

/// The setting counts from the moment when it is changed, for those who are subscribed already.
#[test]
fn a_setting_that_is_changed_holds_for_present_subscribers() {
    let lab = Lab::started();
    let mut subscriber = lab.connect("mac");
    subscriber.call(&["PSUBSCRIBE", "__keyevent@0__:*"]);
    let mut client = lab.connect("mac");
    let mine = key_of("mac", "k", 0);
    client.call(&["SET", &mine, "1"]);
    client.call(&["CONFIG", "SET", "notify-keyspace-events", "Eg"]);
    client.call(&["SET", &mine, "1"]);
    client.call(&["DEL", &mine]);
    assert_eq!(subscriber.reply(), event("del", &mine));
    // Requests for a peer go on the link behind what it was told.
    let theirs = key_of("linux", "k", 0);
    client.call(&["MSET", &mine, "1", &theirs, "1"]);
    client.call(&["DEL", &theirs]);
    assert_eq!(subscriber.reply(), event("del", &theirs));
    client.call(&["CONFIG", "SET", "notify-keyspace-events", ""]);
    client.call(&["DEL", &mine]);
    assert_eq!(words(&subscriber.call(&["PING"])), ["pong", ""]);
}
