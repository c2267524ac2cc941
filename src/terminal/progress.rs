//! How far a long job is: one line of the terminal, drawn over again.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often the line is drawn, at most: often enough to see it move, seldom enough for ssh.
const DRAWS_PER_SECOND: u8 = 8;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Keys.
    Keys,
    /// Bytes, shown in KiB, MiB and GiB.
    Bytes,
}

/// A bar with the part that is done, the rate and the time left, on standard error. Where that is no terminal
/// nothing is shown. It is without colour, and removed when it is dropped.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar for a job called `what`, of `total` units; without a total there is no bar, only what is done and
    /// the rate.
    pub fn new(what: &str, unit: Unit, total: Option<u64>) -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND);
        let bar = ProgressBar::with_draw_target(total, target);
        let style = ProgressStyle::with_template(template(unit, total.is_some()));
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("━━ "));
        }
        bar.set_message(what.to_owned());
        // A job that stands still is seen to do so: its rate falls.
        bar.enable_steady_tick(Duration::from_secs(1));
        Self { bar }
    }

    /// One that is never shown.
    pub fn hidden() -> Self {
        let bar = ProgressBar::hidden();
        Self { bar }
    }

    /// Tells that `done` units are done in all.
    pub fn set(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// How many units are done, by the last [`Progress::set`].
    pub fn done(&self) -> u64 {
        self.bar.position()
    }

    /// Makes place for what comes.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn template(unit: Unit, has_total: bool) -> &'static str {
    match (unit, has_total) {
        (Unit::Keys, true) => {
            "{msg} {wide_bar} {percent:>3} %  {human_pos} of {human_len}, {per_sec:.0}, {eta} left"
        }
        (Unit::Keys, false) => "{msg} {human_pos}, {per_sec:.0}",
        (Unit::Bytes, true) => {
            "{msg} {wide_bar} {percent:>3} %  {binary_bytes} of {binary_total_bytes}, {binary_bytes_per_sec}, {eta} left"
        }
        (Unit::Bytes, false) => "{msg} {binary_bytes}, {binary_bytes_per_sec}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_one() {
        for unit in [Unit::Keys, Unit::Bytes] {
            for has_total in [false, true] {
                let style = ProgressStyle::with_template(template(unit, has_total));
                assert!(style.is_ok(), "{unit:?} {has_total}");
            }
        }
    }
}
