//! A program on a pseudo-terminal, and somebody who types and looks at the screen.

use std::env;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::num::NonZeroU16;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, ioctl_tiocsctty, kill_process, setsid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, Winsize, tcgetattr, tcsetattr,
    tcsetwinsize,
};

use super::PATIENCE;

/// Keys, as a usual terminal sends them.
pub(crate) mod key {
    pub(crate) const ENTER: &str = "\r";
    pub(crate) const ESCAPE: &str = "\x1b";
    pub(crate) const CTRL_C: &str = "\x03";
    /// At the beginning of a line, where the terminal edits lines, the end of the input.
    pub(crate) const CTRL_D: &str = "\x04";
    pub(crate) const CTRL_Z: &str = "\x1a";
    pub(crate) const UP: &str = "\x1b[A";
    pub(crate) const DOWN: &str = "\x1b[B";
    pub(crate) const END: &str = "\x1b[F";
    pub(crate) const BACKSPACE: &str = "\x7f";
    pub(crate) const TAB: &str = "\t";
}

/// The size of a window, in characters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) rows: u16,
    pub(crate) columns: u16,
}

/// What most terminals begin with.
pub(crate) const USUAL: Window = Window {
    rows: 24,
    columns: 80,
};

impl Window {
    /// Rows and columns; of a window that does not know them, those that most have.
    fn places(self) -> (NonZeroU16, NonZeroU16) {
        let or = |size: u16, usual: u16| NonZeroU16::new(size).or(NonZeroU16::new(usual)).unwrap();
        (or(self.rows, USUAL.rows), or(self.columns, USUAL.columns))
    }
}

/// A program that runs on a terminal of its own. It is killed when this is dropped.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    /// Has the watching thread let go of the terminal.
    close: UnixStream,
    shared: Arc<Shared>,
    /// How much of what was said was looked at.
    seen: usize,
    before: Termios,
}

struct Shared {
    said: Mutex<Said>,
    changed: Condvar,
}

struct Said {
    /// All that was said, with its escape sequences.
    text: String,
    /// What stands on the screen after all that.
    screen: vt100::Parser,
    has_ended: bool,
}

impl Terminal {
    /// Runs a program on a terminal of `columns` characters a line; see [`Terminal::open`].
    pub(crate) fn run(command: Command, columns: u16) -> Self {
        Self::open(command, Window { columns, ..USUAL })
    }

    /// Runs a program, with standard input, output and error on a terminal, which is its session's own, as in
    /// a window of a desktop. What is typed is not echoed, so that the screen shows what the program says. It
    /// says it without colour, unless the command has another idea of `TERM` and `NO_COLOR`.
    pub(crate) fn open(mut command: Command, window: Window) -> Self {
        let master = open_master();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = rustix::fs::open(
            &*name,
            OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .unwrap();
        let mut before = tcgetattr(&slave).unwrap();
        before.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&slave, OptionalActions::Now, &before).unwrap();
        tcsetwinsize(&slave, winsize(window)).unwrap();
        for (name, usual) in [("TERM", "xterm-256color"), ("NO_COLOR", "1")] {
            if !command.get_envs().any(|(set, _)| set == name) {
                command.env(name, usual);
            }
        }
        let child = launch(&command)
            .stdin(slave.try_clone().unwrap())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The command holds ends of the terminal, which would keep it from ending.
        drop(command);
        drop(slave);
        let master = File::from(master);
        let keyboard = master.try_clone().unwrap();
        let said = Said {
            text: String::new(),
            screen: {
                let (rows, columns) = window.places();
                vt100::Parser::new(rows, columns, 0)
            },
            has_ended: false,
        };
        let shared = Arc::new(Shared {
            said: Mutex::new(said),
            changed: Condvar::new(),
        });
        let watching = Arc::clone(&shared);
        let (close, closed) = UnixStream::pair().unwrap();
        thread::spawn(move || watching.watch(master, &closed));
        Self {
            child,
            keyboard,
            close,
            shared,
            seen: 0,
            before,
        }
    }

