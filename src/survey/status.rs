//! `status`: what the entry node knows of every node.

use crate::command::SelfReport;
use crate::ending::Ending;
use crate::resp::Frame;
use crate::terminal::{self, Colours, Column};
use serde::Serialize;

use crate::session::Session;

/// Every node, in the order of the list.
#[derive(Debug, Serialize)]
pub struct Status {
    nodes: Vec<NodeStatus>,
}

/// One node, as the entry node sees it.
#[derive(Debug, Serialize)]
struct NodeStatus {
    name: String,
    address: String,
    rule: String,
    share: String,
    reachable: bool,
    keys: Option<i64>,
    misplaced: Option<i64>,
    version: Option<String>,
    error: Option<String>,
}

impl Status {
    /// Asks the entry node.
    pub async fn ask(session: &mut Session) -> Result<Self, Ending> {
        let nodes = session.ask(&[b"TRIAD", b"NODES"], |reply| match reply {
            Frame::Array(rows) => rows.iter().map(NodeStatus::read).collect(),
            _ => None,
        });
        Ok(Self {
            nodes: nodes.await?,
        })
    }

    /// Whether every node can be reached.
    pub fn is_complete(&self) -> bool {
        self.nodes.iter().all(|node| node.reachable)
    }

    /// The nodes as a table, with a sentence for each thing to mind.
    pub fn text(&self, columns: u16) -> String {
        self.text_in(columns, Colours::NONE)
    }

    /// The same with colours.
    pub fn text_in(&self, columns: u16, colours: Colours) -> String {
        let header = [
            Column::Left("node"),
            Column::Left("address"),
            Column::Left("rule"),
            Column::Left("share"),
            Column::Right("keys"),
            Column::Left("state"),
        ];
        let rows = self.nodes.iter().map(|node| {
            let keys = node.keys.map(|keys| keys.to_string());
            let state = match &node.error {
                _ if !node.reachable => "DOWN",
                Some(_) => "ERROR",
                None => "up",
            };
            [
                node.name.clone(),
                node.address.clone(),
                node.rule.clone(),
                node.share.clone(),
                keys.unwrap_or_else(|| "?".to_owned()),
                state.to_owned(),
            ]
        });
        let mut lines = vec![colours.paint_table(&terminal::table(columns, header, rows))];
        for node in &self.nodes {
            if let Some(error) = &node.error {
                let said = format!("{}: {error}", node.name);
                lines.push(terminal::readable_line(said.as_bytes()));
            }
            if let Some(count) = node.misplaced.filter(|count| *count > 0) {
                lines.push(format!(
                    "{}: {count} keys here belong to other nodes; `client rehome` sends them there",
                    node.name
                ));
            }
        }
        lines.join("\n")
    }
}

impl NodeStatus {
    /// Reads a row of `TRIAD NODES`.
    fn read(row: &Frame<'_>) -> Option<Self> {
        let Frame::Map(fields) = row else { return None };
        let text = |name: &str| {
            let mut fields = fields.iter();
            let field = fields.find(|(field, _)| field.as_bytes() == Some(name.as_bytes()));
            let text = field.and_then(|(_, value)| value.as_bytes());
            text.map(|text| String::from_utf8_lossy(text).into_owned())
        };
        let report = SelfReport::from_frame(row);
        Some(Self {
            name: text("name")?,
            address: text("address")?,
            rule: text("rule")?,
            share: text("share")?,
            reachable: report.is_some(),
            keys: report.as_ref().map(|report| report.keys),
            misplaced: report.as_ref().map(|report| report.misplaced),
            version: report.map(|report| report.version),
            error: text("error"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str) -> NodeStatus {
        NodeStatus {
            name: name.to_owned(),
            address: "127.0.0.1:7001".to_owned(),
            rule: "MD5 ends in an even hex digit".to_owned(),
            share: "1/2".to_owned(),
            reachable: true,
            keys: Some(1_234_567),
            misplaced: Some(0),
            version: Some("0.1.0".to_owned()),
            error: None,
        }
    }

    fn text_of(nodes: Vec<NodeStatus>) -> String {
        Status { nodes }.text(terminal::COLUMNS)
    }

    #[test]
    fn the_status_of_usual_nodes_fits_a_usual_terminal() {
        let text = text_of(vec![node("linux"), node("android")]);
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
    }

    #[test]
    fn what_is_to_be_minded_is_said_below_the_table() {
        let mac = NodeStatus {
            misplaced: Some(3),
            ..node("mac")
        };
        let android = NodeStatus {
            reachable: false,
            keys: None,
            misplaced: None,
            error: Some("UNREACHABLE android 127.0.0.1:7003: asleep".to_owned()),
            ..node("android")
        };
        let linux = NodeStatus {
            error: Some("could not write linux.journal-1.jsonl: no space".to_owned()),
            ..node("linux")
        };
        let nodes = vec![linux, mac, android];
        let expected = "\
node     address         rule                           share     keys  state
─────────────────────────────────────────────────────────────────────────────
linux    127.0.0.1:7001  MD5 ends in an even hex digit  1/2    1234567  ERROR
mac      127.0.0.1:7001  MD5 ends in an even hex digit  1/2    1234567  up
android  127.0.0.1:7001  MD5 ends in an even hex digit  1/2          ?  DOWN
linux: could not write linux.journal-1.jsonl: no space
mac: 3 keys here belong to other nodes; `client rehome` sends them there
android: UNREACHABLE android 127.0.0.1:7003: asleep";
        let status = Status { nodes };
        assert_eq!(status.text(terminal::COLUMNS), expected);
        let coloured = expected
            .replacen("node ", "\u{1b}[1mnode ", 1)
            .replacen("state\n", "state\u{1b}[0m\n", 1)
            .replace("ERROR\n", "\u{1b}[31mERROR\u{1b}[0m\n")
            .replace("up\n", "\u{1b}[32mup\u{1b}[0m\n")
            .replace("DOWN\n", "\u{1b}[31mDOWN\u{1b}[0m\n");
        let found = status.text_in(terminal::COLUMNS, Colours::ALL);
        assert_eq!(found, coloured);
    }
}
