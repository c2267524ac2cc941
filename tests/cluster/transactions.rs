//! Transactions: as Redis does them, through every node, wherever the keys are; and what is ours about them.

mod bounds;

use triad::resp::Frame;
use triad::storage::MemoryStorage;
use triad::storage::memory::Keep;
use triad::store::Fsync;

use crate::lab::connection::{bulk, error};
use crate::lab::redis_server::RedisServer;
use crate::lab::{Connection, Lab, NAMES, Proxy, key_of, memory};

/// Dialogues of two clients, each on a line of its own; `a`, `b` and `c` are keys of one owner. The first
/// client's requests begin with `1`.
const DIALOGUES: &[&str] = &[
    "1 MULTI|1 SET a 1|1 INCR a|1 GET a|1 EXEC|2 GET a",
    "1 MULTI|1 EXEC|1 EXEC|1 DISCARD",
    "1 MULTI|1 MULTI|1 SET a 1|1 EXEC|1 GET a",
    "1 MULTI|1 SET a 1|1 DISCARD|1 GET a|1 EXEC",
    "1 MULTI|1 SET a|1 SET b 2|1 EXEC|1 EXISTS b",
    "1 MULTI|1 NONSENSE|1 SET b 2|1 EXEC|1 EXISTS b|1 PING",
    "1 MULTI|1 NONSENSE|1 DISCARD|1 PING",
    "1 SET a text|1 MULTI|1 INCR a|1 SET b 2|1 SADD a m|1 EXEC|1 GET b",
    "1 MULTI|1 SADD a m n|1 SMEMBERS b|1 SISMEMBER a m|1 SCARD a|1 EXEC|1 TYPE a",
    "1 MULTI|1 MSET a 1 b 2|1 MGET a b c|1 DEL a b c|1 EXISTS a b|1 EXEC",
    "1 MULTI|1 SET a 1|1 RENAME a b|1 COPY b c|1 MSETNX a 1 b 2|1 EXEC|1 MGET a b c",
    "1 MULTI|1 PING|1 SET a 1|1 ECHO hello|1 GET a|1 PING again|1 EXEC",
    "1 MULTI|1 PING|1 ECHO x|1 EXEC",
    "1 MULTI|1 SELECT 0|1 SELECT 99|1 GET a|1 EXEC",
    "1 MULTI|1 WATCH a|1 SET a 1|1 EXEC|1 GET a",
    "1 MULTI|1 SAVE|1 EXEC",
    "1 MULTI|1 UNWATCH|1 SET a 1|1 EXEC",
    "1 WATCH a|1 MULTI|1 SET a 1|1 EXEC",
    "1 WATCH a|2 SET a other|1 MULTI|1 SET a 1|1 EXEC|1 GET a",
    "1 WATCH a|1 MULTI|1 SET a 1|2 SET a other|1 EXEC|1 GET a",
    "1 WATCH a b|2 SET b other|1 MULTI|1 SET a 1|1 EXEC|1 GET a",
    "1 WATCH a|2 SET b other|1 MULTI|1 SET a 1|1 EXEC|1 GET a",
    "1 SET a 1|1 WATCH a|2 SET a 1|1 MULTI|1 GET a|1 EXEC",
    "1 SET a 1|1 WATCH a|2 DEL a|2 SET a 1|1 MULTI|1 GET a|1 EXEC",
    "1 WATCH a|2 DEL a|1 MULTI|1 GET a|1 EXEC",
    "1 SADD a m|1 WATCH a|2 SREM a m|1 MULTI|1 GET a|1 EXEC",
    "1 SADD a m|1 WATCH a|2 SADD a m|1 MULTI|1 SCARD a|1 EXEC",
    "1 SET a 1|1 WATCH a|2 EXPIRE a 100|1 MULTI|1 GET a|1 EXEC",
    "1 SET a 1|1 WATCH a|2 GET a|1 MULTI|1 GET a|1 EXEC",
    "1 SET a 1|1 WATCH a|2 RENAME a b|1 MULTI|1 GET a|1 EXEC",
    "1 SET b 1|1 WATCH a|2 COPY b a|1 MULTI|1 GET a|1 EXEC",
    "1 SET a 1|1 WATCH a b|2 FLUSHALL|1 MULTI|1 GET a|1 EXEC",
    "1 WATCH a|2 FLUSHALL|1 MULTI|1 GET a|1 EXEC",
    "1 WATCH a|2 SET a other|1 UNWATCH|1 MULTI|1 GET a|1 EXEC",
    "1 WATCH a|2 SET a other|1 MULTI|1 DISCARD|1 MULTI|1 GET a|1 EXEC",
    "1 WATCH a|2 SET a other|1 MULTI|1 GET a|1 EXEC|1 MULTI|1 GET a|1 EXEC",
    "1 WATCH a|1 SET a mine|1 MULTI|1 GET a|1 EXEC",
    "1 WATCH a|2 SET a other|1 RESET|1 MULTI|1 GET a|1 EXEC",
    "1 MULTI|1 SET a 1|1 RESET|1 EXEC|1 GET a",
    "1 WATCH a|2 MULTI|2 SET a 2|2 EXEC|1 MULTI|1 GET a|1 EXEC",
    "1 WATCH a|2 MULTI|2 SET a 2|2 DISCARD|1 MULTI|1 SET a 1|1 EXEC",
    "1 WATCH|1 UNWATCH a|1 MULTI a|1 EXEC a|1 DISCARD a",
    "1 MULTI|1 EXEC a|1 SET a 1|1 EXEC",
    "1 MULTI|1 SET a v EX 0|1 SET a v EX 100|1 TTL b|1 EXEC",
];

