//! All that lies on one node, key by key, with values and deadlines.
//!
//! A step has about [`PART_BYTES`](crate::limits::PART_BYTES), or one value that is longer. Sets of more come in
//! parts, so that neither the node nor this program holds one twice. A key that is there throughout is told of,
//! whatever happens to others meanwhile.

use crate::client::{Client, ClientError};
use crate::command::SelfReport;
use crate::ending::Ending;
use crate::limits::WHOLES_COUNT;
use crate::resp::Frame;
use crate::session::{Session, Step};
use crate::store::{Deadline, ItemsBuf, Kind, SnapshotEntry, SnapshotValue, Store};
use crate::terminal;

/// The keys of one node.
pub(super) struct Wholes {
    client: Client,
    /// Which of them: the subcommand of `TRIAD`.
    which: &'static [u8],
    pattern: Option<Vec<u8>>,
    /// Where to go on; none at the end.
    cursor: Option<Vec<u8>>,
    /// Whether the next step is asked for already.
    is_asked: bool,
}

/// A key with all that it is, or with its items still to be asked for.
pub(super) struct Whole {
    pub(super) key: Vec<u8>,
    pub(super) deadline: Option<Deadline>,
    value: Value,
}

enum Value {
    String(Vec<u8>),
    Items(&'static Kind, ItemsBuf),
    /// A collection that comes in parts.
    Large(&'static Kind),
}

impl Wholes {
    /// Those that the node owns.
    pub(super) fn own(client: Client, pattern: Option<Vec<u8>>) -> Self {
        Self::of(client, b"SCAN", pattern)
    }

    /// Those that lie on it and belong elsewhere.
    pub(super) fn misplaced(client: Client) -> Self {
        Self::of(client, b"MISPLACED", None)
    }

    fn of(client: Client, which: &'static [u8], pattern: Option<Vec<u8>>) -> Self {
        Self {
            client,
            which,
            pattern,
            cursor: Some(b"0".to_vec()),
            is_asked: false,
        }
    }

    /// The next keys, which may be none for once, or `None` at the end.
    pub(super) async fn step(&mut self) -> Result<Option<Vec<Whole>>, ClientError> {
        if self.cursor.is_none() {
            return Ok(None);
        }
        if !self.is_asked {
            self.ask();
        }
        self.is_asked = false;
        let reply = self.client.reply().await?;
        let step = Step::read_of(reply, Whole::read);
        let step = step.ok_or_else(|| self.client.unexpected("TRIAD SCAN"))?;
        self.cursor = step.next;
        // The node works at the next step while this one is written. Parts would have to wait behind it.
        if !step.found.iter().any(Whole::is_large) && self.cursor.is_some() {
            self.ask();
            self.client.flush().await?;
        }
        Ok(Some(step.found))
    }

    fn ask(&mut self) {
        let Some(cursor) = &self.cursor else {
            return;
        };
        let count = WHOLES_COUNT.to_string();
        let mut words: Vec<&[u8]> = vec![b"TRIAD", self.which, cursor];
        if let Some(pattern) = &self.pattern {
            words.extend([b"MATCH", pattern.as_slice()]);
        }
        words.extend([b"COUNT", count.as_bytes(), b"WHOLE"]);
        self.client.queue(&words);
        self.is_asked = true;
    }

    /// Items of a large collection that the last step has told of, from `cursor` on (`0` is the beginning), and
    /// where to go on. `None` if it is gone.
    pub(super) async fn items(
        &mut self,
        key: &[u8],
        cursor: &[u8],
    ) -> Result<Option<(ItemsBuf, Option<Vec<u8>>)>, ClientError> {
        let words: [&[u8]; 4] = [b"TRIAD", b"ITEMS", key, cursor];
        let reply = self.client.call(&words).await?;
        if reply == Frame::Null {
            return Ok(None);
        }
        let step = Step::read(reply);
        let step = step.ok_or_else(|| self.client.unexpected("TRIAD ITEMS"))?;
        let items = step.found.iter().map(Vec::as_slice).collect();
        Ok(Some((items, step.next)))
    }
}

impl Wholes {
    /// Whether a large collection, whose items were read, is still there and of this kind. One that lies on a
    /// node which does not own it can't become another: that its last items were there is enough.
    pub(super) async fn is_still(
        &mut self,
        key: &[u8],
        kind: &'static Kind,
    ) -> Result<bool, ClientError> {
        if !self.is_own() {
            return Ok(true);
        }
        let reply = self.client.call(&[b"TYPE", key]).await?;
        Ok(matches!(reply, Frame::Simple(name) if *name == *kind.name()))
    }

    /// A key that has changed while it was read, as it is now. `None` if it is gone.
    pub(super) async fn again(&mut self, key: &[u8]) -> Result<Option<Whole>, ClientError> {
        if !self.is_own() {
            return Ok(None);
        }
        let words: [&[&[u8]]; 5] = [
            &[b"MULTI"],
            &[b"TYPE", key],
            &[b"PEXPIRETIME", key],
            &[b"GET", key],
            &[b"EXEC"],
        ];
        for words in words {
            self.client.queue(words);
        }
        for _ in 1..words.len() {
            self.client.reply().await?;
        }
        let Frame::Array(told) = self.client.reply().await? else {
            return Err(self.client.unexpected("EXEC"));
        };
        let [Frame::Simple(kind), Frame::Integer(deadline), value] = told.as_slice() else {
            return Err(self.client.unexpected("EXEC"));
        };
        let value = match (Kind::by_name(kind), value.as_bytes()) {
            (Some(kind), _) => Value::Large(kind),
            (None, Some(value)) => Value::String(value.to_vec()),
            (None, None) => return Ok(None),
        };
        Ok(Some(Whole {
            key: key.to_vec(),
            deadline: u64::try_from(*deadline).ok().and_then(Store::deadline),
            value,
        }))
    }

    fn is_own(&self) -> bool {
        self.which == b"SCAN"
    }
}

/// The ending where a key was another each time that it was read.
pub(super) fn changed(key: &[u8]) -> Ending {
    Ending::failure(format!(
        "{} was deleted or overwritten while it was read; run it again",
        terminal::readable_line(key)
    ))
}

impl Whole {
    /// Reads an element of the reply: key, deadline, type, items.
    fn read(element: Frame<'static>) -> Option<Self> {
        let Frame::Array(words) = element else {
            return None;
        };
        let mut words = words.into_iter().map(|word| match word {
            Frame::Bulk(bytes) => Some(bytes.into_owned()),
            _ => None,
        });
        let (key, deadline, kind) = (words.next()??, words.next()??, words.next()??);
        let deadline = std::str::from_utf8(&deadline).ok()?.parse().ok()?;
        let kind = std::str::from_utf8(&kind).ok()?;
        let value = match Kind::by_name(kind) {
            None if kind == "string" => Value::String(words.next()??),
            None => return None,
            Some(kind) => {
                let mut items = ItemsBuf::default();
                for item in words {
                    items.push(&item?);
                }
                if items.is_empty() {
                    Value::Large(kind)
                } else {
                    Value::Items(kind, items)
                }
            }
        };
        Some(Self {
            key,
            deadline: Store::deadline(deadline),
            value,
        })
    }

    fn is_large(&self) -> bool {
        matches!(self.value, Value::Large(_))
    }

    /// Whether it is a collection, of any size.
    pub(super) fn is_collection(&self) -> bool {
        !matches!(self.value, Value::String(_))
    }

    /// The kind of collection that has to be asked for in parts.
    pub(super) fn large(&self) -> Option<&'static Kind> {
        match self.value {
            Value::Large(kind) => Some(kind),
            _ => None,
        }
    }

    /// It as an entry; a large collection is one without items.
    pub(super) fn entry(&self) -> SnapshotEntry<'_> {
        let none: crate::store::Items<'_> = crate::store::Items::from_packed(&[]);
        SnapshotEntry {
            key: &self.key,
            deadline: self.deadline,
            value: match &self.value {
                Value::String(value) => SnapshotValue::String(value),
                Value::Items(kind, items) => SnapshotValue::Items {
                    kind,
                    items: items.as_items(),
                    part: None,
                },
                Value::Large(kind) => SnapshotValue::Items {
                    kind,
                    items: none,
                    part: None,
                },
            },
        }
    }
}

