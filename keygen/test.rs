//! The test: it is run, watched and told of.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use triad::cluster::Cluster;
use triad::coverage::{self, CoverageError, Page, Plan, Report, Saved, file};
use triad::ending::{Ending, Kind};
use triad::{json, terminal};

use crate::arguments::Arguments;
use crate::watch::{Interruption, Watched};

/// Runs the test, prints what came of it, writes the files that were asked for, and gives the exit code.
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
    let drawn = match &error {
        // Only so many are there to be deleted.
        Some(error) => error.drawn.min(arguments.count),
        None => arguments.count,
    };
    let keys_stay = match &error {
        Some(error) => error.keys_stay(arguments.clean),
        None => !arguments.clean,
    };
    // The files come first: they are there also where nothing can be printed.
    let written = write_page(arguments, &report, error.as_ref());
    let (has_verdict, saved) = match &error {
        None => (true, save(arguments, &report)),
        Some(_) => (false, Ok(())),
    };
    let printed = print(arguments, &report, has_verdict, saved.is_ok());
    let wrong = [
        error.map(Ending::from),
        written.err(),
        saved.err(),
        printed.err(),
    ];
    let Some(ending) = wrong.into_iter().flatten().reduce(Ending::after) else {
        return Ok(if report.ok {
            ExitCode::SUCCESS
        } else {
            Kind::No.code()
        });
    };
    if !keys_stay {
        return Err(ending);
    }
    let removal = arguments.removal(seed, drawn);
    Err(ending.after(format!(
        "Keys of this test may be stored; to remove them: {removal}"
    )))
}

/// Prints what came of the test.
fn print(
    arguments: &Arguments,
    report: &Report,
    has_verdict: bool,
    is_saved: bool,
) -> Result<(), Ending> {
    let print = |text: String| {
        terminal::print(text).map_err(|error| {
            Ending::failure(format!("the standard output can't be written: {error}"))
        })
    };
    if arguments.json {
        print(json::document(report)?)?;
    } else if has_verdict {
        print(report.text(terminal::columns()))?;
    }
    if !has_verdict {
        return Ok(());
    }
    if let Some(path) = &arguments.save
        && is_saved
        && !arguments.json
    {
        let verification = arguments.verification(path.as_os_str());
        print(format!("\nTo verify the keys later:\n{verification}"))?;
    }
    if arguments.clean {
        if !arguments.json {
            print("\nThe keys are deleted again.".to_owned())?;
        }
        return Ok(());
    }
    let removal = arguments.removal(report.space.seed(), arguments.count);
    if !arguments.json {
        print(format!("\nThe keys stay. To remove them:\n{removal}"))?;
    } else if arguments.seed.is_none() {
        writeln!(io::stderr(), "The keys stay. To remove them: {removal}")?;
    }
    Ok(())
}

/// Writes the page, if one is asked for, also of a test that has come to no verdict.
fn write_page(
    arguments: &Arguments,
    report: &Report,
    error: Option<&CoverageError>,
) -> Result<(), Ending> {
    let Some(path) = &arguments.report else {
        return Ok(());
    };
    let page = Page {
        report,
        cause: error.map(|error| &error.cause),
        unix_ms: now_ms(),
    };
    Ok(file::write(path, page.html().as_bytes(), arguments.force)?)
}

/// Saves the plan, if that is asked for.
fn save(arguments: &Arguments, report: &Report) -> Result<(), Ending> {
    let Some(path) = &arguments.save else {
        return Ok(());
    };
    let saved = Saved::of(report, now_ms()).map_err(Ending::failure)?;
    Ok(saved.write(path, arguments.force)?)
}

/// The time in milliseconds since 1970.
fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default().as_millis();
    u64::try_from(now).unwrap_or(u64::MAX)
}
