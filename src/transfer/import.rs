//! `import`: a JSON object of strings becomes keys and values.

use std::collections::BTreeMap;
use std::collections::btree_map::Iter;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::iter::Peekable;
use std::path::Path;

use crate::ending::Ending;
use crate::limits::{
    CLIENT_BATCH_BYTES, CLIENT_BATCH_REQUESTS, IMPORT_FILE_MAX_BYTES, KEY_MAX_BYTES,
};
use crate::resp::Frame;
use serde::Serialize;
use serde::de::{self, Deserializer as _, MapAccess, Visitor};

use super::format::{Format, Place};
use super::tally::Tally;
use crate::session::Session;

/// Keys and values. Of a name that stands twice in the file, the last counts, as in other programs.
type Entries = BTreeMap<String, String>;

/// What some editors put before a text. RFC 8259, section 8.1, lets a reader pass over it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What was stored.
#[derive(Debug, Serialize)]
pub struct Imported {
    keys: u64,
    nodes: Vec<NodeCount>,
}

#[derive(Debug, Serialize)]
struct NodeCount {
    name: String,
    keys: u64,
}

impl Imported {
    /// The sentence for people.
    pub fn text(&self) -> String {
        let keys = if self.keys == 1 { "key" } else { "keys" };
        let nodes = self
            .nodes
            .iter()
            .map(|node| format!("{} {}", node.name, node.keys));
        let nodes: Vec<_> = nodes.collect();
        format!("stored {} {keys}: {}", self.keys, nodes.join(", "))
    }
}

/// What to import, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the keys come from.
    pub from: Place,
    /// How they are written; none to find out from the file's name, or from its beginning.
    pub format: Option<Format>,
}

/// The ending of an import that was interrupted: its future was dropped.
pub fn interrupted(tally: &Tally) -> Ending {
    Ending::failure(format!(
        "interrupted: {} stored, and perhaps some more; import the file again for the rest",
        tally.are()
    ))
}

/// Stores what the file holds. The whole file is read and checked before the first key is stored.
///
/// Dropping the future interrupts the import; what is stored by then stays, and the same import can be run
/// again. A bar shows how far it is, where standard error is a terminal.
pub async fn run(
    session: &mut Session,
    options: &Options,
    tally: &Tally,
) -> Result<Imported, Ending> {
    let Place::File(path) = &options.from else {
        return Err(Ending::usage("give a file"));
    };
    let value_max_bytes = value_max_bytes(session).await?;
    let entries = read(path, value_max_bytes).map_err(|fault| {
        Ending::usage(format!("{}: {fault}. Nothing was stored", path.display()))
    })?;
    let mut imported = Imported {
        keys: 0,
        nodes: (session.names().into_iter())
            .map(|name| NodeCount { name, keys: 0 })
            .collect(),
    };
    let mut rest = entries.iter().peekable();
    loop {
        let batch = take_batch(&mut rest);
        if batch.is_empty() {
            return Ok(imported);
        }
        let pairs = batch
            .iter()
            .flat_map(|(key, value)| [key.as_bytes(), value.as_bytes()]);
        let words: Vec<&[u8]> = [&b"MSET"[..]].into_iter().chain(pairs).collect();
        let stored = session
            .ask(&words, |reply| (reply == Frame::OK).then_some(()))
            .await;
        stored.map_err(|ending| {
            ending.after(format!(
                "{} of {} keys are stored, and perhaps some of the next {}; import the file again \
                 when this is mended",
                imported.keys,
                entries.len(),
                batch.len()
            ))
        })?;
        for (key, _) in &batch {
            let owner = session.owner(key.as_bytes());
            imported.keys += 1;
            tally.add(1);
            if let Some(node) = imported.nodes.iter_mut().find(|node| node.name == owner) {
                node.keys += 1;
            }
        }
    }
}

/// The largest value that the entry node takes.
async fn value_max_bytes(session: &mut Session) -> Result<usize, Ending> {
    let asked = session.ask(&[b"CONFIG", b"GET", b"triad-max-value"], |reply| {
        let Frame::Map(settings) = reply else {
            return None;
        };
        let (_, value) = settings.first()?;
        std::str::from_utf8(value.as_bytes()?).ok()?.parse().ok()
    });
    asked.await
}

