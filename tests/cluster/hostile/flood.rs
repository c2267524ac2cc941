//! Much data for a request that is too large: it is read past and not kept.

use triad::limits::REQUEST_BULK_MAX_BYTES;
use triad::resp::Frame;

use crate::lab::connection::error;
use crate::lab::{self, Lab, resident};

const MIB: usize = 1024 * 1024;

/// What reading past may cost: the buffers for two reads.
const GROWTH_MAX_BYTES: u64 = 4 * 1024 * 1024;

#[test]
fn a_value_over_the_limit_is_read_past() {
    let mut lab = Lab::new();
    lab.start("linux");
    let mut connection = lab.connect("linux");
    assert_eq!(connection.call(&["PING"]), Frame::simple("PONG"));
    let before = resident::is_told().then(|| resident::resident_bytes(lab.pid("linux")));
    let value = 64 * MIB;
    let key = lab::key_of("linux", "k", 0);
    let header = format!("*3\r\n$3\r\nSET\r\n${}\r\n{key}\r\n${value}\r\n", key.len());
    connection.send_bytes(header.as_bytes());
    let piece = vec![b'v'; MIB];
    for _ in 0..value / MIB {
        connection.send_bytes(&piece);
    }
    connection.send_bytes(b"\r\n");
    let text = error(&connection.reply());
    assert!(
        text.contains(&format!("the value has {value} bytes")),
        "{text}"
    );
    if let Some(before) = before {
        let growth = resident::resident_bytes(lab.pid("linux")).saturating_sub(before);
        assert!(growth <= GROWTH_MAX_BYTES, "{growth} bytes");
    }
    assert_eq!(
        connection.call(&["TRIAD", "HOLDS", &key]),
        Frame::Integer(0)
    );
}

/// What one connection may cost that has begun a request: the buffer for a read, and its task.
const WAITING_MAX_BYTES: u64 = 64 * 1024;

/// Connections that each announce the largest argument, and wait.
#[test]
fn what_is_announced_takes_no_memory() {
    if !resident::is_told() {
        return;
    }
    let mut lab = Lab::new();
    lab.start("linux");
    let mut bystander = lab.connect("linux");
    bystander.call(&["PING"]);
    let before = resident::resident_bytes(lab.pid("linux"));
    let announced = [
        format!("*1048576\r\n${REQUEST_BULK_MAX_BYTES}\r\n"),
        format!("*2\r\n$3\r\nGET\r\n${REQUEST_BULK_MAX_BYTES}\r\nx"),
        "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$8388608\r\nx".to_owned(),
        "*1048576\r\n".to_owned(),
    ];
    let mut open = Vec::new();
    for announced in announced.iter().cycle().take(100) {
        let mut connection = lab.connect("linux");
        connection.send_bytes(announced.as_bytes());
        open.push(connection);
    }
    lab::eventually("the node has them all", || {
        bystander.info("connected_clients") == 101
    });
    let growth = resident::resident_bytes(lab.pid("linux")).saturating_sub(before);
    assert!(growth <= 100 * WAITING_MAX_BYTES, "{growth} bytes");
}
