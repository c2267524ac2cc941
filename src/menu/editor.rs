//! A text that is written in the user's own editor.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::ending::Ending;
use crate::limits::VALUE_MAX_BYTES_CEILING;

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

/// Has somebody write a text with the editor that `command` starts. One line end at its end is the editor's own
/// and no part of it. The terminal must be as the editor expects it.
pub(super) fn write(command: &str) -> Result<Vec<u8>, Ending> {
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
        .stderr(Stdio::inherit())
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
    let mut text = read(&file.0)?;
    if text.last() == Some(&b'\n') {
        text.pop();
    }
    Ok(text)
}

/// Reads a file that is to be a value, if it is not too large for one.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Ending> {
    let unread = |error: io::Error| {
        let cause = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file; check the path".to_owned(),
            io::ErrorKind::IsADirectory => "this is a folder; give the path of a file".to_owned(),
            _ => format!("the file can't be read ({error})"),
        };
        Ending::usage(format!("{}: {cause}", path.display()))
    };
    // One byte more than a value may have, to tell a file that is too large from one that fits.
    let bound = VALUE_MAX_BYTES_CEILING + 1;
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unread)?;
    let count = file
        .take(bound as u64)
        .read_to_end(&mut bytes)
        .map_err(unread)?;
    if count == bound {
        return Err(Ending::usage(format!(
            "{}: the file has more than {VALUE_MAX_BYTES_CEILING} bytes, which no value may have",
            path.display()
        )));
    }
    Ok(bytes)
}

/// A new empty file with a name of its own; dropping it removes the file.
struct Scratch(PathBuf);

impl Scratch {
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
