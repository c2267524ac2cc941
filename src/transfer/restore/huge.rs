//! A set that is too large to wait at its owner until it is whole.
//!
//! Its members are added some at a time, which others can see. Where the key is there already and is not to be
//! replaced, they are compared instead. A restore that is interrupted leaves a part of it, with its deadline; the
//! next one takes it for another value, so that the ending says that it has to be replaced.

use std::time::{SystemTime, UNIX_EPOCH};

use super::collection::Collection;
use super::report::{Fate, Reason};
use super::writer::{Writer, not_understood};
use crate::ending::Ending;
use crate::limits::{CLIENT_BATCH_BYTES, TRANSFER_ITEMS_EACH};
use crate::resp::Frame;
use crate::store::Items;

/// See the module's text.
pub(super) struct Huge {
    key: Vec<u8>,
    /// Milliseconds since 1970 as text; 0 if it stays.
    deadline: String,
    what: What,
    /// The members so far.
    members: i64,
}

/// What is done with the members, and what becomes of the key.
enum What {
    /// They are added.
    Add(Fate),
    /// They are compared with those that are there. Whether all of them were.
    Compare { is_same: bool },
    /// Nothing.
    Nothing(Fate),
}

impl Huge {
    /// Begins with the first part, when nothing else is on its way.
    pub(super) async fn begin(
        writer: &mut Writer<'_>,
        collection: Collection,
    ) -> Result<Self, Ending> {
        let Collection {
            key,
            deadline,
            items,
            ..
        } = collection;
        let Frame::Simple(kind) = ask(writer, &[b"TYPE", &key]).await? else {
            return Err(not_understood("a node"));
        };
        let what = match &*kind {
            _ if is_past(&deadline) => What::Nothing(Fate::Expired),
            "none" => What::Add(Fate::Restored),
            _ if writer.may_replace => {
                ask(writer, &[b"DEL", &key]).await?;
                What::Add(Fate::Replaced)
            }
            "set" => What::Compare { is_same: true },
            _ => What::Nothing(Fate::Kept(Reason::Value)),
        };
        let mut huge = Self {
            key,
            deadline,
            what,
            members: 0,
        };
        if matches!(huge.what, What::Add(_)) {
            writer.tally.set_in_part(Some(&huge.key));
        }
        huge.add(writer, items.as_items()).await?;
        // A part that stays alone does not stay longer than the whole.
        huge.expire(writer).await?;
        Ok(huge)
    }

    /// Takes a further part.
    pub(super) async fn add(
        &mut self,
        writer: &mut Writer<'_>,
        items: Items<'_>,
    ) -> Result<(), Ending> {
        let (mut some, mut bytes) = (Vec::new(), 0);
        for item in items.iter() {
            some.push(item);
            bytes += item.len();
            if some.len() >= TRANSFER_ITEMS_EACH || bytes >= CLIENT_BATCH_BYTES {
                self.add_some(writer, &some).await?;
                (some, bytes) = (Vec::new(), 0);
            }
        }
        self.add_some(writer, &some).await
    }

    async fn add_some(&mut self, writer: &mut Writer<'_>, some: &[&[u8]]) -> Result<(), Ending> {
        let command: &[u8] = match &self.what {
            What::Add(_) => b"SADD",
            What::Compare { is_same: true } => b"SMISMEMBER",
            What::Compare { .. } | What::Nothing(_) => return Ok(()),
        };
        if some.is_empty() {
            return Ok(());
        }
        let words = [&[command, &self.key], some].concat();
        let reply = ask(writer, &words).await?;
        self.members += i64::try_from(some.len()).unwrap_or(0);
        if let (What::Compare { is_same }, Frame::Array(are_there)) = (&mut self.what, &reply) {
            *is_same = are_there.iter().all(|is| *is == Frame::Integer(1));
        }
        Ok(())
    }

    /// Gives what is added its deadline.
    async fn expire(&self, writer: &mut Writer<'_>) -> Result<(), Ending> {
        if matches!(self.what, What::Add(_)) && self.deadline != "0" {
            let words: [&[u8]; 3] = [b"PEXPIREAT", &self.key, self.deadline.as_bytes()];
            ask(writer, &words).await?;
        }
        Ok(())
    }

    /// Ends it: all members were there.
    pub(super) async fn end(self, writer: &mut Writer<'_>) -> Result<(), Ending> {
        // Its time may have come meanwhile, and what was added then would stay.
        self.expire(writer).await?;
        let fate = match self.what {
            What::Add(fate) => {
                writer.tally.set_in_part(None);
                fate
            }
            What::Compare { is_same } => {
                let count = ask(writer, &[b"SCARD", &self.key]).await?;
                let expires = ask(writer, &[b"PEXPIRETIME", &self.key]).await?;
                if !is_same || count != Frame::Integer(self.members) {
                    Fate::Kept(Reason::Value)
                } else if expires != expire_time(&self.deadline) {
                    Fate::Kept(Reason::Deadline)
                } else {
                    Fate::Same
                }
            }
            What::Nothing(fate) => fate,
        };
        let place = writer.place_of(&self.key);
        writer.note(&self.key, Some(place), &fate);
        Ok(())
    }
}

async fn ask(writer: &mut Writer<'_>, words: &[&[u8]]) -> Result<Frame<'static>, Ending> {
    Ok(writer.client.call(words).await?)
}

/// What `PEXPIRETIME` answers for this deadline.
fn expire_time(deadline: &str) -> Frame<'static> {
    match deadline.parse() {
        Ok(0) | Err(_) => Frame::Integer(-1),
        Ok(unix_ms) => Frame::Integer(unix_ms),
    }
}

fn is_past(deadline: &str) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_millis());
    deadline
        .parse::<u128>()
        .is_ok_and(|deadline| deadline > 0 && deadline <= now)
}
