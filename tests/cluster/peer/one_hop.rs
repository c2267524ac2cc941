//! What comes on a link is answered here or refused, and never sent on.

use triad::resp::Frame;

use super::{alone, link_of};
use crate::lab::connection::{bulk, error, fields};
use crate::lab::{self, Lab};

#[test]
fn a_key_of_another_node_is_refused_and_not_forwarded() {
    let mut lab = alone();
    lab.start("android");
    lab.wait_until_linked();
    let (mine, theirs) = (lab::key_of("linux", "k", 0), lab::key_of("android", "k", 0));
    let mut client = lab.connect("linux");
    assert_eq!(client.call(&["SET", &theirs, "v"]), Frame::OK);
    let forwarded = client.info("triad_forwarded");
    let mut link = link_of(&lab, "mac", 1);
    for words in [
        &["GET", &theirs][..],
        &["SET", &theirs, "w"],
        &["DEL", &theirs],
        &["EXISTS", &mine, &theirs],
        &["MGET", &mine, &theirs],
        &["MSET", &mine, "w", &theirs, "w"],
    ] {
        assert_eq!(
            error(&link.call(words)),
            "NOTOWNER linux is asked by mac for a key of android; requests are forwarded once only",
            "{words:?}"
        );
    }
    // Nothing of them was done, and the link goes on.
    assert_eq!(link.call(&["GET", &mine]), Frame::Null);
    assert_eq!(link.call(&["SET", &mine, "v"]), Frame::OK);
    assert_eq!(client.call(&["GET", &theirs]), bulk("v"));
    assert_eq!(client.info("triad_forwarded"), forwarded + 1);
}

#[test]
fn questions_about_all_keys_are_answered_from_its_own_table() {
    let mut lab = alone();
    lab.start("android");
    let mine = lab::key_of("linux", "k", 0);
    lab.wait_until_linked();
    let mut client = lab.connect("linux");
    for key in [&mine, &lab::key_of("android", "k", 0)] {
        assert_eq!(client.call(&["SET", key, "v"]), Frame::OK);
    }
    let forwarded = client.info("triad_forwarded");
    let mut link = link_of(&lab, "mac", 1);
    assert_eq!(link.call(&["KEYS", "*"]), Frame::array([bulk(&mine)]));
    assert_eq!(link.call(&["DBSIZE"]), Frame::Integer(1));
    let step = link.call(&["SCAN", "0", "COUNT", "100"]);
    assert_eq!(step, Frame::array([bulk("0"), Frame::array([bulk(&mine)])]));
    assert_eq!(fields(&link.call(&["TRIAD", "SELF"]))["keys"], "1");
    assert_eq!(
        error(&link.call(&["TRIAD", "NODES"])),
        "ERR a peer asks TRIAD SELF"
    );
    assert_eq!(link.call(&["FLUSHALL"]), Frame::OK);
    assert_eq!(link.call(&["DBSIZE"]), Frame::Integer(0));
    assert_eq!(client.info("triad_forwarded"), forwarded);
    let theirs = lab::key_of("android", "k", 0);
    assert_eq!(client.call(&["GET", &theirs]), bulk("v"));
}

/// Where only this node runs, a client is told which other one is missing, and a peer is answered.
#[test]
fn what_needs_every_node_needs_only_this_one_on_a_link() {
    let lab: Lab = alone();
    let mut client = lab.connect("linux");
    assert!(error(&client.call(&["DBSIZE"])).starts_with("UNREACHABLE mac "));
    assert_eq!(link_of(&lab, "mac", 1).call(&["DBSIZE"]), Frame::Integer(0));
}
