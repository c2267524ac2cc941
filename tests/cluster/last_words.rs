//! What a peer said before its link broke counts.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use triad::placement::Placement;
use triad::resp::{Frame, Protocol, encode, encode_request};

use crate::lab::connection::{bulk, error};
use crate::lab::{Connection, Lab, key_of};

/// How many requests each client has out, and how many clients there are. Together their replies take
/// several reads, and less than the system holds for a program that has not read yet.
const REQUESTS: usize = 16;
const CLIENTS: usize = 3;

/// A mac that is this test: takes a link, and answers the handshake.
fn accept_link(listener: &TcpListener) -> TcpStream {
    let (mut link, _) = listener.accept().unwrap();
    let mut hello = [0; 1024];
    assert!(link.read(&mut hello).unwrap() > 0);
    let fingerprint = Placement::built_in().fingerprint().to_owned();
    let fields = ["1", "mac", "0123456789abcdef", "1", &fingerprint].map(bulk);
    let mut answer = Vec::new();
    encode(&Frame::Array(fields.into()), Protocol::Resp3, &mut answer);
    link.write_all(&answer).unwrap();
    link
}

#[test]
fn replies_that_came_before_a_link_broke_are_passed_on() {
    let mut lab = Lab::new();
    let listener = TcpListener::bind(lab.address("mac")).unwrap();
    lab.start("linux");
    let mut link = accept_link(&listener);

    let key = key_of("mac", "k", 0);
    let mut clients: Vec<Connection> = (0..CLIENTS).map(|_| lab.connect("linux")).collect();
    let mut request = Vec::new();
    encode_request([b"GET", key.as_bytes()].into_iter(), &mut request);
    for client in &mut clients {
        client.send_bytes(&request.repeat(REQUESTS));
    }
    link.read_exact(&mut vec![0; request.len() * REQUESTS * CLIENTS])
        .unwrap();
    // Of this one only the beginning is taken, so the link has more to write when it breaks.
    let mut writer = lab.connect("linux");
    writer.send(&[b"SET", key.as_bytes(), &vec![b'x'; 8 * 1024 * 1024]]);
    link.read_exact(&mut [0; 100]).unwrap();

    let value = "v".repeat(1024);
    let mut reply = Vec::new();
    encode(&bulk(&value), Protocol::Resp3, &mut reply);
    link.write_all(&reply.repeat(REQUESTS * CLIENTS)).unwrap();
    // With bytes that it has not read, this end does not say goodbye: the link is reset.
    drop(link);
    drop(listener);
    for client in &mut clients {
        for _ in 0..REQUESTS {
            assert_eq!(client.reply(), bulk(&value));
        }
    }
    let told = error(&writer.reply());
    assert!(told.starts_with("OUTCOMEUNKNOWN mac "), "{told}");
}
