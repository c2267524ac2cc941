//! A load generator that is the library's own cluster client, on one thread: it finds out where each
//! request goes, encodes it, and decodes its reply.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use tokio::task::JoinSet;
use tokio::time::timeout;
use triad::client::{ClusterClient, Router};
use triad::cluster::Address;
use triad::resp::Frame;

use super::PATIENCE;
use super::data::{Key, VALUE_BYTES, Value, value};
use super::generator::Speed;
use super::load::Shape;
use super::server::Server;
use super::statistics::percentile;

/// How many values take turns: few enough to stay in the processor's nearest cache.
const VALUES: usize = 128;

/// What requests are made of.
pub(crate) struct Material {
    keys: Vec<Key>,
    values: Vec<Value>,
}

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    Get,
    Set,
}

/// Servers that share the keys.
pub(crate) struct Routed<R> {
    nodes: Vec<(String, Address)>,
    router: R,
    material: Arc<Material>,
}

impl Material {
    /// The keys are asked for in another order than the given one. That is the order in which the servers
    /// got them, and in which they may lie in memory.
    pub(crate) fn new(mut keys: Vec<Key>) -> Self {
        keys.sort_unstable();
        let values = keys.iter().take(VALUES).map(|key| value(key, 1)).collect();
        Self { keys, values }
    }
}

impl<R: Router + Clone + Send + 'static> Routed<R> {
    pub(crate) fn new(
        servers: &[Server<'_>],
        router: R,
        material: &Arc<Material>,
    ) -> anyhow::Result<Self> {
        let address = |server: &Server<'_>| server.address().to_string().parse();
        // Nodes are asked whether they have these names; Redis has none, and is not asked.
        let names = ["linux", "mac", "android"];
        anyhow::ensure!(servers.len() <= names.len(), "a server has no name");
        let of_server = |(name, server): (&str, _)| anyhow::Ok((name.to_owned(), address(server)?));
        Ok(Self {
            nodes: names
                .into_iter()
                .zip(servers)
                .map(of_server)
                .collect::<Result<_, _>>()?,
            router,
            material: Arc::clone(material),
        })
    }

    /// Sends about `count` requests in all. There are about as many connections as asked for: each client
    /// has one to each server, and sends a pipeline for each of them at a time.
    pub(crate) fn drive(
        &self,
        question: Question,
        shape: Shape,
        count: usize,
    ) -> anyhow::Result<Speed> {
        let servers = self.nodes.len();
        let clients = shape.connections.div_ceil(servers);
        let batch = shape.pipeline * servers;
        let batches = count.div_ceil(batch);
        let sent = u32::try_from(batches * batch)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let left = Arc::new(AtomicUsize::new(batches));
            let mut senders = Vec::new();
            for place in 0..clients {
                let client = ClusterClient::with_router(self.nodes.clone(), self.router.clone());
                let mut sender = Sender {
                    client: client.context("no servers")?,
                    material: Arc::clone(&self.material),
                    next: self.material.keys.len() * place / clients,
                };
                // Makes the connections.
                sender.ask(Question::Get, batch).await?;
                senders.push(sender);
            }
            let begun = Instant::now();
            let mut tasks = JoinSet::new();
            for sender in senders {
                tasks.spawn(sender.run(question, batch, Arc::clone(&left)));
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
}

/// A client that sends a batch of requests at a time.
struct Sender<R> {
    client: ClusterClient<R>,
    material: Arc<Material>,
    /// The next key.
    next: usize,
}

impl<R: Router> Sender<R> {
    /// Sends batches until none is left. Returns how long each waited for its last reply.
    async fn run(
        mut self,
        question: Question,
        batch: usize,
        left: Arc<AtomicUsize>,
    ) -> anyhow::Result<Vec<Duration>> {
        let mut waits = Vec::new();
        let one_less = |left: usize| left.checked_sub(1);
        while left.fetch_update(Relaxed, Relaxed, one_less).is_ok() {
            let begun = Instant::now();
            self.ask(question, batch).await?;
            waits.push(begun.elapsed());
        }
        Ok(waits)
    }

    async fn ask(&mut self, question: Question, batch: usize) -> anyhow::Result<()> {
        let Material { keys, values } = &*self.material;
        for _ in 0..batch {
            self.next = (self.next + 1) % keys.len();
            let key = keys.get(self.next).context("a key")?;
            let value = values.get(self.next % VALUES).context("a value")?;
            let words: [&[u8]; 3] = match question {
                Question::Get => [b"GET", key, b""],
                Question::Set => [b"SET", key, value],
            };
            let count = if question == Question::Get { 2 } else { 3 };
            self.client.queue(words.get(..count).unwrap_or_default())?;
        }
        let is_right = |frame: Frame<'_>| match question {
            Question::Get => frame
                .as_bytes()
                .is_some_and(|value| value.len() == VALUE_BYTES),
            Question::Set => frame == Frame::OK,
        };
        let mut replies = 0;
        while let Some(reply) = self.client.reply_with(is_right).await {
            if !reply? {
                bail!("a server gives a wrong answer");
            }
            replies += 1;
        }
        ensure!(replies == batch, "a reply is missing");
        Ok(())
    }
}
