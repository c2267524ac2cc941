//! Transactions of clients: where they are carried out, and who watches the keys.

use std::fmt;
use std::rc::Rc;

use super::super::Node;
use super::super::link::{Link, Purpose, Readiness, Waiter};
use super::super::outbox::Outbox;
use super::super::replies::Ticket;
use super::{Dispatch, Flow, Joining, Obstacle};
use crate::command::{self, Channels, Context, Error, Found, Merge, Outcome, Queued, Route, Step};
use crate::limits::WATCHED_KEYS_MAX;
use crate::placement::NodeIndex;
use crate::resp::{self, Args, Frame};
use crate::store::Seq;

/// Who carries a transaction out.
enum Place<'a> {
    /// This node.
    Here,
    /// The owner of all its keys.
    There(Rc<Link>),
    /// Nobody: its keys have several owners, of which these are two.
    Nowhere(Conflict<'a>),
    /// Nobody: this request concerns all nodes.
    Everywhere(&'static str),
}

/// Two keys with their owners.
struct Conflict<'a> {
    one: (&'a [u8], NodeIndex),
    other: (&'a [u8], NodeIndex),
}

impl Dispatch<'_> {
    /// Notes a request for the transaction that this connection has begun.
    pub(super) fn queue(&mut self, found: &Found<'_>, args: Args<'_>) -> Flow {
        let host = &self.node.host;
        let Some(transaction) = &mut self.session.transaction else {
            return Flow::Next;
        };
        match transaction.push(found, args, host) {
            Ok(()) => {
                let queued = i64::try_from(transaction.requests.len()).unwrap_or(i64::MAX);
                self.session.client.queued.set(queued);
                self.answer(&Frame::simple("QUEUED"));
                Flow::Next
            }
            Err(error) => self.refuse(error),
        }
    }

    /// Does a step of a transaction.
    pub(super) fn step(&mut self, step: Step, found: &Found<'_>) -> Flow {
        match step {
            Step::Multi => self.run_here(found),
            Step::Exec => self.exec(found),
            Step::Discard => {
                if self.session.transaction.is_some() {
                    self.unwatch();
                }
                self.run_here(found)
            }
            Step::Watch => self.watch(found),
            Step::Unwatch => {
                self.unwatch();
                self.run_here(found)
            }
        }
    }

    fn exec(&mut self, found: &Found<'_>) -> Flow {
        let Some(transaction) = &self.session.transaction else {
            return self.run_here(found);
        };
        if transaction.has_failed {
            self.unwatch();
            return self.run_here(found);
        }
        if self.node.journal_lags() {
            return Flow::Park(Obstacle::Journal);
        }
        match self.place(&transaction.requests) {
            Place::Here => {
                self.session.watched.clear();
                self.exec_here()
            }
            Place::There(link) => self.send_transaction(&link),
            Place::Nowhere(Conflict { one, other }) => {
                let name = |node| &**self.node.host.placement.name(node);
                let error =
                    Error::transaction_of_several((one.0, name(one.1)), (other.0, name(other.1)));
                self.abort(error)
            }
            Place::Everywhere(name) => self.abort(Error::transaction_of_all(name)),
        }
    }

    fn exec_here(&mut self) -> Flow {
        let node = self.node;
        node.may_have_written();
        let mut store = node.store.borrow_mut();
        let context = Context {
            store: &mut store,
            session: &mut *self.session,
            host: &node.host,
        };
        let channels = &mut |asked, args: Args<'_>| answer_channels(node, asked, args);
        match command::exec(context, channels) {
            Ok(Outcome::Encoded(bytes)) => self.answer_encoded(&bytes),
            Ok(_) => {}
            Err(error) => self.answer(&error.into_frame()),
        }
        self.gate(store.take_gate());
        self.follow_session();
        Flow::Next
    }

    /// Refuses the transaction, of which nothing was done.
    pub(super) fn abort(&mut self, error: Error) -> Flow {
        self.unwatch();
        self.session.end_transaction(&self.node.host);
        self.refuse(error)
    }

    /// Who carries out these requests, with the watched keys of this connection.
    fn place<'a>(&'a self, requests: &'a [Queued]) -> Place<'a> {
        let placement = &self.node.host.placement;
        let mut of_all = requests.iter().filter(|request| is_of_all(request));
        if let (Some(request), 2..) = (of_all.next(), placement.len()) {
            return Place::Everywhere(request.command.name);
        }
        let watched = self.session.watched.iter();
        let watched = watched.map(|watched| (watched.first.as_slice(), watched.owner));
        let asked = requests.iter().filter(|request| is_of_keys(request));
        let asked = asked.flat_map(Queued::keys);
        let mut keys = watched.chain(asked.map(|key| (key, placement.owner(key))));
        let Some(one) = keys.next() else {
            return Place::Here;
        };
        if let Some(other) = keys.find(|(_, owner)| *owner != one.1) {
            return Place::Nowhere(Conflict { one, other });
        }
        self.node.link(one.1).map_or(Place::Here, Place::There)
    }

    /// Sends the requests that have keys to their owner, and carries out here those that are about this node.
    fn send_transaction(&mut self, link: &Rc<Link>) -> Flow {
        let host = &self.node.host;
        match link.readiness(Purpose::Data, &host.name) {
            Readiness::Up => {}
            Readiness::Wait => return Flow::Park(Obstacle::Link(Rc::clone(link))),
            Readiness::Down(error) => return self.abort(error),
        }
        let watched = self.session.watched_count();
        self.session.watched.clear();
        let Some(transaction) = self.session.transaction.take() else {
            return Flow::Next;
        };
        let mut own = Vec::new();
        for (place, request) in transaction.requests.iter().enumerate() {
            if is_here(request) {
                own.push((place, self.run_within(request)));
            } else if !is_of_keys(request) {
                own.push((place, Own::Channels(request.words.clone())));
            }
        }
        let numbers = [self.session.id, watched as u64].map(|number| number.to_string());
        let mut words: Vec<&[u8]> = vec![b"TRIAD", b"EXEC"];
        words.extend(numbers.iter().map(String::as_bytes));
        let sent = transaction
            .requests
            .iter()
            .filter(|request| is_of_keys(request));
        let counts: Vec<String> = sent
            .clone()
            .map(|request| request.words.len().to_string())
            .collect();
        for (request, count) in sent.zip(&counts) {
            words.push(count.as_bytes());
            words.extend(request.words.iter().map(Vec::as_slice));
        }
        self.follow_session();
        command::count(&host.counters.forwarded, 1);
        self.session.client.queued.set(-1);
        let ticket = self.reserve();
        let sent = Forwarded {
            node: Rc::clone(self.node),
            outbox: Rc::clone(self.outbox),
            ticket,
            own,
            gate: self.node.store.borrow().take_gate(),
        };
        link.send(Waiter::Transaction(Box::new(sent)), |out| {
            resp::encode_request(words.iter().copied(), out);
        });
        transaction.end(host);
        Flow::Next
    }

    /// The reply to a request about this node, within a transaction that another node carries out.
    fn run_within(&mut self, request: &Queued) -> Own {
        let words = request.slices();
        let node = self.node;
        let mut store = node.store.borrow_mut();
        let outcome = self.execute(&mut store, request.command, request.args(&words));
        Own::Reply(match outcome {
            Ok(Outcome::Reply(frame) | Outcome::Close(frame)) => frame.into_owned(),
            Ok(_) => Error::syntax().into_frame(),
            Err(error) => error.into_frame(),
        })
    }

    /// Has the owners of the keys watch them.
    fn watch(&mut self, found: &Found<'_>) -> Flow {
        if self.session.transaction.is_some() {
            return self.refuse(Error::new("ERR WATCH inside MULTI is not allowed"));
        }
        let keys = found.args.len() - 1;
        if self.session.watched_count() + keys > WATCHED_KEYS_MAX {
            return self.refuse(Error::too_many_watched());
        }
        let id = self.session.id.to_string();
        let mut shares = self.shares(found);
        for share in shares
            .iter_mut()
            .filter(|share| self.node.link(share.node).is_some())
        {
            let for_peer: [&[u8]; 3] = [b"TRIAD", b"WATCH", id.as_bytes()];
            share.words.splice(0..1, for_peer);
        }
        let owners = self.owners(found);
        let joining = Joining::Merge(Merge::AllOk);
        let flow = self.gather(found.command, shares, joining, Purpose::Data);
        if let Flow::Next = flow {
            for (key, owner) in found.args.iter().skip(1).zip(owners) {
                self.session.note_watched(key, owner);
            }
        }
        flow
    }

    /// Has all nodes forget the watched keys of this connection.
    fn unwatch(&mut self) {
        end_watches(self.node, self.session);
        if let Some(watches) = self.session.watches.remove(&self.session.id) {
            watches.end(&mut self.node.store.borrow_mut());
        }
    }
}

/// Whether a request is about the node that was asked, and not about keys.
fn is_here(request: &Queued) -> bool {
    matches!(request.command.route, Route::Here | Route::Transaction(_))
}

/// Whether a request concerns all nodes, so that no single one can carry it out.
fn is_of_all(request: &Queued) -> bool {
    matches!(
        request.command.route,
        Route::Everywhere(_) | Route::Cursor | Route::Survey
    )
}

/// Whether a request is for the owner of its keys, and not for the node that was asked.
fn is_of_keys(request: &Queued) -> bool {
    !is_here(request) && !matches!(request.command.route, Route::Reached(_))
}

/// A request of a transaction that the client's own node sees to.
#[derive(Debug)]
enum Own {
    /// It has been carried out.
    Reply(Frame<'static>),
    /// It is about channels, and is carried out when it is known that the transaction was: nobody should
    /// hear of one that was not.
    Channels(Vec<Vec<u8>>),
}

/// A transaction that another node carries out.
pub(crate) struct Forwarded {
    node: Rc<Node>,
    outbox: Rc<Outbox>,
    ticket: Ticket,
    /// What this node sees to, by rising place.
    own: Vec<(usize, Own)>,
    /// The write of this node that their replies depend on.
    gate: Seq,
}

impl fmt::Debug for Forwarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ticket, own, .. } = self;
        f.debug_struct("Forwarded")
            .field("ticket", ticket)
            .field("own", own)
            .finish_non_exhaustive()
    }
}

