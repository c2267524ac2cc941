//! The figures of one picture: what the nodes have told last, put side by side.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::client::ClientError;
use crate::survey::probe::Answer;

/// How many requests of the watch itself a node has counted from one answer to the next: `PING` and `INFO`.
/// They are not told as somebody's.
const OWN_REQUESTS: u64 = 2;

/// How a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// It has not been heard of yet.
    Asked,
    /// It answers.
    Up,
    /// It answers, and takes no writes.
    Error,
    /// It does not answer.
    Down,
}

/// A node in a picture. The names of the fields are those of the JSON document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct NodeFigures {
    pub(super) name: String,
    pub(super) address: String,
    pub(super) state: State,
    pub(super) error: Option<String>,
    pub(super) keys: Option<u64>,
    pub(super) misplaced: Option<u64>,
    /// Of the keys of all nodes that answer.
    pub(super) share: Option<f64>,
    /// What the rules give it, of these nodes; of all where it does not answer itself.
    pub(super) expected_share: f64,
    pub(super) requests_per_second: Option<f64>,
    pub(super) memory_bytes: Option<u64>,
    pub(super) latency_us: Option<u64>,
}

/// A picture. The names of the fields are those of the JSON document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Figures {
    pub(super) time_unix_ms: u64,
    /// The node that a tool would ask now.
    pub(super) entry: Option<String>,
    pub(super) keys: u64,
    pub(super) nodes: Vec<NodeFigures>,
}

/// What is remembered of a node from one picture to the next.
#[derive(Debug)]
pub(super) struct Remembered {
    name: String,
    address: String,
    share: f64,
    last: Option<Result<Told, String>>,
}

/// The last answer of a node.
#[derive(Debug, Clone)]
struct Told {
    when: Instant,
    ping: Duration,
    /// Of this start of the node, and no other: what it has counted.
    run: String,
    commands: u64,
    requests_per_second: Option<f64>,
    keys: u64,
    misplaced: u64,
    memory: Option<u64>,
    failure: Option<String>,
}

impl Remembered {
    /// A node of which nothing is known but the part of all keys that the rules give it.
    pub(super) fn new(name: String, address: String, share: f64) -> Self {
        Self {
            name,
            address,
            share,
            last: None,
        }
    }

    /// Takes down what it has answered at a moment.
    pub(super) fn hear(&mut self, when: Instant, answer: Result<Answer, ClientError>) {
        let told = answer.map(|Answer { ping, info }| Told {
            when,
            ping,
            run: info.text("run_id").unwrap_or_default().to_owned(),
            commands: info.number("total_commands_processed").unwrap_or_default(),
            requests_per_second: None,
            keys: info.keys(),
            misplaced: info.number("misplaced").unwrap_or_default(),
            memory: info.number("used_memory_rss"),
            failure: info.failure("triad_failure"),
        });
        let mut told = told.map_err(|error| error.to_string());
        if let (Ok(told), Some(Ok(before))) = (&mut told, &self.last) {
            told.requests_per_second = told.rate_since(before);
        }
        self.last = Some(told);
    }

    /// Whether anything was heard of it.
    pub(super) fn is_known(&self) -> bool {
        self.last.is_some()
    }

    fn told(&self) -> Option<&Told> {
        self.last.as_ref()?.as_ref().ok()
    }
}

impl Told {
    #[expect(
        clippy::cast_precision_loss,
        reason = "nobody sees the sixteenth digit"
    )]
    fn rate_since(&self, before: &Self) -> Option<f64> {
        let seconds = self
            .when
            .saturating_duration_since(before.when)
            .as_secs_f64();
        if self.run != before.run || seconds <= 0.0 {
            return None;
        }
        let requests = self.commands.checked_sub(before.commands)?;
        Some(requests.saturating_sub(OWN_REQUESTS) as f64 / seconds)
    }
}

impl Figures {
    /// The picture of this moment. `via` is the entry node that was named; otherwise it is the first that
    /// answers.
    pub(super) fn of(nodes: &[Remembered], via: Option<&str>, time_unix_ms: u64) -> Self {
        let told = nodes.iter().filter_map(Remembered::told);
        let keys = told.map(|told| told.keys).sum();
        let answering = nodes.iter().filter(|node| node.told().is_some());
        let expected: f64 = answering.clone().map(|node| node.share).sum();
        let entry = match via {
            Some(name) => Some(name.to_owned()),
            None => answering.clone().next().map(|node| node.name.clone()),
        };
        Self {
            time_unix_ms,
            entry,
            keys,
            nodes: nodes
                .iter()
                .map(|node| node.figures(keys, expected))
                .collect(),
        }
    }

