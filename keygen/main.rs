//! The key generator: random keys are offered to every node, and every key must have one home.

mod arguments;
mod test;
mod verify;
mod watch;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use triad::cluster::Cluster;
use triad::coverage::{Plan, Saved};
use triad::embedded::Embedded;
use triad::ending::Ending;

use arguments::Arguments;

/// What to do.
enum Task {
    Test(Plan),
    Verify(Saved),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start(&arguments).unwrap_or_else(|ending| ending.report())
}

fn start(arguments: &Arguments) -> Result<ExitCode, Ending> {
    // What is wrong with the arguments and their files is told before anything is done.
    let task = match &arguments.verify {
        Some(file) => Task::Verify(Saved::read(file)?),
        None => Task::Test(arguments.plan(arguments.seed.unwrap_or_else(rand::random))?),
    };
    arguments.check_files()?;
    let cluster = Cluster::find(arguments.cluster.as_deref())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let embedded = Embedded::start_if_alone(&cluster).await?;
        if let Some(embedded) = &embedded {
            writeln!(io::stderr(), "{embedded}")?;
        }
        let told = match task {
            Task::Test(plan) => test::run(arguments, &cluster, plan).await,
            Task::Verify(saved) => verify::run(arguments, &cluster, &saved).await,
        };
        embedded.map_or(Ok(()), Embedded::stop)?;
        told
    })
}
