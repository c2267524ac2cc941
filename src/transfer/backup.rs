//! `backup`: a whole cluster in one file.
//!
//! Every node has to be there. Each tells what lies in its own table, some at a time; the backup is not of one
//! moment: a key that is there throughout is in it, with a value that it had meanwhile. A key that lies on a node
//! which does not own it is in it too, unless its owner has one of its own.
//!
//! The file gets its name when it is whole, and only its owner may read it.

pub(super) mod file;

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::format::Place;
use super::tally::{Tally, keys_text};
use super::target::Target;
use super::wholes::{self, Asked, Whole, Wholes};
use crate::ending::Ending;
use crate::limits::LARGE_READS_MAX;
use crate::placement::Placement;
use crate::resp::Frame;
use crate::session::Session;
use crate::store::{Kind, SnapshotEntry, SnapshotValue, Store};
use crate::terminal::{Progress, Unit};
use crate::whole_file::Making;
use file::BackupText;

/// Where a backup goes, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The file.
    pub to: Place,
    /// Whether a file that is there may be replaced.
    pub may_replace: bool,
}

/// What was backed up.
#[derive(Debug, Serialize)]
pub struct BackedUp {
    keys: u64,
    /// How many of these lay on a node that does not own them.
    misplaced: u64,
    nodes: Vec<NodeCount>,
}

#[derive(Debug, Serialize)]
struct NodeCount {
    name: String,
    keys: u64,
}

impl BackedUp {
    /// The sentence for people.
    pub fn text(&self) -> String {
        let nodes = (self.nodes.iter()).map(|node| format!("{} {}", node.name, node.keys));
        let nodes: Vec<_> = nodes.collect();
        let misplaced = match self.misplaced {
            0 => String::new(),
            1 => "; 1 of them lies on a node that does not own it".to_owned(),
            keys => format!("; {keys} of them lie on nodes that do not own them"),
        };
        let keys = keys_text(self.keys);
        format!("backed up {keys}: {}{misplaced}", nodes.join(", "))
    }
}

/// The ending of a backup that was interrupted: its future was dropped.
pub fn interrupted(options: &Options) -> Ending {
    Ending::failure(match &options.to {
        Place::File(path) => format!("interrupted: nothing was written to {}", path.display()),
        Place::Standard => "interrupted: what was written is no whole backup".to_owned(),
    })
}

/// Writes the backup.
///
/// Dropping the future interrupts it, and no file is left. A bar shows how far it is, where standard error is a
/// terminal.
pub async fn run(session: &Session, options: &Options, tally: &Tally) -> Result<BackedUp, Ending> {
    let mut asked = wholes::connect(session, &session.names()).await?;
    for node in &asked {
        compare_lists(node, session.cluster().placement())?;
    }
    let making = Making {
        may_replace: options.may_replace,
        is_private: true,
    };
    let total = asked.iter().map(|node| node.keys + node.misplaced).sum();
    let mut out = Vec::new();
    let target = Target::create(&options.to, making)?;
    let made = SystemTime::now().duration_since(UNIX_EPOCH);
    let made = made.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0));
    let text = BackupText::begin(session.cluster(), made, &mut out).map_err(Ending::failure)?;
    let mut backup = Backup {
        placement: session.cluster().placement(),
        target,
        text,
        out,
        done: BackedUp {
            keys: 0,
            misplaced: 0,
            nodes: Vec::new(),
        },
        tally,
        progress: Progress::new("backing up", Unit::Keys, Some(total)),
    };
    // First those that are to move: one that moves meanwhile is then found twice, and not overlooked.
    for name in session.names() {
        backup.misplaced(session, &name, &mut asked).await?;
    }
    for node in asked {
        backup.own(node).await?;
    }
    backup.finish().await
}

/// Refuses a node whose list is another: whose keys are whose would not be known.
fn compare_lists(node: &Asked, placement: &Placement) -> Result<(), Ending> {
    if node.fingerprint.as_deref() == Some(placement.fingerprint()) {
        return Ok(());
    }
    Err(Ending::failure(format!(
        "{} {} has another list of rules than this program; give both the same cluster file",
        node.client.name(),
        node.client.address()
    )))
}

/// A backup under way.
struct Backup<'b> {
    placement: &'b Placement,
    target: Target,
    text: BackupText,
    /// What is still to be written to the target.
    out: Vec<u8>,
    done: BackedUp,
    tally: &'b Tally,
    progress: Progress,
}

