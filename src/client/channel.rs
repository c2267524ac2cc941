//! A cluster client's own connection to one node: made when there is a request for it, first in first out.
//!
//! Requests are encoded into its buffer and leave when the client waits for a reply of any node. Replies
//! are read only when it is this node's turn to answer: until then they stay in the system's buffers, and
//! past these in the node, which bounds what it keeps for a client that does not read.

use std::fmt;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use tokio::io::{AsyncReadExt as _, AsyncWrite as _};
use tokio::time::Instant;

use super::ClientError;
use super::handshake::{self, Connected};
use crate::cluster::Address;
use crate::limits::{CLIENT_BUFFER_KEPT_BYTES, CLIENT_QUEUE_MAX_BYTES, READ_CHUNK_BYTES};
use crate::resp::Frame;

/// See the module's text.
#[derive(Debug)]
pub(super) struct Channel {
    name: String,
    address: Address,
    state: State,
    /// Encoded requests. The first `written` bytes have left.
    requests: Vec<u8>,
    written: usize,
    /// The requests of which no byte has left: the last ones.
    unsent: usize,
    /// The requests that are to be answered, sent or not.
    pending: usize,
}

enum State {
    /// There is no connection, and no reason not to make one.
    Idle,
    Connecting {
        since: Instant,
        attempt: Pin<Box<dyn Future<Output = Result<Connected, ClientError>> + Send>>,
    },
    Up {
        link: Connected,
        /// Why nothing can be written any more. What the node has sent before still counts.
        refused: Option<String>,
    },
    Down(Failure),
}

/// What became of the requests of a connection that is over, and of those that have come since.
#[derive(Debug)]
struct Failure {
    /// So many of the pending requests may have been carried out.
    lost: usize,
    /// The error of each of these.
    sent: ClientError,
    /// The error of the others.
    unsent: ClientError,
    /// The next attempt to connect is not made before. After one that took long it takes as long until
    /// the next, so that a node which is away does not cost every request a wait.
    until: Instant,
}

impl Channel {
    pub(super) fn new(name: String, address: Address) -> Self {
        Self {
            name,
            address,
            state: State::Idle,
            requests: Vec::new(),
            written: 0,
            unsent: 0,
            pending: 0,
        }
    }

    pub(super) fn pending(&self) -> usize {
        self.pending
    }

    /// Whether the last attempt to reach the node has failed.
    pub(super) fn is_down(&self) -> bool {
        matches!(self.state, State::Down(_))
    }

    /// Whether a further request may be added.
    pub(super) fn has_room(&self) -> bool {
        self.pending == 0 || self.left() < CLIENT_QUEUE_MAX_BYTES
    }

    /// Adds the request that `encode` writes. Where the node is down it will have the error of the last
    /// attempt.
    pub(super) fn push(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        if let State::Down(failure) = &self.state {
            // As long as a failed request has not been told of, its caller may count on it for this one.
            if self.pending > 0 || Instant::now() < failure.until {
                self.pending += 1;
                return;
            }
            self.state = State::Idle;
        }
        encode(&mut self.requests);
        self.unsent += 1;
        self.pending += 1;
    }

    /// Looks at the next reply, if it is there, with what `read` holds, and takes that. The error is that of
    /// the next request. What a node says unasked is passed over.
    pub(super) fn next<T, R: FnOnce(Frame<'_>) -> T>(
        &mut self,
        read: &mut Option<R>,
    ) -> Result<Option<T>, ClientError> {
        let State::Up { link, .. } = &mut self.state else {
            return self.next_failure();
        };
        let is_owed = self.pending > self.unsent;
        let what = loop {
            match link.decoder.next_borrowed() {
                Ok(Some(Frame::Push(_))) => {}
                Ok(Some(_)) if !is_owed => {
                    break "nobody asked for it; it may not be a triad node".to_owned();
                }
                Ok(Some(Frame::Error(text))) => {
                    self.pending -= 1;
                    let text = text.into_owned();
                    return Err(ClientError::Refused { text });
                }
                Ok(Some(frame)) => {
                    self.pending -= 1;
                    return Ok(read.take().map(|read| read(frame)));
                }
                Ok(None) => return Ok(None),
                Err(error) => break format!("{error}; it may not be a triad node"),
            }
        };
        self.fail(ClientError::Unexpected {
            name: self.name.clone(),
            address: self.address.to_string(),
            what,
        });
        self.next_failure()
    }

    fn next_failure<T>(&mut self) -> Result<Option<T>, ClientError> {
        let State::Down(failure) = &mut self.state else {
            return Ok(None);
        };
        self.pending = self.pending.saturating_sub(1);
        Err(if failure.lost > 0 {
            failure.lost -= 1;
            failure.sent.clone()
        } else {
            failure.unsent.clone()
        })
    }

