//! A file that is written whole, or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::Place;
use crate::ending::Ending;

/// How a file is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Making {
    /// Whether it may take the place of another.
    pub(super) may_replace: bool,
    /// Who may read it, as far as the user's own mask allows that.
    pub(super) mode: u32,
}

/// Something to write to. A file is written beside the place where it will be, and gets its name when it is
/// whole. Dropped before that, nothing is left.
pub(super) struct Target {
    out: Out,
    shown: String,
}

enum Out {
    Standard,
    /// A file that is there and is no usual one, such as a pipe.
    Special(File),
    File {
        file: File,
        /// None when it has its name.
        temporary: Option<PathBuf>,
        path: PathBuf,
        making: Making,
    },
}

impl Target {
    pub(super) fn create(place: &Place, making: Making) -> Result<Self, Ending> {
        let path = match place {
            Place::Standard => {
                let (out, shown) = (Out::Standard, "standard output".to_owned());
                return Ok(Self { out, shown });
            }
            Place::File(path) => path,
        };
        let shown = path.display().to_string();
        let failed = |error| cannot(&shown, "be written", &error);
        let out = match fs::metadata(path) {
            Ok(about) if about.is_dir() => {
                return Err(Ending::usage(format!(
                    "{shown} is a folder; give the path of a file"
                )));
            }
            Ok(about) if !about.is_file() => {
                let file = OpenOptions::new().write(true).open(path);
                Out::Special(file.map_err(failed)?)
            }
            Ok(_) if !making.may_replace => return Err(exists(&shown)),
            // A link stays one, and leads to the new file.
            Ok(_) => make(fs::canonicalize(path).map_err(failed)?, making).map_err(failed)?,
            Err(_) => make(path.clone(), making).map_err(failed)?,
        };
        Ok(Self { out, shown })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Ending> {
        let written = match &mut self.out {
            Out::Standard => io::stdout().write_all(bytes),
            Out::Special(file) | Out::File { file, .. } => file.write_all(bytes),
        };
        written.map_err(|error| cannot(&self.shown, "be written", &error))
    }

    /// The end: a file is synced, and gets its name.
    pub(super) fn finish(mut self) -> Result<(), Ending> {
        let finished = match &mut self.out {
            Out::Standard => io::stdout().flush(),
            Out::Special(_) => Ok(()),
            Out::File {
                file,
                temporary,
                path,
                making,
            } => {
                // It may have come to be there meanwhile.
                if !making.may_replace && fs::symlink_metadata(&*path).is_ok() {
                    return Err(exists(&self.shown));
                }
                let named = name(file, temporary.as_deref(), path);
                if named.is_ok() {
                    *temporary = None;
                }
                named
            }
        };
        finished.map_err(|error| cannot(&self.shown, "be written", &error))
    }
}

fn name(file: &File, temporary: Option<&Path>, path: &Path) -> io::Result<()> {
    file.sync_all()?;
    if let Some(temporary) = temporary {
        fs::rename(temporary, path)?;
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Makes the file under its temporary name. One that a program has left which was killed is removed.
fn make(path: PathBuf, making: Making) -> io::Result<Out> {
    let mut temporary = path.clone().into_os_string();
    temporary.push(".part");
    let temporary = PathBuf::from(temporary);
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(making.mode)
        .open(&temporary)?;
    Ok(Out::File {
        file,
        temporary: Some(temporary),
        path,
        making,
    })
}

fn exists(shown: &str) -> Ending {
    Ending::usage(format!(
        "{shown} is there already, and stays as it is; give another name, or --force to replace it"
    ))
}

fn cannot(shown: &str, what: &str, error: &io::Error) -> Ending {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Ending::failure(format!("nobody reads {shown} any more"));
    }
    Ending::failure(format!("{shown} can't {what} ({error})"))
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Out::File {
            temporary: Some(temporary),
            ..
        } = &self.out
        {
            // There is nobody to tell, and the next run removes it.
            let _ = fs::remove_file(temporary);
        }
    }
}
