//! What commands may know of the node that runs them and of the connection that asks.

use std::cell::Cell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;

use super::events::Events;
use super::{Transaction, Watches};
use crate::cluster::Cluster;
use crate::placement::{NodeIndex, Placement};
use crate::resp::Protocol;
use crate::store::{Fsync, Store};

/// The node that answers. Nothing of it changes while the node runs but the counters and the events.
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
    /// When an acknowledged write is on disk.
    pub fsync: Fsync,
    /// The largest value, in bytes.
    pub value_max_bytes: usize,
    /// The most connections.
    pub connections_max: usize,
    /// When it began to serve.
    pub started: Instant,
    /// What it has done since.
    pub counters: Counters,
    /// What happened to keys, for those who want to be told.
    pub events: Events,
}

/// What a node has done since it began to serve, and what it has at hand.
#[derive(Debug, Default)]
pub struct Counters {
    /// Connections that are open, of clients and of peers.
    pub connections: Cell<usize>,
    /// Connections that were accepted.
    pub connections_total: Cell<u64>,
    /// Connections that were turned away because there were too many.
    pub connections_rejected: Cell<u64>,
    /// Requests that were carried out here, for clients and peers.
    pub commands: Cell<u64>,
    /// Requests, or parts of them, that went to another node.
    pub forwarded: Cell<u64>,
    /// Links of other nodes that are open.
    pub peers: Cell<usize>,
    /// Reads of a key that was there.
    pub hits: Cell<u64>,
    /// Reads of a key that was not there.
    pub misses: Cell<u64>,
    /// The memory of requests that wait for their `EXEC`, in bytes.
    pub transactions_bytes: Cell<usize>,
}

/// One connection, as far as commands look at it.
#[derive(Debug)]
pub struct Session {
    /// Unique on this node since its start.
    pub id: u64,
    /// The protocol that replies are written in.
    pub protocol: Protocol,
    /// What `CLIENT SETNAME` said.
    pub name: Vec<u8>,
    /// What was asked since `MULTI`.
    pub transaction: Option<Box<Transaction>>,
    /// The keys that this client watches, with their owners.
    pub watched: Vec<(Vec<u8>, NodeIndex)>,
    /// The keys of this node that are watched, by client: the one of this connection, or those of the peer
    /// whose link it is.
    pub watches: HashMap<u64, Watches>,
    /// The channels that it is subscribed to.
    pub channels: usize,
    /// The patterns that it is subscribed to.
    pub patterns: usize,
}

impl Host {
    /// Whether this node owns `key`.
    pub fn owns(&self, key: &[u8]) -> bool {
        self.placement.owner(key) == self.me
    }
}

impl Session {
    /// Forgets the transaction and what is watched in this node's store.
    pub(crate) fn end(&mut self, store: &mut Store, host: &Host) {
        if let Some(transaction) = self.transaction.take() {
            transaction.end(host);
        }
        for (_, watches) in std::mem::take(&mut self.watches) {
            watches.end(store);
        }
    }

    /// A new connection, which speaks RESP2 until it says otherwise.
    pub fn new(id: u64) -> Self {
        Self {
            id,
            protocol: Protocol::Resp2,
            name: Vec::new(),
            transaction: None,
            watched: Vec::new(),
            watches: HashMap::new(),
            channels: 0,
            patterns: 0,
        }
    }

    /// Whether it is subscribed to something.
    pub fn is_subscribed(&self) -> bool {
        self.channels + self.patterns > 0
    }
}

/// Adds to a counter.
pub(crate) fn count<T: Copy + std::ops::Add<Output = T>>(cell: &Cell<T>, more: T) {
    cell.set(cell.get() + more);
}
