//! Where a request goes: the one place that interprets routes and knows where keys live.
//!
//! For a client every key is reached from here: its own node runs the request, another node is sent
//! it, or each owner is sent its part. For a peer everything runs here or is refused: a request crosses
//! one link at most.

mod reached;
mod several;
mod transaction;

use std::ptr;
use std::rc::Rc;

use super::Node;
use super::gather::Joining;
use super::link::{Link, Purpose, Readiness, Waiter, rules_differ};
use super::outbox::Outbox;
use super::pubsub::Subscriber;
use super::replies::Ticket;
use crate::command::{
    self, Command, Context, Error, Found, Hello, Mute, Outcome, Recent, Route, Session, Step,
};
use crate::limits::KEY_MAX_BYTES;
use crate::placement::NodeIndex;
use crate::resp::{self, Args, Frame};
use crate::store::{Seq, Store};
pub(crate) use transaction::{Forwarded, end_watches};

/// What the connection does after a request.
#[derive(Debug)]
pub(crate) enum Flow {
    /// Goes on with the next one.
    Next,
    /// Asks again with the same request when the obstacle is gone. Nothing has been done.
    Park(Obstacle),
    /// Ends, once the replies have left.
    End,
    /// Is from now on the link of this peer.
    Peer(Hello),
}

/// What keeps a request from being carried out for the moment.
#[derive(Debug)]
pub(crate) enum Obstacle {
    /// Whether this peer can be reached is not known yet, or it takes no more.
    Link(Rc<Link>),
    /// Too much that was written waits for the disk.
    Journal,
}

impl Obstacle {
    /// Whether it is still there; then it will wake `outbox`.
    pub(crate) fn holds(&self, node: &Node, outbox: &Rc<Outbox>) -> bool {
        match self {
            Self::Link(link) => {
                let holds = link.must_wait();
                if holds {
                    link.hold(outbox);
                }
                holds
            }
            Self::Journal => {
                let holds = node.journal_lags();
                if holds {
                    node.wait_for_journal(outbox);
                }
                holds
            }
        }
    }
}

/// One request on its way.
pub(crate) struct Dispatch<'a> {
    pub(crate) node: &'a Rc<Node>,
    pub(crate) outbox: &'a Rc<Outbox>,
    pub(crate) session: &'a mut Session,
    /// Knows the command of the request before.
    pub(crate) recent: &'a mut Recent,
    /// The peer whose link this is.
    pub(crate) peer: Option<&'a Hello>,
    /// What the connection is subscribed to.
    pub(crate) subscriber: &'a mut Option<Rc<Subscriber>>,
    /// A key of the request whose owner is known already.
    pub(crate) known: Option<(&'a [u8], NodeIndex)>,
}

