//! Entries of a backup become requests to the owners of their keys, many of which are on their way at a time.

use std::collections::{HashSet, VecDeque};

use super::Options;
use super::collection::Collection;
use super::huge::Huge;
use super::report::{Fate, Reason, Restored};
use crate::client::{ClientError, ClusterClient, Router as _};
use crate::ending::Ending;
use crate::limits::CLIENT_WINDOW_REQUESTS;
use crate::resp::Frame;
use crate::store::{Deadline, SnapshotEntry, SnapshotValue};
use crate::transfer::tally::Tally;
use crate::transfer::way::Way;

/// See the module's text.
pub(super) struct Writer<'w> {
    pub(super) client: ClusterClient<Way>,
    names: Vec<String>,
    pub(super) may_replace: bool,
    pub(super) tally: &'w Tally,
    restored: Restored,
    /// The keys of the requests that are without their replies.
    waiting: VecDeque<Vec<u8>>,
    /// The collections that go another way.
    pub(super) huge: HashSet<Vec<u8>>,
    /// The entries, by their number without further parts, that do not count.
    pub(super) void: HashSet<u64>,
    /// How many there were.
    begun: u64,
    /// The collection of which further parts may come.
    open: Option<Open>,
}

enum Open {
    Collection(Collection),
    Huge(Huge),
}

impl<'w> Writer<'w> {
    pub(super) fn new(
        client: ClusterClient<Way>,
        names: Vec<String>,
        options: &Options,
        tally: &'w Tally,
    ) -> Self {
        Self {
            client,
            names,
            may_replace: options.may_replace,
            tally,
            restored: Restored::default(),
            waiting: VecDeque::new(),
            huge: HashSet::new(),
            void: HashSet::new(),
            begun: 0,
            open: None,
        }
    }

    pub(super) fn into_restored(self) -> Restored {
        self.restored
    }

    /// The request that hands a key to its owner.
    pub(super) fn handing_over(&self) -> &'static [u8] {
        if self.may_replace {
            b"REPLACE"
        } else {
            b"ADOPT"
        }
    }

    /// Restores an entry, or the next part of one.
    pub(super) async fn restore(&mut self, entry: &SnapshotEntry<'_>) -> Result<(), Ending> {
        if let SnapshotValue::Items {
            items,
            part: Some(_),
            ..
        } = entry.value
        {
            // That its beginning stood before it was checked.
            let mut open = self.open.take();
            match &mut open {
                Some(Open::Collection(collection)) => collection.add(self, items).await?,
                Some(Open::Huge(huge)) => huge.add(self, items).await?,
                None => {}
            }
            self.open = open;
            return Ok(());
        }
        self.close().await?;
        self.begun += 1;
        if self.void.contains(&(self.begun - 1)) {
            return Ok(());
        }
        match entry.value {
            SnapshotValue::String(value) => {
                let mut deadline = itoa::Buffer::new();
                let deadline = deadline.format(entry.deadline.map_or(0, Deadline::get));
                let how = self.handing_over();
                let about: [&[u8]; 6] = [
                    b"TRIAD",
                    how,
                    entry.key,
                    deadline.as_bytes(),
                    b"string",
                    value,
                ];
                self.send(&about, entry.key).await
            }
            SnapshotValue::Items { kind, items, .. } => {
                let collection = Collection::new(entry, kind, items);
                self.open = Some(if self.huge.contains(entry.key) {
                    self.answered().await?;
                    Open::Huge(Huge::begin(self, collection).await?)
                } else {
                    Open::Collection(collection)
                });
                Ok(())
            }
        }
    }

    /// Ends the collection of which no further part comes.
    async fn close(&mut self) -> Result<(), Ending> {
        match self.open.take() {
            Some(Open::Collection(collection)) => collection.end(self).await,
            Some(Open::Huge(huge)) => huge.end(self).await,
            None => Ok(()),
        }
    }

    /// Waits until all is restored.
    pub(super) async fn finish(&mut self) -> Result<(), Ending> {
        self.close().await?;
        self.answered().await
    }

    /// Sends a request that decides what becomes of a key.
    pub(super) async fn send(&mut self, words: &[&[u8]], key: &[u8]) -> Result<(), Ending> {
        while self.client.queue(words).is_err() {
            self.read_reply().await?;
            while self.client.pending() > CLIENT_WINDOW_REQUESTS / 2 {
                self.read_reply().await?;
            }
        }
        self.waiting.push_back(key.to_vec());
        Ok(())
    }

    /// Waits for the replies to all that was sent.
    pub(super) async fn answered(&mut self) -> Result<(), Ending> {
        while self.client.pending() > 0 {
            self.read_reply().await?;
        }
        Ok(())
    }

    /// Reads what is still answered after an error, which is the one that is told.
    pub(super) async fn drain(&mut self) {
        while self.client.pending() > 0 {
            let _ = self.read_reply().await;
        }
    }

    async fn read_reply(&mut self) -> Result<(), Ending> {
        let place = self.client.next_place();
        let Some(reply) = self.client.reply().await else {
            return Ok(());
        };
        let key = self.waiting.pop_front().unwrap_or_default();
        let fate = self.fate(place, reply)?;
        self.note(&key, place, &fate);
        Ok(())
    }

    /// What the owner says became of a key.
    pub(super) fn fate(
        &self,
        place: Option<usize>,
        reply: Result<Frame<'static>, ClientError>,
    ) -> Result<Fate, Ending> {
        let reply = match reply {
            // One key that is not taken does not hold up the others; a disk that has failed does.
            Err(ClientError::Refused { text }) if text.starts_with("ERR ") => {
                return Ok(Fate::Kept(refused(&text)));
            }
            reply => reply?,
        };
        let word = match &reply {
            Frame::Array(parts) => parts.first().and_then(Frame::as_bytes),
            _ => None,
        };
        Ok(match word {
            Some(b"stored") => Fate::Restored,
            Some(b"replaced") => Fate::Replaced,
            Some(b"same") => Fate::Same,
            Some(b"expired") => Fate::Expired,
            Some(b"exists") => Fate::Kept(Reason::Value),
            Some(b"deadline") => Fate::Kept(Reason::Deadline),
            _ => return Err(not_understood(self.name(place))),
        })
    }

    pub(super) fn note(&mut self, key: &[u8], place: Option<usize>, fate: &Fate) {
        let name = place.and_then(|place| self.names.get(place));
        let name = name.cloned().unwrap_or_default();
        self.restored.note(key, &name, fate);
        // What stayed as the cluster has it is not restored.
        if matches!(fate, Fate::Restored | Fate::Replaced | Fate::Same) {
            self.tally.add(1);
        }
    }

    /// The place of the key's owner.
    pub(super) fn place_of(&self, key: &[u8]) -> usize {
        self.client.router().place(key)
    }

    fn name(&self, place: Option<usize>) -> &str {
        let name = place.and_then(|place| self.names.get(place));
        name.map_or("a node", String::as_str)
    }
}

/// The reason in an error reply.
pub(super) fn refused(text: &str) -> Reason {
    Reason::Refused(text.strip_prefix("ERR ").unwrap_or(text).to_owned())
}

pub(super) fn not_understood(name: &str) -> Ending {
    Ending::failure(format!(
        "{name} does not take keys as this program hands them over; its program may be of another version, or \
         have another list of rules"
    ))
}