    /// How many nodes answer.
    pub(super) fn answering(&self) -> usize {
        let answering = |node: &&NodeFigures| matches!(node.state, State::Up | State::Error);
        self.nodes.iter().filter(answering).count()
    }
}

impl Remembered {
    fn figures(&self, all_keys: u64, all_expected: f64) -> NodeFigures {
        let told = self.told();
        let (state, error) = match &self.last {
            None => (State::Asked, None),
            Some(Err(error)) => (State::Down, Some(error.clone())),
            Some(Ok(told)) => match &told.failure {
                None => (State::Up, None),
                Some(failure) => (State::Error, Some(failure.clone())),
            },
        };
        NodeFigures {
            name: self.name.clone(),
            address: self.address.clone(),
            state,
            error,
            keys: told.map(|told| told.keys),
            misplaced: told.map(|told| told.misplaced),
            share: told.and_then(|told| part(told.keys, all_keys)),
            expected_share: if told.is_some() && all_expected > 0.0 {
                self.share / all_expected
            } else {
                self.share
            },
            requests_per_second: told.and_then(|told| told.requests_per_second),
            memory_bytes: told.and_then(|told| told.memory),
            latency_us: told.map(|told| u64::try_from(told.ping.as_micros()).unwrap_or(u64::MAX)),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nobody sees the sixteenth digit"
)]
fn part(keys: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| keys as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Frame;
    use crate::survey::info::Info;

    fn answer(run: &str, commands: u64, keys: u64) -> Answer {
        let text = format!(
            "run_id:{run}\r\ntotal_commands_processed:{commands}\r\nmisplaced:0\r\nused_memory_rss:4096\r\n\
             triad_failure:none\r\ndb0:keys={keys},expires=0,avg_ttl=0\r\n"
        );
        Answer {
            ping: Duration::from_micros(250),
            info: Info::read(&Frame::bulk(text.into_bytes())).unwrap(),
        }
    }

    fn away() -> Result<Answer, ClientError> {
        Err(ClientError::Unreachable {
            name: "mac".to_owned(),
            address: "127.0.0.1:7002".to_owned(),
            cause: "asleep".to_owned(),
        })
    }

    fn remembered() -> [Remembered; 2] {
        let node = |name: &str, share| Remembered::new(name.to_owned(), "x:1".to_owned(), share);
        [node("linux", 0.5), node("mac", 0.5)]
    }

    #[test]
    fn the_requests_of_a_second_are_those_of_others() {
        let [mut node, _] = remembered();
        let began = Instant::now();
        let rate = |node: &Remembered| node.told().and_then(|told| told.requests_per_second);
        node.hear(began, Ok(answer("a", 100, 0)));
        assert_eq!(rate(&node), None);
        node.hear(began + Duration::from_secs(2), Ok(answer("a", 302, 0)));
        assert_eq!(rate(&node), Some(100.0));
        node.hear(began + Duration::from_secs(3), Ok(answer("a", 304, 0)));
        assert_eq!(rate(&node), Some(0.0));
        // It was started again, and has counted anew.
        node.hear(began + Duration::from_secs(4), Ok(answer("b", 900, 0)));
        assert_eq!(rate(&node), None);
        node.hear(began + Duration::from_secs(5), away());
        node.hear(began + Duration::from_secs(6), Ok(answer("b", 902, 0)));
        assert_eq!(rate(&node), None);
    }

    #[test]
    fn shares_are_of_the_nodes_that_answer() {
        let mut nodes = remembered();
        let empty = Figures::of(&nodes, None, 7);
        assert_eq!((empty.keys, &empty.entry), (0, &None));
        assert_eq!(empty.nodes[0].state, State::Asked);
        nodes[0].hear(Instant::now(), Ok(answer("a", 0, 30)));
        nodes[1].hear(Instant::now(), Ok(answer("a", 0, 10)));
        let both = Figures::of(&nodes, None, 7);
        let shares = |figures: &Figures| {
            let nodes = figures.nodes.iter();
            nodes
                .map(|node| (node.share, node.expected_share))
                .collect::<Vec<_>>()
        };
        assert_eq!((both.keys, both.answering()), (40, 2));
        assert_eq!(shares(&both), [(Some(0.75), 0.5), (Some(0.25), 0.5)]);
        nodes[0].hear(Instant::now(), away());
        let one = Figures::of(&nodes, None, 7);
        assert_eq!(shares(&one), [(None, 0.5), (Some(1.0), 1.0)]);
        assert_eq!(one.entry.as_deref(), Some("mac"));
        assert_eq!(one.nodes[0].state, State::Down);
        let named = Figures::of(&nodes, Some("linux"), 7);
        assert_eq!(named.entry.as_deref(), Some("linux"));
    }
}
