//! How the menu asks and tells.
//!
//! At a usual terminal each question is a few lines that are drawn over again with every key: a list, or a text
//! that is edited. At one that can't move its cursor (`TERM=dumb`) it is a line, and so is the answer.
//!
//! The prompts of libraries were tried first. Those that read keys with crossterm go on forever, at full load,
//! when the terminal is gone; take the first part of an arrow key that arrives in two for an Escape; and do not
//! tell Ctrl-D from Escape. Two libraries side by side, one for lists and one for texts, each keep what was typed
//! ahead from the other. So the bytes of the terminal are read here, in one place.

mod edit;
mod frame;
mod keyboard;
mod keys;
mod list;
mod mode;
mod pages;
mod path;
mod plain;
mod text;

use std::env;
use std::io::{self, Write as _};
use std::sync::Arc;

use rustix::process::{Signal, kill_current_process_group};

use self::frame::{Frame, Size};

use self::keyboard::Keyboard;
pub(super) use self::list::{Item, List};
use self::mode::Modes;
pub(super) use self::path::at_home;
pub(super) use self::text::{Ask, Kind};
use super::Exit;
use super::ink::{Ink, wrap};
use super::signals::{News, Signals};
use crate::limits::MENU_HISTORY_ENTRIES;
use crate::terminal::{self, Colours};

/// Why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// The step is left: by Ctrl-C or Escape.
    Step,
    /// The menu is left: by Ctrl-D, a signal, or with the terminal.
    Menu(Exit),
}

impl From<io::Error> for Leave {
    /// The terminal takes no more.
    fn from(_: io::Error) -> Self {
        Self::Menu(Exit::Lost)
    }
}

/// The terminal, in the hands of the menu.
#[derive(Debug)]
pub(super) struct Screen {
    /// None at a terminal that edits lines itself.
    modes: Option<Modes>,
    keyboard: Keyboard,
    colour: bool,
    /// The answers to texts, by kind; the latest last.
    history: [Vec<String>; Kind::REMEMBERED],
    /// How many rows were said since the last question.
    said_rows: usize,
    signals: Arc<Signals>,
}

impl Screen {
    /// Takes the terminal; dropping the screen gives it back as it was.
    pub(super) fn take(signals: Arc<Signals>) -> io::Result<Self> {
        let modes = if is_dumb() {
            None
        } else {
            Some(Modes::take()?)
        };
        Ok(Self {
            modes,
            keyboard: Keyboard::new(Arc::clone(&signals)),
            colour: Colours::of_stdout().are_on(),
            history: Default::default(),
            said_rows: 0,
            signals,
        })
    }

    /// Whether the terminal can't move its cursor.
    pub(super) fn is_plain(&self) -> bool {
        self.modes.is_none()
    }

    /// Says sentences, which are broken where the window ends.
    pub(super) fn say(&mut self, ink: Ink, text: &str) -> Result<(), Leave> {
        self.show(ink, &wrap(text, usize::from(terminal::columns())))
    }

    /// Shows a text as it is; one that is longer than the window, page by page.
    pub(super) fn show(&mut self, ink: Ink, text: &str) -> Result<(), Leave> {
        let mut rest = Some(text);
        while let Some(text) = rest {
            let mut size = Size::now();
            // The question whether to go on has a row as well.
            size.rows = size.rows.saturating_sub(1 + self.said_rows);
            let page;
            (page, rest) = if self.is_plain() {
                (text, None)
            } else {
                pages::split(text, size)
            };
            let mut stdout = io::stdout();
            writeln!(stdout, "{}", ink.on(page, self.colour))?;
            stdout.flush()?;
            self.said_rows += pages::rows_of(page, size.columns);
            if rest.is_some() && !self.wait("-- Enter for more, Esc for no more: ")? {
                rest = None;
            }
        }
        Ok(())
    }

    /// Has somebody choose one of several; returns its place. What was just said stays in sight.
    pub(super) fn choose(&mut self, list: &List<'_>) -> Result<usize, Leave> {
        if self.is_plain() {
            return self.asking(|screen| plain::choose(screen, list));
        }
        if self.said_rows + list::ROWS_MIN > Size::now().rows {
            self.wait("-- Enter goes on: ")?;
        }
        let kept_rows = self.said_rows;
        self.asking(|screen| list::choose(screen, list, kept_rows))
    }

    fn wait(&mut self, question: &str) -> Result<bool, Leave> {
        self.asking(|screen| pages::wait(screen, question))
    }

