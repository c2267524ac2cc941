//! `redis-benchmark`, the load generator of Redis.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use crate::lab::generator::Speed;
use crate::work::{CONNECTIONS, Work};

const PROGRAM: &str = "redis-benchmark";

/// Whether it is installed.
pub(crate) fn is_installed() -> anyhow::Result<bool> {
    match Command::new(PROGRAM).arg("--version").output() {
        Ok(output) => Ok(output.status.success()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).context("redis-benchmark cannot be run"),
    }
}

/// Sends the requests of `work`, each with a random one of the keys. In `cluster` mode it asks the
/// server at `address` which others there are, and sends each request to the one whose it is.
pub(crate) fn drive(address: SocketAddr, work: Work, cluster: bool) -> anyhow::Result<Speed> {
    let mut command = Command::new(PROGRAM);
    let mut option = |name: &str, value: &dyn std::fmt::Display| {
        command.args([name, &value.to_string()]);
    };
    option("-h", &address.ip());
    option("-p", &address.port());
    option("-c", &CONNECTIONS);
    option("-P", &work.pipeline);
    option("-n", &work.count);
    option("-r", &work.keys);
    option("-d", &work.value_bytes);
    option("-t", &work.command.name().to_lowercase());
    command.args(["-q", "--csv"]);
    if cluster {
        command.arg("--cluster");
    }
    let output = command.output().context("redis-benchmark cannot be run")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "redis-benchmark fails: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    speed(&text, work.command.name())
        .with_context(|| format!("redis-benchmark says something unexpected: {text}"))
}

/// What a line such as this says: `"GET","252525.27","2.759","0.456","2.599","4.783","5.855","8.823"`,
/// the rate, and in milliseconds the average, the minimum, p50, p95, p99 and the maximum.
fn speed(text: &str, name: &str) -> anyhow::Result<Speed> {
    for line in text.lines() {
        let mut cells = line.split(',').map(|cell| cell.trim_matches('"'));
        if cells.next() != Some(name) {
            continue;
        }
        let figures = cells.map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        let [rate, _, _, p50, _, p99, _] = *figures else {
            bail!("a line has {} figures", figures.len());
        };
        return Ok(Speed {
            rate,
            p50: Duration::from_secs_f64(p50 / 1000.0),
            p99: Duration::from_secs_f64(p99 / 1000.0),
        });
    }
    bail!("there is no line of {name}")
}
