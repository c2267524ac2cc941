//! How long requests waited for their replies.
//!
//! The latency of a request is the time from when it was written out as a whole to when its reply was read.
//! Many requests are under way on one connection, so that it holds the waits behind those before it, and at
//! the node those of all lanes: it is what one request takes while the cluster is kept busy.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Serialize, Serializer};

use crate::limits::{COVERAGE_LATENCY_DIGITS, COVERAGE_LATENCY_MAX};

/// The latencies of one kind of request, in microseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Latencies {
    /// None where no histogram could be made, which with the bounds of this program does not happen.
    histogram: Option<Histogram<u64>>,
}

/// What is told of latencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// The requests.
    pub requests: u64,
    /// Half of the requests took no longer.
    pub p50_us: u64,
    /// 99 of 100 took no longer.
    pub p99_us: u64,
    /// The longest.
    pub max_us: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        let longest = micros(COVERAGE_LATENCY_MAX);
        let histogram = Histogram::new_with_bounds(1, longest, COVERAGE_LATENCY_DIGITS);
        Self {
            histogram: histogram.ok(),
        }
    }
}

impl Latencies {
    /// Adds one request.
    pub fn add(&mut self, latency: Duration) {
        if let Some(histogram) = &mut self.histogram {
            histogram.saturating_record(micros(latency));
        }
    }

    /// Adds those of another.
    pub fn add_all(&mut self, other: &Self) {
        if let (Some(histogram), Some(other)) = (&mut self.histogram, &other.histogram) {
            // The bounds are the same.
            let _ = histogram.add(other);
        }
    }

    /// How many requests there are.
    pub fn requests(&self) -> u64 {
        self.histogram.as_ref().map_or(0, Histogram::len)
    }

    /// What so many of a hundred requests did not exceed.
    pub fn percentile(&self, percent: f64) -> Duration {
        let value = |histogram: &Histogram<u64>| histogram.value_at_percentile(percent);
        Duration::from_micros(self.histogram.as_ref().map_or(0, value))
    }

    /// The longest.
    pub fn max(&self) -> Duration {
        Duration::from_micros(self.histogram.as_ref().map_or(0, Histogram::max))
    }

    /// The shortest.
    pub fn min(&self) -> Duration {
        Duration::from_micros(self.histogram.as_ref().map_or(0, Histogram::min))
    }

    /// How many requests took from `from` on and less than `to`, as exactly as they are kept.
    pub fn between(&self, from: Duration, to: Duration) -> u64 {
        let (from, to) = (micros(from), micros(to));
        let count =
            |histogram: &Histogram<u64>| histogram.count_between(from, to.saturating_sub(1));
        if from < to {
            self.histogram.as_ref().map_or(0, count)
        } else {
            0
        }
    }

    /// What is told of them.
    pub fn percentiles(&self) -> Percentiles {
        Percentiles {
            requests: self.requests(),
            p50_us: micros(self.percentile(50.0)),
            p99_us: micros(self.percentile(99.0)),
            max_us: micros(self.max()),
        }
    }
}

impl Serialize for Latencies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.percentiles().serialize(serializer)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_exact_to_two_digits_and_nothing_is_out_of_range() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentiles().max_us, 0);
        for micros in 1..=1000 {
            latencies.add(Duration::from_micros(micros));
        }
        let found = latencies.percentiles();
        assert_eq!(found.requests, 1000);
        assert!((500..=504).contains(&found.p50_us), "{found:?}");
        assert!((990..=999).contains(&found.p99_us), "{found:?}");
        let mut all = Latencies::default();
        all.add(Duration::ZERO);
        all.add(Duration::from_secs(1_000_000));
        all.add_all(&latencies);
        assert_eq!(all.requests(), 1002);
        assert!(all.max() >= COVERAGE_LATENCY_MAX);
        let short = all.between(Duration::ZERO, Duration::from_micros(100));
        assert_eq!(short, 100);
        let json = serde_json::to_string(&found).unwrap();
        assert!(
            json.starts_with(r#"{"requests":1000,"p50_us":50"#),
            "{json}"
        );
    }
}
