//! The menu: one step after the other, each of which says which node holds the key.

use std::io::{self, BufRead as _, Write as _};

use crate::coverage::{self, KeySpace, Plan};
use crate::ending::Ending;
use crate::terminal;

use crate::session::{Session, Walk, absent};
use crate::survey::Status;

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
pub async fn run(session: &mut Session) -> Result<(), Ending> {
    say("triad: one table on all your devices")?;
    loop {
        say(CHOICES)?;
        let Some(choice) = ask("choice: ")? else {
            return Ok(());
        };
        let step = match choice.trim_ascii() {
            b"1" => store(session).await,
            b"2" => retrieve(session).await,
            b"3" => delete(session).await,
            b"4" => view(session).await,
            b"5" => status(session).await,
            b"6" => cover(session).await,
            b"q" | b"Q" => return Ok(()),
            b"" => Ok(()),
            other => say(&format!(
                "there is no choice \"{}\"; type 1 to 6, or q",
                terminal::readable_line(other)
            )),
        };
        // A step that failed is a sentence, and the menu goes on.
        if let Err(ending) = step {
            say(&ending.to_string())?;
        }
    }
}

fn say(text: &str) -> Result<(), Ending> {
    Ok(writeln!(io::stdout(), "{text}")?)
}

/// A line of input without its end, or `None` when the input is closed: by Ctrl-D, which in a step
/// leads back to the choices.
fn ask(question: &str) -> Result<Option<Vec<u8>>, Ending> {
    write!(io::stdout(), "{question}")?;
    io::stdout().flush()?;
    let mut line = Vec::new();
    // A terminal gives lines of bounded length.
    if io::stdin().lock().read_until(b'\n', &mut line)? == 0 {
        say("")?;
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok(Some(line))
}

/// Asks for a key. An empty one is taken for a slip: nobody means to type it.
fn ask_key() -> Result<Option<Vec<u8>>, Ending> {
    let key = ask("key: ")?;
    if key.as_ref().is_some_and(Vec::is_empty) {
        say("no key was typed")?;
        return Ok(None);
    }
    Ok(key)
}

async fn store(session: &mut Session) -> Result<(), Ending> {
    let Some(key) = ask_key()? else {
        return Ok(());
    };
    let Some(value) = ask("value: ")? else {
        return say("nothing was stored");
    };
    session.put(&key, &value).await?;
    say(&format!("stored on {}", session.owner(&key)))
}

async fn retrieve(session: &mut Session) -> Result<(), Ending> {
    let Some(key) = ask_key()? else {
        return Ok(());
    };
    let value = session.get(&key).await?;
    let node = session.owner(&key);
    say(&match value {
        Some(value) => format!("{}\n(from {node})", terminal::readable(&value)),
        None => absent(node),
    })
}

async fn delete(session: &mut Session) -> Result<(), Ending> {
    let Some(key) = ask_key()? else {
        return Ok(());
    };
    let existed = session.delete(&key).await?;
    let node = session.owner(&key);
    say(&if existed {
        format!("deleted from {node}")
    } else {
        absent(node)
    })
}

async fn view(session: &mut Session) -> Result<(), Ending> {
    let question = format!("node ({}): ", session.names().join(", "));
    let Some(name) = ask(&question)? else {
        return Ok(());
    };
    let name = String::from_utf8_lossy(name.trim_ascii()).into_owned();
    if name.is_empty() {
        return say("no node was typed");
    }
    let mut walk = Walk::start(session, Some(&name)).await?;
    let mut shown = 0;
    while let Some(keys) = walk.step(session).await? {
        for key in keys {
            if shown > 0 && shown % PAGE == 0 {
                let answer = ask("-- Enter for more, q to stop: ")?;
                if answer.is_none_or(|answer| answer.trim_ascii().eq_ignore_ascii_case(b"q")) {
                    return Ok(());
                }
            }
            say(&terminal::readable_line(&key))?;
            shown += 1;
        }
    }
    let keys = if shown == 1 { "key" } else { "keys" };
    say(&format!("{name} holds {shown} {keys}"))
}

async fn status(session: &mut Session) -> Result<(), Ending> {
    let status = Status::ask(session).await?;
    say(&status.text(terminal::columns()))
}

async fn cover(session: &mut Session) -> Result<(), Ending> {
    let plan = Plan {
        count: COVERAGE_KEYS,
        space: KeySpace::new(COVERAGE_LENGTH, rand::random()),
        clean: true,
    };
    let report = coverage::run(session.cluster(), plan, |_| {}).await?;
    say(&report.text(terminal::columns()))?;
    say("the keys are deleted again")
}
