//! A lane: a connection to every node, on which one batch of keys at a time is asked about.
//!
//! All nodes are asked at the same time. While the nodes work on the batch of one lane, this program makes
//! and judges those of the others.

use std::cell::RefCell;
use std::time::Duration;

use super::Cause;
use super::batch::{Answer, Answers, Batch};
use super::together;
use crate::client::{Client, ClientError};
use crate::cluster::Cluster;
use crate::resp::Frame;

/// See the module's text.
#[derive(Debug)]
pub(super) struct Lane {
    /// In the order of the list.
    clients: Vec<Client>,
}

/// What a node is asked about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// To store it with its value, unless it has it.
    Offer,
    /// To read it, from whichever node has it.
    Read,
    /// Whether its own table has it.
    Holds,
    /// Whether it has it on its disk, although another node owns it.
    Strays,
    /// To delete it.
    Delete,
}

/// Which node is asked about which key of a batch, by their places.
pub(super) type Asked<'a> = &'a dyn Fn(usize, usize) -> bool;

/// Is told of each reply: the place of the node, and how long it took.
pub(super) type Clock<'a> = &'a dyn Fn(usize, Duration);

impl Lane {
    /// So many lanes. If nodes cannot be reached, all of them are named.
    pub(super) async fn open(cluster: &Cluster, lanes: usize) -> Result<Vec<Self>, Cause> {
        let nodes = cluster.nodes();
        let places = (0..lanes).flat_map(|_| nodes);
        let slots: Vec<_> = places.map(|node| (node, RefCell::new(None))).collect();
        let connecting = slots.iter().map(|(node, slot)| async move {
            let connected = Client::connect(&node.name, &node.address).await;
            *slot.borrow_mut() = Some(connected);
            Ok::<_, ClientError>(())
        });
        // None ends with an error: which nodes are missing is told of all.
        let _ = together::all(connecting).await;
        let mut opened: Vec<_> = (0..lanes)
            .map(|_| Self {
                clients: Vec::new(),
            })
            .collect();
        let mut errors: Vec<ClientError> = Vec::new();
        for (number, (_, slot)) in slots.into_iter().enumerate() {
            match slot.into_inner() {
                Some(Ok(mut client)) => {
                    client.start_stopwatch();
                    if let Some(lane) = opened.get_mut(number / nodes.len()) {
                        lane.clients.push(client);
                    }
                }
                Some(Err(error)) => {
                    let is_known = |known: &ClientError| known.missing() == error.missing();
                    if !errors.iter().any(is_known) {
                        errors.push(error);
                    }
                }
                None => {}
            }
        }
        if errors.is_empty() {
            Ok(opened)
        } else {
            Err(Cause::Unreachable(errors))
        }
    }

    /// Asks one question about keys of `batch`, at all nodes at the same time.
    pub(super) async fn ask(
        &mut self,
        question: Question,
        batch: &Batch,
        asked: Asked<'_>,
        answers: &mut Answers,
        clock: Clock<'_>,
    ) -> Result<(), ClientError> {
        let places = answers.clear(self.clients.len(), batch.len());
        let nodes = self.clients.iter_mut().zip(places).enumerate();
        let asking = nodes.map(|(node, (client, answers))| async move {
            ask_one(
                client,
                question,
                batch,
                answers,
                &|key| asked(node, key),
                &|time| {
                    clock(node, time);
                },
            )
            .await
        });
        together::all(asking).await
    }
}

async fn ask_one(
    client: &mut Client,
    question: Question,
    batch: &Batch,
    answers: &mut [Option<Answer>],
    is_asked: &dyn Fn(usize) -> bool,
    clock: &dyn Fn(Duration),
) -> Result<(), ClientError> {
    let asked = || (0..batch.len()).filter(|key| is_asked(*key));
    for place in asked() {
        let (key, value) = (batch.key(place), batch.value(place));
        match question {
            Question::Offer => client.queue(&[b"TRIAD", b"OFFER", key, value, b"NX"]),
            Question::Read => client.queue(&[b"GET", key]),
            Question::Holds => client.queue(&[b"TRIAD", b"HOLDS", key]),
            Question::Strays => client.queue(&[b"TRIAD", b"ITEMS", key, b"0"]),
            Question::Delete => client.queue(&[b"DEL", key]),
        }
    }
    for place in asked() {
        let value = batch.value(place);
        let (reply, time) = client
            .timed_reply(|frame| question.answer(&frame, value))
            .await;
        let answer = match reply {
            // A collection, which no test stores.
            Err(ClientError::Refused { text })
                if question == Question::Read && text.starts_with("WRONGTYPE ") =>
            {
                Some(Answer::Anothers)
            }
            reply => reply?,
        };
        if answer.is_none() {
            return Err(client.unexpected(question.command()));
        }
        if let Some(slot) = answers.get_mut(place) {
            *slot = answer;
        }
        if let Some(time) = time {
            clock(time);
        }
    }
    Ok(())
}

impl Question {
    fn command(self) -> &'static str {
        match self {
            Self::Offer => "TRIAD OFFER",
            Self::Read => "GET",
            Self::Holds => "TRIAD HOLDS",
            Self::Strays => "TRIAD ITEMS",
            Self::Delete => "DEL",
        }
    }

    /// What a reply says about the key with this value, if it is one that the command has.
    fn answer(self, reply: &Frame<'_>, value: &[u8]) -> Option<Answer> {
        match (self, reply) {
            (Self::Offer, Frame::Array(parts)) => match parts.first()?.as_bytes()? {
                b"stored" => Some(Answer::Stored),
                b"declined" => Some(Answer::Declined),
                b"exists" => Some(Answer::Exists),
                _ => None,
            },
            (Self::Read, reply) => Some(match reply.as_bytes() {
                None => Answer::Nothing,
                Some(found) if found == value => Answer::Ours,
                Some(_) => Answer::Anothers,
            }),
            (Self::Holds, Frame::Integer(held)) => Some(Answer::Has(*held != 0)),
            (Self::Strays, reply) => Some(Answer::Has(*reply != Frame::Null)),
            (Self::Delete, Frame::Integer(0)) => Some(Answer::Nothing),
            (Self::Delete, _) => Some(Answer::Done),
            _ => None,
        }
    }
}
