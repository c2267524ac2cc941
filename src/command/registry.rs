//! The open connections of a node, as everybody may see them: what `CLIENT LIST` tells.
//!
//! Each connection notes in its entry what it does as it goes on, in plain cells, so that a request
//! costs it no more than a store. What would have to be worked out is asked of the connection itself
//! when somebody looks.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::time::Instant;

use super::Command;
use crate::resp::Protocol;

/// What is owed to a connection, which only the connection itself knows.
pub trait Owed {
    /// The memory of its replies that have not left, in bytes.
    fn unread_bytes(&self) -> usize;
}

/// Where a connection comes from.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// Unique on this node since its start.
    pub id: u64,
    /// Its other end.
    pub address: SocketAddr,
    /// This node's end.
    pub local_address: SocketAddr,
    /// The number of its file descriptor.
    pub descriptor: i32,
}

/// The sorts of connections that `CLIENT LIST TYPE` and `CLIENT KILL TYPE` tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientType {
    /// A client that asks.
    Normal,
    /// A client that listens to channels.
    Subscriber,
    /// The link of another node: a server that sends this one commands, as a Redis replica's master does.
    Peer,
    /// A copy of this node. There is none.
    Replica,
}

impl ClientType {
    /// The type that Redis calls so.
    pub(super) fn of_name(name: &[u8]) -> Option<Self> {
        let names: [(&[u8], Self); 5] = [
            (b"normal", Self::Normal),
            (b"pubsub", Self::Subscriber),
            (b"master", Self::Peer),
            (b"replica", Self::Replica),
            (b"slave", Self::Replica),
        ];
        let mut names = names.into_iter();
        names
            .find(|(known, _)| name.eq_ignore_ascii_case(known))
            .map(|(_, client_type)| client_type)
    }
}

/// One connection, as all may see it.
pub struct Client {
    /// Where it comes from.
    pub origin: Origin,
    created: Instant,
    /// When it last sent something.
    active: Cell<Instant>,
    /// What it asked last.
    command: Cell<Option<&'static Command>>,
    name: RefCell<Box<[u8]>>,
    library: RefCell<[Box<[u8]>; 2]>,
    protocol: Cell<Protocol>,
    /// Whether it is the link of another node.
    is_peer: Cell<bool>,
    /// Whether it asked never to be evicted.
    is_kept: Cell<bool>,
    /// The bytes that it has sent and that are not carried out, and the room for more of them.
    input: Cell<(usize, usize)>,
    /// The channels and patterns that it listens to.
    pub channels: Cell<usize>,
    /// See `channels`.
    pub patterns: Cell<usize>,
    /// The requests that wait for its `EXEC`; -1 outside of a transaction.
    pub queued: Cell<i64>,
    owed: Weak<dyn Owed>,
}

impl Client {
    /// A new connection.
    pub fn new(origin: Origin, owed: Weak<dyn Owed>) -> Self {
        let now = Instant::now();
        Self {
            origin,
            created: now,
            active: Cell::new(now),
            command: Cell::new(None),
            name: RefCell::default(),
            library: RefCell::default(),
            protocol: Cell::new(Protocol::Resp2),
            is_peer: Cell::new(false),
            is_kept: Cell::new(false),
            input: Cell::new((0, 0)),
            channels: Cell::new(0),
            patterns: Cell::new(0),
            queued: Cell::new(-1),
            owed,
        }
    }

    /// Notes that it asks this.
    pub(crate) fn asks(&self, command: &'static Command) {
        self.command.set(Some(command));
    }

    /// Notes that it gave a sign of life.
    pub(crate) fn was_active(&self, now: Instant) {
        self.active.set(now);
    }

    /// When it last gave one.
    pub(crate) fn active(&self) -> Instant {
        self.active.get()
    }

    /// Notes the bytes that it has sent and that are not carried out, and the room for more of them.
    pub(crate) fn holds_input(&self, bytes: usize, room: usize) {
        self.input.set((bytes, room));
    }

    /// The connection is the link of this peer from now on.
    pub(crate) fn becomes_peer(&self, node: &str) {
        self.is_peer.set(true);
        self.protocol.set(Protocol::Resp3);
        self.set_name(node.as_bytes());
    }

    /// Whether it is the link of another node.
    pub(super) fn is_peer(&self) -> bool {
        self.is_peer.get()
    }

    pub(super) fn set_protocol(&self, protocol: Protocol) {
        self.protocol.set(protocol);
    }

    pub(super) fn set_kept(&self, is_kept: bool) {
        self.is_kept.set(is_kept);
    }

