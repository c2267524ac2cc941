//! A collection on its way: in one request if it is small, and in parts, which its owner puts together, if not.

use super::report::{Fate, Reason};
use super::writer::{Writer, not_understood, refused};
use crate::client::ClientError;
use crate::ending::Ending;
use crate::resp::Frame;
use crate::store::{Deadline, Items, ItemsBuf, Kind, SnapshotEntry};

/// See the module's text.
pub(super) struct Collection {
    pub(super) key: Vec<u8>,
    /// Milliseconds since 1970 as text; 0 if it stays.
    pub(super) deadline: String,
    pub(super) kind: &'static Kind,
    /// The last part, which was not sent yet.
    pub(super) items: ItemsBuf,
    /// The items that the owner has.
    sent: i64,
    /// Why the owner does not take it.
    refused: Option<Reason>,
}

impl Collection {
    pub(super) fn new(entry: &SnapshotEntry<'_>, kind: &'static Kind, items: Items<'_>) -> Self {
        Self {
            key: entry.key.to_vec(),
            deadline: entry.deadline.map_or(0, Deadline::get).to_string(),
            kind,
            items: items.iter().collect(),
            sent: 0,
            refused: None,
        }
    }

    /// Takes a further part.
    pub(super) async fn add(
        &mut self,
        writer: &mut Writer<'_>,
        items: Items<'_>,
    ) -> Result<(), Ending> {
        self.send_part(writer).await?;
        self.items = items.iter().collect();
        Ok(())
    }

    /// Sends the part that is there. Nothing else is on its way then, since the next one has to say how many items
    /// the owner has.
    async fn send_part(&mut self, writer: &mut Writer<'_>) -> Result<(), Ending> {
        if self.refused.is_some() {
            return Ok(());
        }
        writer.answered().await?;
        let from = self.sent.to_string();
        let mut words: Vec<&[u8]> = vec![b"TRIAD", b"PART", &self.key, from.as_bytes()];
        words.push(self.kind.name().as_bytes());
        words.extend(self.items.as_items().iter());
        match writer.client.call(&words).await {
            Ok(Frame::Integer(count)) => self.sent = count,
            Ok(_) => return Err(not_understood("a node")),
            Err(ClientError::Refused { text }) if text.starts_with("ERR ") => {
                self.refused = Some(refused(&text));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Hands it over: it is whole.
    pub(super) async fn end(mut self, writer: &mut Writer<'_>) -> Result<(), Ending> {
        let how = writer.handing_over();
        let kind = self.kind.name().as_bytes();
        if self.sent == 0 && self.refused.is_none() {
            let mut words: Vec<&[u8]> = vec![b"TRIAD", how, &self.key];
            words.extend([self.deadline.as_bytes(), kind]);
            words.extend(self.items.as_items().iter());
            return writer.send(&words, &self.key).await;
        }
        self.send_part(writer).await?;
        let words: [&[u8]; 5] = [b"TRIAD", how, &self.key, self.deadline.as_bytes(), kind];
        let (place, fate) = match self.refused.take() {
            None => {
                // Nothing else is on its way.
                let queued = writer.client.queue(&words);
                queued.map_err(ClientError::from)?;
                let place = writer.client.next_place();
                let reply = writer.client.reply().await;
                let reply = reply.ok_or_else(|| not_understood("a node"))?;
                (place, writer.fate(place, reply)?)
            }
            Some(reason) => {
                let place = writer.place_of(&self.key);
                (Some(place), Fate::Kept(reason))
            }
        };
        writer.note(&self.key, place, &fate);
        Ok(())
    }
}
