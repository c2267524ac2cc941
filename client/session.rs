//! A cluster and the node that is asked.

use std::io::{self, Write as _};

use triad::client::{Client, ClientError};
use triad::cluster::{Cluster, Node};
use triad::embedded::Embedded;
use triad::resp::Frame;

use crate::ending::Ending;

/// See the module's text.
#[derive(Debug)]
pub(crate) struct Session {
    cluster: Cluster,
    via: Option<String>,
    /// The connection to the entry node; none after it was lost.
    entry: Option<Client>,
    embedded: Option<Embedded>,
}

impl Session {
    /// Finds the cluster, or starts its built-in nodes in this process if nothing answers there.
    pub(crate) async fn open(cluster: Cluster, via: Option<String>) -> Result<Self, Ending> {
        let mut session = Self {
            cluster,
            via,
            entry: None,
            embedded: None,
        };
        if let Some(name) = &session.via {
            session.find(name)?;
        }
        let embedded = Embedded::start_if_alone(&session.cluster).await;
        session.embedded = embedded.map_err(Ending::failure)?;
        if let Some(embedded) = &session.embedded {
            let folder = embedded.folder().display();
            writeln!(
                io::stderr(),
                "no node is running: started linux, mac and android inside this program, on \
                 127.0.0.1:7001 to 7003, with data in {folder}"
            )?;
        }
        session.entry().await?;
        Ok(session)
    }

    /// Ends what this program has started.
    pub(crate) fn close(self) -> Result<(), Ending> {
        drop(self.entry);
        self.embedded
            .map_or(Ok(()), Embedded::stop)
            .map_err(Ending::failure)
    }

    pub(crate) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The connection to the entry node, made anew if it was lost.
    pub(crate) async fn entry(&mut self) -> Result<&mut Client, Ending> {
        let client = match self.entry.take() {
            Some(client) => client,
            None => self.connect().await?,
        };
        Ok(self.entry.insert(client))
    }

    /// Asks the entry node.
    pub(crate) async fn call(&mut self, words: &[&[u8]]) -> Result<Frame<'static>, Ending> {
        let result = self.entry().await?.call(words).await;
        if matches!(
            result,
            Err(ClientError::Lost { .. } | ClientError::Unexpected { .. })
        ) {
            self.entry = None;
        }
        Ok(result?)
    }

    /// A connection to the node `name` itself.
    pub(crate) async fn connect_to(&self, name: &str) -> Result<Client, Ending> {
        let node = self.find(name)?;
        Ok(Client::connect(&node.name, &node.address).await?)
    }

    /// The name of the node that owns `key`.
    pub(crate) fn owner(&self, key: &[u8]) -> &str {
        let placement = self.cluster.placement();
        placement.name(placement.owner(key))
    }

    pub(crate) fn find(&self, name: &str) -> Result<&Node, Ending> {
        let nodes = self.cluster.nodes();
        nodes
            .iter()
            .find(|node| &*node.name == name)
            .ok_or_else(|| {
                let known: Vec<_> = nodes.iter().map(|node| &*node.name).collect();
                Ending::usage(format!(
                    "there is no node `{name}`; there are {}",
                    known.join(", ")
                ))
            })
    }

    async fn connect(&self) -> Result<Client, Ending> {
        if let Some(name) = &self.via {
            return self.connect_to(name).await;
        }
        let mut causes = Vec::new();
        for node in self.cluster.nodes() {
            match Client::connect(&node.name, &node.address).await {
                Ok(client) => return Ok(client),
                Err(error) => causes.push(error.to_string()),
            }
        }
        Err(Ending::unreachable(format!(
            "no node answers: {}",
            causes.join("; ")
        )))
    }
}
