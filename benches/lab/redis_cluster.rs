//! Redis Cluster: which of its servers a key belongs to.
//!
//! <https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/>

use std::ops::RangeInclusive;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;

use super::PATIENCE;
use super::server::Server;

/// The slots that keys are sorted into.
const SLOTS: usize = 16_384;
/// Between two looks at whether the servers know each other.
const LOOK_PAUSE: Duration = Duration::from_millis(20);

/// Makes a cluster of servers, and waits until each of them knows all slots.
pub(crate) fn join(servers: &[Server<'_>]) -> anyhow::Result<()> {
    for (number, server) in servers.iter().enumerate() {
        let slots = slots(number, servers.len());
        let (first, last) = (slots.start().to_string(), slots.end().to_string());
        let mut connection = server.connect()?;
        connection.ask(&[
            b"CLUSTER",
            b"ADDSLOTSRANGE",
            first.as_bytes(),
            last.as_bytes(),
        ])?;
        for other in servers.iter().take(number) {
            let (ip, port) = (other.address().ip(), other.address().port());
            let (ip, port) = (ip.to_string(), port.to_string());
            connection.ask(&[b"CLUSTER", b"MEET", ip.as_bytes(), port.as_bytes()])?;
        }
    }
    let begun = Instant::now();
    for server in servers {
        let mut connection = server.connect()?;
        let known = format!("cluster_known_nodes:{}", servers.len());
        loop {
            let reply = connection.ask(&[b"CLUSTER", b"INFO"])?;
            let text = String::from_utf8_lossy(reply.as_bytes().unwrap_or_default()).into_owned();
            let has = |wanted: &str| text.lines().any(|line| line == wanted);
            if has("cluster_state:ok") && has(&known) {
                break;
            }
            ensure!(begun.elapsed() < PATIENCE, "the cluster is not complete");
            thread::sleep(LOOK_PAUSE);
        }
    }
    Ok(())
}

/// The number of the server, of so many, whose key this is.
pub(crate) fn owner(key: &[u8], servers: usize) -> usize {
    let slot = usize::from(crc16(key)) % SLOTS;
    (0..servers)
        .find(|&number| slots(number, servers).contains(&slot))
        .unwrap_or_default()
}

fn slots(number: usize, servers: usize) -> RangeInclusive<usize> {
    let first = |number| SLOTS * number / servers;
    first(number)..=first(number + 1) - 1
}

/// CRC-16/XMODEM, a byte at a time, as clients of Redis Cluster do.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, &byte| {
        let [high, low] = crc.to_be_bytes();
        let shifted = u16::from_be_bytes([low, 0]);
        let changed = CRC16.get(usize::from(high ^ byte)).copied();
        shifted ^ changed.unwrap_or_default()
    })
}

#[expect(
    clippy::indexing_slicing,
    reason = "a constant: an index out of bounds would not compile"
)]
const CRC16: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u16;
    while byte < 256 {
        let mut crc = byte << 8;
        let mut bit = 0;
        while bit < 8 {
            let shifted = crc << 1;
            crc = if crc & 0x8000 == 0 {
                shifted
            } else {
                shifted ^ 0x1021
            };
            bit += 1;
        }
        table[byte as usize] = crc;
        byte += 1;
    }
    table
};
