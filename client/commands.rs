//! The subcommands: each does one thing, prints it, and gives an exit code.

use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::process::ExitCode;

use serde_json::{Value, json};
use triad::command::SelfReport;
use triad::resp::Frame;
use triad::rule::{Digests, HashFunction};

use crate::ending::Ending;
use crate::session::Session;
use crate::{Command, import, rehome, screen};

/// Runs one subcommand.
pub(crate) async fn run(
    session: &mut Session,
    command: Command,
    json: bool,
) -> Result<ExitCode, Ending> {
    match command {
        Command::Put { key, value } => {
            let key = key.into_vec();
            put(session, &key, &value.into_vec()).await?;
            let node = session.owner(&key);
            let mut fields = screen::named_bytes("key", &key);
            fields.insert("node".into(), node.into());
            print(json, &fields.into(), || format!("stored on {node}"))
        }
        Command::Get { key } => show(session, &key.into_vec(), json).await,
        Command::Delete { key } => {
            let key = key.into_vec();
            let existed = delete(session, &key).await?;
            let node = session.owner(&key);
            let mut fields = screen::named_bytes("key", &key);
            fields.insert("node".into(), node.into());
            fields.insert("deleted".into(), existed.into());
            let text = if existed {
                format!("deleted from {node}")
            } else {
                absent(node)
            };
            print(json, &fields.into(), || text)?;
            Ok(ExitCode::from(u8::from(!existed)))
        }
        Command::Keys { node } => keys(session, node.as_deref(), json).await,
        Command::Where { key } => {
            let found = locate(session, &key.into_vec()).await?;
            print(json, &found.json(), || found.text())
        }
        Command::Status => status(session, json).await,
        Command::Import { file } => {
            let counts = import::run(session, &file).await?;
            let total: u64 = counts.iter().map(|(_, count)| count).sum();
            let text = || format!("stored {total} keys: {}", screen::counts(&counts));
            let nodes: Value = counts
                .iter()
                .map(|(name, count)| (name.clone(), *count))
                .collect();
            print(json, &json!({ "keys": total, "nodes": nodes }), text)
        }
        Command::Rehome => {
            let moved = rehome::run(session).await?;
            let is_done = moved.is_done();
            print(json, &moved.json(), || moved.text())?;
            Ok(ExitCode::from(u8::from(!is_done)))
        }
    }
}

fn print(json: bool, value: &Value, text: impl FnOnce() -> String) -> Result<ExitCode, Ending> {
    let line = if json { value.to_string() } else { text() };
    writeln!(io::stdout(), "{line}")?;
    Ok(ExitCode::SUCCESS)
}

fn absent(node: &str) -> String {
    format!("no such key; it would be on {node}")
}

pub(crate) async fn put(session: &mut Session, key: &[u8], value: &[u8]) -> Result<(), Ending> {
    session.call(&[b"SET", key, value]).await.map(drop)
}

pub(crate) async fn get(session: &mut Session, key: &[u8]) -> Result<Option<Vec<u8>>, Ending> {
    match session.call(&[b"GET", key]).await? {
        Frame::Bulk(value) => Ok(Some(value.into_owned())),
        Frame::Null => Ok(None),
        other => Err(session.entry().await?.unexpected(&other).into()),
    }
}

pub(crate) async fn delete(session: &mut Session, key: &[u8]) -> Result<bool, Ending> {
    match session.call(&[b"DEL", key]).await? {
        Frame::Integer(count) => Ok(count > 0),
        other => Err(session.entry().await?.unexpected(&other).into()),
    }
}

