//! A file that is written whole, or not at all.
//!
//! It is written beside the place where it will be, under a name that no other run uses, and takes its own name when
//! all of it is on the disk. A link stays one, and leads to the new file. What is no file, such as a pipe or
//! `/dev/null`, is written to as it is.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::limits::{LINKS_FOLLOWED, TEMPORARY_NAMES_TRIED};

/// How a file is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Making {
    /// Whether it may take the place of another.
    pub(crate) may_replace: bool,
    /// Whether nobody but its owner may read it. Otherwise it has the mode of the one whose place it takes, or that
    /// of any new file.
    pub(crate) is_private: bool,
}

/// The name that a file gets when it is whole. Dropped, it removes the file that has not got it.
pub(crate) struct Naming {
    temporary: PathBuf,
    path: PathBuf,
    may_replace: bool,
    is_done: bool,
}

/// Begins: what to write to, and the name that it is to get if it is a file.
///
/// The error is of the kind [`io::ErrorKind::AlreadyExists`] where there is something which may not be replaced, and
/// [`io::ErrorKind::IsADirectory`] where there is a folder.
pub(crate) fn create(path: &Path, making: Making) -> io::Result<(File, Option<Naming>)> {
    // A link that leads nowhere is something, too.
    let is_there = fs::symlink_metadata(path).is_ok();
    let found = match fs::metadata(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        found => found.ok(),
    };
    match &found {
        Some(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Some(found) if !found.is_file() => {
            return Ok((OpenOptions::new().write(true).open(path)?, None));
        }
        _ if is_there && !making.may_replace => return Err(io::ErrorKind::AlreadyExists.into()),
        _ => {}
    }
    let path = match &found {
        Some(_) => fs::canonicalize(path)?,
        None => led_to(path)?,
    };
    let kept = found.map(|found| found.permissions());
    let kept = kept.filter(|_| !making.is_private);
    let is_closed = making.is_private || kept.is_some();
    let (file, temporary) = create_beside(&path, if is_closed { 0o600 } else { 0o666 })?;
    let naming = Naming {
        temporary,
        path,
        may_replace: making.may_replace,
        is_done: false,
    };
    if let Some(kept) = kept {
        // It may belong to somebody else than the one before, so that its program does not run as that one.
        file.set_permissions(Permissions::from_mode(kept.mode() & 0o777))?;
    }
    Ok((file, Some(naming)))
}

/// Has all that was written put on the disk, if there is one.
pub(crate) fn sync(file: &File) -> io::Result<()> {
    match file.sync_all() {
        // So pipes and devices answer.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}

/// Writes a whole file at once.
pub(crate) fn write(path: &Path, bytes: &[u8], making: Making) -> io::Result<()> {
    let (mut file, naming) = create(path, making)?;
    file.write_all(bytes)?;
    sync(&file)?;
    naming.map_or(Ok(()), |mut naming| naming.name())
}

/// The folder in which a file is.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => path,
    }
}

impl Naming {
    /// Gives the file its name. All of it has to be on the disk.
    pub(crate) fn name(&mut self) -> io::Result<()> {
        if self.may_replace {
            fs::rename(&self.temporary, &self.path)?;
        } else {
            rename_to_new(&self.temporary, &self.path)?;
        }
        self.is_done = true;
        // So that the name lasts too. Some systems do not sync folders, and some folders may not be read.
        let _ = File::open(folder_of(&self.path)).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

impl Drop for Naming {
    fn drop(&mut self) {
        if !self.is_done {
            // There is nobody to tell.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Renames a file, but not over another that has come to be there.
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    // Before Android 11 this call ends the program. There run programs built for Android, and static ones.
    #[cfg(any(
        all(target_os = "linux", not(target_env = "musl")),
        target_vendor = "apple"
    ))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // The file system, or the system, cannot do that.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            renamed => return Ok(renamed?),
        }
    }
    // Nothing better is there: hard links are not to be had everywhere either.
    if fs::symlink_metadata(to).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

/// Where a link leads that leads to nothing yet. What is no link leads to itself.
fn led_to(link: &Path) -> io::Result<PathBuf> {
    let mut path = link.to_owned();
    for _ in 0..LINKS_FOLLOWED {
        match fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::ErrorKind::InvalidInput.into())
}

/// Makes a file in the same folder, under a name that nothing else has.
fn create_beside(path: &Path, mode: u32) -> io::Result<(File, PathBuf)> {
    let file_name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let mut tries = 0;
    loop {
        let mut name = OsString::from(".");
        name.push(file_name);
        let random = RandomState::new().hash_one(tries);
        name.push(format!(".{}-{random:016x}.part", std::process::id()));
        let temporary = path.with_file_name(name);
        let opened = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&temporary);
        tries += 1;
        match opened {
            Err(error)
                if error.kind() == io::ErrorKind::AlreadyExists
                    && tries < TEMPORARY_NAMES_TRIED => {}
            opened => return Ok((opened?, temporary)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const NEW: Making = Making {
        may_replace: false,
        is_private: false,
    };
    const REPLACING: Making = Making {
        may_replace: true,
        is_private: false,
    };
    const PRIVATE: Making = Making {
        may_replace: true,
        is_private: true,
    };

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn two_runs_at_once_each_write_a_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        fs::write(folder.path().join("keys.part"), "somebody's").unwrap();
        let (mut one, one_name) = create(&path, REPLACING).unwrap();
        let (mut two, two_name) = create(&path, REPLACING).unwrap();
        one.write_all(b"one is half").unwrap();
        two.write_all(b"two").unwrap();
        two_name.unwrap().name().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        drop(one_name);
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(folder.path()), 2);
    }

    #[test]
    fn what_has_come_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let (_, naming) = create(&path, NEW).unwrap();
        fs::write(&path, "mine").unwrap();
        let refused = naming.unwrap().name().unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        assert_eq!(names(folder.path()), 1);
        fs::remove_file(&path).unwrap();
        write(&path, b"new", NEW).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn modes_are_right_from_the_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let beside = |making| {
            let (_, naming) = create(&path, making).unwrap();
            mode(&naming.unwrap().temporary)
        };
        assert_eq!(beside(PRIVATE), 0o600);
        let plain = folder.path().join("plain");
        fs::write(&plain, "").unwrap();
        assert_eq!(beside(NEW), mode(&plain));
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert_eq!(beside(REPLACING), 0o640);
        assert_eq!(beside(PRIVATE), 0o600);
        write(&path, b"x", REPLACING).unwrap();
        assert_eq!(mode(&path), 0o640);
    }

    #[test]
    fn a_link_stays_and_one_that_leads_nowhere_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let (link, path) = (folder.path().join("link"), folder.path().join("file"));
        symlink("file", &link).unwrap();
        let refused = create(&link, NEW).err().unwrap();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        for text in ["one", "two"] {
            write(&link, text.as_bytes(), REPLACING).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        }
        assert_eq!(names(folder.path()), 2);
    }

    #[test]
    fn a_device_is_written_to_and_stays_one() {
        let device = Path::new("/dev/null");
        for making in [NEW, REPLACING, PRIVATE] {
            write(device, b"gone", making).unwrap();
        }
        assert!(!fs::metadata(device).unwrap().is_file());
        let folder = tempfile::tempdir().unwrap();
        let refused = create(folder.path(), REPLACING).err().unwrap();
        assert_eq!(refused.kind(), io::ErrorKind::IsADirectory);
    }
}
