//! Scenarios of a cluster as data: lists of steps, and the one who carries them out.
//!
//! A step names nodes by name and keys by their owner, so that a scenario reads as what a person would
//! tell: linux is started, a key of mac is set through it, mac is killed, the key can't be reached.

use std::collections::HashMap;
use std::time::Instant;

use triad::resp::Frame;

use crate::lab::connection::bulk;
use crate::lab::{Connection, Lab, PATIENCE, Proxy, eventually, key_of};

/// A node, by its name.
pub(crate) type Name = &'static str;

/// The connection that one node makes to another.
pub(crate) type Link = (Name, Name);

/// A list of steps, in a cluster whose nodes are not started yet.
pub(crate) struct Scenario {
    /// The links that lead through a proxy, so that they can be cut and held.
    pub(crate) proxied: &'static [Link],
    /// What happens.
    pub(crate) steps: &'static [Step],
}

/// One thing that happens, or that must be so.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Start(Name),
    /// `kill -9`.
    Kill(Name),
    /// SIGTERM; the node ends with exit code 0.
    Stop(Name),
    /// SIGSTOP, as a device that falls asleep.
    Pause(Name),
    Resume(Name),
    /// Waits until all nodes that run are linked.
    Linked,
    Cut(Link),
    Mend(Link),
    /// Keeps back what is sent on the connections that the link has now.
    Hold(Link),
    /// Lets it through.
    Release(Link),
    /// Waits until the first connection of the link has bytes that are kept back.
    HeldBytes(Link),
    /// Sends a request and reads its reply.
    Ask(Request, Expect),
    /// Sends the request again until the reply is the one that is expected; until then it may be that
    /// the owner cannot be reached.
    AskUntil(Request, Expect),
    /// Sends a request, whose reply is expected later.
    Send(Request),
    /// Reads the next reply of a node.
    Expect(Name, Expect),
    /// The node names the owner of each node's key.
    ExpectOwners(Name),
    /// Does some steps several times.
    Repeat(usize, &'static [Step]),
}

/// A request through the first node for a key that the second owns.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Request {
    Get(Name, Name),
    Set(Name, Name, &'static str),
}

/// What a reply is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expect {
    Ok,
    Value(&'static str),
    Missing,
    /// `-UNREACHABLE name address: cause`, of the node.
    Unreachable(Name),
    /// `-OUTCOMEUNKNOWN name address: cause`, of the node.
    Unknown(Name),
}

/// Carries a scenario out.
pub(crate) fn play(scenario: &Scenario) {
    let lab = Lab::new();
    let proxy = |link: &Link| (*link, Proxy::to(lab.address(link.1)));
    let proxies = scenario.proxied.iter().map(proxy).collect();
    let mut stage = Stage {
        lab,
        proxies,
        connections: HashMap::new(),
    };
    stage.play(scenario.steps);
}

struct Stage {
    lab: Lab,
    proxies: HashMap<Link, Proxy>,
    /// One to each node that runs.
    connections: HashMap<Name, Connection>,
}

impl Stage {
    fn play(&mut self, steps: &[Step]) {
        for step in steps {
            self.take(step);
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Start(name) => self.start(name),
            Step::Kill(name) => {
                self.connections.remove(name);
                self.lab.kill(name);
            }
            Step::Stop(name) => {
                self.connections.remove(name);
                assert_eq!(self.lab.stop(name).code(), Some(0), "{step:?}");
            }
            Step::Pause(name) => self.lab.pause(name),
            Step::Resume(name) => self.lab.resume(name),
            Step::Linked => self.lab.wait_until_linked(),
            Step::Cut(link) => self.proxies[&link].cut(),
            Step::Mend(link) => self.proxies[&link].mend(),
            Step::Hold(link) => self.proxies[&link].hold(),
            Step::Release(link) => self.proxies[&link].release(),
            Step::HeldBytes(link) => self.proxies[&link].wait_for_held_bytes(0),
            Step::Ask(request, expect) => {
                let reply = self.ask(request);
                self.check(request.via(), expect, &reply)
                    .unwrap_or_else(|wrong| panic!("{step:?}: {wrong}"));
            }
            Step::AskUntil(request, expect) => eventually(&format!("{step:?}"), || {
                let reply = self.ask(request);
                let wrong = self.check(request.via(), expect, &reply).err();
                assert!(
                    wrong.is_none() || may_pass(&reply, request.owner()),
                    "{step:?}: {wrong:?}"
                );
                wrong.is_none()
            }),
            Step::Send(request) => {
                let words = request.words();
                self.connection(request.via()).send(&words);
            }
            Step::Expect(via, expect) => {
                let reply = self.connection(via).reply();
                self.check(via, expect, &reply)
                    .unwrap_or_else(|wrong| panic!("{step:?}: {wrong}"));
            }
            Step::ExpectOwners(via) => {
                for owner in crate::lab::NAMES {
                    let key = key_of(owner, "k", 0);
                    let told = self.connection(via).call(&["TRIAD", "OWNER", &key]);
                    assert_eq!(told, bulk(owner), "{key} through {via}");
                }
            }
            Step::Repeat(times, steps) => self.repeat(times, steps),
        }
    }

