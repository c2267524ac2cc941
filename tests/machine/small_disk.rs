//! A disk that is as full as a test wants it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate, statvfs};
use tempfile::TempDir;

use crate::machine::skip;

/// A `tmpfs` of 8 MiB (tmpfs(5)), which has its blocks in memory and whose syncs cost nothing. It is
/// unmounted when it is dropped, also by a test that fails.
pub(crate) struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// Mounts one. Where this process may not do that, the test is told as skipped, and the caller
    /// returns.
    pub(crate) fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        match mount(folder.path()) {
            Ok(()) => Some(Self { folder }),
            Err(error) => {
                let reason = format!("a small disk needs a mounted tmpfs, and here: {error}");
                skip("tmpfs", &reason);
                None
            }
        }
    }

    /// Where it is mounted.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Fills it with a file of somebody else's, in the place of an earlier one, until only `free` bytes
    /// (in whole pages) are left.
    pub(crate) fn fill(&self, free: u64) {
        self.clear();
        let ballast = File::create(self.ballast()).unwrap();
        let taken = self.free().saturating_sub(free);
        if taken > 0 {
            fallocate(&ballast, FallocateFlags::empty(), 0, taken).unwrap();
        }
        assert!(self.free() <= free);
    }

    /// Removes that file.
    pub(crate) fn clear(&self) {
        let _ = fs::remove_file(self.ballast());
    }

    /// How many bytes are free.
    pub(crate) fn free(&self) -> u64 {
        let disk = statvfs(self.path()).unwrap();
        disk.f_bavail * disk.f_frsize
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    /// What still has a file open there keeps the memory, but not the place in the folder.
    fn drop(&mut self) {
        if let Err(error) = unmount(self.path()) {
            // No panic, which would hide that of the test.
            let _ = writeln!(io::stderr(), "{} stays: {error}", self.path().display());
        }
    }
}

#[cfg(target_os = "linux")]
fn mount(path: &Path) -> io::Result<()> {
    use rustix::mount::{MountFlags, mount};
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    Ok(mount("tmpfs", path, "tmpfs", flags, c"size=8m,mode=700")?)
}

#[cfg(target_os = "linux")]
fn unmount(path: &Path) -> io::Result<()> {
    use rustix::mount::{UnmountFlags, unmount};
    Ok(unmount(path, UnmountFlags::DETACH)?)
}

#[cfg(not(target_os = "linux"))]
fn mount(_: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(target_os = "linux"))]
fn unmount(_: &Path) -> io::Result<()> {
    Ok(())
}
