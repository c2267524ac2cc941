//! This node as a server: `INFO COMMAND SAVE BGSAVE LASTSAVE TIME`.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{Args, Command, Context, Error, Frame, Keys, Outcome, Run, info, reply};

pub(super) const COMMANDS: &[Command] = &[
    here("info", -1, "Tells about this node, by sections", info::info),
    here(
        "command",
        1,
        "Describes all commands",
        super::reference::command,
    ),
    here(
        "command|count",
        2,
        "Counts the commands",
        super::reference::count,
    ),
    here(
        "command|docs",
        -2,
        "Describes commands for people",
        super::reference::docs,
    ),
    here(
        "command|info",
        -2,
        "Describes commands for clients",
        super::reference::info,
    ),
    here(
        "command|getkeys",
        -4,
        "Returns the keys of a request",
        super::reference::getkeys,
    ),
    here(
        "command|list",
        -2,
        "Lists the names of the commands",
        super::reference::list,
    ),
    here("command|help", 2, "Lists these subcommands", command_help),
    Command::here(
        "save",
        1,
        &["admin", "noscript", "no_async_loading", "no_multi"],
        Keys::NONE,
        "Writes this node's JSON file now",
        save,
    ),
    Command::here(
        "bgsave",
        -1,
        &["admin", "noscript", "no_async_loading"],
        Keys::NONE,
        "Begins to write this node's JSON file",
        bgsave,
    ),
    fast(
        "lastsave",
        1,
        "Tells when this node's JSON file was last written",
        lastsave,
    ),
    fast("time", 1, "Tells the time of this node's clock", time),
];

const fn here(name: &'static str, arity: i32, summary: &'static str, run: Run) -> Command {
    let flags = &["loading", "stale"];
    Command::here(name, arity, flags, Keys::NONE, summary, run)
}

const fn fast(name: &'static str, arity: i32, summary: &'static str, run: Run) -> Command {
    let flags = &["loading", "stale", "fast"];
    Command::here(name, arity, flags, Keys::NONE, summary, run)
}

fn command_help<'s>(_: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    reply(super::reference::help("command"))
}

fn save<'s>(_: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    Ok(Outcome::Checkpoint)
}

/// `BGSAVE [SCHEDULE]`. There is nothing else that a save would have to wait for, so with `SCHEDULE` it
/// begins at once too.
fn bgsave<'s>(_: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let is_schedule = |word: &[u8]| word.eq_ignore_ascii_case(b"schedule");
    match (args.len(), args.get(1)) {
        (1, _) => Ok(Outcome::BackgroundCheckpoint),
        (2, Some(word)) if is_schedule(word) => Ok(Outcome::BackgroundCheckpoint),
        _ => Err(Error::syntax()),
    }
}

fn lastsave<'s>(cx: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    let seconds = cx.store.status().last_checkpoint_unix_seconds;
    reply(Frame::Integer(i64::try_from(seconds).unwrap_or(i64::MAX)))
}

/// Seconds since 1970, and microseconds of the second.
fn time<'s>(_: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let numbers = [since.as_secs(), u64::from(since.subsec_micros())];
    let texts = numbers.map(|number| Frame::bulk(number.to_string().into_bytes()));
    reply(Frame::Array(texts.to_vec()))
}