    /// Sends what can be sent now, over a connection that is made if there is none. Whether a part was
    /// sent and the rest has to wait.
    pub(super) fn poll_send(&mut self, fingerprint: Option<&str>, cx: &mut Context<'_>) -> bool {
        let before = self.left();
        while self.left() > 0 {
            match &mut self.state {
                State::Idle => {
                    let fingerprint = fingerprint.map(str::to_owned);
                    let (name, address) = (self.name.clone(), self.address.clone());
                    self.state = State::Connecting {
                        since: Instant::now(),
                        attempt: Box::pin(handshake::connect(name, address, fingerprint)),
                    };
                }
                State::Connecting { since, attempt } => match attempt.as_mut().poll(cx) {
                    Poll::Ready(Ok(link)) => {
                        let refused = None;
                        self.state = State::Up { link, refused };
                    }
                    Poll::Ready(Err(error)) => {
                        let now = Instant::now();
                        let took = now.saturating_duration_since(*since);
                        self.go_down(error.clone(), error, now + took);
                    }
                    Poll::Pending => return false,
                },
                State::Up { refused: None, .. } => {
                    if self.poll_write(cx).is_pending() {
                        return self.left() < before;
                    }
                }
                State::Up { .. } | State::Down(_) => return false,
            }
        }
        false
    }

    /// Writes until all has left; or the connection has turned out to be over.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.was_closed_at_rest(cx) {
            // Nothing is lost with it, so that it can be made anew.
            self.state = State::Idle;
            return Poll::Ready(());
        }
        let State::Up { link, refused } = &mut self.state else {
            return Poll::Ready(());
        };
        while let Some(rest) = self.requests.get(self.written..)
            && !rest.is_empty()
        {
            let written = match Pin::new(&mut link.stream).poll_write(cx, rest) {
                Poll::Pending => {
                    self.drop_written();
                    return Poll::Pending;
                }
                Poll::Ready(Ok(0)) => Err(io::Error::from(io::ErrorKind::WriteZero)),
                Poll::Ready(written) => written,
            };
            match written {
                Ok(count) => self.written += count,
                Err(error) => {
                    *refused = Some(error.to_string());
                    return Poll::Ready(());
                }
            }
            self.unsent = 0;
        }
        self.written = 0;
        self.requests.clear();
        self.requests.shrink_to(CLIENT_BUFFER_KEPT_BYTES);
        Poll::Ready(())
    }

    /// The bytes of requests that have not left.
    fn left(&self) -> usize {
        self.requests.len() - self.written
    }

    /// Drops what has left when it is much: a caller that is always ahead of the network would otherwise
    /// keep all that it has ever sent.
    fn drop_written(&mut self) {
        if self.written > CLIENT_QUEUE_MAX_BYTES {
            self.requests.drain(..self.written);
            self.written = 0;
        }
    }

    /// Whether the node has closed the connection while nothing was asked of it, as one does that ends.
    fn was_closed_at_rest(&mut self, cx: &mut Context<'_>) -> bool {
        let is_at_rest = self.written == 0 && self.unsent == self.pending;
        is_at_rest && matches!(self.poll_read(cx), Poll::Ready(Ok(0) | Err(_)))
    }

    /// Reads what has arrived. Ready when [`Channel::next`] may have something new.
    pub(super) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let cause = match self.poll_read(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(0)) => "the connection was closed".to_owned(),
            Poll::Ready(Ok(_)) => return Poll::Ready(()),
            Poll::Ready(Err(error)) => error.to_string(),
        };
        self.lose(cause);
        Poll::Ready(())
    }

    /// A read that does not fill the room has emptied the socket, and the runtime remembers that: the next
    /// one asks the system only after more has arrived.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match &mut self.state {
            State::Up { link, .. } => {
                let buffer = link.decoder.buffer();
                // Large values arrive in steps that grow with what is there already.
                buffer.reserve(READ_CHUNK_BYTES.max(buffer.len().min(64 * READ_CHUNK_BYTES)));
                pin!(link.stream.read_buf(buffer)).poll(cx)
            }
            // Its errors are there at once.
            State::Down(_) => Poll::Ready(Ok(1)),
            State::Idle | State::Connecting { .. } => Poll::Pending,
        }
    }

    /// Gives the connection up. What was sent may have been carried out.
    pub(super) fn lose(&mut self, cause: String) {
        let cause = match &mut self.state {
            State::Up { refused, .. } => refused.take().unwrap_or(cause),
            _ => cause,
        };
        self.fail(ClientError::Lost {
            name: self.name.clone(),
            address: self.address.to_string(),
            cause,
        });
    }

    /// Ends the connection, with the error for what was sent.
    fn fail(&mut self, sent: ClientError) {
        let unsent = ClientError::Unreachable {
            name: self.name.clone(),
            address: self.address.to_string(),
            cause: format!("nothing was sent, since before it {sent}"),
        };
        self.go_down(sent, unsent, Instant::now());
    }

    fn go_down(&mut self, sent: ClientError, unsent: ClientError, until: Instant) {
        self.state = State::Down(Failure {
            lost: self.pending.saturating_sub(self.unsent),
            sent,
            unsent,
            until,
        });
        self.requests = Vec::new();
        self.written = 0;
        self.unsent = 0;
    }

    /// Gives memory back that only an unusual reply has needed.
    pub(super) fn shrink(&mut self) {
        if let State::Up { link, .. } = &mut self.state
            && link.decoder.held_bytes() > CLIENT_BUFFER_KEPT_BYTES
        {
            link.decoder.shrink();
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle => f.write_str("Idle"),
            Self::Connecting { .. } => f.write_str("Connecting"),
            Self::Up { .. } => f.write_str("Up"),
            Self::Down(failure) => failure.fmt(f),
        }
    }
}
