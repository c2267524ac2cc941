//! Replay: reading the segments of the journal, in order, into the tables, and judging their end.
//!
//! The first record that is damaged or missing ends the replay. What it is depends on what the
//! intact records say about fsyncs, those after it included, so everything is read to its end
//! before anything is judged.

use std::ops::ControlFlow;

use super::crew;
use super::lines::{Line, Lines};
use super::segment::ReadSegment;
use super::snapshot::open_error;
use super::sorter::Sorter;
use crate::limits::{RECORD_MAX_BYTES, SEGMENT_BEGINNING_MAX_BYTES};
use crate::storage::Storage;
use crate::store::Seq;
use crate::store::error::{Defect, OpenError, Place};
use crate::store::failure::{Action, Failure};
use crate::store::files::FileNames;
use crate::store::format::Flaw;
use crate::store::format::header::SegmentHeader;
use crate::store::format::record::{self, Effect, Record};
use crate::store::tables::{Change, Mine, Tables};

/// A replay under way, and what it found.
pub(super) struct Replay<'r> {
    pub(super) storage: &'r dyn Storage,
    pub(super) names: &'r FileNames,
    pub(super) accept_edits: bool,
    pub(super) mine: &'r Mine<'r>,
    pub(super) tables: Tables,
    /// Changes that are not in the tables yet.
    pub(super) sorter: Sorter,
    /// The node that the snapshot belongs to, or else the first segment.
    pub(super) node_id: Option<String>,
    pub(super) incarnation: u64,
    /// The last record that was applied. `None` until a segment says where it begins, if no
    /// snapshot has said it.
    pub(super) last: Option<Seq>,
    /// The highest number that is known to have been synced.
    pub(super) synced: Seq,
    /// The changes that were applied.
    pub(super) replayed: u64,
    pub(super) segments: Vec<ReadSegment>,
    /// The records that were read of a group that is not complete.
    pub(super) group: Option<Group>,
    pub(super) edited: bool,
    pub(super) end: Option<End>,
}

/// Records that count together, or not at all.
pub(super) struct Group {
    /// Where it begins.
    segment: u64,
    offset: u64,
    /// The last record before it.
    before: Seq,
    /// How many of its records are still to come.
    missing: u64,
    changes: Vec<Change>,
}

/// A record of the journal, with all found out about it that needs no other record.
struct ReadLine {
    seq: Seq,
    /// What it says that an fsync had covered; 0 if it says nothing.
    synced: Seq,
    /// That of a `start`, else 0.
    incarnation: u64,
    change: Change,
    /// What is wrong with its checksum.
    flaw: Option<Flaw>,
}

impl ReadLine {
    fn parse(line: &Line<'_>, mine: &Mine<'_>) -> Result<Self, Flaw> {
        let Line::Text(line) = line else {
            return Err(Flaw::malformed("is longer than a record may be"));
        };
        let (record, flaw) = record::parse(line)?;
        let Record {
            seq,
            synced,
            effect,
        } = record;
        let incarnation = match effect {
            Effect::Start { incarnation } => incarnation,
            _ => 0,
        };
        Ok(Self {
            seq,
            synced: synced.unwrap_or(0),
            incarnation,
            change: Change::new(&effect, mine),
            flaw,
        })
    }
}

/// Where the journal stops being one.
pub(super) struct End {
    pub(super) segment: u64,
    pub(super) offset: u64,
    flaw: Flaw,
    at: At,
}

enum At {
    /// At a record.
    Record,
    /// At the header of the segment. The proof is what says that no crash has left it so.
    Header { proof: Option<&'static str> },
}

impl End {
    /// Whether nothing of the segment is left.
    pub(super) fn is_at_header(&self) -> bool {
        matches!(self.at, At::Header { .. })
    }

