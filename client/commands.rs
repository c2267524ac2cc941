//! The subcommands: each does one thing, prints it, and gives an exit code.
//!
//! With `--json` each prints one document, whose fields scripts rely on:
//!
//! | command | document |
//! |---|---|
//! | `put` | `{"key":…,"node":…,"stored":true}`; false if `--if-absent` found the key there |
//! | `get` | `{"key":…,"value":…,"node":…}`; the value is null if there is none. With `--output`: `{"key":…,"file":…,"bytes":…,"node":…}`; the bytes are null if there is no value, and then the file stays as it was |
//! | `delete` | `{"key":…,"node":…,"deleted":true}` |
//! | `keys` | `{"node":…,"keys":[{"key":…},…]}`; the node is null for all nodes; `error` says why there may be more keys |
//! | `where` | `{"key":…,"node":…,"rule":…,"exists":…,"md5":…,"sha1":…,"sha256":…}`; whether it exists is null where its node can't be reached |
//! | `status` | `{"nodes":[{"name":…,"address":…,"rule":…,"share":…,"reachable":…,"keys":…,"misplaced":…,"version":…,"error":…},…]}` |
//! | `watch` | one document a line, for each picture: `{"time_unix_ms":…,"entry":…,"keys":…,"nodes":[{"name":…,"address":…,"state":"up","error":…,"keys":…,"misplaced":…,"share":…,"expected_share":…,"requests_per_second":…,"memory_bytes":…,"latency_us":…},…]}`; the state is `up`, `error` (it takes no writes) or `down`; shares are from 0 to 1, of the keys of all nodes that answer; what is not known is null, as the requests of a second are in the first picture |
//! | `doctor` | `{"result":…,"nodes":[{"name":…,"address":…,"reachable":…,"ping_us":…,"version":…,"clock_offset_ms":…,"disk_free_bytes":…,"disk_total_bytes":…,"journal_bytes":…,"snapshot_bytes":…,"keys":…,"misplaced":…},…],"checks":[{"node":…,"check":…,"result":…,"detail":…,"action":…},…]}`; a result is `ok`, `warning` or `problem`; the node is null where a check is about all of them, the action where all is well |
//! | `completions` | `{"shell":…,"script":…}` |
//! | `man` | `{"pages":[{"name":…,"text":…},…]}`; with `--output`: `{"folder":…,"pages":[{"name":…},…]}` |
//! | `import` | `{"keys":…,"nodes":[{"name":…,"keys":…},…]}` |
//! | `export` | `{"keys":…,"nodes":[{"name":…,"keys":…},…],"misplaced":…,"left_out":…,"first_left_out":[{"key":…},…]}` |
//! | `backup` | `{"keys":…,"misplaced":…,"nodes":[{"name":…,"keys":…},…]}` |
//! | `restore` | `{"restored":…,"replaced":…,"same":…,"expired":…,"differing":…,"refused":…,"kept":[{"key":…,"node":…,"reason":…},…]}` |
//! | `rehome` | `{"moved":…,"kept":[{"key":…,"holder":…,"owner":…},…]}`; `refused` says why an owner does not take a key |
//!
//! A command that fails prints no document: with `--json` too its error is a sentence on standard error, and the
//! exit code tells its kind. `status`, `doctor` and `where` print theirs where a node can't be reached, and end with 3;
//! so does `keys`, which had begun to print.
//!
//! Keys and values that are not UTF-8 stand in `key_base64` and `value_base64` instead.

mod files;
mod listing;
mod one_key;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;
use triad::ending::{Ending, Kind};
use triad::json;
use triad::session::{How, Session};
use triad::survey::{Status, doctor, watch};
use triad::terminal::{self, Colours};
use triad::transfer::{Place, backup, export, import, rehome, restore};

use crate::Command;

/// Runs one subcommand.
pub(crate) async fn run(
    session: &mut Session,
    command: Command,
    as_json: bool,
) -> Result<ExitCode, Ending> {
    match command {
        Command::Put {
            key,
            value,
            file,
            expire,
            if_absent,
        } => {
            let value = one_key::value_of(session, value, file).await?;
            let how = How {
                expire_seconds: expire,
                if_absent,
            };
            one_key::put(session, &key.into_vec(), &value, how, as_json).await
        }
        Command::Get { key, output: None } => one_key::get(session, &key.into_vec(), as_json).await,
        Command::Get {
            key,
            output: Some(file),
        } => one_key::get_into(session, &key.into_vec(), &file, as_json).await,
        Command::Delete { key } => one_key::delete(session, &key.into_vec(), as_json).await,
        Command::Keys { node, pattern } => {
            let pattern = pattern.map(OsString::into_vec);
            let listed = listing::keys(session, node.as_deref(), pattern, as_json).await;
            listed.map(|()| ExitCode::SUCCESS)
        }
        Command::Where { key } => one_key::locate(session, &key.into_vec(), as_json).await,
        Command::Status => status(session, as_json).await,
        Command::Watch { interval, count } => {
            let plan = watch::Plan {
                interval: Duration::from_secs_f64(interval),
                count,
                as_json,
            };
            watch::run(session, plan).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Doctor => examine(session, as_json).await,
        // They are done before there is a session.
        Command::Completions { .. } | Command::Man { .. } => Ok(ExitCode::SUCCESS),
        Command::Import { file, format } => {
            let from = Place::of_argument(file);
            files::import(session, &import::Options { from, format }, as_json).await
        }
        Command::Export {
            file,
            format,
            pattern,
            node,
            force,
        } => {
            let options = export::Options {
                to: Place::of_argument(file),
                format,
                pattern: pattern.map(OsString::into_vec),
                node,
                may_replace: force,
            };
            files::export(session, &options, as_json).await
        }
        Command::Backup { file, force } => {
            let options = backup::Options {
                to: Place::of_argument(file),
                may_replace: force,
            };
            files::backup(session, &options, as_json).await
        }
        Command::Restore { file, replace } => {
            let options = restore::Options {
                from: Place::of_argument(file),
                may_replace: replace,
            };
            files::restore(session, &options, as_json).await
        }
        Command::Rehome => {
            let rehomed = rehome::run(session).await?;
            tell(as_json, &rehomed, || rehomed.text())?;
            Ok(yes_or_no(rehomed.is_done()))
        }
    }
}

fn tell(
    as_json: bool,
    document: &impl Serialize,
    text: impl FnOnce() -> String,
) -> Result<(), Ending> {
    let line = if as_json {
        json::document(document)?
    } else {
        text()
    };
    Ok(terminal::print(line)?)
}

async fn status(session: &mut Session, as_json: bool) -> Result<ExitCode, Ending> {
    let status = Status::ask(session).await?;
    tell(as_json, &status, || {
        status.text_in(terminal::columns(), Colours::of_stdout())
    })?;
    // What is printed tells which node; scripts look at the code.
    Ok(if status.is_complete() {
        ExitCode::SUCCESS
    } else {
        Kind::Unreachable.code()
    })
}

async fn examine(session: &mut Session, as_json: bool) -> Result<ExitCode, Ending> {
    let findings = doctor(session).await?;
    tell(as_json, &findings, || {
        findings.text_in(terminal::columns(), Colours::of_stdout())
    })?;
    Ok(if findings.is_complete() {
        yes_or_no(findings.is_well())
    } else {
        Kind::Unreachable.code()
    })
}

/// The exit code of an answer.
fn yes_or_no(yes: bool) -> ExitCode {
    if yes {
        ExitCode::SUCCESS
    } else {
        Kind::No.code()
    }
}
