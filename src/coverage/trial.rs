//! A coverage test on its way: keys are drawn, offered, read back and judged, batch by batch.

use super::{Cause, Plan, Report};
use crate::client::{Client, ClientError};
use crate::limits::{CLIENT_BATCH_BYTES, CLIENT_BATCH_REQUESTS, COVERAGE_TAKEN_MAX};
use crate::placement::Placement;
use crate::resp::Frame;

/// See the module's text.
#[derive(Debug)]
pub(super) struct Trial<'a> {
    placement: &'a Placement,
    plan: Plan,
    /// In the order of the list.
    clients: Vec<Client>,
    /// How many keys of the space have been used or passed over: the next one's index.
    drawn: u128,
    /// The keys that were passed over since the last one that was used.
    taken_in_a_row: usize,
}

/// A key, and what the nodes said to it, in the order of the list.
#[derive(Debug)]
struct Offered {
    key: String,
    /// The place of the node that the rules name.
    owner: usize,
    verdicts: Vec<Verdict>,
    readings: Vec<Reading>,
}

/// What a node said to an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Stored,
    Declined,
    /// It has the key already.
    Exists,
}

/// What was read through a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// The value of this test.
    Ours,
    Anothers,
    Nothing,
}

impl<'a> Trial<'a> {
    /// A test that begins. `clients` are connected to the nodes of `placement`, in its order.
    pub(super) fn new(placement: &'a Placement, plan: Plan, clients: Vec<Client>) -> Self {
        Self {
            placement,
            plan,
            clients,
            drawn: 0,
            taken_in_a_row: 0,
        }
    }

    /// Tests the next batch of keys and adds them to `report`.
    pub(super) async fn step(&mut self, report: &mut Report) -> Result<(), Cause> {
        let wanted = usize::try_from(self.plan.count - report.keys).unwrap_or(usize::MAX);
        let mut batch = self.keys_from(self.drawn, wanted);
        if batch.is_empty() || self.taken_in_a_row > COVERAGE_TAKEN_MAX {
            return Err(Cause::Taken {
                found: report.keys,
                taken: self.drawn - u128::from(report.keys),
            });
        }
        self.drawn += batch.len() as u128;
        let asked = self.ask(&mut batch).await;
        asked.map_err(|source| Cause::Stopped {
            keys: report.keys,
            source,
        })?;
        for offered in batch {
            if offered.is_anothers() {
                self.taken_in_a_row += 1;
            } else {
                self.taken_in_a_row = 0;
                report.count(offered.owner, &offered.homes(), offered.is_read());
            }
        }
        Ok(())
    }

    /// Deletes the keys of this test that were drawn, and no others.
    pub(super) async fn clean(&mut self) -> Result<(), ClientError> {
        let mut index = 0;
        while index < self.drawn {
            let left = usize::try_from(self.drawn - index).unwrap_or(usize::MAX);
            let mut batch = self.keys_from(index, left);
            if batch.is_empty() {
                break;
            }
            index += batch.len() as u128;
            self.read_at_home(&mut batch).await?;
            batch.retain(|offered| offered.readings.first() == Some(&Reading::Ours));
            self.delete(&batch).await?;
        }
        Ok(())
    }

    /// The keys of the space from `index` on: at most `wanted`, and no more than fit in a batch.
    fn keys_from(&self, index: u128, wanted: usize) -> Vec<Offered> {
        // A request holds the key twice: the second time in its value.
        let request_bytes = value_of("").len() + 2 * self.plan.space.length();
        let fitting = CLIENT_BATCH_BYTES / request_bytes;
        let count = wanted.min(fitting).clamp(1, CLIENT_BATCH_REQUESTS);
        (index..)
            .map_while(|index| self.plan.space.key(index))
            .take(count)
            .map(|key| Offered {
                owner: self.placement.owner(key.as_bytes()).as_usize(),
                key,
                verdicts: Vec::new(),
                readings: Vec::new(),
            })
            .collect()
    }

