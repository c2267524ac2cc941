//! Named checks of a client library, carried out in order.
//!
//! The program is run as `redis_rs ENTRY OTHER PROTOCOL KIND`: the ports of the node that is tried and of another
//! node of the same cluster (of a single server, its one port twice), `2` or `3` for the RESP version, and `triad`
//! or `redis`. It EMPTIES the store. Each check is told by its name; of one that fails, what was expected and what
//! came is told too, and the others go on. The exit code is 0 if all were right.

use std::error::Error;
use std::fmt::Debug;
use std::panic::{self, AssertUnwindSafe, Location};
use std::process::{ExitCode, exit};
use std::thread;
use std::time::{Duration, Instant};

use redis::{ErrorKind, RedisResult};

use crate::place::Place;

/// A program that hangs ends by itself after this.
const PROGRAM: Duration = Duration::from_secs(180);
/// How long a condition may take to come true: far more than a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of a time to live may have passed when it is asked for.
const PASSED_SECONDS: i64 = 9;

pub type Outcome = Result<(), Box<dyn Error>>;

#[derive(Clone, Copy)]
pub struct Check {
    name: &'static str,
    is_of_triad: bool,
    run: fn(&mut Place) -> Outcome,
}

/// A check that holds for both kinds of server.
pub const fn check(name: &'static str, run: fn(&mut Place) -> Outcome) -> Check {
    let is_of_triad = false;
    Check {
        name,
        is_of_triad,
        run,
    }
}

/// A check of what only triad does.
pub const fn check_of_triad(name: &'static str, run: fn(&mut Place) -> Outcome) -> Check {
    let is_of_triad = true;
    Check {
        name,
        is_of_triad,
        run,
    }
}

#[track_caller]
pub fn equal<T: Debug + PartialEq>(came: T, expected: T) -> Outcome {
    if came == expected {
        return Ok(());
    }
    failed(format!(
        "expected {}, but {} came",
        shown(&expected),
        shown(&came)
    ))
}

#[track_caller]
pub fn holds(condition: bool, what: &str) -> Outcome {
    if condition {
        return Ok(());
    }
    failed(format!("expected {what}"))
}

/// So many seconds to live, of which a slow machine may have let some pass.
#[track_caller]
pub fn about(came: i64, seconds: i64) -> Outcome {
    let rest = seconds - PASSED_SECONDS..=seconds;
    holds(
        rest.contains(&came),
        &format!("about {seconds} s, not {came}"),
    )
}

/// An error of exactly this kind, with this in its text.
#[track_caller]
pub fn fails<T: Debug>(kind: ErrorKind, text: &str, result: RedisResult<T>) -> Outcome {
    match result {
        Err(error) if error.kind() == kind && error.to_string().contains(text) => Ok(()),
        other => failed(format!(
            "expected {kind:?} with {text:?}, but {} came",
            shown(&other)
        )),
    }
}

/// Asks until the answer is yes.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> Result<bool, Box<dyn Error>>) -> Outcome {
    let end = Instant::now() + PATIENCE;
    while !holds()? {
        if Instant::now() > end {
            return failed(format!("still not so after {PATIENCE:?}: {what}"));
        }
    }
    Ok(())
}

#[track_caller]
fn failed(what: String) -> Outcome {
    let place = Location::caller();
    Err(format!("{}:{}: {what}", place.file(), place.line()).into())
}

fn shown(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}

/// Carries out all checks that are meant for this kind of server.
pub fn run_all(place: &mut Place, checks: &[Check]) -> ExitCode {
    thread::spawn(|| {
        thread::sleep(PROGRAM);
        println!("FAILED  what stands below the last line: it hangs");
        exit(1);
    });
    let (mut passed, mut failed) = (0, 0);
    let is_triad = place.is_triad;
    for check in checks.iter().filter(|check| is_triad || !check.is_of_triad) {
        // The library itself panics at some replies that it does not expect.
        let run = panic::catch_unwind(AssertUnwindSafe(|| (check.run)(place)));
        match run.unwrap_or_else(|_| Err("it panicked, as told above".into())) {
            Ok(()) => {
                passed += 1;
                println!("ok      {}", check.name);
            }
            Err(error) => {
                failed += 1;
                println!("FAILED  {} ({error})", check.name);
                // Replies that were not taken may still come over the old ones.
                place.connect_anew();
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    ExitCode::from(u8::from(failed > 0))
}
