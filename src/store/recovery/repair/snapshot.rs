//! The sound entries of a damaged snapshot, in whatever layout it is.

use std::io::{self, Read};

use memchr::{memchr, memmem};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::Recover;
use super::super::entry::{self, Check, Entry, EntryText};
use super::super::snapshot::open_error;
use super::report::Report;
use crate::limits::{FILE_READ_CHUNK_BYTES, RECORD_MAX_BYTES, SNAPSHOT_FRAME_MAX_BYTES};
use crate::store::Seq;
use crate::store::error::{OpenError, Place};
use crate::store::failure::{Action, Failure};
use crate::store::format::snapshot::SnapshotHeader;
use crate::store::format::{Flaw, Object, VERSION};
use crate::store::tables::Tables;

/// What was loaded from the snapshot.
pub(super) struct Salvaged {
    pub(super) tables: Tables,
    /// If it can be read. It may be damaged all the same.
    pub(super) header: Option<SnapshotHeader>,
    pub(super) synced: Seq,
    /// Whether it was a snapshot at all.
    pub(super) is_anything: bool,
}

impl Salvaged {
    pub(super) fn nothing() -> Self {
        Self {
            tables: Tables::new(),
            header: None,
            synced: 0,
            is_anything: false,
        }
    }
}

/// Reads the snapshot: looks for an entry at every opening brace.
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
        head: None,
        gap: Gap::default(),
    };
    while let Some(found) = text.next(recover).map_err(&failed)? {
        match found {
            Found::Entry { at, entry } => salvage.entry(at, *entry),
            Found::Flawed { at, problem } => salvage.flawed(at, &problem),
            Found::Other { at, text } => salvage.gap.add(at, text),
        }
    }
    salvage.finish()
}

/// What stands in the file, in order.
enum Found<'t> {
    Entry {
        at: u64,
        entry: Box<Entry>,
    },
    /// An object that looks like an entry and is none.
    Flawed {
        at: u64,
        problem: String,
    },
    Other {
        at: u64,
        text: &'t [u8],
    },
}

/// The file as a text without an end that one can rely on.
struct Text {
    file: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// What of the buffer was looked at.
    at: usize,
    /// Where in the file the buffer begins.
    offset: u64,
    all_read: bool,
}

impl Text {
    fn new(file: Box<dyn Read + Send>) -> Self {
        Self {
            file,
            buffer: Vec::new(),
            at: 0,
            offset: 0,
            all_read: false,
        }
    }

    fn next(&mut self, recover: &Recover<'_>) -> io::Result<Option<Found<'_>>> {
        loop {
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            let here = self.offset + self.at as u64;
            if rest.first() != Some(&b'{') {
                let len = memchr(b'{', rest).unwrap_or(rest.len());
                if len > 0 {
                    return Ok(Some(self.other(len)));
                }
                if self.all_read {
                    return Ok(None);
                }
                self.fill()?;
                continue;
            }
            let mut parser = serde_json::Deserializer::from_slice(rest).into_iter();
            let parsed: Option<Result<Object<EntryText<'_>>, _>> = parser.next();
            match parsed {
                Some(Ok(Object(text))) => {
                    let decoded = text.decode(recover.mine);
                    self.at += parser.byte_offset();
                    return Ok(Some(match decoded {
                        Ok(entry) => Found::Entry {
                            at: here,
                            entry: Box::new(entry),
                        },
                        Err(flaw) => Found::Flawed {
                            at: here,
                            problem: flaw.text().to_owned(),
                        },
                    }));
                }
                Some(Err(error))
                    if error.is_eof() && !self.all_read && rest.len() <= RECORD_MAX_BYTES =>
                {
                    self.fill()?;
                }
                _ => return Ok(Some(self.other(1))),
            }
        }
    }

    fn other(&mut self, len: usize) -> Found<'_> {
        let (at, start) = (self.offset + self.at as u64, self.at);
        self.at += len;
        let text = self.buffer.get(start..self.at).unwrap_or_default();
        Found::Other { at, text }
    }

    /// Reads on: as much again as there is, so that a long entry is not tried too often.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.at);
        self.offset += self.at as u64;
        self.at = 0;
        let wanted = self.buffer.len().max(FILE_READ_CHUNK_BYTES);
        let read = (&mut self.file)
            .take(wanted as u64)
            .read_to_end(&mut self.buffer)?;
        self.all_read = read < wanted;
        Ok(())
    }
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
    /// What stands before the entries, once one of them, or the end, was seen.
    head: Option<Vec<u8>>,
    /// What was seen since the last entry.
    gap: Gap,
}

