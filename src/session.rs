//! A cluster and the node that is asked.

mod location;
mod requests;
mod value;
mod walk;

use std::io::{self, Write as _};
use std::net::SocketAddr;

pub use location::Location;
pub use requests::absent;
pub use value::{How, write_value};
pub use walk::{Step, Walk};

use crate::client::{Client, ClientError, Introduction};
use crate::cluster::{Cluster, Node};
use crate::embedded::Embedded;
use crate::ending::Ending;
use crate::resp::Frame;
use crate::terminal::readable_line;

/// See the module's text.
#[derive(Debug)]
pub struct Session {
    cluster: Cluster,
    via: Option<String>,
    /// The connection to the entry node; none after it was lost.
    entry: Option<Client>,
    embedded: Option<Embedded>,
    /// Whether another node is asked where `via` can't be reached.
    others_take_over: bool,
}

impl Session {
    /// Finds the cluster, or starts its built-in nodes in this process if nothing answers there, and connects
    /// to the entry node.
    pub async fn open(cluster: Cluster, via: Option<String>) -> Result<Self, Ending> {
        let mut session = Self::prepare(cluster, via).await?;
        session.entry().await?;
        Ok(session)
    }

    /// The same without a connection, for whoever asks every node itself: it goes on where none answers.
    pub async fn prepare(cluster: Cluster, via: Option<String>) -> Result<Self, Ending> {
        let mut session = Self {
            cluster,
            via,
            entry: None,
            embedded: None,
            others_take_over: false,
        };
        if let Some(name) = &session.via {
            session.find(name)?;
        }
        session.embedded = Embedded::start_if_alone(&session.cluster).await?;
        if let Some(embedded) = &session.embedded {
            writeln!(io::stderr(), "{embedded}")?;
        }
        Ok(session)
    }

    /// A session beside the node `via`, which runs in this process and listens at `address`.
    pub async fn beside(cluster: &Cluster, via: &str, address: SocketAddr) -> Result<Self, Ending> {
        let mut session = Self {
            cluster: cluster.reached_at(via, address),
            via: Some(via.to_owned()),
            entry: None,
            embedded: None,
            others_take_over: false,
        };
        session.entry().await?;
        Ok(session)
    }

    /// From now on another node is asked where the entry node can't be reached.
    pub fn let_others_take_over(&mut self) {
        self.others_take_over = true;
    }

    /// Makes the node `name` the entry node. If it can't be reached, all stays as it is.
    pub async fn go_through(&mut self, name: &str) -> Result<(), Ending> {
        let (client, told) = self.meet(name).await?;
        self.compare_lists(&client, &told)?;
        self.entry = Some(client);
        self.via = Some(name.to_owned());
        Ok(())
    }

    /// Gives up the connection to the entry node, such as one where the reply to a request that was given up may
    /// still come. The next request makes a new one.
    pub fn disconnect(&mut self) {
        self.entry = None;
    }

    /// The name of the entry node, if there is a connection to it.
    pub fn entry_name(&self) -> Option<&str> {
        self.entry.as_ref().map(Client::name)
    }

    /// Ends what this program has started.
    pub fn close(self) -> Result<(), Ending> {
        drop(self.entry);
        Ok(self.embedded.map_or(Ok(()), Embedded::stop)?)
    }

    /// The node that the user has named to be asked.
    pub fn via(&self) -> Option<&str> {
        self.via.as_deref()
    }

    /// The list of nodes and rules.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The connection to the entry node, made anew if it was lost.
    pub async fn entry(&mut self) -> Result<&mut Client, Ending> {
        let client = if let Some(client) = self.entry.take() {
            client
        } else {
            let (client, told) = self.connect().await?;
            self.compare_lists(&client, &told)?;
            client
        };
        Ok(self.entry.insert(client))
    }

