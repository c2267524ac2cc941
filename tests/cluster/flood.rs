//! Clients that ask for more than they read, and for more than a node can do at once.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::thread;

use triad::limits::{LINK_QUEUE_MAX_BYTES, WINDOW_REPLY_BYTES, WINDOW_REQUESTS};
use triad::placement::Placement;
use triad::resp::Frame;

use crate::lab::connection::{bulk, error};
use crate::lab::{Connection, Lab, NAMES, eventually, key_of, memory};

const MIB: usize = 1024 * 1024;

/// What a node may take at most, in all of these tests.
const MEMORY_MAX_BYTES: u64 = 256 * MIB as u64;

/// Every node answers for keys of every node.
fn assert_served(lab: &Lab, names: &[&str]) {
    for via in names {
        let mut client = lab.connect(via);
        for owner in names {
            let key = key_of(owner, "small", 0);
            assert_eq!(
                client.call(&["SET", &key, via]),
                Frame::OK,
                "{owner}'s key through {via}"
            );
            assert_eq!(
                client.call(&["GET", &key]),
                bulk(via),
                "{owner}'s key through {via}"
            );
        }
    }
}

#[test]
fn two_nodes_that_flood_each_other_for_clients_that_do_not_read_go_on_serving() {
    let lab = Lab::started();
    let large = "x".repeat(MIB);
    let pairs = [("linux", "mac"), ("mac", "linux")];
    for (via, owner) in pairs {
        let key = key_of(owner, "large", 0);
        assert_eq!(lab.connect(via).call(&["SET", &key, &large]), Frame::OK);
    }
    let mut idlers: Vec<Connection> = Vec::new();
    for _ in 0..2 {
        for (via, owner) in pairs {
            let (read, written) = (key_of(owner, "large", 0), key_of(owner, "large", 1));
            let mut idler = lab.connect(via);
            for _ in 0..100 {
                idler.send(&["GET", &read]);
            }
            idlers.push(idler);
            let mut idler = lab.connect(via);
            for _ in 0..8 {
                idler.send(&["SET", &written, &large]);
                idler.send(&["GET", &written]);
            }
            idlers.push(idler);
        }
    }
    assert_served(&lab, &NAMES);
    for name in NAMES {
        let bytes = lab.connect(name).info("used_memory");
        assert!(
            bytes < MEMORY_MAX_BYTES,
            "{name} has {bytes} bytes in memory"
        );
    }
    // Those who read after all get what they asked for, in order.
    for idler in &mut idlers {
        assert!(
            matches!(idler.reply(), Frame::Bulk(value) if value.len() == MIB)
                || idler.reply() == bulk(&large)
        );
    }
}

#[test]
fn a_peer_that_does_not_read_is_not_read() {
    let mut lab = Lab::new();
    lab.start("android");
    let key = key_of("android", "k", 0);
    let mut client = lab.connect("android");
    assert_eq!(client.call(&["SET", &key, &"x".repeat(MIB)]), Frame::OK);
    let fingerprint = Placement::built_in().fingerprint().to_owned();
    let mut peer = lab.connect("android");
    peer.call(&[
        "TRIAD",
        "PEER",
        "1",
        "linux",
        "0123456789abcdef",
        "1",
        &fingerprint,
    ]);
    for _ in 0..1000 {
        peer.send(&["GET", &key]);
    }
    // Each request here gives the link its turn: it does meanwhile what it is going to do.
    for _ in 0..5 {
        memory::settle(&lab, "android");
    }
    assert_eq!(client.call(&["SET", &key, "small"]), Frame::OK);
    let bytes = client.info("used_memory");
    assert!(bytes < MEMORY_MAX_BYTES, "{bytes} bytes in memory");
    // The link is as good as before once its replies are read.
    let replies: Vec<_> = (0..1000).map(|_| peer.reply()).collect();
    assert_eq!(replies[999], bulk("small"));
}

/// Writes requests to a node without a pause, and reads the replies as fast as they come, until it is
/// told to end.
struct Flood {
    stream: TcpStream,
    threads: [thread::JoinHandle<()>; 2],
}

impl Flood {
    fn begin(lab: &Lab, via: &str, words: &[&str]) -> Self {
        let stream = TcpStream::connect(lab.address(via)).unwrap();
        let mut requests = Vec::new();
        for _ in 0..1000 {
            triad::resp::encode_request(words.iter().map(|word| word.as_bytes()), &mut requests);
        }
        let (mut writer, mut reader) = (stream.try_clone().unwrap(), stream.try_clone().unwrap());
        let writing = thread::spawn(move || while writer.write_all(&requests).is_ok() {});
        let reading = thread::spawn(move || {
            let mut chunk = vec![0; MIB];
            while matches!(reader.read(&mut chunk), Ok(1..)) {}
        });
        Self {
            stream,
            threads: [writing, reading],
        }
    }

    fn end(self) {
        let _ = self.stream.shutdown(Shutdown::Both);
        for thread in self.threads {
            thread.join().unwrap();
        }
    }
}

