//! A real folder of a real file system.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{FlockOperation, flock, fstatvfs};

use super::{AppendFile, Space, Storage};
use crate::limits::{FILE_READ_CHUNK_BYTES, FILE_WRITE_CHUNK_BYTES};

/// Others on the machine have no business in what a node keeps.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// A folder on disk.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Kept open, so that syncing the folder never fails for want of a descriptor.
    handle: File,
}

impl Folder {
    /// Opens the folder at `path`; creates it, with its parents, if it is not there.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        create_folder(&path)?;
        let handle = File::open(&path)?;
        Ok(Self { path, handle })
    }

    /// The path of a file. A name that would lead out of the folder is refused.
    fn path(&self, name: &str) -> io::Result<PathBuf> {
        let mut parts = Path::new(name).components();
        match (parts.next(), parts.next()) {
            (Some(Component::Normal(only)), None) if only == name => Ok(self.path.join(name)),
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("`{name}` is not the plain name of a file"),
            )),
        }
    }
}

impl Storage for Folder {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.path)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn open_read(&self, name: &str) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(File::open(self.path(name)?)?))
    }

    fn size(&self, name: &str) -> io::Result<u64> {
        Ok(std::fs::metadata(self.path(name)?)?.len())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn AppendFile>> {
        let path = self.path(name)?;
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(FILE_MODE)
            .open(path)?;
        Ok(Box::new(Appending { file, is_new: true }))
    }

    fn append(&self, name: &str) -> io::Result<Box<dyn AppendFile>> {
        let file = OpenOptions::new().append(true).open(self.path(name)?)?;
        Ok(Box::new(Appending {
            file,
            is_new: false,
        }))
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        File::open(self.path(name)?)?.sync_all()
    }

    fn rewrite(&self, name: &str, mut from: u64) -> io::Result<()> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(self.path(name)?)?;
        let mut chunk = vec![0; FILE_READ_CHUNK_BYTES];
        loop {
            let read = match file.read_at(&mut chunk, from) {
                Ok(0) => return file.sync_all(),
                Ok(read) => chunk.get(..read).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            file.write_all_at(read, from)?;
            from += read.len() as u64;
        }
    }

    fn truncate(&self, name: &str, len: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(self.path(name)?)?;
        file.set_len(len)?;
        file.sync_all()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path(from)?, self.path(to)?)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path(name)?)
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.handle.sync_all()
    }

    /// By `flock`, since `std::fs::File::lock` always fails on Android. The file says which process
    /// has the lock; it stays when the lock is released, because removing it would let two
    /// processes lock two files of one name.
    fn lock(&self, name: &str) -> io::Result<Box<dyn Send>> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(self.path(name)?)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Box::new(file))
    }

    fn space(&self) -> io::Result<Space> {
        let disk = fstatvfs(&self.handle)?;
        // Blocks that are kept for root are no room for a node.
        Ok(Space {
            free_bytes: disk.f_bavail.saturating_mul(disk.f_frsize),
            total_bytes: disk.f_blocks.saturating_mul(disk.f_frsize),
        })
    }

    fn describe(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }
}

struct Appending {
    file: File,
    /// Before its first sync a new file has more to make last than its data.
    is_new: bool,
}

impl AppendFile for Appending {
    /// `write_all` goes on after a short write and after a signal (EINTR).
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut chunks = bytes.chunks(FILE_WRITE_CHUNK_BYTES);
        chunks.try_for_each(|chunk| self.file.write_all(chunk))
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.is_new {
            self.file.sync_all()?;
            self.is_new = false;
            return Ok(());
        }
        self.file.sync_data()
    }
}

/// Creates `path` and what is missing above it, and makes each new entry last.
fn create_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    create_folder(parent)?;
    match DirBuilder::new().mode(FOLDER_MODE).create(path) {
        Ok(()) => {}
        // Another node of the same machine was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        Err(error) => return Err(error),
    }
    match File::open(parent) {
        Ok(parent) => parent.sync_all(),
        // One may have the right to create in a folder without the right to read it, and then it
        // can't be opened for syncing.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}
