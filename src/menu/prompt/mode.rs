//! The modes of the terminal, and that it gets back those it had.
//!
//! Whatever ends the program in an orderly way, or by a panic, [`restore`] is called: by the drop of [`Modes`],
//! or by the hook of panics, which in a release is all that runs.

use std::io::{self, Write as _};
use std::panic;
use std::sync::{Mutex, Once, TryLockError};

use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

/// Pasted text is to come between marks (DECSET 2004).
const PASTE_MARKS_ON: &[u8] = b"\x1b[?2004h";

/// The code of a key that there is not (`_POSIX_VDISABLE`).
const NO_KEY: u8 = if cfg!(target_vendor = "apple") {
    0xff
} else {
    0
};

/// As it was: no marks, a cursor that is seen, and no colour.
const AS_BEFORE: &[u8] = b"\x1b[?2004l\x1b[?25h\x1b[0m";

/// The modes that the terminal had, until it has them again.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Restores on a panic; installed once.
static HOOK: Once = Once::new();

/// The terminal of the standard input, in modes of ours. Dropping it gives back those that it had.
#[derive(Debug)]
pub(super) struct Modes {
    before: Termios,
}

impl Modes {
    /// Remembers the modes of the terminal and puts it into those of [`Modes::busy`].
    pub(super) fn take() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        HOOK.call_once(|| {
            let report = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                restore();
                report(panic);
            }));
        });
        let modes = Self { before };
        modes.resume()?;
        Ok(modes)
    }

    /// Takes the terminal again after [`Modes::release`].
    pub(super) fn resume(&self) -> io::Result<()> {
        if let Ok(mut before) = BEFORE.lock() {
            *before = Some(self.before.clone());
        }
        self.busy()?;
        let mut stdout = io::stdout();
        stdout.write_all(PASTE_MARKS_ON)?;
        stdout.flush()
    }

    /// Gives the terminal to another program, or to the shell.
    #[expect(
        clippy::unused_self,
        reason = "only who has taken the modes can give them back"
    )]
    pub(super) fn release(&self) {
        restore();
    }

    /// While somebody is asked: each key comes as it is.
    pub(super) fn ask(&self) -> io::Result<()> {
        let mut modes = self.quiet();
        modes
            .local_modes
            .remove(LocalModes::ISIG | LocalModes::IEXTEN);
        modes
            .input_modes
            .remove(InputModes::ICRNL | InputModes::IXON);
        Ok(tcsetattr(io::stdin(), OptionalActions::Now, &modes)?)
    }

    /// While a step is at work: Ctrl-C is a signal, and what is typed ahead is not seen in between. Ctrl-Z is
    /// typed ahead as well: stopped there, the program would leave its modes to the shell, so that is for the
    /// next question.
    pub(super) fn busy(&self) -> io::Result<()> {
        Ok(tcsetattr(io::stdin(), OptionalActions::Now, &self.quiet())?)
    }

    fn quiet(&self) -> Termios {
        let mut modes = self.before.clone();
        modes
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON);
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        modes.special_codes[SpecialCodeIndex::VSUSP] = NO_KEY;
        #[cfg(target_vendor = "apple")]
        {
            modes.special_codes[SpecialCodeIndex::VDSUSP] = NO_KEY;
        }
        modes
    }
}

impl Drop for Modes {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal the modes that it had. It may be called at any time, and more than once.
fn restore() {
    let before = match BEFORE.try_lock() {
        Ok(mut before) => before.take(),
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner().take(),
        // A panic between two lines of this file.
        Err(TryLockError::WouldBlock) => None,
    };
    if let Some(before) = before {
        // A terminal that is gone has no modes.
        let mut stdout = io::stdout();
        let _ = stdout.write_all(AS_BEFORE).and_then(|()| stdout.flush());
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::fs::File;
    use std::io::Read as _;
    use std::process::{Command, Stdio};

    use rustix::fs::{Mode, OFlags};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    use super::*;

    /// Set where [`panics`] is not just any test.
    const PANICS: &str = "TRIAD_MENU_PANICS";

    #[test]
    fn a_panic_gives_the_terminal_back() {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = rustix::fs::open(&*name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let before = tcgetattr(&slave).unwrap();
        let status = Command::new(env::current_exe().unwrap())
            .args([
                "menu::prompt::mode::tests::panics",
                "--exact",
                "--ignored",
                "--nocapture",
            ])
            .env(PANICS, "1")
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(!status.success());
        let after = tcgetattr(&slave).unwrap();
        assert_eq!(after.local_modes, before.local_modes);
        assert_eq!(after.input_modes, before.input_modes);
        drop(slave);
        let mut said = Vec::new();
        // The end of a terminal is an error on Linux.
        let _ = File::from(master).read_to_end(&mut said);
        let said = String::from_utf8(said).unwrap();
        let (_, after_on) = said.split_once("\x1b[?2004h").unwrap();
        assert!(after_on.contains("\x1b[?2004l\x1b[?25h"), "{said:?}");
    }

    #[test]
    #[ignore = "no test, but what another one runs"]
    fn panics() {
        if env::var_os(PANICS).is_none() {
            return;
        }
        let modes = Modes::take().unwrap();
        modes.ask().unwrap();
        // In a release nothing is dropped.
        std::mem::forget(modes);
        panic!("on purpose");
    }
}
