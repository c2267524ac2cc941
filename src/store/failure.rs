//! Failures of the disk while a store is at work.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::value::WrongType;
use crate::limits::{KEY_MAX_BYTES, VALUE_MAX_BYTES_CEILING};
use crate::storage::Storage;

/// What was done to a file when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Listing the folder.
    List,
    /// Opening or reading a file.
    Read,
    /// Making a file.
    Create,
    /// Appending to a file.
    Write,
    /// Making a file's content last.
    Sync,
    /// Making the folder's entries last.
    SyncFolder,
    /// Cutting a file.
    Cut,
    /// Giving a file its final name.
    Rename,
    /// Removing a file.
    Remove,
    /// Taking the lock.
    Lock,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::List => "list the folder",
            Self::Read => "read",
            Self::Create => "create",
            Self::Write => "write",
            Self::Sync => "sync",
            Self::SyncFolder => "sync the folder of",
            Self::Cut => "cut",
            Self::Rename => "rename",
            Self::Remove => "remove",
            Self::Lock => "lock",
        })
    }
}

/// A call on a file that failed.
///
/// After one on the journal, and after any sync that failed, the store takes no more writes, writes
/// no more snapshots and tries nothing again. What it acknowledged before is on the disk; of the
/// writes that were under way each may be there or not.
#[derive(Debug, Clone)]
pub struct Failure {
    file: String,
    action: Action,
    kind: io::ErrorKind,
    cause: String,
}

impl Failure {
    /// For `map_err`: makes an error of the operating system the failure of what was done.
    pub(super) fn on<'f>(
        storage: &'f dyn Storage,
        action: Action,
        name: &'f str,
    ) -> impl Fn(io::Error) -> Self + 'f {
        move |cause| Self {
            file: storage.describe(name),
            action,
            kind: cause.kind(),
            cause: cause.to_string(),
        }
    }

    /// The file, with its path.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What was tried.
    pub fn action(&self) -> Action {
        self.action
    }

    /// Whether it is about what had been written before: then nobody knows any more what the disk
    /// has.
    pub(super) fn is_of_sync(&self) -> bool {
        matches!(self.action, Action::Sync | Action::SyncFolder)
    }

    /// The kind of the operating system's error.
    pub fn kind(&self) -> io::ErrorKind {
        self.kind
    }

    /// What the operating system said.
    pub fn cause(&self) -> &str {
        &self.cause
    }

    /// What the owner of the device can do about it.
    pub fn remedy(&self) -> &'static str {
        match self.kind {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space there",
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "let this user read and write there"
            }
            io::ErrorKind::IsADirectory => "it has to be a file: move that folder away",
            _ => "look whether the disk is well",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            action,
            cause,
            ..
        } = self;
        write!(f, "could not {action} {file}: {cause}; {}", self.remedy())
    }
}

impl std::error::Error for Failure {}

/// Why a store did not do what it was asked to. Nothing has changed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The disk has failed before. Reads go on.
    #[error("writes have stopped until this node is started again: {0}")]
    Failed(Arc<Failure>),
    /// The operating system gives no thread for a checkpoint.
    #[error("a checkpoint needs a thread: {0}")]
    NoThread(String),
    /// A key that no journal record can hold.
    #[error("a key of {0} bytes is too long: {KEY_MAX_BYTES} is the most")]
    KeyTooLong(usize),
    /// A value that no journal record can hold.
    #[error("a value of {0} bytes is too long: {VALUE_MAX_BYTES_CEILING} is the most")]
    ValueTooLong(usize),
    /// There is a checkpoint under way.
    #[error("a checkpoint is under way already")]
    CheckpointRunning,
    /// The key has a value of another type.
    #[error(transparent)]
    WrongType(#[from] WrongType),
}
