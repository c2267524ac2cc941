//! What is asked about one key: to store, find and delete it.

use std::borrow::Cow;

use super::{How, Session};
use crate::client::ClientError;
use crate::ending::Ending;
use crate::resp::Frame;
use crate::terminal::{self, shell};

/// What is said of a key that is not there.
pub fn absent(node: &str) -> String {
    format!("no such key; it would be on {node}")
}

impl Session {
    /// Stores a value.
    pub async fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), Ending> {
        self.put_as(key, value, How::default()).await.map(|_| ())
    }

    /// Finds the value of a key.
    pub async fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, Ending> {
        let value = |reply| match reply {
            Frame::Bulk(value) => Some(Some(Cow::into_owned(value))),
            Frame::Null => Some(None),
            _ => None,
        };
        match self.try_ask(&[b"GET", key], value).await? {
            Err(ClientError::Refused { text }) if text.starts_with("WRONGTYPE ") => {
                Err(self.not_a_string(key).await?)
            }
            found => Ok(found?),
        }
    }

    /// Deletes a key; whether it was there.
    pub async fn delete(&mut self, key: &[u8]) -> Result<bool, Ending> {
        let deleted = |reply| match reply {
            Frame::Integer(count) => Some(count > 0),
            _ => None,
        };
        self.ask(&[b"DEL", key], deleted).await
    }

    /// Says what a key holds that is not a string, and how to read it.
    async fn not_a_string(&mut self, key: &[u8]) -> Result<Ending, Ending> {
        let kind = |reply: Frame<'static>| Some(terminal::readable_line(reply.as_bytes()?));
        let kind = self.ask(&[b"TYPE", key], kind).await?;
        let reader = match kind.as_str() {
            "set" => "SMEMBERS",
            "hash" => "HGETALL",
            _ => "TYPE",
        };
        let address = self.entry().await?.address().to_owned();
        let key = terminal::readable_line(key);
        let command = shell::redis_cli(&address, &format!("{reader} {key}"));
        Ok(Ending::failure(format!(
            "{key} holds a {kind}, not a string; read it with `{command}`"
        )))
    }
}
