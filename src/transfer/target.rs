//! A file that is written whole, or not at all.
//!
//! A thread writes, so that who waits for nodes, or for Ctrl-C, need not wait for the disk or for the reader of a
//! pipe.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;

use tokio::sync::{mpsc, oneshot};

use super::Place;
use crate::ending::Ending;
use crate::limits::TRANSFER_BATCHES_WAITING;

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
    shown: String,
    pieces: mpsc::Sender<Vec<u8>>,
    /// How the writing ended.
    ended: oneshot::Receiver<io::Result<()>>,
    naming: Option<Naming>,
}

/// The name that a file gets when it is whole. Dropped, it removes the file that has not got it.
struct Naming {
    temporary: PathBuf,
    path: PathBuf,
    making: Making,
    is_done: bool,
}

impl Target {
    pub(super) fn create(place: &Place, making: Making) -> Result<Self, Ending> {
        let shown = match place {
            Place::Standard => "standard output".to_owned(),
            Place::File(path) => path.display().to_string(),
        };
        let (out, naming) = open(place, making, &shown)?;
        let (pieces, receiver) = mpsc::channel(TRANSFER_BATCHES_WAITING);
        let (sender, ended) = oneshot::channel();
        let thread = thread::Builder::new().name("write".to_owned());
        let spawned = thread.spawn(move || {
            // Who dropped the other end does not want to know.
            let _ = sender.send(write_all(out, receiver));
        });
        spawned.map_err(|error| cannot(&shown, &error))?;
        Ok(Self {
            shown,
            pieces,
            ended,
            naming,
        })
    }

    /// Has a piece written, behind those before it. The error may be that of an earlier one.
    pub(super) async fn write(&mut self, piece: Vec<u8>) -> Result<(), Ending> {
        if self.pieces.send(piece).await.is_ok() {
            return Ok(());
        }
        Err(self.failure().await)
    }

    /// The end: waits until all is written; a file gets its name.
    pub(super) async fn finish(mut self) -> Result<(), Ending> {
        let (closed, _) = mpsc::channel(1);
        drop(std::mem::replace(&mut self.pieces, closed));
        match (&mut self.ended).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(cannot(&self.shown, &error)),
            Err(_) => return Err(defect(&self.shown)),
        }
        let Some(mut naming) = self.naming.take() else {
            return Ok(());
        };
        // It may have come to be there meanwhile.
        if !naming.making.may_replace && fs::symlink_metadata(&naming.path).is_ok() {
            return Err(exists(&self.shown));
        }
        naming.name().map_err(|error| cannot(&self.shown, &error))
    }

    async fn failure(&mut self) -> Ending {
        match (&mut self.ended).await {
            Ok(Err(error)) => cannot(&self.shown, &error),
            Ok(Ok(())) | Err(_) => defect(&self.shown),
        }
    }
}

/// What a thread writes to.
enum Out {
    Standard,
    File(File),
}

/// Writes every piece that comes, and syncs a file at the end.
fn write_all(out: Out, mut pieces: mpsc::Receiver<Vec<u8>>) -> io::Result<()> {
    let file = match out {
        Out::Standard => {
            let mut stdout = io::stdout();
            write_pieces(&mut stdout, &mut pieces)?;
            return stdout.flush();
        }
        Out::File(mut file) => {
            write_pieces(&mut file, &mut pieces)?;
            file
        }
    };
    match file.sync_all() {
        // So pipes and devices answer, which have no disk.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}

fn write_pieces(out: &mut impl Write, pieces: &mut mpsc::Receiver<Vec<u8>>) -> io::Result<()> {
    while let Some(piece) = pieces.blocking_recv() {
        out.write_all(&piece)?;
    }
    Ok(())
}

fn open(place: &Place, making: Making, shown: &str) -> Result<(Out, Option<Naming>), Ending> {
    let Place::File(path) = place else {
        return Ok((Out::Standard, None));
    };
    let failed = |error| cannot(shown, &error);
    let path = match fs::metadata(path) {
        Ok(about) if about.is_dir() => {
            return Err(Ending::usage(format!(
                "{shown} is a folder; give the path of a file"
            )));
        }
        // A pipe or a device is written to as it is.
        Ok(about) if !about.is_file() => {
            let file = OpenOptions::new().write(true).open(path);
            return Ok((Out::File(file.map_err(failed)?), None));
        }
        Ok(_) if !making.may_replace => return Err(exists(shown)),
        // A link stays one, and leads to the new file.
        Ok(_) => fs::canonicalize(path).map_err(failed)?,
        Err(_) => path.clone(),
    };
    let (file, naming) = Naming::create(path, making).map_err(failed)?;
    Ok((Out::File(file), Some(naming)))
}

impl Naming {
    /// Makes the file under its temporary name. One that a program has left which was killed is removed.
    fn create(path: PathBuf, making: Making) -> io::Result<(File, Self)> {
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
        let naming = Self {
            temporary,
            path,
            making,
            is_done: false,
        };
        Ok((file, naming))
    }

    fn name(&mut self) -> io::Result<()> {
        fs::rename(&self.temporary, &self.path)?;
        self.is_done = true;
        let folder = self.path.parent();
        let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Drop for Naming {
    fn drop(&mut self) {
        if !self.is_done {
            // There is nobody to tell, and the next run removes it.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

fn exists(shown: &str) -> Ending {
    Ending::usage(format!(
        "{shown} is there already, and stays as it is; give another name, or --force to replace it"
    ))
}

fn cannot(shown: &str, error: &io::Error) -> Ending {
    Ending::failure(if error.kind() == io::ErrorKind::BrokenPipe {
        format!("nobody reads {shown} any more")
    } else {
        format!("{shown} can't be written ({error})")
    })
}

fn defect(shown: &str) -> Ending {
    Ending::failure(format!(
        "{shown} was not written, by a defect of this program"
    ))
}