    /// Waits until the program says `text`, and returns all that it said since the last time, up to
    /// and with it.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        let seen = self.seen;
        let found = |said: &Said| said.text[seen..].find(text);
        let said = self.wait_while(PATIENCE, |said| found(said).is_none() && !said.has_ended);
        let Some(at) = found(&said) else {
            let (rest, screen) = (said.text[seen..].to_owned(), said.contents());
            drop(said);
            panic!("no {text:?} in {rest:?}; the screen is\n{screen}");
        };
        let end = seen + at + text.len();
        let passed = said.text[seen..end].to_owned();
        drop(said);
        self.seen = end;
        passed
    }

    /// Waits until the program has said `text`, now or earlier, but no longer than this; whether it has.
    pub(crate) fn says_within(&self, patience: Duration, text: &str) -> bool {
        let has = |said: &Said| said.text.contains(text);
        has(&self.wait_while(patience, |said| !has(said) && !said.has_ended))
    }

    /// Waits until the screen shows exactly this. Times and ports, which differ from run to run, stand as `T` and
    /// `PORT`.
    pub(crate) fn shows(&mut self, expected: &str) {
        let shows = |said: &Said| steady(&said.contents()) == expected;
        let said = self.wait_while(PATIENCE, |said| !shows(said) && !said.has_ended);
        let (found, length) = (steady(&said.contents()), said.text.len());
        drop(said);
        assert_eq!(found, expected, "on the screen");
        self.seen = length;
    }

    /// What stands on the screen, at the moment.
    pub(crate) fn screen(&self) -> String {
        self.shared.said.lock().unwrap().contents()
    }

    /// All that was said, with its escape sequences.
    pub(crate) fn raw(&self) -> String {
        self.shared.said.lock().unwrap().text.clone()
    }

    /// Looks at the screen with its colours.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.shared.said.lock().unwrap().screen.screen())
    }

    /// Types characters or keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Pastes a text, as terminals do that mark it.
    pub(crate) fn paste(&mut self, text: &str) {
        let text = text.replace('\n', "\r");
        self.press(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// Types a line.
    pub(crate) fn type_line(&mut self, line: &str) {
        self.press(&format!("{line}\n"));
    }

    /// Waits for a question, and types an answer to it.
    pub(crate) fn answer(&mut self, question: &str, line: &str) {
        self.expect(question);
        self.type_line(line);
    }

    /// Waits for a question, and presses Ctrl-D.
    pub(crate) fn leave(&mut self, question: &str) {
        self.expect(question);
        self.press(key::CTRL_D);
    }

    /// Gives the window another size.
    pub(crate) fn resize(&mut self, window: Window) {
        let mut said = self.shared.said.lock().unwrap();
        let (rows, columns) = window.places();
        said.screen.set_size(rows, columns);
        tcsetwinsize(&self.keyboard, winsize(window)).unwrap();
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Whether the terminal is in the modes that it had before the program.
    pub(crate) fn is_as_before(&self) -> bool {
        let now = tcgetattr(&self.keyboard).unwrap();
        now.input_modes == self.before.input_modes
            && now.output_modes == self.before.output_modes
            && now.control_modes == self.before.control_modes
            && now.local_modes == self.before.local_modes
            && [SpecialCodeIndex::VMIN, SpecialCodeIndex::VTIME]
                .into_iter()
                .all(|code| now.special_codes[code] == self.before.special_codes[code])
            && self.look(|screen| {
                !(screen.bracketed_paste() || screen.hide_cursor() || screen.alternate_screen())
            })
    }

    /// Waits until a step is at work: then Ctrl-C is a signal, and at a question it is a key.
    pub(crate) fn waits_for_work(&self) {
        super::eventually("a step is at work", || {
            let now = tcgetattr(&self.keyboard).unwrap();
            now.local_modes.contains(LocalModes::ISIG)
        });
    }

    /// Waits until the program has ended, and returns what else it said.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let said = self.wait_while(PATIENCE, |said| !said.has_ended);
        let (rest, has_ended) = (said.text[self.seen..].to_owned(), said.has_ended);
        drop(said);
        assert!(has_ended, "it goes on: {rest:?}");
        (self.child.wait().unwrap(), rest)
    }

    /// Waits until the program has ended, and asserts that it left the terminal as it was; its exit code.
    pub(crate) fn ends_tidily(mut self) -> Option<i32> {
        drop(self.wait_while(PATIENCE, |said| !said.has_ended));
        let code = self.child.wait().unwrap().code();
        assert!(self.is_as_before(), "the terminal is not as it was");
        code
    }

    /// Closes the terminal, as somebody closes a window, and waits until the program has ended.
    pub(crate) fn close(mut self) -> ExitStatus {
        self.close.write_all(b"x").unwrap();
        drop(self.wait_while(PATIENCE, |said| !said.has_ended));
        // The last end; a file can't be taken out of what has a drop, but be replaced.
        self.keyboard = File::open("/dev/null").unwrap();
        let mut ended = None;
        super::eventually("the program has ended", || {
            ended = self.child.try_wait().unwrap();
            ended.is_some()
        });
        ended.unwrap()
    }

    fn wait_while(
        &self,
        patience: Duration,
        mut goes_on: impl FnMut(&Said) -> bool,
    ) -> std::sync::MutexGuard<'_, Said> {
        let said = self.shared.said.lock().unwrap();
        let waited = self
            .shared
            .changed
            .wait_timeout_while(said, patience, |said| goes_on(said));
        waited.unwrap().0
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Said {
    fn contents(&self) -> String {
        self.screen.screen().contents()
    }
}

impl Shared {
    /// Reads what the program writes until its last end of the terminal is closed, which is an error
    /// (EIO) on Linux and an end elsewhere, or until this end is to be.
    fn watch(&self, mut master: File, closed: &UnixStream) {
        let mut chunk = [0; 4096];
        let mut bytes = Vec::new();
        loop {
            let mut ready = [
                PollFd::new(&master, PollFlags::IN),
                PollFd::new(closed, PollFlags::IN),
            ];
            poll(&mut ready, None).unwrap();
            // It is also ready when the test is over.
            if ready[0].revents().is_empty() {
                break;
            }
            let Ok(count @ 1..) = master.read(&mut chunk) else {
                break;
            };
            bytes.extend_from_slice(&chunk[..count]);
            let mut said = self.said.lock().unwrap();
            said.screen.process(&chunk[..count]);
            // A character may arrive in two parts; the first is kept until the second is there.
            let whole = match std::str::from_utf8(&bytes) {
                Ok(_) => bytes.len(),
                Err(error) => error.valid_up_to(),
            };
            let text: Vec<u8> = bytes.drain(..whole).collect();
            said.text += &String::from_utf8(text).unwrap().replace("\r\n", "\n");
            self.changed.notify_all();
        }
        drop(master);
        self.said.lock().unwrap().has_ended = true;
        self.changed.notify_all();
    }
}

/// A new terminal. No other program has this end of it, which would keep it from being closed.
fn open_master() -> OwnedFd {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    // Elsewhere a program that is started between these two has it.
    #[cfg(target_os = "linux")]
    let flags = flags | OpenptFlags::CLOEXEC;
    let master = openpt(flags).unwrap();
    fcntl_setfd(&master, FdFlags::CLOEXEC).unwrap();
    master
}

fn winsize(window: Window) -> Winsize {
    Winsize {
        ws_row: window.rows,
        ws_col: window.columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

/// A screen without the blanks at the ends of lines, and without what differs from run to run: times, and ports of
/// this device.
fn steady(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    let text = lines.join("\n");
    let words = text.split_inclusive([' ', '\n']).collect::<Vec<_>>();
    let mut steady = String::new();
    for (place, word) in words.iter().enumerate() {
        let bare = word.trim_end();
        let is_before = |units: &[&str]| {
            let next = words
                .get(place + 1)
                .map(|next| next.trim_end_matches([' ', '\n', ';']));
            next.is_some_and(|next| units.contains(&next))
        };
        if bare.parse::<f64>().is_ok() && is_before(&["ms", "s"]) {
            // The unit goes as well: it may be another the next time.
            steady += "T ";
        } else if matches!(bare.trim_end_matches(';'), "ms" | "s") && steady.ends_with("T ") {
            steady.pop();
            steady += word.trim_start_matches(['m', 's']);
        } else if let Some(port) = bare.strip_prefix("127.0.0.1:") {
            let digits = port.trim_end_matches(|c: char| !c.is_ascii_digit());
            steady += &word.replacen(digits, "PORT", 1);
        } else {
            steady += word;
        }
    }
    steady
}

/// The variable that names the program, and its arguments, to [`launcher`].
const LAUNCHED: &str = "TRIAD_LAB_LAUNCHED";

/// A command that makes the terminal at its standard input the one of a session of its own, and then becomes
/// `command`: only so do Ctrl-C and the end of a terminal have their usual effects. It is this very test
/// program, because between the fork and the exec of a test nothing may be done safely.
fn launch(command: &Command) -> Command {
    let mut words = vec![command.get_program().to_str().unwrap()];
    words.extend(
        command
            .get_args()
            .map(|argument| argument.to_str().unwrap()),
    );
    let mut launch = Command::new(env::current_exe().unwrap());
    launch.args([
        "lab::terminal::launcher",
        "--exact",
        "--ignored",
        "--nocapture",
    ]);
    launch.env(LAUNCHED, serde_json::to_string(&words).unwrap());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => launch.env(name, value),
            None => launch.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        launch.current_dir(folder);
    }
    launch
}

#[test]
#[ignore = "no test, but what `launch` runs"]
fn launcher() {
    let Ok(words) = env::var(LAUNCHED) else {
        return;
    };
    let words: Vec<String> = serde_json::from_str(&words).unwrap();
    setsid().unwrap();
    ioctl_tiocsctty(io::stdin()).unwrap();
    let end = || io::stdin().as_fd().try_clone_to_owned().unwrap();
    let error = Command::new(&words[0])
        .args(&words[1..])
        .env_remove(LAUNCHED)
        .stdout(end())
        .stderr(end())
        .exec();
    panic!("{}: {error}", words[0]);
}

#[test]
fn what_differs_from_run_to_run_is_made_the_same() {
    let text = "stored on mac in 3.1 ms\n  127.0.0.1:40123  up\nasked in 12 s; 3 s left, 4 keys";
    assert_eq!(
        steady(text),
        "stored on mac in T\n  127.0.0.1:PORT  up\nasked in T; T left, 4 keys"
    );
}
