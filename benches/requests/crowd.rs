//! A node that has nothing to do: what it takes by itself, what each of many idle connections takes, and
//! whether requests on other connections are as fast beside them.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use anyhow::{anyhow, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use triad::limits::CONNECTIONS_MAX;

use crate::Machine;
use crate::chosen;
use crate::lab::data::{self, Key};
use crate::lab::server::Server;
use crate::lab::site::Site;
use crate::lab::statistics::median_figure;
use crate::lab::table::{NOTHING, Table, at_least, at_most, times};
use crate::machine;
use crate::work::{CONNECTIONS, KEYS, Verb, Work};

/// The connections that a node takes, but for those that ask meanwhile.
const IDLE: usize = CONNECTIONS_MAX - 2 * CONNECTIONS;
/// The descriptors that this program needs beside those of the idle connections.
const DESCRIPTORS: u64 = 200;

/// So many connections are opened at a time: fewer than the system holds ready for a server that has not
/// accepted them yet, since it lets one more wait for a second.
const BURST: usize = 64;

/// How long an idle server is watched, if not for a quick look.
const WATCHED: Duration = Duration::from_secs(30);

const IDLE_MIB_MAX: f64 = 10.0;
const CONNECTION_KIB_MAX: f64 = 8.0;
const BESIDE_IDLE_MIN: f64 = 0.9;

/// What an idle server takes.
struct Idle {
    mib: f64,
    cpu: Duration,
}

/// Measures a node, and what can be compared beside Redis.
pub(crate) fn measure(machine: &Machine) -> anyhow::Result<Table> {
    let watched = WATCHED / u32::try_from(machine.scale.divisor)?;
    let title = format!(
        "One node with nothing to do, watched for {:.1} s; and with {IDLE} idle connections ({CONNECTIONS_MAX} is\n\
         the most that it takes, and requests need some).",
        watched.as_secs_f64()
    );
    let mut table = Table::new(title, &["", "triad", "Redis", "target"]);
    let node = Site::alone()?;
    let other = machine.has_redis.then(Site::redis).transpose()?;
    let node = node.start()?;
    let redis = other.as_ref().map(Site::start).transpose()?;
    let (ours, theirs) = thread::scope(|scope| {
        let theirs = redis
            .as_ref()
            .map(|server| scope.spawn(move || idle(server, watched)));
        let ours = idle(&node, watched)?;
        let theirs = theirs.map(|thread| {
            let ended = thread.join();
            ended.map_err(|_| anyhow!("watching Redis has panicked"))?
        });
        anyhow::Ok((ours, theirs.transpose()?))
    })?;
    let of = |figure: &dyn Fn(&Idle) -> String| {
        let other = theirs.as_ref().map_or(NOTHING.to_owned(), figure);
        [figure(&ours), other]
    };
    let [mib, other] = of(&|idle| format!("{:.1}", idle.mib));
    let target = at_most(ours.mib, IDLE_MIB_MAX);
    table.row("memory, idle and without keys, MiB", [mib, other, target]);
    let [cpu, other] = of(&|idle| format!("{}", idle.cpu.as_millis()));
    let target = at_most(ours.cpu.as_secs_f64() * 1000.0, 0.0);
    table.row("processor time meanwhile, ms", [cpu, other, target]);

    if descriptors()? < u64::try_from(IDLE)? + DESCRIPTORS {
        machine::skip("descriptors", "a process may not have 10,000 connections");
        return Ok(table);
    }
    let (_ours, kib) = connect(&node)?;
    let theirs = redis.as_ref().map(connect).transpose()?;
    let other = theirs.map_or(NOTHING.to_owned(), |(_, kib)| format!("{kib:.1}"));
    let target = at_most(kib, CONNECTION_KIB_MAX);
    let figures = [format!("{kib:.1}"), other, target];
    table.row("memory for an idle connection, KiB", figures);
    for (work, ratio) in beside(machine, &node)? {
        let name = format!("{}, times as fast as without them", work.name());
        let target = at_least(ratio, BESIDE_IDLE_MIN);
        table.row(&name, [times(ratio), NOTHING.to_owned(), target]);
    }
    Ok(table)
}

fn idle(server: &Server<'_>, watched: Duration) -> anyhow::Result<Idle> {
    // From its start on it may still be at something.
    server.idle_bytes()?;
    let before = server.cpu_time()?;
    thread::sleep(watched);
    Ok(Idle {
        cpu: server.cpu_time()?.saturating_sub(before),
        mib: mib(server.resident_bytes()?),
    })
}

/// Opens the idle connections. What each of them takes, in KiB.
fn connect(server: &Server<'_>) -> anyhow::Result<(Vec<TcpStream>, f64)> {
    let before = mib(server.idle_bytes()?);
    let mut streams = Vec::with_capacity(IDLE);
    while streams.len() < IDLE {
        for _ in streams.len()..IDLE.min(streams.len() + BURST) {
            streams.push(TcpStream::connect(server.address())?);
        }
        // It is answered when those before it were accepted.
        server.connect()?.ask(&[b"PING"])?;
    }
    let after = mib(server.idle_bytes()?);
    let lines = server.connect()?.info("clients")?;
    let accepted = lines
        .iter()
        .find_map(|line| line.strip_prefix("connected_clients:"));
    ensure!(
        accepted.and_then(|count| count.parse().ok()) > Some(IDLE),
        "not all connections were taken: {lines:?}"
    );
    let kib = (after - before) * 1024.0 / f64::from(u32::try_from(IDLE)?);
    Ok((streams, kib))
}

/// How many times as fast the server is, with the connections that it has, as one without.
fn beside(machine: &Machine, crowded: &Server<'_>) -> anyhow::Result<Vec<(Work, f64)>> {
    let plain = Site::alone()?;
    let plain = plain.start()?;
    let keys: Vec<Key> = data::keys(KEYS, |_| true);
    for server in [crowded, &plain] {
        chosen::fill(server, &keys)?;
    }
    let crowded = chosen::contestant(&[(crowded, keys.clone())], &Verb::SINGLE);
    let plain = chosen::contestant(&[(&plain, keys)], &Verb::SINGLE);
    let mut ratios = Vec::new();
    for command in Verb::SINGLE {
        let work = Work::new(command, 16, machine.scale);
        let mut rounds = Vec::new();
        for _ in 0..machine.scale.rounds {
            rounds.push((crowded.drive)(work)?.rate / (plain.drive)(work)?.rate);
        }
        ratios.push((work, median_figure(rounds)));
    }
    Ok(ratios)
}

/// Raises the number of descriptors that this process may have as far as it may. That number.
fn descriptors() -> anyhow::Result<u64> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, raised)?;
    Ok(maximum.unwrap_or(u64::MAX))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no process has 2^53 bytes of memory"
)]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
