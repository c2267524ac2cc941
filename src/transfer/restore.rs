//! `restore`: the keys of a backup into a cluster, which may have another list of rules.
//!
//! The whole file is checked before the first key is restored. Each key goes to its owner as a whole: there it is
//! all of the backup's or as it was before. A key that is there already stays, and is told of if it differs;
//! unless it was said that it be replaced. So a restore that was interrupted can be run again.

mod collection;
mod huge;
mod report;
mod writer;

use std::collections::HashSet;

use super::feed::{Feed, Reading, What};
use super::format::Place;
use super::tally::{Tally, keys_text};
use super::way::Way;
use super::wholes;
use crate::ending::Ending;
use crate::limits::{PART_ITEM_BYTES, PARTS_TOTAL_MAX_BYTES};
use crate::session::Session;
use crate::store::{SnapshotEntry, SnapshotValue};
use crate::terminal::{Progress, Unit};
pub use report::Restored;
use writer::Writer;

/// What to restore, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The file.
    pub from: Place,
    /// Whether keys that the cluster has with another value or deadline are replaced.
    pub may_replace: bool,
}

/// The ending of a restore that was interrupted: its future was dropped.
pub fn interrupted(tally: &Tally) -> Ending {
    Ending::failure(format!(
        "interrupted: {} restored, and perhaps some more; run it again for the rest{}",
        tally.are(),
        tally.in_part_text()
    ))
}

/// Restores what is in a backup.
///
/// Dropping the future interrupts it; what is restored by then stays. A bar shows how far it is, where standard
/// error is a terminal.
pub async fn run(session: &Session, options: &Options, tally: &Tally) -> Result<Restored, Ending> {
    let from = &options.from;
    let file_bytes = from.file_bytes();
    if file_bytes.is_none() && from.is_there() {
        return Err(Ending::usage(format!(
            "{from} is no file: a backup is read twice, first to check all of it"
        )));
    }
    let reading = Reading {
        place: from.clone(),
        what: What::Backup,
    };
    let progress = Progress::new("checking", Unit::Bytes, file_bytes);
    let checked = reading.check(Contents::default(), Contents::add, &progress);
    let refused = |fault| Ending::usage(format!("{from}: {fault}. Nothing was restored"));
    let contents = checked.await?.map_err(refused)?;
    let progress = Progress::new("restoring", Unit::Bytes, file_bytes);
    let way = Way::Owners(session.cluster().placement().clone());
    let mut writer = Writer::new(way.client(session)?, session.names(), options, tally);
    (writer.huge, writer.void) = (contents.huge, contents.void);
    let restored = match refuse_misplaced(session).await {
        Ok(()) => restore(reading, &mut writer, &progress).await,
        refused => refused,
    };
    drop(progress);
    if let Err(ending) = restored {
        writer.drain().await;
        return Err(ending.after(format!(
            "{} of {} are restored; run it again when this is mended{}",
            tally.keys(),
            keys_text(contents.keys),
            tally.in_part_text()
        )));
    }
    Ok(writer.into_restored())
}

/// Refuses a cluster in which keys lie on nodes that do not own them: their owners would take the backup's values
/// for the only ones, and the cluster's own could not come home any more.
async fn refuse_misplaced(session: &Session) -> Result<(), Ending> {
    let nodes = wholes::connect(session, &session.names()).await?;
    let (keys, lie) = match nodes.iter().map(|node| node.misplaced).sum() {
        0 => return Ok(()),
        1 => (1, "lies on a node that does not own it"),
        keys => (keys, "lie on nodes that do not own them"),
    };
    Err(Ending::failure(format!(
        "{} {lie}; run `client rehome` first",
        keys_text(keys)
    )))
}

async fn restore(
    reading: Reading,
    writer: &mut Writer<'_>,
    progress: &Progress,
) -> Result<(), Ending> {
    let place = reading.place.clone();
    let (feed, lanes) = Feed::start(reading, 1)?;
    for mut lane in lanes {
        while let Some(batch) = lane.recv().await {
            for entry in batch.iter() {
                writer.restore(&entry).await?;
            }
            progress.set(feed.read_bytes());
        }
    }
    // It was whole a moment ago.
    let ended = feed.ended().await?;
    ended.map_err(|fault| Ending::failure(format!("{place}: {fault}")))?;
    writer.finish().await
}

/// What is known of a backup that was checked.
#[derive(Default)]
struct Contents {
    keys: u64,
    /// The collections that a node does not take in parts before they are whole: each is some 100 MiB of the
    /// file, so there are few.
    huge: HashSet<Vec<u8>>,
    /// The entries, by their number without further parts, that are void: collections that became others while
    /// they were read. The next entry has the same key, and counts.
    void: HashSet<u64>,
    /// How many entries there were, without further parts.
    begun: u64,
    /// The last collection, and what it takes on its way.
    last: Option<(Vec<u8>, usize)>,
}

impl Contents {
    fn begin(&mut self, key: &[u8]) {
        if (self.last.as_ref()).is_some_and(|(last, _)| last == key) {
            self.void.insert(self.begun - 1);
            self.keys -= 1;
        }
        self.begun += 1;
        self.keys += 1;
    }

    fn add(&mut self, entry: &SnapshotEntry<'_>) -> Result<(), String> {
        let SnapshotValue::Items { items, part, .. } = entry.value else {
            self.begin(entry.key);
            self.last = None;
            return Ok(());
        };
        let bytes = items.iter().map(|item| item.len() + PART_ITEM_BYTES).sum();
        match (&mut self.last, part) {
            (_, None) => {
                self.begin(entry.key);
                self.last = Some((entry.key.to_vec(), bytes));
            }
            (Some((key, before)), Some(_)) if *key == entry.key => *before += bytes,
            _ => return Err("a part of a key, whose beginning does not stand before it".to_owned()),
        }
        if let Some((key, bytes)) = &self.last
            && *bytes > PARTS_TOTAL_MAX_BYTES
        {
            self.huge.insert(key.clone());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interruption_names_the_key_of_which_a_part_is_there() {
        let tally = Tally::default();
        tally.add(2);
        let before = interrupted(&tally).to_string();
        tally.set_in_part(Some(b"huge\n"));
        let within = interrupted(&tally).to_string();
        tally.set_in_part(None);
        assert_eq!(interrupted(&tally).to_string(), before);
        let rest =
            "interrupted: 2 keys are restored, and perhaps some more; run it again for the rest";
        assert_eq!(before, rest);
        let key = crate::terminal::readable_line(b"huge\n");
        let of = format!("{rest}; of {key} only a part is there, which only --replace replaces");
        assert_eq!(within, of);
    }
}
