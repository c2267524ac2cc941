//! Requests about the connection on which they are sent.

use super::*;

/// The replies to the others stand in their places.
#[test]
fn a_request_about_one_connection_is_an_error_and_is_sent_to_nobody() {
    run(async {
        let (nodes, mut client) = three_echoes().await;
        let requests: [&[&[u8]]; 5] = [
            &[b"GET", b"a1"],
            &[b"MULTI"],
            &[b"GET", b"b1"],
            &[b"SUBSCRIBE", b"channel"],
            &[b"GET", b"c1"],
        ];
        for words in requests {
            client.queue(words).unwrap();
        }
        for words in requests {
            let reply = client.reply().await.unwrap();
            if words[0] == b"GET" {
                assert_eq!(reply.unwrap(), Frame::bulk(words[1].to_vec()));
            } else {
                assert!(matches!(reply, Err(ClientError::OfOneConnection)));
            }
        }
        assert!(client.reply().await.is_none());
        for node in nodes {
            assert_eq!(node.asked.borrow().len(), 1);
        }
    });
}
