//! Where an export or a backup goes: a file that is written whole, or not at all, or standard output.
//!
//! A thread writes, so that who waits for nodes, or for Ctrl-C, need not wait for the disk or for the reader of a
//! pipe.

use std::fs::File;
use std::io::{self, Write};
use std::thread;

use tokio::sync::{mpsc, oneshot};

use super::Place;
use crate::ending::Ending;
use crate::limits::TRANSFER_BATCHES_WAITING;
use crate::whole_file::{self, Making, Naming};

/// Something to write to. A file is written beside the place where it will be, and gets its name when it is
/// whole. Dropped before that, nothing is left.
pub(super) struct Target {
    shown: String,
    pieces: mpsc::Sender<Vec<u8>>,
    /// How the writing ended.
    ended: oneshot::Receiver<io::Result<()>>,
    naming: Option<Naming>,
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
        // Another file may have come to be there meanwhile.
        naming.name().map_err(|error| refused(&self.shown, &error))
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
    whole_file::sync(&file)
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
    let created = whole_file::create(path, making);
    let (file, naming) = created.map_err(|error| refused(shown, &error))?;
    Ok((Out::File(file), naming))
}

/// Why there is no file of that name.
fn refused(shown: &str, error: &io::Error) -> Ending {
    match error.kind() {
        io::ErrorKind::AlreadyExists => Ending::usage(format!(
            "{shown} is there already, and stays as it is; give another name, or --force to replace it"
        )),
        io::ErrorKind::IsADirectory => {
            Ending::usage(format!("{shown} is a folder; give the path of a file"))
        }
        _ => cannot(shown, error),
    }
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
