//! A request crosses one link at most, whatever the nodes believe of each other.

use triad::resp::Frame;

use crate::lab::connection::{bulk, error, rows};
use crate::lab::{Connection, Lab, Proxy, eventually, key_of};

/// Makes this connection the link of the node `name`, which says that it has the rules `fingerprint`.
fn become_peer(connection: &mut Connection, name: &str, fingerprint: &str) -> Frame<'static> {
    connection.call(&[
        "TRIAD",
        "PEER",
        "1",
        name,
        "0123456789abcdef",
        "1",
        fingerprint,
    ])
}

fn fingerprint() -> String {
    triad::placement::Placement::built_in()
        .fingerprint()
        .to_owned()
}

#[test]
fn a_peer_at_the_address_of_another_is_refused_with_the_cause() {
    let mut lab = Lab::new();
    // As linux has it, mac and android stand at each other's address.
    let (to_mac, to_android) = (
        Proxy::to(lab.address("mac")),
        Proxy::to(lab.address("android")),
    );
    lab.start("mac");
    lab.start("android");
    lab.wait_until_linked();
    lab.start_through("linux", &[("mac", &to_android), ("android", &to_mac)]);

    let mut client = lab.connect("linux");
    let (mac_key, android_key) = (key_of("mac", "k", 0), key_of("android", "k", 0));
    for (key, owner, wrong, proxy) in [
        (&mac_key, "mac", "android", &to_android),
        (&android_key, "android", "mac", &to_mac),
    ] {
        let told = error(&client.call(&["SET", key, "1"]));
        let address = proxy.address();
        assert_eq!(
            told,
            format!(
                "UNREACHABLE {owner} {address}: the node there is {wrong}; correct the cluster file"
            )
        );
    }
    let told = error(&client.call(&["MSET", &mac_key, "1", &android_key, "1"]));
    assert!(told.starts_with("UNREACHABLE "), "{told}");
    let nodes = rows(&client.call(&["TRIAD", "NODES"]));
    assert!(
        nodes[1]["error"].contains("the node there is android"),
        "{nodes:?}"
    );

    // The others have the right addresses, and nothing of this reached them, let alone went on.
    for name in ["mac", "android"] {
        let mut other = lab.connect(name);
        assert_eq!(
            other.call(&["TRIAD", "KEYS"]),
            Frame::Array(vec![]),
            "{name}"
        );
        let before = other.info("triad_forwarded");
        assert_eq!(other.call(&["SET", &mac_key, "2"]), Frame::OK);
        let went = u64::from(name != "mac");
        assert_eq!(other.info("triad_forwarded") - before, went, "{name}");
    }
    assert_eq!(
        client.info("triad_forwarded"),
        0,
        "what is refused has not gone anywhere"
    );
}

#[test]
fn a_request_is_counted_where_it_leaves_and_nowhere_else() {
    let lab = Lab::started();
    let count = |field| ["linux", "mac", "android"].map(|name| lab.connect(name).info(field));
    let before = count("triad_forwarded");
    let mut client = lab.connect("linux");
    for nth in 0..10 {
        assert_eq!(
            client.call(&["SET", &key_of("mac", "k", nth), "1"]),
            Frame::OK
        );
    }
    assert_eq!(client.call(&["DBSIZE"]), Frame::Integer(10));
    assert_eq!(client.call(&["GET", &key_of("linux", "k", 0)]), Frame::Null);
    let after = count("triad_forwarded");
    assert_eq!(
        [
            after[0] - before[0],
            after[1] - before[1],
            after[2] - before[2]
        ],
        [12, 0, 0]
    );
}

#[test]
fn what_a_peer_asks_is_run_here_or_refused() {
    let mut lab = Lab::new();
    lab.start("android");
    let mut peer = lab.connect("android");
    let Frame::Array(hello) = become_peer(&mut peer, "linux", &fingerprint()) else {
        panic!("no handshake")
    };
    assert_eq!(hello[1], bulk("android"));
    let (own, other) = (key_of("android", "k", 0), key_of("mac", "k", 0));
    let refused =
        "NOTOWNER android is asked by linux for a key of mac; requests are forwarded once only";
    for words in [
        vec!["GET", &other],
        vec!["SET", &other, "1"],
        vec!["MGET", &own, &other],
        vec!["MSET", &own, "1", &other, "1"],
        vec!["DEL", &own, &other],
    ] {
        assert_eq!(error(&peer.call(&words)), refused, "{words:?}");
    }
    assert_eq!(peer.call(&["DBSIZE"]), Frame::Integer(0));
    assert_eq!(peer.call(&["SET", &own, "1"]), Frame::OK);
    assert_eq!(peer.call(&["GET", &own]), bulk("1"));
    // What concerns every node is asked of each by the entry node, so here it is this one's part.
    assert_eq!(peer.call(&["KEYS", "*"]), Frame::Array(vec![bulk(&own)]));
    let step = Frame::Array(vec![bulk("0"), Frame::Array(vec![bulk(&own)])]);
    assert_eq!(peer.call(&["SCAN", "0"]), step);
    assert_eq!(
        error(&peer.call(&["TRIAD", "NODES"])),
        "ERR a peer asks TRIAD SELF"
    );
    assert_eq!(peer.call(&["FLUSHALL"]), Frame::OK);
    assert_eq!(lab.connect("android").info("triad_forwarded"), 0);
}

#[test]
fn a_new_link_of_a_peer_ends_its_older_one() {
    let mut lab = Lab::new();
    lab.start("android");
    let (mut older, mut newer) = (lab.connect("android"), lab.connect("android"));
    let key = key_of("android", "k", 0);
    become_peer(&mut older, "linux", &fingerprint());
    assert_eq!(older.call(&["SET", &key, "1"]), Frame::OK);
    let mut client = lab.connect("android");
    assert_eq!(client.info("cluster_connections"), 1);
    become_peer(&mut newer, "linux", &fingerprint());
    assert_eq!(older.try_reply(), None);
    assert_eq!(newer.call(&["GET", &key]), bulk("1"));
    assert_eq!(client.info("cluster_connections"), 1);
    assert_eq!(client.info("connected_clients"), 1);
}

#[test]
fn peers_that_come_and_go_take_no_memory() {
    let mut lab = Lab::new();
    lab.start("android");
    let mut client = lab.connect("android");
    let before = client.info("used_memory");
    let long = "x".repeat(1024 * 1024);
    for nth in 0..100 {
        // A node with other rules is welcome, whatever it is called; not with fields that none has.
        let hello = become_peer(&mut lab.connect("android"), &format!("node-{nth}"), "other");
        assert!(matches!(hello, Frame::Array(_)), "{hello:?}");
        for (name, fingerprint) in [(&*long, "other"), ("linux", &*long)] {
            let told = error(&become_peer(&mut lab.connect("android"), name, fingerprint));
            assert!(told.starts_with("ERR "), "{told}");
        }
    }
    let told = error(&become_peer(&mut client, "Linux", "other"));
    assert!(told.contains("is not a name for a node"), "{told}");
    eventually("their links are forgotten", || {
        client.info("cluster_connections") == 0
    });
    let grown = client.info("used_memory").saturating_sub(before);
    assert!(grown < 32 * 1024 * 1024, "{grown} bytes");
}
