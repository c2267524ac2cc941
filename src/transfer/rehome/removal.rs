//! The removal of all strays from one node, some at each step.

use crate::client::{Client, ClientError};
use crate::ending::Ending;
use crate::limits::{CLIENT_BATCH_BYTES, CLIENT_BATCH_REQUESTS};
use crate::placement::Placement;
use crate::resp::Frame;

use super::Rehomed;
use super::stray::{State, Stray};
use crate::session::Step;

/// See the module's text.
pub(super) struct Removal<'a> {
    pub(super) placement: &'a Placement,
    /// A connection to the node where they lie.
    pub(super) holder: Client,
    /// Connections to all nodes, in the order of the list.
    pub(super) owners: &'a mut [Client],
    pub(super) rehomed: &'a mut Rehomed,
}

impl Removal<'_> {
    pub(super) async fn run(&mut self) -> Result<(), Ending> {
        let mut cursor = Some(b"0".to_vec());
        let mut count = 1;
        while let Some(position) = cursor {
            let (next, mut strays) = match self.find(&position, count).await {
                // The values of so many keys may be more than a reply holds.
                Err(ClientError::Refused { .. }) if count > 1 => {
                    (cursor, count) = (Some(position), 1);
                    continue;
                }
                step => step?,
            };
            let bytes: usize = strays.iter().map(Stray::bytes).sum();
            count = if bytes > CLIENT_BATCH_BYTES {
                (count / 2).max(1)
            } else {
                (count * 2).min(CLIENT_BATCH_REQUESTS)
            };
            self.hand_over(&mut strays).await?;
            for stray in strays.iter_mut().filter(|stray| stray.items.is_empty()) {
                stray.state = self.hand_over_in_parts(stray).await?;
            }
            self.release(strays).await?;
            cursor = next;
        }
        Ok(())
    }

    /// About `count` of the strays that lie on the node, and where to go on.
    async fn find(
        &mut self,
        cursor: &[u8],
        count: usize,
    ) -> Result<(Option<Vec<u8>>, Vec<Stray>), ClientError> {
        let count = count.to_string();
        let command: [&[u8]; 2] = [b"TRIAD", b"MISPLACED"];
        let options: [&[u8]; 3] = [b"COUNT", count.as_bytes(), b"WHOLE"];
        let words = [&command[..], &[cursor], &options].concat();
        let reply = self.holder.call(&words).await?;
        let placement = self.placement;
        let read = |element| Stray::read(element, |key| placement.owner(key).as_usize());
        let step = Step::read_of(reply, read);
        let step = step.ok_or_else(|| self.holder.unexpected("TRIAD MISPLACED"))?;
        Ok((step.next, step.found))
    }

    /// Hands each stray to its owner, which stores it if it has no such key, unless it goes in parts.
    async fn hand_over(&mut self, strays: &mut [Stray]) -> Result<(), Ending> {
        let is_for = |stray: &Stray, place| stray.owner == place && !stray.items.is_empty();
        for (place, client) in self.owners.iter_mut().enumerate() {
            for stray in strays.iter().filter(|stray| is_for(stray, place)) {
                client.queue(&stray.adoption());
            }
            client.flush().await?;
        }
        for (place, client) in self.owners.iter_mut().enumerate() {
            for stray in strays.iter_mut().filter(|stray| is_for(stray, place)) {
                let reply = client.reply().await;
                let verdict = Stray::verdict(client, reply)?;
                stray.state = verdict.ok_or_else(|| declined(client))?;
            }
        }
        Ok(())
    }

    /// Hands a large collection to its owner, which takes it when it has all of it.
    async fn hand_over_in_parts(&mut self, stray: &Stray) -> Result<State, Ending> {
        let Some(owner) = self.owners.get_mut(stray.owner) else {
            return Ok(State::Away);
        };
        let mut cursor = Some(b"0".to_vec());
        let mut sent = 0;
        while let Some(position) = cursor {
            let words: [&[u8]; 4] = [b"TRIAD", b"ITEMS", &stray.key, &position];
            let reply = self.holder.call(&words).await?;
            // Its time has come, or somebody else has moved it.
            if reply == Frame::Null {
                return Ok(State::Gone);
            }
            let step = Step::read(reply).ok_or_else(|| self.holder.unexpected("TRIAD ITEMS"))?;
            cursor = step.next;
            if step.found.is_empty() {
                continue;
            }
            let from = sent.to_string();
            let command: [&[u8]; 2] = [b"TRIAD", b"PART"];
            let about: [&[u8]; 3] = [&stray.key, from.as_bytes(), &stray.kind];
            let items: Vec<&[u8]> = step.found.iter().map(Vec::as_slice).collect();
            let taken = owner.call(&[&command[..], &about, &items].concat()).await;
            sent = match taken {
                Ok(Frame::Integer(count)) => count,
                Ok(_) => return Err(owner.unexpected("TRIAD PART").into()),
                Err(ClientError::Refused { text }) if text.starts_with("ERR ") => {
                    return Ok(State::refused(&text));
                }
                Err(error) => return Err(error.into()),
            };
        }
        let reply = owner.call(&stray.adoption()).await;
        let verdict = Stray::verdict(owner, reply)?;
        verdict.ok_or_else(|| declined(owner))
    }

    /// Deletes from the node what is at home now or has expired, and notes the rest.
    async fn release(&mut self, strays: Vec<Stray>) -> Result<(), ClientError> {
        let is_over = |stray: &Stray| matches!(stray.state, State::Home | State::Expired);
        for stray in strays.iter().filter(|stray| is_over(stray)) {
            self.holder.queue(&[b"TRIAD", b"RELEASE", &stray.key]);
        }
        for stray in strays {
            if is_over(&stray) {
                self.holder.reply().await?;
            }
            match &stray.state {
                State::Home => self.rehomed.moved += 1,
                State::Kept(reason) => {
                    let owner = self.owners.get(stray.owner).map(Client::name);
                    let (holder, owner) = (self.holder.name(), owner.unwrap_or_default());
                    self.rehomed.keep(&stray.key, holder, owner, reason);
                }
                State::Away | State::Expired | State::Gone => {}
            }
        }
        Ok(())
    }
}

fn declined(owner: &Client) -> Ending {
    Ending::failure(format!(
        "{} does not take a key that it owns by the rules of this program; use one cluster file for all \
         nodes and for this program",
        owner.name()
    ))
}
