//! `rehome`: keys that lie on a node which no longer owns them go to their owner.
//!
//! Each is stored at its owner only if it is absent there, and deleted where it lies only after the
//! owner has acknowledged it; so an interrupted run loses nothing and can be run again. A key that
//! exists on both with different values is kept and listed.

use serde::Serialize;
use triad::client::{Client, ClientError};
use triad::ending::Ending;
use triad::limits::{CLIENT_BATCH_BYTES, CLIENT_BATCH_REQUESTS};
use triad::placement::Placement;
use triad::resp::Frame;
use triad::terminal;

use crate::json::Key;
use crate::session::Session;
use crate::walk::Step;

/// What was done.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Rehomed {
    moved: u64,
    kept: Vec<Kept>,
}

/// A key that has one value where it lies and another at its owner.
#[derive(Debug, Serialize)]
struct Kept {
    #[serde(flatten)]
    key: Key,
    holder: String,
    owner: String,
    /// The key for people.
    #[serde(skip)]
    shown: String,
}

impl Rehomed {
    /// Whether every key is at home now.
    pub(crate) fn is_done(&self) -> bool {
        self.kept.is_empty()
    }

    pub(crate) fn text(&self) -> String {
        let mut lines = vec![match self.moved {
            1 => "1 key has moved to its owner".to_owned(),
            moved => format!("{moved} keys have moved to their owners"),
        }];
        for kept in &self.kept {
            let Kept {
                holder,
                owner,
                shown,
                ..
            } = kept;
            lines.push(format!(
                "kept on {holder}: {shown} ({owner}, its owner, has another value; to have this one \
                 instead, `client delete` the key and rehome again)"
            ));
        }
        lines.join("\n")
    }
}

/// Goes over the misplaced keys of every node.
pub(crate) async fn run(session: &mut Session) -> Result<Rehomed, Ending> {
    // All nodes or none: a key is not moved past an owner that cannot answer for it.
    let mut owners = Vec::new();
    for name in session.names() {
        owners.push(session.connect_to(&name).await?);
    }
    let mut rehomed = Rehomed::default();
    for name in session.names() {
        let emptied = empty(session, &name, &mut owners, &mut rehomed).await;
        emptied.map_err(|ending| {
            ending.after(format!(
                "{} keys have moved; run it again for the rest",
                rehomed.moved
            ))
        })?;
    }
    Ok(rehomed)
}

/// Sends home what lies on the node `holder` and belongs elsewhere.
async fn empty(
    session: &Session,
    holder: &str,
    owners: &mut [Client],
    rehomed: &mut Rehomed,
) -> Result<(), Ending> {
    let mut removal = Removal {
        placement: session.cluster().placement(),
        holder: session.connect_to(holder).await?,
        owners,
        rehomed,
    };
    removal.run().await
}

/// The removal of all strays from one node.
struct Removal<'a> {
    placement: &'a Placement,
    /// A connection to the node where they lie.
    holder: Client,
    /// Connections to all nodes, in the order of the list.
    owners: &'a mut [Client],
    rehomed: &'a mut Rehomed,
}

/// A key that is not at home.
struct Stray {
    key: Vec<u8>,
    value: Vec<u8>,
    /// The place of its owner in the list.
    owner: usize,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The owner has it with this value now: stored just now, or by a run that was interrupted
    /// before it could delete the key where it lay.
    Home,
    /// The owner had the key before.
    Exists,
    /// The owner had the key before, with another value.
    Conflict,
}

