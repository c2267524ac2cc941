//! A server that runs. It is killed when it is dropped.

use std::fs;
use std::net::SocketAddr;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use triad::resp::Frame;

use super::connection::Connection;
use super::site::Site;
use super::{PATIENCE, process};

/// Between two looks at a server that does not answer yet: short beside any start, and long enough to
/// leave the processors to the server.
const LOOK_PAUSE: Duration = Duration::from_micros(500);
/// Between two looks at a checkpoint that somebody waits for.
const SAVING_PAUSE: Duration = Duration::from_millis(5);
/// Between two looks at what a server is busy with.
const IDLE_PAUSE: Duration = Duration::from_millis(50);
/// So many looks in a row have to find the same.
const IDLE_LOOKS: usize = 10;

/// What `INFO` says while there is a checkpoint, or one is to come.
const SAVING: [&str; 3] = [
    "rdb_bgsave_in_progress:1",
    "aof_rewrite_in_progress:1",
    "aof_rewrite_scheduled:1",
];
/// What Redis says after a rewriting that went well.
const REWRITTEN: &str = "aof_last_bgrewrite_status:ok";

/// A server that runs.
pub(crate) struct Server<'s> {
    site: &'s Site,
    child: Child,
    started: Instant,
}

/// What was seen of a start.
#[derive(Clone, Copy)]
pub(crate) struct Start {
    /// From the start of the process to the first right answer.
    pub(crate) elapsed: Duration,
    /// The processor time that the process had taken by then.
    pub(crate) cpu: Duration,
}

impl<'s> Server<'s> {
    /// Of a process that was started just now.
    pub(crate) fn new(site: &'s Site, child: Child) -> Self {
        Self {
            site,
            child,
            started: Instant::now(),
        }
    }

    /// A connection.
    pub(crate) fn connect(&self) -> anyhow::Result<Connection> {
        Ok(Connection::open(self.site.address())?)
    }

    /// Asks until the answer is right. Errors are no answers: they are what a server says that is
    /// not ready.
    pub(crate) fn await_reply(
        &self,
        request: &[&[u8]],
        is_right: impl Fn(&Frame<'_>) -> bool,
    ) -> anyhow::Result<Start> {
        let mut connection = None;
        loop {
            if connection.is_none() {
                connection = Connection::open(self.site.address()).ok();
            }
            match connection.as_mut().map(|open| open.call(request)) {
                Some(Ok(Frame::Error(_))) | None => {}
                Some(Ok(reply)) => {
                    let elapsed = self.started.elapsed();
                    ensure!(is_right(&reply), "the answer is wrong: {reply:?}");
                    let cpu = process::cpu_time(self.pid())?;
                    return Ok(Start { elapsed, cpu });
                }
                Some(Err(_)) => connection = None,
            }
            if self.has_ended()? || self.started.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.site.log()).unwrap_or_default();
                bail!("the server does not answer; it says: {log}");
            }
            thread::sleep(LOOK_PAUSE);
        }
    }

    /// Makes a checkpoint, which Redis calls rewriting the append-only file, and waits for its end.
    pub(crate) fn checkpoint(&self) -> anyhow::Result<()> {
        let mut connection = self.connect()?;
        if !self.site.is_redis() {
            connection.ask(&[b"SAVE"])?;
            return Ok(());
        }
        let begun = Instant::now();
        // One that it began by itself has to end first.
        while is_saving(&mut connection)? {
            wait_a_little(begun)?;
        }
        connection.ask(&[b"BGREWRITEAOF"])?;
        while is_saving(&mut connection)? {
            wait_a_little(begun)?;
        }
        let lines = connection.info("persistence")?;
        let is_well = lines.iter().any(|line| line == REWRITTEN);
        ensure!(is_well, "the rewriting has failed");
        Ok(())
    }

    /// Waits until the server makes no checkpoint and its memory stays as it is. Returns that memory,
    /// in bytes.
    pub(crate) fn idle_bytes(&self) -> anyhow::Result<u64> {
        let mut connection = self.connect()?;
        let begun = Instant::now();
        let (mut bytes, mut same) = (0, 0);
        while same < IDLE_LOOKS {
            ensure!(
                begun.elapsed() < PATIENCE,
                "the server does not come to rest"
            );
            thread::sleep(IDLE_PAUSE);
            let now = process::resident_bytes(self.pid())?;
            let is_idle = now == bytes && !is_saving(&mut connection)?;
            same = if is_idle { same + 1 } else { 0 };
            bytes = now;
        }
        Ok(bytes)
    }

    /// What it has sent towards the disk so far, in bytes.
    pub(crate) fn written_bytes(&self) -> anyhow::Result<u64> {
        process::written_bytes(self.pid())
    }

    /// The processor time that it has taken so far.
    pub(crate) fn cpu_time(&self) -> anyhow::Result<Duration> {
        process::cpu_time(self.pid())
    }

    /// The memory that it has now, in bytes.
    pub(crate) fn resident_bytes(&self) -> anyhow::Result<u64> {
        process::resident_bytes(self.pid())
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.site.address()
    }

    /// Asks it to end, and waits until it has. Returns what it has sent towards the disk in all.
    pub(crate) fn stop(mut self) -> anyhow::Result<u64> {
        kill_process(self.pid(), Signal::TERM)?;
        // What is known of a process goes when it was waited for.
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.pid()), ended).context("the server does not end")?;
        let written = self.written_bytes()?;
        let status: ExitStatus = self.child.wait()?;
        ensure!(status.success(), "the server ends with {status}");
        Ok(written)
    }

    /// Ends it without warning, by `kill -9`.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn has_ended(&self) -> anyhow::Result<bool> {
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        Ok(waitid(WaitId::Pid(self.pid()), ended)?.is_some())
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        // After a proper end both fail, and nothing is left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait_a_little(begun: Instant) -> anyhow::Result<()> {
    ensure!(begun.elapsed() < PATIENCE, "the rewriting does not end");
    thread::sleep(SAVING_PAUSE);
    Ok(())
}

fn is_saving(connection: &mut Connection) -> anyhow::Result<bool> {
    let lines = connection.info("persistence")?;
    let is_one = |line: &String| SAVING.contains(&line.as_str());
    Ok(lines.iter().any(is_one))
}
