//! The subcommands: each does one thing, prints it, and gives an exit code.
//!
//! With `--json` each prints one document, whose fields scripts rely on:
//!
//! | command | document |
//! |---|---|
//! | `put` | `{"key":…,"node":…,"stored":true}`; false if `--if-absent` found the key there |
//! | `get` | `{"key":…,"value":…,"node":…}`; the value is null if there is none. With `--output`: `{"key":…,"file":…,"bytes":…,"node":…}`; the bytes are null if there is no value, and then the file stays as it was |
//! | `delete` | `{"key":…,"node":…,"deleted":true}` |
//! | `keys` | `{"node":…,"keys":[{"key":…},…]}`; the node is null for all nodes |
//! | `where` | `{"key":…,"node":…,"rule":…,"exists":…,"md5":…,"sha1":…,"sha256":…}` |
//! | `status` | `{"nodes":[{"name":…,"address":…,"rule":…,"share":…,"reachable":…,"keys":…,"misplaced":…,"version":…,"error":…},…]}` |
//! | `watch` | one document a line, for each picture: `{"time_unix_ms":…,"entry":…,"keys":…,"nodes":[{"name":…,"address":…,"state":"up","error":…,"keys":…,"misplaced":…,"share":…,"expected_share":…,"requests_per_second":…,"memory_bytes":…,"latency_us":…},…]}`; the state is `up`, `error` (it takes no writes) or `down`; shares are from 0 to 1, of the keys of all nodes that answer; what is not known is null, as the requests of a second are in the first picture |
//! | `doctor` | `{"result":…,"nodes":[{"name":…,"address":…,"reachable":…,"ping_us":…,"version":…,"clock_offset_ms":…,"disk_free_bytes":…,"disk_total_bytes":…,"journal_bytes":…,"snapshot_bytes":…,"keys":…,"misplaced":…},…],"checks":[{"node":…,"check":…,"result":…,"detail":…,"action":…},…]}`; a result is `ok`, `warning` or `problem`; the node is null where a check is about all of them, the action where all is well |
//! | `completions` | `{"shell":…,"script":…}` |
//! | `man` | `{"pages":[{"name":…,"text":…},…]}`; with `--output`: `{"folder":…,"pages":[{"name":…},…]}` |
//! | `import` | `{"keys":…,"nodes":[{"name":…,"keys":…},…]}` |
//! | `export` | `{"keys":…,"nodes":[{"name":…,"keys":…},…],"left_out":…,"first_left_out":[{"key":…},…]}` |
//! | `backup` | `{"keys":…,"misplaced":…,"nodes":[{"name":…,"keys":…},…]}` |
//! | `restore` | `{"restored":…,"replaced":…,"same":…,"expired":…,"differing":…,"refused":…,"kept":[{"key":…,"node":…,"reason":…},…]}` |
//! | `rehome` | `{"moved":…,"kept":[{"key":…,"holder":…,"owner":…},…]}`; `refused` says why an owner does not take a key |
//!
//! A command that fails prints no document: with `--json` too its error is a sentence on standard error, and the
//! exit code tells its kind. `status` and `doctor` print theirs where a node can't be reached, and end with 3.
//!
//! Keys and values that are not UTF-8 stand in `key_base64` and `value_base64` instead.

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;
use triad::ending::{Ending, Kind};
use triad::json::{self, Key, Value};
use triad::session::{How, Location, Session, Walk, absent, write_value};
use triad::survey::{Status, doctor, watch};
use triad::terminal::{self, Colours};
use triad::transfer::{Place, Tally, backup, export, import, rehome, restore};

