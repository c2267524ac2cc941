//! Why a coverage test has no verdict.

use std::fmt;

use super::Report;
use crate::client::ClientError;

/// Why a test has no verdict, and how far it came.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct CoverageError {
    /// The figures until then, with the nodes that cannot be reached. `ok` is false.
    pub report: Box<Report>,
    /// What happened.
    pub cause: Cause,
    /// How many keys were drawn from the space. All that the test may have stored is among them: a test of
    /// so many keys with the same seed has all of them.
    pub drawn: u64,
}

/// What keeps a test from its verdict.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Cause {
    /// Not every node can be reached, so no key can be offered to all. Nothing was stored.
    Unreachable(Vec<ClientError>),
    /// A node was lost, or answered with an error. What had been stored stays.
    Stopped {
        /// How many keys had been tested.
        keys: u64,
        /// What happened.
        source: ClientError,
    },
    /// Too many keys of this length exist already, with values of others.
    Taken {
        /// How many keys could be used.
        found: u64,
        /// How many could not.
        taken: u128,
    },
    /// The caller broke the test off. What had been stored stays.
    BrokenOff {
        /// How many keys had been tested.
        keys: u64,
        /// What was going on.
        phase: Phase,
    },
}

/// The parts of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Keys are offered and read back.
    Test,
    /// They are deleted again.
    Clean,
}

impl CoverageError {
    /// Whether keys of the test may still be stored, although it was told to `clean` up or not.
    pub fn keys_stay(&self, clean: bool) -> bool {
        match self.cause {
            Cause::Unreachable(_) => false,
            Cause::Stopped { .. } | Cause::BrokenOff { .. } => self.drawn > 0,
            Cause::Taken { found, .. } => found > 0 && !clean,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tell("the test", f)
    }
}

impl Cause {
    /// Says what happened to `what`.
    pub(super) fn tell(&self, what: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(errors) => {
                write!(f, "{what} needs every node, and nothing was stored")?;
                errors.iter().try_for_each(|error| write!(f, "; {error}"))
            }
            Self::Stopped { keys, source } => {
                write!(f, "{what} stopped after {keys} keys: {source}")
            }
            Self::Taken { found, taken } => write!(
                f,
                "only {found} keys of this length could be used, and {taken} have values of somebody \
                 else, which are left alone; choose a larger --length"
            ),
            Self::BrokenOff {
                keys,
                phase: Phase::Test,
            } => write!(f, "{what} was broken off after {keys} keys"),
            Self::BrokenOff {
                keys,
                phase: Phase::Clean,
            } => write!(
                f,
                "{what} of {keys} keys is done, but deleting them was broken off"
            ),
        }
    }

    /// The names of the nodes that cannot be reached.
    pub(super) fn unreachable(&self) -> Vec<String> {
        let names: Vec<_> = match self {
            Self::Unreachable(errors) => errors.iter().filter_map(ClientError::missing).collect(),
            Self::Stopped { source, .. } => source.missing().into_iter().collect(),
            Self::Taken { .. } | Self::BrokenOff { .. } => Vec::new(),
        };
        names.into_iter().map(str::to_owned).collect()
    }
}