/// Holds a dialogue, and returns the replies.
fn hold(
    dialogue: &str,
    protocol: &str,
    keys: &[String; 3],
    clients: &mut [Connection; 2],
) -> Vec<Frame<'static>> {
    for client in &mut *clients {
        client.call(&["RESET"]);
        client.call(&["HELLO", protocol]);
    }
    clients[1].call(&["FLUSHALL"]);
    let mut replies = Vec::new();
    for line in dialogue.split('|') {
        let (client, request) = line.split_once(' ').unwrap();
        let words = request.split(' ').map(|word| match word {
            "a" => &keys[0],
            "b" => &keys[1],
            "c" => &keys[2],
            word => word,
        });
        let words: Vec<&str> = words.collect();
        let client = usize::from(client != "1");
        replies.push(clients[client].call(&words));
    }
    replies
}

#[test]
fn dialogues_are_those_of_redis() {
    let Some(redis) = RedisServer::start() else {
        return;
    };
    let lab = Lab::started();
    for (at, owner) in NAMES.into_iter().enumerate() {
        let keys = [0, 1, 2].map(|n| key_of(owner, "k", n));
        for (place, entry) in NAMES.into_iter().enumerate() {
            let protocol = if (at + place) % 2 == 0 { "2" } else { "3" };
            // The second client is connected to another node.
            let other = NAMES[(place + 1) % 3];
            let mut ours = [lab.connect(entry), lab.connect(other)];
            let mut theirs = [redis.address; 2].map(Connection::open);
            for dialogue in DIALOGUES {
                let found = hold(dialogue, protocol, &keys, &mut ours);
                let expected = hold(dialogue, protocol, &keys, &mut theirs);
                let through = format!("{owner}'s keys through {entry}, RESP{protocol}");
                assert_eq!(found, expected, "{dialogue}: {through}");
            }
        }
    }
}

/// Clients match on the bytes: the reply of nothing is an array in RESP2.
#[test]
fn a_transaction_that_was_overtaken_is_a_null_array() {
    let lab = Lab::started();
    for owner in NAMES {
        let key = key_of(owner, "k", 0);
        for (protocol, expected) in [("2", "*-1\r\n"), ("3", "_\r\n")] {
            let mut client = lab.connect("mac");
            client.call(&["HELLO", protocol]);
            client.call(&["WATCH", &key]);
            lab.connect("linux").call(&["SET", &key, "other"]);
            client.call(&["MULTI"]);
            client.call(&["GET", &key]);
            client.send(&["EXEC"]);
            client.expect_bytes(expected.as_bytes(), owner);
        }
    }
}