use crate::Command;
use crate::interrupt::unless_interrupted;

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
            let value = value_of(session, value, file).await?;
            let how = How {
                expire_seconds: expire,
                if_absent,
            };
            put_and_tell(session, &key.into_vec(), &value, how, as_json).await
        }
        Command::Get { key, output: None } => get_and_tell(session, &key.into_vec(), as_json).await,
        Command::Get {
            key,
            output: Some(file),
        } => get_into(session, &key.into_vec(), &file, as_json).await,
        Command::Delete { key } => delete_and_tell(session, &key.into_vec(), as_json).await,
        Command::Keys { node, pattern } => {
            let pattern = pattern.map(OsString::into_vec);
            let listed = keys(session, node.as_deref(), pattern, as_json).await;
            listed.map(|()| ExitCode::SUCCESS)
        }
        Command::Where { key } => locate(session, &key.into_vec(), as_json).await,
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
            let (from, tally) = (Place::of_argument(file), Tally::default());
            let options = import::Options { from, format };
            let imported = import::run(session, &options, &tally);
            let imported = unless_interrupted(imported, || import::interrupted(&tally)).await?;
            tell(as_json, &imported, || imported.text())?;
            Ok(ExitCode::SUCCESS)
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
                pattern: pattern.map(OsStringExt::into_vec),
                node,
                may_replace: force,
            };
            export_and_tell(session, &options, as_json).await
        }
        Command::Backup { file, force } => {
            let (to, tally) = (Place::of_argument(file), Tally::default());
            check_place(&to, as_json)?;
            let options = backup::Options {
                to,
                may_replace: force,
            };
            let backed_up = backup::run(session, &options, &tally);
            let backed_up = unless_interrupted(backed_up, || backup::interrupted(&options)).await?;
            tell_beside(&options.to, as_json, &backed_up, || backed_up.text())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Restore { file, replace } => {
            let (from, tally) = (Place::of_argument(file), Tally::default());
            let options = restore::Options {
                from,
                may_replace: replace,
            };
            let restored = restore::run(session, &options, &tally);
            let restored = unless_interrupted(restored, || restore::interrupted(&tally)).await?;
            tell(as_json, &restored, || restored.text())?;
            Ok(yes_or_no(restored.is_complete()))
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

/// The value that is to be stored.
async fn value_of(
    session: &mut Session,
    value: Option<OsString>,
    file: Option<PathBuf>,
) -> Result<Vec<u8>, Ending> {
    let stdin = io::stdin();
    match (value, file) {
        (_, Some(file)) => session.value_of_file(&file).await,
        (Some(value), _) if value != "-" => Ok(value.into_vec()),
        (None, _) if stdin.is_terminal() => Err(Ending::usage(
            "there is no value; write it behind the key, or --file PATH, or - to type it and end with Ctrl-D",
        )),
        _ => {
            session
                .value_of_stream(stdin.lock(), "standard input")
                .await
        }
    }
}

/// Refuses to print a document where keys are printed.
fn check_place(to: &Place, as_json: bool) -> Result<(), Ending> {
    if *to == Place::Standard && as_json {
        return Err(Ending::usage(
            "with --json the keys have to go to a file: standard output is for the document",
        ));
    }
    Ok(())
}

/// Prints a document or a text, but not between keys that were printed.
fn tell_beside(
    to: &Place,
    as_json: bool,
    document: &impl Serialize,
    text: impl FnOnce() -> String,
) -> Result<(), Ending> {
    match to {
        Place::Standard => Ok(writeln!(io::stderr(), "{}", text())?),
        Place::File(_) => tell(as_json, document, text),
    }
}

async fn export_and_tell(
    session: &Session,
    options: &export::Options,
    as_json: bool,
) -> Result<ExitCode, Ending> {
    check_place(&options.to, as_json)?;
    let tally = Tally::default();
    let exported = export::run(session, options, &tally);
    let exported = unless_interrupted(exported, || export::interrupted(options)).await?;
    tell_beside(&options.to, as_json, &exported, || exported.text())?;
    Ok(yes_or_no(exported.is_complete()))
}

async fn put_and_tell(
    session: &mut Session,
    key: &[u8],
    value: &[u8],
    how: How,
    as_json: bool,
) -> Result<ExitCode, Ending> {
    #[derive(Serialize)]
    struct Document<'a> {
        #[serde(flatten)]
        key: Key,
        node: &'a str,
        stored: bool,
    }
    let stored = session.put_as(key, value, how).await?;
    let (key, node) = (Key::new(key), session.owner(key));
    if !stored && !as_json {
        return Err(Ending::no(format!(
            "the key is on {node} already; nothing was stored"
        )));
    }
    tell(as_json, &Document { key, node, stored }, || {
        format!("stored on {node}")
    })?;
    Ok(yes_or_no(stored))
}

async fn get_and_tell(
    session: &mut Session,
    key: &[u8],
    as_json: bool,
) -> Result<ExitCode, Ending> {
    #[derive(Serialize)]
    struct Found<'a> {
        #[serde(flatten)]
        key: Key,
        #[serde(flatten)]
        value: Value,
        node: &'a str,
    }
    let value = session.get(key).await?;
    let node = session.owner(key);
    if as_json {
        let code = yes_or_no(value.is_some());
        let (key, value) = (Key::new(key), Value::new(value));
        terminal::print(json::document(&Found { key, value, node })?)?;
        return Ok(code);
    }
    let Some(value) = value else {
        return Err(Ending::no(absent(node)));
    };
    if io::stdout().is_terminal() {
        terminal::print(terminal::readable(&value))?;
    } else {
        terminal::print_bytes(&value)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn get_into(
    session: &mut Session,
    key: &[u8],
    file: &Path,
    as_json: bool,
) -> Result<ExitCode, Ending> {
    #[derive(Serialize)]
    struct Written<'a> {
        #[serde(flatten)]
        key: Key,
        file: Cow<'a, str>,
        bytes: Option<usize>,
        node: &'a str,
    }
    let value = session.get(key).await?;
    let node = session.owner(key);
    match &value {
        Some(value) => write_value(file, value)?,
        None if as_json => {}
        None => return Err(Ending::no(absent(node))),
    }
    let bytes = value.as_ref().map(Vec::len);
    let (key, file) = (Key::new(key), file.to_string_lossy());
    let document = Written {
        key,
        file,
        bytes,
        node,
    };
    tell(as_json, &document, || {
        let file = terminal::readable_line(document.file.as_bytes());
        let bytes = bytes.unwrap_or_default();
        format!("{bytes} bytes from {node} are in {file}")
    })?;
    Ok(yes_or_no(value.is_some()))
}

async fn delete_and_tell(
    session: &mut Session,
    key: &[u8],
    as_json: bool,
) -> Result<ExitCode, Ending> {
    #[derive(Serialize)]
    struct Deletion<'a> {
        #[serde(flatten)]
        key: Key,
        node: &'a str,
        deleted: bool,
    }
    let deleted = session.delete(key).await?;
    let node = session.owner(key);
    if !deleted && !as_json {
        return Err(Ending::no(absent(node)));
    }
    let key = Key::new(key);
    let document = Deletion { key, node, deleted };
    tell(as_json, &document, || format!("deleted from {node}"))?;
    Ok(yes_or_no(deleted))
}

