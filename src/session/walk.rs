//! A walk over the keys of one node or of all, some at each step, so that a table of any size can be
//! listed.

use crate::client::Client;
use crate::ending::Ending;
use crate::resp::Frame;

use crate::session::Session;

/// How many keys are asked for at once.
const STEP_COUNT: &[u8] = b"1000";

/// See the module's text. A step whose future is dropped can be made again.
#[derive(Debug)]
pub struct Walk {
    /// The one node whose table it is; otherwise the entry node is asked.
    node: Option<String>,
    /// The connection to that node.
    client: Option<Client>,
    pattern: Option<Vec<u8>>,
    /// Where to go on; none at the end.
    cursor: Option<Vec<u8>>,
}

impl Walk {
    /// A walk over the node `node`'s own table, or over the keys of all nodes.
    pub async fn start(session: &Session, node: Option<&str>) -> Result<Self, Ending> {
        let client = match node {
            Some(name) => Some(session.connect_to(name).await?),
            None => None,
        };
        Ok(Self {
            node: node.map(str::to_owned),
            client,
            pattern: None,
            cursor: Some(b"0".to_vec()),
        })
    }

    /// The same walk, over the keys that match a glob pattern only, if there is one.
    #[must_use]
    pub fn matching(mut self, pattern: Option<Vec<u8>>) -> Self {
        self.pattern = pattern;
        self
    }

    /// Whether it has come to the end.
    pub fn is_done(&self) -> bool {
        self.cursor.is_none()
    }

    /// The next keys, which may be none for once, or `None` at the end.
    pub async fn step(&mut self, session: &mut Session) -> Result<Option<Vec<Vec<u8>>>, Ending> {
        let Some(cursor) = &self.cursor else {
            return Ok(None);
        };
        let mut words: Vec<&[u8]> = vec![b"TRIAD", b"SCAN", cursor, b"COUNT", STEP_COUNT];
        if let Some(pattern) = &self.pattern {
            words.extend([b"MATCH", &pattern[..]]);
        }
        let step = if let Some(name) = &self.node {
            let mut client = match self.client.take() {
                Some(client) => client,
                None => session.connect_to(name).await?,
            };
            let reply = client.call(&words).await?;
            let step = Step::read(reply).ok_or_else(|| client.unexpected("TRIAD SCAN"))?;
            self.client = Some(client);
            step
        } else {
            session
                .ask(words.get(1..).unwrap_or_default(), Step::read)
                .await?
        };
        self.cursor = step.next;
        Ok(Some(step.found))
    }
}

/// One step of any kind of scan.
#[derive(Debug, PartialEq, Eq)]
pub struct Step<T = Vec<u8>> {
    /// The cursor to go on with; none at the end.
    pub next: Option<Vec<u8>>,
    /// The keys, or whatever is scanned.
    pub found: Vec<T>,
}

impl Step {
    /// Reads the reply to a scan of strings.
    pub fn read(reply: Frame<'static>) -> Option<Self> {
        Self::read_of(reply, |element| match element {
            Frame::Bulk(bytes) => Some(bytes.into_owned()),
            _ => None,
        })
    }
}

impl<T> Step<T> {
    /// Reads the reply to a scan, each element by `read`.
    pub fn read_of(
        reply: Frame<'static>,
        read: impl FnMut(Frame<'static>) -> Option<T>,
    ) -> Option<Self> {
        let Frame::Array(parts) = reply else {
            return None;
        };
        let [Frame::Bulk(cursor), Frame::Array(found)] = <[_; 2]>::try_from(parts).ok()? else {
            return None;
        };
        Some(Self {
            next: (*cursor != *b"0").then(|| cursor.into_owned()),
            found: found.into_iter().map(read).collect::<Option<_>>()?,
        })
    }
}
