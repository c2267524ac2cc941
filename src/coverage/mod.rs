//! The coverage test: random keys are offered to every node, and every node must find each of them in
//! exactly one home.
//!
//! A key is covered when it was stored by at least one node, by no other, by the one that the rules
//! name, and when it can be read through every node. A key that somebody has stored before, with
//! another value, is left alone, and another is drawn in its place.
//!
//! All nodes work at the same time, on several batches each ([lanes](Effort::lanes)). Memory does not grow
//! with the number of keys: a [`KeySpace`] never yields one twice, so none is remembered, and what the
//! nodes say is counted batch by batch.
//!
//! A test can be [saved](Saved) as a plan of some lines, by which the same keys are
//! [verified](verify) later; and it can be looked at as a [page](Page).

mod batch;
mod chance;
mod course;
mod error;
mod figures;
pub mod file;
mod key_space;
mod lane;
mod latency;
mod pace;
mod page;
mod report;
mod saved;
mod together;
mod trial;
mod verification;
mod verify;

pub use chance::{CHANCE_P, Chance, EXPECTED_MIN, Part};
pub use error::{Cause, CoverageError, Phase};
pub use key_space::KeySpace;
pub use latency::{Latencies, Percentiles};
pub use pace::Pace;
pub use page::Page;
pub use report::{Measured, NodeLatencies, NodeReport, Report};
pub use saved::{Saved, SavedError, SavedNode, TooScattered};
pub use verification::{Fault, FaultyKey, NodeVerification, Verification};
pub use verify::{VerifyError, verify};

use crate::cluster::Cluster;
use crate::limits::COVERAGE_LANES;
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

/// How hard the nodes are worked.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// How many batches of keys are under way at the same time, each with a connection to every node.
    pub lanes: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            lanes: COVERAGE_LANES,
        }
    }
}

/// Runs the test against every node of `cluster`. `progress` is told how many keys are done.
///
/// Dropping the future breaks the test off: its connections are closed, and what it has stored stays.
/// [`run_until`] tells how far it came.
pub async fn run(
    cluster: &Cluster,
    plan: Plan,
    mut progress: impl FnMut(u64),
) -> Result<Report, CoverageError> {
    let progress = |phase, keys| {
        if phase == Phase::Test {
            progress(keys);
        }
    };
    run_until(
        cluster,
        plan,
        Effort::default(),
        progress,
        std::future::pending(),
    )
    .await
}

/// The same, with all that can be chosen. `progress` is told how many keys are done in each phase; when
/// `stop` is ready the test is broken off.
pub async fn run_until(
    cluster: &Cluster,
    plan: Plan,
    effort: Effort,
    progress: impl FnMut(Phase, u64),
    stop: impl Future<Output = ()>,
) -> Result<Report, CoverageError> {
    let trial = Trial::new(cluster, plan, effort, progress);
    let tested = tokio::select! {
        biased;
        () = stop => Err(trial.broken_off()),
        tested = trial.run() => tested,
    };
    trial.conclude(tested)
}
