//! `where`: which node holds a key, and why.

use crate::ending::Ending;
use crate::resp::Frame;
use crate::rule::{Digests, HashFunction};
use serde::Serialize;

use crate::json::Key;
use crate::session::Session;

/// Where a key is, and why. The names of the fields are those of the JSON document.
#[derive(Debug, Serialize)]
pub struct Location {
    #[serde(flatten)]
    key: Key,
    node: String,
    rule: String,
    /// None if the node can't be asked.
    exists: Option<bool>,
    md5: String,
    sha1: String,
    sha256: String,
    /// The nodes up to the one that holds the key: name, rule, and whether it claims the key.
    #[serde(skip)]
    steps: Vec<(String, String, bool)>,
    /// The digests that the rules up to there look at.
    #[serde(skip)]
    looked_at: Vec<HashFunction>,
}

impl Location {
    /// Finds a key. Whose it is follows from the list alone; whether it is there is asked, and the
    /// error is what kept the owner from answering.
    pub async fn find(session: &mut Session, key: &[u8]) -> (Self, Option<Ending>) {
        let exists = session
            .ask(&[b"EXISTS", key], |reply| match reply {
                Frame::Integer(count) => Some(count == 1),
                _ => None,
            })
            .await;
        let placement = session.cluster().placement();
        let mut digests = Digests::new(key);
        let owner = placement.owner_by(&mut digests);
        let steps = placement.indices().take(owner.as_usize() + 1).map(|index| {
            (
                placement.name(index).to_string(),
                placement.rule(index).to_string(),
                index == owner,
            )
        });
        let looked_at = HashFunction::ALL
            .into_iter()
            .filter(|hash| digests.is_computed(*hash))
            .collect();
        let location = Self {
            steps: steps.collect(),
            looked_at,
            key: Key::new(key),
            node: placement.name(owner).to_string(),
            rule: placement.rule(owner).to_string(),
            exists: exists.as_ref().ok().copied(),
            md5: digests.hex(HashFunction::Md5),
            sha1: digests.hex(HashFunction::Sha1),
            sha256: digests.hex(HashFunction::Sha256),
        };
        (location, exists.err())
    }

    /// The location for people: the node, each rule up to its own, and the digests these look at.
    pub fn text(&self) -> String {
        let state = match self.exists {
            Some(true) => "stored there",
            Some(false) => "not stored at the moment",
            None => "whether it is stored there can't be asked",
        };
        let mut lines = vec![format!("{} ({}); {state}", self.node, self.rule)];
        let names = self.steps.iter().map(|(name, ..)| name.len());
        let width = names.max().unwrap_or(0).max("SHA-256".len());
        for (name, rule, claims) in &self.steps {
            let claims = if *claims { "yes" } else { "no" };
            lines.push(format!("  {name:<width$}  {claims:<3}  {rule}"));
        }
        for hash in &self.looked_at {
            let digest = match hash {
                HashFunction::Md5 => &self.md5,
                HashFunction::Sha1 => &self.sha1,
                HashFunction::Sha256 => &self.sha256,
            };
            lines.push(format!("  {:<width$}  {digest}", hash.to_string()));
        }
        lines.join("\n")
    }
}
