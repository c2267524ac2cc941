//! The key generator: random keys are offered to every node, and every key must have one home.

mod arguments;
mod test;
mod watch;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use triad::cluster::Cluster;
use triad::embedded::Embedded;
use triad::ending::Ending;

use arguments::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start(&arguments).unwrap_or_else(|ending| ending.report())
}

fn start(arguments: &Arguments) -> Result<ExitCode, Ending> {
    let seed = arguments.seed.unwrap_or_else(rand::random);
    let plan = arguments.plan(seed)?;
    let cluster = Cluster::find(arguments.cluster.as_deref())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let embedded = Embedded::start_if_alone(&cluster).await?;
        if let Some(embedded) = &embedded {
            writeln!(io::stderr(), "{embedded}")?;
        }
        let told = test::run(arguments, &cluster, plan).await;
        embedded.map_or(Ok(()), Embedded::stop)?;
        told
    })
}
