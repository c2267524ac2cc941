//! A backup as a file: an entry on each line, between a header and an end.
//!
//! ```text
//! {"triad":"backup","version":1,"made_unix_ms":1795680000000,"nodes":[{"name":"linux","rule":…},…],"crc":"9a3c21f0"}
//! {"key":"name","value":"Ada","crc":"…"}
//! {"key":"session","value":"7","expires_unix_ms":1900000000000,"crc":"…"}
//! {"key":"tags","type":"set","items":["blue","red"],"crc":"…"}
//! {"count":3,"crc":"…"}
//! ```
//!
//! The entries are those of a snapshot, and so are their checksums ([`checksum`]). That of the header is over
//! `made_unix_ms`, `nodes` (as JSON without blanks), `triad` and `version`; that of the end over `count`, `entries`
//! (the CRC-32 of the checksums of all entries, 4 bytes each) and `header` (its checksum, as a number). So damage
//! is noticed wherever it is, and that a line is missing, or the end.

use std::io::Read;

use serde::{Deserialize, Serialize};

use crate::cluster::Cluster;
use crate::rule::Rule;
use crate::store::checksum::{self, Checksum};
use crate::store::{ReadEntry, SnapshotEntry};
use crate::transfer::read::{End, Lines, Take, at};

/// The version that is written.
const VERSION: u64 = 1;

/// How the last line begins.
const END: &[u8] = b"{\"count\"";

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    triad: String,
    version: u64,
    made_unix_ms: u64,
    nodes: Vec<Node>,
    crc: String,
}

/// A node of the cluster that was backed up.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    name: String,
    rule: Rule,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Closing {
    count: u64,
    crc: String,
}

impl Header {
    fn checksum(&self) -> u32 {
        // Names and rules always have one text.
        let nodes = serde_json::to_string(&self.nodes).unwrap_or_default();
        let mut checksum = Checksum::new();
        checksum.number(b"made_unix_ms", self.made_unix_ms);
        checksum.bytes(b"nodes", nodes.as_bytes());
        checksum.bytes(b"triad", self.triad.as_bytes());
        checksum.number(b"version", self.version);
        checksum.finish()
    }
}

/// The checksum of all that stands before the end.
struct Sum {
    header: u32,
    entries: crc32fast::Hasher,
    count: u64,
}

impl Sum {
    fn begin(header: u32) -> Self {
        Self {
            header,
            entries: crc32fast::Hasher::new(),
            count: 0,
        }
    }

    fn add(&mut self, entry: u32) {
        self.entries.update(&entry.to_le_bytes());
        self.count += 1;
    }

    fn finish(&self) -> u32 {
        let entries = self.entries.clone().finalize();
        let mut checksum = Checksum::new();
        checksum.number(b"count", self.count);
        checksum.bytes(b"entries", &entries.to_le_bytes());
        checksum.number(b"header", u64::from(self.header));
        checksum.finish()
    }
}

fn digits(crc: u32) -> String {
    String::from_utf8_lossy(&checksum::digits(crc)).into_owned()
}

/// A backup that is being written. It appends lines to buffers.
pub(super) struct BackupText(Sum);

impl BackupText {
    /// Begins: appends the header.
    pub(super) fn begin(
        cluster: &Cluster,
        made_unix_ms: u64,
        out: &mut Vec<u8>,
    ) -> serde_json::Result<Self> {
        let nodes = cluster.nodes().iter().map(|node| Node {
            name: node.name.to_string(),
            rule: node.rule,
        });
        let mut header = Header {
            triad: "backup".to_owned(),
            version: VERSION,
            made_unix_ms,
            nodes: nodes.collect(),
            crc: String::new(),
        };
        let crc = header.checksum();
        header.crc = digits(crc);
        push_line(out, &header)?;
        Ok(Self(Sum::begin(crc)))
    }

    /// Appends an entry.
    pub(super) fn entry(&mut self, out: &mut Vec<u8>, entry: &SnapshotEntry<'_>) {
        let crc = entry.checksum();
        entry.push(out, Some(crc));
        out.push(b'\n');
        self.0.add(crc);
    }

    /// Ends: appends the last line.
    pub(super) fn end(self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        let closing = Closing {
            count: self.0.count,
            crc: digits(self.0.finish()),
        };
        push_line(out, &closing)
    }
}

fn push_line(out: &mut Vec<u8>, line: &impl Serialize) -> serde_json::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.push(b'\n');
    Ok(())
}

/// Gives every entry of a backup to `take`. What it gives before an error may be of a damaged file.
pub(in crate::transfer) fn read(from: impl Read, take: &mut Take<'_>) -> Result<(), End> {
    let mut lines = Lines::new(from);
    let header = match lines.next()? {
        Some(line) => read_header(line).map_err(|fault| format!("line 1: {fault}"))?,
        None => return Err(End::Fault("the file is empty".to_owned())),
    };
    let mut sum = Sum::begin(header);
    loop {
        let Some(line) = lines.next()? else {
            return Err(End::Fault(format!(
                "it ends after line {}, without the line that tells how many there are: the rest is missing",
                lines.number()
            )));
        };
        if line.starts_with(END) {
            let checked = check_end(line, &sum);
            let number = lines.number();
            checked.map_err(|fault| format!("line {number}: {fault}"))?;
            return check_rest(lines);
        }
        let taken = read_entry(line, &mut sum, take);
        let number = lines.number();
        taken.map_err(at(format_args!("line {number}")))?;
    }
}

/// Reads the first line. Its checksum.
fn read_header(line: &[u8]) -> Result<u32, String> {
    const NO_BACKUP: &str =
        "this does not begin as a backup does; `client import` reads keys from other files";
    #[derive(Deserialize)]
    struct Beginning {
        triad: String,
        version: u64,
    }
    let beginning: Result<Beginning, _> = serde_json::from_slice(line);
    let beginning = beginning.map_err(|_| NO_BACKUP)?;
    if beginning.triad != "backup" {
        return Err(NO_BACKUP.to_owned());
    }
    if beginning.version > VERSION {
        return Err(format!(
            "this backup is of version {}, and this program knows version {VERSION}; use the program that made \
             it, or a newer one",
            beginning.version
        ));
    }
    let header: Result<Header, _> = serde_json::from_slice(line);
    let header = header.map_err(|error| format!("the header is damaged: {error}"))?;
    let crc = header.checksum();
    if checksum::parse(&header.crc) != Some(crc) {
        return Err("the header is damaged: its checksum is another".to_owned());
    }
    Ok(crc)
}

fn read_entry(line: &[u8], sum: &mut Sum, take: &mut Take<'_>) -> Result<(), End> {
    let entry = ReadEntry::parse(line)?;
    sum.add(entry.check()?);
    take(entry.entry())
}

/// Compares the last line with what stood before it.
fn check_end(line: &[u8], sum: &Sum) -> Result<(), String> {
    let closing: Result<Closing, _> = serde_json::from_slice(line);
    let closing = closing.map_err(|error| format!("the end is damaged: {error}"))?;
    if closing.count != sum.count {
        return Err(format!(
            "there are {} entries, and the end says {}",
            sum.count, closing.count
        ));
    }
    if checksum::parse(&closing.crc) != Some(sum.finish()) {
        return Err("the checksum over all is another".to_owned());
    }
    Ok(())
}

/// Nothing stands behind the end.
fn check_rest(mut lines: Lines<impl Read>) -> Result<(), End> {
    while let Some(line) = lines.next()? {
        if !line.is_empty() {
            let number = lines.number();
            let fault = "something stands behind the end";
            return Err(End::Fault(format!("line {number}: {fault}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
