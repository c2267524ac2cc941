//! The coverage test: random keys are offered to every node, and every node must find each of them in
//! exactly one home.
//!
//! A key is covered when it was stored by at least one node, by no other, by the one that the rules
//! name, and when it can be read through every node.

mod key_space;
mod report;

pub use key_space::KeySpace;
pub use report::{NodeReport, Report};

use crate::client::{Client, ClientError};
use crate::cluster::Cluster;
use crate::limits::CLIENT_BATCH_REQUESTS;
use crate::placement::NodeIndex;
use crate::resp::Frame;

/// What to test with.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How many keys.
    pub count: u64,
    /// Where they come from.
    pub space: KeySpace,
    /// Whether to delete them afterwards.
    pub clean: bool,
}

/// Why a test has no verdict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CoverageError {
    /// Not every node can be reached, so no key can be offered to all.
    #[error("coverage needs every node, and {} cannot be reached", list(.0))]
    Unreachable(Vec<ClientError>),
    /// A node was lost, or answered with an error, while the test ran.
    #[error("the test stopped after {keys} keys: {source}")]
    Stopped {
        /// How many keys had been tested.
        keys: u64,
        /// What happened.
        source: ClientError,
    },
    /// Nearly all keys of this length exist already, with values of others.
    #[error("only {found} keys of this length are free; choose a larger --length")]
    Exhausted {
        /// How many could be used.
        found: u64,
    },
}

fn list(errors: &[ClientError]) -> String {
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    texts.join(" and ")
}

impl CoverageError {
    /// The names of the nodes that cannot be reached.
    pub fn unreachable(&self) -> Vec<String> {
        let names: Vec<_> = match self {
            Self::Unreachable(errors) => errors.iter().filter_map(ClientError::missing).collect(),
            Self::Stopped { source, .. } => source.missing().into_iter().collect(),
            Self::Exhausted { .. } => Vec::new(),
        };
        names.into_iter().map(str::to_owned).collect()
    }
}

/// Runs the test against every node of `cluster`. `progress` is told how many keys are done.
pub async fn run(
    cluster: &Cluster,
    plan: Plan,
    mut progress: impl FnMut(u64),
) -> Result<Report, CoverageError> {
    let mut test = Test {
        cluster,
        plan,
        clients: connect(cluster).await?,
        report: Report::new(cluster),
        drawn: 0,
    };
    while test.report.keys < plan.count {
        let batch = test.draw()?;
        let tested = test.batch(&batch).await;
        tested.map_err(|source| CoverageError::Stopped {
            keys: test.report.keys,
            source,
        })?;
        progress(test.report.keys);
    }
    if plan.clean {
        let cleaned = test.clean().await;
        cleaned.map_err(|source| CoverageError::Stopped {
            keys: plan.count,
            source,
        })?;
    }
    Ok(test.report)
}

/// The value of a key of this test. It depends on nothing but the key, so that a test that is
/// repeated with the same seed knows its own keys from those of others.
pub fn value_of(key: &str) -> String {
    format!("triad keygen {key}")
}

async fn connect(cluster: &Cluster) -> Result<Vec<Client>, CoverageError> {
    let mut clients = Vec::new();
    let mut missing = Vec::new();
    for node in cluster.nodes() {
        match Client::connect(&node.name, &node.address).await {
            Ok(client) => clients.push(client),
            Err(error) => missing.push(error),
        }
    }
    if missing.is_empty() {
        Ok(clients)
    } else {
        Err(CoverageError::Unreachable(missing))
    }
}

/// One test on its way.
struct Test<'a> {
    cluster: &'a Cluster,
    plan: Plan,
    /// In the order of the list.
    clients: Vec<Client>,
    report: Report,
    /// How many keys of the space have been used or passed over.
    drawn: u128,
}

/// What a node said to an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Stored,
    Declined,
    /// The node has the key already, with this test's value or another's.
    HasOurs,
    HasAnothers,
}

/// A key with what the nodes said to it, in the order of the list.
struct Offered {
    key: String,
    verdicts: Vec<Verdict>,
}

