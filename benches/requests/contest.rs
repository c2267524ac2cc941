//! Contestants that do the same work in turn, and how they compare.

use std::time::Duration;

use crate::lab::generator::Speed;
use crate::lab::process;
use crate::lab::server::Server;
use crate::lab::statistics::{median, median_figure};
use crate::lab::table::{NOTHING, Table, at_least, at_most, times};
use crate::work::Work;

/// How the requests of some work are sent.
pub(crate) type Drive<'a> = Box<dyn Fn(Work) -> anyhow::Result<Speed> + 'a>;

/// Servers, and how they are asked.
pub(crate) struct Contestant<'a> {
    pub(crate) servers: Vec<&'a Server<'a>>,
    pub(crate) drive: Drive<'a>,
}

/// Ours, and those that it is compared with, where they are there.
pub(crate) struct Sides<T> {
    pub(crate) triad: T,
    pub(crate) redis: Option<T>,
    pub(crate) ceiling: Option<T>,
}

/// One contestant's work once.
#[derive(Clone, Copy)]
struct Run {
    speed: Speed,
    /// The processor time that its servers took.
    cpu: Duration,
    /// The processor time that this program took.
    client_cpu: Duration,
}

/// All that one contestant did: at least one run.
struct Runs {
    runs: Vec<Run>,
    /// The requests of one run.
    count: usize,
}

/// What ours is to reach beside Redis.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// At least so many times the requests a second.
    Rate(f64),
    /// The same, and at most so many times the processor time a request.
    RateAndCpu(f64, f64),
}

/// A table of comparisons.
pub(crate) struct Comparisons {
    table: Table,
    rounds: usize,
    tells_clients: bool,
}

impl Contestant<'_> {
    fn run(&self, work: Work) -> anyhow::Result<Run> {
        let own_cpu = || process::cpu_time(rustix::process::getpid());
        let (before, own_before) = (self.cpu()?, own_cpu()?);
        let speed = (self.drive)(work)?;
        let client_cpu = own_cpu()?.saturating_sub(own_before);
        let cpu = self.cpu()?.saturating_sub(before);
        Ok(Run {
            speed,
            cpu,
            client_cpu,
        })
    }

    fn cpu(&self) -> anyhow::Result<Duration> {
        self.servers.iter().map(|server| server.cpu_time()).sum()
    }
}

impl<T> Sides<T> {
    fn map<U>(&self, mut f: impl FnMut(&T) -> U) -> Sides<U> {
        Sides {
            triad: f(&self.triad),
            redis: self.redis.as_ref().map(&mut f),
            ceiling: self.ceiling.as_ref().map(&mut f),
        }
    }
}

impl Comparisons {
    /// A table without rows yet; each will be of so many rounds.
    pub(crate) fn new(title: &str, rounds: usize) -> Self {
        let columns = [
            "thousand a second:",
            "triad",
            "Redis",
            "ceiling",
            "triad/Redis",
            "/ceiling",
            "µs CPU",
            "Redis",
            "ratio",
            "p50 ms",
            "Redis",
            "p99 ms",
            "Redis",
            "triad/Redis is to be",
        ];
        let table = Table::new(title, &columns);
        Self {
            table,
            rounds,
            tells_clients: false,
        }
    }

    /// Also tells what processor time this program took, which is the client.
    pub(crate) fn telling_clients(self) -> Self {
        Self {
            tells_clients: true,
            ..self
        }
    }

    /// Has all sides do the work in turn, and adds a row.
    pub(crate) fn add(
        &mut self,
        work: Work,
        sides: &Sides<Contestant<'_>>,
        target: Option<Target>,
    ) -> anyhow::Result<()> {
        let mut all = sides.map(|_| Runs {
            runs: Vec::new(),
            count: work.count,
        });
        for _ in 0..self.rounds {
            all.triad.runs.push(sides.triad.run(work)?);
            for (contestant, runs) in [
                (&sides.redis, &mut all.redis),
                (&sides.ceiling, &mut all.ceiling),
            ] {
                if let (Some(contestant), Some(runs)) = (contestant, runs) {
                    runs.runs.push(contestant.run(work)?);
                }
            }
        }
        self.table.row(&work.name(), figures(&all, target));
        if self.tells_clients {
            self.table.note(clients_note(work, &all));
        }
        Ok(())
    }

