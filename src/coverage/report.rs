//! What a coverage test found.

use std::time::Duration;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::chance::{Chance, Part};
use super::course::Passed;
use super::figures::{float, grouped, long_time, percent, rate, short_time, wrapped};
use super::{KeySpace, Latencies, Pace, Plan};
use crate::cluster::Cluster;
use crate::terminal::{self, Column};

/// The figures of a test. As JSON it is an interface that scripts rely on: names and order stay, and new
/// fields come at the end.
///
/// | field | what it is |
/// |---|---|
/// | `keys`, `stored`, `duplicates`, `misplaced`, `unread` | keys that were offered to every node; stored; on several nodes; on a wrong node; not read through every node |
/// | `unreachable` | the names of the nodes that could not be reached |
/// | `nodes` | of each: `name`, `rule`, `expected_share` (from 0 to 1), `keys` |
/// | `ok` | whether coverage is complete |
/// | `chi_squared`, `degrees_of_freedom`, `p_value` | how the shares differ from the rules'; null where there are too few keys or nodes |
/// | `is_chance` | whether that is chance (`p_value` is at least 0.01); null likewise |
/// | `seconds`, `rate` | how long the test took, without connecting and deleting; keys a second |
/// | `requests`, `request_rate` | the offers and readings together; the same a second |
/// | `latencies` | `offers` and `reads`, of all nodes and in `nodes` of each (`name`): `requests`, `p50_us`, `p99_us`, `max_us`, from when a request was written out to when its reply was read |
/// | `seed`, `length`, `lanes` | by what the keys were made, and how many batches were under way at the same time |
/// | `version`, `fingerprint` | of the program; of the list of nodes and rules |
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Keys that were offered to every node.
    pub keys: u64,
    /// Keys that at least one node stored.
    pub stored: u64,
    /// Keys that more than one node stored.
    pub duplicates: u64,
    /// Keys that a node stored which the rules do not name.
    pub misplaced: u64,
    /// Keys that could not be read back through every node.
    pub unread: u64,
    /// The nodes that could not be reached.
    pub unreachable: Vec<String>,
    /// Each node's part, in the order of the list.
    pub nodes: Vec<NodeReport>,
    /// Whether coverage is complete.
    pub ok: bool,
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
    /// Whether the expected shares were counted, and not estimated.
    is_exact: bool,
    /// How many keys were drawn from the space.
    pub(super) drawn: u64,
    /// Those of them that were somebody's.
    pub(super) passed: Passed,
}

/// One node's part of a test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeReport {
    /// Its name.
    pub name: String,
    /// Its rule, for people.
    pub rule: String,
    /// The part of all keys that its place in the list leads one to expect, from 0 to 1.
    pub expected_share: f64,
    /// This test's keys that it stored.
    pub keys: u64,
}

/// How long requests took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// The offers to all nodes.
    pub offers: Latencies,
    /// The readings through all nodes.
    pub reads: Latencies,
    /// Each node's, in the order of the list.
    pub nodes: Vec<NodeLatencies>,
}

/// How long one node's requests took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeLatencies {
    /// Its name.
    pub name: String,
    /// The offers to it.
    pub offers: Latencies,
    /// The readings through it.
    pub reads: Latencies,
}

impl Report {
    /// A report without keys.
    pub(super) fn new(cluster: &Cluster, plan: &Plan) -> Self {
        let placement = cluster.placement();
        let nodes = placement
            .indices()
            .zip(placement.shares())
            .map(|(index, share)| NodeReport {
                name: placement.name(index).to_string(),
                rule: placement.rule(index).to_string(),
                expected_share: share.as_f64(),
                keys: 0,
            });
        Self {
            keys: 0,
            stored: 0,
            duplicates: 0,
            misplaced: 0,
            unread: 0,
            unreachable: Vec::new(),
            nodes: nodes.collect(),
            ok: false,
            measured: Measured::new(cluster),
            pace: Pace::default(),
            space: plan.space,
            lanes: 0,
            fingerprint: placement.fingerprint().to_owned(),
            is_exact: placement.shares().iter().all(|share| share.is_exact()),
            drawn: 0,
            passed: Passed::default(),
        }
    }

