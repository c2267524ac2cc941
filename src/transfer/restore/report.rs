//! What became of the keys of a backup.

use serde::Serialize;

use crate::json::Key;
use crate::limits::RESTORE_KEPT_TOLD;
use crate::terminal;
use crate::transfer::tally::keys_text;

/// What was done.
#[derive(Debug, Default, Serialize)]
pub struct Restored {
    /// The keys that were not there, and are now.
    #[serde(rename = "restored")]
    new: u64,
    /// Those that were there with another value or deadline, and are as in the backup now.
    replaced: u64,
    /// Those that were there as they are in the backup.
    same: u64,
    /// Those whose deadline has passed.
    expired: u64,
    /// Those that were there with another value or deadline, and stay so.
    differing: u64,
    /// Those that their owners do not take.
    refused: u64,
    /// The first of these two kinds.
    kept: Vec<Kept>,
}

/// A key that is not as in the backup.
#[derive(Debug, Serialize)]
struct Kept {
    #[serde(flatten)]
    key: Key,
    node: String,
    reason: Reason,
    /// The sentence for people.
    #[serde(skip)]
    text: String,
}

/// Why a key is not as in the backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Reason {
    /// It was there with another value.
    Value,
    /// It was there with another deadline.
    Deadline,
    /// Its owner does not take it.
    Refused(String),
}

/// What became of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Restored,
    Replaced,
    Same,
    Expired,
    Kept(Reason),
}

impl Restored {
    /// Whether every key is as in the backup now.
    pub fn is_complete(&self) -> bool {
        self.differing + self.refused == 0
    }

    /// The sentences for people.
    pub fn text(&self) -> String {
        let mut first = vec![format!("restored {}", keys_text(self.new + self.replaced))];
        let others = [
            (self.replaced, "replaced another value"),
            (self.same, "there already"),
            (self.expired, "expired meanwhile"),
        ];
        let others = others.iter().filter(|(count, _)| *count > 0);
        first.extend(others.map(|(count, what)| format!("{count} {what}")));
        let mut lines = vec![first.join("; ")];
        lines.extend(self.kept.iter().map(|kept| kept.text.clone()));
        let untold = self.differing + self.refused - self.kept.len() as u64;
        if untold > 0 {
            lines.push(format!("and {untold} more"));
        }
        if self.differing > 0 {
            lines.push(format!(
                "{} kept as in the cluster; to have the backup's instead, run it again with --replace",
                keys_text(self.differing)
            ));
        }
        lines.join("\n")
    }

    pub(super) fn note(&mut self, key: &[u8], node: &str, fate: &Fate) {
        match fate {
            Fate::Restored => self.new += 1,
            Fate::Replaced => self.replaced += 1,
            Fate::Same => self.same += 1,
            Fate::Expired => self.expired += 1,
            Fate::Kept(reason) => self.keep(key, node, reason),
        }
    }

    fn keep(&mut self, key: &[u8], node: &str, reason: &Reason) {
        match reason {
            Reason::Refused(_) => self.refused += 1,
            _ => self.differing += 1,
        }
        if self.kept.len() >= RESTORE_KEPT_TOLD {
            return;
        }
        let shown = terminal::readable_line(key);
        self.kept.push(Kept {
            key: Key::new(key),
            node: node.to_owned(),
            reason: reason.clone(),
            text: match reason {
                Reason::Value => format!("kept: {shown} ({node} has another value)"),
                Reason::Deadline => format!("kept: {shown} ({node} has it with another deadline)"),
                Reason::Refused(cause) => {
                    let cause = terminal::readable_line(cause.as_bytes());
                    format!("not restored: {shown} ({node} does not take it: {cause})")
                }
            },
        });
    }
}
