//! A program on a pseudo-terminal, and somebody who types.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

use super::PATIENCE;

/// What ends a line of input without a character: Ctrl-D at the beginning of one is the end of it.
const CTRL_D: u8 = 4;

/// A program that runs on a terminal of its own. It is killed when this is dropped.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    shared: Arc<Shared>,
    /// How much of the screen was looked at.
    seen: usize,
}

#[derive(Default)]
struct Shared {
    screen: Mutex<Screen>,
    changed: Condvar,
}

#[derive(Default)]
struct Screen {
    text: String,
    has_ended: bool,
}

impl Terminal {
    /// Runs a program, with standard input, output and error on a terminal of `columns` characters a
    /// line. What is typed is not echoed, so that the screen shows what the program says.
    pub(crate) fn run(mut command: Command, columns: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = rustix::fs::open(&*name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let mut modes = tcgetattr(&slave).unwrap();
        modes.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&slave, OptionalActions::Now, &modes).unwrap();
        let size = Winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&slave, size).unwrap();
        let end = || slave.try_clone().unwrap();
        let child = command
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        // The command holds ends of the terminal, which would keep it from ending.
        drop(command);
        drop(slave);
        let master = File::from(master);
        let keyboard = master.try_clone().unwrap();
        let shared = Arc::new(Shared::default());
        let watching = Arc::clone(&shared);
        thread::spawn(move || watching.watch(master));
        Self {
            child,
            keyboard,
            shared,
            seen: 0,
        }
    }

    /// Waits until the program says `text`, and returns all that it said since the last time, up to
    /// and with it.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        let seen = self.seen;
        let found = |screen: &Screen| screen.text[seen..].find(text);
        let screen = self.shared.screen.lock().unwrap();
        let waiting = |screen: &mut Screen| found(screen).is_none() && !screen.has_ended;
        let waited = self
            .shared
            .changed
            .wait_timeout_while(screen, PATIENCE, waiting);
        let (screen, _) = waited.unwrap();
        let Some(at) = found(&screen) else {
            let rest = screen.text[seen..].to_owned();
            drop(screen);
            panic!("no {text:?} in {rest:?}");
        };
        self.seen = seen + at + text.len();
        screen.text[seen..self.seen].to_owned()
    }

    /// Types a line.
    pub(crate) fn type_line(&mut self, line: &str) {
        self.keyboard.write_all(line.as_bytes()).unwrap();
        self.keyboard.write_all(b"\n").unwrap();
    }

    /// Waits for a question, and types an answer to it.
    pub(crate) fn answer(&mut self, question: &str, line: &str) {
        self.expect(question);
        self.type_line(line);
    }

    /// Waits for a question, and presses Ctrl-D.
    pub(crate) fn leave(&mut self, question: &str) {
        self.expect(question);
        self.keyboard.write_all(&[CTRL_D]).unwrap();
    }

    /// Sends the program a signal, as Ctrl-C does.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until the program has ended, and returns what else it said.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let screen = self.shared.screen.lock().unwrap();
        let runs = |screen: &mut Screen| !screen.has_ended;
        let waited = self
            .shared
            .changed
            .wait_timeout_while(screen, PATIENCE, runs);
        let (screen, timeout) = waited.unwrap();
        let rest = screen.text[self.seen..].to_owned();
        drop(screen);
        assert!(!timeout.timed_out(), "it goes on: {rest:?}");
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Shared {
    /// Reads what the program writes until its last end of the terminal is closed, which is an error
    /// (EIO) on Linux and an end elsewhere.
    fn watch(&self, mut master: File) {
        let mut chunk = [0; 4096];
        let mut bytes = Vec::new();
        while let Ok(count @ 1..) = master.read(&mut chunk) {
            bytes.extend_from_slice(&chunk[..count]);
            let mut screen = self.screen.lock().unwrap();
            // A character may arrive in two parts; the first is kept until the second is there.
            let whole = match std::str::from_utf8(&bytes) {
                Ok(_) => bytes.len(),
                Err(error) => error.valid_up_to(),
            };
            let text: Vec<u8> = bytes.drain(..whole).collect();
            screen.text += &String::from_utf8(text).unwrap().replace("\r\n", "\n");
            self.changed.notify_all();
        }
        self.screen.lock().unwrap().has_ended = true;
        self.changed.notify_all();
    }
}
