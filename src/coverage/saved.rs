//! A test's plan in a file, by which its keys are found again later.
//!
//! The file is one JSON object. Since a seed gives the same keys again, it is small however many there are:
//!
//! | field | what it is |
//! |---|---|
//! | `triad` | `keygen`: what kind of file it is |
//! | `version` | 1: the version of this format |
//! | `program` | the version of the program that wrote it |
//! | `saved`, `saved_unix_ms` | when, for people; in milliseconds since 1970 |
//! | `seed`, `length` | the keys' space |
//! | `count` | how many keys there are |
//! | `drawn` | how many of the space were looked at: the first so many, without those passed over |
//! | `passed_over` | runs of keys that had values of somebody else: the index of the first, and that after the last |
//! | `fingerprint` | of the list of nodes and rules |
//! | `nodes` | of each: `name`, `rule` in words, `keys` that it stored |
//!
//! The value of a key is `triad keygen ` with the key behind it.

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::course::Passed;
use super::figures;
use super::file::{self, FileError, shown};
use super::{KeySpace, Report};
use crate::limits::{COVERAGE_PLAN_FILE_MAX_BYTES, KEY_MAX_BYTES, NODES_MAX};

/// The kind of file.
const KIND: &str = "keygen";
/// The version of the format that is written; no other one is known.
const VERSION: u64 = 1;

/// See the module's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Where the keys are from.
    pub space: KeySpace,
    /// How many there are.
    pub count: u64,
    /// When they were saved, in milliseconds since 1970.
    pub unix_ms: u64,
    /// The version of the program that saved them.
    pub program: String,
    /// The fingerprint of the list of nodes and rules then.
    pub fingerprint: String,
    /// The nodes then.
    pub nodes: Vec<SavedNode>,
    pub(super) drawn: u64,
    pub(super) passed: Passed,
}

/// A node at the time of the test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedNode {
    /// Its name.
    pub name: String,
    /// Its rule, for people.
    pub rule: String,
    /// The keys that it stored.
    pub keys: u64,
}

/// Why a plan cannot be saved.
#[derive(Debug, thiserror::Error)]
#[error(
    "the keys of this test cannot be verified later: those that were passed over, because they have \
     values of somebody else, are too scattered to be listed; choose a larger --length"
)]
pub struct TooScattered;

/// Why a file is no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SavedError {
    /// It cannot be read.
    #[error("{} cannot be read: {source}", shown(path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is another kind of file.
    #[error("{} is no file of keygen --save: {what}", shown(path))]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What shows it.
        what: String,
    },
    /// A later program wrote it.
    #[error(
        "{} has version {version} of its format, and this program knows version {VERSION}; use the \
         program that wrote it, or a newer one",
        shown(path)
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// The version.
        version: u64,
    },
    /// It was changed, or has lost a part.
    #[error(
        "{} is damaged: {what}; take it from a backup, or run the test again with --save",
        shown(path)
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

/// The file as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    triad: String,
    version: u64,
    program: String,
    saved: String,
    saved_unix_ms: u64,
    seed: u64,
    length: u64,
    count: u64,
    drawn: u64,
    passed_over: Vec<[u64; 2]>,
    fingerprint: String,
    nodes: Vec<SavedNode>,
}

impl Saved {
    /// The plan of a test that has run to its end, at a moment in milliseconds since 1970.
    pub fn of(report: &Report, unix_ms: u64) -> Result<Self, TooScattered> {
        report.passed.runs().ok_or(TooScattered)?;
        let nodes = report.nodes.iter().map(|node| SavedNode {
            name: node.name.clone(),
            rule: node.rule.clone(),
            keys: node.keys,
        });
        Ok(Self {
            space: report.space,
            count: report.keys,
            unix_ms,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            fingerprint: report.fingerprint.clone(),
            nodes: nodes.collect(),
            drawn: report.drawn,
            passed: report.passed.clone(),
        })
    }

    /// Writes it.
    pub fn write(&self, path: &Path, may_overwrite: bool) -> Result<(), FileError> {
        let failed = |source| FileError::Failed {
            path: path.to_owned(),
            source,
        };
        let json = serde_json::to_string_pretty(&self.document());
        let json = json.map_err(|error| failed(error.into()))?;
        file::write(path, format!("{json}\n").as_bytes(), may_overwrite)
    }

