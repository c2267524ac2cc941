//! A text that is written in the user's own editor.

use std::env;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};

use rustix::process::{Pid, Signal, kill_process};
use tokio::task::spawn_blocking;

use super::signals::{News, Signals};
use crate::ending::Ending;
use crate::terminal::readable_line;

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

/// Has somebody write a text with the editor that `command` starts; returns the file with it, and the signal that
/// was to end the program meanwhile. The terminal must be as the editor expects it.
pub(super) async fn write(
    command: &str,
    signals: &Signals,
) -> Result<(Scratch, Option<Signal>), Ending> {
    let file = Scratch::new().map_err(|error| {
        Ending::failure(format!(
            "no file can be made for the editor in {} ({error}); set TMPDIR to a folder where you may write",
            env::temp_dir().display()
        ))
    })?;
    // The command may have arguments of its own, so a shell reads it, as git does.
    let editor = Command::new("sh")
        .arg("-c")
        .arg(script(command))
        .arg(command)
        .arg(&file.0)
        .spawn()?;
    let (status, signal) = end_of(editor, signals).await?;
    if signal.is_some() {
        return Ok((file, signal));
    }
    let ending = match status.code() {
        Some(0) => return Ok((file, None)),
        Some(NOT_FOUND) => Ending::failure(format!(
            "there is no editor {command}; set EDITOR to one that you have"
        )),
        _ => Ending::failure(format!(
            "the editor {command} ended with {status}; nothing was taken from it"
        )),
    };
    Err(match file.keep() {
        Some(kept) => ending.after(kept),
        None => ending,
    })
}

/// What the shell is to do. A command that is just a program takes the place of the shell, so that signals come
/// to it.
fn script(command: &str) -> String {
    let first = command.split_whitespace().next().unwrap_or_default();
    let is_program = !first.contains('=') && !command.contains(|sign| ";&|<>(){}\n".contains(sign));
    let exec = if is_program { "exec " } else { "" };
    format!("{exec}{command} \"$@\"")
}

/// Waits until the editor has ended. A signal that is to end this program ends the editor first.
async fn end_of(mut editor: Child, signals: &Signals) -> io::Result<(ExitStatus, Option<Signal>)> {
    let process = Pid::from_child(&editor);
    let mut ended = spawn_blocking(move || editor.wait());
    let mut last = None;
    loop {
        tokio::select! {
            status = &mut ended => return Ok((status.map_err(io::Error::other)??, last)),
            news = signals.ending() => {
                // Ctrl-C is meant for the editor, which has it from the terminal.
                if let News::End(signal) = news {
                    last = Some(signal);
                    // It may have ended just now.
                    let _ = kill_process(process, signal);
                }
            }
        }
    }
}

/// A new empty file with a name of its own; dropping it removes the file.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Keeps the file, if something is in it; the sentence about that.
    pub(super) fn keep(mut self) -> Option<String> {
        let is_empty = fs::metadata(&self.0).map_or(true, |file| file.len() == 0);
        if is_empty {
            return None;
        }
        // Without a path nothing is removed.
        let path = std::mem::take(&mut self.0);
        Some(format!(
            "Your text is kept in {}",
            readable_line(path.as_os_str().as_encoded_bytes())
        ))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_takes_the_place_of_the_shell() {
        for (command, expected) in [
            ("vi", "exec vi \"$@\""),
            ("./my\\ editor -f", "exec ./my\\ editor -f \"$@\""),
            ("LANG=C vi", "LANG=C vi \"$@\""),
            ("cd /; vi", "cd /; vi \"$@\""),
        ] {
            assert_eq!(script(command), expected);
        }
    }

    #[test]
    fn a_text_is_kept_and_an_empty_file_is_not() {
        let empty = Scratch::new().unwrap();
        let path = empty.path().to_owned();
        assert_eq!(empty.keep(), None);
        assert!(!path.exists());
        let written = Scratch::new().unwrap();
        let path = written.path().to_owned();
        fs::write(&path, "my text").unwrap();
        let said = written.keep();
        assert_eq!(fs::read_to_string(&path).unwrap(), "my text");
        fs::remove_file(&path).unwrap();
        assert_eq!(
            said,
            Some(format!("Your text is kept in {}", path.display()))
        );
    }
}
