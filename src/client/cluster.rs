//! A client of a whole cluster: it has a connection to each node and knows who owns which key.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::timeout;

use super::channel::Channel;
use super::router::{Destination, Directory};
use super::stage::Stage;
use super::{ClientError, Router};
use crate::cluster::{Address, Cluster};
use crate::limits::{CLIENT_SILENCE, CLIENT_WINDOW_REQUESTS};
use crate::placement::Placement;
use crate::resp::{Frame, encode_request};

/// A client of all nodes of a cluster. It sends each request to the owner of its keys, so that no node has
/// to send it on, and gives the replies back in the order of the requests.
///
/// Requests are queued, then their replies are read; everything that is queued is on its way, at all nodes
/// at the same time, while the first reply is waited for. Requests and replies cannot wait for each other:
/// the node whose reply is next is read while all are written to.
///
/// What is about one connection, such as `MULTI`, `WATCH`, `SUBSCRIBE` or `HELLO`, is an error: it would be about one of
/// several. Use a connection to one node for it.
///
/// What has no key, or keys of several owners, or is unknown here, goes to the *entry node*: the first of
/// the list that is not known to be away. A request for which the entry node asks others is kept apart from
/// the requests that go to these directly, so that what is done to one key is done in the order of the
/// requests.
///
/// The connection to a node is made when there is a request for it: a device that is asleep costs nobody
/// who asks only for keys of others. A node that cannot be reached is an error for its own requests, which
/// names it; a later request tries again. Before a node is sent anything it is asked for the fingerprint
/// of its list: where the rules differ, the two may take different nodes for a key's owner, and each
/// request for that node is an error.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use triad::client::ClusterClient;
/// use triad::cluster::Cluster;
///
/// let mut client = ClusterClient::new(&Cluster::find(None)?);
/// client.call(&[b"SET", b"colour", b"green"]).await?;
///
/// // Many requests at a time: where there is no room for one more, a reply has to be read first.
/// let keys = (0..10_000).map(|number| format!("key:{number}"));
/// for key in keys {
///     while client.queue(&[b"GET", key.as_bytes()]).is_err() {
///         if let Some(reply) = client.reply().await {
///             println!("{:?}", reply?);
///         }
///     }
/// }
/// while let Some(reply) = client.reply().await {
///     println!("{:?}", reply?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ClusterClient<R = Placement> {
    directory: Directory<R>,
    channels: Vec<Channel>,
    /// The last requests, as long as their owners are not known.
    stage: Stage,
    /// For each other request without its reply, in order: the place of the node that answers it.
    order: VecDeque<usize>,
    /// The requests that were ever given to a connection.
    queued: u64,
    /// The last request that the entry node asks other nodes for, counted from 1 as those that were queued;
    /// and that entry node.
    through: (u64, usize),
    /// How long a node may be silent while its reply is waited for.
    silence: Duration,
}

/// Stands in the order of the requests for one that no node is sent.
const NOBODY: usize = usize::MAX;

/// A request was not queued: a reply has to be read first.
///
/// So it is where [`CLIENT_WINDOW_REQUESTS`] have no reply yet, where
/// [`CLIENT_QUEUE_MAX_BYTES`](crate::limits::CLIENT_QUEUE_MAX_BYTES) wait for one node, or where the request
/// could overtake an earlier one that goes to the same key by another node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reply has to be read before this request can be queued")]
pub struct ReplyFirst;

impl ClusterClient {
    /// A client of these nodes, by their rules. It is not connected yet.
    pub fn new(cluster: &Cluster) -> Self {
        let nodes = cluster.nodes().iter();
        let nodes = nodes.map(|node| (node.name.to_string(), node.address.clone()));
        Self::assemble(nodes, cluster.placement().clone())
    }
}

