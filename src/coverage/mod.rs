//! The coverage test: random keys are offered to every node, and every node must find each of them in
//! exactly one home.
//!
//! A key is covered when it was stored by at least one node, by no other, by the one that the rules
//! name, and when it can be read through every node. A key that somebody has stored before, with
//! another value, is left alone, and another is drawn in its place.
//!
//! Memory does not grow with the number of keys: a [`KeySpace`] never yields one twice, so none is
//! remembered, and what the nodes say is counted batch by batch.

mod key_space;
mod report;
mod trial;

use std::fmt;

pub use key_space::KeySpace;
pub use report::{NodeReport, Report};

use crate::client::{Client, ClientError};
use crate::cluster::Cluster;
use trial::Trial;

/// What to test with.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How many keys.
    pub count: u64,
    /// Where they come from.
    pub space: KeySpace,
    /// Whether to delete them afterwards.
    pub clean: bool,
}

/// Why a test has no verdict, and how far it came.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct CoverageError {
    /// The figures until then, with the nodes that cannot be reached. `ok` is false.
    pub report: Box<Report>,
    /// What happened.
    pub cause: Cause,
}

/// What keeps a test from its verdict.
#[derive(Debug)]
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
}

impl CoverageError {
    /// Whether keys of the test may still be stored, although it was told to `clean` up or not.
    pub fn keys_stay(&self, clean: bool) -> bool {
        match self.cause {
            Cause::Unreachable(_) => false,
            Cause::Stopped { .. } => true,
            Cause::Taken { found, .. } => found > 0 && !clean,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(errors) => {
                f.write_str("the test needs every node, and nothing was stored")?;
                errors.iter().try_for_each(|error| write!(f, "; {error}"))
            }
            Self::Stopped { keys, source } => {
                write!(f, "the test stopped after {keys} keys: {source}")
            }
            Self::Taken { found, taken } => write!(
                f,
                "only {found} keys of this length could be used, and {taken} have values of somebody \
                 else, which are left alone; choose a larger --length"
            ),
        }
    }
}

impl Cause {
    /// The names of the nodes that cannot be reached.
    fn unreachable(&self) -> Vec<String> {
        let names: Vec<_> = match self {
            Self::Unreachable(errors) => errors.iter().filter_map(ClientError::missing).collect(),
            Self::Stopped { source, .. } => source.missing().into_iter().collect(),
            Self::Taken { .. } => Vec::new(),
        };
        names.into_iter().map(str::to_owned).collect()
    }
}

/// Runs the test against every node of `cluster`. `progress` is told how many keys are done.
pub async fn run(
    cluster: &Cluster,
    plan: Plan,
    progress: impl FnMut(u64),
) -> Result<Report, CoverageError> {
    let mut report = Report::new(cluster);
    let tested = test(cluster, plan, progress, &mut report).await;
    match tested {
        Ok(()) => {
            report.conclude();
            Ok(report)
        }
        Err(cause) => {
            report.unreachable = cause.unreachable();
            let report = Box::new(report);
            Err(CoverageError { report, cause })
        }
    }
}

async fn test(
    cluster: &Cluster,
    plan: Plan,
    mut progress: impl FnMut(u64),
    report: &mut Report,
) -> Result<(), Cause> {
    let clients = connect(cluster).await?;
    let mut trial = Trial::new(cluster.placement(), plan, clients);
    let mut tested = Ok(());
    while report.keys < plan.count && tested.is_ok() {
        tested = trial.step(report).await;
        progress(report.keys);
    }
    // Where keys are taken the test ends without a verdict, but not without cleaning up.
    if plan.clean && !matches!(tested, Err(Cause::Stopped { .. })) {
        let cleaned = trial.clean().await;
        cleaned.map_err(|source| Cause::Stopped {
            keys: report.keys,
            source,
        })?;
    }
    tested
}

async fn connect(cluster: &Cluster) -> Result<Vec<Client>, Cause> {
    let mut clients = Vec::new();
    let mut errors = Vec::new();
    for node in cluster.nodes() {
        match Client::connect(&node.name, &node.address).await {
            Ok(client) => clients.push(client),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        Ok(clients)
    } else {
        Err(Cause::Unreachable(errors))
    }
}
