//! Files that a test leaves: written as a whole or not at all, and never over another one unasked.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::terminal::readable_line;
use crate::whole_file::{self, Making, folder_of};

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// There is one of that name.
    #[error(
        "{} is there already; choose another name, or let it be overwritten with --force",
        shown(path)
    )]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The name is not that of a file.
    #[error("{} cannot be written: {what}", shown(path))]
    Unfit {
        /// The path.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// The system says why.
    #[error("{} cannot be written: {source}", shown(path))]
    Failed {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A path for people.
pub(super) fn shown(path: &Path) -> String {
    readable_line(path.as_os_str().as_encoded_bytes())
}

/// Learns before a long test whether a file can be written after it: whether its folder is there, and
/// whether it is not, or `may_overwrite`.
pub fn check(path: &Path, may_overwrite: bool) -> Result<(), FileError> {
    let unfit = |what| FileError::Unfit {
        path: path.to_owned(),
        what,
    };
    if path.file_name().is_none() {
        return Err(unfit("it is no name of a file"));
    }
    if !folder_of(path).is_dir() {
        return Err(unfit("its folder is not there; make it first"));
    }
    // What is no file, such as a pipe, is written to.
    let found = fs::metadata(path).ok();
    let is_special = (found.as_ref()).is_some_and(|found| !found.is_file() && !found.is_dir());
    match fs::symlink_metadata(path) {
        _ if found.is_some_and(|found| found.is_dir()) => Err(unfit("it is a folder")),
        Ok(_) if !may_overwrite && !is_special => Err(FileError::Exists {
            path: path.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Writes a file as a whole, or into what is no file.
pub fn write(path: &Path, bytes: &[u8], may_overwrite: bool) -> Result<(), FileError> {
    check(path, may_overwrite)?;
    let making = Making {
        may_replace: may_overwrite,
        is_private: false,
    };
    let path = path.to_owned();
    whole_file::write(&path, bytes, making).map_err(|source| match source.kind() {
        // One that has come meanwhile is not overwritten either.
        io::ErrorKind::AlreadyExists => FileError::Exists { path },
        _ => FileError::Failed { path, source },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_and_not_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.json");
        write(&path, b"one", false).unwrap();
        let refused = write(&path, b"two", false).unwrap_err().to_string();
        assert!(refused.ends_with(
            "plan.json is there already; choose another name, or let it be overwritten with --force"
        ));
        assert_eq!(fs::read(&path).unwrap(), b"one");
        write(&path, b"three", true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three");
        let names = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 1, "nothing else is left");
    }

    #[test]
    fn what_cannot_be_written_is_told_before_the_test() {
        let folder = tempfile::tempdir().unwrap();
        let told = |path: &Path| check(path, true).unwrap_err().to_string();
        assert!(told(folder.path()).ends_with(" cannot be written: it is a folder"));
        let missing = folder.path().join("no").join("plan.json");
        assert!(told(&missing).ends_with("its folder is not there; make it first"));
        assert!(told(Path::new("/")).ends_with("it is no name of a file"));
        assert!(check(Path::new("a-new-file"), false).is_ok());
    }

    #[test]
    fn links_and_what_is_no_file_stay_what_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let [file, link, fifo] = ["file", "link", "fifo"].map(|name| folder.path().join(name));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        write(&link, b"new", true).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.unwrap().success());
        let reader = std::thread::spawn({
            let fifo = fifo.clone();
            move || fs::read(fifo).unwrap()
        });
        write(&fifo, b"told", true).unwrap();
        assert_eq!(reader.join().unwrap(), b"told");
        write(Path::new("/dev/null"), b"gone", true).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