    /// Asks the entry node. `read` takes the answer out of the reply, if it is one that the command
    /// has.
    pub async fn ask<T>(
        &mut self,
        words: &[&[u8]],
        read: impl FnOnce(Frame<'static>) -> Option<T>,
    ) -> Result<T, Ending> {
        Ok(self.try_ask(words, read).await??)
    }

    /// As [`Session::ask`], for one who has a use for the error that the node answers with.
    pub async fn try_ask<T>(
        &mut self,
        words: &[&[u8]],
        read: impl FnOnce(Frame<'static>) -> Option<T>,
    ) -> Result<Result<T, ClientError>, Ending> {
        let client = self.entry().await?;
        let reply = client.call(words).await;
        let result = reply.and_then(|frame| {
            let command = words.first().copied().unwrap_or_default();
            read(frame).ok_or_else(|| client.unexpected(&String::from_utf8_lossy(command)))
        });
        if matches!(
            result,
            Err(ClientError::Lost { .. } | ClientError::Unexpected { .. })
        ) {
            self.entry = None;
        }
        Ok(result)
    }

    /// A connection to the node `name` itself. Another node that answers there is refused: what lies on it would be
    /// taken for what lies on the one that was named.
    pub async fn connect_to(&self, name: &str) -> Result<Client, Ending> {
        Ok(self.meet(name).await?.0)
    }

    /// As [`Session::connect_to`], with what the node has told of itself.
    pub(crate) async fn meet(&self, name: &str) -> Result<(Client, Introduction), Ending> {
        let node = self.find(name)?;
        let mut client = Client::connect(&node.name, &node.address).await?;
        let told = Introduction::ask(&mut client).await?;
        match told.other_name(name) {
            None => Ok((client, told)),
            Some(other) => Err(Ending::failure(format!(
                "the node at {} says that it is {}, not {name}; correct its address in {}",
                client.address(),
                readable_line(other.as_bytes()),
                self.cluster.source()
            ))),
        }
    }

    /// The name of the node that owns `key`.
    pub fn owner(&self, key: &[u8]) -> &str {
        let placement = self.cluster.placement();
        placement.name(placement.owner(key))
    }

    /// The names of all nodes, in order.
    pub fn names(&self) -> Vec<String> {
        let names = self.cluster.placement().names();
        names.map(ToString::to_string).collect()
    }

    fn find(&self, name: &str) -> Result<&Node, Ending> {
        let found = self.cluster.nodes().iter().find(|node| *node.name == *name);
        found.ok_or_else(|| {
            Ending::usage(format!(
                "there is no node {name:?}; there are {}",
                self.names().join(", ")
            ))
        })
    }

    /// Warns of an entry node that goes by another list: it does what is asked as it should, but what
    /// this program says of nodes and rules may be wrong.
    fn compare_lists(&self, client: &Client, told: &Introduction) -> io::Result<()> {
        if told.fingerprint.as_deref() == Some(self.cluster.placement().fingerprint()) {
            return Ok(());
        }
        writeln!(
            io::stderr(),
            "warning: {} {} has not the same list of nodes and rules as this program ({}), which may \
             name wrong nodes therefore; give it the node's cluster file with --cluster",
            client.name(),
            client.address(),
            self.cluster.source()
        )
    }

    async fn connect(&self) -> Result<(Client, Introduction), Ending> {
        if let Some(name) = &self.via {
            let connected = self.meet(name).await;
            if connected.is_ok() || !self.others_take_over {
                return connected;
            }
        }
        let mut causes = vec!["no node answers:".to_owned()];
        for node in self.cluster.nodes() {
            match Client::connect(&node.name, &node.address).await {
                // Whichever node it is, it knows whom to ask.
                Ok(mut client) => {
                    let told = Introduction::ask(&mut client).await.unwrap_or_default();
                    return Ok((client, told));
                }
                Err(error) => causes.push(error.to_string()),
            }
        }
        Err(Ending::unreachable(causes.join("\n  ")))
    }
}