    pub(super) fn problem(&self) -> &str {
        self.flaw.text()
    }
}

impl Replay<'_> {
    /// Reads a segment. `named` says that the snapshot names it as the first one.
    pub(super) fn segment(&mut self, number: u64, named: bool) -> Result<(), OpenError> {
        let name = self.names.segment(number);
        let path = self.storage.describe(&name);
        let failed = Failure::on(self.storage, Action::Read, &name);
        let size = self.storage.size(&name).map_err(&failed)?;
        let mut lines = Lines::new(
            self.storage.open_read(&name).map_err(&failed)?,
            RECORD_MAX_BYTES,
        );
        let mut segment = ReadSegment::new(number);
        match lines.next().map_err(&failed)? {
            Some((offset, Line::Text(line))) => {
                let accepted = self.header(number, line, offset, size, named);
                segment.version = accepted
                    .map_err(|flaw| open_error(path.clone(), Place::Byte(offset), &flaw))?;
            }
            Some((offset, Line::TooLong)) => self.break_header(number, offset, size, named, None),
            None => self.break_header(number, 0, size, named, None),
        }
        let mine = self.mine;
        crew::in_order(
            || lines.next_block().map_err(&failed).map_err(OpenError::from),
            |block| block.text().len(),
            |block| -> Vec<_> {
                let lines = block.lines();
                lines
                    .map(|(offset, line)| (offset, ReadLine::parse(&line, mine)))
                    .collect()
            },
            |lines| {
                for (offset, line) in lines {
                    self.line(&mut segment, offset, line)
                        .map_err(|flaw| open_error(path.clone(), Place::Byte(offset), &flaw))?;
                }
                Ok(ControlFlow::Continue(()))
            },
        )?;
        segment.size.bytes = lines.offset();
        segment.ended = lines.ended();
        self.segments.push(segment);
        Ok(())
    }

    /// Takes a line after the header. An error if it says that a newer program has written it.
    fn line(
        &mut self,
        segment: &mut ReadSegment,
        offset: u64,
        line: Result<ReadLine, Flaw>,
    ) -> Result<(), Flaw> {
        match line {
            Err(flaw @ Flaw::Newer(_)) => return Err(flaw),
            Err(flaw) => self.broken(segment.size.number, offset, flaw),
            Ok(line) => {
                let (seq, before) = (line.seq, self.last);
                let is_change = self.record(segment.size.number, offset, line);
                segment.size.changes += u64::from(is_change);
                if self.last > before {
                    segment.note(seq, offset);
                }
            }
        }
        Ok(())
    }

    /// Takes the header of a segment, and returns the version of what follows it. An error if it says that
    /// the segment is none of this journal.
    fn header(
        &mut self,
        number: u64,
        line: &[u8],
        offset: u64,
        size: u64,
        named: bool,
    ) -> Result<Option<u64>, Flaw> {
        let (header, version, flaw) = match SegmentHeader::parse(line) {
            Ok(parsed) => parsed,
            Err(flaw @ Flaw::Newer(_)) => return Err(flaw),
            // A crash leaves the beginning of a header, or zeros, but never other JSON.
            Err(flaw) if serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok() => {
                return Err(flaw);
            }
            Err(flaw) => {
                self.break_header(number, offset, size, named, Some(flaw));
                return Ok(None);
            }
        };
        match flaw {
            Some(_) if self.accept_edits => self.edited = true,
            Some(flaw) => return Err(flaw),
            None => {}
        }
        self.check_place(number, &header)?;
        self.node_id.get_or_insert_with(|| header.node_id.clone());
        self.incarnation = self.incarnation.max(header.incarnation);
        self.synced = self.synced.max(header.seq);
        self.prove_header("a segment follows it");
        let last = *self.last.get_or_insert(header.seq);
        if self.end.is_none() && header.seq > last {
            let (segment, offset) = self.segments.last().map_or((number, 0), |before| {
                (before.size.number, before.size.bytes)
            });
            self.broken(
                segment,
                offset,
                Flaw::Malformed(format!("record {} is missing", last + 1)),
            );
        }
        Ok(Some(version))
    }

    /// Whether this is the segment that its name says, of this node's journal.
    fn check_place(&self, number: u64, header: &SegmentHeader) -> Result<(), Flaw> {
        let SegmentHeader {
            node,
            node_id,
            segment,
            seq,
            ..
        } = header;
        let own = self.names.node();
        if node != own {
            return Err(Flaw::Foreign(format!(
                "is the journal of `{node}`, not of `{own}`"
            )));
        }
        if let Some(known) = self.node_id.as_ref().filter(|known| *known != node_id) {
            return Err(Flaw::Foreign(format!(
                "is of the node {node_id}, but the files before it are of the node {known}"
            )));
        }
        if *segment != number {
            return Err(Flaw::Foreign(format!(
                "is segment {segment} under a wrong name"
            )));
        }
        match self.last.filter(|last| seq < last && self.end.is_none()) {
            Some(last) => Err(Flaw::Foreign(format!(
                "begins after record {seq}, but the files before it go up to {last}"
            ))),
            None => Ok(()),
        }
    }