    pub(super) fn name(&self) -> Vec<u8> {
        self.name.borrow().to_vec()
    }

    pub(super) fn set_name(&self, name: &[u8]) {
        *self.name.borrow_mut() = name.into();
    }

    /// Notes the name of its library, or the version of that.
    pub(super) fn set_library(&self, is_version: bool, text: &[u8]) {
        let [name, version] = &mut *self.library.borrow_mut();
        *(if is_version { version } else { name }) = text.into();
    }

    /// It is as it was at its beginning, but for what it says of its library.
    pub(super) fn reset(&self) {
        self.channels.set(0);
        self.patterns.set(0);
        self.queued.set(-1);
        self.set_name(b"");
        self.set_protocol(Protocol::Resp2);
        self.set_kept(false);
    }

    /// What sort of connection it is.
    pub fn client_type(&self) -> ClientType {
        if self.is_peer.get() {
            ClientType::Peer
        } else if self.channels.get() + self.patterns.get() > 0 {
            ClientType::Subscriber
        } else {
            ClientType::Normal
        }
    }

    /// The user that it is. A peer is none, as with Redis the link of a master is none.
    pub(super) fn user(&self) -> &'static str {
        if self.is_peer.get() {
            "(superuser)"
        } else {
            "default"
        }
    }

    /// One letter for each thing that is special about it.
    fn flags(&self) -> String {
        let flags = [
            (self.client_type() == ClientType::Peer, 'M'),
            (self.client_type() == ClientType::Subscriber, 'P'),
            (self.queued.get() >= 0, 'x'),
            (self.is_kept.get(), 'e'),
        ];
        let flags: String = flags
            .into_iter()
            .filter_map(|(is_so, letter)| is_so.then_some(letter))
            .collect();
        if flags.is_empty() {
            "N".to_owned()
        } else {
            flags
        }
    }

    /// Its line in `CLIENT LIST`, in Redis's fields and without the line's end.
    pub(super) fn line(&self, now: Instant) -> Vec<u8> {
        let seconds = |since: Instant| now.saturating_duration_since(since).as_secs();
        let Origin {
            id,
            address,
            local_address,
            descriptor,
        } = self.origin;
        let mut line =
            format!("id={id} addr={address} laddr={local_address} fd={descriptor} name=")
                .into_bytes();
        line.extend_from_slice(&self.name.borrow());
        let (qbuf, qbuf_free) = self.input.get();
        let omem = self.owed.upgrade().map_or(0, |owed| owed.unread_bytes());
        let mut text = String::new();
        // Writing to a string cannot fail. Arguments stay where they arrived, and there is no buffer for
        // replies but the list of them: so the memory of those is 0.
        let _ = write!(
            text,
            " age={} idle={} flags={} db=0 sub={} psub={} ssub=0 multi={} qbuf={qbuf} \
             qbuf-free={qbuf_free} argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll={} omem={omem} \
             tot-mem={} events=r cmd={} user={} redir=-1 resp={}",
            seconds(self.created),
            seconds(self.active.get()),
            self.flags(),
            self.channels.get(),
            self.patterns.get(),
            self.queued.get(),
            u8::from(omem > 0),
            size_of::<Self>() + qbuf + qbuf_free + omem,
            self.command.get().map_or("NULL", |command| command.name),
            self.user(),
            match self.protocol.get() {
                Protocol::Resp2 => 2,
                Protocol::Resp3 => 3,
            },
        );
        line.extend_from_slice(text.as_bytes());
        let library = &*self.library.borrow();
        for (field, value) in [" lib-name=", " lib-ver="].iter().zip(library) {
            line.extend_from_slice(field.as_bytes());
            line.extend_from_slice(value);
        }
        line
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// All open connections, by number.
#[derive(Debug, Default)]
pub struct Clients(RefCell<BTreeMap<u64, Rc<Client>>>);

impl Clients {
    /// Adds a connection that has been accepted.
    pub(crate) fn enter(&self, client: &Rc<Client>) {
        let mut all = self.0.borrow_mut();
        all.insert(client.origin.id, Rc::clone(client));
    }

    /// Takes out one that has ended, or that is about to.
    pub(crate) fn leave(&self, id: u64) {
        self.0.borrow_mut().remove(&id);
    }

    /// The connection of this number.
    pub(super) fn get(&self, id: u64) -> Option<Rc<Client>> {
        self.0.borrow().get(&id).cloned()
    }

    /// All of them, in the order in which they came.
    pub(crate) fn all(&self) -> Vec<Rc<Client>> {
        self.0.borrow().values().cloned().collect()
    }
}
