//! A web page can have a browser send a request to any address. None of it may be carried out.

use triad::resp::Frame;

use crate::lab::{self, Lab};

#[test]
fn what_a_browser_sends_is_refused_with_a_sentence() {
    let lab = Lab::started();
    let key = lab::key_of("linux", "posted", 0);
    let commands = format!("SET {key} 1\r\nFLUSHALL\r\nSAVE\r\n");
    let resp = format!("*3\r\n$3\r\nSET\r\n${}\r\n{key}\r\n$1\r\n1\r\n", key.len());
    let headers =
        "Host: 127.0.0.1:7001\r\nOrigin: http://evil.example\r\nContent-Type: text/plain\r\n";
    let kept = lab::key_of("linux", "kept", 0);
    assert_eq!(lab.connect("linux").call(&["SET", &kept, "v"]), Frame::OK);
    for first_line in [
        "GET / HTTP/1.1",
        "POST / HTTP/1.1",
        "POST /a/b?c=d HTTP/1.0",
        "PUT /x HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "HEAD / HTTP/2.0",
        "Host: 127.0.0.1",
        "POST",
    ] {
        for body in [&commands, &resp] {
            for lines in [
                format!(
                    "{first_line}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
                    body.len()
                ),
                format!("{first_line}\r\n\r\n{body}"),
                format!("{first_line}\n{body}"),
                format!("\r\n\r\n{first_line}\r\n{body}"),
            ] {
                let found = lab.connect("linux").exchange(lines.as_bytes());
                let found = String::from_utf8_lossy(&found);
                assert!(
                    found.starts_with("HTTP/1.1 400 Bad Request\r\n"),
                    "{lines:?}: {found}"
                );
                let told =
                    "this is a triad node: it speaks RESP, not HTTP. Use `client` or redis-cli.\n";
                assert!(
                    found.ends_with(&format!("\r\n\r\n{told}")),
                    "{lines:?}: {found}"
                );
                assert!(found.contains(&format!("Content-Length: {}\r\n", told.len())));
            }
        }
    }
    assert_eq!(
        lab.connect("linux").call(&["KEYS", "*"]),
        Frame::array([Frame::bulk(kept.as_bytes())])
    );
}

/// The same in pieces, as a slow network brings them.
#[test]
fn http_in_small_pieces_is_refused_at_its_first_line() {
    let mut lab = Lab::new();
    lab.start("linux");
    let key = lab::key_of("linux", "posted", 0);
    let lines = format!("POST / HTTP/1.1\r\nHost: x\r\n\r\nSET {key} 1\r\n");
    let mut connection = lab.connect("linux");
    for byte in lines.as_bytes() {
        if connection.try_send_bytes(&[*byte]).is_err() {
            break;
        }
    }
    assert!(connection.read_to_end().starts_with(b"HTTP/1.1 400 "));
    assert_eq!(
        lab.connect("linux").call(&["TRIAD", "HOLDS", &key]),
        Frame::Integer(0)
    );
}

/// Keys and values may look as they like.
#[test]
fn words_of_http_are_no_offence_in_a_request() {
    let lab = Lab::started();
    let mut connection = lab.connect("mac");
    for key in ["Host:", "POST", "HTTP/1.1"] {
        assert_eq!(connection.call(&["SET", key, "HTTP/1.1"]), Frame::OK);
        assert_eq!(
            connection.call(&["GET", key]),
            Frame::bulk(&b"HTTP/1.1"[..])
        );
    }
    let found = lab.connect("mac").exchange(b"GET HTTP/1.1\r\n");
    assert_eq!(String::from_utf8_lossy(&found), "$8\r\nHTTP/1.1\r\n");
}
