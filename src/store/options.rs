//! What one can choose about a store.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// What a write has to go through before it counts as done (`--fsync`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fsync {
    /// It is on the disk: it survives the loss of power.
    #[default]
    Always,
    /// The operating system has it, and has it on the disk within a second: it survives `kill -9`.
    EverySec,
    /// The operating system has it, and writes it when it likes: it survives `kill -9`.
    Never,
}

impl fmt::Display for Fsync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Always => "always",
            Self::EverySec => "everysec",
            Self::Never => "never",
        })
    }
}

impl FromStr for Fsync {
    type Err = UnknownFsync;

    fn from_str(text: &str) -> Result<Self, UnknownFsync> {
        match text {
            "always" => Ok(Self::Always),
            "everysec" => Ok(Self::EverySec),
            "never" => Ok(Self::Never),
            _ => Err(UnknownFsync(text.to_owned())),
        }
    }
}

/// A text that is no [`Fsync`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not one of `always`, `everysec`, `never`")]
pub struct UnknownFsync(String);

/// How to open a store.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// When a write counts as done.
    pub fsync: Fsync,
    /// Load what somebody edited by hand: well-formed content whose checksum is wrong.
    pub accept_edits: bool,
    /// If the files are damaged, keep copies of them and go on with all that is sound.
    pub repair: bool,
    /// What says which keys have expired.
    pub clock: Clock,
}

/// Where a store has the time from.
#[derive(Clone, Copy, Debug, Default)]
pub enum Clock {
    /// The device's time of day.
    #[default]
    System,
    /// Milliseconds since 1970 that somebody else sets: for tests.
    Set(&'static AtomicU64),
}

impl Clock {
    /// Milliseconds since 1970; 0 if the device's clock is set before that.
    pub(super) fn unix_ms(self) -> u64 {
        match self {
            Self::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH);
                since.map_or(0, |since| {
                    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
                })
            }
            Self::Set(now) => now.load(Ordering::Relaxed),
        }
    }
}
