//! How many keys were done when: the rate over time, in bounded memory however long a test takes.

use std::time::Duration;

use super::figures::float;
use crate::limits::{COVERAGE_PACE_INTERVAL, COVERAGE_PACE_INTERVALS_MAX};

/// The keys that were done in each interval of a test, all of one length.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    interval: Duration,
    counts: Vec<u64>,
    elapsed: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            interval: COVERAGE_PACE_INTERVAL,
            counts: Vec::new(),
            elapsed: Duration::ZERO,
        }
    }
}

impl Pace {
    /// So many more keys were done, so long after the beginning.
    pub fn note(&mut self, elapsed: Duration, keys: u64) {
        self.elapsed = self.elapsed.max(elapsed);
        let at = loop {
            let at = elapsed.as_nanos() / self.interval.as_nanos().max(1);
            match usize::try_from(at) {
                Ok(at) if at < COVERAGE_PACE_INTERVALS_MAX => break at,
                _ => self.halve(),
            }
        };
        if self.counts.len() <= at {
            self.counts.resize(at + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(at) {
            *count += keys;
        }
    }

    /// Makes one interval of each two.
    fn halve(&mut self) {
        self.interval *= 2;
        let pairs = self.counts.chunks(2);
        self.counts = pairs.map(|pair| pair.iter().sum()).collect();
    }

    /// How long the test took.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The keys a second, over the whole test; 0 of one that has not begun.
    pub fn rate(&self) -> f64 {
        let keys: u64 = self.counts.iter().sum();
        rate(keys, self.elapsed)
    }

    /// The keys a second in each interval: when it ends, and the rate. The last interval ends with the test,
    /// and has the one before it with it where it is short: few keys in a short time say nothing.
    pub fn rates(&self) -> Vec<(Duration, f64)> {
        let mut rates = Vec::with_capacity(self.counts.len());
        let (mut begun, mut keys) = (Duration::ZERO, 0);
        let mut end = Duration::ZERO;
        for (place, count) in self.counts.iter().enumerate() {
            keys += count;
            end += self.interval;
            let is_last = place + 1 == self.counts.len();
            let is_before_a_short_one =
                place + 2 == self.counts.len() && self.elapsed < end + self.interval / 2;
            if is_before_a_short_one && !is_last {
                continue;
            }
            let ends = end.min(self.elapsed);
            rates.push((ends, rate(keys, ends.saturating_sub(begun))));
            (begun, keys) = (end, 0);
        }
        rates
    }
}

fn rate(keys: u64, time: Duration) -> f64 {
    let seconds = time.as_secs_f64();
    if seconds > 0.0 {
        float(keys) / seconds
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_lost_when_intervals_are_joined() {
        let mut pace = Pace::default();
        assert!(pace.rates().is_empty());
        for step in 1..=10_000_u32 {
            pace.note(COVERAGE_PACE_INTERVAL * step / 3, 2);
        }
        let rates = pace.rates();
        assert!(rates.len() <= COVERAGE_PACE_INTERVALS_MAX);
        assert!(rates.len() * 2 >= COVERAGE_PACE_INTERVALS_MAX);
        let (end, _) = rates.last().unwrap();
        assert_eq!(*end, pace.elapsed());
        assert_eq!(pace.counts.iter().sum::<u64>(), 20_000);
        let expected = 6.0 / COVERAGE_PACE_INTERVAL.as_secs_f64();
        assert!((pace.rate() / expected - 1.0).abs() < 1e-9);
        for (_, rate) in &rates[1..] {
            assert!((rate / expected - 1.0).abs() < 0.1, "{rate} {expected}");
        }
    }
}