/// A node that is asked for all that it has.
pub(super) struct Asked {
    pub(super) client: Client,
    /// That of its list, if it has told one.
    pub(super) fingerprint: Option<String>,
    /// The keys that it owns and has.
    pub(super) keys: u64,
    /// Those that lie there and belong elsewhere.
    pub(super) misplaced: u64,
}

/// Connects to each of these nodes. All that cannot be reached are named by the error.
pub(super) async fn connect(session: &Session, names: &[String]) -> Result<Vec<Asked>, Ending> {
    let (mut asked, mut missing) = (Vec::new(), Vec::new());
    for name in names {
        match connect_to(session, name).await {
            Ok(node) => asked.push(node),
            Err(ending) if ending.is_unreachable() => missing.push(ending.to_string()),
            Err(ending) => return Err(ending),
        }
    }
    if missing.is_empty() {
        Ok(asked)
    } else {
        Err(Ending::unreachable(missing.join("\n  ")))
    }
}

async fn connect_to(session: &Session, name: &str) -> Result<Asked, Ending> {
    let (mut client, told) = session.meet(name).await?;
    let reply = client.call(&[b"TRIAD", b"SELF"]).await?;
    let report = SelfReport::from_frame(&reply);
    let report = report.ok_or_else(|| client.unexpected("TRIAD SELF"))?;
    Ok(Asked {
        client,
        fingerprint: told.fingerprint,
        keys: u64::try_from(report.keys).unwrap_or(0),
        misplaced: u64::try_from(report.misplaced).unwrap_or(0),
    })
}