    /// Offers each key to every node, then reads it through every node.
    async fn ask(&mut self, batch: &mut [Offered]) -> Result<(), ClientError> {
        for client in &mut self.clients {
            for Offered { key, .. } in &*batch {
                let value = value_of(key);
                client.queue(&[b"TRIAD", b"OFFER", key.as_bytes(), value.as_bytes(), b"NX"]);
            }
            client.flush().await?;
        }
        for client in &mut self.clients {
            for offered in &mut *batch {
                let reply = client.reply().await?;
                offered.verdicts.push(verdict(client, &reply)?);
            }
        }
        for client in &mut self.clients {
            for Offered { key, .. } in &*batch {
                client.queue(&[b"GET", key.as_bytes()]);
            }
            client.flush().await?;
        }
        for client in &mut self.clients {
            for offered in &mut *batch {
                let reading = reading(&offered.key, client.reply().await)?;
                offered.readings.push(reading);
            }
        }
        Ok(())
    }

    /// Reads each key through its owner.
    async fn read_at_home(&mut self, batch: &mut [Offered]) -> Result<(), ClientError> {
        for (place, client) in self.clients.iter_mut().enumerate() {
            for Offered { key, .. } in batch.iter().filter(|offered| offered.owner == place) {
                client.queue(&[b"GET", key.as_bytes()]);
            }
            for offered in batch.iter_mut().filter(|offered| offered.owner == place) {
                let reading = reading(&offered.key, client.reply().await)?;
                offered.readings.push(reading);
            }
        }
        Ok(())
    }

    async fn delete(&mut self, batch: &[Offered]) -> Result<(), ClientError> {
        for (place, client) in self.clients.iter_mut().enumerate() {
            let keys = || batch.iter().filter(|offered| offered.owner == place);
            for Offered { key, .. } in keys() {
                client.queue(&[b"DEL", key.as_bytes()]);
            }
            for _ in keys() {
                client.reply().await?;
            }
        }
        Ok(())
    }
}

impl Offered {
    /// Whether somebody else has stored this key: every node that has it had it before, with another
    /// value.
    fn is_anothers(&self) -> bool {
        let homes = self.homes();
        !homes.is_empty()
            && homes.iter().all(|home| {
                self.verdicts.get(*home) == Some(&Verdict::Exists)
                    && self.readings.get(*home) == Some(&Reading::Anothers)
            })
    }

    /// The places of the nodes that have it.
    fn homes(&self) -> Vec<usize> {
        let places = self.verdicts.iter().enumerate();
        places
            .filter(|(_, verdict)| **verdict != Verdict::Declined)
            .map(|(place, _)| place)
            .collect()
    }

    fn is_read(&self) -> bool {
        self.readings
            .iter()
            .all(|reading| *reading == Reading::Ours)
    }
}

/// The value of a key of this test. It depends on nothing but the key, so that a test that is
/// repeated with the same seed knows its own keys from those of others.
fn value_of(key: &str) -> String {
    format!("triad keygen {key}")
}

fn verdict(client: &Client, reply: &Frame<'_>) -> Result<Verdict, ClientError> {
    let word = match reply {
        Frame::Array(parts) => parts.first().and_then(Frame::as_bytes),
        _ => None,
    };
    match word {
        Some(b"stored") => Ok(Verdict::Stored),
        Some(b"declined") => Ok(Verdict::Declined),
        Some(b"exists") => Ok(Verdict::Exists),
        _ => Err(client.unexpected("TRIAD OFFER")),
    }
}

fn reading(key: &str, reply: Result<Frame<'static>, ClientError>) -> Result<Reading, ClientError> {
    let reply = match reply {
        // A collection, which no test stores.
        Err(ClientError::Refused { text }) if text.starts_with("WRONGTYPE ") => {
            return Ok(Reading::Anothers);
        }
        reply => reply?,
    };
    Ok(match reply.as_bytes() {
        None => Reading::Nothing,
        Some(value) if *value == *value_of(key).as_bytes() => Reading::Ours,
        Some(_) => Reading::Anothers,
    })
}
