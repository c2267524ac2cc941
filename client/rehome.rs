//! `rehome`: keys that lie on a node which no longer owns them go to their owner.
//!
//! Each is stored at its owner only if it is absent there, and deleted here only after the owner has
//! acknowledged it; so an interrupted run loses nothing and can be run again. A key that exists on both
//! with different values is kept and listed.

use std::fmt::Write as _;

use serde_json::{Value, json};
use triad::client::{Client, ClientError};
use triad::resp::Frame;

use crate::commands::scan_step;
use crate::ending::Ending;
use crate::screen;
use crate::session::Session;

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Rehomed {
    moved: u64,
    /// The key, where it lies and who owns it.
    kept: Vec<(Vec<u8>, String, String)>,
}

impl Rehomed {
    /// Whether every key is at home now.
    pub(crate) fn is_done(&self) -> bool {
        self.kept.is_empty()
    }

    pub(crate) fn json(&self) -> Value {
        let kept = self.kept.iter().map(|(key, holder, owner)| {
            let mut fields = screen::named_bytes("key", key);
            fields.insert("holder".into(), holder.as_str().into());
            fields.insert("owner".into(), owner.as_str().into());
            Value::from(fields)
        });
        json!({ "moved": self.moved, "kept": kept.collect::<Vec<_>>() })
    }

    pub(crate) fn text(&self) -> String {
        let mut text = format!("{} keys are at home now", self.moved);
        for (key, holder, owner) in &self.kept {
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "\nkept on {holder}: {} ({owner}, its owner, has another value; delete one of them)",
                screen::readable(key)
            );
        }
        text
    }
}

/// Goes over the misplaced keys of every node.
pub(crate) async fn run(session: &mut Session) -> Result<Rehomed, Ending> {
    let names: Vec<String> = session
        .cluster()
        .placement()
        .names()
        .map(ToString::to_string)
        .collect();
    // All nodes or none: a key is not moved past an owner that cannot answer for it.
    let mut clients = Vec::new();
    for name in &names {
        clients.push(session.connect_to(name).await?);
    }
    let mut rehomed = Rehomed::default();
    for holder in 0..clients.len() {
        let moved = rehome_from(session, &mut clients, holder, &mut rehomed).await;
        moved.map_err(|ending| {
            ending.after(format!(
                "{} keys are at home now; run it again for the rest",
                rehomed.moved
            ))
        })?;
    }
    Ok(rehomed)
}

async fn rehome_from(
    session: &Session,
    clients: &mut [Client],
    holder: usize,
    rehomed: &mut Rehomed,
) -> Result<(), Ending> {
    let mut cursor = b"0".to_vec();
    loop {
        let words: [&[u8]; 6] = [b"TRIAD", b"MISPLACED", &cursor, b"COUNT", b"10", b"VALUES"];
        let Some(client) = clients.get_mut(holder) else {
            return Ok(());
        };
        let (next, found) = scan_step(client.call(&words).await?)?;
        let name = client.name().to_owned();
        for pair in found.chunks_exact(2) {
            let [key, value] = pair else { continue };
            let owner = session.cluster().placement().owner(key);
            let Some(client) = clients.get_mut(owner.as_usize()) else {
                continue;
            };
            if is_home(client, key, value).await? {
                if let Some(client) = clients.get_mut(holder) {
                    client.call(&[b"TRIAD", b"RELEASE", key]).await?;
                }
                rehomed.moved += 1;
            } else {
                let owner = session.owner(key).to_owned();
                rehomed.kept.push((key.clone(), name.clone(), owner));
            }
        }
        if next == b"0" {
            return Ok(());
        }
        cursor = next;
    }
}

/// Whether the owner has the key with this value now: stored just now, or by a run that was
/// interrupted before it could delete the key where it lay.
async fn is_home(owner: &mut Client, key: &[u8], value: &[u8]) -> Result<bool, ClientError> {
    let reply = owner.call(&[b"TRIAD", b"OFFER", key, value, b"NX"]).await?;
    let verdict = match &reply {
        Frame::Array(parts) => parts.first(),
        _ => None,
    };
    match verdict {
        Some(Frame::Bulk(word)) if **word == *b"stored" => Ok(true),
        Some(Frame::Bulk(word)) if **word == *b"exists" => {
            Ok(owner.call(&[b"GET", key]).await? == Frame::bulk(value.to_vec()))
        }
        _ => Err(owner.unexpected(&reply)),
    }
}
