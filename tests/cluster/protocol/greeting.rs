//! `HELLO`, and what a connection is told about itself.

use triad::resp::Frame;

use crate::lab::connection::{bulk, error, fields, request};
use crate::lab::{self, Lab};

#[test]
fn hello_tells_about_the_node_in_the_protocol_that_it_chooses() {
    let mut lab = Lab::new();
    lab.start("linux");
    let mut connection = lab.connect("linux");
    for (words, proto) in [
        (&["HELLO"][..], "2"),
        (&["HELLO", "3"], "3"),
        (&["HELLO"], "3"),
        (&["HELLO", "2", "SETNAME", "me"], "2"),
    ] {
        let reply = connection.call(words);
        assert_eq!(matches!(reply, Frame::Map(_)), proto == "3", "{words:?}");
        let told = fields(&reply);
        assert_eq!(told["server"], "redis");
        assert_eq!(told["proto"], proto);
        assert_eq!(told["mode"], "standalone");
        assert_eq!(told["role"], "master");
        let Frame::Integer(id) = connection.call(&["CLIENT", "ID"]) else {
            panic!("no number")
        };
        assert_eq!(told["id"], id.to_string());
    }
    assert_eq!(connection.call(&["CLIENT", "GETNAME"]), bulk("me"));
}

#[test]
fn every_connection_has_a_number_of_its_own() {
    let mut lab = Lab::new();
    lab.start("linux");
    let id = |connection: &mut lab::Connection| connection.call(&["CLIENT", "ID"]);
    let (mut one, mut other) = (lab.connect("linux"), lab.connect("linux"));
    let number = id(&mut one);
    assert_ne!(number, id(&mut other));
    assert_eq!(number, id(&mut one));
}

#[test]
fn a_refused_hello_changes_nothing() {
    let mut lab = Lab::new();
    lab.start("linux");
    let mut connection = lab.connect("linux");
    let absent = lab::key_of("linux", "absent", 0);
    connection.call(&["HELLO", "3", "SETNAME", "before"]);
    for words in [
        &["HELLO", "4"][..],
        &["HELLO", "2", "SETNAME", "a b"],
        &["HELLO", "2", "SETNAME", "after", "NONSENSE"],
    ] {
        error(&connection.call(words));
    }
    assert_eq!(connection.call(&["GET", &absent]), Frame::Null);
    connection.send(&["GET", &absent]);
    connection.expect_bytes(b"_\r\n", "still RESP3");
    assert_eq!(connection.call(&["CLIENT", "GETNAME"]), bulk("before"));
}

/// What was asked before `HELLO` is answered as it was asked, also where the answer comes from a peer
/// and later than `HELLO` is carried out.
#[test]
fn hello_in_a_pipeline_changes_only_what_follows_it() {
    let lab = Lab::started();
    let [l, m, a] = lab::NAMES.map(|name| lab::key_of(name, "absent", 0));
    for name in lab::NAMES {
        let all = ["MGET", &l, &m, &a];
        let mut pipeline = Vec::new();
        for words in [
            &["GET", &l][..],
            &["GET", &m],
            &["GET", &a],
            &all,
            &["HELLO", "3"],
            &["GET", &l],
            &["GET", &m],
            &["GET", &a],
            &all,
        ] {
            pipeline.extend(request(words));
        }
        let mut connection = lab.connect(name);
        connection.send_bytes(&pipeline);
        let before = "$-1\r\n$-1\r\n$-1\r\n*3\r\n$-1\r\n$-1\r\n$-1\r\n";
        connection.expect_bytes(before.as_bytes(), "before HELLO");
        assert!(matches!(connection.reply(), Frame::Map(_)));
        let after = "_\r\n_\r\n_\r\n*3\r\n_\r\n_\r\n_\r\n";
        connection.expect_bytes(after.as_bytes(), "after HELLO");
    }
}

#[test]
fn quit_ends_the_connection_after_the_replies_before_it() {
    let lab = Lab::started();
    let theirs = lab::key_of("mac", "k", 0);
    let mut pipeline = request(&["SET", &theirs, "1"]);
    pipeline.extend(request(&["GET", &theirs]));
    pipeline.extend(request(&["QUIT"]));
    pipeline.extend(request(&["SET", &theirs, "2"]));
    let mut connection = lab.connect("linux");
    connection.send_bytes(&pipeline);
    assert_eq!(connection.read_to_end(), b"+OK\r\n$1\r\n1\r\n+OK\r\n");
    assert_eq!(lab.connect("mac").call(&["GET", &theirs]), bulk("1"));
}

#[test]
fn reset_makes_a_connection_as_it_was_at_its_beginning() {
    let lab = Lab::started();
    let mut connection = lab.connect("mac");
    connection.call(&["HELLO", "3", "AUTH", "default", "any", "SETNAME", "me"]);
    for words in [&["GET", "absent"][..], &["RESET"], &["GET", "absent"]] {
        connection.send(words);
    }
    connection.expect_bytes(b"_\r\n+RESET\r\n$-1\r\n", "around RESET");
    assert_eq!(connection.call(&["CLIENT", "GETNAME"]), Frame::Null);
}
