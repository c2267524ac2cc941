//! The pauses between attempts to reach a peer.

use std::time::Duration;

use crate::limits::{BACKOFF_FIRST, BACKOFF_LAST};

/// Doubles from [`BACKOFF_FIRST`] to [`BACKOFF_LAST`].
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(super) const fn new() -> Self {
        Self {
            next: BACKOFF_FIRST,
        }
    }

    pub(super) fn reset(&mut self) {
        self.next = BACKOFF_FIRST;
    }

    /// The pause before the next attempt.
    pub(super) fn pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = pause.saturating_mul(2).min(BACKOFF_LAST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_last_and_start_again_after_a_reset() {
        let mut backoff = Backoff::new();
        let pauses: Vec<_> = (0..9).map(|_| backoff.pause().as_millis()).collect();
        assert_eq!(
            pauses,
            [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]
        );
        backoff.reset();
        assert_eq!(backoff.pause(), BACKOFF_FIRST);
    }
}
