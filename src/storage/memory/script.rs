//! What a test has planned for the calls on a [`MemoryStorage`](super::MemoryStorage).

use std::collections::BTreeMap;
use std::io;

/// The kinds of calls that can be counted and made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Listing the folder or opening a file for reading.
    Read,
    /// Creating a file.
    Create,
    /// Appending to a file.
    Append,
    /// Writing a part of a file once more; a sync follows it.
    Rewrite,
    /// Syncing a file.
    Sync,
    /// Cutting a file; a sync follows it.
    Truncate,
    /// Renaming a file.
    Rename,
    /// Removing a file.
    Remove,
    /// Syncing the folder.
    SyncFolder,
    /// Asking how much room there is.
    Space,
}

/// The calls that change nothing, so that a power loss is not counted by them.
const LOOKS: [Operation; 2] = [Operation::Read, Operation::Space];

/// How a call fails.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    cause: Cause,
    written: usize,
}

#[derive(Clone, Copy, Debug)]
enum Cause {
    Kind(io::ErrorKind),
    Code(i32),
    PowerOff,
}

impl Fault {
    /// An error of this kind.
    pub fn kind(kind: io::ErrorKind) -> Self {
        Self {
            cause: Cause::Kind(kind),
            written: 0,
        }
    }

    /// An error with this code of the operating system (`ENOSPC` is 28).
    pub fn code(code: i32) -> Self {
        Self {
            cause: Cause::Code(code),
            written: 0,
        }
    }

    /// The first `written` bytes of an append reach the file before the error: a short write.
    #[must_use]
    pub fn after_bytes(self, written: usize) -> Self {
        Self { written, ..self }
    }

    pub(super) fn written(self) -> usize {
        self.written
    }
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        match fault.cause {
            Cause::Kind(kind) => kind.into(),
            Cause::Code(code) => Self::from_raw_os_error(code),
            Cause::PowerOff => Self::other("the power is off"),
        }
    }
}

/// The plan, and the counts that it goes by.
#[derive(Default)]
pub(super) struct Script {
    /// Calls by kind and file.
    calls: BTreeMap<(Operation, String), usize>,
    faults: Vec<Planned>,
    stop_after: Option<usize>,
    holding: bool,
    /// Only syncs of this file are held.
    held_file: Option<String>,
    /// Whether questions for the room are held.
    pub(super) holds_space: bool,
    /// How many syncs may return although they are held.
    pub(super) passes: usize,
    pub(super) held: usize,
}

struct Planned {
    /// Which kinds of calls count.
    operations: Vec<Operation>,
    /// Only calls on this file count.
    file: Option<String>,
    at: usize,
    fault: Fault,
}

impl Script {
    pub(super) fn fail(
        &mut self,
        operations: &[Operation],
        file: Option<&str>,
        nth: usize,
        fault: Fault,
    ) {
        let at = self.count_on(operations, file) + nth;
        self.faults.push(Planned {
            operations: operations.to_vec(),
            file: file.map(str::to_owned),
            at,
            fault,
        });
    }

    /// Holds syncs: of one file, or of all.
    pub(super) fn hold(&mut self, file: Option<&str>) {
        self.holding = true;
        self.held_file = file.map(str::to_owned);
    }

    pub(super) fn release(&mut self) {
        (self.holding, self.passes) = (false, 0);
    }

    pub(super) fn holds(&self, file: &str) -> bool {
        self.holding && self.held_file.as_deref().is_none_or(|held| held == file)
    }

    pub(super) fn stop_after(&mut self, changes: usize) {
        self.stop_after = Some(changes);
    }

    pub(super) fn mend(&mut self) {
        self.faults.clear();
        self.stop_after = None;
    }

    pub(super) fn count(&self, operation: Operation) -> usize {
        self.count_on(&[operation], None)
    }

    pub(super) fn changes(&self) -> usize {
        self.calls.values().sum::<usize>() - self.count_on(&LOOKS, None)
    }

    /// Counts a call; an error if it is to fail.
    pub(super) fn begin(&mut self, operation: Operation, file: &str) -> Result<(), Fault> {
        *self.calls.entry((operation, file.to_owned())).or_default() += 1;
        if !LOOKS.contains(&operation) && self.stop_after.is_some_and(|n| self.changes() > n) {
            return Err(Fault {
                cause: Cause::PowerOff,
                written: 0,
            });
        }
        let planned = self.faults.iter().find(|planned| {
            planned.operations.contains(&operation)
                && planned.file.as_deref().is_none_or(|wanted| wanted == file)
                && planned.at == self.count_on(&planned.operations, planned.file.as_deref())
        });
        planned.map_or(Ok(()), |planned| Err(planned.fault))
    }

    fn count_on(&self, operations: &[Operation], file: Option<&str>) -> usize {
        let counts = self.calls.iter().filter(|((kind, name), _)| {
            operations.contains(kind) && file.is_none_or(|wanted| wanted == name)
        });
        counts.map(|(_, count)| count).sum()
    }
}