    fn document(&self) -> Document {
        let short = |index: u128| u64::try_from(index).unwrap_or(u64::MAX);
        let runs = self.passed.runs().unwrap_or_default().iter();
        Document {
            triad: KIND.to_owned(),
            version: VERSION,
            program: self.program.clone(),
            saved: figures::date(self.unix_ms),
            saved_unix_ms: self.unix_ms,
            seed: self.space.seed(),
            length: self.space.length() as u64,
            count: self.count,
            drawn: self.drawn,
            passed_over: runs.map(|run| [short(run.start), short(run.end)]).collect(),
            fingerprint: self.fingerprint.clone(),
            nodes: self.nodes.clone(),
        }
    }

    /// Reads such a file.
    pub fn read(path: &Path) -> Result<Self, SavedError> {
        let mut text = Vec::new();
        // One byte more than it may have, to tell one that is too large.
        let bound = COVERAGE_PLAN_FILE_MAX_BYTES + 1;
        let read = File::open(path).and_then(|file| file.take(bound).read_to_end(&mut text));
        let length = read.map_err(|source| SavedError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let foreign = |what: &str| SavedError::Foreign {
            path: path.to_owned(),
            what: what.to_owned(),
        };
        if length as u64 == bound {
            return Err(foreign("it is too large"));
        }
        let is_cut = |error: &serde_json::Error| error.is_eof() && looks_like_one(&text);
        let value: serde_json::Value = match serde_json::from_slice(&text) {
            Ok(value) => value,
            Err(error) if is_cut(&error) => {
                return Err(damaged(path, "its end is missing".to_owned()));
            }
            Err(error) if looks_like_one(&text) => return Err(damaged(path, error.to_string())),
            Err(_) => return Err(foreign("it is not JSON")),
        };
        if value.get("triad").and_then(serde_json::Value::as_str) != Some(KIND) {
            return Err(foreign(&format!("it does not say \"triad\": \"{KIND}\"")));
        }
        match value.get("version").and_then(serde_json::Value::as_u64) {
            Some(VERSION) => {}
            Some(version) => {
                return Err(SavedError::Version {
                    path: path.to_owned(),
                    version,
                });
            }
            None => return Err(damaged(path, "it has no version".to_owned())),
        }
        let document = serde_json::from_value(value);
        let document = document.map_err(|error| damaged(path, error.to_string()))?;
        Self::from_document(document).map_err(|what| damaged(path, what.to_owned()))
    }

    fn from_document(document: Document) -> Result<Self, &'static str> {
        let length = usize::try_from(document.length).unwrap_or(usize::MAX);
        if length == 0 || length > KEY_MAX_BYTES {
            return Err("no key has such a length");
        }
        if document.nodes.is_empty() || document.nodes.len() > NODES_MAX {
            return Err("no list has so many nodes");
        }
        let space = KeySpace::new(length, document.seed);
        let runs = document.passed_over.iter();
        let runs = runs.map(|[start, end]| Range {
            start: u128::from(*start),
            end: u128::from(*end),
        });
        let passed = Passed::from_runs(runs.collect());
        let passed = passed.ok_or("the runs of passed_over are not in order")?;
        let end = passed.runs().and_then(<[_]>::last).map_or(0, |run| run.end);
        let drawn = u128::from(document.drawn);
        if drawn > space.size() || end > drawn {
            return Err("there are not so many keys of its length");
        }
        if document.count == 0 || passed.len() + u128::from(document.count) != drawn {
            return Err("count, drawn and passed_over do not agree");
        }
        Ok(Self {
            space,
            count: document.count,
            unix_ms: document.saved_unix_ms,
            program: document.program,
            fingerprint: document.fingerprint,
            nodes: document.nodes,
            drawn: document.drawn,
            passed,
        })
    }
}

/// Whether the beginning of a text is that of such a file.
fn looks_like_one(text: &[u8]) -> bool {
    let start = text.get(..text.len().min(64)).unwrap_or_default();
    let start: Vec<u8> = start
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    start.starts_with(br#"{"triad":"keygen""#)
}

fn damaged(path: &Path, what: String) -> SavedError {
    SavedError::Damaged {
        path: path.to_owned(),
        what,
    }
}

#[cfg(test)]
mod tests;
