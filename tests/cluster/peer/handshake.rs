//! `TRIAD PEER` makes a connection a link, once, and tells who is there.

use triad::placement::Placement;
use triad::resp::Frame;

use super::{alone, link_of, say_hello};
use crate::lab::connection::{bulk, error};

#[test]
fn a_node_answers_with_the_same_about_itself() {
    let lab = alone();
    let Frame::Array(told) = say_hello(&mut lab.connect("linux"), "mac", 1) else {
        panic!("no answer")
    };
    let [version, name, node_id, incarnation, fingerprint] = told.as_slice() else {
        panic!("not five words: {told:?}")
    };
    assert_eq!(*version, bulk("1"));
    assert_eq!(*name, bulk("linux"));
    assert!(!node_id.as_bytes().unwrap_or_default().is_empty());
    assert_eq!(*incarnation, bulk("1"));
    assert_eq!(*fingerprint, bulk(Placement::built_in().fingerprint()));
}

#[test]
fn a_link_speaks_resp3() {
    let lab = alone();
    let mut link = link_of(&lab, "mac", 1);
    let key = crate::lab::key_of("linux", "absent", 0);
    link.send(&["GET", &key]);
    link.expect_bytes(b"_\r\n", "null of RESP3");
}

#[test]
fn a_link_stays_the_link_of_one_peer() {
    let lab = alone();
    let mut bystander = lab.connect("linux");
    for again in ["mac", "android"] {
        let mut link = link_of(&lab, "mac", 1);
        assert_eq!(bystander.info("cluster_connections"), 1);
        let text = error(&say_hello(&mut link, again, 1));
        assert_eq!(text, "ERR this connection is the link of mac already");
        assert_eq!(link.try_reply(), None);
        crate::lab::eventually("the link has ended", || {
            bystander.info("cluster_connections") == 0
        });
    }
    assert_eq!(bystander.info("connected_clients"), 1);
}

#[test]
fn a_name_that_the_same_list_does_not_have_is_refused() {
    let lab = alone();
    let mut connection = lab.connect("linux");
    let text = error(&say_hello(&mut connection, "nobody", 1));
    assert_eq!(text, "ERR the list of linux has no node nobody");
    assert_eq!(connection.try_reply(), None);
    assert_eq!(lab.connect("linux").info("cluster_connections"), 0);
}
