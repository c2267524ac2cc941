//! What became of the keys of a saved test.

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::figures::{date, grouped, long_time, rate, wrapped};
use super::{KeySpace, Latencies, Measured, NodeLatencies, Pace, Saved};
use crate::cluster::Cluster;
use crate::limits::COVERAGE_FAULTS_NAMED;
use crate::terminal::{self, Column};

/// The figures of a verification. As JSON it is an interface that scripts rely on: names and order stay, and
/// new fields come at the end.
///
/// | field | what it is |
/// |---|---|
/// | `keys`, `found` | keys that were looked for; those that were on their owner, nowhere else, and read through every node |
/// | `missing`, `wrong`, `misplaced`, `duplicates`, `unread` | keys that are nowhere; have another value; lie on a node that does not own them; on several nodes; are not read through every node |
/// | `unreachable` | the names of the nodes that could not be reached |
/// | `nodes` | of each: `name`, `rule`, `keys_before` (null of a node that is new), `keys`, `misplaced` |
/// | `ok` | whether every key is as it was |
/// | `faults` | of the first keys that are not: `key`, `fault` |
/// | `rules_changed` | whether the list of nodes and rules is another one than when they were saved |
/// | `saved_unix_ms` | when that was |
/// | `deleted` | whether the keys were deleted afterwards: false also where some that are not as they were stay |
/// | `seconds`, `rate`, `latencies`, `seed`, `length`, `lanes`, `version`, `fingerprint` | as of a [`Report`](super::Report); of readings only |
#[derive(Debug, Clone, PartialEq)]
pub struct Verification {
    /// Keys that were looked for.
    pub keys: u64,
    /// Keys that are as they were.
    pub found: u64,
    /// Keys that are nowhere.
    pub missing: u64,
    /// Keys that have another value.
    pub wrong: u64,
    /// Keys that lie on a node which does not own them.
    pub misplaced: u64,
    /// Keys that several nodes have.
    pub duplicates: u64,
    /// Keys that are not read through every node.
    pub unread: u64,
    /// The nodes that could not be reached.
    pub unreachable: Vec<String>,
    /// The nodes of the list.
    pub nodes: Vec<NodeVerification>,
    /// Whether every key is as it was.
    pub ok: bool,
    /// The first faults.
    pub faults: Vec<FaultyKey>,
    /// Whether the list of nodes and rules is another one than then.
    pub rules_changed: bool,
    /// When the keys were saved, in milliseconds since 1970.
    pub saved_unix_ms: u64,
    /// Whether the keys were deleted, and none stays.
    pub deleted: bool,
    /// Keys that were deleted.
    pub deleted_keys: u64,
    /// How long requests took.
    pub measured: Measured,
    /// How many keys were done when.
    pub pace: Pace,
    /// Where the keys are from.
    pub space: KeySpace,
    /// How many batches were under way at the same time.
    pub lanes: usize,
    /// The fingerprint of the list of nodes and rules.
    pub fingerprint: String,
}

/// One node's part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeVerification {
    /// Its name.
    pub name: String,
    /// Its rule, for people.
    pub rule: String,
    /// The keys that it stored then; none if it was not in the list.
    pub keys_before: Option<u64>,
    /// The keys that its table has now.
    pub keys: u64,
    /// The keys that lie on its disk although another node owns them.
    pub misplaced: u64,
}

/// A key that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FaultyKey {
    /// The key.
    pub key: String,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What can be wrong with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// It is nowhere.
    Missing,
    /// It has another value.
    Wrong,
    /// It lies on a node that does not own it.
    Misplaced,
    /// Several nodes have it.
    Duplicate,
    /// It is not read through every node.
    Unread,
}

impl Fault {
    fn words(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Wrong => "with another value",
            Self::Misplaced => "on a node that does not own it",
            Self::Duplicate => "on several nodes",
            Self::Unread => "not read through every node",
        }
    }
}

