//! How much happens in a second, without a clock that ticks while nobody asks.

use std::time::{Duration, Instant};

/// What has been counted at one moment.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Totals {
    pub(super) commands: u64,
    pub(super) received_bytes: u64,
    pub(super) sent_bytes: u64,
}

/// What a second brings, on average between two looks.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(super) struct PerSecond {
    pub(super) commands: u64,
    pub(super) received_kib: f64,
    pub(super) sent_kib: f64,
}

/// The time between two looks at least: of less the average says little. Who asks sooner is told what the
/// last look found.
const LOOK_PAUSE: Duration = Duration::from_secs(1);

/// What the last look found.
#[derive(Debug, Default)]
pub struct Rates {
    last: Option<(Instant, Totals)>,
    found: PerSecond,
}

impl Rates {
    /// Takes down what has been counted, and works out what a second brings.
    pub(super) fn look(&mut self, now: Instant, totals: Totals) -> PerSecond {
        let Some((since, before)) = self.last else {
            self.last = Some((now, totals));
            return self.found;
        };
        let elapsed = now.saturating_duration_since(since);
        if elapsed >= LOOK_PAUSE {
            let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
            let rate =
                |now: u64, before: u64| now.saturating_sub(before).saturating_mul(1000) / millis;
            let kib = |now, before| {
                f64::from(u32::try_from(rate(now, before)).unwrap_or(u32::MAX)) / 1024.0
            };
            self.found = PerSecond {
                commands: rate(totals.commands, before.commands),
                received_kib: kib(totals.received_bytes, before.received_bytes),
                sent_kib: kib(totals.sent_bytes, before.sent_bytes),
            };
            self.last = Some((now, totals));
        }
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(number: u64) -> Totals {
        Totals {
            commands: number,
            received_bytes: number * 1024,
            sent_bytes: number * 2048,
        }
    }

    #[test]
    fn a_rate_is_the_average_since_a_look_a_second_ago_or_more() {
        let mut rates = Rates::default();
        let began = Instant::now();
        assert_eq!(rates.look(began, totals(100)), PerSecond::default());
        let soon = began + LOOK_PAUSE / 2;
        assert_eq!(rates.look(soon, totals(5_000)), PerSecond::default());
        let found = rates.look(began + 2 * LOOK_PAUSE, totals(1_100));
        assert_eq!(
            found,
            PerSecond {
                commands: 500,
                received_kib: 500.0,
                sent_kib: 1000.0
            }
        );
        let again = began + 2 * LOOK_PAUSE + LOOK_PAUSE / 2;
        assert_eq!(rates.look(again, totals(9_000)), found);
    }
}
