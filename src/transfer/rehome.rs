//! `rehome`: keys that lie on a node which no longer owns them go to their owner.
//!
//! Each is stored at its owner only if it is absent there, and deleted where it lies only after the
//! owner has acknowledged it; so an interrupted run loses nothing and can be run again. A key that
//! exists on both with different values or deadlines is kept and listed.
//!
//! A collection that is too large for one request goes in parts, which wait on the connection to the owner
//! until all are there: whatever ends meanwhile, the owner has none of it then.

mod removal;
mod stray;

use crate::client::Client;
use crate::ending::Ending;
use crate::terminal;
use serde::Serialize;

use crate::json::Key;
use crate::session::Session;
use removal::Removal;
use stray::Reason;

/// What was done.
#[derive(Debug, Default, Serialize)]
pub struct Rehomed {
    moved: u64,
    kept: Vec<Kept>,
}

/// A key that has one value where it lies and another at its owner, or that its owner does not take.
#[derive(Debug, Serialize)]
struct Kept {
    #[serde(flatten)]
    key: Key,
    holder: String,
    owner: String,
    /// Why its owner does not take it, if it has no such key.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    /// The sentence for people.
    #[serde(skip)]
    text: String,
}

impl Rehomed {
    /// Whether every key is at home now.
    pub fn is_done(&self) -> bool {
        self.kept.is_empty()
    }

    /// The text for people.
    pub fn text(&self) -> String {
        let mut lines = vec![match self.moved {
            1 => "1 key has moved to its owner".to_owned(),
            moved => format!("{moved} keys have moved to their owners"),
        }];
        lines.extend(self.kept.iter().map(|kept| kept.text.clone()));
        lines.join("\n")
    }

    fn keep(&mut self, key: &[u8], holder: &str, owner: &str, reason: &Reason) {
        let why = match reason {
            Reason::OtherValue => "has another value",
            Reason::OtherDeadline => "has it with another deadline",
            Reason::Refused(cause) => &format!("does not take it: {cause}"),
        };
        let advice = match reason {
            Reason::Refused(_) => "",
            _ => "; to have this one instead, `client delete` the key and rehome again",
        };
        let shown = terminal::readable_line(key);
        self.kept.push(Kept {
            key: Key::new(key),
            holder: holder.to_owned(),
            owner: owner.to_owned(),
            refused: match reason {
                Reason::Refused(cause) => Some(cause.clone()),
                _ => None,
            },
            text: format!("kept on {holder}: {shown} ({owner}, its owner, {why}{advice})"),
        });
    }
}

/// Goes over the misplaced keys of every node.
pub async fn run(session: &mut Session) -> Result<Rehomed, Ending> {
    // All nodes or none: a key is not moved past an owner that cannot answer for it.
    let mut owners = Vec::new();
    for name in session.names() {
        owners.push(session.connect_to(&name).await?);
    }
    let mut rehomed = Rehomed::default();
    for name in session.names() {
        let emptied = empty(session, &name, &mut owners, &mut rehomed).await;
        emptied.map_err(|ending| {
            ending.after(format!(
                "{} keys have moved; run it again for the rest",
                rehomed.moved
            ))
        })?;
    }
    Ok(rehomed)
}

/// Sends home what lies on the node `holder` and belongs elsewhere.
async fn empty(
    session: &Session,
    holder: &str,
    owners: &mut [Client],
    rehomed: &mut Rehomed,
) -> Result<(), Ending> {
    let mut removal = Removal {
        placement: session.cluster().placement(),
        holder: session.connect_to(holder).await?,
        owners,
        rehomed,
    };
    removal.run().await
}