impl Dispatch<'_> {
    /// Carries out the request `args`; `raw` are its bytes, if they can be sent on as they are.
    pub(crate) fn run(&mut self, args: Args<'_>, raw: Option<&[u8]>) -> Flow {
        let found = match self
            .recent
            .find(args)
            .and_then(|found| check_keys(&found).map(|()| found))
            .and_then(|found| {
                command::check_subscribed(self.session, found.command).map(|()| found)
            }) {
            Ok(found) => found,
            Err(error) => return self.refuse_malformed(args, error),
        };
        self.session.client.asks(found.command);
        if self.peer.is_some() {
            return match self.admit_from_peer(&found) {
                Ok(()) => self.run_here(&found),
                Err(error) => self.refuse(error),
            };
        }
        if self.session.transaction.is_some() && is_queued(found.command) {
            return self.queue(&found, args);
        }
        match found.command.route {
            Route::Here => {
                if !self.session.watched.is_empty() && found.command.name == "reset" {
                    end_watches(self.node, self.session);
                }
                self.run_here(&found)
            }
            Route::Transaction(step) => self.step(step, &found),
            Route::Key => self.route_key(&found, args, raw),
            Route::Together => self.together(&found, args, raw),
            Route::Split(merge) => self.split(&found, args, raw, Joining::Merge(merge)),
            Route::Everywhere(merge) => self.everywhere(&found, args, Joining::Merge(merge)),
            Route::Cursor => self.scan(&found),
            Route::Survey => self.survey(&found),
            Route::Reached(merge) => self.reached(&found, args, merge),
        }
    }

    pub(in crate::node) fn refuse(&self, error: Error) -> Flow {
        self.node.host.count_error(&error);
        self.answer(&error.into_frame());
        Flow::Next
    }

    /// Refuses what is no request, and with it the transaction that it would have been a part of.
    fn refuse_malformed(&mut self, args: Args<'_>, error: Error) -> Flow {
        let name = args.get(0).unwrap_or_default();
        if name.eq_ignore_ascii_case(b"exec") {
            return self.abort(error.of_exec());
        }
        if let Some(transaction) = &mut self.session.transaction {
            transaction.has_failed = true;
        }
        self.refuse(error)
    }

    /// Adds the reply to a request, unless the client does not want it.
    pub(in crate::node) fn answer(&self, frame: &Frame<'_>) {
        if self.session.mute == Mute::No {
            self.outbox.push_frame(frame, self.session.protocol);
        }
    }

    /// Adds a reply that is encoded already, unless the client does not want it.
    fn answer_encoded(&self, bytes: &[u8]) {
        if self.session.mute == Mute::No {
            self.outbox.push(|out| out.extend_from_slice(bytes));
        }
    }

    /// Holds back the reply that was just added until what it depends on is durable.
    fn gate(&self, gate: Seq) {
        // Without a reply there is nothing to hold back.
        if self.session.mute == Mute::No {
            self.outbox.gate_last(gate);
        }
    }

    /// Keeps the place of a reply that comes later.
    fn reserve(&self) -> Ticket {
        let is_wanted = self.session.mute == Mute::No;
        self.outbox
            .reserve(is_wanted.then_some(self.session.protocol))
    }

    /// What a peer may ask: about this node always, for keys only if both nodes have the same list and
    /// the keys are this node's.
    fn admit_from_peer(&self, found: &Found<'_>) -> Result<(), Error> {
        let (host, command) = (&self.node.host, found.command);
        let Some(peer) = self.peer else { return Ok(()) };
        let is_question = command.route == Route::Here && !command.is_write();
        if !is_question {
            self.check_rules(peer)?;
        }
        match command.route {
            Route::Key | Route::Together | Route::Split(_) => match self.stray_owner(found) {
                None => Ok(()),
                Some(owner) => Err(Error::new(format!(
                    "NOTOWNER {} is asked by {} for a key of {}; requests are forwarded once only",
                    host.name,
                    peer.name,
                    host.placement.name(owner)
                ))),
            },
            Route::Survey => Err(Error::new("ERR a peer asks TRIAD SELF")),
            Route::Transaction(_) => Err(Error::new("ERR a peer sends TRIAD EXEC")),
            Route::Here | Route::Everywhere(_) | Route::Cursor | Route::Reached(_) => Ok(()),
        }
    }

    /// Refuses what is only for nodes of the same list.
    pub(in crate::node) fn check_rules(&self, peer: &Hello) -> Result<(), Error> {
        let node = self.node;
        if peer.fingerprint == node.hello.fingerprint {
            return Ok(());
        }
        Err(rules_differ(&node.host.name, &peer.name))
    }

    /// The owner of a key of the request that is not this node.
    fn stray_owner(&self, found: &Found<'_>) -> Option<NodeIndex> {
        let me = self.node.host.me;
        let mut keys = found.command.keys.of(found.args);
        match (keys.next(), keys.next()) {
            (Some(key), None) => Some(self.owner(key)).filter(|owner| *owner != me),
            _ => self.owners(found).into_iter().find(|owner| *owner != me),
        }
    }

    /// The owners of the request's keys, in order.
    fn owners(&self, found: &Found<'_>) -> Vec<NodeIndex> {
        let keys = found.command.keys.of(found.args);
        let mut owners = Vec::new();
        self.node.host.placement.owners(keys, &mut owners);
        owners
    }

    /// The owner of one key.
    fn owner(&self, key: &[u8]) -> NodeIndex {
        // Not only as long and at the same place: the very bytes.
        let known = self.known.filter(|(known, _)| ptr::eq(*known, key));
        known.map_or_else(|| self.node.host.placement.owner(key), |(_, owner)| owner)
    }

    /// Has a command take its effect on this node's own table.
    fn execute<'s>(
        &mut self,
        store: &'s mut Store,
        command: &Command,
        args: Args<'_>,
    ) -> Result<Outcome<'s>, Error> {
        let host = &self.node.host;
        command::count(&host.counters.commands, 1);
        if command.is_write() {
            self.node.may_have_written();
        }
        let session = &mut *self.session;
        (command.run)(
            Context {
                store,
                session,
                host,
            },
            args,
        )
    }

    /// Runs the request on this node's own table and adds its reply.
    fn run_here(&mut self, found: &Found<'_>) -> Flow {
        let node = self.node;
        if found.command.is_write() && node.journal_lags() {
            return Flow::Park(Obstacle::Journal);
        }
        let mut store = node.store.borrow_mut();
        let (frame, flow) = match self.execute(&mut store, found.command, found.args) {
            Ok(Outcome::Reply(frame)) => (frame, Flow::Next),
            Ok(Outcome::Close(frame)) => (frame, Flow::End),
            Ok(Outcome::Configured) => {
                node.idlers.look_again();
                (Frame::OK, Flow::Next)
            }
            Ok(Outcome::BackgroundCheckpoint) => match node.saver.begin_in_background(&mut store) {
                Ok(frame) => (frame, Flow::Next),
                Err(error) => return self.refuse(error),
            },
            Ok(Outcome::Checkpoint) if node.saver.saves_in_background() => {
                return self.refuse(Error::save_in_progress());
            }
            Ok(Outcome::Checkpoint) => {
                let ticket = self.reserve();
                node.saver.request(Rc::clone(self.outbox), ticket);
                return Flow::Next;
            }
            Ok(Outcome::Kill {
                reply,
                others,
                myself,
            }) => {
                node.kill(&others);
                (reply, if myself { Flow::End } else { Flow::Next })
            }
            Ok(Outcome::Peer(hello)) => return Flow::Peer(hello),
            Ok(Outcome::Encoded(bytes)) => {
                self.answer_encoded(&bytes);
                self.gate(store.take_gate());
                return Flow::Next;
            }
            Ok(Outcome::Channels(asked)) => return self.run_channels(asked, found.args),
            Err(error) => {
                node.host.count_error(&error);
                (error.into_frame(), Flow::Next)
            }
        };
        self.answer(&frame);
        drop(frame);
        self.gate(store.take_gate());
        self.follow_session();
        flow
    }

    fn route_key(&mut self, found: &Found<'_>, args: Args<'_>, raw: Option<&[u8]>) -> Flow {
        let key = found.command.keys.of(found.args).next();
        let link = key.and_then(|key| self.node.link(self.owner(key)));
        match link {
            Some(link) => self.forward(&link, args, raw),
            None => self.run_here(found),
        }
    }

    /// A request whose keys all have one owner; it is refused where they have several.
    fn together(&mut self, found: &Found<'_>, args: Args<'_>, raw: Option<&[u8]>) -> Flow {
        let keys = found.command.keys.of(found.args);
        let mut pairs = keys.zip(self.owners(found));
        let Some((key, owner)) = pairs.next() else {
            return self.run_here(found);
        };
        if let Some((other_key, other)) = pairs.find(|(_, other)| *other != owner) {
            let name = |node| &**self.node.host.placement.name(node);
            let (one, other) = ((key, name(owner)), (other_key, name(other)));
            return self.refuse(Error::several_owners(found.command.name, one, other));
        }
        match self.node.link(owner) {
            Some(link) => self.forward(&link, args, raw),
            None => self.run_here(found),
        }
    }

    /// Sends a whole request on, and its reply back.
    fn forward(&mut self, link: &Rc<Link>, args: Args<'_>, raw: Option<&[u8]>) -> Flow {
        let host = &self.node.host;
        match link.readiness(Purpose::Data, &host.name) {
            Readiness::Up => {}
            Readiness::Wait => return Flow::Park(Obstacle::Link(Rc::clone(link))),
            Readiness::Down(error) => return self.refuse(error),
        }
        command::count(&host.counters.forwarded, 1);
        let ticket = self.reserve();
        let waiter = Waiter::Client(Rc::clone(self.outbox), ticket);
        link.send(waiter, |out| match raw {
            Some(raw) => out.extend_from_slice(raw),
            None => resp::encode_request(args.iter(), out),
        });
        Flow::Next
    }
}

/// Whether a request becomes a part of the transaction that was begun.
fn is_queued(command: &Command) -> bool {
    match command.route {
        Route::Transaction(step) => step == Step::Unwatch,
        _ => !matches!(command.name, "quit" | "reset"),
    }
}

/// Refuses keys that are too long before anything is done with them.
fn check_keys(found: &Found<'_>) -> Result<(), Error> {
    let too_long = found
        .command
        .keys
        .of(found.args)
        .find(|key| key.len() > KEY_MAX_BYTES);
    too_long.map_or(Ok(()), |key| Err(Error::key_too_long(key.len())))
}
