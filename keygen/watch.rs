//! Who watches, and who breaks off.

use tokio::signal::unix::{SignalKind, signal};
use triad::coverage::Phase;
use triad::ending::Ending;
use triad::terminal::{Progress, Unit};

/// How far the test is, where somebody watches it. It names the seed, by which the keys of a test that is
/// broken off can be found.
pub(crate) struct Watched {
    count: u64,
    seed: u64,
    shown: Option<(Phase, Progress)>,
}

impl Watched {
    pub(crate) fn new(count: u64, seed: u64) -> Self {
        Self {
            count,
            seed,
            shown: None,
        }
    }

    pub(crate) fn show(&mut self, phase: Phase, keys: u64) {
        if self.shown.as_ref().is_none_or(|(shown, _)| *shown != phase) {
            // The line of the phase before is removed first.
            self.shown = None;
            let what = match phase {
                Phase::Test => format!("--seed {}", self.seed),
                Phase::Clean => format!("deleting --seed {}", self.seed),
            };
            self.shown = Some((phase, Progress::new(&what, Unit::Keys, Some(self.count))));
        }
        if let Some((_, progress)) = &self.shown {
            progress.set(keys);
        }
    }
}

/// Is ready when somebody presses Ctrl-C, or the system asks this program to end.
pub(crate) struct Interruption {
    signals: [tokio::signal::unix::Signal; 3],
}

impl Interruption {
    /// From now on signals no longer end the program by themselves.
    pub(crate) fn listen() -> Result<Self, Ending> {
        let signals = [
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ];
        Ok(Self { signals })
    }

    pub(crate) async fn comes(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
