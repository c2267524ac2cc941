mod fake;
mod one_connection;

use std::cell::Cell;
use std::rc::Rc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::spawn_local;
use tokio::time::Instant;

use super::*;
use crate::limits::CLIENT_QUEUE_MAX_BYTES;
use fake::Fake;

/// A key's first letter says whose it is: `a…` is the first node's.
#[derive(Debug, Clone)]
struct Letters;

impl Router for Letters {
    fn place(&self, key: &[u8]) -> usize {
        key.first()
            .map_or(usize::MAX, |byte| usize::from(byte.wrapping_sub(b'a')))
    }

    fn fingerprint(&self) -> Option<&str> {
        Some("the same")
    }
}

fn client_of<'a>(addresses: impl IntoIterator<Item = &'a Address>) -> ClusterClient<Letters> {
    let nodes = ["first", "second", "third"].into_iter().zip(addresses);
    let nodes = nodes.map(|(name, address)| (name.to_owned(), address.clone()));
    ClusterClient::with_router(nodes, Letters).unwrap()
}

/// Three nodes that answer every request with its last word, and a client of them.
async fn three_echoes() -> ([Rc<Fake>; 3], ClusterClient<Letters>) {
    let echo = |words: &[Vec<u8>]| words.last().map(|word| Frame::bulk(word.clone()));
    let nodes = [
        Fake::start(echo).await,
        Fake::start(echo).await,
        Fake::start(echo).await,
    ];
    let client = client_of(nodes.iter().map(|node| &node.address));
    (nodes, client)
}

/// An address where nobody listens.
async fn nowhere() -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string().parse().unwrap()
}

/// Waits for a reply that does not come yet, and gives up at once.
async fn wait_a_moment(client: &mut ClusterClient<Letters>) {
    tokio::select! {
        biased;
        reply = client.reply() => panic!("{reply:?}"),
        () = std::future::ready(()) => {}
    }
    yield_now().await;
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let tasks = tokio::task::LocalSet::new();
    runtime.block_on(tasks.run_until(test));
}

#[test]
fn each_request_goes_to_its_owner_and_replies_come_in_order() {
    run(async {
        let (nodes, mut client) = three_echoes().await;
        let key = |number: usize| format!("{}{number}", ["a", "b", "c"][number * number / 7 % 3]);
        for number in 0..900 {
            client.queue(&[b"GET", key(number).as_bytes()]).unwrap();
        }
        assert_eq!(client.pending(), 900);
        for number in 0..900 {
            let reply = client.reply().await.unwrap().unwrap();
            assert_eq!(reply.as_bytes(), Some(key(number).as_bytes()));
        }
        assert!(client.reply().await.is_none());
        for (place, node) in nodes.iter().enumerate() {
            let asked = node.asked.borrow();
            assert!(asked.iter().all(|words| Letters.place(&words[1]) == place));
            assert!(node.accepted.get() <= 1);
        }
    });
}

#[test]
fn a_node_that_nobody_asks_for_is_not_connected_to() {
    run(async {
        let (nodes, mut client) = three_echoes().await;
        client.call(&[b"GET", b"b"]).await.unwrap();
        let accepted = nodes.each_ref().map(|node| node.accepted.get());
        assert_eq!(accepted, [0, 1, 0]);
    });
}

#[test]
fn a_pipeline_that_fills_the_buffers_both_ways_does_not_lock_up() {
    run(async {
        // Each request brings back as much as it carries; 48 MiB each way are more than the sockets hold,
        // so neither side could go on if the client wrote all before it read.
        let (_nodes, mut client) = three_echoes().await;
        let value = vec![b'v'; 256 * 1024];
        let mut replies = 0;
        for number in 0..192_usize {
            // The first node's reply is waited for while the second one's fill all buffers.
            let key = if number % 16 == 0 { b"a" } else { b"b" };
            while client.queue(&[b"SET", key, &value]).is_err() {
                let reply = client.reply().await.unwrap().unwrap();
                assert_eq!(reply.as_bytes(), Some(&*value));
                replies += 1;
            }
        }
        while let Some(reply) = client.reply().await {
            assert_eq!(reply.unwrap().as_bytes(), Some(&*value));
            replies += 1;
        }
        assert_eq!(replies, 192);
    });
}