#[test]
fn a_client_that_never_stops_asking_leaves_room_for_others() {
    let lab = Lab::started();
    for words in [vec!["PING"], vec!["SET", &key_of("mac", "k", 0), "1"]] {
        let flood = Flood::begin(&lab, "linux", &words);
        let mut witness = lab.connect("linux");
        eventually("the flood has begun", || {
            witness.info("total_commands_processed") > 10_000
        });
        for _ in 0..10 {
            assert_served(&lab, &NAMES);
        }
        flood.end();
    }
}

#[test]
fn large_values_for_a_node_that_sleeps_do_not_pile_up() {
    const CLIENTS: usize = 8;
    const REQUESTS: usize = 6;
    let lab = Lab::started();
    let mut witness = lab.connect("linux");
    let key = key_of("mac", "k", 0);
    let value = vec![b'x'; 8 * MIB];
    lab.pause("mac");
    let mut most = 0;
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = lab.connect("linux");
                    for _ in 0..REQUESTS {
                        client.send(&[b"SET", key.as_bytes(), &value]);
                    }
                    for _ in 0..REQUESTS {
                        assert!(matches!(client.reply(), Frame::Error(_)));
                    }
                })
            })
            .collect();
        while !clients.iter().all(thread::ScopedJoinHandle::is_finished) {
            most = most.max(witness.info("used_memory"));
        }
    });
    lab.resume("mac");
    // Each connection holds the request that waits, and the link its queue; a buffer that has grown
    // may have twice the room that it needs.
    let bound = 2 * (CLIENTS * value.len() + LINK_QUEUE_MAX_BYTES + value.len()) as u64;
    assert!(most < bound, "{most} bytes in memory");
}

#[test]
fn a_pipeline_is_answered_to_its_end_however_much_it_asks_for() {
    let lab = Lab::started();
    let large = "x".repeat(MIB);
    for owner in ["linux", "mac"] {
        let mut client = lab.connect("linux");
        let key = key_of(owner, "k", 0);
        // More replies than may be outstanding, each behind an fsync.
        let count = 3 * WINDOW_REQUESTS;
        for _ in 0..count {
            client.send(&["SET", &key, &large[..10]]);
        }
        for nth in 0..count {
            assert_eq!(client.reply(), Frame::OK, "reply {nth} of {owner}");
        }
        // More bytes than may be unread.
        let count = 5 * WINDOW_REPLY_BYTES / MIB;
        assert_eq!(client.call(&["SET", &key, &large]), Frame::OK);
        for _ in 0..count {
            client.send(&["GET", &key]);
        }
        for nth in 0..count {
            let reply = client.reply();
            assert!(
                matches!(reply, Frame::Bulk(value) if value.len() == MIB),
                "{nth} of {owner}"
            );
        }
    }
}

#[test]
fn requests_that_take_long_break_no_link_however_many_come_at_once() {
    // Together they take longer than a link may be silent.
    const KEYS: usize = 10_000;
    const REQUESTS: usize = 450;
    let lab = Lab::started();
    let mut client = lab.connect("mac");
    let placement = Placement::built_in();
    let mine = (0..)
        .map(|nth| format!("k{nth}"))
        .filter(|key| **placement.name(placement.owner(key.as_bytes())) == *"mac");
    let pairs = mine.take(KEYS).flat_map(|key| [key, "1".to_owned()]);
    let words: Vec<_> = ["MSET".to_owned()].into_iter().chain(pairs).collect();
    assert_eq!(client.call(&words), Frame::OK);
    let links = client.info("total_connections_received");
    client.send_bytes("TRIAD KEYS none\r\n".repeat(REQUESTS).as_bytes());
    assert_served(&lab, &NAMES);
    for _ in 0..REQUESTS {
        assert_eq!(client.reply(), Frame::Array(vec![]));
    }
    // Nobody but the one who asked just now has connected anew.
    assert_eq!(client.info("total_connections_received"), links + 1);
}

#[test]
fn a_reply_that_is_too_large_is_an_error_and_breaks_no_link() {
    let lab = Lab::started();
    let mut client = lab.connect("linux");
    let (near, far) = (key_of("linux", "k", 0), key_of("mac", "k", 0));
    for key in [&near, &far] {
        let set = [b"SET", key.as_bytes(), &vec![b'x'; 8 * MIB]];
        assert_eq!(client.call(&set), Frame::OK);
    }
    let links = lab.connect("mac").info("total_connections_received");
    // 96 MiB of values, which with a line around each are more than a reply may have: on one node, and
    // on two.
    let together = [vec![&*far; 12], [vec![&*far; 6], vec![&*near; 6]].concat()];
    for keys in together {
        let words = [vec!["MGET"], keys].concat();
        let told = error(&client.call(&words));
        assert!(told.starts_with("ERR the "), "{told}");
        assert!(
            matches!(client.call(&["GET", &far]), Frame::Bulk(value) if value.len() == 8 * MIB)
        );
    }
    // The last one is this connection.
    assert_eq!(
        lab.connect("mac").info("total_connections_received"),
        links + 1
    );
}
