//! Recovery: from the files of a node to its tables, and to a journal that can go on.
//!
//! First everything is read and judged; as long as anything can still be refused, nothing is
//! changed. Then what a crash has left is cleared away, what was replayed is synced (after `kill -9`
//! some of it may be in the operating system's memory only, and nobody may see what a crash can
//! still take back), and a `start` record raises the incarnation.

mod crew;
mod document;
mod entry;
mod find;
mod layout;
mod lines;
mod ration;
mod repair;
mod replay;
mod segment;
mod snapshot;
mod sorter;
mod start;
mod torn;

use std::io;

use super::error::{Defect, OpenError, Place};
use super::failure::{Action, Failure};
use super::files::FileNames;
use super::format::VERSION;
use super::format::snapshot::SnapshotHeader;
use super::journal::SegmentSize;
use super::tables::{Mine, Tables};
use super::{Options, Seq};
use crate::storage::{AppendFile, Storage};
use find::Found;
pub use repair::Repair;
use replay::Replay;
use snapshot::{Reading, Snapshot};
use sorter::Sorter;
use start::Start;
pub use torn::TornTail;

/// What recovery starts from.
pub(super) struct Recover<'r> {
    pub(super) storage: &'r dyn Storage,
    pub(super) names: &'r FileNames,
    pub(super) options: Options,
    pub(super) mine: &'r Mine<'r>,
}

/// A store as its files have it, ready to be written to.
pub(super) struct Recovered {
    pub(super) tables: Tables,
    pub(super) node_id: String,
    pub(super) incarnation: u64,
    pub(super) last: Seq,
    pub(super) segments: Vec<SegmentSize>,
    /// The last of the segments.
    pub(super) file: Box<dyn AppendFile>,
    pub(super) snapshot_bytes: u64,
    /// Changes that the journal had beyond the snapshot.
    pub(super) replayed: u64,
    pub(super) torn: Option<TornTail>,
    pub(super) repair: Option<Repair>,
    pub(super) warnings: Vec<String>,
    /// Edits were accepted, so that the files should be written anew.
    pub(super) edited: bool,
}

/// What was read, and is to be relied on.
struct Read<'r> {
    found: Found,
    snapshot: Option<Snapshot>,
    replay: Replay<'r>,
    /// The snapshot has no journal beside it.
    orphan: bool,
}

impl<'r> Recover<'r> {
    /// Recovers.
    pub(super) fn run(&self) -> Result<Recovered, OpenError> {
        let mut read = match self.read() {
            Err(error) if self.options.repair && repair::can_help(&error) => {
                return repair::run(self, error);
            }
            read => read?,
        };
        // From here on files change.
        let mut warnings = Vec::new();
        let torn = self.clear_away(&mut read, &mut warnings)?;
        let Read {
            snapshot,
            replay,
            orphan,
            ..
        } = read;
        let Replay {
            mut tables,
            node_id,
            incarnation,
            segments,
            edited,
            ..
        } = replay;
        if edited {
            tables.remove_empty();
        }
        let ended = segments.last().is_none_or(|last| last.ended);
        let is_older = segments
            .last()
            .is_some_and(|last| last.version.is_some_and(|version| version < VERSION));
        let mut segments: Vec<_> = segments.into_iter().map(|segment| segment.size).collect();
        let node_id = match node_id {
            Some(node_id) => node_id,
            None => start::new_node_id()?,
        };
        let mut snapshot_bytes = snapshot.as_ref().map_or(0, |snapshot| snapshot.bytes);
        let header = snapshot
            .as_ref()
            .and_then(|snapshot| snapshot.header.as_ref());
        if let Some(header) = header.filter(|_| orphan) {
            snapshot_bytes = start::adopt(self.storage, self.names, header, &node_id, &tables)?;
            warnings.push(format!(
                "{} has no journal beside it. It was loaded as it is, and the node has a new \
                 node_id, since nobody knows what the old one has done since",
                self.storage.describe(&self.names.snapshot())
            ));
        }
        let start = Start {
            storage: self.storage,
            names: self.names,
            node_id,
            incarnation: incarnation + 1,
            seq: replay.last.unwrap_or(0) + 1,
        };
        let last = segments.last().map(|segment| segment.number);
        let file = match segments.last_mut() {
            Some(segment) if !is_older => start.go_on(segment, ended)?,
            _ => {
                let named = header.map_or(1, |header| header.replay_from);
                let (segment, file) = start.begin(last.map_or(named, |last| last + 1))?;
                segments.push(segment);
                file
            }
        };
        Ok(Recovered {
            tables,
            node_id: start.node_id,
            incarnation: start.incarnation,
            last: start.seq,
            segments,
            file,
            snapshot_bytes,
            replayed: replay.replayed,
            torn,
            repair: None,
            warnings,
            edited: edited || snapshot.is_some_and(|snapshot| snapshot.edited),
        })
    }

