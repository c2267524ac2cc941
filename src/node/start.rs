//! From a configuration to a running node.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{Notify, oneshot};
use tokio::task::spawn_local;
use tokio::time::timeout;

use super::alarm::{self, Clock};
use super::collector::{self, Collector};
use super::idle::{self, Idlers};
use super::inbound::Inbound;
use super::journal::{self, Journal};
use super::link::{self, Link};
use super::outbox::{AllReplies, Outbox};
use super::pool::Pool;
use super::pubsub::{Interest, Registry};
use super::saver::{self, Saver};
use super::{Node, listener};
use crate::cluster::{Address, Cluster, ResolveError};
use crate::command::{Clients, Counters, Events, Hello, Host, LogLevel};
use crate::limits::{
    CONNECTIONS_MAX, DESCRIPTORS_RESERVED, LINK_BUSY_SIGN, LISTEN_BACKLOG, REPLY_LINGER,
    SHUTDOWN_GRACE,
};
use crate::placement::NodeIndex;
use crate::storage::Storage;
use crate::store::{Failure, Fsync, OpenError, Options, Recovery, Store};

/// What a node needs to know to start.
#[derive(Clone)]
pub struct Config {
    /// The list of nodes.
    pub cluster: Cluster,
    /// Which of them this one is.
    pub name: String,
    /// Where to listen, if not at the address in the list.
    pub listen: Option<SocketAddr>,
    /// Where its files are.
    pub storage: Arc<dyn Storage>,
    /// When an acknowledged write is on disk.
    pub fsync: Fsync,
    /// Whether files that were edited by hand are taken as they are.
    pub accept_edits: bool,
    /// Whether damaged files are repaired.
    pub repair: bool,
    /// The largest value, in bytes.
    pub value_max_bytes: usize,
    /// Whether to listen where other devices can connect, without encryption.
    pub insecure_plaintext: bool,
    /// Changes what is logged, if `CONFIG SET loglevel` is to do so.
    pub log_level: Option<LogLevel>,
}

/// Why a node does not start. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The list has no such node.
    #[error("the cluster file has no node `{name}`; its nodes are {known}. Choose one with --name")]
    UnknownName {
        /// The name that was asked for.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// The address to listen on is a name that does not resolve.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// Other devices could connect, and read everything on the way.
    #[error(
        "{address} can be reached by other devices, and what nodes and clients say is not encrypted \
         yet. If everybody on that network may read and change every key, start with \
         --insecure-plaintext; otherwise listen on 127.0.0.1"
    )]
    Exposed {
        /// Where the node was to listen.
        address: SocketAddr,
    },
    /// Another process listens there.
    #[error(
        "{address} is in use by another process. If that is a triad node, it runs already; \
         otherwise end that process, or choose another address with --listen or in the cluster file"
    )]
    PortInUse {
        /// Where the node was to listen.
        address: SocketAddr,
    },
    /// Listening failed for another reason.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// Where the node was to listen.
        address: SocketAddr,
        /// What the system says.
        cause: io::Error,
    },
    /// The node's files could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The runtime or a thread could not be made.
    #[error("cannot start: {0}")]
    System(io::Error),
}

/// Why a node ended otherwise than it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The runtime could not be made.
    #[error("cannot run: {0}")]
    System(io::Error),
    /// A write or an fsync failed. What was acknowledged is on disk; what was not may be missing.
    #[error(transparent)]
    Store(Failure),
    /// The thread of an embedded node ended by a panic, which is a defect.
    #[error("the node's thread panicked; this is a defect of triad")]
    Panicked,
}

/// A node that listens, with its files loaded, and does not answer yet.
pub struct Prepared {
    config: Config,
    me: NodeIndex,
    listener: TcpListener,
    address: SocketAddr,
    store: Store,
    recovery: Recovery,
    progress: Arc<Notify>,
    connections_max: usize,
}

