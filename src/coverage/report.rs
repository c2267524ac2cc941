//! What a coverage test found.

use serde::Serialize;

use crate::cluster::Cluster;
use crate::terminal::{self, Column};

/// The figures of a test. As JSON it is an interface that scripts rely on: names and order stay.
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

    /// The report for people: a table of the nodes and a list of the figures, in lines of at most
    /// `columns` characters.
    pub fn text(&self, columns: u16) -> String {
        let rows = self.nodes.iter().map(|node| {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a share is shown with one decimal"
            )]
            let share = node.keys as f64 / self.keys.max(1) as f64;
            [
                node.name.clone(),
                node.rule.clone(),
                percent(node.expected_share),
                percent(share),
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
        let table = terminal::table(columns, header, rows);
        let verdict = if self.ok { "complete" } else { "NOT complete" };
        let mut lines = vec![table, String::new(), format!("coverage is {verdict}")];
        for (what, count) in [
            ("offered to every node", self.keys),
            ("stored", self.stored),
            ("stored on several nodes", self.duplicates),
            ("stored on a wrong node", self.misplaced),
            ("not read through every node", self.unread),
        ] {
            lines.push(format!("  {what:<27} {count:>8}"));
        }
        lines.join("\n")
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

fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flaw_is_counted_and_spoils_the_verdict() {
        let cluster = Cluster::built_in();
        let verdict = |owner, homes: &[usize], is_read| {
            let mut report = Report::new(&cluster);
            report.conclude();
            assert!(!report.ok, "nothing was tested");
            report.count(0, &[0], true);
            assert!(!report.ok, "the test goes on");
            report.count(owner, homes, is_read);
            report.conclude();
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

    #[test]
    fn the_text_is_a_table_and_an_aligned_list() {
        let mut report = Report::new(&Cluster::built_in());
        report.count(0, &[0], true);
        report.count(1, &[1], true);
        report.count(2, &[2, 1], false);
        report.conclude();
        let text = report.text(terminal::COLUMNS);
        let expected = "\
node     rule                           expected   share  keys
──────────────────────────────────────────────────────────────
linux    MD5 ends in an even hex digit    50.0 %  33.3 %     1
mac      SHA-1 divisible by 3             16.7 %  66.7 %     2
android  the remainder                    33.3 %  33.3 %     1

coverage is NOT complete
  offered to every node              3
  stored                             3
  stored on several nodes            1
  stored on a wrong node             1
  not read through every node        1";
        assert_eq!(text, expected);
    }
}
