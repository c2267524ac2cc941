//! The snapshot as a document: its fields as they come, and what they have to be together.

use serde::Deserialize;
use serde::de::{Error, MapAccess};

use super::entry::{self, Check, Entry};
use super::ration::Ration;
use super::snapshot::{Entries, Reading, Snapshot};
use crate::store::Seq;
use crate::store::format::bytes::Text;
use crate::store::format::snapshot::{EntriesSum, SnapshotHeader};
use crate::store::format::{Flaw, Number, VERSION, record};
use crate::store::tables::Tables;

/// The fields of the document as far as they have come.
pub(super) struct Document<'r> {
    reading: Reading<'r>,
    ration: Ration,
    tables: Tables,
    sum: EntriesSum,
    triad: Option<String>,
    version: Option<u64>,
    node: Option<String>,
    node_id: Option<String>,
    incarnation: Option<u64>,
    seq: Option<Seq>,
    replay_from: Option<u64>,
    checksums: Option<bool>,
    entries: Option<()>,
    count: Option<u64>,
    synced: Option<Seq>,
    crc: Option<String>,
    /// The first entry without a checksum.
    unchecked: Option<String>,
    edited: bool,
    /// What was wrong, when it was not the syntax.
    pub(super) flaw: Option<Flaw>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(field_identifier, rename_all = "snake_case")]
pub(super) enum Name {
    Triad,
    Version,
    Node,
    NodeId,
    Incarnation,
    Seq,
    ReplayFrom,
    Checksums,
    Entries,
    Count,
    Synced,
    Crc,
}

impl<'r> Document<'r> {
    pub(super) fn new(reading: Reading<'r>, ration: Ration) -> Self {
        Self {
            reading,
            ration,
            tables: Tables::new(),
            sum: EntriesSum::default(),
            triad: None,
            version: None,
            node: None,
            node_id: None,
            incarnation: None,
            seq: None,
            replay_from: None,
            checksums: None,
            entries: None,
            count: None,
            synced: None,
            crc: None,
            unchecked: None,
            edited: false,
            flaw: None,
        }
    }

    /// Takes the value of a field. What makes all the rest pointless is told at once, with its place.
    pub(super) fn field<'de, A: MapAccess<'de>>(
        &mut self,
        name: Name,
        map: &mut A,
    ) -> Result<(), A::Error> {
        match name {
            Name::Triad => once(&mut self.triad, map.next_value()?, "triad")?,
            Name::Version => once(&mut self.version, map.next_value()?, "version")?,
            Name::Node => once(&mut self.node, map.next_value()?, "node")?,
            Name::NodeId => once(&mut self.node_id, map.next_value()?, "node_id")?,
            Name::Incarnation => number(&mut self.incarnation, map, "incarnation")?,
            Name::Seq => number(&mut self.seq, map, "seq")?,
            Name::ReplayFrom => number(&mut self.replay_from, map, "replay_from")?,
            Name::Checksums => once(&mut self.checksums, map.next_value()?, "checksums")?,
            Name::Entries => {
                once(&mut self.entries, (), "entries")?;
                map.next_value_seed(Entries(self))?;
            }
            Name::Count => number(&mut self.count, map, "count")?,
            Name::Synced => number(&mut self.synced, map, "synced")?,
            Name::Crc => once(&mut self.crc, map.next_value()?, "crc")?,
        }
        self.check_kind().or_else(|flaw| self.fail(flaw))
    }

    /// Whether this is a snapshot, of this node, of a version that is known, as far as has come.
    fn check_kind(&self) -> Result<(), Flaw> {
        if let Some(triad) = self.triad.as_deref().filter(|triad| *triad != "snapshot") {
            return Err(Flaw::Foreign(format!(
                "is a `{triad}` of triad, not a snapshot"
            )));
        }
        if let Some(version) = self.version.filter(|version| *version > VERSION) {
            return Err(Flaw::Newer(format!(
                "is of version {version} of the format; this program knows {VERSION}"
            )));
        }
        let own = self.reading.names.node();
        if let Some(node) = self.node.as_deref().filter(|node| *node != own) {
            return Err(Flaw::Foreign(format!(
                "is the snapshot of `{node}`, not of `{own}`"
            )));
        }
        Ok(())
    }

    pub(super) fn fail<T, E: Error>(&mut self, flaw: Flaw) -> Result<T, E> {
        let error = E::custom(flaw.text());
        self.flaw = Some(flaw);
        Err(error)
    }

