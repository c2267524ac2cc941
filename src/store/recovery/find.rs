//! Which files there are, and which segments of the journal are to be replayed.

use super::snapshot::Snapshot;
use crate::storage::Storage;
use crate::store::error::{Defect, OpenError, Place};
use crate::store::failure::{Action, Failure};
use crate::store::files::FileNames;
use crate::store::format::snapshot::SnapshotHeader;

/// The files of a node.
pub(super) struct Found {
    pub(super) snapshot: bool,
    /// A snapshot that was never finished.
    pub(super) temporary: bool,
    /// The numbers of the segments, rising.
    pub(super) segments: Vec<u64>,
}

impl Found {
    /// Looks into the folder.
    pub(super) fn look(storage: &dyn Storage, names: &FileNames) -> Result<Self, Failure> {
        let listed = storage
            .list()
            .map_err(Failure::on(storage, Action::List, ""))?;
        let mut segments: Vec<u64> = listed
            .iter()
            .filter_map(|name| names.segment_number(name))
            .collect();
        segments.sort_unstable();
        Ok(Self {
            snapshot: listed.contains(&names.snapshot()),
            temporary: listed.contains(&names.temporary()),
            segments,
        })
    }

    /// The segments to replay, without a gap: those that the snapshot says, or all if a person has
    /// written it. A gap is damage, because a segment goes only after a snapshot that covers it.
    pub(super) fn to_replay(
        &self,
        storage: &dyn Storage,
        names: &FileNames,
        snapshot: Option<&Snapshot>,
    ) -> Result<Vec<u64>, OpenError> {
        let Some(lowest) = self.segments.first() else {
            return Ok(Vec::new());
        };
        let first = match snapshot {
            None => 1,
            Some(Snapshot {
                header: Some(header),
                ..
            }) => header.replay_from,
            Some(Snapshot { header: None, .. }) => *lowest,
        };
        let chosen: Vec<u64> = self
            .segments
            .iter()
            .copied()
            .filter(|number| *number >= first)
            .collect();
        // A snapshot that did not come from a journal stands for itself until one is begun.
        let is_adopted = |header: &SnapshotHeader| header.incarnation == 0;
        let header = snapshot.and_then(|snapshot| snapshot.header.as_ref());
        if chosen.is_empty() && header.is_some_and(is_adopted) {
            return Ok(chosen);
        }
        let last = chosen.last().map_or(first, |last| *last);
        match (first..=last).find(|number| !chosen.contains(number)) {
            None => Ok(chosen),
            Some(missing) => Err(missing_segment(storage, names, missing, snapshot)),
        }
    }
}

fn missing_segment(
    storage: &dyn Storage,
    names: &FileNames,
    number: u64,
    snapshot: Option<&Snapshot>,
) -> OpenError {
    let problem = if snapshot.is_none() && number == 1 {
        let snapshot = storage.describe(&names.snapshot());
        format!("is missing, and so is {snapshot}, while later segments of the journal are there")
    } else {
        "is missing, while other segments of the journal are there".to_owned()
    };
    let file = storage.describe(&names.segment(number));
    let synced = snapshot.map_or(0, |snapshot| snapshot.synced);
    OpenError::Damaged(Defect::new(file, Place::Whole, &problem), synced)
}