#[test]
fn no_more_is_queued_than_the_bounds_allow() {
    run(async {
        let (_nodes, mut client) = three_echoes().await;
        for number in 0..CLIENT_WINDOW_REQUESTS {
            let key = ["a", "b", "c"][number % 3].as_bytes();
            client.queue(&[b"GET", key]).unwrap();
        }
        assert_eq!(client.queue(&[b"GET", b"a"]), Err(ReplyFirst));
        client.reply().await.unwrap().unwrap();
        client.queue(&[b"GET", b"a"]).unwrap();
        assert_eq!(client.queue(&[b"GET", b"a"]), Err(ReplyFirst));
        while let Some(reply) = client.reply().await {
            reply.unwrap();
        }

        let value = vec![b'v'; CLIENT_QUEUE_MAX_BYTES / 4];
        for key in [b"a", b"a", b"a", b"a", b"b"] {
            client.queue(&[b"SET", key, &value]).unwrap();
        }
        assert_eq!(client.queue(&[b"SET", b"a", b"v"]), Err(ReplyFirst));
        client.queue(&[b"SET", b"b", &value]).unwrap();
        client.reply().await.unwrap().unwrap();
        client.queue(&[b"SET", b"a", b"v"]).unwrap();
    });
}

#[test]
fn a_node_that_is_away_is_an_error_of_its_own_requests_until_it_is_back() {
    run(async {
        let (nodes, _) = three_echoes().await;
        let away = nowhere().await;
        let mut client = client_of([&nodes[0].address, &away]);
        for key in [b"a1", b"b1", b"b2", b"a2"] {
            client.queue(&[b"GET", key]).unwrap();
        }
        let mut replies = Vec::new();
        while let Some(reply) = client.reply().await {
            replies.push(reply);
        }
        let missing = |reply: &Result<Frame<'_>, ClientError>| {
            reply
                .as_ref()
                .err()
                .and_then(|e| e.missing().map(str::to_owned))
        };
        let second = Some("second".to_owned());
        let names: Vec<_> = replies.iter().map(missing).collect();
        assert_eq!(names, [None, second.clone(), second, None]);
        assert!(matches!(replies[1], Err(ClientError::Unreachable { .. })));

        let listener = TcpListener::bind(away.to_string()).await.unwrap();
        Fake::serve_on(listener, "the same", |_| Some(Frame::OK));
        while let Err(error) = client.call(&[b"GET", b"b1"]).await {
            // The next attempt waits for as long as the last one has taken.
            assert_eq!(error.missing(), Some("second"));
        }
    });
}

#[test]
fn of_a_connection_that_breaks_what_was_sent_is_lost_and_the_rest_was_not_sent() {
    run(async {
        let answer = |words: &[Vec<u8>]| (words[1] != b"a3").then_some(Frame::OK);
        let node = Fake::start(answer).await;
        let mut client = client_of([&node.address]);
        for key in [b"a1", b"a2", b"a3", b"a4"] {
            client.queue(&[b"GET", key]).unwrap();
        }
        client.reply().await.unwrap().unwrap();
        client.reply().await.unwrap().unwrap();
        let lost = client.reply().await.unwrap().unwrap_err();
        assert!(matches!(&lost, ClientError::Lost { name, .. } if name == "first"));
        // Its caller has not seen yet that the fourth is lost.
        client.queue(&[b"GET", b"a5"]).unwrap();
        let lost = client.reply().await.unwrap().unwrap_err();
        assert!(matches!(lost, ClientError::Lost { .. }), "{lost}");
        let unsent = client.reply().await.unwrap().unwrap_err();
        assert!(
            matches!(&unsent, ClientError::Unreachable { cause, .. } if cause.contains("nothing was sent")),
            "{unsent}"
        );
        assert_eq!(client.call(&[b"GET", b"a6"]).await.unwrap(), Frame::OK);
        let asked = node.asked.borrow();
        assert!(!asked.iter().any(|words| words[1] == b"a5"));
    });
}