impl Backup<'_> {
    /// Writes what lies on the node `name` and belongs elsewhere, where it is not.
    async fn misplaced(
        &mut self,
        session: &Session,
        name: &str,
        owners: &mut [Asked],
    ) -> Result<(), Ending> {
        let mut wholes = Wholes::misplaced(session.connect_to(name).await?);
        while let Some(found) = wholes.step().await? {
            for whole in self.missing_at_home(found, owners).await? {
                if self.whole(&mut wholes, whole).await? {
                    self.done.misplaced += 1;
                }
            }
            self.flush().await?;
        }
        Ok(())
    }

    /// Those of these keys that their owners do not have.
    async fn missing_at_home(
        &self,
        found: Vec<Whole>,
        owners: &mut [Asked],
    ) -> Result<Vec<Whole>, Ending> {
        let owner = |whole: &Whole| self.placement.owner(&whole.key).as_usize();
        let placed: Vec<_> = found
            .into_iter()
            .map(|whole| (owner(&whole), whole))
            .collect();
        for (owner, whole) in &placed {
            if let Some(owner) = owners.get_mut(*owner) {
                owner.client.queue(&[b"TRIAD", b"HOLDS", &whole.key]);
            }
        }
        let mut missing = Vec::new();
        for (owner, whole) in placed {
            if let Some(owner) = owners.get_mut(owner)
                && owner.client.reply().await? == Frame::Integer(0)
            {
                missing.push(whole);
            }
        }
        Ok(missing)
    }

    /// Writes what a node owns.
    async fn own(&mut self, node: Asked) -> Result<(), Ending> {
        let name = node.client.name().to_owned();
        let before = self.done.keys;
        let mut wholes = Wholes::own(node.client, None);
        while let Some(found) = wholes.step().await? {
            for whole in found {
                self.whole(&mut wholes, whole).await?;
            }
            self.flush().await?;
        }
        let keys = self.done.keys - before;
        self.done.nodes.push(NodeCount { name, keys });
        Ok(())
    }

    /// Writes one key. Whether it was still there.
    ///
    /// A large collection that vanishes or becomes another while it is read is read anew. What was written of it
    /// is void, since the next entry is of the same key; if the key is gone, that is one that has expired.
    async fn whole(&mut self, wholes: &mut Wholes, whole: Whole) -> Result<bool, Ending> {
        let mut whole = whole;
        let mut is_begun = false;
        for _ in 0..LARGE_READS_MAX {
            let is_whole = if let Some(kind) = whole.large() {
                self.parts(wholes, whole.entry(), kind, &mut is_begun)
                    .await?
            } else {
                self.text.entry(&mut self.out, &whole.entry());
                true
            };
            if is_whole {
                self.done.keys += 1;
                self.tally.add(1);
                return Ok(true);
            }
            let Some(now) = wholes.again(&whole.key).await? else {
                if is_begun {
                    let gone = SnapshotEntry {
                        key: &whole.key,
                        deadline: Store::deadline(1),
                        value: SnapshotValue::String(b""),
                    };
                    self.text.entry(&mut self.out, &gone);
                }
                return Ok(false);
            };
            whole = now;
        }
        Err(wholes::changed(&whole.key))
    }

    /// Writes the items of a large collection, `entry` being without them. Whether they are all of it.
    async fn parts(
        &mut self,
        wholes: &mut Wholes,
        entry: SnapshotEntry<'_>,
        kind: &'static Kind,
        is_begun: &mut bool,
    ) -> Result<bool, Ending> {
        let mut cursor = Some(b"0".to_vec());
        let mut parts = 0;
        while let Some(position) = cursor {
            let Some((items, next)) = wholes.items(entry.key, &position).await? else {
                return Ok(false);
            };
            cursor = next;
            if items.is_empty() {
                continue;
            }
            parts += 1;
            *is_begun = true;
            let value = SnapshotValue::Items {
                kind,
                items: items.as_items(),
                part: Some(parts).filter(|part| *part > 1),
            };
            self.text
                .entry(&mut self.out, &SnapshotEntry { value, ..entry });
            self.flush().await?;
        }
        Ok(parts > 0 && wholes.is_still(entry.key, kind).await?)
    }

    async fn flush(&mut self) -> Result<(), Ending> {
        self.progress.set(self.done.keys);
        let piece = std::mem::take(&mut self.out);
        self.target.write(piece).await
    }

    async fn finish(mut self) -> Result<BackedUp, Ending> {
        self.text.end(&mut self.out).map_err(Ending::failure)?;
        self.target.write(self.out).await?;
        self.target.finish().await?;
        Ok(self.done)
    }
}
