//! Requests during a checkpoint, against those before it.
//!
//! Two clients ask without a pause, each one request at a time: one reads, one writes, keys chosen at
//! random. A request is of the checkpoint if any part of its wait is in it.

use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::anyhow;

use crate::lab::connection::Connection;
use crate::lab::data::{Random, value};
use crate::lab::server::Server;
use crate::lab::statistics::{median, percentile, ratio};
use crate::lab::table::{Table, times};
use crate::{ROUNDS, Side, Sides};

/// How long requests are looked at before each checkpoint: about as long as it takes, within bounds.
const BEFORE_A_KEY: Duration = Duration::from_micros(1);
const BEFORE_MIN: Duration = Duration::from_millis(200);
const BEFORE_MAX: Duration = Duration::from_secs(2);

const IS_BEFORE: u8 = 0;
const IS_DURING: u8 = 1;
const IS_OVER: u8 = 2;

/// What one client asks for.
#[derive(Clone, Copy)]
enum Kind {
    Get,
    Set,
}

/// The waits of one client, before a checkpoint and during it.
#[derive(Default)]
struct Waits {
    before: Vec<Duration>,
    during: Vec<Duration>,
}

/// What was seen of one checkpoint.
struct Round {
    checkpoint: Duration,
    get: Summary,
    set: Summary,
}

/// Of the waits of one client, in one round.
struct Summary {
    before: Figures,
    during: Figures,
}

#[derive(Clone, Copy)]
struct Figures {
    p50: Duration,
    p99: Duration,
    longest: Duration,
    /// The time for each request that was answered.
    each: Duration,
}

/// Measures the sides that hold the same keys, and leaves them stopped after a checkpoint.
pub(crate) fn measure(sides: &Sides) -> anyhow::Result<Table> {
    let mut servers = Vec::new();
    for side in sides.same_keys() {
        servers.push((side, side.site.start()?, Vec::new()));
    }
    for round in 0..ROUNDS {
        for (side, server, rounds) in &mut servers {
            rounds.push(watch(side, server, round)?);
        }
    }
    let mut table = Table::new(
        format!(
            "Requests before and during a checkpoint (SAVE; in Redis BGREWRITEAOF): one client reads and one\n\
             writes, a request at a time. Medians of {ROUNDS} rounds in turn, but the longest wait is of all.\n\
             The last column is requests answered a second, during against before."
        ),
        &[
            "",
            "p50 before",
            "during",
            "p99 before",
            "during",
            "ratio",
            "longest before",
            "during",
            "answered",
        ],
    );
    for (side, server, rounds) in servers {
        let name = if side.site.is_redis() {
            "Redis"
        } else {
            "triad"
        };
        row(&mut table, &format!("{name} GET"), &rounds, |round| {
            &round.get
        });
        row(&mut table, &format!("{name} SET"), &rounds, |round| {
            &round.set
        });
        let took = median(rounds.iter().map(|round| round.checkpoint));
        table.note(format!("a checkpoint of {name} took {}", shown(took)));
        side.stop(server)?;
    }
    Ok(table)
}

/// Makes a checkpoint while two clients ask.
fn watch(side: &Side, server: &Server<'_>, round: usize) -> anyhow::Result<Round> {
    let keys = u32::try_from(side.keys.len())?;
    let before = (BEFORE_A_KEY * keys).clamp(BEFORE_MIN, BEFORE_MAX);
    let phase = AtomicU8::new(IS_BEFORE);
    thread::scope(|scope| {
        let client = |kind| {
            let connection = server.connect();
            let phase = &phase;
            scope.spawn(move || ask(side, kind, round, connection?, phase))
        };
        let (get, set) = (client(Kind::Get), client(Kind::Set));
        let begun = Instant::now();
        thread::sleep(before);
        let before = begun.elapsed();
        phase.store(IS_DURING, Ordering::SeqCst);
        let begun = Instant::now();
        let saved = server.checkpoint();
        let checkpoint = begun.elapsed();
        phase.store(IS_OVER, Ordering::SeqCst);
        let waits = [get, set].map(|client| {
            let waits = client
                .join()
                .map_err(|_| anyhow!("a client has panicked"))?;
            waits.map(|waits| waits.summary(before, checkpoint))
        });
        saved?;
        let [get, set] = waits;
        Ok(Round {
            checkpoint,
            get: get?,
            set: set?,
        })
    })
}

/// Asks until the checkpoint is over.
fn ask(
    side: &Side,
    kind: Kind,
    round: usize,
    mut connection: Connection,
    phase: &AtomicU8,
) -> anyhow::Result<Waits> {
    let mut random = Random(round as u64);
    let mut waits = Waits::default();
    loop {
        let begun_in = phase.load(Ordering::SeqCst);
        if begun_in == IS_OVER {
            return Ok(waits);
        }
        // The first key keeps its value: by it one sees whether a start is complete.
        let place = 1 + random.below(side.keys.len() - 1);
        let key = side.keys.get(place).unwrap_or(&[0; 16]);
        let value = value(key, 1);
        let begun = Instant::now();
        match kind {
            Kind::Get => connection.ask(&[b"GET", key])?,
            Kind::Set => connection.ask(&[b"SET", key, &value])?,
        };
        let wait = begun.elapsed();
        let list = match (begun_in, phase.load(Ordering::SeqCst)) {
            (IS_BEFORE, IS_BEFORE) => &mut waits.before,
            _ => &mut waits.during,
        };
        list.push(wait);
    }
}

impl Waits {
    fn summary(mut self, before: Duration, during: Duration) -> Summary {
        Summary {
            before: Figures::of(&mut self.before, before),
            during: Figures::of(&mut self.during, during),
        }
    }
}

impl Figures {
    fn of(waits: &mut [Duration], time: Duration) -> Self {
        let count = u32::try_from(waits.len()).unwrap_or(u32::MAX).max(1);
        Self {
            p50: percentile(waits, 50),
            p99: percentile(waits, 99),
            longest: percentile(waits, 100),
            each: time / count,
        }
    }
}

fn row(table: &mut Table, name: &str, rounds: &[Round], of: impl Fn(&Round) -> &Summary) {
    let before =
        |figure: fn(Figures) -> Duration| median(rounds.iter().map(|it| figure(of(it).before)));
    let during =
        |figure: fn(Figures) -> Duration| median(rounds.iter().map(|it| figure(of(it).during)));
    let longest = |waits: fn(&Summary) -> Figures| {
        rounds
            .iter()
            .map(|it| waits(of(it)).longest)
            .max()
            .unwrap_or_default()
    };
    let (p99_before, p99_during) = (before(|it| it.p99), during(|it| it.p99));
    let figures = [
        shown(before(|it| it.p50)),
        shown(during(|it| it.p50)),
        shown(p99_before),
        shown(p99_during),
        times(ratio(p99_during, p99_before)),
        shown(longest(|it| it.before)),
        shown(longest(|it| it.during)),
        times(ratio(before(|it| it.each), during(|it| it.each))),
    ];
    table.row(name, figures);
}

/// A time in milliseconds.
fn shown(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
