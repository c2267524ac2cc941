//! How long each request of a connection waits for its reply, however many are under way.
//!
//! The clock is looked at once for each write and each read of the socket, and not for each request: all
//! that one write takes leaves at the same moment, and all that one read brings has arrived by the same.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// See the module's text. Positions are bytes of all requests of the connection, counted from its first.
#[derive(Debug)]
pub(super) struct Stopwatch {
    /// Where what is queued ends.
    queued: u64,
    /// Where what was written ends.
    written: u64,
    /// Where each request ends that has no reply yet.
    ends: VecDeque<u64>,
    /// The writes that some request without a reply was in: where each ended, and when.
    writes: VecDeque<(u64, Instant)>,
    read: Instant,
}

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self {
            queued: 0,
            written: 0,
            ends: VecDeque::new(),
            writes: VecDeque::new(),
            read: Instant::now(),
        }
    }

    /// A request of so many bytes was queued.
    pub(super) fn note_queued(&mut self, bytes: usize) {
        self.queued += bytes as u64;
        self.ends.push_back(self.queued);
    }

    /// So many bytes were taken by the system.
    pub(super) fn note_written(&mut self, bytes: usize) {
        self.written += bytes as u64;
        self.writes.push_back((self.written, Instant::now()));
    }

    /// Something has arrived.
    pub(super) fn note_read(&mut self) {
        self.read = Instant::now();
    }

    /// The reply to the next request is looked at: how long ago that request had left as a whole, when the
    /// reply arrived.
    pub(super) fn lap(&mut self) -> Option<Duration> {
        let end = self.ends.pop_front()?;
        while self.writes.front().is_some_and(|(to, _)| *to < end) {
            self.writes.pop_front();
        }
        let (_, written) = self.writes.front()?;
        Some(self.read.saturating_duration_since(*written))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_has_the_time_of_the_write_that_took_its_end() {
        let mut watch = Stopwatch::start();
        for bytes in [10, 10, 10] {
            watch.note_queued(bytes);
        }
        // The second request is cut in two.
        watch.note_written(15);
        watch.note_read();
        let first = watch.read;
        assert_eq!(watch.writes.len(), 1);
        assert_eq!(watch.lap(), Some(first - watch.writes[0].1));
        watch.note_written(15);
        watch.note_read();
        let (second, written) = (watch.read, watch.writes[1].1);
        assert_eq!(watch.lap(), Some(second - written));
        assert_eq!(watch.lap(), Some(second - written));
        assert_eq!(watch.lap(), None, "nobody asked for it");
        assert_eq!(watch.writes.len(), 1, "what is over is forgotten");
    }
}
