//! `doctor`: everything that may be wrong with the nodes of a cluster, and what to do about each of it.
//!
//! Every node is asked directly and all at once. What is judged, and by which thresholds, stands in `checks`;
//! the sentences of what to do in `advice`.

mod advice;
mod ask;
mod checks;
mod text;
mod thresholds;

use serde::Serialize;

use super::probe::Probe;
use crate::ending::Ending;
use crate::session::Session;
use ask::{Facts, Seen};

/// How a check has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All is well.
    Ok,
    /// It works, and should be seen to.
    Warning,
    /// Something does not work.
    Problem,
}

/// One check. The names of the fields are those of the JSON document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The node that it is about; none if it is about all of them.
    pub node: Option<String>,
    /// What was looked at.
    pub check: &'static str,
    /// How it has ended.
    pub result: Verdict,
    /// What was found.
    pub detail: String,
    /// What to do about it; none where all is well.
    pub action: Option<String>,
}

/// What a node has told, in numbers; all but the first three are null where it did not.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct NodeFacts {
    name: String,
    address: String,
    reachable: bool,
    ping_us: Option<u64>,
    version: Option<String>,
    clock_offset_ms: Option<i64>,
    disk_free_bytes: Option<u64>,
    disk_total_bytes: Option<u64>,
    journal_bytes: Option<u64>,
    snapshot_bytes: Option<u64>,
    keys: Option<u64>,
    misplaced: Option<u64>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Findings {
    result: Verdict,
    nodes: Vec<NodeFacts>,
    checks: Vec<Check>,
}

/// Asks every node of the session's cluster, and judges what it tells. A node that can't be reached is a
/// finding, and no error.
pub async fn doctor(session: &Session) -> Result<Findings, Ending> {
    let cluster = session.cluster();
    let mut asked = Vec::new();
    for node in cluster.nodes() {
        let probe = Probe::of(node);
        asked.push(tokio::spawn(ask::ask(probe)));
    }
    let mut seen = Vec::new();
    for (node, asked) in cluster.nodes().iter().zip(asked) {
        let told = asked.await.map_err(Ending::failure)?;
        seen.push(Seen {
            name: node.name.to_string(),
            address: node.address.to_string(),
            told,
        });
    }
    let version = env!("CARGO_PKG_VERSION");
    Ok(Findings::of(&seen, &checks::all(cluster, version, &seen)))
}

impl Findings {
    fn of(seen: &[Seen], checks: &[Check]) -> Self {
        let worst = checks.iter().map(|check| check.result).max();
        Self {
            result: worst.unwrap_or(Verdict::Ok),
            nodes: seen.iter().map(NodeFacts::of).collect(),
            checks: checks.to_vec(),
        }
    }

    /// Whether nothing is to be seen to.
    pub fn is_well(&self) -> bool {
        self.result == Verdict::Ok
    }

    /// Whether every node has answered.
    pub fn is_complete(&self) -> bool {
        self.nodes.iter().all(|node| node.reachable)
    }

    /// Every check that was made.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The checks that ended otherwise than well.
    fn found(&self) -> impl Iterator<Item = &Check> {
        let checks = self.checks.iter();
        checks.filter(|check| check.result != Verdict::Ok)
    }
}

impl NodeFacts {
    fn of(seen: &Seen) -> Self {
        let facts = seen.told.as_ref().ok();
        Self {
            name: seen.name.clone(),
            address: seen.address.clone(),
            reachable: facts.is_some(),
            ping_us: facts.map(|facts| micros(facts.ping)),
            version: facts.map(|facts| facts.version().to_owned()),
            clock_offset_ms: facts.map(|facts| facts.clock.offset_us / 1000),
            disk_free_bytes: facts.and_then(Facts::disk_free),
            disk_total_bytes: facts.and_then(Facts::disk_total),
            journal_bytes: facts.and_then(Facts::journal),
            snapshot_bytes: facts.and_then(Facts::snapshot),
            keys: facts.map(|facts| facts.info.keys()),
            misplaced: facts.map(Facts::misplaced),
        }
    }
}

/// A time in microseconds.
fn micros(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