#[test]
fn what_a_node_answered_before_it_went_away_still_counts() {
    run(async {
        // One that never answers, and one that goes away while the client waits for the first.
        let silent = Fake::start(|_| Some(Frame::Push(Vec::new()))).await;
        let answer = |words: &[Vec<u8>]| (words[1] != b"b-end").then_some(Frame::OK);
        let ending = Fake::start(answer).await;
        let mut client = client_of([&silent.address, &ending.address]);
        client.silence = Duration::from_millis(30);
        for key in [&b"a1"[..], b"b1", b"b-end"] {
            client.queue(&[b"GET", key]).unwrap();
        }
        while ending.asked.borrow().len() < 2 {
            wait_a_moment(&mut client).await;
        }
        // The system takes the first of these and not the second.
        for key in [b"b3", b"b4"] {
            client.queue(&[b"GET", key]).unwrap();
            wait_a_moment(&mut client).await;
        }
        assert!(client.reply().await.unwrap().is_err());
        assert_eq!(client.reply().await.unwrap().unwrap(), Frame::OK);
        for _ in ["b-end", "b3"] {
            let error = client.reply().await.unwrap().unwrap_err();
            assert!(matches!(error, ClientError::Lost { .. }), "{error}");
        }
        let error = client.reply().await.unwrap().unwrap_err();
        assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
    });
}

#[test]
fn a_connection_that_ended_at_rest_is_made_anew_without_an_error() {
    run(async {
        let (nodes, _) = three_echoes().await;
        let stop = Rc::new(Cell::new(false));
        let (stopping, listener) = (Rc::clone(&stop), TcpListener::bind("127.0.0.1:0").await);
        let listener = listener.unwrap();
        let address: Address = listener.local_addr().unwrap().to_string().parse().unwrap();
        // It serves one connection for one request, and then another.
        spawn_local(async move {
            let node = Fake::start(|_| Some(Frame::OK)).await;
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let serving = spawn_local(Rc::clone(&node).serve(stream));
                while !stopping.replace(false) {
                    yield_now().await;
                }
                serving.abort();
            }
        });
        let mut client = client_of([&nodes[0].address, &address]);
        for _ in 0..3 {
            client.call(&[b"GET", b"b"]).await.unwrap();
            stop.set(true);
            // Other nodes' replies show that the sockets have been looked at.
            while stop.get() {
                client.call(&[b"GET", b"a"]).await.unwrap();
            }
            client.call(&[b"GET", b"a"]).await.unwrap();
        }
    });
}

#[test]
fn a_node_with_other_rules_is_sent_no_request() {
    run(async {
        let (nodes, _) = three_echoes().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let other = Fake::serve_on(listener, "another", |_| Some(Frame::OK));
        let mut client = client_of([&other.address, &nodes[1].address]);
        for words in [[&b"SET"[..], b"a1", b"v"], [b"SET", b"b1", b"v"]] {
            client.queue(&words).unwrap();
        }
        let error = client.reply().await.unwrap().unwrap_err();
        assert!(matches!(&error, ClientError::RulesDiffer { name, .. } if name == "first"));
        client.reply().await.unwrap().unwrap();
        // Another node answers what any can.
        client.call(&[b"MGET", b"a1", b"b1"]).await.unwrap();
        client.call(&[b"PING"]).await.unwrap();
        assert_eq!(*other.asked.borrow(), Vec::<Vec<Vec<u8>>>::new());
        assert_eq!(nodes[1].asked.borrow().len(), 3);
    });
}

