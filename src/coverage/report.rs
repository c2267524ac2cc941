//! What a coverage test found.

use serde::Serialize;

use crate::cluster::Cluster;

/// The figures of a test.
#[derive(Debug, Clone, PartialEq, Serialize)]
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

impl Report {
    /// A report without keys.
    pub fn new(cluster: &Cluster) -> Self {
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
        }
    }

    /// The figures in a sentence.
    pub fn verdict(&self) -> String {
        let Self {
            keys,
            stored,
            duplicates,
            misplaced,
            unread,
            ok,
            ..
        } = self;
        let verdict = if *ok { "complete" } else { "NOT complete" };
        format!(
            "coverage is {verdict}: of {keys} keys {stored} were stored, {duplicates} more than once, \
             {misplaced} on a node that the rules do not name; {unread} could not be read back through \
             every node"
        )
    }

    /// Counts one key: the place of its owner, the places of the nodes that stored it, and whether
    /// every node gave it back.
    pub fn count(&mut self, owner: usize, homes: &[usize], is_read: bool) {
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
        self.ok = self.stored == self.keys
            && self.duplicates == 0
            && self.misplaced == 0
            && self.unread == 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flaw_is_counted_and_spoils_the_verdict() {
        let cluster = Cluster::built_in();
        let verdict = |owner, homes: &[usize], is_read| {
            let mut report = Report::new(&cluster);
            report.count(0, &[0], true);
            assert!(report.ok);
            report.count(owner, homes, is_read);
            let Report {
                stored,
                duplicates,
                misplaced,
                unread,
                ok,
                ..
            } = report;
            (stored, duplicates, misplaced, unread, ok)
        };
        assert_eq!(verdict(1, &[1], true), (2, 0, 0, 0, true));
        assert_eq!(verdict(1, &[], false), (1, 0, 0, 1, false));
        assert_eq!(verdict(1, &[], true), (1, 0, 0, 0, false));
        assert_eq!(verdict(1, &[0, 1], true), (2, 1, 1, 0, false));
        assert_eq!(verdict(1, &[2], true), (2, 0, 1, 0, false));
        assert_eq!(verdict(1, &[1], false), (2, 0, 0, 1, false));
    }
}