impl Test<'_> {
    /// The next keys, as many as are still wanted and fit in a batch.
    fn draw(&mut self) -> Result<Vec<String>, CoverageError> {
        let wanted = (self.plan.count - self.report.keys).min(CLIENT_BATCH_REQUESTS as u64);
        let mut keys = Vec::new();
        while (keys.len() as u64) < wanted {
            let Some(key) = self.plan.space.key(self.drawn) else {
                break;
            };
            self.drawn += 1;
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(CoverageError::Exhausted {
                found: self.report.keys,
            });
        }
        Ok(keys)
    }

    async fn batch(&mut self, keys: &[String]) -> Result<(), ClientError> {
        let mut offered = self.offer(keys).await?;
        offered.retain(|key| !key.verdicts.contains(&Verdict::HasAnothers));
        let read = self.read_everywhere(&offered).await?;
        for (offered, is_read) in offered.iter().zip(read) {
            self.judge(offered, is_read);
        }
        Ok(())
    }

    /// Offers each key to every node.
    async fn offer(&mut self, keys: &[String]) -> Result<Vec<Offered>, ClientError> {
        let requests: Vec<Vec<String>> = keys
            .iter()
            .map(|key| {
                ["TRIAD", "OFFER", key, &value_of(key), "NX"]
                    .map(str::to_owned)
                    .to_vec()
            })
            .collect();
        let mut offered: Vec<_> = keys
            .iter()
            .map(|key| Offered {
                key: key.clone(),
                verdicts: Vec::new(),
            })
            .collect();
        ask_all(&mut self.clients, &requests, |client, at, reply| {
            let verdict = verdict(client, &reply)?;
            if let Some(offered) = offered.get_mut(at) {
                offered.verdicts.push(verdict);
            }
            Ok(())
        })
        .await?;
        self.tell_ours_apart(&mut offered).await?;
        Ok(offered)
    }

    /// A key that a node had already is this test's if it has this test's value.
    async fn tell_ours_apart(&mut self, offered: &mut [Offered]) -> Result<(), ClientError> {
        for (place, client) in self.clients.iter_mut().enumerate() {
            for offered in offered.iter_mut() {
                let Some(verdict) = offered.verdicts.get_mut(place) else {
                    continue;
                };
                if *verdict == Verdict::HasAnothers
                    && client.call(&[b"GET", offered.key.as_bytes()]).await?
                        == Frame::bulk(value_of(&offered.key).into_bytes())
                {
                    *verdict = Verdict::HasOurs;
                }
            }
        }
        Ok(())
    }

    /// Reads each key through every node; for each key, whether all gave its value.
    async fn read_everywhere(&mut self, offered: &[Offered]) -> Result<Vec<bool>, ClientError> {
        let requests: Vec<Vec<String>> = offered
            .iter()
            .map(|offered| vec!["GET".to_owned(), offered.key.clone()])
            .collect();
        let mut read = vec![true; offered.len()];
        ask_all(&mut self.clients, &requests, |_, at, reply| {
            if let (Some(read), Some(offered)) = (read.get_mut(at), offered.get(at)) {
                *read &= reply == Frame::bulk(value_of(&offered.key).into_bytes());
            }
            Ok(())
        })
        .await?;
        Ok(read)
    }

    fn judge(&mut self, offered: &Offered, is_read: bool) {
        let homes: Vec<usize> = offered
            .verdicts
            .iter()
            .enumerate()
            .filter(|(_, verdict)| matches!(verdict, Verdict::Stored | Verdict::HasOurs))
            .map(|(place, _)| place)
            .collect();
        let owner: NodeIndex = self.cluster.placement().owner(offered.key.as_bytes());
        self.report.count(owner.as_usize(), &homes, is_read);
    }

    /// Deletes this test's keys, and no others.
    async fn clean(&mut self) -> Result<(), ClientError> {
        let space = self.plan.space;
        for key in (0..self.drawn).filter_map(|index| space.key(index)) {
            let owner = self.cluster.placement().owner(key.as_bytes()).as_usize();
            let Some(client) = self.clients.get_mut(owner) else {
                continue;
            };
            let value = client.call(&[b"GET", key.as_bytes()]).await?;
            if value == Frame::bulk(value_of(&key).into_bytes()) {
                client.call(&[b"DEL", key.as_bytes()]).await?;
            }
        }
        Ok(())
    }
}

/// Sends all requests to every node, then hands each reply, with the request's place, to `take`.
async fn ask_all(
    clients: &mut [Client],
    requests: &[Vec<String>],
    mut take: impl FnMut(&Client, usize, Frame<'static>) -> Result<(), ClientError>,
) -> Result<(), ClientError> {
    for client in &mut *clients {
        for request in requests {
            let words: Vec<&[u8]> = request.iter().map(String::as_bytes).collect();
            client.queue(&words);
        }
        client.flush().await?;
    }
    for client in clients {
        for at in 0..requests.len() {
            let reply = client.reply().await?;
            take(client, at, reply)?;
        }
    }
    Ok(())
}

fn verdict(client: &Client, reply: &Frame<'_>) -> Result<Verdict, ClientError> {
    let word = match reply {
        Frame::Array(parts) => parts.first(),
        _ => None,
    };
    match word {
        Some(Frame::Bulk(word)) if **word == *b"stored" => Ok(Verdict::Stored),
        Some(Frame::Bulk(word)) if **word == *b"declined" => Ok(Verdict::Declined),
        Some(Frame::Bulk(word)) if **word == *b"exists" => Ok(Verdict::HasAnothers),
        _ => Err(client.unexpected(reply)),
    }
}