#[test]
fn what_goes_to_a_key_by_two_ways_is_kept_apart() {
    run(async {
        let (nodes, mut client) = three_echoes().await;
        let first_of_all: &[&[u8]] = &[b"MSET", b"a1", b"v", b"b1", b"w"];
        client.queue(&[b"SET", b"a1", b"1"]).unwrap();
        client.queue(&[b"SET", b"b1", b"2"]).unwrap();
        assert_eq!(client.queue(first_of_all), Err(ReplyFirst));
        client.reply().await.unwrap().unwrap();
        assert_eq!(client.queue(first_of_all), Err(ReplyFirst));
        client.reply().await.unwrap().unwrap();
        client.queue(first_of_all).unwrap();
        client.queue(first_of_all).unwrap();
        // What the entry node has itself, and what concerns no key, follows on the same connection.
        client.queue(&[b"GET", b"a1"]).unwrap();
        client.queue(&[b"PING"]).unwrap();
        for _ in 0..2 {
            assert_eq!(client.queue(&[b"GET", b"b1"]), Err(ReplyFirst));
            client.reply().await.unwrap().unwrap();
        }
        client.queue(&[b"GET", b"b1"]).unwrap();
        while let Some(reply) = client.reply().await {
            reply.unwrap();
        }
        let asked = nodes.each_ref().map(|node| node.asked.borrow().len());
        assert_eq!(asked, [5, 2, 0]);
    });
}

#[test]
fn a_wait_that_is_dropped_loses_no_reply() {
    run(async {
        let (_nodes, mut client) = three_echoes().await;
        for key in [b"a", b"b", b"c"] {
            client.queue(&[b"GET", key]).unwrap();
        }
        let mut dropped = 0;
        for key in [b"a", b"b", b"c"] {
            let reply = loop {
                tokio::select! {
                    biased;
                    reply = client.reply() => break reply,
                    () = std::future::ready(()) => dropped += 1,
                }
                yield_now().await;
            };
            assert_eq!(reply.unwrap().unwrap().as_bytes(), Some(&key[..]));
        }
        assert!(dropped > 0);
    });
}

#[test]
fn a_silent_node_is_given_up_and_the_others_go_on() {
    run(async {
        let (nodes, _) = three_echoes().await;
        // It takes connections and says nothing after the greeting.
        let silent = Fake::start(|_| Some(Frame::Push(Vec::new()))).await;
        let mut client = client_of([&nodes[0].address, &silent.address]);
        client.silence = Duration::from_millis(30);
        client.queue(&[b"GET", b"b1"]).unwrap();
        client.queue(&[b"GET", b"a1"]).unwrap();
        let error = client.reply().await.unwrap().unwrap_err();
        assert!(
            matches!(&error, ClientError::Lost { name, cause, .. } if name == "second" && cause.contains("silent")),
            "{error}"
        );
        client.reply().await.unwrap().unwrap();
    });
}

#[test]
fn a_node_that_takes_a_long_request_slowly_is_not_silent() {
    run(async {
        // Much more than the system takes of it at once.
        const LENGTH: u32 = 32 * 1024 * 1024;
        let silence = Duration::from_millis(200);
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(64 * 1024).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address: Address = listener.local_addr().unwrap().to_string().parse().unwrap();
        spawn_local(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut chunk = vec![0; 64 * 1024];
            for greeting in [&b"%0\r\n"[..], b"$20\r\nfingerprint:the same\r\n"] {
                assert!(stream.read(&mut chunk).await.unwrap() > 0);
                stream.write_all(greeting).await.unwrap();
            }
            let (begun, mut read) = (Instant::now(), 0);
            while read < LENGTH {
                read += u32::try_from(stream.read(&mut chunk).await.unwrap()).unwrap();
                while begun.elapsed() < silence * 3 * read / LENGTH {
                    yield_now().await;
                }
            }
            stream.write_all(b"+OK\r\n").await.unwrap();
            std::future::pending::<()>().await;
        });
        let mut client = client_of([&address]);
        client.silence = silence;
        let value = vec![b'v'; LENGTH as usize];
        let reply = client.call(&[b"SET", b"a", &value]).await;
        assert_eq!(reply.unwrap(), Frame::OK);
    });
}

