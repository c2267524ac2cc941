//! `import`: a JSON object of strings becomes keys and values.

use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde::de::{self, Deserializer as _, MapAccess, Visitor};
use triad::limits::{CLIENT_BATCH_BYTES, CLIENT_BATCH_REQUESTS, KEY_MAX_BYTES};

use crate::ending::Ending;
use crate::session::Session;

/// Stores what the file holds; returns how many keys each node was given. The whole file is read and
/// checked before the first key is stored.
pub(crate) async fn run(session: &mut Session, path: &Path) -> Result<Vec<(String, u64)>, Ending> {
    let entries = read(path)?;
    let mut counts: Vec<(String, u64)> = session
        .cluster()
        .placement()
        .names()
        .map(|name| (name.to_string(), 0))
        .collect();
    let mut stored = 0;
    for batch in batches(&entries) {
        let mut words: Vec<&[u8]> = vec![b"MSET"];
        words.extend(
            batch
                .iter()
                .flat_map(|(key, value)| [key.as_bytes(), value.as_bytes()]),
        );
        session.call(&words).await.map_err(|ending| {
            let total = entries.len();
            ending.after(format!(
                "{stored} of {total} keys are stored, of the next {} perhaps some; import the file \
                 again when this is mended",
                batch.len()
            ))
        })?;
        stored += batch.len();
        for (key, _) in batch {
            let owner = session.owner(key.as_bytes());
            if let Some((_, count)) = counts.iter_mut().find(|(name, _)| name == owner) {
                *count += 1;
            }
        }
    }
    Ok(counts)
}

/// Cuts the entries into requests of bounded size.
fn batches(entries: &[(String, String)]) -> impl Iterator<Item = &[(String, String)]> {
    let mut rest = entries;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = rest
            .iter()
            .take(CLIENT_BATCH_REQUESTS)
            .take_while(|(key, value)| {
                let first = bytes == 0;
                bytes += key.len() + value.len() + 1;
                first || bytes <= CLIENT_BATCH_BYTES
            })
            .count();
        let (batch, after) = rest.split_at(fits);
        rest = after;
        (!batch.is_empty()).then_some(batch)
    })
}

fn read(path: &Path) -> Result<Vec<(String, String)>, Ending> {
    let refuse = |cause: &dyn fmt::Display| {
        Ending::usage(format!("{}: {cause}. Nothing was stored", path.display()))
    };
    let file = File::open(path).map_err(|error| refuse(&error))?;
    let mut parser = serde_json::Deserializer::from_reader(BufReader::new(file));
    let entries = parser
        .deserialize_map(Entries)
        .and_then(|entries| parser.end().map(|()| entries));
    entries.map_err(|error| refuse(&error))
}

/// Reads an object of strings in its order; of a name that comes twice, the last counts.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<(String, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object whose values are strings, such as {\"key\": \"value\"}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if key.len() > KEY_MAX_BYTES {
                let start: String = key.chars().take(32).collect();
                return Err(de::Error::custom(format!(
                    "the key that begins with {start:?} has {} bytes; a key has at most {KEY_MAX_BYTES}",
                    key.len()
                )));
            }
            let value = map.next_value::<serde_json::Value>()?;
            let serde_json::Value::String(value) = value else {
                return Err(de::Error::custom(format!(
                    "the value of {key:?} is not a string"
                )));
            };
            entries.push((key, value));
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_every_entry_once_and_keep_their_bound() {
        let entry = |size: usize| ("k".to_owned(), "v".repeat(size));
        let entries: Vec<_> = [1, CLIENT_BATCH_BYTES, 5, CLIENT_BATCH_BYTES * 2, 7, 8]
            .into_iter()
            .chain([1; 600])
            .map(entry)
            .collect();
        let cut: Vec<_> = batches(&entries).collect();
        assert_eq!(cut.concat(), entries);
        for batch in cut {
            let bytes: usize = batch
                .iter()
                .map(|(key, value)| key.len() + value.len())
                .sum();
            assert!(batch.len() == 1 || bytes <= CLIENT_BATCH_BYTES);
            assert!(batch.len() <= CLIENT_BATCH_REQUESTS);
        }
    }
}
