//! The sound records of a damaged journal.

use super::super::Recover;
use super::super::lines::{Line, Lines};
use super::super::snapshot::open_error;
use super::report::Report;
use super::snapshot::{Header, Salvaged};
use crate::limits::RECORD_MAX_BYTES;
use crate::store::Seq;
use crate::store::error::{OpenError, Place};
use crate::store::failure::{Action, Failure};
use crate::store::format::Flaw;
use crate::store::format::header::SegmentHeader;
use crate::store::format::record::{self, Record};
use crate::store::format::snapshot::SnapshotHeader;
use crate::store::tables::{Change, Tables};

/// What was loaded in all.
pub(super) struct Loaded {
    pub(super) tables: Tables,
    /// The highest number that anything speaks of.
    pub(super) last: Seq,
    /// The segment that has to come next.
    pub(super) replay_from: u64,
    pub(super) replayed: u64,
    /// Whether anything was sound at all.
    pub(super) is_anything: bool,
}

/// Which segments are read, and what is known before.
pub(super) struct Plan<'s> {
    pub(super) segments: &'s [u64],
    /// The node that they have to be of.
    node_id: Option<String>,
    /// The last record before them.
    before: Option<Seq>,
}

impl<'s> Plan<'s> {
    /// Plans by what the snapshot says. If that is not proven, the segment that it names has to say
    /// the same; otherwise all segments are read. With them may be one that the snapshot covers and
    /// whose removal has failed. Its effects come once more then, in their order, which changes
    /// nothing as long as no later record is missing; and what is missing is told.
    pub(super) fn new(
        recover: &Recover<'_>,
        segments: &'s [u64],
        snapshot: &Salvaged,
    ) -> Result<Self, OpenError> {
        let Some(Header {
            text, is_proven, ..
        }) = &snapshot.header
        else {
            return Ok(Self {
                segments,
                node_id: None,
                before: (!snapshot.is_anything).then_some(0),
            });
        };
        let first = segments.partition_point(|number| *number < text.replay_from);
        let named = segments.get(first..).unwrap_or_default();
        let agrees = named.first() == Some(&text.replay_from) && says_the_same(recover, text)?;
        Ok(Self {
            segments: if *is_proven || agrees {
                named
            } else {
                segments
            },
            node_id: (*is_proven || !agrees).then(|| text.node_id.clone()),
            before: (*is_proven || agrees).then_some(text.seq),
        })
    }
}

/// Whether the header of the segment that a snapshot names is intact, and begins where that says.
fn says_the_same(recover: &Recover<'_>, snapshot: &SnapshotHeader) -> Result<bool, OpenError> {
    let name = recover.names.segment(snapshot.replay_from);
    let failed = Failure::on(recover.storage, Action::Read, &name);
    let file = recover.storage.open_read(&name).map_err(&failed)?;
    let mut lines = Lines::new(file, RECORD_MAX_BYTES);
    Ok(match lines.next().map_err(&failed)? {
        Some((_, Line::Text(line))) => matches!(
            SegmentHeader::parse(line),
            Ok((segment, _, None)) if segment.seq == snapshot.seq
        ),
        _ => false,
    })
}

/// The loading of records under way.
pub(super) struct Salvage<'s, 'r> {
    recover: &'s Recover<'r>,
    report: &'s mut Report,
    tables: Tables,
    node_id: Option<String>,
    /// The last record that was loaded, or that is known to come before.
    last: Option<Seq>,
    highest: Seq,
    replay_from: u64,
    replayed: u64,
    is_anything: bool,
    /// A group of which more records are to come.
    group: Option<Group>,
}

/// Records that count together.
struct Group {
    missing: u64,
    changes: Vec<Change>,
}

impl<'s, 'r> Salvage<'s, 'r> {
    pub(super) fn new(
        recover: &'s Recover<'r>,
        snapshot: Salvaged,
        plan: Plan<'_>,
        report: &'s mut Report,
    ) -> Self {
        let Salvaged {
            tables,
            header,
            is_anything,
        } = snapshot;
        // A number of a damaged header may be any.
        let proven = header.filter(|header| header.is_proven);
        Self {
            recover,
            report,
            tables,
            node_id: plan.node_id,
            last: plan.before,
            highest: proven
                .as_ref()
                .map_or(0, |header| header.synced.max(header.text.seq)),
            replay_from: proven.map_or(1, |header| header.text.replay_from),
            replayed: 0,
            is_anything,
            group: None,
        }
    }

    /// Reads a segment.
    pub(super) fn segment(&mut self, number: u64) -> Result<(), OpenError> {
        let Recover { storage, names, .. } = *self.recover;
        let name = names.segment(number);
        let path = storage.describe(&name);
        let failed = Failure::on(storage, Action::Read, &name);
        let file = storage.open_read(&name).map_err(&failed)?;
        let mut lines = Lines::new(file, RECORD_MAX_BYTES);
        let mut is_first = true;
        while let Some((offset, line)) = lines.next().map_err(&failed)? {
            let is_header = std::mem::take(&mut is_first);
            let problem = match line {
                Line::TooLong => Some("is longer than a record may be".to_owned()),
                Line::Text(line) if is_header => self.header(number, line, &path)?,
                Line::Text(line) => self
                    .record(line)
                    .map_err(|flaw| open_error(path.clone(), Place::Byte(offset), &flaw))?,
            };
            if let Some(problem) = problem {
                self.report.add(&path, Place::Byte(offset), &problem);
            }
        }
        Ok(())
    }