/// Prints the keys as they come, so that tables of any size can be listed.
async fn keys(
    session: &mut Session,
    node: Option<&str>,
    pattern: Option<Vec<u8>>,
    as_json: bool,
) -> Result<(), Ending> {
    let stdout = io::stdout();
    let for_people = stdout.is_terminal();
    let mut out = io::BufWriter::new(stdout.lock());
    let mut walk = Walk::start(session, node).await?.matching(pattern);
    if as_json {
        write!(out, "{{\"node\":{},\"keys\":[", json::document(&node)?)?;
    }
    let mut comma = "";
    while let Some(keys) = walk.step(session).await? {
        for key in keys {
            let written = if as_json {
                let key = json::document(&Key::new(&key))?;
                write!(out, "{}{key}", std::mem::replace(&mut comma, ","))
            } else if for_people {
                writeln!(out, "{}", terminal::readable_line(&key))
            } else {
                out.write_all(&key).and_then(|()| out.write_all(b"\n"))
            };
            if is_unread(&written) {
                return Ok(());
            }
            written?;
        }
    }
    if as_json {
        writeln!(out, "]}}")?;
    }
    let flushed = out.flush();
    if is_unread(&flushed) {
        Ok(())
    } else {
        Ok(flushed?)
    }
}

/// Whether the reader of the output has seen enough, as `head` has after some lines.
fn is_unread(written: &io::Result<()>) -> bool {
    written
        .as_ref()
        .is_err_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

async fn locate(session: &mut Session, key: &[u8], as_json: bool) -> Result<ExitCode, Ending> {
    let (location, error) = Location::find(session, key).await;
    tell(as_json, &location, || location.text())?;
    error.map_or(Ok(ExitCode::SUCCESS), Err)
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