#[test]
fn keys_of_two_owners_abort_a_transaction_of_which_nothing_is_done() {
    let lab = Lab::started();
    let [one, other] = ["linux", "mac"].map(|owner| key_of(owner, "k", 0));
    for entry in NAMES {
        let mut client = lab.connect(entry);
        let begin = |client: &mut Connection| {
            client.call(&["MULTI"]);
            assert_eq!(client.call(&["SET", &one, "1"]), Frame::simple("QUEUED"));
        };
        begin(&mut client);
        client.call(&["SET", &other, "1"]);
        let aborted = error(&client.call(&["EXEC"]));
        assert!(
            aborted.starts_with("EXECABORT a transaction takes keys of one owner"),
            "{aborted}"
        );
        for part in [
            &*format!("'{one}' is of linux"),
            &format!("'{other}' of mac"),
            "Nothing was done",
        ] {
            assert!(aborted.contains(part), "{aborted}");
        }
        // The same for a key that is watched, and for what concerns all nodes.
        client.call(&["WATCH", &other]);
        begin(&mut client);
        assert!(error(&client.call(&["EXEC"])).starts_with("EXECABORT a transaction takes"));
        for request in [
            &["DBSIZE"][..],
            &["KEYS", "*"],
            &["SCAN", "0"],
            &["FLUSHALL"],
            &["RANDOMKEY"],
        ] {
            begin(&mut client);
            client.call(request);
            let aborted = error(&client.call(&["EXEC"]));
            let says = format!("carried out by one node, and {} concerns all", request[0]);
            assert!(aborted.contains(&says), "{aborted}");
        }
        assert_eq!(client.call(&["EXISTS", &one, &other]), Frame::Integer(0));
        assert_eq!(error(&client.call(&["EXEC"])), "ERR EXEC without MULTI");
    }
}

/// What is about the node that was asked is answered by it, also where the keys are elsewhere.
#[test]
fn requests_about_the_node_stand_at_their_places() {
    let lab = Lab::started();
    let key = key_of("android", "k", 0);
    let mut client = lab.connect("linux");
    for words in [
        &["MULTI"][..],
        &["CLIENT", "SETNAME", "me"],
        &["SET", &key, "1"],
        &["CLIENT", "GETNAME"],
        &["TRIAD", "OWNER", &key],
        &["GET", &key],
        &["CONFIG", "GET", "triad-name"],
    ] {
        client.call(words);
    }
    let replies = client.call(&["EXEC"]);
    let setting = [bulk("triad-name"), bulk("linux")];
    let expected = [
        Frame::OK,
        Frame::OK,
        bulk("me"),
        bulk("android"),
        bulk("1"),
        Frame::Array(setting.into()),
    ];
    assert_eq!(replies, Frame::Array(expected.into()));
}

/// It is heard by subscribers on all nodes, and not if the transaction was not carried out.
#[test]
fn a_message_leaves_when_the_transaction_was_carried_out() {
    let lab = Lab::started();
    let mut subscribers = NAMES.map(|name| {
        let mut subscriber = lab.connect(name);
        subscriber.call(&["SUBSCRIBE", "news"]);
        subscriber
    });
    for owner in NAMES {
        let key = key_of(owner, "k", 0);
        let mut client = lab.connect("linux");
        for (watched, text) in [(true, "unheard"), (false, "heard")] {
            if watched {
                client.call(&["WATCH", &key]);
                lab.connect("mac").call(&["SET", &key, "other"]);
            }
            client.call(&["MULTI"]);
            client.call(&["SET", &key, text]);
            client.call(&["PUBLISH", "news", &format!("{text} of {owner}")]);
            client.call(&["GET", &key]);
            let expected = [Frame::OK, Frame::Integer(1), bulk(text)];
            let expected = if watched {
                Frame::Null
            } else {
                Frame::Array(expected.into())
            };
            assert_eq!(client.call(&["EXEC"]), expected, "{owner}");
        }
        for subscriber in &mut subscribers {
            let words = ["message", "news", &format!("heard of {owner}")].map(bulk);
            assert_eq!(subscriber.reply(), Frame::Array(words.into()));
        }
    }
}

