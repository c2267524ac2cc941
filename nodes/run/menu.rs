//! The node and the menu in one process: the node on a thread of its own, the menu on the terminal.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use triad::cluster::Cluster;
use triad::ending::Ending;
use triad::menu;
use triad::node::{Config, Prepared, Running};
use triad::session::Session;

use super::{Arguments, begin_log, configure, end};

/// Runs the node until the menu is left.
pub(super) fn main(arguments: Arguments, own_name: &str) -> ExitCode {
    if !menu::has_terminal() {
        let ending =
            Ending::usage("the menu needs a terminal; leave --menu out to run the node alone");
        return ending.report();
    }
    let log_level = if io::stderr().is_terminal() {
        // Whatever changes the level later, the menu's screen is not written over.
        begin_log(arguments.log, io::sink)
    } else {
        begin_log(arguments.log, io::stderr)
    };
    match configure(arguments, own_name, log_level).and_then(start) {
        Ok((node, cluster)) => attend(node, &cluster),
        Err(error) => end(Err(error)),
    }
}

/// Starts the node, and says so.
fn start(config: Config) -> anyhow::Result<(Running, Cluster)> {
    let cluster = config.cluster.clone();
    let node = Prepared::new(config)?;
    let mut stdout = io::stdout();
    for warning in cluster.placement().warnings() {
        writeln!(stdout, "warning: {warning}")?;
    }
    for warning in &node.recovery().warnings {
        writeln!(stdout, "warning: {warning}")?;
    }
    let ready = node.ready_line();
    let node = node.spawn()?;
    writeln!(stdout, "{ready}")?;
    Ok((node, cluster))
}

/// Shows the menu, and stops the node when it is left, however that is: a signal is a usual end of a node.
fn attend(node: Running, cluster: &Cluster) -> ExitCode {
    let left = show(&node, cluster);
    let stopped = end(node.stop().map_err(Into::into));
    match left {
        Ok(_) => stopped,
        Err(ending) => ending.report(),
    }
}

fn show(node: &Running, cluster: &Cluster) -> Result<menu::Exit, Ending> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut session = Session::beside(cluster, node.name(), node.address()).await?;
        let left = menu::run(&mut session).await;
        session.close()?;
        left
    })
}