impl Verification {
    pub(super) fn new(cluster: &Cluster, saved: &Saved) -> Self {
        let placement = cluster.placement();
        let nodes = placement.indices().map(|index| {
            let name = placement.name(index).to_string();
            let before = saved.nodes.iter().find(|node| node.name == name);
            NodeVerification {
                keys_before: before.map(|node| node.keys),
                name,
                rule: placement.rule(index).to_string(),
                keys: 0,
                misplaced: 0,
            }
        });
        Self {
            keys: 0,
            found: 0,
            missing: 0,
            wrong: 0,
            misplaced: 0,
            duplicates: 0,
            unread: 0,
            unreachable: Vec::new(),
            nodes: nodes.collect(),
            ok: false,
            faults: Vec::new(),
            rules_changed: placement.fingerprint() != saved.fingerprint,
            saved_unix_ms: saved.unix_ms,
            deleted: false,
            deleted_keys: 0,
            measured: Measured::new(cluster),
            pace: Pace::default(),
            space: saved.space,
            lanes: 0,
            fingerprint: placement.fingerprint().to_owned(),
        }
    }

    /// Counts one key: what is wrong with it, which nodes' tables have it, and on which it is misplaced.
    pub(super) fn count(
        &mut self,
        key: &[u8],
        fault: Option<Fault>,
        is_held: &dyn Fn(usize) -> bool,
        is_stray: &dyn Fn(usize) -> bool,
    ) {
        self.keys += 1;
        *match fault {
            None => &mut self.found,
            Some(Fault::Missing) => &mut self.missing,
            Some(Fault::Wrong) => &mut self.wrong,
            Some(Fault::Misplaced) => &mut self.misplaced,
            Some(Fault::Duplicate) => &mut self.duplicates,
            Some(Fault::Unread) => &mut self.unread,
        } += 1;
        for (place, node) in self.nodes.iter_mut().enumerate() {
            node.keys += u64::from(is_held(place));
            node.misplaced += u64::from(is_stray(place));
        }
        if let Some(fault) = fault
            && self.faults.len() < COVERAGE_FAULTS_NAMED
        {
            let key = String::from_utf8_lossy(key).into_owned();
            self.faults.push(FaultyKey { key, fault });
        }
    }

    /// Gives the verdict on a verification that has run to its end, and has deleted so many keys if it was to.
    pub(super) fn conclude(&mut self, deleted: Option<u64>) {
        self.ok = self.keys > 0 && self.found == self.keys;
        self.deleted_keys = deleted.unwrap_or(0);
        self.deleted = deleted.is_some() && self.kept_keys() == 0;
    }

    /// How many keys stay.
    fn kept_keys(&self) -> u64 {
        self.keys
            .saturating_sub(self.missing)
            .saturating_sub(self.deleted_keys)
    }

    /// What a person should know after the keys were to be deleted.
    pub fn deletion(&self) -> String {
        let (deleted, keys) = (self.deleted_keys, self.keys);
        match (self.kept_keys(), self.missing) {
            (0, 0) => "The keys are deleted.".to_owned(),
            (0, _) => format!("{deleted} of {keys} keys are deleted; the others are missing."),
            (1, _) => {
                format!("{deleted} of {keys} keys are deleted; 1 that is not as it was stays.")
            }
            (kept, _) => format!(
                "{deleted} of {keys} keys are deleted; {kept} that are not as they were stay."
            ),
        }
    }

    /// The verification for people, in lines of at most `columns` characters.
    pub fn text(&self, columns: u16) -> String {
        let mut parts = vec![self.table(columns), self.verdict_list()];
        if !self.faults.is_empty() {
            parts.push(self.fault_list(columns));
        }
        if let Some(sentence) = self.rules_sentence() {
            parts.push(wrapped(&sentence, columns));
        }
        parts.push(wrapped(&self.pace_sentence(), columns));
        parts.join("\n\n")
    }

    fn table(&self, columns: u16) -> String {
        let rows = self.nodes.iter().map(|node| {
            [
                node.name.clone(),
                node.rule.clone(),
                node.keys_before
                    .map_or("–".to_owned(), |keys| keys.to_string()),
                node.keys.to_string(),
                node.misplaced.to_string(),
            ]
        });
        let header = [
            Column::Left("node"),
            Column::Left("rule"),
            Column::Right("keys then"),
            Column::Right("now"),
            Column::Right("misplaced"),
        ];
        terminal::table(columns, header, rows)
    }

