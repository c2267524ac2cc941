//! Entries become requests, many of which are on their way at a time.

use std::collections::VecDeque;

use crate::client::{ClientError, ClusterClient};
use crate::limits::{CLIENT_BATCH_BYTES, CLIENT_WINDOW_REQUESTS, TRANSFER_ITEMS_EACH};
use crate::placement::Placement;
use crate::resp::Frame;
use crate::store::{Items, SnapshotEntry, SnapshotValue};
use crate::transfer::batch::{Batch, is_whole_or_first};
use crate::transfer::feed::Lane;
use crate::transfer::tally::Tally;
use crate::transfer::way::Way;

/// See the module's text.
pub(super) struct Writer<'w> {
    client: ClusterClient<Way>,
    placement: &'w Placement,
    tally: &'w Tally,
    /// The keys that each node has been given.
    counts: Vec<u64>,
    /// What each request without its reply ends.
    waiting: VecDeque<Ends>,
    /// The keys of which it is not known whether they are stored.
    unknown: u64,
}

/// What is done when a request is done.
#[derive(Clone, Copy)]
enum Ends {
    /// Nothing yet: further requests for the key follow.
    Nothing,
    /// A key of the node that answers.
    Key,
    /// A key of the node at this place, which another one asks.
    KeyOf(usize),
}

impl<'w> Writer<'w> {
    pub(super) fn new(
        client: ClusterClient<Way>,
        placement: &'w Placement,
        tally: &'w Tally,
    ) -> Self {
        Self {
            client,
            placement,
            tally,
            counts: vec![0; placement.len()],
            waiting: VecDeque::new(),
            unknown: 0,
        }
    }

    /// Stores all entries that come, and waits until they are stored. `told` is called now and then.
    pub(super) async fn store_all(
        &mut self,
        mut lane: Lane,
        told: impl Fn(),
    ) -> Result<(), ClientError> {
        loop {
            // What was sent is stored also while there is nothing further to be sent.
            let next = tokio::select! {
                biased;
                next = lane.recv() => next,
                read = self.read_reply(), if self.is_waiting() => {
                    read?;
                    continue;
                }
            };
            let Some(batch) = next else {
                return self.finish().await;
            };
            self.store(&batch).await?;
            told();
        }
    }

    /// Sends what stores these entries. The error is that of an earlier request, or of one of these.
    async fn store(&mut self, batch: &Batch) -> Result<(), ClientError> {
        let owners = match self.client.router() {
            Way::Owners(_) => Vec::new(),
            Way::Entry => {
                let mut owners = Vec::new();
                let keys = batch.iter().map(|entry| entry.key);
                self.placement.owners(keys, &mut owners);
                owners
            }
        };
        for (place, entry) in batch.iter().enumerate() {
            let ends = match owners.get(place) {
                _ if !is_whole_or_first(&entry) => Ends::Nothing,
                Some(owner) => Ends::KeyOf(owner.as_usize()),
                None => Ends::Key,
            };
            self.store_entry(&entry, ends).await?;
        }
        Ok(())
    }

    async fn store_entry(
        &mut self,
        entry: &SnapshotEntry<'_>,
        ends: Ends,
    ) -> Result<(), ClientError> {
        let key = entry.key;
        let mut expires = itoa::Buffer::new();
        let expires = entry
            .deadline
            .map(|deadline| expires.format(deadline.get()));
        match (entry.value, expires) {
            (SnapshotValue::String(value), None) => self.send(&[b"SET", key, value], ends).await,
            (SnapshotValue::String(value), Some(expires)) => {
                let words: [&[u8]; 5] = [b"SET", key, value, b"PXAT", expires.as_bytes()];
                self.send(&words, ends).await
            }
            (SnapshotValue::Items { items, part, .. }, expires) => {
                if part.is_none() {
                    self.send(&[b"DEL", key], Ends::Nothing).await?;
                }
                if let Some(expires) = expires {
                    self.add(key, items, Ends::Nothing).await?;
                    let words: [&[u8]; 3] = [b"PEXPIREAT", key, expires.as_bytes()];
                    self.send(&words, ends).await
                } else {
                    self.add(key, items, ends).await
                }
            }
        }
    }

    /// Adds members to a set, by requests of bounded size.
    async fn add(&mut self, key: &[u8], items: Items<'_>, ends: Ends) -> Result<(), ClientError> {
        let mut words: Vec<&[u8]> = vec![b"SADD", key];
        let mut bytes = 0;
        for item in items.iter() {
            if words.len() >= TRANSFER_ITEMS_EACH || bytes >= CLIENT_BATCH_BYTES {
                self.send(&words, Ends::Nothing).await?;
                words.truncate(2);
                bytes = 0;
            }
            words.push(item);
            bytes += item.len();
        }
        self.send(&words, ends).await
    }

    async fn send(&mut self, words: &[&[u8]], ends: Ends) -> Result<(), ClientError> {
        while self.client.queue(words).is_err() {
            self.make_room().await?;
        }
        self.waiting.push_back(ends);
        Ok(())
    }

    /// Reads replies until there is room for many requests: their owners are worked out together.
    async fn make_room(&mut self) -> Result<(), ClientError> {
        self.read_reply().await?;
        while self.client.pending() > CLIENT_WINDOW_REQUESTS / 2 {
            self.read_reply().await?;
        }
        Ok(())
    }

    /// Waits until all that was sent is stored.
    async fn finish(&mut self) -> Result<(), ClientError> {
        while self.is_waiting() {
            self.read_reply().await?;
        }
        Ok(())
    }

    /// Reads what is still answered after an error. Of how many keys it is not known whether they are stored.
    pub(super) async fn drain(&mut self) -> u64 {
        while self.is_waiting() {
            // The first error is told.
            let _ = self.read_reply().await;
        }
        self.unknown
    }

    /// The keys that each node has been given, in the order of the list.
    pub(super) fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Whether a request is without its reply.
    fn is_waiting(&self) -> bool {
        self.client.pending() > 0
    }

    /// Reads a reply, if one is owed. Dropping the future before it is ready loses nothing.
    async fn read_reply(&mut self) -> Result<(), ClientError> {
        let answers = self.client.next_place();
        let is_done = |frame: Frame<'_>| matches!(frame, Frame::Integer(_)) || frame == Frame::OK;
        let Some(reply) = self.client.reply_with(is_done).await else {
            return Ok(());
        };
        let ends = self.waiting.pop_front().unwrap_or(Ends::Nothing);
        let is_key = !matches!(ends, Ends::Nothing);
        match reply {
            Ok(true) => {
                let place = match ends {
                    Ends::Nothing => return Ok(()),
                    Ends::Key => answers,
                    Ends::KeyOf(owner) => Some(owner),
                };
                self.tally.add(1);
                if let Some(count) = place.and_then(|place| self.counts.get_mut(place)) {
                    *count += 1;
                }
                Ok(())
            }
            Ok(false) => {
                self.unknown += u64::from(is_key);
                Err(ClientError::Refused {
                    text: "a node has given an answer to a write that is none".to_owned(),
                })
            }
            Err(error) => {
                let is_unknown = matches!(
                    error,
                    ClientError::Lost { .. } | ClientError::Unexpected { .. }
                ) || is_outcome_unknown(&error);
                self.unknown += u64::from(is_unknown && is_key);
                Err(error)
            }
        }
    }
}

/// Whether the node that was asked has lost the one that it asked.
fn is_outcome_unknown(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused { text } if text.starts_with("OUTCOMEUNKNOWN"))
}
