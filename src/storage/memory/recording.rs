//! A recording of all that happened to a folder in memory.

use std::slice;

use super::MemoryStorage;
use super::disk::{Disk, Step};

/// The folder as it was at each point of its history, from the beginning of the recording on: before
/// the first step, and after each. A step is one change of a file (a write, a cut) or of the folder
/// (a file made, renamed, removed), or one sync. What was not synced at a point is not synced there
/// either, so that [`MemoryStorage::crash`] gives what a power loss would have left then.
pub struct Recording {
    disk: Disk,
    steps: Vec<Step>,
}

impl Recording {
    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether nothing has happened.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The points, in order: one more than there are steps.
    pub fn points(&self) -> Points<'_> {
        Points {
            next: Some(self.disk.clone()),
            steps: self.steps.iter(),
        }
    }
}

/// See [`Recording::points`].
pub struct Points<'r> {
    next: Option<Disk>,
    steps: slice::Iter<'r, Step>,
}

impl Iterator for Points<'_> {
    type Item = MemoryStorage;

    fn next(&mut self) -> Option<MemoryStorage> {
        let disk = self.next.take()?;
        if let Some(step) = self.steps.next() {
            let mut next = disk.clone();
            next.take(step.clone());
            self.next = Some(next);
        }
        Some(MemoryStorage::with_disk(disk))
    }
}

impl MemoryStorage {
    /// Begins to record what happens to the folder.
    ///
    /// While it is recorded a sync takes a while before it has any effect: a fraction of a
    /// millisecond, as on a fast disk. So who does not wait for it is found out.
    pub fn record(&self) {
        let mut state = self.state();
        let before = state.disk.record();
        state.before = Some(before);
    }

    /// How many steps were recorded so far.
    pub fn recorded(&self) -> usize {
        self.state().disk.recorded().len()
    }

    /// What was recorded so far.
    pub fn recording(&self) -> Recording {
        let state = self.state();
        Recording {
            disk: state.before.clone().unwrap_or_default(),
            steps: state.disk.recorded().to_vec(),
        }
    }
}
