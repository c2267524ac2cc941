//! A node: it listens, carries out requests, and is linked to the other nodes.
//!
//! One thread runs everything: the table needs no lock, requests of one connection take effect in the
//! order in which they came, and the writes of all connections that are ready at the same time share
//! one fsync. Only the disk has threads of its own, in the store.
//!
//! * `start` makes a node from its configuration and runs it
//! * `listener` accepts connections; `connection` serves each
//! * `ahead` looks at the keys of many requests together, before their turn
//! * `dispatch` decides where a request goes; `gather` joins what comes back from several nodes
//! * `outbox` and `replies` keep each connection's replies in order, and back until they are durable
//! * `link` is this node's connection to a peer; `inbound` knows the peers' connections to it
//! * `pubsub` knows who is subscribed to what, and tells them
//! * `lull` waits until a group of requests is complete that are to be synced, or sent on, together
//! * `alarm` wakes connections that have waited too long; `idle` closes clients that ask nothing
//! * `socket` is how connections and links read; `pool` lends them what they need while they are at work
//! * `journal`, `saver` and `collector` drive the store

mod ahead;
mod alarm;
mod collector;
mod connection;
mod dispatch;
mod gather;
mod idle;
mod inbound;
mod journal;
mod link;
mod listener;
mod lull;
mod outbox;
mod pool;
mod pubsub;
mod replies;
mod saver;
mod socket;
mod start;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};

use tokio::sync::Notify;

pub use start::{Config, Prepared, RunError, Running, StartError};

use self::ahead::Ahead;
use self::alarm::Clock;
use self::collector::Collector;
use self::idle::Idlers;
use self::inbound::Inbound;
use self::journal::Journal;
use self::link::Link;
use self::outbox::{AllReplies, Outbox};
use self::pool::Pool;
use self::pubsub::{Interest, Registry};
use self::saver::Saver;
use crate::command::{Error, Hello, Host, Recent};
use crate::placement::NodeIndex;
use crate::resp::{RequestDecoder, RequestLimits};
use crate::store::Store;

/// All that the tasks of one node share.
pub(crate) struct Node {
    host: Host,
    /// What this node says of itself to peers.
    hello: Hello,
    store: RefCell<Store>,
    /// By place in the list; none for this node itself.
    links: Vec<Option<Rc<Link>>>,
    inbound: Inbound,
    /// For connections of which known replies wait for those of peers.
    lingering: Rc<Clock>,
    /// For connections of peers that wait for the journal.
    busy: Rc<Clock>,
    journal: Journal,
    registry: Registry,
    interest: Interest,
    saver: Saver,
    collector: Collector,
    idlers: Idlers,
    /// The open connections, by number.
    outboxes: RefCell<HashMap<u64, Weak<Outbox>>>,
    replies: Rc<AllReplies>,
    /// For connections on which something arrives.
    intakes: Pool<Box<Intake>>,
    stopping: Cell<bool>,
    /// The last connection has ended while the node stops.
    drained: Notify,
}

/// What has arrived on a connection.
#[derive(Debug)]
struct Intake {
    decoder: RequestDecoder,
    ahead: Ahead,
    recent: Recent,
    /// Whether the decoder's buffer has grown beyond what is kept. It does not tell that itself: what it has
    /// gone past is no part of its capacity.
    is_large: bool,
}

impl Node {
    /// The link to a node, or none if it is this one.
    fn link(&self, index: NodeIndex) -> Option<Rc<Link>> {
        self.links.get(index.as_usize()).and_then(Clone::clone)
    }

    /// What a connection needs on which something arrives.
    fn intake(&self) -> Box<Intake> {
        self.intakes.take(|| {
            let limits = RequestLimits {
                bulk_max_bytes: self.host.value_max_bytes,
                ..RequestLimits::default()
            };
            Box::new(Intake {
                decoder: RequestDecoder::new(limits),
                ahead: Ahead::default(),
                recent: Recent::default(),
                is_large: false,
            })
        })
    }

    /// Takes that back when no part of a further request has arrived.
    fn give_back(&self, mut intake: Box<Intake>) {
        if std::mem::take(&mut intake.is_large) {
            intake.decoder.shrink();
        }
        self.intakes.give_back(intake);
    }

    /// Makes `outbox` the link of the peer that says `hello`, unless that cannot be.
    fn admit_peer(&self, hello: &Hello, outbox: &Rc<Outbox>) -> Result<(), Error> {
        // A node of another list may ask about this one; one of the same list is in it.
        let is_listed = self.host.placement.index_of(&hello.name).is_some();
        if !is_listed && hello.fingerprint == self.hello.fingerprint {
            return Err(Error::new(format!(
                "ERR the list of {} has no node {}",
                self.host.name, hello.name
            )));
        }
        self.inbound.enter(hello, outbox)?;
        self.want_events();
        self.count_peers();
        Ok(())
    }

    /// A peer has connected to this node, so it can be reached.
    fn peer_showed_up(&self, hello: &Hello) {
        let link = self
            .host
            .placement
            .index_of(&hello.name)
            .and_then(|index| self.link(index));
        if let Some(link) = link.filter(|link| !link.is_up()) {
            link.hurry();
        }
    }

    /// Notes how many peers are connected, for `INFO`.
    fn count_peers(&self) {
        self.host.counters.peers.set(self.inbound.len());
    }

    /// Ends these connections. Nothing more of them is carried out, and none of their replies leaves.
    fn kill(&self, ids: &[u64]) {
        let outboxes = self.outboxes.borrow();
        for id in ids {
            if let Some(outbox) = outboxes.get(id).and_then(Weak::upgrade) {
                outbox.close();
            }
            self.host.clients.leave(*id);
        }
    }

    fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Has every connection end once it has had its replies.
    fn stop(&self) {
        self.stopping.set(true);
        let outboxes: Vec<_> = self
            .outboxes
            .borrow()
            .values()
            .filter_map(Weak::upgrade)
            .collect();
        for outbox in outboxes {
            outbox.wake();
        }
    }
}
