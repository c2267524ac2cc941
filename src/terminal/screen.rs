//! The whole terminal for one picture that is drawn over again: the other screen that terminals have, keys
//! without Enter, and everything as it was at the end, whichever way the program ends.

use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::AsFd;
use std::panic;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use rustix::process::{Signal, kill_current_process_group};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize,
    tcsetattr,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// The other screen, without cursor, and with long lines cut instead of wrapped: so nothing ever scrolls.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const LEAVE: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/// The keys as they come without a line discipline.
const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;
const CTRL_L: u8 = 12;
const CTRL_Z: u8 = 26;

/// The size where the terminal does not know its own.
const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

/// What somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Pressed q, Ctrl-C or Ctrl-D, closed the terminal, or told the program to end.
    Leave,
    /// Changed the size, or wants to see it all drawn again.
    Redraw,
    /// Any other key.
    Key(u8),
}

/// See the module's text. Dropping it restores the terminal.
#[derive(Debug)]
pub struct Screen {
    keyboard: Option<AsyncFd<io::Stdin>>,
    signals: [Stream; 4],
    resized: Stream,
}

/// What has to be given back: once, whether at the end or by a panic.
static TAKEN: Mutex<Option<Taken>> = Mutex::new(None);

/// Has a panic give it back before it says what it is.
static HOOK: Once = Once::new();

#[derive(Debug)]
struct Taken {
    /// None if the standard input is no terminal.
    modes: Option<Termios>,
}

impl Screen {
    /// Takes the terminal of the standard output.
    pub fn enter() -> io::Result<Self> {
        let signals = [
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
            signal(SignalKind::quit())?,
        ];
        let resized = signal(SignalKind::window_change())?;
        HOOK.call_once(|| {
            let tell = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                give_back();
                tell(info);
            }));
        });
        take()?;
        Ok(Self {
            // Without it signals still end the program.
            keyboard: keyboard().ok().flatten(),
            signals,
            resized,
        })
    }

    /// Whether the standard output is a terminal that can be drawn on.
    pub fn is_there() -> bool {
        io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// Rows and columns, as they are now.
    pub fn size() -> (u16, u16) {
        match tcgetwinsize(io::stdout()) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_row, size.ws_col),
            _ => (ROWS, COLUMNS),
        }
    }

    /// Draws a picture of whole lines, each no wider than the terminal, and no more of them than it has rows.
    /// All is written at once, over what was there, so that nothing flickers.
    pub fn draw(&mut self, picture: &str) -> io::Result<()> {
        let mut bytes = "\x1b[H".to_owned();
        let mut lines = picture.lines().peekable();
        while let Some(line) = lines.next() {
            bytes.push_str(line);
            bytes.push_str(if lines.peek().is_some() {
                "\x1b[K\r\n"
            } else {
                "\x1b[K"
            });
        }
        bytes.push_str("\x1b[J");
        write(&bytes)
    }

    /// Waits for the next thing that somebody does.
    pub async fn event(&mut self) -> io::Result<Event> {
        let [interrupt, terminate, hangup, quit] = &mut self.signals;
        let byte = tokio::select! {
            _ = interrupt.recv() => return Ok(Event::Leave),
            _ = terminate.recv() => return Ok(Event::Leave),
            _ = hangup.recv() => return Ok(Event::Leave),
            _ = quit.recv() => return Ok(Event::Leave),
            _ = self.resized.recv() => return Ok(Event::Redraw),
            byte = key(self.keyboard.as_ref()) => byte,
        };
        match byte {
            None | Some(CTRL_C | CTRL_D | b'q' | b'Q') => Ok(Event::Leave),
            Some(CTRL_L) => write(ENTER).map(|()| Event::Redraw),
            Some(CTRL_Z) => stop().map(|()| Event::Redraw),
            Some(byte) => Ok(Event::Key(byte)),
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Keys come one by one and unseen, Ctrl-C too: it ends the program like q. A read never waits, so that the
/// mode of the file, which the shell shares, can stay what it is.
fn take() -> io::Result<()> {
    let stdin = io::stdin();
    let modes = stdin.is_terminal().then(|| tcgetattr(stdin.as_fd()));
    let modes = modes.transpose()?;
    *taken() = Some(Taken {
        modes: modes.clone(),
    });
    if let Some(mut keys) = modes {
        keys.local_modes
            .remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN);
        keys.input_modes.remove(InputModes::IXON);
        keys.special_codes[SpecialCodeIndex::VMIN] = 0;
        keys.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(stdin.as_fd(), OptionalActions::Now, &keys)?;
    }
    write(ENTER)
}

fn give_back() {
    let Some(Taken { modes }) = taken().take() else {
        return;
    };
    // A terminal that is gone needs nothing.
    let _ = write(LEAVE);
    if let Some(modes) = modes {
        let _ = tcsetattr(io::stdin().as_fd(), OptionalActions::Now, &modes);
    }
}

fn taken() -> MutexGuard<'static, Option<Taken>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stops the program as Ctrl-Z does any other, with the terminal as it was, until it is to go on.
fn stop() -> io::Result<()> {
    give_back();
    kill_current_process_group(Signal::TSTP)?;
    take()
}

fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

#[expect(
    deprecated,
    reason = "its successor is unsafe, for files that may be closed; the standard input stays open"
)]
fn keyboard() -> io::Result<Option<AsyncFd<io::Stdin>>> {
    let stdin = io::stdin();
    let is_terminal = stdin.is_terminal();
    let watched = is_terminal.then(|| AsyncFd::with_interest(stdin, Interest::READABLE));
    watched.transpose()
}

/// The next key; none at the end of the input. Without a keyboard it waits for ever.
async fn key(keyboard: Option<&AsyncFd<io::Stdin>>) -> Option<u8> {
    let Some(keyboard) = keyboard else {
        return std::future::pending().await;
    };
    loop {
        let mut ready = keyboard.readable().await.ok()?;
        let mut byte = [0];
        match rustix::io::read(keyboard.get_ref(), &mut byte) {
            Ok(1) => return byte.first().copied(),
            // Nothing is there, or nothing ever will be.
            Ok(_) if ready.ready().is_read_closed() => return None,
            Ok(_) | Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => ready.clear_ready(),
            Err(_) => return None,
        }
    }
}
