//! What servers are asked to do.

use anyhow::Context as _;

use crate::Scale;
use crate::lab::data::{Key, VALUE_BYTES};

/// The connections over which requests are sent.
pub(crate) const CONNECTIONS: usize = 50;
/// The keys that there are, and that every server has from the beginning.
pub(crate) const KEYS: usize = 100_000;

/// The keys of a request that has many.
pub(crate) const KEYS_EACH: usize = 100;

/// A command.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Set,
    /// With [`KEYS_EACH`] keys.
    MGet,
    /// The same.
    MSet,
}

impl Verb {
    /// Those of one key.
    pub(crate) const SINGLE: [Self; 2] = [Self::Get, Self::Set];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Set => "SET",
            Self::MGet => "MGET",
            Self::MSet => "MSET",
        }
    }
}

/// Requests of one kind.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    pub(crate) command: Verb,
    /// The requests that a connection sends before it reads their replies.
    pub(crate) pipeline: usize,
    /// The requests in all.
    pub(crate) count: usize,
    /// The length of a value.
    pub(crate) value_bytes: usize,
    /// How many keys there are to choose from.
    pub(crate) keys: usize,
}

impl Work {
    /// As many requests as take about half a second, and for one at a time about two.
    pub(crate) fn new(command: Verb, pipeline: usize, scale: Scale) -> Self {
        let count = match pipeline {
            ..=1 => 30_000,
            2..=31 => 200_000,
            _ => 400_000,
        };
        Self {
            command,
            pipeline,
            count: count / scale.divisor,
            value_bytes: VALUE_BYTES,
            keys: KEYS,
        }
    }

    /// Requests of many keys, about as much work as the others.
    pub(crate) fn of_many_keys(command: Verb, scale: Scale) -> Self {
        Self {
            command,
            pipeline: 1,
            count: 2_000 / scale.divisor,
            value_bytes: VALUE_BYTES,
            keys: KEYS,
        }
    }

    /// Requests with values of another length: as many as take about a second.
    pub(crate) fn of_values(command: Verb, value_bytes: usize, scale: Scale) -> Self {
        let bytes = 128 * 1024 * 1024 / scale.divisor;
        let memory_bytes = 64 * 1024 * 1024;
        Self {
            command,
            pipeline: 16,
            count: bytes / value_bytes,
            value_bytes,
            keys: KEYS.min(memory_bytes / value_bytes),
        }
    }

    /// As `GET P=16`.
    pub(crate) fn name(self) -> String {
        let name = format!("{} P={}", self.command.name(), self.pipeline);
        match self.value_bytes {
            VALUE_BYTES => name,
            bytes => format!("{name}, {} KiB", bytes / 1024),
        }
    }
}

/// The keys as redis-benchmark makes them.
pub(crate) fn benchmark_keys() -> anyhow::Result<Vec<Key>> {
    let key = |number| format!("key:{number:012}").as_bytes().try_into();
    let keys: Result<Vec<Key>, _> = (0..KEYS).map(key).collect();
    keys.context("a key of redis-benchmark has 16 bytes")
}
