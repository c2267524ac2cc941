//! A blocking connection that a test can use as clumsily as it likes.

use std::collections::HashMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use rustix::net::{RecvFlags, recv};
use triad::limits::REPLY_MAX_BYTES;
use triad::resp::{Frame, FrameDecoder, encode_request};

use super::PATIENCE;

/// A connection to a node.
pub(crate) struct Connection {
    stream: TcpStream,
    decoder: FrameDecoder,
}

impl Connection {
    /// Connects.
    pub(crate) fn open(address: SocketAddr) -> Self {
        Self::of(TcpStream::connect(address).unwrap())
    }

    /// A connection that is there already and of which nothing has been read.
    pub(crate) fn of(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream,
            decoder: FrameDecoder::new(REPLY_MAX_BYTES),
        }
    }

    /// The same connection once more, to write while the first one reads.
    pub(crate) fn second(&self) -> Self {
        Self {
            stream: self.stream.try_clone().unwrap(),
            decoder: FrameDecoder::new(REPLY_MAX_BYTES),
        }
    }

    /// Has the system take little for it that is not read.
    pub(crate) fn narrow(&self) {
        rustix::net::sockopt::set_socket_recv_buffer_size(&self.stream, 64 * 1024).unwrap();
    }

    /// One request and its reply, whatever it is.
    pub(crate) fn call<W: AsRef<[u8]>>(&mut self, words: &[W]) -> Frame<'static> {
        self.send(words);
        self.reply()
    }

    /// Sends a request; its reply is read later.
    pub(crate) fn send<W: AsRef<[u8]>>(&mut self, words: &[W]) {
        self.send_bytes(&request(words));
    }

    /// Sends bytes as they are.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Sends bytes as they are, to a node that may close the connection meanwhile.
    pub(crate) fn try_send_bytes(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The next reply.
    pub(crate) fn reply(&mut self) -> Frame<'static> {
        self.try_reply().expect("the node closed the connection")
    }

    /// The next reply, or `None` if the node closed the connection.
    pub(crate) fn try_reply(&mut self) -> Option<Frame<'static>> {
        loop {
            if let Some(frame) = self.decoder.next().expect("RESP") {
                return Some(frame);
            }
            let mut chunk = [0; 16 * 1024];
            match self.stream.read(&mut chunk) {
                Ok(0) => return None,
                Ok(count) => self.decoder.buffer().extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("no reply: {error}"),
            }
        }
    }

    /// The next reply, or `None` if none came within `patience`; what has come of it is kept.
    pub(crate) fn reply_within(&mut self, patience: Duration) -> Option<Frame<'static>> {
        self.stream.set_read_timeout(Some(patience)).unwrap();
        let reply = loop {
            if let Some(frame) = self.decoder.next().expect("RESP") {
                break Some(frame);
            }
            let mut chunk = [0; 16 * 1024];
            match self.stream.read(&mut chunk) {
                Ok(0) => panic!("the node closed the connection"),
                Ok(count) => self.decoder.buffer().extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break None,
                Err(error) => panic!("no reply: {error}"),
            }
        };
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        reply
    }

    /// A number that `INFO` tells.
    pub(crate) fn info(&mut self, field: &str) -> u64 {
        self.info_text(field).parse().unwrap()
    }

    /// What `INFO` tells in a field.
    pub(crate) fn info_text(&mut self, field: &str) -> String {
        let Frame::Bulk(text) = self.call(&["INFO"]) else {
            panic!("INFO is a bulk string in RESP2")
        };
        let text = String::from_utf8(text.into_owned()).unwrap();
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        value
            .unwrap_or_else(|| panic!("INFO has no {field}"))
            .to_owned()
    }

    /// Reads as many bytes as `expected` has and compares them: what a reply looks like on the wire.
    pub(crate) fn expect_bytes(&mut self, expected: &[u8], what: &str) {
        loop {
            let buffer = self.decoder.buffer();
            if buffer.len() >= expected.len() {
                let found = buffer.split_to(expected.len());
                assert_same(&found, expected, what);
                return;
            }
            // An answer that has gone wrong is shown at once, and not waited for to grow.
            assert_same(buffer, &expected[..buffer.len()], what);
            let mut chunk = [0; 16 * 1024];
            let count = match self.stream.read(&mut chunk) {
                Ok(0) => panic!("the node closed the connection: {what}"),
                Ok(count) => count,
                Err(error) => panic!("no reply: {error}: {what}"),
            };
            self.decoder.buffer().extend_from_slice(&chunk[..count]);
        }
    }

    /// Sends bytes and says that nothing more follows; returns all that comes back. The node may close
    /// the connection meanwhile.
    pub(crate) fn exchange(mut self, bytes: &[u8]) -> Vec<u8> {
        let _ = self.stream.write_all(bytes);
        let _ = self.stream.shutdown(Shutdown::Write);
        self.read_to_end()
    }

    /// Whether a byte of a reply is there now.
    pub(crate) fn has_reply(&mut self) -> bool {
        // Asked of this call only: what is set on the socket holds for its second half too.
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        let mut byte = [0];
        matches!(recv(&self.stream, &mut byte, flags), Ok((1, _)))
    }

    /// All bytes until the node closes the connection.
    pub(crate) fn read_to_end(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self.stream.read_to_end(&mut bytes) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("the connection stays open: {error}"),
        }
        bytes
    }
}

fn assert_same(found: &[u8], expected: &[u8], what: &str) {
    assert!(
        found == expected,
        "{what}:\n found    {}\n expected {}",
        found.escape_ascii(),
        expected.escape_ascii()
    );
}

/// A request as its bytes.
pub(crate) fn request<W: AsRef<[u8]>>(words: &[W]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_request(words.iter().map(AsRef::as_ref), &mut bytes);
    bytes
}

/// A bulk string.
pub(crate) fn bulk(text: impl AsRef<[u8]>) -> Frame<'static> {
    Frame::bulk(text.as_ref().to_vec())
}

/// The text of an error reply.
pub(crate) fn error(frame: &Frame<'_>) -> String {
    match frame {
        Frame::Error(text) => text.to_string(),
        other => panic!("not an error: {other:?}"),
    }
}

/// A map as text, also in RESP2, where it is an array of names and values in turn.
pub(crate) fn fields(frame: &Frame<'_>) -> HashMap<String, String> {
    let words: Vec<&Frame<'_>> = match frame {
        Frame::Array(words) => words.iter().collect(),
        Frame::Map(pairs) => pairs
            .iter()
            .flat_map(|(name, value)| [name, value])
            .collect(),
        other => panic!("not a map: {other:?}"),
    };
    let words: Vec<String> = words
        .into_iter()
        .map(|word| match word {
            Frame::Bulk(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Frame::Integer(number) => number.to_string(),
            other => format!("{other:?}"),
        })
        .collect();
    words
        .chunks_exact(2)
        .map(|pair| (pair[0].clone(), pair[1].clone()))
        .collect()
}

/// An array of maps in RESP2.
pub(crate) fn rows(frame: &Frame<'_>) -> Vec<HashMap<String, String>> {
    let Frame::Array(rows) = frame else {
        panic!("not an array: {frame:?}")
    };
    rows.iter().map(fields).collect()
}
