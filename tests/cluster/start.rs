//! Nodes start in any order, and find each other.

use triad::resp::Frame;

use crate::lab::connection::bulk;
use crate::lab::{self, Lab};

#[test]
fn three_nodes_answer_for_every_key() {
    let lab = Lab::started();
    assert_eq!(lab.connect("linux").call(&["SET", "a", "1"]), Frame::OK);
    for name in lab::NAMES {
        assert_eq!(
            lab.connect(name).call(&["GET", "a"]),
            bulk("1"),
            "through {name}"
        );
    }
}
