//! Clients that ask for much and do not read it.

use triad::resp::Frame;

use crate::lab::connection::{bulk, request};
use crate::lab::{self, Connection, Lab, resident};

/// What a node may have in memory at most, whatever its clients leave unread.
const PEAK_MAX_MIB: u64 = 256;

const CLIENTS: usize = 10;
const ASKED: usize = 500;
const VALUE_BYTES: usize = 1_000_000;
/// The values that each client asks for in turn.
const VALUES: u8 = 4;

fn large(n: u8) -> Vec<u8> {
    vec![b'a' + n; VALUE_BYTES]
}

/// One read and write of each node's keys.
fn serves(bystander: &mut Connection, round: usize) {
    for owner in lab::NAMES {
        let (key, value) = (lab::key_of(owner, "bystander", 0), round.to_string());
        assert_eq!(bystander.call(&["SET", &key, &value]), Frame::OK);
        assert_eq!(bystander.call(&["GET", &key]), bulk(&value));
    }
}

fn check_peaks(lab: &Lab, names: &[&str]) {
    for name in names {
        let peak = resident::peak_mib(lab.pid(name));
        assert!(peak <= PEAK_MAX_MIB, "{name} had {peak} MiB");
    }
}

/// Ten clients each ask 500 times for 1 MB of `owner` through `linux`, and read nothing for a while.
fn large_values_unread(owner: &str) {
    if !resident::is_told() {
        return;
    }
    let lab = Lab::started();
    let mut bystander = lab.connect("linux");
    let keys: Vec<_> = (0..VALUES)
        .map(|n| lab::key_of(owner, "large", n.into()))
        .collect();
    for (key, n) in keys.iter().zip(0..) {
        assert_eq!(
            bystander.call(&[b"SET", key.as_bytes(), &large(n)]),
            Frame::OK
        );
    }
    let asked: Vec<u8> = (0..ASKED)
        .flat_map(|n| request(&["GET", &keys[n % keys.len()]]))
        .collect();
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| lab.connect("linux")).collect();
    for client in &mut clients {
        client.send_bytes(&asked);
    }
    lab::eventually("every client has something to read", || {
        clients.iter_mut().all(Connection::has_reply)
    });
    for round in 0..50 {
        serves(&mut bystander, round);
    }
    check_peaks(&lab, &["linux", owner]);
    // None of them asked for so much that it had to be closed: each has its window only.
    let replies: Vec<_> = (0..VALUES).map(|n| wire(&large(n))).collect();
    for (n, client) in clients.iter_mut().enumerate() {
        // Two read everything; of the others it is enough to see that they can.
        let read = if n < 2 { ASKED } else { 10 };
        for reply in replies.iter().cycle().take(read) {
            client.expect_bytes(reply, &format!("client {n}"));
        }
        serves(&mut bystander, 100 + n);
    }
    check_peaks(&lab, &["linux", owner]);
}

fn wire(value: &[u8]) -> Vec<u8> {
    [format!("${}\r\n", value.len()).as_bytes(), value, b"\r\n"].concat()
}

#[test]
fn large_values_of_this_node() {
    large_values_unread("linux");
}

#[test]
fn large_values_of_a_peer() {
    large_values_unread("mac");
}

/// Requests that are small and very many: the node stops reading before their replies fill its memory.
fn small_replies_unread(words: &[&str], reply: &[u8], count: usize) {
    if !resident::is_told() {
        return;
    }
    let lab = Lab::started();
    let mut bystander = lab.connect("linux");
    let mut client = lab.connect("linux");
    let mut writer = client.second();
    let batch = request(words).repeat(1000);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..count / 1000 {
                writer.send_bytes(&batch);
            }
        });
        lab::eventually("there is something to read", || client.has_reply());
        for round in 0..50 {
            serves(&mut bystander, round);
        }
        check_peaks(&lab, &["linux", "mac"]);
        let replies = reply.repeat(1000);
        for n in 0..count / 1000 {
            client.expect_bytes(&replies, &format!("replies from {n},000"));
        }
        assert_eq!(client.call(&["PING"]), Frame::simple("PONG"));
        check_peaks(&lab, &["linux", "mac"]);
    });
}

#[test]
fn a_million_pings() {
    small_replies_unread(&["PING"], b"+PONG\r\n", 1_000_000);
}

#[test]
fn a_hundred_thousand_reads_of_a_peer() {
    small_replies_unread(
        &["GET", &lab::key_of("mac", "absent", 0)],
        b"$-1\r\n",
        100_000,
    );
}

/// One reply alone may be larger than a connection's window, so of many that are not read the node
/// gives up some, and keeps its memory.
#[test]
fn many_clients_with_one_huge_reply_each() {
    if !resident::is_told() {
        return;
    }
    let lab = Lab::started();
    let mut bystander = lab.connect("linux");
    let huge = vec![b'h'; triad::limits::VALUE_MAX_BYTES];
    for owner in ["linux", "mac"] {
        let key = lab::key_of(owner, "huge", 0);
        assert_eq!(bystander.call(&[b"SET", key.as_bytes(), &huge]), Frame::OK);
        let mut clients: Vec<_> = (0..100).map(|_| lab.connect("linux")).collect();
        for client in &mut clients {
            client.send(&["GET", &key]);
        }
        for round in 0..20 {
            serves(&mut bystander, round);
        }
        // Who was not closed gets its reply whole.
        let whole = clients
            .iter_mut()
            .filter_map(Connection::try_reply)
            .map(|reply| {
                assert!(reply == bulk(&huge));
            });
        assert!(whole.count() >= 10);
        check_peaks(&lab, &["linux", "mac"]);
    }
}