async fn show(session: &mut Session, key: &[u8], json: bool) -> Result<ExitCode, Ending> {
    let value = get(session, key).await?;
    let node = session.owner(key);
    let Some(value) = value else {
        return Err(Ending::no(absent(node)));
    };
    let mut stdout = io::stdout();
    if json {
        let mut fields = screen::named_bytes("key", key);
        fields.extend(screen::named_bytes("value", &value));
        fields.insert("node".into(), node.into());
        writeln!(stdout, "{}", Value::from(fields))?;
    } else {
        // The bytes as they are: a newline is added only where a person looks.
        stdout.write_all(&value)?;
        if stdout.is_terminal() {
            writeln!(stdout)?;
        }
    }
    stdout.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the keys as they come, so that a table of any size can be listed.
async fn keys(session: &mut Session, node: Option<&str>, json: bool) -> Result<ExitCode, Ending> {
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    let mut all: Vec<Value> = Vec::new();
    let mut walk = Walk::start(session, node).await?;
    while let Some(keys) = walk.next(session).await? {
        for key in keys {
            if json {
                all.push(
                    screen::named_bytes("key", &key)
                        .into_iter()
                        .map(|(_, key)| key)
                        .collect(),
                );
            } else {
                stdout.write_all(&key)?;
                stdout.write_all(b"\n")?;
            }
        }
    }
    if json {
        let keys: Vec<Value> = all
            .into_iter()
            .flat_map(|one| one.as_array().cloned().unwrap_or_default())
            .collect();
        writeln!(stdout, "{}", json!({ "node": node, "keys": keys }))?;
    }
    stdout.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Walks over all keys, or those of one node's own table.
pub(crate) struct Walk {
    /// The connection to the one node; otherwise the entry node is asked.
    client: Option<triad::client::Client>,
    cursor: Option<Vec<u8>>,
}

/// How many keys are asked for at once.
const WALK_COUNT: &[u8] = b"1000";

impl Walk {
    pub(crate) async fn start(session: &Session, node: Option<&str>) -> Result<Self, Ending> {
        let client = match node {
            Some(name) => Some(session.connect_to(name).await?),
            None => None,
        };
        Ok(Self {
            client,
            cursor: Some(b"0".to_vec()),
        })
    }

    /// The next keys, or `None` when there are no more.
    pub(crate) async fn next(
        &mut self,
        session: &mut Session,
    ) -> Result<Option<Vec<Vec<u8>>>, Ending> {
        let Some(cursor) = self.cursor.take() else {
            return Ok(None);
        };
        let reply = match &mut self.client {
            Some(client) => {
                client
                    .call(&[b"TRIAD", b"SCAN", &cursor, b"COUNT", WALK_COUNT])
                    .await?
            }
            None => {
                session
                    .call(&[b"SCAN", &cursor, b"COUNT", WALK_COUNT])
                    .await?
            }
        };
        let (cursor, keys) = scan_step(reply)?;
        self.cursor = (cursor != b"0").then_some(cursor);
        Ok(Some(keys))
    }
}

/// The cursor and the elements of a step of a scan.
pub(crate) fn scan_step(reply: Frame<'static>) -> Result<(Vec<u8>, Vec<Vec<u8>>), Ending> {
    let not_understood = || Ending::failure("a node sent a reply to SCAN that is not understood");
    let Frame::Array(parts) = reply else {
        return Err(not_understood());
    };
    let Ok([Frame::Bulk(cursor), Frame::Array(found)]) = <[Frame<'_>; 2]>::try_from(parts) else {
        return Err(not_understood());
    };
    let found: Option<Vec<_>> = found
        .into_iter()
        .map(|element| match element {
            Frame::Bulk(bytes) => Some(bytes.into_owned()),
            _ => None,
        })
        .collect();
    Ok((cursor.into_owned(), found.ok_or_else(not_understood)?))
}

/// Where a key is, and why.
pub(crate) struct Location {
    key: Vec<u8>,
    node: String,
    rule: String,
    md5: String,
    sha1: String,
    sha256: String,
    exists: bool,
}

pub(crate) async fn locate(session: &mut Session, key: &[u8]) -> Result<Location, Ending> {
    let exists = session.call(&[b"EXISTS", key]).await? == Frame::Integer(1);
    let placement = session.cluster().placement();
    let owner = placement.owner(key);
    let mut digests = Digests::new(key);
    Ok(Location {
        key: key.to_vec(),
        node: placement.name(owner).to_string(),
        rule: placement.rule(owner).to_string(),
        md5: digests.hex(HashFunction::Md5),
        sha1: digests.hex(HashFunction::Sha1),
        sha256: digests.hex(HashFunction::Sha256),
        exists,
    })
}

impl Location {
    fn json(&self) -> Value {
        let mut fields = screen::named_bytes("key", &self.key);
        let text = [
            ("node", &self.node),
            ("rule", &self.rule),
            ("md5", &self.md5),
            ("sha1", &self.sha1),
            ("sha256", &self.sha256),
        ];
        fields.extend(text.map(|(name, text)| (name.to_owned(), text.as_str().into())));
        fields.insert("exists".into(), self.exists.into());
        fields.into()
    }

    pub(crate) fn text(&self) -> String {
        let Self {
            node,
            rule,
            md5,
            sha1,
            exists,
            ..
        } = self;
        let there = if *exists {
            "stored there"
        } else {
            "not stored at the moment"
        };
        format!("{node} ({rule}); {there}\n  MD5   {md5}\n  SHA-1 {sha1}")
    }
}

async fn status(session: &mut Session, json: bool) -> Result<ExitCode, Ending> {
    let nodes = survey(session).await?;
    let missing = nodes.iter().filter(|node| !node.reachable).count();
    let rows = nodes
        .iter()
        .map(screen::NodeStatus::json)
        .collect::<Vec<_>>();
    print(json, &json!({ "nodes": rows }), || {
        screen::status_table(&nodes)
    })?;
    // The table itself tells which; scripts look at the code.
    Ok(ExitCode::from(if missing > 0 { 3 } else { 0 }))
}

/// What the entry node knows of every node.
pub(crate) async fn survey(session: &mut Session) -> Result<Vec<screen::NodeStatus>, Ending> {
    let reply = session.call(&[b"TRIAD", b"NODES"]).await?;
    let Frame::Array(rows) = &reply else {
        return Err(session.entry().await?.unexpected(&reply).into());
    };
    Ok(rows.iter().filter_map(node_status).collect())
}

fn node_status(row: &Frame<'_>) -> Option<screen::NodeStatus> {
    let Frame::Map(fields) = row else { return None };
    let text = |name: &str| {
        fields
            .iter()
            .find_map(|(field, value)| match (field, value) {
                (Frame::Bulk(field), Frame::Bulk(value)) if **field == *name.as_bytes() => {
                    Some(String::from_utf8_lossy(value).into_owned())
                }
                _ => None,
            })
    };
    let report = SelfReport::from_frame(row);
    Some(screen::NodeStatus {
        name: text("name")?,
        address: text("address")?,
        rule: text("rule")?,
        share: text("share")?,
        reachable: report.is_some(),
        keys: report.as_ref().map(|report| report.keys),
        misplaced: report.as_ref().map(|report| report.misplaced),
        version: report.map(|report| report.version),
        error: text("error"),
    })
}