    /// What has to be known when all segments were read.
    pub(super) fn finish(mut self) -> Loaded {
        let last = self.last.unwrap_or(0);
        if self.highest > last {
            // More had been written, so the group was whole once.
            self.end_group();
        } else if let Some(group) = self.group.take() {
            // The end of it never came, so nobody was told that it was done.
            let problem = format!(
                "its last {} records are of a group of which {} never came",
                group.changes.len(),
                group.missing
            );
            self.report.add("the journal", Place::Whole, &problem);
        }
        if self.highest > last && self.is_anything {
            let problem = missing(last + 1, self.highest);
            self.report.add("the journal", Place::Whole, &problem);
        }
        Loaded {
            tables: self.tables,
            last: last.max(self.highest),
            replay_from: self.replay_from,
            replayed: self.replayed,
            is_anything: self.is_anything,
        }
    }

    /// Takes the header of a segment. What is wrong with it, if it is no reason to stop.
    fn header(
        &mut self,
        number: u64,
        line: &[u8],
        path: &str,
    ) -> Result<Option<String>, OpenError> {
        let own = self.recover.names.node();
        let foreign = |text| open_error(path.to_owned(), Place::Byte(0), &Flaw::Foreign(text));
        match SegmentHeader::parse(line) {
            Err(flaw @ Flaw::Newer(_)) => Err(open_error(path.to_owned(), Place::Byte(0), &flaw)),
            Err(flaw) | Ok((_, _, Some(flaw))) => Ok(Some(format!("the header {}", flaw.text()))),
            Ok((header, _, None)) if header.node != own => Err(foreign(format!(
                "is the journal of `{}`, not of `{own}`",
                header.node
            ))),
            Ok((header, _, None)) => {
                let known = self.node_id.get_or_insert_with(|| header.node_id.clone());
                if *known != header.node_id {
                    return Err(foreign(format!(
                        "is of the node {}, but the files before it are of the node {known}",
                        header.node_id
                    )));
                }
                self.highest = self.highest.max(header.seq);
                self.is_anything = true;
                let last = self.last.unwrap_or(header.seq);
                self.last = Some(last.max(header.seq));
                Ok(if header.segment != number {
                    Some(format!("is segment {} under a wrong name", header.segment))
                } else if header.seq > last {
                    Some(format!("before this, {}", missing(last + 1, header.seq)))
                } else {
                    None
                })
            }
        }
    }

    /// Whether a record with a wrong checksum is taken for an edit: if it stands in its place.
    fn is_accepted(&self, record: &Record<'_>) -> bool {
        let is_next = |last: Seq| record.seq == last + 1;
        self.recover.options.accept_edits && self.last.is_some_and(is_next)
    }

    /// Takes a record. Why it was left out, or what is missing before it; an error if it is of a newer
    /// program.
    fn record(&mut self, line: &[u8]) -> Result<Option<String>, Flaw> {
        let record = match record::parse(line) {
            Ok((record, None)) => record,
            Ok((record, Some(_))) if self.is_accepted(&record) => record,
            Err(flaw @ Flaw::Newer(_)) => return Err(flaw),
            Ok((_, Some(flaw))) | Err(flaw) => return Ok(Some(flaw.text().to_owned())),
        };
        let Record {
            seq,
            synced,
            effect,
        } = record;
        self.is_anything = true;
        self.highest = self.highest.max(seq).max(synced.unwrap_or(0));
        let next = self.last.map_or(seq, |last| last + 1);
        if seq < next {
            return Ok(Some(format!(
                "record {seq} comes after record {}",
                next - 1
            )));
        }
        self.last = Some(seq);
        if seq > next {
            self.end_group();
        }
        self.take(Change::new(&effect, self.recover.mine));
        Ok((seq > next).then(|| format!("before this, {}", missing(next, seq - 1))))
    }

    /// Makes a change, or keeps it until its group is whole.
    fn take(&mut self, change: Change) {
        match (change, &mut self.group) {
            (Change::Group { count }, _) => {
                self.end_group();
                self.group = Some(Group {
                    missing: count,
                    changes: Vec::new(),
                });
            }
            (change, Some(group)) => {
                group.missing = group.missing.saturating_sub(1);
                group.changes.push(change);
            }
            (change, None) => self.apply(change),
        }
        if self.group.as_ref().is_some_and(|group| group.missing == 0) {
            self.end_group();
        }
    }

    /// Makes the changes of the group, whether it is whole or records within it are lost: it was, once.
    fn end_group(&mut self) {
        let group = self.group.take();
        for change in group.into_iter().flat_map(|group| group.changes) {
            self.apply(change);
        }
    }

    fn apply(&mut self, change: Change) {
        self.replayed += u64::from(change.is_one());
        self.tables.apply(change);
    }
}

fn missing(first: Seq, last: Seq) -> String {
    if first == last {
        format!("record {first} is missing")
    } else {
        format!("the records {first} to {last} are missing")
    }
}
