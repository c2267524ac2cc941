//! The sound entries of a damaged snapshot, in whatever layout it is.

use memchr::{memchr, memmem};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::Recover;
use super::super::entry::{self, Check, Entry};
use super::super::snapshot::open_error;
use super::report::Report;
use super::scan::{Found, Text};
use crate::limits::SNAPSHOT_FRAME_MAX_BYTES;
use crate::store::Seq;
use crate::store::error::{OpenError, Place};
use crate::store::failure::{Action, Failure};
use crate::store::format::snapshot::{EntriesSum, SnapshotHeader};
use crate::store::format::{Flaw, Number, Object, VERSION, checksum};
use crate::store::tables::{Placed, Tables};

/// What was loaded from the snapshot.
pub(super) struct Salvaged {
    pub(super) tables: Tables,
    pub(super) header: Option<Header>,
    /// Whether it was a snapshot at all.
    pub(super) is_anything: bool,
}

/// The header, as far as it can be read.
pub(super) struct Header {
    pub(super) text: SnapshotHeader,
    pub(super) synced: Seq,
    /// Whether the checksum of the whole proves it. If not, any of it may be damaged.
    pub(super) is_proven: bool,
}

impl Salvaged {
    pub(super) fn nothing() -> Self {
        Self {
            tables: Tables::new(),
            header: None,
            is_anything: false,
        }
    }
}

/// Reads the snapshot.
pub(super) fn salvage(recover: &Recover<'_>, report: &mut Report) -> Result<Salvaged, OpenError> {
    let name = recover.names.snapshot();
    let failed = Failure::on(recover.storage, Action::Read, &name);
    let mut text = Text::new(recover.storage.open_read(&name).map_err(&failed)?);
    let mut salvage = Salvage {
        recover,
        path: recover.storage.describe(&name),
        report,
        tables: Tables::new(),
        entries: 0,
        unchecked: Vec::new(),
        sum: EntriesSum::default(),
        head: None,
        gap: Gap::default(),
    };
    while let Some(found) = text.next(recover.mine).map_err(&failed)? {
        match found {
            Found::Entry { at, entry } => salvage.entry(at, *entry),
            Found::Flawed { at, problem } => {
                salvage.close_gap();
                salvage.tell(Place::Byte(at), &problem);
            }
            Found::Other { at, text } => salvage.gap.add(at, text),
        }
    }
    salvage.finish()
}

/// What stands between two entries.
#[derive(Default)]
struct Gap {
    /// Where the first thing stands that is more than white space or a comma.
    at: u64,
    len: u64,
    /// Its beginning.
    text: Vec<u8>,
}

impl Gap {
    fn add(&mut self, at: u64, text: &[u8]) {
        let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
        let mut text = text;
        if self.len == 0 {
            let start = text.iter().position(|byte| !blank(byte));
            let Some(start) = start else {
                return;
            };
            self.at = at + start as u64;
            text = text.get(start..).unwrap_or_default();
        }
        self.len += text.len() as u64;
        let room = SNAPSHOT_FRAME_MAX_BYTES.saturating_sub(self.text.len());
        self.text
            .extend_from_slice(text.get(..room.min(text.len())).unwrap_or_default());
    }

    /// Cuts off the first so many bytes.
    fn skip(&mut self, len: usize) {
        let rest = self.text.split_off(len.min(self.text.len()));
        let (at, dropped) = (self.at + len as u64, self.len - (len + rest.len()) as u64);
        *self = Self::default();
        self.add(at, &rest);
        self.len += dropped;
    }
}

/// A reading under way.
struct Salvage<'s, 'r> {
    recover: &'s Recover<'r>,
    path: String,
    report: &'s mut Report,
    tables: Tables,
    entries: u64,
    /// Entries without a checksum, which count only in a file that has none.
    unchecked: Vec<(u64, Placed)>,
    /// Over the checksums as they stand in the file, so that it is right also where the content of an
    /// entry is damaged.
    sum: EntriesSum,
    /// What stands before the entries, once one of them, or the end, was seen.
    head: Option<Vec<u8>>,
    /// What was seen since the last entry.
    gap: Gap,
}

impl Salvage<'_, '_> {
    fn entry(&mut self, at: u64, entry: Entry) {
        self.close_gap();
        let Entry { placed, crc, check } = entry;
        match check {
            Check::Right => {
                self.sum.add(crc);
                self.put(at, placed);
            }
            Check::Absent => self.unchecked.push((at, placed)),
            Check::Wrong { flaw, written } => {
                self.sum.add(written.unwrap_or(crc));
                if self.recover.options.accept_edits {
                    self.put(at, placed);
                } else {
                    self.tell(Place::Byte(at), flaw.text());
                }
            }
        }
    }

    fn put(&mut self, at: u64, placed: Placed) {
        self.entries += 1;
        if let Some(twice) = self.tables.put(placed) {
            let entry = entry::describe(twice.key());
            self.tell(
                Place::Byte(at),
                &format!("{entry} is here twice; this one was kept"),
            );
        }
    }

    fn tell(&mut self, place: Place, problem: &str) {
        self.report.add(&self.path, place, problem);
    }