    /// Whether the shares differ from the rules' by chance.
    pub fn chance(&self) -> Chance {
        let parts = self.nodes.iter().map(|node| Part {
            name: &node.name,
            share: node.expected_share,
            keys: node.keys,
        });
        let parts: Vec<_> = parts.collect();
        Chance::of(&parts, self.is_exact)
    }

    /// The offers and readings.
    pub fn requests(&self) -> u64 {
        self.measured.offers.requests() + self.measured.reads.requests()
    }

    /// The offers and readings a second.
    pub fn request_rate(&self) -> f64 {
        let seconds = self.pace.elapsed().as_secs_f64();
        if seconds > 0.0 {
            float(self.requests()) / seconds
        } else {
            0.0
        }
    }

    /// The report for people: tables of the nodes, a list of the figures, and sentences, in lines of at
    /// most `columns` characters.
    pub fn text(&self, columns: u16) -> String {
        let mut parts = vec![self.shares_table(columns), self.verdict_list()];
        let sentence = |text: String| wrapped(&terminal::readable_line(text.as_bytes()), columns);
        if self.keys > 0 {
            parts.push(sentence(self.chance().to_string()));
            parts.push(self.measured.table(columns));
            parts.push(sentence(self.pace_sentence()));
        }
        parts.join("\n\n")
    }

    fn shares_table(&self, columns: u16) -> String {
        let rows = self.nodes.iter().map(|node| {
            [
                node.name.clone(),
                node.rule.clone(),
                percent(node.expected_share),
                percent(self.share(node)),
                node.keys.to_string(),
            ]
        });
        let header = [
            Column::Left("node"),
            Column::Left("rule"),
            Column::Right("expected"),
            Column::Right("share"),
            Column::Right("keys"),
        ];
        terminal::table(columns, header, rows)
    }

    /// The part of the keys that a node stored.
    pub(super) fn share(&self, node: &NodeReport) -> f64 {
        float(node.keys) / float(self.keys.max(1))
    }

    fn verdict_list(&self) -> String {
        let verdict = if self.ok { "complete" } else { "NOT complete" };
        let mut lines = vec![format!("coverage is {verdict}")];
        for (what, count) in self.counts() {
            lines.push(format!("  {what:<27} {count:>8}"));
        }
        lines.join("\n")
    }