    fn verdict_list(&self) -> String {
        let verdict = if self.ok {
            "every key is as it was"
        } else {
            "NOT every key is as it was"
        };
        let mut lines = vec![verdict.to_owned()];
        for (what, count) in [
            ("looked for", self.keys),
            ("found as they were", self.found),
            ("missing", self.missing),
            ("with another value", self.wrong),
            ("on a node that does not own it", self.misplaced),
            ("on several nodes", self.duplicates),
            ("not read through every node", self.unread),
        ] {
            lines.push(format!("  {what:<30} {count:>8}"));
        }
        lines.join("\n")
    }

    fn fault_list(&self, columns: u16) -> String {
        let all = self.keys - self.found;
        let heading = match self.faults.len() as u64 {
            named if named < all => format!("the first {named} of these {all} keys"),
            _ => "these keys".to_owned(),
        };
        let faults = self.faults.iter();
        let faults = faults.map(|faulty| [faulty.key.clone(), faulty.fault.words().to_owned()]);
        let header = [Column::Left("key"), Column::Left("what is wrong")];
        let table = terminal::table(columns, header, faults);
        format!("{heading}:\n{table}")
    }

    /// What a person should know about the list, if something.
    fn rules_sentence(&self) -> Option<String> {
        let then = if self.rules_changed {
            "The list of nodes and rules is another one than when the keys were saved"
        } else {
            "The list of nodes and rules is the same as when the keys were saved"
        };
        match (self.rules_changed, self.misplaced) {
            (_, 1..) => Some(format!(
                "{then}. Misplaced keys lie on nodes that do not own them: client rehome sends each to its \
                 owner."
            )),
            (true, 0) => Some(format!("{then}.")),
            (false, 0) => None,
        }
    }

    fn pace_sentence(&self) -> String {
        format!(
            "Saved on {}. {} keys were looked for in {}: {} a second.",
            date(self.saved_unix_ms),
            grouped(self.keys),
            long_time(self.pace.elapsed()),
            rate(self.pace.rate()),
        )
    }
}

impl Serialize for Verification {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Verification", 22)?;
        fields.serialize_field("keys", &self.keys)?;
        fields.serialize_field("found", &self.found)?;
        fields.serialize_field("missing", &self.missing)?;
        fields.serialize_field("wrong", &self.wrong)?;
        fields.serialize_field("misplaced", &self.misplaced)?;
        fields.serialize_field("duplicates", &self.duplicates)?;
        fields.serialize_field("unread", &self.unread)?;
        fields.serialize_field("unreachable", &self.unreachable)?;
        fields.serialize_field("nodes", &self.nodes)?;
        fields.serialize_field("ok", &self.ok)?;
        fields.serialize_field("faults", &self.faults)?;
        fields.serialize_field("rules_changed", &self.rules_changed)?;
        fields.serialize_field("saved_unix_ms", &self.saved_unix_ms)?;
        fields.serialize_field("deleted", &self.deleted)?;
        fields.serialize_field("seconds", &self.pace.elapsed().as_secs_f64())?;
        fields.serialize_field("rate", &self.pace.rate())?;
        fields.serialize_field("latencies", &Reads::of(&self.measured))?;
        fields.serialize_field("seed", &self.space.seed())?;
        fields.serialize_field("length", &self.space.length())?;
        fields.serialize_field("lanes", &self.lanes)?;
        fields.serialize_field("version", env!("CARGO_PKG_VERSION"))?;
        fields.serialize_field("fingerprint", &self.fingerprint)?;
        fields.end()
    }
}

/// The latencies of readings alone: there are no offers.
#[derive(Serialize)]
struct Reads<'a> {
    reads: &'a Latencies,
    nodes: Vec<NodeReads<'a>>,
}

#[derive(Serialize)]
struct NodeReads<'a> {
    name: &'a str,
    reads: &'a Latencies,
}

impl<'a> Reads<'a> {
    fn of(measured: &'a Measured) -> Self {
        let nodes = measured.nodes.iter();
        let nodes = nodes.map(|NodeLatencies { name, reads, .. }| NodeReads { name, reads });
        Self {
            reads: &measured.reads,
            nodes: nodes.collect(),
        }
    }
}

#[cfg(test)]
mod tests;
