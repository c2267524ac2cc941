//! Clients that say little, or nothing.

use std::io::Write as _;
use std::net::TcpStream;

use triad::resp::Frame;

use crate::lab::connection::{bulk, request};
use crate::lab::{self, Connection, Lab, descriptors, resident};

const EACH: usize = 1000;

/// What 2,000 connections may cost together: 16 KiB for each that has begun a request, and its task.
const GROWTH_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// One client that dribbles its request.
struct Dribble {
    stream: TcpStream,
    request: Vec<u8>,
    sent: usize,
}

impl Dribble {
    fn send_byte(&mut self) {
        if let Some(byte) = self.request.get(self.sent) {
            self.stream.write_all(&[*byte]).unwrap();
            self.sent += 1;
        }
    }
}

/// One read and write of each node's keys, with a value that no other round has.
fn serves(bystander: &mut Connection, round: usize) {
    for owner in lab::NAMES {
        let (key, value) = (lab::key_of(owner, "bystander", 0), round.to_string());
        assert_eq!(bystander.call(&["SET", &key, &value]), Frame::OK);
        assert_eq!(bystander.call(&["GET", &key]), bulk(&value));
    }
}

#[test]
fn a_thousand_slow_and_a_thousand_idle_clients_keep_nobody_waiting() {
    if !descriptors::allow(2 * EACH as u64 + 200) {
        return;
    }
    let lab = Lab::started();
    let mut bystander = lab.connect("linux");
    let before = resident::is_told().then(|| resident::resident_bytes(lab.pid("linux")));
    let address = lab.address("linux");
    let mut idle = Vec::new();
    let mut slow = Vec::new();
    for n in 0..EACH {
        idle.push(TcpStream::connect(address).unwrap());
        let key = lab::key_of(lab::NAMES[n % 3], "slow", n / 3 % 10);
        slow.push(Dribble {
            stream: TcpStream::connect(address).unwrap(),
            request: request(&["SET", &key, &n.to_string()]),
            sent: 0,
        });
    }
    // They are shorter than the shortest request, so none is answered.
    for round in 0..20 {
        for client in &mut slow {
            client.send_byte();
        }
        serves(&mut bystander, round);
    }
    lab::eventually("the node has them all", || {
        bystander.info("connected_clients") == 2 * EACH as u64 + 1
    });
    if let Some(before) = before {
        let growth = resident::resident_bytes(lab.pid("linux")).saturating_sub(before);
        assert!(growth <= GROWTH_MAX_BYTES, "{growth} bytes");
    }
    // Each is served in the end: the slow ones with what they have dribbled, the idle ones at last.
    for client in &mut slow {
        while client.sent < client.request.len() {
            client.send_byte();
        }
    }
    for client in slow {
        assert_eq!(Connection::of(client.stream).reply(), Frame::OK);
    }
    for stream in idle {
        assert_eq!(
            Connection::of(stream).call(&["PING"]),
            Frame::simple("PONG")
        );
    }
    serves(&mut bystander, 1000);
    lab::eventually("all have gone", || bystander.info("connected_clients") == 1);
}
