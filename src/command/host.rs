//! What commands may know of the node that runs them and of the connection that asks.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use tracing::level_filters::LevelFilter;

use super::counters::Counters;
use super::events::Events;
use super::registry::{Client, Clients};
use super::{Error, Parts, Transaction, Watches};
use crate::cluster::Cluster;
use crate::placement::{NodeIndex, Placement};
use crate::resp::Protocol;
use crate::store::Store;

/// The node that answers. Of it nothing changes while the node runs but what stands in
/// cells: settings, counters, events and connections.
#[derive(Debug)]
pub struct Host {
    /// Its name in the cluster file.
    pub name: String,
    /// Its place in the list.
    pub me: NodeIndex,
    /// The list.
    pub cluster: Cluster,
    /// Who owns which key.
    pub placement: Placement,
    /// Where it listens.
    pub address: SocketAddr,
    /// The folder of its files, for people.
    pub folder: String,
    /// The largest value, in bytes.
    pub value_max_bytes: usize,
    /// The most connections.
    pub connections_max: Cell<usize>,
    /// The most that it could take.
    pub connections_possible: usize,
    /// The seconds after which a client that asks nothing is closed; 0: never.
    pub idle_max_seconds: Cell<u64>,
    /// Changes what is logged, where that can be changed.
    pub log_level: Option<LogLevel>,
    /// When it began to serve.
    pub started: Instant,
    /// What it has done since.
    pub counters: Counters,
    /// What happened to keys, for those who want to be told.
    pub events: Events,
    /// The open connections.
    pub clients: Clients,
}

/// One connection, as far as commands look at it.
#[derive(Debug)]
pub struct Session {
    /// Unique on this node since its start.
    pub id: u64,
    /// The protocol that replies are written in.
    pub protocol: Protocol,
    /// Whether it is answered.
    pub mute: Mute,
    /// Its entry among the node's connections.
    pub client: Rc<Client>,
    /// What was asked since `MULTI`.
    pub transaction: Option<Box<Transaction>>,
    /// The owners of keys that this client watches.
    pub watched: Vec<Watched>,
    /// The keys of this node that are watched, by client: the one of this connection, or those of the peer
    /// whose link it is.
    pub watches: HashMap<u64, Watches>,
    /// A key that comes in parts.
    pub parts: Option<Box<Parts>>,
}

/// The keys of one owner that a client watches.
#[derive(Debug)]
pub struct Watched {
    /// The owner.
    pub owner: NodeIndex,
    /// The first of them.
    pub first: Vec<u8>,
    /// How many they are.
    pub count: usize,
}

/// Which requests of a connection are not answered (`CLIENT REPLY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mute {
    /// All are answered.
    No,
    /// None is, until it says otherwise.
    Always,
    /// Neither this one nor the next is.
    NowAndOnce,
    /// This one is not.
    Now,
}

impl Mute {
    /// What holds for the request that follows.
    #[must_use]
    pub(crate) const fn after_request(self) -> Self {
        match self {
            Self::No | Self::Now => Self::No,
            Self::Always => Self::Always,
            Self::NowAndOnce => Self::Now,
        }
    }
}

/// What changes the level of the log of this process.
#[derive(Clone)]
pub struct LogLevel(pub Arc<dyn Fn(LevelFilter) + Send + Sync>);

impl fmt::Debug for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogLevel")
    }
}

impl Host {
    /// Counts an error that a client is given.
    pub(crate) fn count_error(&self, error: &Error) {
        self.counters.errors.count(error.text());
    }

    /// Whether this node owns `key`.
    pub fn owns(&self, key: &[u8]) -> bool {
        self.placement.owner(key) == self.me
    }
}

impl Session {
    /// Forgets the transaction, what has come in parts, and what is watched in this node's store.
    pub(crate) fn end(&mut self, store: &mut Store, host: &Host) {
        self.end_transaction(host);
        if let Some(parts) = self.parts.take() {
            parts.end(host);
        }
        for (_, watches) in std::mem::take(&mut self.watches) {
            watches.end(store);
        }
    }

    /// Forgets the transaction.
    pub(crate) fn end_transaction(&mut self, host: &Host) {
        self.client.queued.set(-1);
        if let Some(transaction) = self.transaction.take() {
            transaction.end(host);
        }
    }

    /// How many keys this client watches.
    pub(crate) fn watched_count(&self) -> usize {
        self.watched.iter().map(|watched| watched.count).sum()
    }

    /// Notes that this client watches a key.
    pub(crate) fn note_watched(&mut self, key: &[u8], owner: NodeIndex) {
        let mut known = self.watched.iter_mut();
        if let Some(watched) = known.find(|watched| watched.owner == owner) {
            watched.count += 1;
            return;
        }
        self.watched.push(Watched {
            owner,
            first: key.to_vec(),
            count: 1,
        });
    }

    /// A new connection, which speaks RESP2 until it says otherwise.
    pub fn new(client: Rc<Client>) -> Self {
        Self {
            id: client.origin.id,
            protocol: Protocol::Resp2,
            mute: Mute::No,
            client,
            transaction: None,
            watched: Vec::new(),
            watches: HashMap::new(),
            parts: None,
        }
    }

    /// Whether it is subscribed to something.
    pub fn is_subscribed(&self) -> bool {
        self.client.channels.get() + self.client.patterns.get() > 0
    }
}

/// Adds to a counter.
pub(crate) fn count<T: Copy + std::ops::Add<Output = T>>(cell: &Cell<T>, more: T) {
    cell.set(cell.get() + more);
}
