//! A new connection to a node of a cluster: it is used once the node has shown that it is one of them, and the one
//! that it is taken for.

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Client, ClientError};
use crate::cluster::Address;
use crate::limits::CLIENT_CONNECT_TIMEOUT;
use crate::resp::{Frame, FrameDecoder};

/// A connection to a node that answers and has the list that it should have.
#[derive(Debug)]
pub(super) struct Connected {
    pub(super) stream: TcpStream,
    pub(super) decoder: FrameDecoder,
}

/// What a node tells of itself, in the section `triad` of `INFO`. What is no triad node may tell nothing.
#[derive(Debug, Default)]
pub(crate) struct Introduction {
    pub(crate) name: Option<String>,
    pub(crate) fingerprint: Option<String>,
}

impl Introduction {
    /// Asks a node.
    pub(crate) async fn ask(client: &mut Client) -> Result<Self, ClientError> {
        match client.call(&[b"INFO", b"triad"]).await {
            Ok(info) => Ok(Self::read(&info)),
            // It does not know the command.
            Err(ClientError::Refused { .. }) => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    fn read(info: &Frame<'_>) -> Self {
        let text = String::from_utf8_lossy(info.as_bytes().unwrap_or_default());
        let field = |name: &str| {
            let mut lines = text.lines();
            lines.find_map(|line| line.strip_prefix(name).map(str::to_owned))
        };
        Self {
            name: field("name:"),
            fingerprint: field("fingerprint:"),
        }
    }

    /// The name that the node has, if it tells one which is not `expected`.
    pub(crate) fn other_name(&self, expected: &str) -> Option<&str> {
        self.name.as_deref().filter(|name| *name != expected)
    }
}

/// Connects, and asks for the node's fingerprint if there is one that it has to have.
pub(super) async fn connect(
    name: String,
    address: Address,
    fingerprint: Option<String>,
) -> Result<Connected, ClientError> {
    let mut client = Client::connect(&name, &address).await?;
    if let Some(fingerprint) = fingerprint {
        let compared = timeout(CLIENT_CONNECT_TIMEOUT, compare(&mut client, &fingerprint)).await;
        compared.unwrap_or_else(|_| {
            let seconds = CLIENT_CONNECT_TIMEOUT.as_secs();
            Err(client.unreachable(format!("no answer to INFO within {seconds} s")))
        })?;
    }
    let Client {
        stream, decoder, ..
    } = client;
    Ok(Connected { stream, decoder })
}

async fn compare(client: &mut Client, fingerprint: &str) -> Result<(), ClientError> {
    let told = match Introduction::ask(client).await {
        Ok(told) => told,
        Err(ClientError::Lost { cause, .. }) => return Err(client.unreachable(cause)),
        Err(error) => return Err(error),
    };
    if let Some(other) = told.other_name(&client.name) {
        return Err(ClientError::OtherNode {
            name: client.name.clone(),
            address: client.address.clone(),
            told: other.to_owned(),
        });
    }
    match told.fingerprint {
        Some(told) if told == fingerprint => Ok(()),
        Some(_) => Err(ClientError::RulesDiffer {
            name: client.name.clone(),
            address: client.address.clone(),
        }),
        None => Err(client.unexpected("INFO triad")),
    }
}
