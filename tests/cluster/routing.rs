//! The library's cluster client beside one that knows one node only: the same replies, without a request
//! that a node has to send on.

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;
use triad::client::{Client, ClientError, ClusterClient};
use triad::cluster::Cluster;
use triad::limits::CLIENT_WINDOW_REQUESTS;
use triad::resp::Frame;

use crate::lab::{Lab, NAMES, key_of};

/// The words of a request.
type Words = Vec<Vec<u8>>;

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test)
}

fn cluster(lab: &Lab) -> Cluster {
    Cluster::load(&lab.cluster_file()).unwrap()
}

/// The replies to requests, as many of which are under way as the client takes.
async fn ask_all(client: &mut ClusterClient, requests: &[Words]) -> Vec<String> {
    let mut replies = Vec::new();
    for words in requests {
        let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
        while client.queue(&words).is_err() {
            replies.push(shown(client.reply().await.unwrap()));
        }
    }
    while let Some(reply) = client.reply().await {
        replies.push(shown(reply));
    }
    replies
}

fn shown(reply: Result<Frame<'static>, ClientError>) -> String {
    match reply {
        Ok(frame) => format!("{frame:?}"),
        Err(error) => error.to_string(),
    }
}

fn keys() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        20 => (0..12_u8).prop_map(|number| format!("key-{number}").into_bytes()),
        1 => Just(Vec::new()),
        1 => prop::collection::vec(any::<u8>(), 1..40),
    ]
}

fn values() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        20 => prop::collection::vec(any::<u8>(), 0..20),
        1 => (0..200_000_usize).prop_map(|len| vec![b'v'; len]),
    ]
}

/// Requests to which a cluster gives the same reply as a single node.
fn requests() -> impl Strategy<Value = Vec<Words>> {
    let with = |name: &'static str| move |rest: Vec<Vec<u8>>| [vec![name.into()], rest].concat();
    let many = || prop::collection::vec(keys(), 1..5);
    let pairs = prop::collection::vec((keys(), values()), 1..4);
    let request = prop_oneof![
        12 => (keys(), values()).prop_map(|(key, value)| vec![b"SET".to_vec(), key, value]),
        12 => keys().prop_map(|key| vec![b"get".to_vec(), key]),
        4 => many().prop_map(with("DEL")),
        3 => many().prop_map(with("MGET")),
        2 => many().prop_map(with("exists")),
        2 => pairs.prop_map(move |pairs| {
            let words = pairs.into_iter().flat_map(|(key, value)| [key, value]);
            with("MSET")(words.collect())
        }),
        1 => Just(vec![b"DBSIZE".to_vec()]),
        1 => Just(vec![b"FLUSHALL".to_vec()]),
        1 => values().prop_map(|value| vec![b"ECHO".to_vec(), value]),
        1 => keys().prop_map(|key| vec![b"SET".to_vec(), key]),
        1 => keys().prop_map(|key| vec![b"NOSUCH".to_vec(), key]),
    ];
    prop::collection::vec(request, 1..150)
}

#[test]
fn replies_are_those_of_a_single_node() {
    let (three, mut one) = (
        Lab::started(),
        Lab::with_rules(&[("linux", json!("remainder"))]),
    );
    one.start_all();
    let alone = cluster(&one);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let client = RefCell::new(ClusterClient::new(&cluster(&three)));
    let node = alone.nodes().first().unwrap();
    let plain = runtime.block_on(Client::connect("linux", &node.address));
    let plain = RefCell::new(plain.unwrap());
    let config = ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let same = TestRunner::new(config).run(&requests(), |mut requests| {
        requests.insert(0, vec![b"FLUSHALL".to_vec()]);
        let (mut client, mut plain) = (client.borrow_mut(), plain.borrow_mut());
        let (expected, found) = runtime.block_on(async {
            let mut expected = Vec::new();
            for words in &requests {
                plain.queue(&words.iter().map(Vec::as_slice).collect::<Vec<_>>());
                expected.push(shown(plain.reply().await));
            }
            (expected, ask_all(&mut client, &requests).await)
        });
        prop_assert_eq!(found, expected);
        Ok(())
    });
    same.unwrap();
}

#[test]
fn no_node_has_to_send_a_request_on() {
    let lab = Lab::started();
    let forwarded = || NAMES.map(|name| lab.connect(name).info("triad_forwarded"));
    let before = forwarded();
    run(async {
        let mut client = ClusterClient::new(&cluster(&lab));
        // More than may be under way at a time.
        let words = |verb: &str, number: usize| {
            let words = [verb, &format!("key:{number}"), &number.to_string()];
            words.map(|word| word.as_bytes().to_vec()).to_vec()
        };
        let sets = (0..3 * CLIENT_WINDOW_REQUESTS).map(|number| words("SET", number));
        let gets = (0..3 * CLIENT_WINDOW_REQUESTS).map(|number| words("GET", number)[..2].to_vec());
        let replies = ask_all(&mut client, &sets.chain(gets).collect::<Vec<_>>()).await;
        let (sets, gets) = replies.split_at(3 * CLIENT_WINDOW_REQUESTS);
        assert!(sets.iter().all(|reply| *reply == shown(Ok(Frame::OK))));
        for (number, reply) in gets.iter().enumerate() {
            assert_eq!(*reply, shown(Ok(Frame::text(number.to_string()))));
        }
    });
    assert_eq!(forwarded(), before);
}

