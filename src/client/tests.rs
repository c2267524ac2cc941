use tokio::net::TcpListener;

use super::*;
use crate::resp::{Next, Protocol, RequestDecoder, RequestLimits, encode};

/// A node that answers its first request, which is `HELLO`, and every later one as `answer` says.
/// Returns its address; it ends with the test.
async fn node(answer: impl Fn(usize, &mut Vec<u8>) + 'static) -> Address {
    let (listener, address) = listen().await;
    tokio::task::spawn_local(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut decoder = RequestDecoder::new(RequestLimits::default());
        let mut served = 0;
        loop {
            let mut out = Vec::new();
            while let Next::Request(_) = decoder.next().unwrap() {
                match served {
                    0 => encode(&Frame::Map(Vec::new()), Protocol::Resp3, &mut out),
                    served => answer(served, &mut out),
                }
                served += 1;
            }
            // Like a node, it reads no further request before its replies have left.
            if stream.write_all(&out).await.is_err() || out.ends_with(HANG_UP) {
                return;
            }
            match stream.read_buf(decoder.buffer()).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    });
    address
}

/// An answer after which the node closes the connection.
const HANG_UP: &[u8] = b"$100\r\nhalf of";

async fn listen() -> (TcpListener, Address) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address.parse().unwrap())
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
fn a_pipeline_that_fills_the_buffers_both_ways_does_not_lock_up() {
    run(async {
        // Each request brings back as much as it carries; 64 MiB each way are more than any socket
        // holds, so neither side could go on if the client wrote all before it read.
        let value = vec![b'v'; 256 * 1024];
        let echo = value.clone();
        let address = node(move |_, out| encode(&Frame::bulk(&*echo), Protocol::Resp3, out)).await;
        let mut client = Client::connect("linux", &address).await.unwrap();
        for _ in 0..256 {
            client.queue(&[b"ECHO", &value]);
        }
        for _ in 0..256 {
            assert_eq!(client.reply().await.unwrap().as_bytes(), Some(&*value));
        }
        client.queue(&[b"ECHO", &value]);
        client.reply().await.unwrap();
    });
}

#[test]
fn replies_come_in_order_and_an_error_is_only_its_own_request_s() {
    run(async {
        let address = node(|served, out| {
            let frame = match served {
                2 => Frame::error("ERR no such thing"),
                served => Frame::count(served),
            };
            encode(&frame, Protocol::Resp3, out);
        })
        .await;
        let mut client = Client::connect("linux", &address).await.unwrap();
        for _ in 1..=3 {
            client.queue(&[b"ANY"]);
        }
        assert_eq!(client.reply().await.unwrap(), Frame::count(1));
        let error = client.reply().await.unwrap_err();
        assert!(matches!(&error, ClientError::Refused { text } if text == "ERR no such thing"));
        assert_eq!(error.missing(), None);
        assert_eq!(client.reply().await.unwrap(), Frame::count(3));
        assert_eq!(client.call(&[b"ANY"]).await.unwrap(), Frame::count(4));
    });
}

#[test]
fn what_a_node_says_unasked_is_passed_over() {
    run(async {
        let address = node(|_, out| out.extend_from_slice(b">1\r\n$4\r\nbusy\r\n:7\r\n")).await;
        let mut client = Client::connect("linux", &address).await.unwrap();
        assert_eq!(client.call(&[b"ANY"]).await.unwrap(), Frame::Integer(7));
    });
}

#[test]
fn a_connection_that_ends_in_a_reply_is_lost_and_names_the_node() {
    run(async {
        let address = node(|_, out| out.extend_from_slice(HANG_UP)).await;
        let mut client = Client::connect("mac", &address).await.unwrap();
        let error = client.call(&[b"ANY"]).await.unwrap_err();
        assert!(matches!(error, ClientError::Lost { .. }), "{error:?}");
        assert_eq!(error.missing(), Some("mac"));
        assert_eq!(
            error.to_string(),
            format!("mac {address} did not answer: the connection was closed")
        );
    });
}

#[test]
fn what_is_not_a_node_is_told_from_one_that_is_away() {
    run(async {
        let (listener, address) = listen().await;
        tokio::task::spawn_local(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await.unwrap();
            // It holds the connection until the client has seen enough.
            let _ = stream.read_buf(&mut Vec::new()).await;
            std::future::pending::<()>().await;
        });
        let error = Client::connect("linux", &address).await.unwrap_err();
        assert!(matches!(error, ClientError::Unexpected { .. }), "{error:?}");
        assert!(error.to_string().ends_with("it may not be a triad node"));
        assert_eq!(error.missing(), None);

        let (listener, address) = listen().await;
        drop(listener);
        let error = Client::connect("linux", &address).await.unwrap_err();
        assert_eq!(error.missing(), Some("linux"));
        assert_eq!(
            error.to_string(),
            format!(
                "linux {address} cannot be reached: no node runs there (connection refused); start it"
            )
        );
    });
}