/// The next entries that fit in a request of bounded size; a larger one goes alone.
fn take_batch<'a>(rest: &mut Peekable<Iter<'a, String, String>>) -> Vec<(&'a str, &'a str)> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while let Some((key, value)) = rest.next_if(|(key, value)| {
        let bytes = bytes + key.len() + value.len();
        batch.is_empty() || batch.len() < CLIENT_BATCH_REQUESTS && bytes <= CLIENT_BATCH_BYTES
    }) {
        bytes += key.len() + value.len();
        batch.push((key.as_str(), value.as_str()));
    }
    batch
}

fn read(path: &Path, value_max_bytes: usize) -> Result<Entries, String> {
    let bytes = read_bounded(path)?;
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
    let mut parser = serde_json::Deserializer::from_slice(text);
    let entries = parser
        .deserialize_map(EntriesVisitor { value_max_bytes })
        .and_then(|entries| parser.end().map(|()| entries));
    entries.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let place = format!(" at line {line} column {column}");
        let problem = text.strip_suffix(&place).unwrap_or(&text);
        format!("line {line}, column {column}: {problem}")
    })
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    // One byte more than a file may have, to tell a file that is too large from one that fits.
    let bound = IMPORT_FILE_MAX_BYTES + 1;
    let read = File::open(path).and_then(|file| file.take(bound).read_to_end(&mut bytes));
    match read {
        Ok(length) if length as u64 == bound => Err(format!(
            "the file has more than {IMPORT_FILE_MAX_BYTES} bytes; cut it into several"
        )),
        Ok(_) => Ok(bytes),
        Err(error) => Err(match error.kind() {
            io::ErrorKind::NotFound => "there is no such file; check the path".to_owned(),
            io::ErrorKind::IsADirectory => {
                "this is a folder; give the path of a JSON file".to_owned()
            }
            _ => format!("the file can't be read ({error})"),
        }),
    }
}

/// Reads an object of strings, and checks each against the bounds of a node.
struct EntriesVisitor {
    value_max_bytes: usize,
}

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object whose values are strings, such as {\"key\": \"value\"}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Entries::new();
        while let Some(key) = map.next_key::<String>()? {
            if key.len() > KEY_MAX_BYTES {
                return Err(de::Error::custom(format!(
                    "the key {} has {} bytes; a key has at most {KEY_MAX_BYTES}",
                    quote(&key),
                    key.len()
                )));
            }
            let serde_json::Value::String(value) = map.next_value()? else {
                return Err(de::Error::custom(format!(
                    "the value of {} is not a string; write it in quotation marks",
                    quote(&key)
                )));
            };
            if value.len() > self.value_max_bytes {
                return Err(de::Error::custom(format!(
                    "the value of {} has {} bytes; a value has at most {} (--max-value of the nodes \
                     changes it)",
                    quote(&key),
                    value.len(),
                    self.value_max_bytes
                )));
            }
            entries.insert(key, value);
        }
        Ok(entries)
    }
}

/// The beginning of a key, for a message.
fn quote(key: &str) -> String {
    const SHOWN_CHARS: usize = 40;
    match key.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{:?}…", key.get(..end).unwrap_or_default()),
        None => format!("{key:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_every_entry_once_and_keep_their_bound() {
        let sizes = [1, CLIENT_BATCH_BYTES, 5, CLIENT_BATCH_BYTES * 2, 7, 8]
            .into_iter()
            .chain([1; 600]);
        let entries: Entries = (0..)
            .zip(sizes)
            .map(|(number, size)| (format!("{number:05}"), "v".repeat(size)))
            .collect();
        let mut rest = entries.iter().peekable();
        let mut seen = Vec::new();
        loop {
            let batch = take_batch(&mut rest);
            if batch.is_empty() {
                break;
            }
            let bytes: usize = batch
                .iter()
                .map(|(key, value)| key.len() + value.len())
                .sum();
            assert!(batch.len() == 1 || bytes <= CLIENT_BATCH_BYTES);
            assert!(batch.len() <= CLIENT_BATCH_REQUESTS);
            seen.extend(batch);
        }
        let all = entries
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()));
        assert!(all.eq(seen));
    }
}
