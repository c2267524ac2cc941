//! Repair: a start from files of which a part is damaged, when the owner has asked for it.
//!
//! All that is sound is loaded: every entry and every record whose checksum is right, in whatever
//! stands around it. The files are copied as they were, and what was left out is listed beside the
//! copies. Then the tables are written as the snapshot of a new node, since nobody knows what the old
//! one had told others in the records that are lost.
//!
//! Files of another node, of another program or of a newer one are none of this one's to repair.

mod copies;
mod journal;
mod report;
mod scan;
mod snapshot;

use super::find::Found;
use super::start::{self, Start};
use super::{Recover, Recovered};
use crate::store::error::OpenError;
use crate::store::failure::{Action, Failure};
use crate::store::format::snapshot::SnapshotHeader;
use journal::{Loaded, Plan};
pub use report::Repair;
use report::Report;

/// Whether this is something that a repair can help against.
pub(super) fn can_help(error: &OpenError) -> bool {
    matches!(
        error,
        OpenError::Malformed(_) | OpenError::Damaged(..) | OpenError::Edited(_)
    )
}

/// Repairs, after an ordinary start was refused with `error`. If nothing is sound it is refused again.
pub(super) fn run(recover: &Recover<'_>, error: OpenError) -> Result<Recovered, OpenError> {
    let Recover { storage, names, .. } = recover;
    let found = Found::look(*storage, names)?;
    let mut report = Report::default();
    let snapshot = if found.snapshot {
        snapshot::salvage(recover, &mut report)?
    } else {
        snapshot::Salvaged::nothing()
    };
    let plan = Plan::new(recover, &found.segments, &snapshot)?;
    let segments = plan.segments;
    let mut journal = journal::Salvage::new(recover, snapshot, plan, &mut report);
    for segment in segments {
        journal.segment(*segment)?;
    }
    let loaded = journal.finish();
    if !loaded.is_anything {
        return Err(error);
    }
    // From here on files change.
    let (repair, warnings) = copies::keep(recover, &found, report, &error)?;
    let anew = begin_anew(recover, &found.segments, loaded)?;
    Ok(Recovered {
        repair: Some(repair),
        warnings,
        ..anew
    })
}

/// Writes what was loaded as the snapshot of a new node, and begins its journal.
fn begin_anew(
    recover: &Recover<'_>,
    segments: &[u64],
    loaded: Loaded,
) -> Result<Recovered, OpenError> {
    let Recover { storage, names, .. } = *recover;
    let Loaded {
        mut tables,
        last,
        replay_from,
        replayed,
        ..
    } = loaded;
    tables.remove_empty();
    let node_id = start::new_node_id()?;
    let number = segments.last().map_or(0, |last| last + 1);
    let header = SnapshotHeader {
        node: names.node().to_owned(),
        node_id: node_id.clone(),
        incarnation: 0,
        seq: last,
        replay_from: replay_from.max(number),
        checksums: true,
    };
    let snapshot_bytes = start::adopt(storage, names, &header, &node_id, &tables)?;
    let start = Start {
        storage,
        names,
        node_id,
        incarnation: 1,
        seq: last + 1,
    };
    let (segment, file) = start.begin(header.replay_from)?;
    for number in segments {
        let name = names.segment(*number);
        storage
            .remove(&name)
            .map_err(Failure::on(storage, Action::Remove, &name))?;
    }
    Ok(Recovered {
        tables,
        node_id: start.node_id,
        incarnation: start.incarnation,
        last: start.seq,
        segments: vec![segment],
        file,
        snapshot_bytes,
        replayed,
        torn: None,
        repair: None,
        warnings: Vec::new(),
        edited: false,
    })
}
