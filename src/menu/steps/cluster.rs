//! The cluster: what its nodes tell, the coverage test, and the node that is asked.

use std::time::{Duration, Instant};

use crate::cluster::Cluster;
use crate::coverage::{self, CoverageError, Effort, KeySpace, Phase, Plan, Report};
use crate::ending::Ending;
use crate::menu::ink::Ink;
use crate::menu::prompt::{Ask, Item, Kind, Leave, List};
use crate::menu::signals::News;
use crate::menu::{Exit, Menu, Stop, tell_on_stderr, time};
use crate::session::Session;
use crate::survey::{Status, doctor, watch};
use crate::terminal::{self, Colours, Progress, Unit, shell};

/// The keys that a coverage test from the menu uses, unless somebody wants more.
const COVERAGE_KEYS: &str = "100";
const COVERAGE_LENGTH: usize = 16;

/// How often the nodes are asked while somebody watches them.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// Shows every node.
pub(super) async fn status(menu: &mut Menu<'_>) -> Result<(), Stop> {
    let asked = menu.try_attend(async |session| Status::ask(session).await);
    let (status, took) = asked.await?;
    menu.screen
        .show(Ink::Plain, &status.text(terminal::columns()))?;
    Ok(menu
        .screen
        .say(Ink::Faint, &format!("asked in {}", time::shown(took)))?)
}

/// Shows every node, drawn again each second, until somebody leaves.
pub(super) async fn watch(menu: &mut Menu<'_>) -> Result<(), Stop> {
    if menu.screen.is_plain() {
        let said = "this terminal can't draw over what it shows; choose the status instead";
        return Ok(menu.screen.say(Ink::Faint, said)?);
    }
    let plan = watch::Plan {
        interval: WATCH_INTERVAL,
        count: None,
        as_json: false,
    };
    menu.screen.release();
    let watched = watch::run(menu.session, plan).await;
    menu.screen.resume()?;
    Ok(watched?)
}

/// Looks for everything that may be wrong, and says what to do about it.
pub(super) async fn check_up(menu: &mut Menu<'_>) -> Result<(), Stop> {
    let examined = menu.try_attend(async |session: &mut Session| doctor(session).await);
    let (findings, took) = examined.await?;
    let text = findings.text_in(terminal::columns(), Colours::of_stdout());
    menu.screen.show(Ink::Plain, &text)?;
    Ok(menu
        .screen
        .say(Ink::Faint, &format!("examined in {}", time::shown(took)))?)
}

/// Asks how many keys, and tests with so many that each has exactly one home. They are deleted again.
pub(super) async fn coverage(menu: &mut Menu<'_>) -> Result<(), Stop> {
    let ask = Ask::new("how many keys: ", Kind::Number).given(COVERAGE_KEYS);
    let typed = menu.screen.text(&ask)?;
    let Some(count) = typed.trim().parse().ok().filter(|count| *count > 0) else {
        let said = "type a number from 1 on, such as 100; nothing was tested";
        return Ok(menu.screen.say(Ink::Faint, said)?);
    };
    let seed = rand::random();
    let plan = Plan {
        count,
        space: KeySpace::new(COVERAGE_LENGTH, seed),
        clean: true,
    };
    let begun = Instant::now();
    let (tested, news) = test(menu, "testing, Ctrl-C stops", plan).await;
    match (tested, news) {
        (Ok(report), _) => {
            let text = report.text(terminal::columns());
            menu.screen.show(Ink::Plain, &text)?;
            let took = time::shown(begun.elapsed());
            let said = format!("the keys are deleted again; all in {took}");
            Ok(menu.screen.say(Ink::Faint, &said)?)
        }
        (Err(error), Some(News::End(signal))) => {
            if error.keys_stay(true) {
                tell_on_stderr(&stay(menu.session.cluster(), seed, error.drawn.min(count)));
            }
            Err(Leave::Menu(Exit::Signal(signal)).into())
        }
        (Err(error), news) if news.is_some() || error.keys_stay(true) => {
            menu.screen.say(Ink::Bad, &error.to_string())?;
            clean(menu, plan, error.drawn.min(count), seed).await
        }
        (Err(error), _) => Err(Ending::from(error).into()),
    }
}

/// Tests, until Ctrl-C or a signal, which is returned too.
async fn test(
    menu: &Menu<'_>,
    what: &str,
    plan: Plan,
) -> (Result<Report, CoverageError>, Option<News>) {
    let bar = Progress::new(what, Unit::Keys, Some(plan.count));
    let progress = |phase, keys| {
        if phase == Phase::Test {
            bar.set(keys);
        }
    };
    let mut news = None;
    let stop = async { news = Some(menu.signals.ending().await) };
    let cluster = menu.session.cluster();
    let tested = coverage::run_until(cluster, plan, Effort::default(), progress, stop).await;
    (tested, news)
}

/// Deletes the keys of a test that was broken off: a test of all that were drawn has them, and ends with that.
async fn clean(menu: &mut Menu<'_>, plan: Plan, drawn: u64, seed: u64) -> Result<(), Stop> {
    if drawn == 0 {
        return Ok(());
    }
    let plan = Plan {
        count: drawn,
        ..plan
    };
    match test(menu, "deleting its keys", plan).await {
        (Ok(_), _) => Ok(menu.screen.say(Ink::Faint, "its keys are deleted again")?),
        (Err(_), Some(News::End(signal))) => {
            tell_on_stderr(&stay(menu.session.cluster(), seed, drawn));
            Err(Leave::Menu(Exit::Signal(signal)).into())
        }
        (Err(_), _) => Err(Ending::failure(stay(menu.session.cluster(), seed, drawn)).into()),
    }
}

/// Where keys of a test may stay: how they are deleted, for nobody else knows the seed.
fn stay(cluster: &Cluster, seed: u64, drawn: u64) -> String {
    format!(
        "keys of the test may stay; `keygen --seed {seed} --count {drawn} --length {COVERAGE_LENGTH} --clean{}` \
         deletes them",
        shell::cluster_option(cluster)
    )
}

/// Asks which node to go through from now on.
pub(super) async fn entry(menu: &mut Menu<'_>) -> Result<(), Stop> {
    let nodes = menu.session.cluster().nodes();
    let now = menu.session.entry_name();
    let at = nodes.iter().position(|node| now == Some(&*node.name));
    let names: Vec<_> = nodes.iter().map(|node| node.name.to_string()).collect();
    let widest = names.iter().map(String::len).max().unwrap_or(0);
    let shown = nodes
        .iter()
        .map(|node| format!("{:widest$}  {}", node.name.to_string(), node.address));
    let items = Item::numbered(shown);
    let place = menu.screen.choose(&List {
        title: "Any node answers for every key.",
        question: "node: ",
        hint: "",
        items: &items,
        at: at.unwrap_or(0),
        is_first: false,
    })?;
    let name = names.get(place).map_or("", String::as_str);
    let asked = menu.try_attend(async |session| session.go_through(name).await);
    let ((), took) = asked.await?;
    let said = format!(
        "now through {name}, which answered in {}",
        time::shown(took)
    );
    Ok(menu.screen.say(Ink::Good, &said)?)
}
