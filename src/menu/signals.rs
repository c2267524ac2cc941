//! The signals that the menu minds, while somebody is asked and while a step is at work.
//!
//! A prompt blocks the thread of the menu, so the signals come to a thread of their own. It keeps no more than
//! which of them have come, and wakes whoever waits.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

use rustix::process::Signal;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
use tokio::sync::Notify;

const INTERRUPT: u8 = 1;
const RESIZE: u8 = 2;
const TERMINATE: u8 = 4;
const HANG_UP: u8 = 8;
const QUIT: u8 = 16;

/// Those that end the program, and what they are called.
const ENDS: [(u8, Signal); 3] = [
    (TERMINATE, Signal::TERM),
    (HANG_UP, Signal::HUP),
    (QUIT, Signal::QUIT),
];

/// What has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// The program is to end.
    End(Signal),
    /// Ctrl-C, or somebody's SIGINT.
    Interrupt,
    /// The terminal has another size.
    Resize,
}

/// See the module's text.
#[derive(Debug)]
pub(super) struct Signals {
    come: Arc<Come>,
    woken: UnixStream,
}

#[derive(Debug)]
struct Come {
    which: AtomicU8,
    notify: Notify,
    wake: UnixStream,
}

impl Signals {
    /// Begins to mind them; they have their usual effect no longer.
    pub(super) fn mind() -> io::Result<Self> {
        let (wake, woken) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        woken.set_nonblocking(true)?;
        let come = Arc::new(Come {
            which: AtomicU8::new(0),
            notify: Notify::new(),
            wake,
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        // All are minded before this returns.
        let streams = {
            let _in_it = runtime.enter();
            Streams::open()?
        };
        let listener = Arc::clone(&come);
        thread::Builder::new()
            .name("triad-signals".to_owned())
            .spawn(move || runtime.block_on(streams.pass_to(&listener)))?;
        Ok(Self { come, woken })
    }

    /// What has come since the last time, the most important first.
    pub(super) fn take(&self) -> Option<News> {
        // More is there only when a signal comes, and then it is read again.
        let _ = (&self.woken).read(&mut [0; 64]);
        let take = |which: u8| self.come.which.fetch_and(!which, Ordering::AcqRel) & which != 0;
        if let Some((_, signal)) = ENDS.into_iter().find(|(which, _)| take(*which)) {
            return Some(News::End(signal));
        }
        if take(INTERRUPT) {
            return Some(News::Interrupt);
        }
        take(RESIZE).then_some(News::Resize)
    }

    /// Forgets an interrupt that was not meant for what comes next; whether there was one.
    pub(super) fn forget_interrupt(&self) -> bool {
        self.come.which.fetch_and(!INTERRUPT, Ordering::AcqRel) & INTERRUPT != 0
    }

    /// As if Ctrl-C had come.
    #[cfg(test)]
    pub(super) fn interrupt(&self) {
        self.come.tell(INTERRUPT);
    }

    /// Waits for a signal that ends a step.
    pub(super) async fn ending(&self) -> News {
        loop {
            match self.take() {
                Some(News::Resize) => {}
                Some(news) => return news,
                None => self.come.notify.notified().await,
            }
        }
    }
}

/// Can be read from when something has come.
impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.woken.as_fd()
    }
}

impl Come {
    fn tell(&self, which: u8) {
        self.which.fetch_or(which, Ordering::AcqRel);
        // A full pipe wakes as well as one byte more.
        let _ = (&self.wake).write(&[which]);
        self.notify.notify_one();
    }
}

struct Streams {
    interrupt: Stream,
    resize: Stream,
    terminate: Stream,
    hang_up: Stream,
    quit: Stream,
}

impl Streams {
    fn open() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            resize: signal(SignalKind::window_change())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    async fn pass_to(mut self, come: &Come) {
        loop {
            let which = tokio::select! {
                _ = self.interrupt.recv() => INTERRUPT,
                _ = self.resize.recv() => RESIZE,
                _ = self.terminate.recv() => TERMINATE,
                _ = self.hang_up.recv() => HANG_UP,
                _ = self.quit.recv() => QUIT,
            };
            come.tell(which);
        }
    }
}