impl<R: Router> ClusterClient<R> {
    /// A client of servers that share keys by another function than a placement, such as the slots of a
    /// Redis Cluster. It is not connected yet. None without a server.
    pub fn with_router(
        nodes: impl IntoIterator<Item = (String, Address)>,
        router: R,
    ) -> Option<Self> {
        let client = Self::assemble(nodes, router);
        (!client.channels.is_empty()).then_some(client)
    }

    fn assemble(nodes: impl IntoIterator<Item = (String, Address)>, router: R) -> Self {
        let channels = nodes.into_iter();
        Self {
            directory: Directory::new(router),
            channels: channels.map(|(name, at)| Channel::new(name, at)).collect(),
            stage: Stage::default(),
            order: VecDeque::new(),
            queued: 0,
            through: (0, 0),
            silence: CLIENT_SILENCE,
        }
    }

    /// How many requests are without their reply.
    pub fn pending(&self) -> usize {
        self.order.len() + self.stage.len()
    }

    /// Adds a request to those that go out together, unless a reply has to be read first. Its own reply is
    /// read with [`ClusterClient::reply`].
    pub fn queue(&mut self, words: &[&[u8]]) -> Result<(), ReplyFirst> {
        if self.pending() >= CLIENT_WINDOW_REQUESTS {
            return Err(ReplyFirst);
        }
        if let Some(key) = self.stageable_key(words) {
            self.stage.push(words, key);
            if self.stage.is_full() {
                self.settle();
            }
            return Ok(());
        }
        self.settle();
        let (place, is_through) = self.place_of(words)?;
        if place == NOBODY {
            self.note(place, is_through);
            return Ok(());
        }
        let channel = self.channels.get_mut(place).ok_or(ReplyFirst)?;
        if !channel.has_room() {
            return Err(ReplyFirst);
        }
        channel.push(|out| encode_request(words.iter().copied(), out));
        self.note(place, is_through);
        Ok(())
    }

    /// How owners are found.
    pub fn router(&self) -> &R {
        self.directory.router()
    }

    /// The place in the list of the node that gives the next reply; none if no reply is owed, or no node was
    /// asked.
    pub fn next_place(&mut self) -> Option<usize> {
        self.settle();
        let place = self.order.front().copied();
        place.filter(|place| *place != NOBODY)
    }

