//! The test: it is run, watched and told of.

use std::io::{self, Write as _};
use std::process::ExitCode;

use triad::cluster::Cluster;
use triad::coverage::{self, CoverageError, Plan, Report};
use triad::ending::{Ending, Kind};
use triad::{json, terminal};

use crate::arguments::Arguments;
use crate::watch::{Interruption, Watched};

/// Runs the test, prints what came of it, and gives the exit code.
pub(crate) async fn run(
    arguments: &Arguments,
    cluster: &Cluster,
    plan: Plan,
) -> Result<ExitCode, Ending> {
    let mut interruption = Interruption::listen()?;
    let seed = plan.space.seed();
    let mut watched = Watched::new(plan.count, seed);
    let progress = |phase, keys| watched.show(phase, keys);
    let effort = arguments.effort();
    let result = coverage::run_until(cluster, plan, effort, progress, interruption.comes()).await;
    drop(watched);
    tell(arguments, seed, result)
}

fn tell(
    arguments: &Arguments,
    seed: u64,
    result: Result<Report, CoverageError>,
) -> Result<ExitCode, Ending> {
    let (report, error) = match result {
        Ok(report) => (report, None),
        Err(error) => ((*error.report).clone(), Some(error)),
    };
    if arguments.json {
        terminal::print(json::document(&report)?)?;
    } else if error.is_none() {
        terminal::print(report.text(terminal::columns()))?;
    }
    if let Some(error) = error {
        return Err(without_verdict(arguments, seed, error));
    }
    tell_what_stays(arguments, seed)?;
    Ok(if report.ok {
        ExitCode::SUCCESS
    } else {
        Kind::No.code()
    })
}

fn without_verdict(arguments: &Arguments, seed: u64, error: CoverageError) -> Ending {
    let (keys_stay, drawn) = (error.keys_stay(arguments.clean), error.drawn);
    let ending = Ending::from(error);
    if keys_stay {
        // No more than were drawn, since the test is run again to delete them.
        let removal = arguments.removal(seed, drawn.min(arguments.count));
        ending.after(format!(
            "Keys of this test may be stored; to remove them: {removal}"
        ))
    } else {
        ending
    }
}

fn tell_what_stays(arguments: &Arguments, seed: u64) -> io::Result<()> {
    if arguments.clean {
        if !arguments.json {
            terminal::print("\nThe keys are deleted again.")?;
        }
        return Ok(());
    }
    let removal = arguments.removal(seed, arguments.count);
    if !arguments.json {
        terminal::print(format!("\nThe keys stay. To remove them:\n{removal}"))
    } else if arguments.seed.is_none() {
        writeln!(io::stderr(), "The keys stay. To remove them: {removal}")
    } else {
        Ok(())
    }
}
