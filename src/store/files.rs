//! The names of a node's files.

use super::format::NUMBER_MAX;

/// The names of the files of one node, which all begin with the node's name and a dot. A node's
/// name has no dot in it, so that no other node's files begin so.
#[derive(Clone)]
pub(super) struct FileNames {
    node: String,
}

impl FileNames {
    pub(super) fn new(node: &str) -> Self {
        Self {
            node: node.to_owned(),
        }
    }

    pub(super) fn node(&self) -> &str {
        &self.node
    }

    /// Who holds it is the node that writes the other files.
    pub(super) fn lock(&self) -> String {
        format!("{}.lock", self.node)
    }

    pub(super) fn snapshot(&self) -> String {
        format!("{}.json", self.node)
    }

    /// A snapshot that is being written.
    pub(super) fn temporary(&self) -> String {
        format!("{}.json.tmp", self.node)
    }

    /// A segment of the journal.
    pub(super) fn segment(&self, number: u64) -> String {
        format!("{}.journal-{number}.jsonl", self.node)
    }

    /// What was cut off the end of the journal.
    pub(super) fn torn(&self, number: u64) -> String {
        format!("{}.torn-{number}", self.node)
    }

    /// A copy that the repair of this number has kept, or its list. No file of a store has such a name.
    pub(super) fn damaged(&self, number: u64, rest: &str) -> String {
        format!("{}.damaged-{number}.{rest}", self.node)
    }

    /// The number of a segment, if this is the name of one.
    pub(super) fn segment_number(&self, name: &str) -> Option<u64> {
        let number = name.strip_prefix(&self.node)?.strip_prefix(".journal-")?;
        let number = number.strip_suffix(".jsonl")?.parse().ok()?;
        (name == self.segment(number) && number <= NUMBER_MAX).then_some(number)
    }
}
