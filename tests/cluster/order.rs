//! Replies come in the order of the requests, and writes to a key take effect in the order in which
//! a client sent them, also when the link between was made anew.

use triad::resp::Frame;

use crate::lab::connection::{bulk, error};
use crate::lab::{Connection, Lab, NAMES, Proxy, eventually, key_of};

/// A request and the one reply that is right for it.
type Exchange = (Vec<String>, Frame<'static>);

fn exchange(words: &[&str], reply: Frame<'static>) -> Exchange {
    (words.iter().map(|word| (*word).to_owned()).collect(), reply)
}

/// Requests that are answered here, by each other node, by all of them, and by the disk; each reply
/// tells which request it belongs to.
fn round(number: usize) -> Vec<Exchange> {
    let mark = format!("mark {number}");
    let keys: Vec<_> = NAMES.map(|owner| key_of(owner, "k", number % 7)).into();
    let values: Vec<_> = (0..3).map(|nth| format!("{number}/{nth}")).collect();
    let mut exchanges = Vec::new();
    for (key, value) in keys.iter().zip(&values) {
        exchanges.push(exchange(&["SET", key, value], Frame::OK));
        exchanges.push(exchange(&["ECHO", &mark], bulk(&mark)));
        exchanges.push(exchange(&["GET", key], bulk(value)));
        exchanges.push(exchange(&["SET", key], wrong_arity("set")));
    }
    let all: Vec<&str> = ["MGET"]
        .into_iter()
        .chain(keys.iter().map(|key| &**key))
        .collect();
    let found = Frame::Array(values.iter().map(bulk).collect());
    exchanges.push(exchange(&all, found));
    if number.is_multiple_of(20) {
        exchanges.push(exchange(&["SAVE"], Frame::OK));
    }
    exchanges.push(exchange(
        &["DEL", &keys[0], &keys[1], &keys[1]],
        Frame::Integer(2),
    ));
    exchanges.push(exchange(&["TRIAD", "OWNER", &keys[2]], bulk(NAMES[2])));
    exchanges.push(exchange(
        &["EXISTS", &keys[0], &keys[2], &keys[2]],
        Frame::Integer(2),
    ));
    exchanges
}

fn wrong_arity(name: &str) -> Frame<'static> {
    Frame::Error(format!("ERR wrong number of arguments for '{name}' command").into())
}

#[test]
fn replies_to_a_pipeline_over_all_nodes_come_in_order() {
    let lab = Lab::started();
    for via in NAMES {
        let mut client = lab.connect(via);
        let exchanges: Vec<_> = (0..60).flat_map(round).collect();
        for (words, _) in &exchanges {
            client.send(words);
        }
        for (at, (words, reply)) in exchanges.iter().enumerate() {
            assert_eq!(
                client.reply(),
                *reply,
                "reply {at} through {via}, to {words:?}"
            );
        }
        assert!(!client.has_reply());
    }
}

#[test]
fn a_reply_that_is_known_waits_for_one_that_is_not() {
    let mut lab = Lab::new();
    let proxy = Proxy::to(lab.address("mac"));
    lab.start("mac");
    lab.start_through("linux", &[("mac", &proxy)]);
    lab.wait_until_linked();
    let (mut client, mut other) = (lab.connect("linux"), lab.connect("linux"));
    let (near, far) = (key_of("linux", "k", 0), key_of("mac", "k", 0));
    proxy.hold();
    client.send(&["SET", &far, "1"]);
    client.send(&["SET", &near, "2"]);
    client.send(&["GET", &far]);
    client.send(&["PING"]);
    proxy.wait_for_held_bytes(0);
    // What another client sees shows that the later requests have been carried out.
    eventually(
        "the write behind the one that is held up has taken effect",
        || other.call(&["GET", &near]) == bulk("2"),
    );
    assert!(!client.has_reply());
    proxy.release();
    let replies = [
        Frame::OK,
        Frame::OK,
        bulk("1"),
        Frame::Simple("PONG".into()),
    ];
    for reply in replies {
        assert_eq!(client.reply(), reply);
    }
}

/// Asks until the link is there again.
fn set_until_done(client: &mut Connection, key: &str, value: &str) {
    eventually("the link is made anew", || {
        let reply = client.call(&["SET", key, value]);
        let done = reply == Frame::OK;
        assert!(
            done || error(&reply).starts_with("UNREACHABLE mac "),
            "{reply:?}"
        );
        done
    });
}

#[test]
fn a_write_that_was_held_up_on_an_older_link_does_not_overtake_a_newer_one() {
    let mut lab = Lab::new();
    let proxy = Proxy::to(lab.address("mac"));
    lab.start("mac");
    lab.start_through("linux", &[("mac", &proxy)]);
    lab.wait_until_linked();
    let mut client = lab.connect("linux");
    let key = key_of("mac", "k", 0);
    assert_eq!(client.call(&["SET", &key, "0"]), Frame::OK);

    proxy.hold();
    client.send(&["SET", &key, "1"]);
    proxy.wait_for_held_bytes(0);
    let given_up = error(&client.reply());
    assert!(given_up.starts_with("OUTCOMEUNKNOWN mac "), "{given_up}");
    set_until_done(&mut client, &key, "2");

    // Now mac gets to see the older link's bytes.
    proxy.release();
    proxy.wait_until_passed(0);
    let mut owner = lab.connect("mac");
    for _ in 0..200 {
        assert_eq!(owner.call(&["GET", &key]), bulk("2"));
    }
    assert_eq!(client.call(&["GET", &key]), bulk("2"));
}

#[test]
fn writes_of_one_client_keep_their_order_while_the_link_breaks_again_and_again() {
    let mut lab = Lab::new();
    let proxy = Proxy::to(lab.address("mac"));
    lab.start("mac");
    lab.start_through("linux", &[("mac", &proxy)]);
    lab.wait_until_linked();
    let mut client = lab.connect("linux");
    let mut owner = lab.connect("mac");
    let key = key_of("mac", "k", 0);
    let mut acknowledged = 0;
    for round in 0..3 {
        set_until_done(&mut client, &key, &format!("{}", round * 1000));
        let numbers = round * 1000 + 1..round * 1000 + 100;
        for number in numbers.clone() {
            client.send(&["SET", &key, &number.to_string()]);
        }
        assert_eq!(client.reply(), Frame::OK);
        proxy.cut();
        let mut seen_failure = false;
        for number in numbers.skip(1) {
            let done = client.reply() == Frame::OK;
            assert!(
                !done || !seen_failure,
                "{number} was done after one before it had failed"
            );
            seen_failure = !done;
            if done {
                acknowledged = number;
            }
        }
        // What is there is the last that was acknowledged, or one that was sent after it.
        let Frame::Bulk(value) = owner.call(&["GET", &key]) else {
            panic!("the key is gone")
        };
        let value: i32 = String::from_utf8(value.into_owned())
            .unwrap()
            .parse()
            .unwrap();
        assert!(
            value >= acknowledged,
            "{value} is older than {acknowledged}"
        );
        proxy.mend();
    }
}
