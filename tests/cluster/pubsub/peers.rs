//! What nodes say to each other for the sake of subscribers, and what they do not. The test plays a peer.

use std::sync::{Arc, Mutex};

use triad::cluster::Cluster;
use triad::command::PEER_PROTOCOL;
use triad::resp::Frame;

use super::{heard, listening, subscribed};
use crate::lab::connection::{bulk, error};
use crate::lab::fake::FakeNode;
use crate::lab::{Connection, Lab, eventually, key_of};
use crate::peer::{alone, link_of};

#[test]
fn a_peer_is_told_of_the_events_that_it_asked_for() {
    let lab = alone();
    let mut link = link_of(&lab, "mac", 1);
    let mut client = lab.connect("linux");
    let key = |n| key_of("linux", "k", n);
    assert_eq!(client.call(&["SET", &key(0), "1"]), Frame::OK);
    assert_eq!(link.call(&["TRIAD", "NOTIFY", "K$"]), Frame::OK);
    client.call(&["DEL", &key(0)]);
    client.call(&["SET", &key(1), "1"]);
    let told = Frame::Push(vec![bulk("event"), bulk("$"), bulk("set"), bulk(key(1))]);
    assert_eq!(link.reply(), told);
    // Its own requests bring about events as those of others do.
    link.send(&["SET", &key(2), "1"]);
    let both = [link.reply(), link.reply()];
    let told = Frame::Push(vec![bulk("event"), bulk("$"), bulk("set"), bulk(key(2))]);
    assert!(
        both.contains(&told) && both.contains(&Frame::OK),
        "{both:?}"
    );
    // It wants others now, and then none.
    assert_eq!(link.call(&["TRIAD", "NOTIFY", "Eg"]), Frame::OK);
    client.call(&["SET", &key(1), "2"]);
    client.call(&["DEL", &key(1)]);
    let told = Frame::Push(vec![bulk("event"), bulk("g"), bulk("del"), bulk(key(1))]);
    assert_eq!(link.reply(), told);
    assert_eq!(link.call(&["TRIAD", "NOTIFY", ""]), Frame::OK);
    for _ in 0..100 {
        client.call(&["SET", &key(1), "3"]);
        client.call(&["DEL", &key(1)]);
        assert_eq!(link.call(&["DBSIZE"]), Frame::Integer(1));
    }
}

#[test]
fn only_a_peer_of_the_same_list_is_told_of_events() {
    let lab = alone();
    let mut client = lab.connect("linux");
    assert_eq!(
        error(&client.call(&["TRIAD", "NOTIFY", "KEA"])),
        "ERR only a peer is told of events so; use SUBSCRIBE"
    );
    let mut link = link_of(&lab, "mac", 1);
    let nonsense = link.call(&["TRIAD", "NOTIFY", "nonsense"]);
    assert_eq!(error(&nonsense), "ERR syntax error");
    let mut other = lab.connect("linux");
    let version = PEER_PROTOCOL.to_string();
    other.call(&[
        "TRIAD",
        "PEER",
        &version,
        "mac",
        "other",
        "1",
        "another-list",
    ]);
    for words in [
        &["TRIAD", "NOTIFY", "KEA"][..],
        &["PUBLISH", "news", "text"],
    ] {
        let refused = error(&other.call(words));
        assert!(
            refused.starts_with("RULESDIFFER linux and mac "),
            "{refused}"
        );
    }
}

#[test]
fn what_a_peer_publishes_goes_no_further() {
    let mut lab = alone();
    lab.start("android");
    lab.wait_until_linked();
    let mut here = subscribed(&lab, "linux", "news");
    let _there = subscribed(&lab, "android", "news");
    let mut link = link_of(&lab, "mac", 1);
    let told = link.call(&["PUBLISH", "news", "text"]);
    assert_eq!(told, Frame::Integer(1));
    assert_eq!(heard(&mut here), ["message", "news", "text"]);
    let counts = link.call(&["PUBSUB", "NUMSUB", "news"]);
    assert_eq!(counts, Frame::array([bulk("news"), Frame::Integer(1)]));
    assert_eq!(
        link.call(&["PUBSUB", "CHANNELS"]),
        Frame::array([bulk("news")])
    );
}

