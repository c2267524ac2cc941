//! The key generator: random keys are offered to every node, and every key must have one home.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use serde_json::json;
use triad::cluster::Cluster;
use triad::coverage::{self, CoverageError, KeySpace, Plan, Report};
use triad::embedded::Embedded;
use triad::limits::KEY_MAX_BYTES;

/// Offers random keys to every node of a triad cluster and verifies that each has exactly one home.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 coverage is complete; 1 it is not; 2 wrong usage; 3 a node can't be \
                  reached; 4 any other failure."
)]
struct Arguments {
    /// How many keys
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,

    /// How many characters (A-Z, a-z, 0-9) a key has
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=KEY_MAX_BYTES as u64))]
    length: u64,

    /// The same number gives the same keys again [default: another at each run]
    #[arg(long)]
    seed: Option<u64>,

    /// Delete the keys afterwards
    #[arg(long)]
    clean: bool,

    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,

    /// The cluster file [default: data/cluster.json if it is there, else linux, mac and android on
    /// 127.0.0.1:7001 to 7003]
    #[arg(long, value_name = "FILE", env = "TRIAD_CLUSTER")]
    cluster: Option<PathBuf>,
}

const INCOMPLETE: u8 = 1;
const USAGE: u8 = 2;
const UNREACHABLE: u8 = 3;
const FAILURE: u8 = 4;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match start(&arguments) {
        Ok(code) => code,
        Err((code, error)) => {
            // Nobody is left to tell if standard error is closed.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::from(code)
        }
    }
}

fn start(arguments: &Arguments) -> Result<ExitCode, (u8, anyhow::Error)> {
    let failure = |error: anyhow::Error| (FAILURE, error);
    let seed = arguments.seed.unwrap_or_else(rand::random);
    let space = KeySpace::new(
        usize::try_from(arguments.length).unwrap_or(KEY_MAX_BYTES),
        seed,
    );
    if u128::from(arguments.count) > space.size() {
        return Err((
            USAGE,
            anyhow::anyhow!(
                "there are only {} different keys of length {}; ask for fewer, or for longer ones",
                space.size(),
                arguments.length
            ),
        ));
    }
    let cluster =
        Cluster::find(arguments.cluster.as_deref()).map_err(|error| (USAGE, error.into()))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| failure(error.into()))?;
    runtime.block_on(async {
        let embedded = Embedded::start_if_alone(&cluster)
            .await
            .map_err(|error| failure(error.into()))?;
        if let Some(embedded) = &embedded {
            announce(embedded).map_err(failure)?;
        }
        let plan = Plan {
            count: arguments.count,
            space,
            clean: arguments.clean,
        };
        let result = coverage::run(&cluster, plan, |_| {}).await;
        let code = tell(&cluster, arguments, seed, result);
        if let Some(embedded) = embedded {
            embedded.stop().map_err(|error| failure(error.into()))?;
        }
        code
    })
}

fn announce(embedded: &Embedded) -> anyhow::Result<()> {
    let folder = embedded.folder().display();
    writeln!(
        io::stderr(),
        "no node is running: started linux, mac and android inside this program, on 127.0.0.1:7001 \
         to 7003, with data in {folder}"
    )?;
    Ok(())
}

fn tell(
    cluster: &Cluster,
    arguments: &Arguments,
    seed: u64,
    result: Result<Report, CoverageError>,
) -> Result<ExitCode, (u8, anyhow::Error)> {
    let failure = |error: io::Error| (FAILURE, error.into());
    let report = match result {
        Ok(report) => report,
        Err(error) => {
            let unreachable = error.unreachable();
            let code = if unreachable.is_empty() {
                FAILURE
            } else {
                UNREACHABLE
            };
            if arguments.json {
                let report = Report {
                    unreachable,
                    ..Report::new(cluster)
                };
                writeln!(io::stdout(), "{}", json!(report)).map_err(failure)?;
            }
            return Err((code, error.into()));
        }
    };
    let text = if arguments.json {
        json!(report).to_string()
    } else {
        table(&report, arguments, seed)
    };
    writeln!(io::stdout(), "{text}").map_err(failure)?;
    Ok(ExitCode::from(if report.ok { 0 } else { INCOMPLETE }))
}

fn table(report: &Report, arguments: &Arguments, seed: u64) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["node", "rule", "expected", "keys", "share"]);
    for node in &report.nodes {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a share is shown with one decimal"
        )]
        let share = node.keys as f64 / report.keys as f64;
        table.add_row([
            node.name.clone(),
            node.rule.clone(),
            format!("{:.1} %", node.expected_share * 100.0),
            node.keys.to_string(),
            format!("{:.1} %", share * 100.0),
        ]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let kept = if arguments.clean {
        "The keys are deleted again.".to_owned()
    } else {
        format!(
            "The keys stay. To remove them: keygen --seed {seed} --count {} --length {} --clean",
            arguments.count, arguments.length
        )
    };
    format!("{table}\n{}\n{kept}", report.verdict())
}
