//! What the three node programs share: arguments, the log, signals, exit codes.

#[cfg(feature = "tools")]
mod menu;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use tokio::signal::unix::{SignalKind, signal};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt as _;
use triad::cluster::{Cluster, ClusterError};
use triad::command::LogLevel;
use triad::limits::{VALUE_MAX_BYTES, VALUE_MAX_BYTES_CEILING};
use triad::node::{Config, Prepared, StartError};
use triad::storage::Folder;
use triad::store::Fsync;

/// One node of a triad cluster: it keeps its share of the keys and answers for all of them.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 done; 2 wrong usage; 4 any other failure."
)]
#[cfg_attr(
    feature = "tools",
    expect(
        clippy::struct_excessive_bools,
        reason = "each is an option of its own"
    )
)]
struct Arguments {
    /// The cluster file [default: data/cluster.json if it is there, else linux, mac and android on
    /// 127.0.0.1:7001 to 7003]
    #[arg(long, value_name = "FILE", env = "TRIAD_CLUSTER")]
    cluster: Option<PathBuf>,

    /// Which node of the cluster file this is [default: the program's own]
    #[arg(long, env = "TRIAD_NAME")]
    name: Option<String>,

    /// Where to listen [default: the node's address in the cluster file]
    #[arg(long, value_name = "ADDR", env = "TRIAD_LISTEN")]
    listen: Option<SocketAddr>,

    /// The folder of the node's files
    #[arg(long, value_name = "DIR", env = "TRIAD_DATA", default_value = "data")]
    data: PathBuf,

    /// When a write is acknowledged: always (after its fsync), everysec (after the write; fsync every
    /// second), never (after the write; the system decides)
    #[arg(long, env = "TRIAD_FSYNC", default_value_t = Fsync::Always)]
    fsync: Fsync,

    /// The largest value in bytes
    #[arg(long, value_name = "BYTES", env = "TRIAD_MAX_VALUE", default_value_t = VALUE_MAX_BYTES as u64,
          value_parser = clap::value_parser!(u64).range(1..=VALUE_MAX_BYTES_CEILING as u64))]
    max_value: u64,

    /// Take the node's JSON files as they are, although somebody has edited them
    #[arg(long, env = "TRIAD_ACCEPT_EDITS")]
    accept_edits: bool,

    /// If the node's files are damaged, keep copies of them, load all that is sound, and list what was
    /// left out
    #[arg(long, env = "TRIAD_REPAIR")]
    repair: bool,

    /// Listen where other devices can connect, although nothing is encrypted
    #[arg(long, env = "TRIAD_INSECURE_PLAINTEXT")]
    insecure_plaintext: bool,

    /// Show the menu of `client` on this terminal; leaving it ends the node. What is told on standard error is
    /// off, unless that is not the terminal
    #[cfg(feature = "tools")]
    #[arg(long)]
    menu: bool,

    /// What is told on standard error: off, error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL", env = "TRIAD_LOG", default_value = "info")]
    log: LevelFilter,
}

/// The exit code of wrong usage: also a cluster file that is refused.
const USAGE: u8 = 2;
/// The exit code of any other failure.
const FAILURE: u8 = 4;

/// Runs `program`, by default the node `own_name`, until a signal ends it.
pub(crate) fn main(program: &'static str, own_name: &'static str) -> ExitCode {
    let command = Arguments::command().name(program);
    let arguments = match Arguments::from_arg_matches(&command.get_matches()) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    #[cfg(feature = "tools")]
    if arguments.menu {
        return menu::main(arguments, own_name);
    }
    let log_level = begin_log(arguments.log, io::stderr);
    let result = configure(arguments, own_name, log_level).and_then(|config| {
        for warning in config.cluster.placement().warnings() {
            tracing::warn!("{warning}");
        }
        serve(config)
    });
    end(result)
}

/// Says what went wrong; the exit code.
fn end(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if standard error is closed.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::from(exit_code(&error))
        }
    }
}

/// Has what happens be told on standard error, or wherever `writer` leads. Returns what changes how much that is.
fn begin_log<W>(level: LevelFilter, writer: W) -> LogLevel
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let (filter, handle) = reload::Layer::new(level);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_target(false)
        .with_ansi(false);
    tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .init();
    LogLevel(Arc::new(move |level| {
        // It fails only when the log is gone, and then nobody reads what it would say.
        let _ = handle.reload(level);
    }))
}

/// Whether the error is one of usage, or any other.
fn exit_code(error: &anyhow::Error) -> u8 {
    let is_usage = error.is::<ClusterError>()
        || matches!(
            error.downcast_ref(),
            Some(StartError::UnknownName { .. } | StartError::Exposed { .. })
        );
    if is_usage { USAGE } else { FAILURE }
}

fn configure(arguments: Arguments, own_name: &str, log_level: LogLevel) -> anyhow::Result<Config> {
    let cluster = Cluster::find(arguments.cluster.as_deref())?;
    let folder = Folder::open(&arguments.data).with_context(|| {
        format!(
            "the data folder {} cannot be used; choose one with --data",
            arguments.data.display()
        )
    })?;
    Ok(Config {
        cluster,
        name: arguments.name.unwrap_or_else(|| own_name.to_owned()),
        listen: arguments.listen,
        storage: Arc::new(folder),
        fsync: arguments.fsync,
        accept_edits: arguments.accept_edits,
        repair: arguments.repair,
        value_max_bytes: usize::try_from(arguments.max_value).unwrap_or(VALUE_MAX_BYTES),
        insecure_plaintext: arguments.insecure_plaintext,
        log_level: Some(log_level),
    })
}

fn serve(config: Config) -> anyhow::Result<()> {
    let node = Prepared::new(config)?;
    let recovery = node.recovery();
    for warning in &recovery.warnings {
        tracing::warn!("{warning}");
    }
    tracing::info!(keys = recovery.keys, elapsed = ?recovery.elapsed, "loaded");
    let ready = node.ready_line();
    node.run(async move {
        // The handlers are in place before anybody is told that the node is ready.
        let signals = signal(SignalKind::interrupt())
            .and_then(|interrupt| Ok((interrupt, signal(SignalKind::terminate())?)));
        let mut stdout = io::stdout();
        let _ = writeln!(stdout, "{ready}").and_then(|()| stdout.flush());
        match signals {
            Ok((mut interrupt, mut terminate)) => tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            },
            Err(error) => {
                tracing::warn!(%error, "signals end this process without a checkpoint");
                std::future::pending::<()>().await;
            }
        }
    })?;
    Ok(())
}
