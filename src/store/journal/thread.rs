//! The thread that writes the journal: group commit.
//!
//! It takes all that has gathered since its last round, writes it with one append per segment and,
//! under `always`, one fsync. While it is in there the next group gathers. When there is nothing to
//! do it sleeps without a timeout.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use super::shared::{Shared, Turn, Work};
use crate::limits::FSYNC_EVERYSEC;
use crate::storage::{AppendFile, Storage};
use crate::store::failure::{Action, Failure};
use crate::store::files::FileNames;
use crate::store::signal::OnPanic;
use crate::store::{Fsync, Seq};

/// The segment that is being written. Every method that writes takes it by value and gives it back
/// only if all went well: after a failure there is nothing left to write to.
pub(super) struct Segment {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) names: FileNames,
    pub(super) number: u64,
    pub(super) file: Box<dyn AppendFile>,
    /// The last record in it.
    pub(super) written: Seq,
    /// When the first write that no fsync has covered was made.
    pub(super) unsynced_since: Option<Instant>,
}

/// Works until the store is closed or something fails.
pub(super) fn run(mut segment: Segment, shared: &Shared) {
    let panicked = segment.failure(Action::Write, io::Error::other("its thread has panicked"));
    let _alarm = OnPanic(|| shared.fail(panicked.clone()));
    loop {
        let due = match shared.policy() {
            Fsync::EverySec => segment.unsynced_since.map(|since| since + FSYNC_EVERYSEC),
            Fsync::Always | Fsync::Never => None,
        };
        let turn = shared.next(due);
        // A sync of another file may have failed: then nothing is written here any more either.
        if shared.failure().is_some() {
            return;
        }
        let done = match turn {
            Turn::Work(work) => segment.round(work, shared.policy(), shared),
            Turn::Due => segment.sync(shared),
            Turn::Closed => return,
        };
        segment = match done {
            Ok(segment) => segment,
            Err(failure) => return shared.fail(failure),
        };
        shared.signal.raise();
    }
}

impl Segment {
    fn round(
        mut self,
        work: VecDeque<Work>,
        policy: Fsync,
        shared: &Shared,
    ) -> Result<Self, Failure> {
        let mut bytes = 0;
        for work in work {
            self = match work {
                Work::Records { lines, through } => {
                    bytes += lines.len();
                    let segment = self.write(&lines, through)?;
                    shared.publish_written(through);
                    shared.give_back(lines);
                    segment
                }
                Work::Rotate { segment, header } => self.rotate(segment, &header, shared)?,
                Work::Sync => self.sync(shared)?,
            };
        }
        if policy == Fsync::Always {
            self = self.sync(shared)?;
        }
        shared.settle(bytes);
        Ok(self)
    }

    fn write(mut self, lines: &[u8], through: Seq) -> Result<Self, Failure> {
        self.file
            .append(lines)
            .map_err(|error| self.failure(Action::Write, error))?;
        self.written = through;
        self.unsynced_since.get_or_insert_with(Instant::now);
        Ok(self)
    }

    fn sync(mut self, shared: &Shared) -> Result<Self, Failure> {
        if self.unsynced_since.is_some() {
            self.file
                .sync()
                .map_err(|error| self.failure(Action::Sync, error))?;
            self.unsynced_since = None;
            shared.publish_synced(self.written);
        }
        Ok(self)
    }

    /// Goes on in a new segment. The old one is synced before the new one exists, so that a segment
    /// which another one follows is whole; and the new one stands on the disk, under its name,
    /// before a record is written to it.
    fn rotate(self, number: u64, header: &[u8], shared: &Shared) -> Result<Self, Failure> {
        let segment = self.sync(shared)?;
        let file = create_segment(&*segment.storage, &segment.names, number, header)?;
        shared.publish_segment(number);
        Ok(Self {
            number,
            file,
            ..segment
        })
    }

    fn failure(&self, action: Action, error: io::Error) -> Failure {
        Failure::on(&*self.storage, action, &self.names.segment(self.number))(error)
    }
}

/// Makes a segment that begins with `beginning`, and makes it last.
pub(in crate::store) fn create_segment(
    storage: &dyn Storage,
    names: &FileNames,
    number: u64,
    beginning: &[u8],
) -> Result<Box<dyn AppendFile>, Failure> {
    let name = names.segment(number);
    let failed = |action| Failure::on(storage, action, &name);
    let mut file = storage.create(&name).map_err(failed(Action::Create))?;
    file.append(beginning).map_err(failed(Action::Write))?;
    file.sync().map_err(failed(Action::Sync))?;
    storage.sync_folder().map_err(failed(Action::SyncFolder))?;
    Ok(file)
}
