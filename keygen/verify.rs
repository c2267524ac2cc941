//! The verification: it is run, watched and told of.

use std::process::ExitCode;

use triad::cluster::Cluster;
use triad::coverage::{self, Saved};
use triad::ending::{Ending, Kind};
use triad::{json, terminal};

use crate::arguments::Arguments;
use crate::watch::{Interruption, Watched};

/// Looks for the keys of a saved test, prints what became of them, and gives the exit code.
pub(crate) async fn run(
    arguments: &Arguments,
    cluster: &Cluster,
    saved: &Saved,
) -> Result<ExitCode, Ending> {
    let mut interruption = Interruption::listen()?;
    let mut watched = Watched::new(saved.count, saved.space.seed());
    let progress = |phase, keys| watched.show(phase, keys);
    let (clean, effort) = (arguments.clean, arguments.effort());
    let stop = interruption.comes();
    let verified = coverage::verify(cluster, saved, clean, effort, progress, stop).await;
    drop(watched);
    let (verification, error) = match verified {
        Ok(verification) => (verification, None),
        Err(error) => ((*error.verification).clone(), Some(error)),
    };
    if arguments.json {
        terminal::print(json::document(&verification)?)?;
    } else if error.is_none() {
        terminal::print(verification.text(terminal::columns()))?;
        if clean {
            terminal::print(format!("\n{}", verification.deletion()))?;
        }
    }
    match error {
        Some(error) => Err(error.into()),
        None if verification.ok => Ok(ExitCode::SUCCESS),
        None => Ok(Kind::No.code()),
    }
}
