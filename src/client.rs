//! The library client, with pipelining: a connection to one node, or to each node of a cluster.
//!
//! [`Client`] speaks RESP3 to one node and knows no more of the cluster than any Redis client: a node
//! answers for every key. [`ClusterClient`] knows the list of nodes and sends each request to the owner
//! of its key, which spares the nodes the sending on.

mod channel;
mod cluster;
mod error;
mod explain;
mod handshake;
mod router;
mod stage;
mod stopwatch;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

pub use cluster::{ClusterClient, ReplyFirst};
pub use error::ClientError;
use explain::NO_NODE;
#[cfg(feature = "tools")]
pub(crate) use explain::Remedy;
pub(crate) use explain::{asleep, explain};
#[cfg(feature = "tools")]
pub(crate) use handshake::Introduction;
pub use router::Router;
use stopwatch::Stopwatch;

use crate::cluster::{Address, ResolveError};
use crate::limits::{CLIENT_CONNECT_TIMEOUT, CLIENT_SILENCE, READ_CHUNK_BYTES, REPLY_MAX_BYTES};
use crate::resp::{Frame, FrameDecoder, encode_request};

/// A connection to a node.
#[derive(Debug)]
pub struct Client {
    name: String,
    address: String,
    stream: TcpStream,
    decoder: FrameDecoder,
    requests: Vec<u8>,
    pending: usize,
    stopwatch: Option<Stopwatch>,
}

impl Client {
    /// Connects to the node `name` at `address` and learns that it answers, within
    /// [`CLIENT_CONNECT_TIMEOUT`].
    pub async fn connect(name: &str, address: &Address) -> Result<Self, ClientError> {
        let unreachable = |cause: String| ClientError::Unreachable {
            name: name.to_owned(),
            address: address.to_string(),
            cause,
        };
        let attempt = timeout(CLIENT_CONNECT_TIMEOUT, async {
            let mut client = Self {
                name: name.to_owned(),
                address: address.to_string(),
                stream: dial(address).await.map_err(unreachable)?,
                decoder: FrameDecoder::new(REPLY_MAX_BYTES),
                requests: Vec::new(),
                pending: 0,
                stopwatch: None,
            };
            match client.call(&[b"HELLO", b"3"]).await {
                Ok(_) => Ok(client),
                Err(ClientError::Lost { cause, .. }) => Err(unreachable(cause)),
                Err(error) => Err(error),
            }
        });
        attempt.await.unwrap_or_else(|_| {
            Err(unreachable(asleep(&format!(
                "no answer within {} s",
                CLIENT_CONNECT_TIMEOUT.as_secs()
            ))))
        })
    }

    /// The node's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The node's address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Adds a request to those that go out together; its reply is read with [`Client::reply`].
    pub fn queue(&mut self, words: &[&[u8]]) {
        let before = self.requests.len();
        encode_request(words.iter().copied(), &mut self.requests);
        self.pending += 1;
        if let Some(stopwatch) = &mut self.stopwatch {
            stopwatch.note_queued(self.requests.len() - before);
        }
    }

