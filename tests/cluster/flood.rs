//! Clients that ask for more than they read, and for more than a node can do at once.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::thread;

use triad::resp::Frame;

use crate::lab::connection::{bulk, error};
use crate::lab::{Connection, Lab, NAMES, eventually, key_of};

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
    for _ in 0..4 {
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
    let fingerprint = triad::placement::Placement::built_in()
        .fingerprint()
        .to_owned();
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
    const CLIENTS: usize = 24;
    let lab = Lab::started();
    let value = vec![b'x'; 8 * MIB];
    let key = key_of("mac", "k", 0);
    let mut witness = lab.connect("linux");
    lab.pause("mac");
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| lab.connect("linux")).collect();
    for client in &mut clients {
        client.send(&[b"SET", key.as_bytes(), &value]);
    }
    let bytes = witness.info("used_memory");
    // Each connection holds the one request that it has read; a second copy of each would not fit.
    let held = (CLIENTS * value.len()) as u64;
    assert!(
        bytes < held + 64 * MIB as u64,
        "{bytes} bytes in memory for {held} of requests"
    );
    for client in &mut clients {
        assert!(matches!(client.reply(), Frame::Error(_)));
    }
    lab.resume("mac");
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
