//! Files that a test leaves: written as a whole or not at all, and never over another one unasked.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::terminal::readable_line;

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
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Err(unfit("it is a folder")),
        Ok(_) if !may_overwrite => Err(FileError::Exists {
            path: path.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Writes a file: first one beside it, which takes its name when all of it is on the disk.
pub fn write(path: &Path, bytes: &[u8], may_overwrite: bool) -> Result<(), FileError> {
    check(path, may_overwrite)?;
    let beside = beside(path);
    let written = write_beside(&beside, bytes).and_then(|()| {
        // One that has come meanwhile is not overwritten either.
        if check(path, may_overwrite).is_err() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        fs::rename(&beside, path)?;
        // So that the name lasts too. Some systems do not sync folders.
        let _ = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
        Ok(())
    });
    written.map_err(|source| {
        let _ = fs::remove_file(&beside);
        FileError::Failed {
            path: path.to_owned(),
            source,
        }
    })
}

fn write_beside(beside: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(beside)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => path,
    }
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
}