    /// The next reply, in the order of the requests; an error reply is an error.
    pub async fn reply(&mut self) -> Result<Frame<'static>, ClientError> {
        let (reply, _) = self.timed_reply(owned).await;
        reply
    }

    /// Begins to measure how long requests wait for their replies. No request may be under way.
    pub fn start_stopwatch(&mut self) {
        self.stopwatch = Some(Stopwatch::start());
    }

    /// The next reply, for a caller who looks at it where it lies and keeps only what `read` makes of it;
    /// and, with a [stopwatch](Client::start_stopwatch), how long it took: from when the request was
    /// written out as a whole to when the reply was read, also if it is an error reply.
    pub async fn timed_reply<T>(
        &mut self,
        read: impl FnOnce(Frame<'_>) -> T,
    ) -> (Result<T, ClientError>, Option<Duration>) {
        if let Err(error) = self.flush().await {
            return (Err(error), None);
        }
        loop {
            let received = match self.decoder.next_borrowed() {
                Ok(Some(Frame::Push(_))) => continue,
                Ok(Some(frame)) => {
                    self.pending = self.pending.saturating_sub(1);
                    let reply = match frame {
                        Frame::Error(text) => Err(ClientError::Refused {
                            text: text.into_owned(),
                        }),
                        frame => Ok(read(frame)),
                    };
                    return (reply, self.stopwatch.as_mut().and_then(Stopwatch::lap));
                }
                Ok(None) => self.receive().await,
                Err(error) => {
                    Err(self.not_understood(format!("{error}; it may not be a triad node")))
                }
            };
            if let Err(error) = received {
                return (Err(error), None);
            }
        }
    }

    /// One request and its reply.
    pub async fn call(&mut self, words: &[&[u8]]) -> Result<Frame<'static>, ClientError> {
        debug_assert_eq!(
            self.pending, 0,
            "replies of queued requests are still to be read"
        );
        self.queue(words);
        self.reply().await
    }

    /// An error that says that the last reply is none that `command` has.
    pub fn unexpected(&self, command: &str) -> ClientError {
        self.not_understood(format!(
            "{command} has no such reply; the node's program may be of another version"
        ))
    }

    /// Writes what is queued. Replies are read meanwhile: a node stops reading a client that does not
    /// read, and then both would wait.
    pub async fn flush(&mut self) -> Result<(), ClientError> {
        let mut sent = 0;
        while sent < self.requests.len() {
            let rest = self.requests.get(sent..).unwrap_or_default();
            self.decoder.buffer().reserve(READ_CHUNK_BYTES);
            let (mut reader, mut writer) = self.stream.split();
            let buffer = self.decoder.buffer();
            let moved = timeout(CLIENT_SILENCE, async {
                tokio::select! {
                    read = reader.read_buf(buffer) => match read? {
                        0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                        _ => Ok(0),
                    },
                    written = writer.write(rest) => written,
                }
            })
            .await;
            let written = self.in_time(moved)?;
            sent += written;
            match &mut self.stopwatch {
                Some(stopwatch) if written > 0 => stopwatch.note_written(written),
                Some(stopwatch) => stopwatch.note_read(),
                None => {}
            }
        }
        self.requests.clear();
        Ok(())
    }

    async fn receive(&mut self) -> Result<(), ClientError> {
        let buffer = self.decoder.buffer();
        buffer.reserve(READ_CHUNK_BYTES.max(buffer.len()));
        let read = timeout(CLIENT_SILENCE, self.stream.read_buf(buffer)).await;
        if self.in_time(read)? == 0 {
            return Err(self.lost("the connection was closed".to_owned()));
        }
        if let Some(stopwatch) = &mut self.stopwatch {
            stopwatch.note_read();
        }
        Ok(())
    }

    fn in_time<T>(
        &self,
        result: Result<io::Result<T>, tokio::time::error::Elapsed>,
    ) -> Result<T, ClientError> {
        match result {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.lost(error.to_string())),
            Err(_) => Err(self.lost(format!("silent for {} s", CLIENT_SILENCE.as_secs()))),
        }
    }

    fn lost(&self, cause: String) -> ClientError {
        ClientError::Lost {
            name: self.name.clone(),
            address: self.address.clone(),
            cause,
        }
    }

    fn unreachable(&self, cause: String) -> ClientError {
        ClientError::Unreachable {
            name: self.name.clone(),
            address: self.address.clone(),
            cause,
        }
    }

    fn not_understood(&self, what: String) -> ClientError {
        ClientError::Unexpected {
            name: self.name.clone(),
            address: self.address.clone(),
            what,
        }
    }
}

fn owned(frame: Frame<'_>) -> Frame<'static> {
    frame.into_owned()
}

async fn dial(address: &Address) -> Result<TcpStream, String> {
    let mut last = "the name leads to no address".to_owned();
    for candidate in resolve(address).await? {
        match TcpStream::connect(candidate).await {
            Ok(stream) => {
                stream
                    .set_nodelay(true)
                    .map_err(|error| error.to_string())?;
                return Ok(stream);
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                NO_NODE.clone_into(&mut last);
            }
            Err(error) => last = explain(&error),
        }
    }
    Err(last)
}

/// Looks a name up on another thread, since the system's resolver blocks.
pub(crate) async fn resolve(address: &Address) -> Result<Vec<SocketAddr>, String> {
    if let Some(socket) = address.socket() {
        return Ok(vec![socket]);
    }
    let address = address.clone();
    let looked_up = tokio::task::spawn_blocking(move || address.resolve()).await;
    let looked_up: Result<_, ResolveError> = looked_up.map_err(|error| error.to_string())?;
    looked_up.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