    /// The next reply, in the order of the requests; an error reply is an error. None if every request
    /// has had its reply.
    ///
    /// Dropping the future before it is ready loses nothing: the next call gives this reply.
    pub async fn reply(&mut self) -> Option<Result<Frame<'static>, ClientError>> {
        self.reply_with(owned).await
    }

    /// The same, for a caller who looks at the reply where it lies and keeps only what `read` makes of it.
    pub async fn reply_with<T>(
        &mut self,
        read: impl FnOnce(Frame<'_>) -> T,
    ) -> Option<Result<T, ClientError>> {
        self.settle();
        let place = *self.order.front()?;
        if place == NOBODY {
            self.order.pop_front();
            return Some(Err(ClientError::OfOneConnection));
        }
        let mut read = Some(read);
        let reply = loop {
            match self.channels.get_mut(place)?.next(&mut read).transpose() {
                Some(reply) => break reply,
                None => self.advance(place).await,
            }
        };
        self.order.pop_front();
        self.channels.get_mut(place)?.shrink();
        Some(reply)
    }

    /// One request and its reply. All earlier replies must have been read.
    pub async fn call(&mut self, words: &[&[u8]]) -> Result<Frame<'static>, ClientError> {
        if self.pending() > 0 {
            return Err(ReplyFirst.into());
        }
        self.queue(words)?;
        self.reply().await.unwrap_or(Err(ReplyFirst.into()))
    }

    /// The one key of a request that may be staged: nothing keeps it from being sent to its owner, whichever
    /// node that is.
    fn stageable_key<'a>(&self, words: &'a [&'a [u8]]) -> Option<&'a [u8]> {
        let key = self.directory.only_key(words)?;
        let is_free = !self.stage.is_empty()
            || (!self.waits_for_entry() && self.channels.iter().all(Channel::has_room));
        (is_free && Stage::takes(words)).then_some(key)
    }

    /// Gives the staged requests to their owners' connections.
    fn settle(&mut self) {
        if self.stage.is_empty() {
            return;
        }
        let mut stage = std::mem::take(&mut self.stage);
        let directory = &self.directory;
        let places = |keys: &[&[u8]]| directory.places(keys);
        let mut settled = Vec::with_capacity(stage.len());
        let entry = self.entry();
        stage.settle(places, |place, request| {
            // Without an owner it goes to any node that asks others for it.
            let is_through = place >= self.channels.len();
            let place = if is_through { entry } else { place };
            if let Some(channel) = self.channels.get_mut(place) {
                channel.push(|out| out.extend_from_slice(request));
                settled.push((place, is_through));
            }
        });
        for (place, is_through) in settled {
            self.note(place, is_through);
        }
        self.stage = stage;
    }

    /// Notes that a request was given to the connection of the node at `place`.
    fn note(&mut self, place: usize, is_through: bool) {
        self.order.push_back(place);
        self.queued += 1;
        if is_through {
            self.through = (self.queued, place);
        }
    }

    /// Whether a request is without its reply for which the entry node asks others.
    fn waits_for_entry(&self) -> bool {
        let answered = self.queued - self.order.len() as u64;
        answered < self.through.0
    }

    /// The place of the node that is sent this request, and whether that node asks others for it. An error
    /// if it could overtake, or be overtaken by, one that reaches the same keys by another way.
    fn place_of(&mut self, words: &[&[u8]]) -> Result<(usize, bool), ReplyFirst> {
        match self.directory.destination(words) {
            Destination::Owner(place) if place < self.channels.len() => {
                if self.waits_for_entry() && place != self.through.1 {
                    return Err(ReplyFirst);
                }
                Ok((place, false))
            }
            Destination::Any => Ok((self.entry(), false)),
            Destination::Nobody => Ok((NOBODY, false)),
            Destination::Owner(_) | Destination::Through => {
                let entry = self.entry();
                let mut channels = self.channels.iter().enumerate();
                if channels.any(|(place, channel)| place != entry && channel.pending() > 0) {
                    return Err(ReplyFirst);
                }
                Ok((entry, true))
            }
        }
    }

    /// The first node that is not known to be away.
    fn entry(&self) -> usize {
        let mut channels = self.channels.iter();
        channels
            .position(|channel| !channel.is_down())
            .unwrap_or_default()
    }

    /// Sends what can be sent, and waits until the node whose turn it is has answered something or is
    /// given up.
    async fn advance(&mut self, place: usize) {
        let silence = self.silence;
        let moves = poll_fn(|cx| self.poll_advance(place, cx));
        if timeout(silence, moves).await.is_ok() {
            return;
        }
        // This program itself may have slept, and what wakes it has its clocks looked at before its sockets:
        // these are asked once more.
        yield_now().await;
        let moves = poll_fn(|cx| self.poll_advance(place, cx));
        if timeout(Duration::ZERO, moves).await.is_err()
            && let Some(channel) = self.channels.get_mut(place)
        {
            channel.lose(format!("silent for {} s", silence.as_secs()));
        }
    }

    fn poll_advance(&mut self, place: usize, cx: &mut Context<'_>) -> Poll<()> {
        let fingerprint = self.directory.fingerprint();
        let mut has_moved = false;
        for (at, channel) in self.channels.iter_mut().enumerate() {
            let has_sent_a_part = channel.poll_send(fingerprint, cx);
            has_moved |= at == place && has_sent_a_part;
        }
        match self.channels.get_mut(place) {
            Some(channel) if !has_moved => channel.poll_receive(cx),
            _ => Poll::Ready(()),
        }
    }
}

fn owned(frame: Frame<'_>) -> Frame<'static> {
    frame.into_owned()
}

#[cfg(test)]
mod tests;