    /// Looks at what stood since the last entry, before the next.
    fn close_gap(&mut self) {
        if self.head.is_none() {
            self.open_list();
        }
        let Gap { at, len, .. } = std::mem::take(&mut self.gap);
        if len > 0 {
            self.tell(Place::Byte(at), &format!("{len} bytes that are no entry"));
        }
    }

    /// Takes what opens the list of entries out of the gap.
    fn open_list(&mut self) {
        let text = &self.gap.text;
        let list = memmem::find(text, b"\"entries\"");
        let open = list.and_then(|list| Some(list + memchr(b'[', text.get(list..)?)? + 1));
        let head = text.get(..open.unwrap_or(0)).unwrap_or_default().to_vec();
        self.gap.skip(head.len());
        self.head = Some(head);
    }

    fn finish(mut self) -> Result<Salvaged, OpenError> {
        if self.head.is_none() {
            self.open_list();
        }
        let end = memchr(b']', &self.gap.text);
        let tail = self.gap.text.split_off(end.unwrap_or(self.gap.text.len()));
        self.gap.len -= (tail.len() as u64).min(self.gap.len);
        self.close_gap();
        let mut frame = self.head.take().unwrap_or_default();
        frame.extend_from_slice(&tail);
        let frame = match serde_json::from_slice(&frame) {
            Ok(Object(frame)) => Some(frame),
            Err(error) => {
                let problem = format!("the header or the end cannot be read: {error}");
                self.tell(Place::Whole, &problem);
                None
            }
        };
        self.take_unchecked(frame.as_ref());
        let header = frame
            .map(|frame| self.header(&frame))
            .transpose()?
            .flatten();
        Ok(Salvaged {
            is_anything: self.entries > 0 || header.is_some(),
            tables: self.tables,
            header,
        })
    }

    /// Entries without a checksum are sound in a file that a person has written, or in one that says
    /// that it has none.
    fn take_unchecked(&mut self, frame: Option<&Frame>) {
        let needs_none = |frame: &Frame| frame.triad.is_none() || frame.checksums == Some(false);
        let is_sound = frame.is_some_and(needs_none);
        for (at, placed) in std::mem::take(&mut self.unchecked) {
            if is_sound {
                self.put(at, placed);
            } else {
                let entry = entry::describe(placed.key());
                self.tell(Place::Byte(at), &format!("{entry} has no checksum"));
            }
        }
    }

    /// Takes what stands around the entries.
    fn header(&mut self, frame: &Frame) -> Result<Option<Header>, OpenError> {
        let own = self.recover.names.node();
        let refuse = |flaw| open_error(self.path.clone(), Place::Whole, &flaw);
        if let Some(version) = frame.version.filter(|version| *version > VERSION) {
            let text =
                format!("is of version {version} of the format; this program knows {VERSION}");
            return Err(refuse(Flaw::Newer(text)));
        }
        if let Some(triad) = frame.triad.as_deref().filter(|triad| *triad != "snapshot") {
            let text = format!("is a `{triad}` of triad, not a snapshot");
            return Err(refuse(Flaw::Foreign(text)));
        }
        if let Some(node) = frame.node.as_ref().filter(|node| *node != own) {
            let text = format!("is the snapshot of `{node}`, not of `{own}`");
            return Err(refuse(Flaw::Foreign(text)));
        }
        let count = frame.count.map(|count| count.0);
        if let Some(count) = count.filter(|count| *count != self.entries) {
            let problem = format!("has {} sound entries, but says {count}", self.entries);
            self.tell(Place::Whole, &problem);
        }
        let Some(header) = frame.header() else {
            return Ok(None);
        };
        let is_proven = frame.proves(&header, &self.sum);
        if !is_proven {
            self.tell(
                Place::Whole,
                "the checksum of the whole is wrong, or too much is damaged to tell",
            );
        }
        Ok(Some(Header {
            is_proven,
            synced: frame.synced.map_or(header.seq, |synced| synced.0),
            text: header,
        }))
    }
}

/// The snapshot without its entries.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Frame {
    triad: Option<String>,
    version: Option<u64>,
    node: Option<String>,
    node_id: Option<String>,
    incarnation: Option<Number>,
    seq: Option<Number>,
    replay_from: Option<Number>,
    checksums: Option<bool>,
    count: Option<Number>,
    synced: Option<Number>,
    crc: Option<String>,
    #[serde(rename = "entries")]
    _entries: Vec<IgnoredAny>,
}

impl Frame {
    fn header(&self) -> Option<SnapshotHeader> {
        Some(SnapshotHeader {
            node: self.node.clone()?,
            node_id: self.node_id.clone()?,
            incarnation: self.incarnation?.0,
            seq: self.seq?.0,
            replay_from: self.replay_from?.0,
            checksums: self.checksums?,
        })
    }

    /// Whether this is the header of a snapshot with these entries, as its closing checksum says.
    fn proves(&self, header: &SnapshotHeader, sum: &EntriesSum) -> bool {
        let (Some(version), Some(count), Some(synced), Some(crc)) =
            (self.version, self.count, self.synced, &self.crc)
        else {
            return false;
        };
        let computed = sum.closing(header, version, count.0, synced.0);
        crc.as_bytes()
            .eq_ignore_ascii_case(&checksum::digits(computed))
    }
}