    /// Reads everything and judges it.
    fn read(&self) -> Result<Read<'r>, OpenError> {
        let found = Found::look(self.storage, self.names)?;
        let reading = Reading {
            names: self.names,
            accept_edits: self.options.accept_edits,
            mine: self.mine,
        };
        let (snapshot, tables) = if found.snapshot {
            let (snapshot, tables) = snapshot::read(self.storage, reading)?;
            (Some(snapshot), tables)
        } else {
            (None, Tables::new())
        };
        let segments = found.to_replay(self.storage, self.names, snapshot.as_ref())?;
        let header = snapshot
            .as_ref()
            .and_then(|snapshot| snapshot.header.as_ref());
        let orphan = header.filter(|_| segments.is_empty());
        let mut replay = Replay {
            storage: self.storage,
            names: self.names,
            accept_edits: self.options.accept_edits,
            mine: self.mine,
            tables,
            sorter: Sorter::new(),
            node_id: None,
            incarnation: 0,
            last: header
                .map(|header| header.seq)
                .or(snapshot.is_none().then_some(0)),
            synced: snapshot.as_ref().map_or(0, |snapshot| snapshot.synced),
            replayed: 0,
            segments: Vec::new(),
            group: None,
            edited: false,
            end: None,
        };
        if let Some(header) = orphan {
            self.judge_orphan(header, replay.synced)?;
        } else {
            replay.node_id = header.map(|header| header.node_id.clone());
            replay.incarnation = header.map_or(0, |header| header.incarnation);
            for (index, number) in segments.iter().enumerate() {
                // The first segment was there before the snapshot that names it, unless it is the
                // first of all, or the snapshot did not come from a journal.
                let named = header.map_or(*number > 1, |header| header.incarnation > 0);
                replay.segment(*number, index == 0 && named)?;
            }
            replay.finish()?;
        }
        let orphan = orphan.is_some();
        Ok(Read {
            found,
            snapshot,
            replay,
            orphan,
        })
    }

    /// A snapshot whose journal is gone is right only if the journal had nothing in it.
    fn judge_orphan(&self, header: &SnapshotHeader, synced: Seq) -> Result<(), OpenError> {
        if synced <= header.seq {
            return Ok(());
        }
        let file = self
            .storage
            .describe(&self.names.segment(header.replay_from));
        let problem = format!(
            "is missing, and with it records {} to {synced}, of which the snapshot has only a part",
            header.seq + 1
        );
        Err(OpenError::Damaged(
            Defect::new(file, Place::Whole, &problem),
            synced,
        ))
    }

    /// Removes what a crash has left, and makes what was read last.
    fn clear_away(
        &self,
        read: &mut Read<'_>,
        warnings: &mut Vec<String>,
    ) -> Result<Option<TornTail>, Failure> {
        let Read { found, replay, .. } = read;
        let mut torn = None;
        if let Some(end) = &replay.end {
            torn = torn::cut(self.storage, self.names, end, &mut replay.segments)?;
            if let Some(torn) = &torn {
                let file = self.storage.describe(&self.names.segment(end.segment));
                warnings.push(torn.warning(&file, end));
            }
        }
        if found.snapshot {
            let name = self.names.snapshot();
            self.storage
                .sync(&name)
                .map_err(self.failed(Action::Sync, &name))?;
        }
        // A segment that another one follows was synced before that.
        if let Some(segment) = replay.segments.last() {
            let name = self.names.segment(segment.size.number);
            let from = segment.proven_bytes(replay.synced);
            self.storage
                .rewrite(&name, from)
                .map_err(self.failed(Action::Sync, &name))?;
        }
        self.storage
            .sync_folder()
            .map_err(self.failed(Action::SyncFolder, ""))?;

        let first = replay
            .segments
            .first()
            .map_or(0, |segment| segment.size.number);
        let covered = found.segments.iter().take_while(|number| **number < first);
        let covered = covered.map(|number| self.names.segment(*number));
        let temporary = found.temporary.then(|| self.names.temporary());
        for name in covered.chain(temporary) {
            self.storage
                .remove(&name)
                .map_err(self.failed(Action::Remove, &name))?;
        }
        Ok(torn)
    }

    fn failed<'f>(&'f self, action: Action, name: &'f str) -> impl Fn(io::Error) -> Failure + 'f {
        Failure::on(self.storage, action, name)
    }
}
