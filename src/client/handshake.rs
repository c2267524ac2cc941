//! A new connection to a node of a cluster: it is used once the node has shown that it is one of them.

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

/// Connects, and asks for the node's fingerprint if there is one that it has to have. The node tells it
/// in the section `triad` of `INFO`.
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
    let info = match client.call(&[b"INFO", b"triad"]).await {
        Ok(info) => info,
        Err(ClientError::Lost { cause, .. }) => return Err(client.unreachable(cause)),
        Err(error) => return Err(error),
    };
    match told_fingerprint(&info) {
        Some(told) if told == fingerprint => Ok(()),
        Some(_) => Err(ClientError::RulesDiffer {
            name: client.name.clone(),
            address: client.address.clone(),
        }),
        None => Err(client.unexpected("INFO triad")),
    }
}

fn told_fingerprint<'a>(info: &'a Frame<'_>) -> Option<&'a str> {
    let text = std::str::from_utf8(info.as_bytes()?).ok()?;
    let mut lines = text.lines();
    lines.find_map(|line| line.strip_prefix("fingerprint:"))
}
