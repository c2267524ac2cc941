//! The one door to the file system. Everything that a node keeps stands in one folder, and whatever
//! touches that folder goes through [`Storage`], by file name.
//!
//! The trait says exactly what durability is built from: appending to a file, syncing a file, and
//! syncing the folder (which is what makes the creation, the renaming and the removal of files
//! last). [`Folder`] is the real thing. [`MemoryStorage`] has the same calls on a model of a disk
//! that loses whatever was not synced, so that tests can cut the power after any call.
//!
//! There are no hard links in it (Android refuses them), and what was written is never changed.

mod background;
mod folder;
pub mod memory;

use std::io::{self, Read};

pub use background::background;
pub use folder::Folder;
pub use memory::MemoryStorage;

/// A folder of files, each named by a plain name without separators.
///
/// A call that fails leaves it open how much of it was done, as with any file system; only a
/// successful [`AppendFile::sync`], [`Storage::sync`] or [`Storage::sync_folder`] makes promises.
pub trait Storage: Send + Sync {
    /// The names of what is in the folder, in no order. Names that are not UTF-8 are left out.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Opens a file for reading from its beginning.
    fn open_read(&self, name: &str) -> io::Result<Box<dyn Read + Send>>;

    /// The size of a file, in bytes.
    fn size(&self, name: &str) -> io::Result<u64>;

    /// Creates a file for appending; fails if there is something of that name.
    fn create(&self, name: &str) -> io::Result<Box<dyn AppendFile>>;

    /// Opens a file that exists for appending.
    fn append(&self, name: &str) -> io::Result<Box<dyn AppendFile>>;

    /// Makes all that is in a file last, whoever wrote it.
    fn sync(&self, name: &str) -> io::Result<()>;

    /// Writes what a file has from `from` on once more, in its place, and syncs it.
    ///
    /// This is for what may have been written by a process whose sync failed. The kernel may hold
    /// such pages for clean, though they never reached the disk, and no sync by a later process
    /// would tell; written again they have to go there.
    fn rewrite(&self, name: &str, from: u64) -> io::Result<()>;

    /// Cuts a file to its first `len` bytes and syncs it.
    fn truncate(&self, name: &str, len: u64) -> io::Result<()>;

    /// Gives a file another name, taking the place of what had that name, in one step.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes all that was created, renamed and removed in the folder last.
    fn sync_folder(&self) -> io::Result<()>;

    /// Takes a lock that no second process (and no second caller in this one) can hold, until the
    /// returned guard is dropped. While another has it the error is [`io::ErrorKind::WouldBlock`].
    /// A process that ends, in whatever way, loses its locks.
    fn lock(&self, name: &str) -> io::Result<Box<dyn Send>>;

    /// How much room the file system of the folder has. May wait for the disk.
    fn space(&self) -> io::Result<Space>;

    /// The file as a person would look for it: its path.
    fn describe(&self, name: &str) -> String;
}

/// The room of a file system, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What this program could still write there.
    pub free_bytes: u64,
    /// What there is in all.
    pub total_bytes: u64,
}

/// A file that is open for appending.
pub trait AppendFile: Send {
    /// Writes all of `bytes` at the end. After an error any part of them may have been written.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes all that was appended last. After an error nothing is known about it any more, and a
    /// later success says nothing about it either: the kernel may have dropped the pages.
    fn sync(&mut self) -> io::Result<()>;
}