    /// Takes a record. Whether it was a change that was applied.
    fn record(&mut self, segment: u64, offset: u64, line: ReadLine) -> bool {
        let ReadLine {
            seq,
            synced,
            incarnation,
            change,
            flaw,
        } = line;
        match flaw {
            None => {
                self.synced = self.synced.max(synced);
                self.incarnation = self.incarnation.max(incarnation);
                self.prove_header("records follow it");
            }
            Some(_) if self.accept_edits => self.edited = true,
            Some(flaw) => {
                self.broken(segment, offset, flaw);
                return false;
            }
        }
        if self.end.is_some() {
            return false;
        }
        let next = self.last.unwrap_or(0) + 1;
        if seq != next {
            let flaw = format!("record {next} is missing; record {seq} stands in its place");
            self.broken(segment, offset, Flaw::Malformed(flaw));
            return false;
        }
        let is_change = change.is_one();
        match (change, &mut self.group) {
            (Change::Group { .. }, Some(_)) => {
                let flaw = "begins a group within a group";
                self.broken(segment, offset, Flaw::malformed(flaw));
                return false;
            }
            (Change::Group { count }, none) => {
                *none = Some(Group {
                    segment,
                    offset,
                    before: next - 1,
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
        self.last = Some(next);
        if let Some(group) = self.group.take_if(|group| group.missing == 0) {
            group
                .changes
                .into_iter()
                .for_each(|change| self.apply(change));
        }
        is_change
    }

    fn apply(&mut self, change: Change) {
        self.replayed += u64::from(change.is_one());
        self.sorter.apply(change, &mut self.tables);
    }

    fn broken(&mut self, segment: u64, offset: u64, flaw: Flaw) {
        self.leave_group(&flaw);
        self.end.get_or_insert(End {
            segment,
            offset,
            flaw,
            at: At::Record,
        });
    }

    /// A group that is not complete counts for nothing: the journal ends before it.
    fn leave_group(&mut self, flaw: &Flaw) {
        let Some(group) = self.group.take() else {
            return;
        };
        let text = format!(
            "begins a group of which {} records are missing: {}",
            group.missing,
            flaw.text()
        );
        self.last = Some(group.before);
        self.end.get_or_insert(End {
            segment: group.segment,
            offset: group.offset,
            flaw: Flaw::Malformed(text),
            at: At::Record,
        });
    }

    fn break_header(
        &mut self,
        segment: u64,
        offset: u64,
        size: u64,
        named: bool,
        flaw: Option<Flaw>,
    ) {
        let flaw = flaw.unwrap_or_else(|| Flaw::malformed("has no header"));
        self.leave_group(&flaw);
        let proof = if named {
            Some("the snapshot says that replay begins with it")
        } else if size > SEGMENT_BEGINNING_MAX_BYTES {
            Some("more than a header was written to it")
        } else {
            None
        };
        self.end.get_or_insert(End {
            segment,
            offset,
            flaw,
            at: At::Header { proof },
        });
    }

    /// Records go to a segment, and segments are put after one, when its header is on the disk. So if
    /// the journal ended at a header, that header had been there.
    fn prove_header(&mut self, proof: &'static str) {
        if let Some(End {
            at: At::Header { proof: known },
            ..
        }) = &mut self.end
        {
            known.get_or_insert(proof);
        }
    }

    /// Ends, when all has been read: tells damage from the trace of a crash.
    pub(super) fn finish(&mut self) -> Result<(), OpenError> {
        self.leave_group(&Flaw::malformed("the journal ends"));
        self.sorter.finish(&mut self.tables);
        self.judge()
    }

    fn judge(&self) -> Result<(), OpenError> {
        let next = self.last.unwrap_or(0) + 1;
        let Some(end) = &self.end else {
            if next > self.synced {
                return Ok(());
            }
            let last = self.segments.last();
            let (number, bytes) = last.map_or((1, 0), |last| (last.size.number, last.size.bytes));
            let problem = format!("ends before record {next}");
            return Err(self.damage(number, bytes, &problem));
        };
        let problem = match end.at {
            At::Header { proof: Some(proof) } => {
                format!("the header {}, although {proof}", end.problem())
            }
            _ if next <= self.synced => format!("record {next}: {}", end.problem()),
            _ => return Ok(()),
        };
        match end.flaw {
            Flaw::Checksum(_) => Err(OpenError::Edited(self.defect(
                end.segment,
                end.offset,
                &problem,
            ))),
            _ => Err(self.damage(end.segment, end.offset, &problem)),
        }
    }

    fn damage(&self, segment: u64, offset: u64, problem: &str) -> OpenError {
        OpenError::Damaged(self.defect(segment, offset, problem), self.synced)
    }

    fn defect(&self, segment: u64, offset: u64, problem: &str) -> Defect {
        let file = self.storage.describe(&self.names.segment(segment));
        Defect::new(file, Place::Byte(offset), problem)
    }
}
