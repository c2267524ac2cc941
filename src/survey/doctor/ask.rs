//! What one node is asked, and what it tells.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::sleep;

use crate::client::{Client, ClientError};
use crate::resp::Frame;
use crate::survey::info::Info;
use crate::survey::probe::Probe;

/// How often a node is asked for its time. The answer that came soonest is the most exact one.
const CLOCK_QUESTIONS: usize = 3;

/// How often, and with which pauses, a node is asked how much room its disk has. A file system that has not
/// told after a second hangs.
const ROOM_QUESTIONS: usize = 6;
const ROOM_PAUSE: Duration = Duration::from_millis(200);

/// A node of the list, and what it has told or why it has not.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) name: String,
    pub(super) address: String,
    pub(super) told: Result<Facts, ClientError>,
}

/// What a node has told.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) ping: Duration,
    pub(super) clock: Clock,
    pub(super) info: Info,
    /// The other nodes that it does not reach, with the error.
    pub(super) unreached: Vec<(String, String)>,
}

/// How a node's clock differs from that of this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    /// By how much it is ahead.
    pub(super) offset_us: i64,
    /// By how much that may be wrong: half of the time that question and answer took.
    pub(super) error_us: i64,
}

/// Asks a node everything.
pub(super) async fn ask(mut probe: Probe) -> Result<Facts, ClientError> {
    let sections = ["server", "persistence", "triad", "keyspace"];
    let answer = probe.ask(&sections).await?;
    let clock = probe.within(clock).await?;
    let unreached = probe.within(unreached).await?;
    let mut facts = Facts {
        ping: answer.ping,
        clock,
        info: answer.info,
        unreached,
    };
    // A node that is busy does not wait for its file system, but has the answer soon.
    for _ in 1..ROOM_QUESTIONS {
        if facts.disk_free().is_some() {
            break;
        }
        sleep(ROOM_PAUSE).await;
        facts.info = probe.ask(&sections).await?.info;
    }
    Ok(facts)
}

impl Facts {
    /// The name that the node has itself.
    pub(super) fn name(&self) -> &str {
        self.text("name")
    }

    pub(super) fn version(&self) -> &str {
        self.text("triad_version")
    }

    /// The operating system that its program was built for.
    pub(super) fn system(&self) -> &str {
        self.text("os").split(' ').next().unwrap_or_default()
    }

    pub(super) fn fingerprint(&self) -> &str {
        self.text("fingerprint")
    }

    pub(super) fn misplaced(&self) -> u64 {
        self.info.number("misplaced").unwrap_or_default()
    }

    pub(super) fn disk_free(&self) -> Option<u64> {
        self.info.number("triad_disk_free_bytes")
    }

    pub(super) fn disk_total(&self) -> Option<u64> {
        self.info.number("triad_disk_total_bytes")
    }

    pub(super) fn journal(&self) -> Option<u64> {
        self.info.number("aof_current_size")
    }

    pub(super) fn snapshot(&self) -> Option<u64> {
        self.info.number("triad_snapshot_bytes")
    }

    fn text(&self, name: &str) -> &str {
        self.info.text(name).unwrap_or_default()
    }
}

async fn clock(client: &mut Client) -> Result<Clock, ClientError> {
    let mut best: Option<Clock> = None;
    for _ in 0..CLOCK_QUESTIONS {
        let before = unix_us();
        let reply = client.call(&[b"TIME"]).await?;
        let after = unix_us();
        let told = time(&reply).ok_or_else(|| client.unexpected("TIME"))?;
        let clock = Clock::halved(before, told, after);
        if best.is_none_or(|best| clock.error_us < best.error_us) {
            best = Some(clock);
        }
    }
    best.ok_or_else(|| client.unexpected("TIME"))
}

impl Clock {
    /// A node has told its time between two looks at the clock here: most likely in the middle.
    fn halved(before_us: i64, told_us: i64, after_us: i64) -> Self {
        let error_us = after_us.saturating_sub(before_us).max(0) / 2;
        Self {
            offset_us: told_us.saturating_sub(before_us.saturating_add(error_us)),
            error_us,
        }
    }
}

/// The time here, in microseconds since 1970.
fn unix_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let since = since.unwrap_or_default().as_micros();
    i64::try_from(since).unwrap_or(i64::MAX)
}

/// The reply to `TIME`: seconds, and microseconds of the next one.
fn time(reply: &Frame<'_>) -> Option<i64> {
    let Frame::Array(parts) = reply else {
        return None;
    };
    let number = |part: &Frame<'_>| -> Option<i64> {
        std::str::from_utf8(part.as_bytes()?).ok()?.parse().ok()
    };
    match parts.as_slice() {
        [seconds, micros] => number(seconds)?
            .checked_mul(1_000_000)?
            .checked_add(number(micros)?),
        _ => None,
    }
}

/// The other nodes that this one does not reach.
async fn unreached(client: &mut Client) -> Result<Vec<(String, String)>, ClientError> {
    let reply = client.call(&[b"TRIAD", b"NODES"]).await?;
    let Frame::Array(rows) = &reply else {
        return Err(client.unexpected("TRIAD NODES"));
    };
    Ok(rows.iter().filter_map(unreached_row).collect())
}

fn unreached_row(row: &Frame<'_>) -> Option<(String, String)> {
    let Frame::Map(fields) = row else { return None };
    let text = |name: &str| {
        let mut fields = fields.iter();
        let field = fields.find(|(field, _)| field.as_bytes() == Some(name.as_bytes()));
        let text = field.and_then(|(_, value)| value.as_bytes())?;
        Some(String::from_utf8_lossy(text).into_owned())
    };
    let error = text("error")?;
    let lost = ["UNREACHABLE ", "OUTCOMEUNKNOWN "];
    let is_lost = lost.iter().any(|code| error.starts_with(code));
    is_lost.then(|| Some((text("name")?, error)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_the_round_trip_counts() {
        let clock = Clock::halved(1_000_000, 1_500_000, 1_200_000);
        assert_eq!(
            clock,
            Clock {
                offset_us: 400_000,
                error_us: 100_000
            }
        );
        // The clock here was set back meanwhile.
        assert_eq!(Clock::halved(10, 4, 2).error_us, 0);
        assert_eq!(Clock::halved(i64::MIN, i64::MAX, 0).offset_us, i64::MAX);
    }

    #[test]
    fn a_time_has_two_parts() {
        let text = |text: &'static str| Frame::bulk(text.as_bytes());
        let both = Frame::Array(vec![text("17"), text("250000")]);
        assert_eq!(time(&both), Some(17_250_000));
        assert_eq!(time(&Frame::Array(vec![text("17")])), None);
        let nonsense = Frame::Array(vec![text("9223372036854775807"), text("1")]);
        assert_eq!(time(&nonsense), None);
        assert_eq!(time(&Frame::Null), None);
    }
}