impl Forwarded {
    /// Gives the client the replies that have come, and its own node's among them.
    pub(crate) fn answer(self, frame: Frame<'_>) {
        let whole = match frame {
            Frame::Array(replies) => {
                let mut whole = Vec::with_capacity(replies.len() + self.own.len());
                let mut replies = replies.into_iter();
                for (place, own) in self.own {
                    let before = place.saturating_sub(whole.len());
                    whole.extend(replies.by_ref().take(before));
                    whole.push(match own {
                        Own::Reply(reply) => reply,
                        Own::Channels(words) => run_channels(&self.node, &words),
                    });
                }
                whole.extend(replies);
                Frame::Array(whole)
            }
            other => other,
        };
        self.outbox
            .fill_with(self.ticket, self.gate, |protocol, out| match whole {
                Frame::Null => out.extend_from_slice(command::nothing(protocol)),
                frame => resp::encode(&frame, protocol, out),
            });
    }
}

fn run_channels(node: &Rc<Node>, words: &[Vec<u8>]) -> Frame<'static> {
    let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    let asked = command::find_channels(Args::from_slices(&words));
    match asked {
        Ok((asked, args)) => answer_channels(node, asked, args),
        Err(error) => error.into_frame(),
    }
}

/// Answers for this node alone what is about channels; a message goes to the other nodes too.
fn answer_channels(node: &Rc<Node>, asked: Channels, args: Args<'_>) -> Frame<'static> {
    let is_message = matches!(asked, Channels::Publish);
    let answer = match node.answer_channels(asked, args) {
        Ok(answer) => answer,
        Err(error) => return error.into_frame(),
    };
    if is_message {
        let links = node.host.placement.indices().filter_map(|at| node.link(at));
        for link in links.filter(|link| {
            matches!(
                link.readiness(Purpose::Data, &node.host.name),
                Readiness::Up
            )
        }) {
            link.send(Waiter::Nobody, |out| {
                resp::encode_request(args.iter(), out);
            });
        }
    }
    answer
}

/// Has the other nodes forget the keys that a connection watches there.
pub(crate) fn end_watches(node: &Node, session: &mut command::Session) {
    let owners: Vec<_> = session
        .watched
        .drain(..)
        .map(|watched| watched.owner)
        .collect();
    let id = session.id.to_string();
    for link in owners.into_iter().filter_map(|owner| node.link(owner)) {
        // Where the link is not up there is nothing to forget.
        if link.is_up() {
            let words: [&[u8]; 3] = [b"TRIAD", b"UNWATCH", id.as_bytes()];
            link.send(Waiter::Nobody, |out| {
                resp::encode_request(words.into_iter(), out);
            });
        }
    }
}