/// One that only reads depends on what is there, and on nothing that nobody writes.
#[test]
fn a_transaction_without_writes_is_answered_at_once() {
    let mut lab = Lab::with_rules(&[("linux", serde_json::json!("remainder"))]);
    lab.start("linux");
    let mut client = lab.connect("linux");
    for words in [
        &["MULTI"][..],
        &["DBSIZE"],
        &["KEYS", "*"],
        &["TRIAD", "KEYS"],
    ] {
        client.call(words);
    }
    let nothing = Frame::Array(Vec::new());
    let expected = [Frame::Integer(0), nothing.clone(), nothing];
    assert_eq!(client.call(&["EXEC"]), Frame::Array(expected.into()));
}

/// Killed between any two fsyncs: all of its writes are there, or none.
#[test]
fn a_crash_takes_a_transaction_back_as_a_whole() {
    let lab = memory::alone();
    let disk = MemoryStorage::new();
    let node = memory::start(&lab, "linux", &disk, Fsync::Always);
    let mut writer = lab.connect("linux");
    writer.call(&["MSET", "from", "100", "to", "0"]);
    let held = memory::hold_syncs(&disk);
    for words in [
        &["MULTI"][..],
        &["DECRBY", "from", "30"],
        &["INCRBY", "to", "30"],
        &["SADD", "log", "30"],
    ] {
        assert_ne!(writer.call(words), Frame::Null);
    }
    writer.send(&["EXEC"]);
    disk.wait_for_held_sync();
    memory::settle(&lab, "linux");
    assert!(!writer.has_reply(), "acknowledged before the fsync");
    let crashes: Vec<_> = (0..40).map(|seed| disk.crash(Keep::Chosen(seed))).collect();
    drop(held);
    let done = [Frame::Integer(70), Frame::Integer(30), Frame::Integer(1)];
    assert_eq!(writer.reply(), Frame::Array(done.into()));
    let after = disk.crash(Keep::Nothing);
    node.stop().unwrap();

    let (mut wholes, mut nones) = (0, 0);
    for (disk, must) in crashes
        .iter()
        .map(|disk| (disk, false))
        .chain([(&after, true)])
    {
        let node = memory::start(&lab, "linux", disk, Fsync::Always);
        let mut reader = lab.connect("linux");
        let values = reader.call(&["MGET", "from", "to"]);
        let log = reader.call(&["SCARD", "log"]);
        let whole = (
            Frame::Array(vec![bulk("70"), bulk("30")]),
            Frame::Integer(1),
        );
        let nothing = (
            Frame::Array(vec![bulk("100"), bulk("0")]),
            Frame::Integer(0),
        );
        let found = (values, log);
        assert!(found == whole || (found == nothing && !must), "{found:?}");
        wholes += u32::from(found == whole);
        nones += u32::from(found == nothing);
        node.stop().unwrap();
    }
    assert!(wholes > 0 && nones > 0, "{wholes} wholes, {nones} nones");
}

/// The owner has forgotten what was watched on the link, so nobody knows whether it has changed.
#[test]
fn a_link_that_broke_after_the_watch_aborts_the_transaction() {
    let mut lab = Lab::new();
    let proxy = Proxy::to(lab.address("mac"));
    lab.start("mac");
    lab.start("android");
    lab.start_through("linux", &[("mac", &proxy)]);
    lab.wait_until_linked();
    let key = key_of("mac", "k", 0);
    let mut client = lab.connect("linux");
    client.call(&["WATCH", &key]);
    proxy.cut();
    proxy.mend();
    crate::lab::eventually("the link is made again", || {
        lab.connect("linux")
            .call(&["SET", &key_of("mac", "k", 1), "1"])
            == Frame::OK
    });
    client.call(&["MULTI"]);
    client.call(&["SET", &key, "1"]);
    assert_eq!(client.call(&["EXEC"]), Frame::Null);
    client.call(&["WATCH", &key]);
    client.call(&["MULTI"]);
    client.call(&["SET", &key, "1"]);
    assert_eq!(client.call(&["EXEC"]), Frame::Array(vec![Frame::OK]));
}

#[test]
fn an_owner_that_cannot_be_reached_is_told_and_the_transaction_is_forgotten() {
    let mut lab = Lab::started();
    let key = key_of("android", "k", 0);
    let mut client = lab.connect("linux");
    client.call(&["MULTI"]);
    client.call(&["SET", &key, "1"]);
    lab.kill("android");
    crate::lab::eventually("it is missed", || {
        let reply = lab.connect("linux").call(&["GET", &key]);
        matches!(reply, Frame::Error(text) if text.starts_with("UNREACHABLE"))
    });
    assert!(error(&client.call(&["EXEC"])).starts_with("UNREACHABLE android "));
    assert_eq!(error(&client.call(&["EXEC"])), "ERR EXEC without MULTI");
}