impl Removal<'_> {
    async fn run(&mut self) -> Result<(), Ending> {
        let mut cursor = Some(b"0".to_vec());
        let mut count = 1;
        while let Some(position) = cursor {
            let step = match self.find(&position, count).await {
                // The values of so many keys may be more than a reply holds.
                Err(ClientError::Refused { .. }) if count > 1 => {
                    (cursor, count) = (Some(position), 1);
                    continue;
                }
                step => step?,
            };
            let bytes: usize = step.found.iter().map(Vec::len).sum();
            count = if bytes > CLIENT_BATCH_BYTES {
                (count / 2).max(1)
            } else {
                (count * 2).min(CLIENT_BATCH_REQUESTS)
            };
            let mut strays = self.strays(step.found);
            self.offer(&mut strays).await?;
            self.compare(&mut strays).await?;
            self.release(strays).await?;
            cursor = step.next;
        }
        Ok(())
    }

    /// The next strays that lie on the node: about `count` keys and values in turn.
    async fn find(&mut self, cursor: &[u8], count: usize) -> Result<Step, ClientError> {
        let count = count.to_string();
        let command: [&[u8]; 2] = [b"TRIAD", b"MISPLACED"];
        let options: [&[u8]; 3] = [b"COUNT", count.as_bytes(), b"VALUES"];
        let words = [&command[..], &[cursor], &options].concat();
        let reply = self.holder.call(&words).await?;
        Step::read(reply).ok_or_else(|| self.holder.unexpected("TRIAD MISPLACED"))
    }

    fn strays(&self, found: Vec<Vec<u8>>) -> Vec<Stray> {
        let mut strays = Vec::new();
        let mut words = found.into_iter();
        while let (Some(key), Some(value)) = (words.next(), words.next()) {
            strays.push(Stray {
                owner: self.placement.owner(&key).as_usize(),
                key,
                value,
                state: State::Exists,
            });
        }
        strays
    }

    /// Offers each stray to its owner, which stores it if it has no such key.
    async fn offer(&mut self, strays: &mut [Stray]) -> Result<(), Ending> {
        for (place, client) in self.owners.iter_mut().enumerate() {
            for stray in strays.iter().filter(|stray| stray.owner == place) {
                client.queue(&[b"TRIAD", b"OFFER", &stray.key, &stray.value, b"NX"]);
            }
            client.flush().await?;
        }
        for (place, client) in self.owners.iter_mut().enumerate() {
            for stray in strays.iter_mut().filter(|stray| stray.owner == place) {
                let reply = client.reply().await?;
                let Frame::Array(parts) = &reply else {
                    return Err(client.unexpected("TRIAD OFFER").into());
                };
                stray.state = match parts.first().and_then(Frame::as_bytes) {
                    Some(b"stored") => State::Home,
                    Some(b"exists") => State::Exists,
                    _ => {
                        return Err(Ending::failure(format!(
                            "{} does not take a key that it owns by the rules of this program; use one \
                             cluster file for all nodes and for this program",
                            client.name()
                        )));
                    }
                };
            }
        }
        Ok(())
    }

    /// Tells of keys that an owner had before whether they are the same.
    async fn compare(&mut self, strays: &mut [Stray]) -> Result<(), ClientError> {
        for (place, client) in self.owners.iter_mut().enumerate() {
            let is_asked = |stray: &Stray| stray.owner == place && stray.state == State::Exists;
            for stray in strays.iter().filter(|stray| is_asked(stray)) {
                client.queue(&[b"GET", &stray.key]);
            }
            for stray in strays.iter_mut().filter(|stray| is_asked(stray)) {
                let reply = client.reply().await?;
                stray.state = if reply.as_bytes() == Some(&stray.value) {
                    State::Home
                } else {
                    State::Conflict
                };
            }
        }
        Ok(())
    }

    /// Deletes from the node what is at home now, and notes the rest.
    async fn release(&mut self, strays: Vec<Stray>) -> Result<(), ClientError> {
        let is_home = |stray: &Stray| stray.state == State::Home;
        for stray in strays.iter().filter(|stray| is_home(stray)) {
            self.holder.queue(&[b"TRIAD", b"RELEASE", &stray.key]);
        }
        for stray in strays {
            if is_home(&stray) {
                self.holder.reply().await?;
                self.rehomed.moved += 1;
            } else {
                let owner = self.owners.get(stray.owner);
                self.rehomed.kept.push(Kept {
                    key: Key::new(&stray.key),
                    holder: self.holder.name().to_owned(),
                    owner: owner
                        .map(|owner| owner.name().to_owned())
                        .unwrap_or_default(),
                    shown: terminal::readable_line(&stray.key),
                });
            }
        }
        Ok(())
    }
}
