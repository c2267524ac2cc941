//! The menu: one step after the other, each of which says which node holds the key.

use std::io::{self, Write as _};

use rand::random;
use triad::coverage::{self, KeySpace, Plan};

use crate::commands::{self, Walk};
use crate::ending::Ending;
use crate::screen;
use crate::session::Session;

const CHOICES: &str = "
  1  store a key
  2  retrieve a key
  3  delete a key
  4  view the keys of one node
  5  cluster status
  6  run the coverage test
  q  quit";

/// The keys that a coverage test from the menu uses; they are deleted again.
const COVERAGE_KEYS: u64 = 100;
const COVERAGE_LENGTH: usize = 16;

/// How many keys are shown before the menu asks whether to go on.
const PAGE: usize = 20;

/// Asks and does until the user quits or closes the input.
pub(crate) async fn run(session: &mut Session) -> Result<(), Ending> {
    say("triad: one table on all your devices")?;
    loop {
        say(CHOICES)?;
        let Some(choice) = ask("choice: ")? else {
            return Ok(());
        };
        let step = match choice.trim() {
            "1" | "store" => store(session).await,
            "2" | "retrieve" => retrieve(session).await,
            "3" | "delete" => delete(session).await,
            "4" | "keys" => view(session).await,
            "5" | "status" => status(session).await,
            "6" | "coverage" => cover(session).await,
            "q" | "quit" | "7" => return Ok(()),
            "" => Ok(()),
            other => say(&format!("there is no choice `{other}`")),
        };
        // A step that failed is a sentence, and the menu goes on.
        if let Err(ending) = step {
            say(ending.message())?;
        }
    }
}

fn say(text: &str) -> Result<(), Ending> {
    Ok(writeln!(io::stdout(), "{text}")?)
}

/// A line of input without its end, or `None` when the input is closed.
fn ask(question: &str) -> Result<Option<String>, Ending> {
    write!(io::stdout(), "{question}")?;
    io::stdout().flush()?;
    let mut line = String::new();
    match io::stdin().read_line(&mut line) {
        Ok(0) => {
            say("")?;
            Ok(None)
        }
        Ok(_) => Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned())),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            say("what was typed is not UTF-8 text")?;
            Ok(Some(String::new()))
        }
        Err(error) => Err(error.into()),
    }
}

async fn store(session: &mut Session) -> Result<(), Ending> {
    let (Some(key), Some(value)) = (ask("key: ")?, ask("value: ")?) else {
        return Ok(());
    };
    commands::put(session, key.as_bytes(), value.as_bytes()).await?;
    say(&format!("stored on {}", session.owner(key.as_bytes())))
}

async fn retrieve(session: &mut Session) -> Result<(), Ending> {
    let Some(key) = ask("key: ")? else {
        return Ok(());
    };
    let value = commands::get(session, key.as_bytes()).await?;
    let node = session.owner(key.as_bytes());
    match value {
        Some(value) => say(&format!("{}\n(from {node})", screen::readable(&value))),
        None => say(&format!("no such key; it would be on {node}")),
    }
}

async fn delete(session: &mut Session) -> Result<(), Ending> {
    let Some(key) = ask("key: ")? else {
        return Ok(());
    };
    let existed = commands::delete(session, key.as_bytes()).await?;
    let node = session.owner(key.as_bytes());
    say(&if existed {
        format!("deleted from {node}")
    } else {
        format!("no such key; it would be on {node}")
    })
}

async fn view(session: &mut Session) -> Result<(), Ending> {
    let names: Vec<_> = session
        .cluster()
        .placement()
        .names()
        .map(ToString::to_string)
        .collect();
    let Some(name) = ask(&format!("node ({}): ", names.join(", ")))? else {
        return Ok(());
    };
    let mut walk = Walk::start(session, Some(name.trim())).await?;
    let mut shown = 0;
    while let Some(keys) = walk.next(session).await? {
        for key in keys {
            if shown > 0 && shown % PAGE == 0 {
                let more = ask("-- Enter for more, q to stop: ")?;
                if more.is_none_or(|answer| answer.trim() == "q") {
                    return Ok(());
                }
            }
            say(&screen::readable(&key))?;
            shown += 1;
        }
    }
    say(&format!("{name} holds {shown} keys"))
}

async fn status(session: &mut Session) -> Result<(), Ending> {
    let nodes = commands::survey(session).await?;
    say(&screen::status_table(&nodes))
}

async fn cover(session: &mut Session) -> Result<(), Ending> {
    let space = KeySpace::new(COVERAGE_LENGTH, random());
    let plan = Plan {
        count: COVERAGE_KEYS,
        space,
        clean: true,
    };
    let report = coverage::run(session.cluster(), plan, |_| {})
        .await
        .map_err(|error| {
            if error.unreachable().is_empty() {
                Ending::failure(error)
            } else {
                Ending::unreachable(error)
            }
        })?;
    for node in &report.nodes {
        say(&format!(
            "{}: {} keys ({})",
            node.name, node.keys, node.rule
        ))?;
    }
    say(&format!("{}; the keys are deleted again", report.verdict()))
}
