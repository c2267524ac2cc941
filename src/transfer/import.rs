//! `import`: keys and values from a file into the cluster.
//!
//! A file is read twice: first all of it is checked, and only then the first key is stored. What comes from
//! standard input, or from a pipe, can be read but once, and is stored as it comes. A thread reads, and this one
//! sends; between them waits a bounded number of entries, so that files of any size can be imported.
//!
//! Each key is sent to its owner, or all to the node that the user has named. Of a key that stands twice the last
//! entry counts. An import that was interrupted can be run again: it does the same once more.

mod writer;

use std::future::poll_fn;
use std::task::Poll;

use serde::Serialize;

use super::batch::is_whole_or_first;
use super::feed::{Feed, Reading, What};
use super::format::{Format, Place};
use super::tally::{Tally, keys_text};
use super::way::Way;
use crate::client::ClientError;
use crate::ending::Ending;
use crate::limits::IMPORT_LANES;
use crate::session::Session;
use crate::store::SnapshotEntry;
use crate::terminal::{Progress, Unit};
use writer::Writer;

/// What was stored.
#[derive(Debug, Serialize)]
pub struct Imported {
    keys: u64,
    nodes: Vec<NodeCount>,
}

#[derive(Debug, Serialize)]
struct NodeCount {
    name: String,
    keys: u64,
}

impl Imported {
    /// The sentence for people.
    pub fn text(&self) -> String {
        let nodes = (self.nodes.iter()).map(|node| format!("{} {}", node.name, node.keys));
        let nodes: Vec<_> = nodes.collect();
        format!("stored {}: {}", keys_text(self.keys), nodes.join(", "))
    }
}

/// What to import, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the keys come from.
    pub from: Place,
    /// How they are written; none to find out from the file's name, or from its beginning.
    pub format: Option<Format>,
}

/// The ending of an import that was interrupted: its future was dropped.
pub fn interrupted(tally: &Tally) -> Ending {
    Ending::failure(match tally.keys() {
        0 => "interrupted: perhaps some keys are stored; import the file again for the rest"
            .to_owned(),
        _ => format!(
            "interrupted: {} stored, and perhaps some more; import the file again for the rest",
            tally.are()
        ),
    })
}

/// Stores what a file holds. All of a file is read and checked before the first key is stored.
///
/// Dropping the future interrupts the import; what is stored by then stays, and the same import can be run
/// again. A bar shows how far it is, where standard error is a terminal.
pub async fn run(
    session: &mut Session,
    options: &Options,
    tally: &Tally,
) -> Result<Imported, Ending> {
    if options.format.is_none() && options.from.is_doubtful() {
        return Err(Ending::usage(format!(
            "{}: its name says that it is one object, but it begins with a line that is an entry; say which with \
             --format lines or --format object. Nothing was stored",
            options.from
        )));
    }
    let reading = Reading {
        place: options.from.clone(),
        what: What::Keys {
            format: options.format.or_else(|| options.from.format()),
            value_max_bytes: session.value_max_bytes().await?,
        },
    };
    let file_bytes = options.from.file_bytes();
    let total = match file_bytes {
        Some(bytes) => {
            let progress = Progress::new("checking", Unit::Bytes, Some(bytes));
            let count = |keys: &mut u64, entry: &SnapshotEntry<'_>| {
                *keys += u64::from(is_whole_or_first(entry));
                Ok(())
            };
            let checked = reading.check(0, count, &progress).await?;
            let refused =
                |fault| Ending::usage(format!("{}: {fault}. Nothing was stored", options.from));
            Some(checked.map_err(refused)?)
        }
        None => None,
    };
    let progress = Progress::new("storing", Unit::Bytes, file_bytes);
    let way = match session.via() {
        Some(_) => Way::Entry,
        None => Way::Owners(session.cluster().placement().clone()),
    };
    let mut writers = Vec::new();
    for _ in 0..IMPORT_LANES {
        let client = way.clone().client(session)?;
        writers.push(Writer::new(client, session.cluster().placement(), tally));
    }
    let stored = store(reading, &mut writers, &progress).await;
    drop(progress);
    if let Err(stop) = stored {
        let mut unknown = 0;
        for writer in &mut writers {
            unknown += writer.drain().await;
        }
        return Err(stop.ending(&Done {
            from: &options.from,
            stored: tally,
            unknown,
            total,
        }));
    }
    let count = |place| {
        let counts = writers
            .iter()
            .filter_map(|writer| writer.counts().get(place));
        counts.sum()
    };
    let names = session.names().into_iter().enumerate();
    Ok(Imported {
        keys: tally.keys(),
        nodes: names
            .map(|(place, name)| NodeCount {
                name,
                keys: count(place),
            })
            .collect(),
    })
}

/// Stores every entry.
///
/// Each writer waits for the nodes' disks by itself, so that several of them keep the nodes at work.
async fn store(
    reading: Reading,
    writers: &mut [Writer<'_>],
    progress: &Progress,
) -> Result<(), Stop> {
    let (feed, lanes) = Feed::start(reading, writers.len()).map_err(Stop::Ended)?;
    let told = || progress.set(feed.read_bytes());
    let stored = writers.iter_mut().zip(lanes).map(|(writer, lane)| async {
        let stored = writer.store_all(lane, told).await;
        if stored.is_err() {
            // The others end what they have begun.
            feed.stop();
        }
        stored
    });
    for stored in join_all(stored).await {
        stored?;
    }
    let ended = feed.ended().await.map_err(Stop::Ended)?;
    ended.map_err(Stop::Fault)
}

/// Waits for all of these, which go on at the same time.
async fn join_all<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = all.map(|one| (Some(Box::pin(one)), None)).collect();
    poll_fn(|cx| {
        let mut are_ready = true;
        for (future, output) in &mut waiting {
            if let Some(one) = future {
                match one.as_mut().poll(cx) {
                    Poll::Ready(ready) => (*future, *output) = (None, Some(ready)),
                    Poll::Pending => are_ready = false,
                }
            }
        }
        if are_ready {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    waiting
        .into_iter()
        .filter_map(|(_, output)| output)
        .collect()
}

/// Why not all of it was stored.
enum Stop {
    /// Something is wrong with the file.
    Fault(String),
    /// A node does not take a key, or cannot be reached.
    Failed(ClientError),
    Ended(Ending),
}

impl From<ClientError> for Stop {
    fn from(error: ClientError) -> Self {
        Self::Failed(error)
    }
}

/// What was done when it stopped.
struct Done<'d> {
    from: &'d Place,
    stored: &'d Tally,
    /// Of so many keys it is not known whether they are stored.
    unknown: u64,
    /// All keys that there are, if the file was checked.
    total: Option<u64>,
}

impl Stop {
    fn ending(self, done: &Done<'_>) -> Ending {
        let ending = match self {
            Self::Fault(fault) => Ending::usage(format!("{}: {fault}", done.from)),
            Self::Failed(error) => error.into(),
            Self::Ended(ending) => ending,
        };
        let stored = match done.total {
            Some(total) => format!("{} of {} are stored", done.stored.keys(), keys_text(total)),
            None => format!("{} stored", done.stored.are()),
        };
        let unknown = match done.unknown {
            0 => String::new(),
            unknown => format!(", and perhaps some of the next {unknown}"),
        };
        let what = match done.from {
            Place::File(_) => "the file",
            Place::Standard => "all of it",
        };
        ending.after(format!(
            "{stored}{unknown}; import {what} again when this is mended"
        ))
    }
}
