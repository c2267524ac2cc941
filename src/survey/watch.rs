//! `watch`: every node, asked again and again, and drawn over what was there.
//!
//! Each node has a task of its own that asks it once a round. A picture is drawn when all have answered, or
//! else a while after they were asked: then it has of the late ones what they told last. So a node that hangs
//! stops nothing, and one that has come back is seen by itself.

mod figures;
mod picture;

use std::io::{self, ErrorKind, Write as _};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Duration, MissedTickBehavior, interval, sleep_until};

use super::probe::{Answer, Probe};
use crate::client::ClientError;
use crate::ending::Ending;
use crate::json;
use crate::limits::WATCH_GRACE;
use crate::session::Session;
use crate::terminal::{self, Colours, Event, Screen};
use figures::{Figures, Remembered};

/// What a node is asked for.
const SECTIONS: [&str; 6] = [
    "server",
    "memory",
    "stats",
    "triad",
    "keyspace",
    "persistence",
];

/// How it is watched.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The pause between two pictures.
    pub interval: Duration,
    /// After how many pictures to stop; none: when somebody leaves.
    pub count: Option<u64>,
    /// Whether each picture is a JSON document on a line.
    pub as_json: bool,
}

/// Watches the nodes of the session's cluster: on a terminal on a screen of its own, until somebody leaves;
/// elsewhere, and on a terminal that can't be drawn on, a picture below the other, until nobody reads them.
pub async fn run(session: &Session, plan: Plan) -> Result<(), Ending> {
    let output = if plan.as_json {
        Output::Documents
    } else if Screen::is_there() {
        Output::Screen(Screen::enter()?)
    } else {
        Output::Lines
    };
    let watch = Watch::begin(session, plan, output);
    watch.run().await
}

/// Where pictures go.
enum Output {
    Screen(Screen),
    Lines,
    Documents,
}

struct Watch {
    plan: Plan,
    output: Output,
    via: Option<String>,
    nodes: Vec<Remembered>,
    /// The nodes that have not answered in this round.
    late: Vec<bool>,
    rounds: watch::Sender<u64>,
    answers: mpsc::Receiver<(usize, Result<Answer, ClientError>)>,
    /// Ends the tasks when it is dropped.
    _tasks: JoinSet<()>,
    shown: Option<Figures>,
}

/// Asks one node in each round. While it waits for a late answer rounds go by.
async fn ask_on(
    mut probe: Probe,
    place: usize,
    mut rounds: watch::Receiver<u64>,
    answers: mpsc::Sender<(usize, Result<Answer, ClientError>)>,
) {
    while rounds.changed().await.is_ok() {
        let answer = probe.ask(&SECTIONS).await;
        if answers.send((place, answer)).await.is_err() {
            return;
        }
    }
}

impl Watch {
    fn begin(session: &Session, plan: Plan, output: Output) -> Self {
        let cluster = session.cluster();
        let (rounds, _) = watch::channel(0);
        let (answer, answers) = mpsc::channel(cluster.nodes().len());
        let mut tasks = JoinSet::new();
        for (place, node) in cluster.nodes().iter().enumerate() {
            let probe = Probe::of(node);
            tasks.spawn(ask_on(probe, place, rounds.subscribe(), answer.clone()));
        }
        let shares = cluster.placement().shares();
        let nodes = cluster.nodes().iter().zip(shares).map(|(node, share)| {
            let (name, address) = (node.name.to_string(), node.address.to_string());
            Remembered::new(name, address, share.as_f64())
        });
        let nodes: Vec<_> = nodes.collect();
        Self {
            plan,
            output,
            via: session.via().map(str::to_owned),
            late: vec![false; nodes.len()],
            nodes,
            rounds,
            answers,
            _tasks: tasks,
            shown: None,
        }
    }

    async fn run(mut self) -> Result<(), Ending> {
        let mut ticks = interval(self.plan.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut left = self.plan.count;
        // Whether this round has no picture yet, and how long that waits for late answers.
        let mut is_open = false;
        let mut due: Option<tokio::time::Instant> = None;
        loop {
            tokio::select! {
                _ = ticks.tick(), if !is_open => {
                    self.late.fill(true);
                    self.rounds.send_modify(|round| *round += 1);
                    let grace = WATCH_GRACE.min(self.plan.interval / 2);
                    (is_open, due) = (true, Some(tokio::time::Instant::now() + grace));
                }
                Some((place, answer)) = self.answers.recv() => self.hear(place, answer),
                () = at(due) => due = None,
                event = next_event(&mut self.output) => match event? {
                    Event::Leave => return Ok(()),
                    Event::Redraw | Event::Key(_) => {
                        self.draw()?;
                    }
                },
            }
            let has_waited = due.is_none() || !self.late.contains(&true);
            if !(is_open && has_waited && self.is_worth_showing()) {
                continue;
            }
            (is_open, due) = (false, None);
            self.shown = Some(Figures::of(&self.nodes, self.via.as_deref(), unix_ms()));
            if !self.draw()? {
                return Ok(());
            }
            left = left.map(|left| left.saturating_sub(1));
            if left == Some(0) {
                return self.leave_last();
            }
        }
    }

    /// Where the last picture goes with its screen, it is left on the usual one.
    fn leave_last(mut self) -> Result<(), Ending> {
        if let Output::Screen(screen) = std::mem::replace(&mut self.output, Output::Lines) {
            drop(screen);
            self.draw()?;
        }
        Ok(())
    }

    /// Where pictures stay, the first one waits until something is known of every node.
    fn is_worth_showing(&self) -> bool {
        let is_screen = matches!(self.output, Output::Screen(_));
        is_screen || self.nodes.iter().all(Remembered::is_known)
    }

    fn hear(&mut self, place: usize, answer: Result<Answer, ClientError>) {
        if let Some(node) = self.nodes.get_mut(place) {
            node.hear(Instant::now(), answer);
        }
        if let Some(late) = self.late.get_mut(place) {
            *late = false;
        }
    }

    /// Shows the picture that there is. Whether somebody still looks.
    fn draw(&mut self) -> Result<bool, Ending> {
        let Some(figures) = &self.shown else {
            return Ok(true);
        };
        let colours = Colours::of_stdout();
        match &mut self.output {
            Output::Screen(screen) => {
                let (rows, columns) = Screen::size();
                let picture = figures.text(columns, Some(rows), colours);
                screen.draw(&picture)?;
                Ok(true)
            }
            Output::Lines => {
                let picture = figures.text(terminal::columns(), None, colours);
                print(&format!("{picture}\n\n"))
            }
            Output::Documents => print(&format!("{}\n", json::document(figures)?)),
        }
    }
}

/// Writes to the standard output. Whether somebody reads it.
fn print(text: &str) -> Result<bool, Ending> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => Ok(written.map(|()| true)?),
    }
}

/// Waits for a moment, or for ever if there is none.
async fn at(moment: Option<tokio::time::Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// What somebody does at the terminal; elsewhere nobody does anything.
async fn next_event(output: &mut Output) -> io::Result<Event> {
    match output {
        Output::Screen(screen) => screen.event().await,
        Output::Lines | Output::Documents => std::future::pending().await,
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}