#[test]
fn values_of_all_sizes_come_back_as_they_were() {
    let lab = Lab::started();
    run(async {
        let mut client = ClusterClient::new(&cluster(&lab));
        let sizes = [0, 1, 63, 64, 4096, 16 * 1024, 100_000, 1024 * 1024];
        for owner in NAMES {
            let keys: Vec<_> = (0..sizes.len()).map(|n| key_of(owner, "v", n)).collect();
            let value = |size: usize| (0..=250).cycle().take(size).collect::<Vec<u8>>();
            for (key, size) in keys.iter().zip(sizes) {
                let words: &[&[u8]] = &[b"SET", key.as_bytes(), &value(size)];
                while client.queue(words).is_err() {
                    client.reply().await.unwrap().unwrap();
                }
            }
            for key in &keys {
                while client.queue(&[b"GET", key.as_bytes()]).is_err() {
                    client.reply().await.unwrap().unwrap();
                }
            }
            while client.pending() > keys.len() {
                assert_eq!(client.reply().await.unwrap().unwrap(), Frame::OK);
            }
            for size in sizes {
                let is_same = |frame: Frame<'_>| frame.as_bytes() == Some(&value(size));
                assert!(client.reply_with(is_same).await.unwrap().unwrap(), "{size}");
            }
        }
    });
}

#[test]
fn a_killed_node_is_missed_for_its_own_keys_until_it_is_back() {
    let mut lab = Lab::started();
    let keys = NAMES.map(|owner| key_of(owner, "k", 0));
    let mut client = ClusterClient::new(&cluster(&lab));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let round = |client: &mut ClusterClient| {
        runtime.block_on(async {
            for key in &keys {
                client.queue(&[b"SET", key.as_bytes(), b"v"]).unwrap();
            }
            let mut missing = Vec::new();
            for _ in &keys {
                let reply = client.reply().await.unwrap();
                missing.push(
                    reply
                        .err()
                        .and_then(|error| Some(error.missing()?.to_owned())),
                );
            }
            missing
        })
    };
    assert_eq!(round(&mut client), [None, None, None]);
    lab.kill("mac");
    for _ in 0..20 {
        assert_eq!(round(&mut client), [None, Some("mac".to_owned()), None]);
    }
    lab.start("mac");
    // The attempt before may have been made when it did not listen yet, and no other is made at once.
    crate::lab::eventually("mac is found again", || {
        round(&mut client) == [None, None, None]
    });
    // The node that answers what any can may be away too.
    lab.kill("linux");
    assert_eq!(round(&mut client), [Some("linux".to_owned()), None, None]);
    let pong = runtime.block_on(client.call(&[b"PING"])).unwrap();
    assert_eq!(pong, Frame::simple("PONG"));
}

#[test]
fn a_node_with_other_rules_gets_none_of_the_requests_and_is_told_of() {
    let mut lab = Lab::new();
    let list = [
        ("linux", json!({ "hash": "md5", "last_hex_digit": "even" })),
        ("mac", json!({ "hash": "sha1", "divisible_by": 4 })),
        ("android", json!("remainder")),
    ];
    let other = lab.write_cluster_file("other.json", &list, |_, address| address);
    lab.start("linux");
    lab.start("mac");
    lab.start_with_cluster("android", &other);
    let key = key_of("android", "k", 0);
    run(async {
        let mut client = ClusterClient::new(&cluster(&lab));
        let set: &[&[u8]] = &[b"SET", key.as_bytes(), b"v"];
        let error = client.call(set).await.unwrap_err();
        assert!(matches!(&error, ClientError::RulesDiffer { name, .. } if name == "android"));
        let on_linux = key_of("linux", "k", 0);
        let set: &[&[u8]] = &[b"SET", on_linux.as_bytes(), b"v"];
        assert_eq!(client.call(set).await.unwrap(), Frame::OK);
    });
    let held = lab.connect("android").call(&["TRIAD", "KEYS"]);
    assert_eq!(held, Frame::Array(Vec::new()));

    assert_eq!(lab.stop("android").code(), Some(0));
    lab.start("android");
    run(async {
        let mut client = ClusterClient::new(&cluster(&lab));
        let set: &[&[u8]] = &[b"SET", key.as_bytes(), b"v"];
        assert_eq!(client.call(set).await.unwrap(), Frame::OK);
    });
}

#[test]
fn a_client_that_is_dropped_midway_leaves_the_nodes_as_they_are() {
    let lab = Lab::started();
    run(async {
        let value = vec![b'v'; 64 * 1024];
        for answered in [0, 1, 7, 40] {
            let mut client = ClusterClient::new(&cluster(&lab));
            for number in 0..48 {
                let key = format!("key:{answered}:{number}");
                while client.queue(&[b"SET", key.as_bytes(), &value]).is_err() {
                    assert_eq!(client.reply().await.unwrap().unwrap(), Frame::OK);
                }
            }
            while client.pending() > 48 - answered {
                assert_eq!(client.reply().await.unwrap().unwrap(), Frame::OK);
            }
            drop(client);
            let mut other = ClusterClient::new(&cluster(&lab));
            for number in 0..answered {
                let key = format!("key:{answered}:{number}");
                let held = other.call(&[b"GET", key.as_bytes()]).await.unwrap();
                assert_eq!(held.as_bytes(), Some(&*value));
            }
        }
    });
}