    /// The counts that the verdict is from, with their names.
    pub(super) fn counts(&self) -> [(&'static str, u64); 5] {
        [
            ("offered to every node", self.keys),
            ("stored", self.stored),
            ("stored on several nodes", self.duplicates),
            ("stored on a wrong node", self.misplaced),
            ("not read through every node", self.unread),
        ]
    }

    fn pace_sentence(&self) -> String {
        format!(
            "{} keys in {}: {} keys and {} requests a second, with {} under way at the same time. A \
             request's time is from when it was written out to when its reply was read.",
            grouped(self.keys),
            long_time(self.pace.elapsed()),
            rate(self.pace.rate()),
            rate(self.request_rate()),
            match self.lanes {
                1 => "one batch".to_owned(),
                lanes => format!("{lanes} batches"),
            }
        )
    }

    /// Counts one key: the place of its owner, the places of the nodes that stored it, and whether
    /// every node gave it back.
    pub(super) fn count(&mut self, owner: usize, homes: &[usize], is_read: bool) {
        self.keys += 1;
        self.stored += u64::from(!homes.is_empty());
        self.duplicates += u64::from(homes.len() > 1);
        self.misplaced += u64::from(homes.iter().any(|home| *home != owner));
        self.unread += u64::from(!is_read);
        for home in homes {
            if let Some(node) = self.nodes.get_mut(*home) {
                node.keys += 1;
            }
        }
    }

    /// Gives the verdict on a test that has run to its end.
    pub(super) fn conclude(&mut self) {
        self.ok = self.keys > 0
            && self.stored == self.keys
            && self.duplicates == 0
            && self.misplaced == 0
            && self.unread == 0;
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let chance = (self.keys > 0).then(|| self.chance());
        let chance = chance.as_ref();
        let mut fields = serializer.serialize_struct("Report", 22)?;
        fields.serialize_field("keys", &self.keys)?;
        fields.serialize_field("stored", &self.stored)?;
        fields.serialize_field("duplicates", &self.duplicates)?;
        fields.serialize_field("misplaced", &self.misplaced)?;
        fields.serialize_field("unread", &self.unread)?;
        fields.serialize_field("unreachable", &self.unreachable)?;
        fields.serialize_field("nodes", &self.nodes)?;
        fields.serialize_field("ok", &self.ok)?;
        fields.serialize_field("chi_squared", &chance.and_then(Chance::chi_squared))?;
        let degrees = chance.and_then(Chance::degrees_of_freedom);
        fields.serialize_field("degrees_of_freedom", &degrees)?;
        fields.serialize_field("p_value", &chance.and_then(Chance::p_value))?;
        fields.serialize_field("is_chance", &chance.and_then(Chance::is_chance))?;
        fields.serialize_field("seconds", &self.pace.elapsed().as_secs_f64())?;
        fields.serialize_field("rate", &self.pace.rate())?;
        fields.serialize_field("requests", &self.requests())?;
        fields.serialize_field("request_rate", &self.request_rate())?;
        fields.serialize_field("latencies", &self.measured)?;
        fields.serialize_field("seed", &self.space.seed())?;
        fields.serialize_field("length", &self.space.length())?;
        fields.serialize_field("lanes", &self.lanes)?;
        fields.serialize_field("version", env!("CARGO_PKG_VERSION"))?;
        fields.serialize_field("fingerprint", &self.fingerprint)?;
        fields.end()
    }
}

impl Measured {
    pub(super) fn new(cluster: &Cluster) -> Self {
        let names = cluster.placement().names();
        let nodes = names.map(|name| NodeLatencies {
            name: name.to_string(),
            offers: Latencies::default(),
            reads: Latencies::default(),
        });
        Self {
            offers: Latencies::default(),
            reads: Latencies::default(),
            nodes: nodes.collect(),
        }
    }

    /// Adds an offer to the node at this place.
    pub(super) fn add_offer(&mut self, node: usize, time: Duration) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.offers.add(time);
        }
    }

    /// Adds a reading through the node at this place.
    pub(super) fn add_read(&mut self, node: usize, time: Duration) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.reads.add(time);
        }
    }

    /// Makes the figures of all nodes from those of each.
    pub(super) fn sum_up(&mut self) {
        (self.offers, self.reads) = <(Latencies, Latencies)>::default();
        for node in &self.nodes {
            self.offers.add_all(&node.offers);
            self.reads.add_all(&node.reads);
        }
    }

    fn table(&self, columns: u16) -> String {
        let row = |name: &str, offers: &Latencies, reads: &Latencies| {
            let time = |latencies: &Latencies, percent| short_time(latencies.percentile(percent));
            [
                name.to_owned(),
                time(offers, 50.0),
                time(offers, 99.0),
                time(reads, 50.0),
                time(reads, 99.0),
            ]
        };
        let mut nodes = self.nodes.iter();
        let mut rows: Vec<_> = nodes
            .by_ref()
            .map(|node| row(&node.name, &node.offers, &node.reads))
            .collect();
        if rows.len() > 1 {
            rows.push(row("all nodes", &self.offers, &self.reads));
        }
        let header = [
            Column::Left("node"),
            Column::Right("offer p50"),
            Column::Right("p99"),
            Column::Right("read p50"),
            Column::Right("p99"),
        ];
        terminal::table(columns, header, rows)
    }
}

#[cfg(test)]
pub(super) mod tests;
