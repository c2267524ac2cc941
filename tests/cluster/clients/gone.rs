//! A client that goes away leaves nothing behind.

use triad::resp::Frame;

use crate::lab::connection::{bulk, request};
use crate::lab::{self, Connection, Lab};

/// Many requests for keys of all nodes, none of which is read.
fn pipeline(requests: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for n in 0..requests {
        let key = format!("key:{}", n % 100);
        bytes.extend(match n % 4 {
            0 => request(&["SET", &key, "value"]),
            1 => request(&["GET", &key]),
            2 => request(&["MGET", "key:1", "key:2", "key:3", "key:4", &key]),
            _ => request(&["PING"]),
        });
    }
    bytes
}

fn serves(bystander: &mut Connection) {
    for owner in lab::NAMES {
        let key = lab::key_of(owner, "bystander", 0);
        assert_eq!(bystander.call(&["SET", &key, "v"]), Frame::OK);
        assert_eq!(bystander.call(&["GET", &key]), bulk("v"));
    }
}

#[test]
fn clients_that_leave_in_the_middle_of_a_pipeline_are_forgotten() {
    let lab = Lab::started();
    let mut bystander = lab.connect("linux");
    let bytes = pipeline(20_000);
    for round in 0..5 {
        let mut leaving: Vec<Connection> = (0..4).map(|_| lab.connect("linux")).collect();
        for (n, connection) in leaving.iter_mut().enumerate() {
            // Some say all, some stop in the middle of a request; one reads a little.
            let end = if n % 2 == 0 {
                bytes.len() / 16
            } else {
                bytes.len() / 16 + 5 + n
            };
            connection.send_bytes(&bytes[..end]);
            if n == 3 {
                connection.reply();
            }
        }
        drop(leaving);
        serves(&mut bystander);
        lab::eventually(&format!("round {round} has been forgotten"), || {
            bystander.info("connected_clients") == 1
        });
    }
    for name in lab::NAMES {
        let mut connection = lab.connect(name);
        serves(&mut connection);
        assert_eq!(connection.info("cluster_connections"), 2, "{name}");
    }
}

/// What such a client asked of a peer that does not answer is dropped with it, also while the peer
/// holds it up; and the peer is there again for others afterwards.
#[test]
fn a_client_that_leaves_while_a_peer_is_silent_is_forgotten() {
    let lab = Lab::started();
    let mut bystander = lab.connect("linux");
    let theirs = lab::key_of("mac", "k", 0);
    lab.pause("mac");
    let mut leaving = lab.connect("linux");
    for _ in 0..500 {
        leaving.send(&["GET", &theirs]);
    }
    drop(leaving);
    lab::eventually("it has been forgotten", || {
        bystander.info("connected_clients") == 1
    });
    lab.resume("mac");
    lab::eventually("mac answers again", || {
        bystander.call(&["SET", &theirs, "v"]) == Frame::OK
    });
    serves(&mut bystander);
}