impl Salvage<'_, '_> {
    fn entry(&mut self, at: u64, entry: Entry) {
        self.close_gap();
        let Entry { placed, check, .. } = entry;
        let problem = match check {
            Check::Wrong(flaw) if !self.recover.options.accept_edits => {
                Some(flaw.text().to_owned())
            }
            Check::Absent if self.has_checksums() => {
                Some(format!("{} has no checksum", entry::describe(placed.key())))
            }
            Check::Right | Check::Absent | Check::Wrong(_) => None,
        };
        if let Some(problem) = problem {
            self.report.add(&self.path, Place::Byte(at), &problem);
            return;
        }
        self.entries += 1;
        if let Some(twice) = self.tables.put(placed) {
            let problem = format!(
                "{} is here twice; this one was kept",
                entry::describe(twice.key())
            );
            self.report.add(&self.path, Place::Byte(at), &problem);
        }
    }

    fn flawed(&mut self, at: u64, problem: &str) {
        self.close_gap();
        self.report.add(&self.path, Place::Byte(at), problem);
    }

    /// Whether the header says that every entry has one, as far as it can be read.
    fn has_checksums(&self) -> bool {
        let head = self.head.as_deref().unwrap_or_default();
        memmem::find(head, b"\"checksums\"").is_some()
    }

    /// Looks at what stood since the last entry, before the next.
    fn close_gap(&mut self) {
        if self.head.is_none() {
            self.open_list();
        }
        self.report_gap();
    }

    fn report_gap(&mut self) {
        let Gap { at, len, .. } = std::mem::take(&mut self.gap);
        if len > 0 {
            let problem = format!("{len} bytes that are no entry");
            self.report.add(&self.path, Place::Byte(at), &problem);
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
        self.report_gap();
        let mut frame = self.head.take().unwrap_or_default();
        frame.extend_from_slice(&tail);
        let frame: Result<Object<Frame>, _> = serde_json::from_slice(&frame);
        let (header, synced) = match frame {
            Ok(Object(frame)) => self.frame(frame)?,
            Err(error) => {
                let problem = format!("the header or the end cannot be read: {error}");
                self.report.add(&self.path, Place::Whole, &problem);
                (None, 0)
            }
        };
        Ok(Salvaged {
            is_anything: self.entries > 0 || header.is_some(),
            tables: self.tables,
            header,
            synced,
        })
    }

    /// Takes what stands around the entries.
    fn frame(&mut self, frame: Frame) -> Result<(Option<SnapshotHeader>, Seq), OpenError> {
        let own = self.recover.names.node();
        let refuse = |flaw| open_error(self.path.clone(), Place::Whole, &flaw);
        if let Some(version) = frame.version.filter(|version| *version > VERSION) {
            let text =
                format!("is of version {version} of the format; this program knows {VERSION}");
            return Err(refuse(Flaw::Newer(text)));
        }
        if let Some(node) = frame.node.as_ref().filter(|node| *node != own) {
            let text = format!("is the snapshot of `{node}`, not of `{own}`");
            return Err(refuse(Flaw::Foreign(text)));
        }
        if let Some(count) = frame.count.filter(|count| *count != self.entries) {
            let problem = format!("has {} sound entries, but says {count}", self.entries);
            self.report.add(&self.path, Place::Whole, &problem);
        }
        let header = (|| {
            Some(SnapshotHeader {
                node: frame.node?,
                node_id: frame.node_id?,
                incarnation: frame.incarnation?,
                seq: frame.seq?,
                replay_from: frame.replay_from?,
                checksums: frame.checksums?,
            })
        })();
        Ok((header, frame.synced.unwrap_or(0)))
    }
}

/// The snapshot without its entries.
#[derive(Deserialize)]
struct Frame {
    version: Option<u64>,
    node: Option<String>,
    node_id: Option<String>,
    incarnation: Option<u64>,
    seq: Option<u64>,
    replay_from: Option<u64>,
    checksums: Option<bool>,
    count: Option<u64>,
    synced: Option<u64>,
    #[expect(dead_code, reason = "without it this is no snapshot")]
    entries: Vec<IgnoredAny>,
}