    /// Has somebody type a text.
    pub(super) fn text(&mut self, ask: &Ask<'_>) -> Result<String, Leave> {
        let text = self.asking(|screen| {
            if screen.is_plain() {
                plain::text(screen, ask)
            } else {
                text::ask(screen, ask)
            }
        })?;
        self.remember(ask.kind, &text);
        Ok(text)
    }

    /// Asks whether to do it. What was typed before the question was seen is no answer to it.
    pub(super) fn confirm(&mut self, question: &str) -> Result<bool, Leave> {
        self.keyboard.forget();
        loop {
            let question = format!("{question} (y/n): ");
            let answer = self.text(&Ask::new(&question, Kind::YesOrNo))?;
            match answer.trim().to_ascii_lowercase().as_str() {
                "y" | "yes" => return Ok(true),
                "n" | "no" | "" => return Ok(false),
                _ => self.say(Ink::Faint, "Type y for yes or n for no.")?,
            }
        }
    }

    /// Gives the terminal to another program until `run` is done.
    pub(super) async fn lend<T>(&mut self, run: impl Future<Output = T>) -> Result<T, Leave> {
        self.release();
        let result = run.await;
        self.resume()?;
        Ok(result)
    }

    /// Gives the terminal to somebody else.
    pub(super) fn release(&self) {
        if let Some(modes) = &self.modes {
            modes.release();
        }
    }

    /// Takes it again.
    pub(super) fn resume(&self) -> Result<(), Leave> {
        if let Some(modes) = &self.modes {
            modes.resume()?;
        }
        // Ctrl-C was meant for the other one, and came here too.
        self.signals.forget_interrupt();
        Ok(())
    }

    /// Asks in the modes for it.
    fn asking<T>(&mut self, ask: impl FnOnce(&mut Self) -> Result<T, Leave>) -> Result<T, Leave> {
        if let Some(modes) = &self.modes {
            modes.ask()?;
        }
        self.keyboard.begin();
        self.said_rows = 0;
        // Ctrl-C from before the question was shown was meant for the step, whose work had just ended.
        let answer = if self.signals.forget_interrupt() {
            Err(Leave::Step)
        } else {
            ask(self)
        };
        if let Some(modes) = &self.modes {
            modes.busy()?;
        }
        answer
    }

    /// Ctrl-Z: the shell has the terminal until it lets this program go on.
    fn suspend(&self, frame: &mut Frame) -> Result<(), Leave> {
        if let Some(modes) = &self.modes {
            writeln!(io::stdout())?;
            modes.release();
            let stopped = kill_current_process_group(Signal::TSTP);
            modes.resume()?;
            modes.ask()?;
            *frame = Frame::new(self.colour);
            stopped.map_err(io::Error::from)?;
        }
        Ok(())
    }

    fn remember(&mut self, kind: Kind, text: &str) {
        let Some(entries) = kind.place().and_then(|place| self.history.get_mut(place)) else {
            return;
        };
        if text.is_empty() {
            return;
        }
        entries.retain(|entry| entry != text);
        entries.push(text.to_owned());
        if entries.len() > MENU_HISTORY_ENTRIES {
            entries.remove(0);
        }
    }
}

/// What news at a prompt mean for it; none if it is only to be drawn again.
fn leave_by(news: News) -> Option<Leave> {
    match news {
        News::End(signal) => Some(Leave::Menu(Exit::Signal(signal))),
        // Ctrl-C is a key there, so it was somebody else.
        News::Interrupt => Some(Leave::Menu(Exit::Signal(Signal::INT))),
        News::Resize => None,
    }
}

fn is_dumb() -> bool {
    match env::var("TERM") {
        Ok(term) => term.is_empty() || term == "dumb",
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ctrl_c_from_before_a_question_leaves_the_step_and_not_the_menu() {
        let signals = Arc::new(Signals::mind().unwrap());
        let mut screen = Screen {
            modes: None,
            keyboard: Keyboard::new(Arc::clone(&signals)),
            colour: false,
            history: Default::default(),
            said_rows: 0,
            signals: Arc::clone(&signals),
        };
        signals.interrupt();
        let never_asked = screen.asking(|_| -> Result<(), _> { panic!("it is asked") });
        assert_eq!(never_asked, Err(Leave::Step));
        // It is used up, and one that comes while somebody is asked is somebody else's.
        let asked = screen.asking(|screen| -> Result<(), _> {
            signals.interrupt();
            Err(leave_by(screen.signals.take().unwrap()).unwrap())
        });
        assert_eq!(asked, Err(Leave::Menu(Exit::Signal(Signal::INT))));
        assert_eq!(screen.asking(|_| Ok(7)), Ok(7));
    }
}