impl Prepared {
    /// Checks the configuration, listens, and loads the node's files.
    pub fn new(config: Config) -> Result<Self, StartError> {
        let placement = config.cluster.placement().clone();
        let me = placement.index_of(&config.name).ok_or_else(|| {
            let known: Vec<&str> = placement.names().map(|name| &**name).collect();
            StartError::UnknownName {
                name: config.name.clone(),
                known: known.join(", "),
            }
        })?;
        let candidates = match (config.listen, config.cluster.node(me)) {
            (Some(address), _) => vec![address],
            (None, Some(node)) => node.address.resolve()?,
            (None, None) => Vec::new(),
        };
        let listener = listen(&candidates, config.insecure_plaintext)?;
        let address = listener.local_addr().map_err(StartError::System)?;
        let progress = Arc::new(Notify::new());
        let report = Arc::clone(&progress);
        let (store, recovery) = Store::open(
            Arc::clone(&config.storage),
            &config.name,
            Options {
                fsync: config.fsync,
                accept_edits: config.accept_edits,
                repair: config.repair,
                ..Options::default()
            },
            &|key| placement.owner(key) == me,
            Arc::new(move || report.notify_one()),
        )?;
        let connections_max = raise_descriptor_limit();
        Ok(Self {
            config,
            me,
            listener,
            address,
            store,
            recovery,
            progress,
            connections_max,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was found on disk.
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// The line that a node prints when it serves: `ready NAME ADDR:PORT`, and `misplaced N` if so.
    pub fn ready_line(&self) -> String {
        let misplaced = match self.recovery.misplaced {
            0 => String::new(),
            count => format!(" misplaced {count}"),
        };
        format!("ready {} {}{misplaced}", self.config.name, self.address)
    }

    /// Serves until `shutdown` completes; then finishes what is in flight and writes a checkpoint.
    pub fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default())
            .map_err(RunError::System)?;
        let node = runtime
            .block_on(self.serve(shutdown))
            .map_err(RunError::System)?;
        // With its tasks the node's other owners go. A look-up of a peer's name may still run on a thread
        // of its own, and take as long as it likes.
        runtime.shutdown_background();
        match Rc::into_inner(node) {
            Some(node) => node.store.into_inner().close().map_err(RunError::Store),
            None => Err(RunError::Panicked),
        }
    }

    /// Serves on a thread of its own, until the handle stops it.
    pub fn spawn(self) -> Result<Running, StartError> {
        let (name, address) = (self.config.name.clone(), self.address);
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::Builder::new()
            .name(format!("triad-{name}"))
            .spawn(move || {
                self.run(async {
                    // An error means that the handle was dropped, which stops the node as well.
                    let _ = stopped.await;
                })
            })
            .map_err(StartError::System)?;
        Ok(Running {
            name,
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    async fn serve(self, shutdown: impl Future<Output = ()>) -> io::Result<Rc<Node>> {
        self.listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let placement = self.config.cluster.placement().clone();
        let hello = Hello {
            name: self.config.name.clone(),
            node_id: self.store.node_id().to_owned(),
            incarnation: self.store.incarnation(),
            fingerprint: placement.fingerprint().to_owned(),
        };
        let links = placement.indices().map(|index| {
            let node = self
                .config
                .cluster
                .node(index)
                .filter(|_| index != self.me)?;
            Some(Rc::new(Link::new(
                node.name.to_string(),
                node.address.to_string(),
            )))
        });
        let node = Rc::new(Node {
            links: links.collect(),
            hello,
            host: Host {
                name: self.config.name,
                me: self.me,
                cluster: self.config.cluster,
                placement,
                address: self.address,
                folder: self.config.storage.describe(""),
                value_max_bytes: self.config.value_max_bytes,
                connections_max: Cell::new(self.connections_max),
                connections_possible: self.connections_max,
                idle_max_seconds: Cell::new(0),
                log_level: self.config.log_level,
                started: Instant::now(),
                counters: Counters::default(),
                events: Events::default(),
                clients: Clients::default(),
            },
            store: RefCell::new(self.store),
            inbound: Inbound::default(),
            lingering: Rc::new(Clock::new(REPLY_LINGER, Outbox::linger)),
            busy: Rc::new(Clock::new(LINK_BUSY_SIGN / 2, Outbox::busy)),
            journal: Journal::new(self.progress),
            registry: Registry::default(),
            interest: Interest::default(),
            saver: Saver::new(),
            collector: Collector::new(),
            idlers: Idlers::new(),
            outboxes: RefCell::new(HashMap::new()),
            replies: Rc::new(AllReplies::new()),
            intakes: Pool::new(),
            stopping: Cell::new(false),
            drained: Notify::new(),
        });
        for index in node.host.placement.indices() {
            if let (Some(link), Some(peer)) = (node.link(index), node.host.cluster.node(index)) {
                let address: Address = peer.address.clone();
                spawn_local(link::run(Rc::clone(&node), link, address));
            }
        }
        spawn_local(journal::commit(Rc::clone(&node)));
        spawn_local(journal::watch(Rc::clone(&node)));
        spawn_local(saver::run(Rc::clone(&node)));
        spawn_local(collector::run(Rc::clone(&node)));
        spawn_local(idle::run(Rc::clone(&node)));
        spawn_local(alarm::run(Rc::clone(&node.lingering)));
        spawn_local(alarm::run(Rc::clone(&node.busy)));
        tokio::select! {
            () = listener::accept(Rc::clone(&node), listener) => {}
            () = shutdown => {}
        }
        drain(&node).await;
        Ok(node)
    }
}

/// Lets every connection have the replies to what it has asked, for a bounded time.
async fn drain(node: &Rc<Node>) {
    tracing::info!("stopping");
    node.stop();
    if node.host.counters.connections.get() > 0
        && timeout(SHUTDOWN_GRACE, node.drained.notified())
            .await
            .is_err()
    {
        tracing::warn!("closed connections that did not read their replies");
    }
}

/// Listens at the first of `candidates` where that is possible.
fn listen(candidates: &[SocketAddr], insecure_plaintext: bool) -> Result<TcpListener, StartError> {
    let mut last = StartError::System(io::ErrorKind::AddrNotAvailable.into());
    for address in candidates {
        match listen_at(*address, insecure_plaintext) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn listen_at(address: SocketAddr, insecure_plaintext: bool) -> Result<TcpListener, StartError> {
    if !address.ip().is_loopback() && !insecure_plaintext {
        return Err(StartError::Exposed { address });
    }
    let listener = TcpListener::bind(address).map_err(|cause| match cause.kind() {
        io::ErrorKind::AddrInUse => StartError::PortInUse { address },
        _ => StartError::Listen { address, cause },
    })?;
    // The standard library asks for 128: of more clients that connect at once the others would try again
    // after a second. Asking again only changes that number.
    rustix::net::listen(&listener, LISTEN_BACKLOG).map_err(|error| StartError::Listen {
        address,
        cause: error.into(),
    })?;
    Ok(listener)
}

/// Allows this process as many descriptors as the system lets it have; returns how many connections
/// fit.
fn raise_descriptor_limit() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = (CONNECTIONS_MAX + DESCRIPTORS_RESERVED) as u64;
    if limit.current.is_some_and(|current| current < wanted) {
        let before = limit.current;
        limit.current = Some(limit.maximum.map_or(wanted, |maximum| maximum.min(wanted)));
        if setrlimit(Resource::Nofile, limit).is_err() {
            limit.current = before;
        }
    }
    let allowed = limit.current.unwrap_or(wanted).min(wanted);
    usize::try_from(allowed)
        .unwrap_or(CONNECTIONS_MAX)
        .saturating_sub(DESCRIPTORS_RESERVED)
        .max(1)
}

/// A node on a thread of this process. Dropping it stops the node and waits for its checkpoint.
#[derive(Debug)]
pub struct Running {
    name: String,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<Result<(), RunError>>>,
}

impl Running {
    /// The node's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops the node and waits until its files are written.
    pub fn stop(mut self) -> Result<(), RunError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), RunError> {
        drop(self.stop.take());
        match self.thread.take().map(thread::JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(RunError::Panicked),
            None => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::error!(name = self.name, %error, "an embedded node did not end well");
        }
    }
}
