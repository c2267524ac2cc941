//! A client's connection to its entry node, with several requests under way.

use std::collections::VecDeque;
use std::net::SocketAddr;

use triad::resp::Frame;

use crate::lab::Connection;
use crate::lab::connection::request;

/// The requests that a client has under way.
const DEPTH: usize = 16;

/// Requests, each with what its reply is to be understood by, in the order in which they were sent.
pub(super) struct Pipeline<T> {
    entry: SocketAddr,
    connection: Option<Connection>,
    under_way: VecDeque<T>,
}

impl<T> Pipeline<T> {
    /// Through the node at `entry`, without a connection yet.
    pub(super) fn new(entry: SocketAddr) -> Self {
        Self {
            entry,
            connection: None,
            under_way: VecDeque::new(),
        }
    }

    /// Connects, if it is not connected.
    pub(super) fn connect(&mut self) {
        let entry = self.entry;
        self.connection
            .get_or_insert_with(|| Connection::open(entry));
    }

    /// Whether there is a connection that takes another request.
    pub(super) fn has_room(&self) -> bool {
        self.connection.is_some() && self.under_way.len() < DEPTH
    }

    /// Sends a request. A node that dies meanwhile is noticed when the reply is missing.
    pub(super) fn send<W: AsRef<[u8]>>(&mut self, words: &[W], about: T) {
        self.under_way.push_back(about);
        if let Some(connection) = &mut self.connection {
            let _ = connection.try_send_bytes(&request(words));
        }
    }

    /// The next reply; `None` if the connection is lost and with it the reply.
    pub(super) fn receive(&mut self) -> Option<(T, Option<Frame<'static>>)> {
        let about = self.under_way.pop_front()?;
        let reply = self.connection.as_mut().and_then(Connection::try_reply);
        if reply.is_none() {
            self.connection = None;
        }
        Some((about, reply))
    }
}
