//! The sound records of a damaged journal.

use super::super::Recover;
use super::super::lines::{Line, Lines};
use super::super::snapshot::open_error;
use super::report::Report;
use super::snapshot;
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
pub(super) struct Salvaged {
    pub(super) tables: Tables,
    /// The highest number that anything speaks of.
    pub(super) last: Seq,
    /// The segment that has to come next.
    pub(super) replay_from: u64,
    pub(super) replayed: u64,
    /// Whether anything was sound at all.
    pub(super) is_anything: bool,
}

/// The segments to read: from the one that the snapshot names, if that one says the same; otherwise
/// all. To replay one that the snapshot covers does no harm, since its effects come in their order.
pub(super) fn to_read<'s>(
    recover: &Recover<'_>,
    segments: &'s [u64],
    snapshot: Option<&SnapshotHeader>,
) -> Result<&'s [u64], OpenError> {
    let Some(header) = snapshot else {
        return Ok(segments);
    };
    let Some(at) = segments
        .iter()
        .position(|number| *number == header.replay_from)
    else {
        return Ok(segments);
    };
    let name = recover.names.segment(header.replay_from);
    let failed = Failure::on(recover.storage, Action::Read, &name);
    let mut lines = Lines::new(
        recover.storage.open_read(&name).map_err(&failed)?,
        RECORD_MAX_BYTES,
    );
    let says_the_same = match lines.next().map_err(&failed)? {
        Some((_, Line::Text(line))) => matches!(
            SegmentHeader::parse(line),
            Ok((segment, None)) if segment.seq == header.seq && segment.node_id == header.node_id
        ),
        _ => false,
    };
    let named = segments.get(at..).filter(|_| says_the_same);
    Ok(named.unwrap_or(segments))
}

/// The loading of records under way.
pub(super) struct Salvage<'s, 'r> {
    recover: &'s Recover<'r>,
    report: &'s mut Report,
    tables: Tables,
    node_id: Option<String>,
    /// The last record that was loaded, if one was, or what the first segment says of itself.
    last: Option<Seq>,
    /// The last record that the snapshot says it has before the journal.
    covered: Seq,
    highest: Seq,
    replay_from: u64,
    replayed: u64,
    is_anything: bool,
}

impl<'s, 'r> Salvage<'s, 'r> {
    pub(super) fn new(
        recover: &'s Recover<'r>,
        snapshot: snapshot::Salvaged,
        report: &'s mut Report,
    ) -> Self {
        let snapshot::Salvaged {
            tables,
            header,
            synced,
            is_anything,
        } = snapshot;
        let covered = header.as_ref().map_or(0, |header| header.seq);
        Self {
            recover,
            report,
            tables,
            node_id: header.as_ref().map(|header| header.node_id.clone()),
            last: None,
            covered,
            highest: synced.max(covered),
            replay_from: header.map_or(1, |header| header.replay_from),
            replayed: 0,
            is_anything,
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
    pub(super) fn finish(self) -> Salvaged {
        let last = self.last.unwrap_or(self.covered);
        if self.highest > last && self.is_anything {
            let problem = missing(last + 1, self.highest);
            self.report.add("the journal", Place::Whole, &problem);
        }
        Salvaged {
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
            Err(flaw) | Ok((_, Some(flaw))) => Ok(Some(format!("the header {}", flaw.text()))),
            Ok((header, None)) if header.node != own => Err(foreign(format!(
                "is the journal of `{}`, not of `{own}`",
                header.node
            ))),
            Ok((header, None)) => {
                let known = self.node_id.get_or_insert_with(|| header.node_id.clone());
                if *known != header.node_id {
                    return Err(foreign(format!(
                        "is of the node {}, but the files before it are of the node {known}",
                        header.node_id
                    )));
                }
                self.last.get_or_insert(header.seq);
                self.highest = self.highest.max(header.seq);
                self.is_anything = true;
                Ok((header.segment != number)
                    .then(|| format!("is segment {} under a wrong name", header.segment)))
            }
        }
    }

    /// Takes a record. Why it was left out, or what is missing before it; an error if it is of a newer
    /// program.
    fn record(&mut self, line: &[u8]) -> Result<Option<String>, Flaw> {
        let record = match record::parse(line) {
            Ok((record, None)) => record,
            Ok((record, Some(_))) if self.recover.options.accept_edits => record,
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
        let change = Change::new(&effect, self.recover.mine);
        self.replayed += u64::from(!matches!(change, Change::None));
        self.tables.apply(change);
        Ok((seq > next).then(|| format!("before this, {}", missing(next, seq - 1))))
    }
}

fn missing(first: Seq, last: Seq) -> String {
    if first == last {
        format!("record {first} is missing")
    } else {
        format!("the records {first} to {last} are missing")
    }
}
