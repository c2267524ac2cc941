//! A load generator that is cheap beside any server: one thread, requests that were encoded before,
//! replies of which only the beginning and the length are looked at.
//!
//! Unlike `redis-benchmark` it takes the keys that it is given, and sends each to the server that it is
//! for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::PATIENCE;
use super::load::Shape;
use super::statistics::percentile;

/// Encoded requests for one server. All of them have one length, and so have their replies, which begin
/// alike.
pub(crate) struct Requests {
    /// Where they are sent.
    pub(crate) address: SocketAddr,
    /// One behind the other.
    pub(crate) bytes: Vec<u8>,
    /// The length of one of them.
    pub(crate) request_bytes: usize,
    /// The length of one reply.
    pub(crate) reply_bytes: usize,
    /// What every reply begins with.
    pub(crate) reply_start: &'static [u8],
}

/// How fast servers were, as those saw it who asked.
#[derive(Clone, Copy)]
pub(crate) struct Speed {
    /// Requests a second.
    pub(crate) rate: f64,
    /// From sending a pipeline of requests to the last of its replies: the median.
    pub(crate) p50: Duration,
    /// The same, the 99th percentile.
    pub(crate) p99: Duration,
}

/// Sends about `count` requests in all. Each server gets as many of the connections as is its part of the
/// requests; they begin at different places of the requests, and a fast one sends more.
pub(crate) fn drive(
    servers: &[Arc<Requests>],
    shape: Shape,
    count: usize,
) -> anyhow::Result<Speed> {
    let batches = count.div_ceil(shape.pipeline);
    let sent = u32::try_from(batches * shape.pipeline)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let left = Arc::new(AtomicUsize::new(batches));
        let mut senders = Vec::new();
        for place in 0..shape.connections {
            let server = server_at(servers, place, shape.connections);
            let server = server.context("no connection without a server")?;
            senders.push(Sender::open(server, shape, place, &left).await?);
        }
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        for sender in senders {
            tasks.spawn(sender.run());
        }
        let mut waits = Vec::new();
        let all = async {
            while let Some(sent) = tasks.join_next().await {
                waits.extend(sent??);
            }
            anyhow::Ok(())
        };
        let ended = timeout(PATIENCE, all).await;
        ended.context("not every request got a whole reply")??;
        Ok(Speed {
            rate: f64::from(sent) / begun.elapsed().as_secs_f64(),
            p50: percentile(&mut waits, 50),
            p99: percentile(&mut waits, 99),
        })
    })
}

/// The server of a connection.
fn server_at(servers: &[Arc<Requests>], place: usize, places: usize) -> Option<&Arc<Requests>> {
    let total: usize = servers.iter().map(|server| server.bytes.len()).sum();
    let mut at = (2 * place + 1) * total / (2 * places);
    servers.iter().find(|server| {
        let is_here = at < server.bytes.len();
        at = at.saturating_sub(server.bytes.len());
        is_here
    })
}

/// A connection that sends a pipeline of requests at a time.
struct Sender {
    stream: TcpStream,
    requests: Arc<Requests>,
    pipeline: usize,
    /// Which batch it begins with.
    first: usize,
    /// The batches that are still to be sent, by all connections together.
    left: Arc<AtomicUsize>,
}

impl Sender {
    async fn open(
        requests: &Arc<Requests>,
        shape: Shape,
        place: usize,
        left: &Arc<AtomicUsize>,
    ) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(requests.address).await?;
        stream.set_nodelay(true)?;
        let batches = requests.bytes.len() / (requests.request_bytes * shape.pipeline);
        ensure!(batches > 0, "there are too few requests for a batch");
        Ok(Self {
            stream,
            requests: Arc::clone(requests),
            pipeline: shape.pipeline,
            first: batches * place / shape.connections,
            left: Arc::clone(left),
        })
    }

    /// Sends batches until none is left. Returns how long each waited for its last reply.
    async fn run(mut self) -> anyhow::Result<Vec<Duration>> {
        let requests = Arc::clone(&self.requests);
        let batch_bytes = requests.request_bytes * self.pipeline;
        let parts = requests.bytes.chunks_exact(batch_bytes).cycle();
        let mut waits = Vec::new();
        let mut replies = Vec::new();
        let one_less = |left: usize| left.checked_sub(1);
        for batch in parts.skip(self.first) {
            let taken = self.left.fetch_update(Relaxed, Relaxed, one_less);
            if taken.is_err() {
                break;
            }
            let begun = Instant::now();
            self.stream.write_all(batch).await?;
            self.read(&mut replies).await?;
            waits.push(begun.elapsed());
        }
        Ok(waits)
    }

    async fn read(&mut self, replies: &mut Vec<u8>) -> anyhow::Result<()> {
        let Requests {
            reply_bytes,
            reply_start,
            ..
        } = *self.requests;
        replies.clear();
        let mut looked_at = 0;
        while looked_at < self.pipeline {
            let read = self.stream.read_buf(replies).await?;
            ensure!(read > 0, "the server closed a connection");
            let unseen = replies.get(looked_at * reply_bytes..).unwrap_or_default();
            for reply in unseen.chunks(reply_bytes) {
                let start = reply.get(..reply_start.len()).unwrap_or(reply);
                if !reply_start.starts_with(start) {
                    let line = reply.split(|&byte| byte == b'\r').next();
                    bail!(
                        "the server answers {}",
                        line.unwrap_or(reply).escape_ascii()
                    );
                }
                looked_at += usize::from(reply.len() == reply_bytes);
            }
        }
        Ok(())
    }
}