    /// However often something is repeated, it fits into the patience that one thing has: so a request
    /// that is refused many times is not refused after a timeout.
    fn repeat(&mut self, times: usize, steps: &[Step]) {
        let begun = Instant::now();
        for _ in 0..times {
            self.play(steps);
        }
        let took = begun.elapsed();
        assert!(took < PATIENCE, "{times} times {steps:?} took {took:?}");
    }

    fn start(&mut self, name: Name) {
        let detours: Vec<_> = self
            .proxies
            .iter()
            .filter(|((from, _), _)| *from == name)
            .map(|((_, to), proxy)| (*to, proxy))
            .collect();
        self.lab.start_through(name, &detours);
    }

    fn connection(&mut self, name: Name) -> &mut Connection {
        let lab = &self.lab;
        self.connections
            .entry(name)
            .or_insert_with(|| lab.connect(name))
    }

    fn ask(&mut self, request: Request) -> Frame<'static> {
        let words = request.words();
        self.connection(request.via()).call(&words)
    }

    /// Says what is wrong with the reply of `via`.
    fn check(&self, via: Name, expect: Expect, reply: &Frame<'_>) -> Result<(), String> {
        let begins = match expect {
            Expect::Ok => return same(reply, &Frame::OK),
            Expect::Value(value) => return same(reply, &bulk(value)),
            Expect::Missing => return same(reply, &Frame::Null),
            Expect::Unreachable(name) => {
                format!("UNREACHABLE {name} {}: ", self.address(via, name))
            }
            Expect::Unknown(name) => format!("OUTCOMEUNKNOWN {name} {}: ", self.address(via, name)),
        };
        match reply {
            Frame::Error(text) if text.starts_with(&begins) && text.len() > begins.len() => Ok(()),
            other => Err(format!("`{begins}` expected, and it is {other:?}")),
        }
    }

    /// Where `via` looks for `name`.
    fn address(&self, via: Name, name: Name) -> String {
        let proxy = self.proxies.get(&(via, name));
        let address = proxy.map_or_else(|| self.lab.address(name), Proxy::address);
        address.to_string()
    }
}

impl Request {
    fn via(self) -> Name {
        match self {
            Self::Get(via, _) | Self::Set(via, ..) => via,
        }
    }

    fn owner(self) -> Name {
        match self {
            Self::Get(_, owner) | Self::Set(_, owner, _) => owner,
        }
    }

    fn words(self) -> Vec<String> {
        let key = key_of(self.owner(), "k", 0);
        match self {
            Self::Get(..) => vec!["GET".to_owned(), key],
            Self::Set(_, _, value) => vec!["SET".to_owned(), key, value.to_owned()],
        }
    }
}

fn same(reply: &Frame<'_>, expected: &Frame<'_>) -> Result<(), String> {
    if reply == expected {
        Ok(())
    } else {
        Err(format!("{expected:?} expected, and it is {reply:?}"))
    }
}

/// Whether the reply only says that the owner can't be reached for the moment.
fn may_pass(reply: &Frame<'_>, owner: &str) -> bool {
    let codes = ["UNREACHABLE", "OUTCOMEUNKNOWN"];
    let begins = codes.map(|code| format!("{code} {owner} "));
    matches!(reply, Frame::Error(text) if begins.iter().any(|begins| text.starts_with(begins)))
}
