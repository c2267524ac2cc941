//! One node, asked directly, again and again.

use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::info::Info;
use crate::client::{Client, ClientError, asleep};
use crate::cluster::{Address, Node};
use crate::limits::SURVEY_ANSWER_MAX;
use crate::resp::Frame;

/// A node, and the connection to it while there is one.
#[derive(Debug)]
pub(super) struct Probe {
    name: String,
    address: Address,
    client: Option<Client>,
}

/// What a node has answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// How long a `PING` took, there and back.
    pub(super) ping: Duration,
    /// What it tells about itself.
    pub(super) info: Info,
}

impl Probe {
    pub(super) fn of(node: &Node) -> Self {
        Self {
            name: node.name.to_string(),
            address: node.address.clone(),
            client: None,
        }
    }

    /// Asks for some sections of `INFO`, within [`SURVEY_ANSWER_MAX`] and what it takes to connect. A
    /// connection that was lost is made anew.
    pub(super) async fn ask(&mut self, sections: &[&str]) -> Result<Answer, ClientError> {
        let mut words: Vec<&[u8]> = vec![b"INFO"];
        words.extend(sections.iter().map(|section| section.as_bytes()));
        let had_one = self.client.is_some();
        match self.ask_now(&words).await {
            // The node may have been started again since the last time.
            Err(ClientError::Lost { .. }) if had_one => self.ask_now(&words).await,
            asked => asked,
        }
    }

    async fn ask_now(&mut self, words: &[&[u8]]) -> Result<Answer, ClientError> {
        self.within(async |client| {
            let ping = Self::ping(client).await?;
            let info = client.call(words).await?;
            let info = Info::read(&info).ok_or_else(|| client.unexpected("INFO"))?;
            Ok(Answer { ping, info })
        })
        .await
    }

    /// Does something with the connection, within [`SURVEY_ANSWER_MAX`]; after an error it is made anew.
    pub(super) async fn within<T>(
        &mut self,
        act: impl AsyncFnOnce(&mut Client) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => Client::connect(&self.name, &self.address).await?,
        };
        let done = timeout(SURVEY_ANSWER_MAX, act(&mut client)).await;
        let done = done.unwrap_or_else(|_| {
            let seconds = SURVEY_ANSWER_MAX.as_secs();
            Err(ClientError::Unreachable {
                name: self.name.clone(),
                address: self.address.to_string(),
                cause: asleep(&format!("no answer within {seconds} s")),
            })
        });
        if done.is_ok() {
            self.client = Some(client);
        }
        done
    }

    async fn ping(client: &mut Client) -> Result<Duration, ClientError> {
        let began = Instant::now();
        match client.call(&[b"PING"]).await? {
            Frame::Simple(_) | Frame::Bulk(_) => Ok(began.elapsed()),
            _ => Err(client.unexpected("PING")),
        }
    }
}