#[test]
fn a_link_is_no_subscriber() {
    let lab = alone();
    let mut link = link_of(&lab, "mac", 1);
    let text = "ERR a peer's link subscribes to nothing";
    assert_eq!(error(&link.call(&["SUBSCRIBE", "news"])), text);
    assert_eq!(error(&link.call(&["PSUBSCRIBE", "*"])), text);
    let mut subscriber = lab.connect("linux");
    subscriber.call(&["HELLO", "3"]);
    subscriber.call(&["SUBSCRIBE", "news"]);
    assert_eq!(
        error(&crate::peer::say_hello(&mut subscriber, "android", 1)),
        "ERR this connection is subscribed, and no link of a peer"
    );
    assert_eq!(link.call(&["PUBLISH", "news", "text"]), Frame::Integer(0));
}

/// What linux asks a peer for, of that kind.
struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// `linux`, linked to a `mac` that says to each message that it has seven subscribers.
fn beside_a_fake() -> (Lab, FakeNode, Asked) {
    let mut lab = Lab::new();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let cluster = Cluster::load(&lab.cluster_file()).unwrap();
    let fake = FakeNode::start(&cluster, "mac", move |words| match words {
        [triad, notify, letters] if triad == b"TRIAD" && notify == b"NOTIFY" => {
            let letters = String::from_utf8(letters.clone()).unwrap();
            noted.lock().unwrap().push(letters);
            Frame::OK
        }
        [publish, ..] if publish == b"PUBLISH" => Frame::Integer(7),
        _ => Frame::error("ERR not in this play"),
    });
    lab.start("linux");
    let mut connection = lab.connect("linux");
    eventually("linux is linked to the fake", || {
        connection.call(&["PUBLISH", "news", "text"]) == Frame::Integer(7)
    });
    (lab, fake, Asked(asked))
}

#[test]
fn a_node_asks_for_events_while_somebody_listens_and_only_then() {
    let (lab, _fake, asked) = beside_a_fake();
    let mut setter = lab.connect("linux");
    let mut set = |letters: &str| {
        let set = ["CONFIG", "SET", "notify-keyspace-events", letters];
        assert_eq!(setter.call(&set), Frame::OK);
    };
    // Neither a setting alone nor subscribers alone.
    set("KEA");
    let _other = subscribed(&lab, "linux", "news");
    set("");
    let mut one = lab.connect("linux");
    one.call(&["PSUBSCRIBE", "*"]);
    set("K");
    // What is asked goes on the link in order, so this is behind all that.
    let mut publisher = lab.connect("linux");
    let mut settle = || publisher.call(&["PUBLISH", "else", "text"]);
    settle();
    assert_eq!(asked.all(), [""; 0]);
    set("KEA");
    settle();
    assert_eq!(asked.all(), ["g$lshzxetdKE"]);
    // The next ones want the same.
    let mut two = listening(&lab, "linux");
    one.call(&["RESET"]);
    settle();
    assert_eq!(asked.all(), ["g$lshzxetdKE"]);
    set("Kx");
    two.call(&["PUNSUBSCRIBE"]);
    eventually("the interest has ended", || {
        settle();
        asked.all() == ["g$lshzxetdKE", "xK", ""]
    });
    // Who ends without a word takes his interest with him.
    let three = listening(&lab, "linux");
    assert_eq!(asked.all().last().unwrap(), "g$lshzxetdKE");
    drop(three);
    eventually("the interest has ended again", || {
        asked.all().last().unwrap().is_empty()
    });
}

/// However often it changes, one question is on its way at a time.
#[test]
fn an_interest_that_comes_and_goes_floods_no_peer() {
    const ROUNDS: usize = 2000;
    let (lab, _fake, asked) = beside_a_fake();
    let mut client: Connection = listening(&lab, "linux");
    let mut requests = Vec::new();
    for _ in 0..ROUNDS {
        requests.extend_from_slice(b"PUNSUBSCRIBE\r\nPSUBSCRIBE *\r\n");
    }
    client.send_bytes(&requests);
    for _ in 0..2 * ROUNDS {
        heard(&mut client);
    }
    let asked = asked.all();
    assert_eq!(asked.last().unwrap(), "g$lshzxetdKE");
    assert!(asked.len() <= ROUNDS, "{} questions", asked.len());
}
