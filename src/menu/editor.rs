//! A text that is written in the user's own editor.

use std::env;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::ending::Ending;

/// Where no other is set. POSIX has it on every system.
const USUAL: &str = "vi";

/// Read and written by its owner alone: the value may be a secret.
const MODE: u32 = 0o600;

/// The editor's exit status by which a shell says that there is no such program.
const NOT_FOUND: i32 = 127;

/// The command that starts the editor: `$VISUAL`, or `$EDITOR`, as for other programs.
pub(super) fn command() -> String {
    let set = |name| {
        env::var(name)
            .ok()
            .filter(|command| !command.trim().is_empty())
    };
    set("VISUAL")
        .or_else(|| set("EDITOR"))
        .unwrap_or_else(|| USUAL.to_owned())
}

/// Has somebody write a text with the editor that `command` starts; returns the file with it. The terminal must
/// be as the editor expects it.
pub(super) fn write(command: &str) -> Result<Scratch, Ending> {
    let file = Scratch::new().map_err(|error| {
        Ending::failure(format!(
            "no file can be made for the editor in {} ({error}); set TMPDIR to a folder where you may write",
            env::temp_dir().display()
        ))
    })?;
    // The command may have arguments of its own, so a shell reads it, as git does.
    let status = Command::new("sh")
        .arg("-c")
        .arg(format!("{command} \"$@\""))
        .arg(command)
        .arg(&file.0)
        .status()?;
    match status.code() {
        Some(0) => {}
        Some(NOT_FOUND) => {
            return Err(Ending::failure(format!(
                "there is no editor {command}; set EDITOR to one that you have"
            )));
        }
        _ => {
            return Err(Ending::failure(format!(
                "the editor {command} ended with {status}; nothing was taken from it"
            )));
        }
    }
    Ok(file)
}

/// A new empty file with a name of its own; dropping it removes the file.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    fn new() -> io::Result<Self> {
        let name = format!("triad-{:016x}.txt", rand::random::<u64>());
        let path = env::temp_dir().join(name);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(MODE)
            .open(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // An editor may have removed it.
        let _ = fs::remove_file(&self.0);
    }
}
