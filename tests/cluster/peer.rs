//! What a node does for another one, on the link that the other has to it.
//!
//! Only `linux` runs in these tests; the test plays its peers.

mod handshake;
mod one_hop;
mod succession;

use triad::command::PEER_PROTOCOL;
use triad::placement::Placement;
use triad::resp::Frame;

use crate::lab::{Connection, Lab};

/// The `linux` node of the default list, alone.
pub(crate) fn alone() -> Lab {
    let mut lab = Lab::new();
    lab.start("linux");
    lab
}

/// Says what the node `name` says when it connects, at its start number `incarnation`.
pub(crate) fn say_hello(
    connection: &mut Connection,
    name: &str,
    incarnation: u64,
) -> Frame<'static> {
    let placement = Placement::built_in();
    connection.call(&[
        "TRIAD",
        "PEER",
        &PEER_PROTOCOL.to_string(),
        name,
        &format!("id-of-{name}"),
        &incarnation.to_string(),
        placement.fingerprint(),
    ])
}

/// A link of the node `name` to `linux`.
pub(crate) fn link_of(lab: &Lab, name: &str, incarnation: u64) -> Connection {
    let mut connection = lab.connect("linux");
    let answer = say_hello(&mut connection, name, incarnation);
    assert!(matches!(answer, Frame::Array(_)), "{answer:?}");
    connection
}