/// Keys are forgotten with the connection that watched them.
#[test]
fn a_connection_that_ends_leaves_nothing_watched() {
    let lab = Lab::started();
    let keys = NAMES.map(|owner| key_of(owner, "k", 0));
    let watched = |lab: &Lab| NAMES.map(|name| lab.connect(name).info("watched_keys"));
    let mut clients: Vec<_> = NAMES.iter().map(|name| lab.connect(name)).collect();
    for client in &mut clients {
        assert_eq!(
            client.call(&["WATCH", &keys[0], &keys[1], &keys[2]]),
            Frame::OK
        );
    }
    crate::lab::eventually("each node knows its own", || watched(&lab) == [1; 3]);
    drop(clients);
    crate::lab::eventually("they are forgotten", || watched(&lab) == [0; 3]);
}

/// What the entry node answers by itself waits for its own disk, wherever the keys are.
#[test]
fn a_reply_about_the_asked_node_waits_for_that_nodes_disk() {
    let lab = Lab::new();
    let disk = MemoryStorage::new();
    let owner = memory::start(&lab, "mac", &MemoryStorage::new(), Fsync::Always);
    let entry = memory::start(&lab, "linux", &disk, Fsync::Always);
    memory::wait_for_link(&lab, "linux", "mac");
    let (own, others) = (key_of("linux", "k", 0), key_of("mac", "k", 0));
    let [mut writer, mut client, mut third] = [(); 3].map(|()| lab.connect("linux"));
    let held = memory::hold_syncs(&disk);
    writer.send(&["SET", &own, "1"]);
    disk.wait_for_held_sync();
    client.call(&["MULTI"]);
    client.call(&["TRIAD", "HOLDS", &own]);
    client.call(&["GET", &others]);
    client.send(&["EXEC"]);
    memory::settle(&lab, "linux");
    // Behind the transaction on the same link: so its replies have come.
    assert_eq!(third.call(&["GET", &others]), Frame::Null);
    memory::settle(&lab, "linux");
    assert!(!client.has_reply(), "of a write that is not durable");
    drop(held);
    let replies = [Frame::Integer(1), Frame::Null];
    assert_eq!(client.reply(), Frame::Array(replies.into()));
    entry.stop().unwrap();
    owner.stop().unwrap();
}

#[test]
fn what_writes_to_the_asked_node_alone_is_no_part_of_a_transaction() {
    let lab = memory::alone();
    let node = memory::start(&lab, "linux", &MemoryStorage::new(), Fsync::Always);
    let mut client = lab.connect("linux");
    for request in [
        &["TRIAD", "OFFER", "k", "1"][..],
        &["TRIAD", "RELEASE", "k"],
    ] {
        client.call(&["MULTI"]);
        let refused = error(&client.call(request));
        assert_eq!(refused, "ERR Command not allowed inside a transaction");
        assert!(error(&client.call(&["EXEC"])).starts_with("EXECABORT "));
    }
    assert_eq!(client.call(&["EXISTS", "k"]), Frame::Integer(0));
    node.stop().unwrap();
}

#[test]
fn a_client_does_not_watch_in_the_name_of_others() {
    let lab = memory::alone();
    let node = memory::start(&lab, "linux", &MemoryStorage::new(), Fsync::Always);
    let mut client = lab.connect("linux");
    for request in [
        &["TRIAD", "WATCH", "7", "k"][..],
        &["TRIAD", "UNWATCH", "7"],
        &["TRIAD", "EXEC", "7", "0", "3", "SET", "k", "1"],
    ] {
        let refused = error(&client.call(request));
        assert!(
            refused.starts_with("ERR only another node asks this"),
            "{refused}"
        );
    }
    assert_eq!(client.info("watched_keys"), 0);
    assert_eq!(client.call(&["EXISTS", "k"]), Frame::Integer(0));
    node.stop().unwrap();
}
