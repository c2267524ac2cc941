//! What a repair has left out.

use crate::limits::REPAIR_LISTED_MAX;
use crate::store::error::{Place, shorten};

/// What a repair has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// What could not be loaded: where it stands in the copies, and why, a line each.
    /// Only so many of them as [`REPAIR_LISTED_MAX`] says; the last line tells how many there are beyond.
    pub left_out: Vec<String>,
    /// The copies of the files as they were, with their paths.
    pub kept: Vec<String>,
    /// The file, with its path, where all that was left out is listed.
    pub listed_in: String,
}

/// A list of what was left out, under way.
#[derive(Default)]
pub(super) struct Report {
    lines: Vec<String>,
    /// What the list has no place for.
    more: u64,
}

impl Report {
    pub(super) fn add(&mut self, file: &str, place: Place, problem: &str) {
        if self.lines.len() < REPAIR_LISTED_MAX {
            self.lines
                .push(format!("{file}{place}: {}", shorten(problem)));
        } else {
            self.more += 1;
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.lines.len() as u64 + self.more
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        let mut lines = self.lines;
        if self.more > 0 {
            lines.push(format!("and {} more", self.more));
        }
        lines
    }
}
