//! The menu: one step after the other, each of which says what happened, which node holds the key, and how long
//! it took.
//!
//! A step asks (`prompt`), and then works (`Menu::attend`). While it asks, the thread waits for keys; while it
//! works, Ctrl-C drops its future, and the connection with it, because a reply may still come there. Whatever a
//! step ends with is a sentence, and the menu goes on.

mod editor;
mod ink;
mod prompt;
mod signals;
mod steps;
mod time;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::{Instant, timeout};

use self::ink::Ink;
use self::prompt::{Item, Leave, List, Screen};
use self::signals::{News, Signals};
use self::steps::Step;
use crate::command::SelfReport;
use crate::ending::Ending;
use crate::limits::MENU_HEADLINE_WAIT;
use crate::resp::Frame;
use crate::session::Session;

/// How the menu was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// As somebody wanted.
    Quit,
    /// By a signal.
    Signal(Signal),
    /// With the terminal.
    Lost,
}

impl Exit {
    /// The exit code: as a shell reports it where a signal ends a program.
    pub fn code(self) -> ExitCode {
        let signal = match self {
            Self::Quit => return ExitCode::SUCCESS,
            Self::Signal(signal) => signal,
            Self::Lost => Signal::HUP,
        };
        let number = u8::try_from(signal.as_raw()).unwrap_or_default();
        ExitCode::from(128_u8.saturating_add(number))
    }
}

/// Asks and does until somebody leaves. The terminal is then as it was.
pub async fn run(session: &mut Session) -> Result<Exit, Ending> {
    let signals = Arc::new(Signals::mind()?);
    let screen = Screen::take(Arc::clone(&signals))?;
    session.let_others_take_over();
    let mut menu = Menu {
        session,
        screen,
        signals,
    };
    match menu.run().await {
        Leave::Menu(exit) => Ok(exit),
        Leave::Step => Ok(Exit::Quit),
    }
}

/// Why a step did not go on to its end.
#[derive(Debug)]
enum Stop {
    /// Somebody left it.
    Leave(Leave),
    /// Ctrl-C, while it was at work.
    Interrupted,
    /// It can't be done.
    Failed(Ending),
}

impl From<Leave> for Stop {
    fn from(leave: Leave) -> Self {
        Self::Leave(leave)
    }
}

impl From<Ending> for Stop {
    fn from(ending: Ending) -> Self {
        Self::Failed(ending)
    }
}

/// What the steps work with.
#[derive(Debug)]
struct Menu<'a> {
    session: &'a mut Session,
    screen: Screen,
    signals: Arc<Signals>,
}

impl Menu<'_> {
    /// The steps, one after the other; how it was left.
    async fn run(&mut self) -> Leave {
        loop {
            let stop = match self.step().await {
                Ok(()) => continue,
                Err(stop) => stop,
            };
            let said = match stop {
                Stop::Leave(Leave::Step) => Ok(()),
                Stop::Leave(leave) => return leave,
                Stop::Interrupted => self
                    .screen
                    .say(Ink::Bad, "stopped; whether it was done is not known"),
                Stop::Failed(ending) => self.screen.say(Ink::Bad, &ending.to_string()),
            };
            if let Err(leave) = said {
                return leave;
            }
        }
    }

    /// One step, of somebody's choice.
    async fn step(&mut self) -> Result<(), Stop> {
        let title = self.headline().await?;
        let items: Vec<_> = (1..)
            .zip(Step::ALL)
            .map(|(number, step)| Item {
                label: match step {
                    Step::Quit => "q".to_owned(),
                    _ => i32::to_string(&number),
                },
                text: step.name().to_owned(),
            })
            .collect();
        self.screen.show(Ink::Plain, "")?;
        let place = self.screen.choose(&List {
            title: &title,
            question: "choice: ",
            hint: "Ctrl-D leaves; arrows, number or word",
            items: &items,
            at: 0,
            is_first: true,
        })?;
        match Step::ALL.get(place) {
            Some(step) => steps::run(self, *step).await,
            None => Ok(()),
        }
    }

    /// Which node is asked, and how many can be. A node that was lost is replaced here, before somebody has typed
    /// something for it.
    async fn headline(&mut self) -> Result<String, Stop> {
        let nodes = self.session.cluster().nodes().len();
        let asked =
            self.attend(async |session| timeout(MENU_HEADLINE_WAIT, reachable(session)).await);
        let reachable = match asked.await {
            Ok((Ok(Ok(reachable)), _)) => reachable,
            Ok((Ok(Err(_)), _)) => return Ok("no node answers".to_owned()),
            // Ctrl-C may have been meant for the step that had just ended.
            Ok((Err(_), _)) | Err(Stop::Interrupted) => {
                self.session.disconnect();
                return Ok("the nodes are slow to answer".to_owned());
            }
            Err(stop) => return Err(stop),
        };
        let name = self.session.entry_name().unwrap_or_default();
        Ok(format!(
            "through {name}; {reachable} of {nodes} nodes reachable"
        ))
    }

    /// Works until it is done, or until Ctrl-C or a signal. Returns also how long it took.
    async fn attend<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Session) -> T,
    ) -> Result<(T, Duration), Stop> {
        let begun = Instant::now();
        let news = tokio::select! {
            biased;
            result = work(self.session) => return Ok((result, begun.elapsed())),
            news = self.signals.ending() => news,
        };
        // The reply to what was asked may still come.
        self.session.disconnect();
        Err(match news {
            News::End(signal) => Stop::Leave(Leave::Menu(Exit::Signal(signal))),
            News::Interrupt | News::Resize => Stop::Interrupted,
        })
    }

    /// [`Menu::attend`], for work that can fail.
    async fn try_attend<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Session) -> Result<T, Ending>,
    ) -> Result<(T, Duration), Stop> {
        let (result, time) = self.attend(work).await?;
        Ok((result?, time))
    }
}

/// How many nodes the entry node reaches; another one where that was lost.
async fn reachable(session: &mut Session) -> Result<usize, Ending> {
    let read = |reply| match reply {
        Frame::Array(rows) => {
            let up = |row: &&Frame<'_>| SelfReport::from_frame(row).is_some();
            Some(rows.iter().filter(up).count())
        }
        _ => None,
    };
    let words: [&[u8]; 2] = [b"TRIAD", b"NODES"];
    match session.ask(&words, read).await {
        Err(_) => session.ask(&words, read).await,
        reachable => reachable,
    }
}

/// Says a last sentence where the menu is left by a signal: the terminal may be gone, and the standard error be
/// another one.
fn tell_on_stderr(said: &str) {
    // Nobody is left to tell if it is closed.
    let _ = writeln!(io::stderr(), "{said}");
}

/// Whether the standard input and output are a terminal.
pub fn has_terminal() -> bool {
    use io::IsTerminal as _;
    io::stdin().is_terminal() && io::stdout().is_terminal()
}
