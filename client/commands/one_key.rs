//! The subcommands about one key: `put`, `get`, `delete` and `where`.

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use triad::ending::Ending;
use triad::json::{self, Key, Value};
use triad::session::{How, Location, Session, absent, write_value};
use triad::terminal;

use super::{tell, yes_or_no};

/// The value that is to be stored.
pub(super) async fn value_of(
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

pub(super) async fn put(
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

pub(super) async fn get(
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

pub(super) async fn get_into(
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

pub(super) async fn delete(
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

pub(super) async fn locate(
    session: &mut Session,
    key: &[u8],
    as_json: bool,
) -> Result<ExitCode, Ending> {
    let (location, error) = Location::find(session, key).await;
    tell(as_json, &location, || location.text())?;
    error.map_or(Ok(ExitCode::SUCCESS), Err)
}