#[test]
fn an_error_is_only_its_own_request_s() {
    run(async {
        let node = Fake::start(|words| {
            Some(match &*words[1] {
                b"a1" => Frame::error("ERR no"),
                key => Frame::bulk(key.to_vec()),
            })
        })
        .await;
        let mut client = client_of([&node.address]);
        for key in [b"a0", b"a1", b"a2"] {
            client.queue(&[b"GET", key]).unwrap();
        }
        assert!(client.reply().await.unwrap().is_ok());
        let error = client.reply().await.unwrap().unwrap_err();
        assert!(matches!(&error, ClientError::Refused { text } if text == "ERR no"));
        let error = client.call(&[b"GET", b"a0"]).await.unwrap_err();
        assert!(matches!(error, ClientError::ReplyFirst(_)), "{error}");
        let length = client.reply_with(|frame| frame.as_bytes().map(<[u8]>::len));
        assert_eq!(length.await.unwrap().unwrap(), Some(2));
    });
}

#[test]
fn replies_keep_their_order_whether_or_not_owners_are_worked_out_together() {
    run(async {
        let (nodes, mut client) = three_echoes().await;
        let long = vec![b'v'; 5000];
        let mut expected = VecDeque::new();
        for number in 0..2000_usize {
            let key = format!("{}{number}", ["a", "b", "c"][number % 3]);
            let key = key.as_bytes();
            let words: &[&[u8]] = match number * number % 23 {
                0 => &[b"MGET", b"a0", b"b0", key],
                1 => &[b"SET", key, &long],
                2 => &[b"PING", key],
                // Of this one nobody knows the owner.
                3 => &[b"SET", b"", key],
                4 => &[b"SET", key, b"v"],
                _ => &[b"GET", key],
            };
            while client.queue(words).is_err() {
                let reply = client.reply().await.unwrap().unwrap();
                assert_eq!(reply.as_bytes(), expected.pop_front().as_deref());
            }
            expected.push_back(words.last().unwrap().to_vec());
            assert_eq!(client.pending(), expected.len());
        }
        while let Some(reply) = client.reply().await {
            let reply = reply.unwrap();
            assert_eq!(reply.as_bytes(), expected.pop_front().as_deref());
        }
        assert!(expected.is_empty());
        for (place, node) in nodes.iter().enumerate() {
            let asked = node.asked.borrow();
            let own = |words: &&Vec<Vec<u8>>| {
                let key = &words[1];
                matches!(&*words[0], b"GET" | b"SET") && !key.is_empty()
            };
            assert!(asked.iter().any(|words| own(&words)));
            let mut asked = asked.iter().filter(own);
            assert!(asked.all(|words| Letters.place(&words[1]) == place));
        }
    });
}

#[test]
fn a_key_without_an_owner_is_kept_apart_as_what_others_are_asked_for() {
    run(async {
        let (nodes, mut client) = three_echoes().await;
        for words in [[&b"GET"[..], b"b"], [b"GET", b""], [b"GET", b"a"]] {
            client.queue(&words).unwrap();
        }
        // The first reply has the three given to their nodes.
        client.reply().await.unwrap().unwrap();
        assert_eq!(client.queue(&[b"GET", b"b"]), Err(ReplyFirst));
        client.queue(&[b"GET", b"a"]).unwrap();
        client.reply().await.unwrap().unwrap();
        client.queue(&[b"GET", b"b"]).unwrap();
        while let Some(reply) = client.reply().await {
            reply.unwrap();
        }
        let asked = nodes.each_ref().map(|node| node.asked.borrow().len());
        assert_eq!(asked, [3, 2, 0]);
    });
}