    pub(crate) fn into_table(self) -> Table {
        self.table
    }
}

impl Target {
    fn verdict(self, rate: f64, cpu: f64) -> String {
        match self {
            Self::Rate(least) => at_least(rate, least),
            Self::RateAndCpu(least, most) => {
                format!("{}, CPU {}", at_least(rate, least), at_most(cpu, most))
            }
        }
    }
}

impl Runs {
    fn rate(&self) -> f64 {
        median_figure(self.runs.iter().map(|run| run.speed.rate))
    }

    /// The median over the rounds of how many times as fast as `other` it was in the same round.
    fn times_rate_of(&self, other: &Self) -> f64 {
        let rounds = self.runs.iter().zip(&other.runs);
        median_figure(rounds.map(|(ours, theirs)| ours.speed.rate / theirs.speed.rate))
    }

    /// The processor time a request in µs: of all rounds together, since the system counts it in steps
    /// of 10 ms.
    fn cpu_us(&self) -> f64 {
        self.us_each(|run| run.cpu)
    }

    /// The same of this program.
    fn client_cpu_us(&self) -> f64 {
        self.us_each(|run| run.client_cpu)
    }

    fn us_each(&self, figure: impl Fn(&Run) -> Duration) -> f64 {
        let total: Duration = self.runs.iter().map(figure).sum();
        let requests = self.runs.len() * self.count;
        total.as_secs_f64() * 1e6 / u32::try_from(requests).map_or(f64::NAN, f64::from)
    }

    fn median(&self, figure: impl Fn(&Speed) -> Duration) -> Duration {
        median(self.runs.iter().map(|run| figure(&run.speed)))
    }
}

/// The cells of a row.
fn figures(all: &Sides<Runs>, target: Option<Target>) -> Vec<String> {
    let triad = &all.triad;
    let rate = |runs: &Runs| format!("{:.0}", runs.rate() / 1000.0);
    let cpu = |runs: &Runs| format!("{:.2}", runs.cpu_us());
    let p50 = |runs: &Runs| shown(runs.median(|speed| speed.p50));
    let p99 = |runs: &Runs| shown(runs.median(|speed| speed.p99));
    let redis = |figure: &dyn Fn(&Runs) -> String| or_nothing(all.redis.as_ref().map(figure));
    let ceiling = |figure: &dyn Fn(&Runs) -> String| or_nothing(all.ceiling.as_ref().map(figure));
    let cpu_ratio = |other: &Runs| triad.cpu_us() / other.cpu_us();
    vec![
        rate(triad),
        redis(&rate),
        ceiling(&rate),
        redis(&|other| times(triad.times_rate_of(other))),
        ceiling(&|other| times(triad.times_rate_of(other))),
        cpu(triad),
        redis(&cpu),
        redis(&|other| times(cpu_ratio(other))),
        p50(triad),
        redis(&p50),
        p99(triad),
        redis(&p99),
        match (target, &all.redis) {
            (Some(target), Some(other)) => {
                target.verdict(triad.times_rate_of(other), cpu_ratio(other))
            }
            _ => String::new(),
        },
    ]
}

/// The processor time of the clients.
fn clients_note(work: Work, all: &Sides<Runs>) -> String {
    let client = |runs: &Runs| format!("{:.2}", runs.client_cpu_us());
    format!(
        "{}: the clients took {} µs CPU a request, and those of Redis {}",
        work.name(),
        client(&all.triad),
        or_nothing(all.redis.as_ref().map(client))
    )
}

fn or_nothing(figure: Option<String>) -> String {
    figure.unwrap_or_else(|| NOTHING.to_owned())
}

/// A time in milliseconds.
fn shown(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1000.0)
}