    /// Takes an entry into the tables.
    pub(super) fn entry(&mut self, entry: Entry) -> Result<(), Flaw> {
        let Entry { placed, crc, check } = entry;
        self.ration.renew();
        match check {
            Check::Right => {}
            Check::Absent => {
                self.unchecked
                    .get_or_insert_with(|| entry::describe(placed.key()));
            }
            Check::Wrong { .. } if self.reading.accept_edits => self.edited = true,
            Check::Wrong { flaw, .. } => return Err(flaw),
        }
        self.sum.add(crc);
        match self.tables.put(placed) {
            None => Ok(()),
            Some(twice) => Err(Flaw::Malformed(format!(
                "{} is here twice",
                entry::describe(twice.key())
            ))),
        }
    }

    pub(super) fn reading(&self) -> Reading<'r> {
        self.reading
    }

    /// Looks at the whole. `bytes` is the size of the file.
    pub(super) fn finish(mut self, bytes: u64) -> Result<(Snapshot, Tables), Flaw> {
        if self.entries.is_none() {
            return Err(Flaw::malformed(
                "is not a snapshot of triad: it has no `entries`",
            ));
        }
        if self.triad.is_none() {
            self.check_headless()?;
            let snapshot = Snapshot {
                header: None,
                synced: 0,
                bytes,
                edited: self.edited,
            };
            return Ok((snapshot, self.tables));
        }
        let missing = |name| move || Flaw::Malformed(format!("has no `{name}`"));
        let version = self
            .version
            .filter(|version| *version > 0)
            .ok_or_else(missing("version"))?;
        let header = SnapshotHeader {
            node: self.node.take().ok_or_else(missing("node"))?,
            node_id: self.node_id.take().ok_or_else(missing("node_id"))?,
            incarnation: self.incarnation.ok_or_else(missing("incarnation"))?,
            seq: self.seq.ok_or_else(missing("seq"))?,
            replay_from: self
                .replay_from
                .filter(|number| *number > 0)
                .ok_or_else(missing("replay_from"))?,
            checksums: self.checksums.unwrap_or(false),
        };
        let synced = self.synced.unwrap_or(header.seq);
        match self.check_sums(&header, version) {
            Err(_) if self.reading.accept_edits => self.edited = true,
            checked => checked?,
        }
        let snapshot = Snapshot {
            header: Some(header),
            synced,
            bytes,
            edited: self.edited,
        };
        Ok((snapshot, self.tables))
    }

    /// A file by hand is nothing but entries: a rest of a header would not be what it says.
    fn check_headless(&self) -> Result<(), Flaw> {
        let rest = [
            ("version", self.version.is_some()),
            ("node", self.node.is_some()),
            ("node_id", self.node_id.is_some()),
            ("incarnation", self.incarnation.is_some()),
            ("seq", self.seq.is_some()),
            ("replay_from", self.replay_from.is_some()),
            ("checksums", self.checksums.is_some()),
            ("count", self.count.is_some()),
            ("synced", self.synced.is_some()),
            ("crc", self.crc.is_some()),
        ];
        match rest.iter().find(|(_, present)| *present) {
            Some((name, _)) => Err(Flaw::Malformed(format!(
                "has `{name}` but not `\"triad\":\"snapshot\"`; a file by hand has only `entries`"
            ))),
            None => Ok(()),
        }
    }

    /// What is obligatory with checksums, and right where it is there in any case.
    fn check_sums(&self, header: &SnapshotHeader, version: u64) -> Result<(), Flaw> {
        let obligatory = header.checksums;
        let found = self.sum.count;
        if let Some(entry) = self.unchecked.as_ref().filter(|_| obligatory) {
            return Err(Flaw::Checksum(format!("{entry} has no checksum")));
        }
        match self.count {
            Some(count) if count == found => {}
            Some(count) => {
                return Err(Flaw::Checksum(format!(
                    "has {found} entries, but says {count}"
                )));
            }
            None if obligatory => return Err(Flaw::Checksum("has no `count`".to_owned())),
            None => {}
        }
        if self.synced.is_none() && obligatory {
            return Err(Flaw::Checksum("has no `synced`".to_owned()));
        }
        if self.crc.is_none() && !obligatory {
            return Ok(());
        }
        let written = self.crc.as_deref().map(|crc| Text(crc.into()));
        let synced = self.synced.unwrap_or(header.seq);
        let computed = self.sum.closing(header, version, found, synced);
        record::check(written.as_ref(), computed)
            .map_err(|flaw| Flaw::Checksum(format!("as a whole {}", flaw.text())))
    }
}

fn once<T, E: Error>(place: &mut Option<T>, value: T, name: &'static str) -> Result<(), E> {
    match place.replace(value) {
        Some(_) => Err(E::duplicate_field(name)),
        None => Ok(()),
    }
}

fn number<'de, A: MapAccess<'de>>(
    place: &mut Option<u64>,
    map: &mut A,
    name: &'static str,
) -> Result<(), A::Error> {
    once(place, map.next_value::<Number>()?.0, name)
}
