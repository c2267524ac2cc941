//! What dispatch does for the commands about channels.

use std::rc::Rc;

use super::registry::Subscriber;
use crate::command::{Channels, Error, EventFlags, Topic};
use crate::node::Node;
use crate::node::dispatch::{Dispatch, Flow};
use crate::resp::{self, Args, Frame};

impl Dispatch<'_> {
    /// Does what `asked` says for this connection, and adds the reply.
    pub(in crate::node) fn run_channels(&mut self, asked: Channels, args: Args<'_>) -> Flow {
        let replied = match asked {
            Channels::Subscribe(topic) => self.subscribe(topic, args),
            Channels::Unsubscribe(topic) => {
                self.unsubscribe(topic, args);
                Ok(())
            }
            Channels::Events(flags) => self.note_interest(flags),
            asked => {
                let frame = self.node.answer_channels(asked, args);
                frame.map(|frame| self.answer(&frame))
            }
        };
        match replied {
            Ok(()) => Flow::Next,
            Err(error) => self.refuse(error),
        }
    }

    /// Carries over to the connection's subscriptions what `HELLO` or `RESET` has done to its session.
    pub(in crate::node) fn follow_session(&self) {
        let Some(subscriber) = &*self.subscriber else {
            return;
        };
        subscriber.speak(self.session.protocol);
        if !self.session.is_subscribed() && subscriber.total() > 0 {
            self.node.leave_channels(subscriber);
        }
    }

    fn subscribe(&mut self, topic: Topic, args: Args<'_>) -> Result<(), Error> {
        // Its outbox has no bound for what others put into it.
        if self.peer.is_some() {
            return Err(Error::new("ERR a peer's link subscribes to nothing"));
        }
        let node = self.node;
        let new = || {
            Subscriber::new(
                self.session.id,
                Rc::clone(self.outbox),
                self.session.protocol,
            )
        };
        let subscriber = Rc::clone(self.subscriber.get_or_insert_with(|| Rc::new(new())));
        node.registry.check_room(&subscriber, args.from(1).iter())?;
        let verb = match topic {
            Topic::Channel => "subscribe",
            Topic::Pattern => "psubscribe",
        };
        let mut told = Vec::new();
        for name in args.iter().skip(1) {
            node.registry.subscribe(&subscriber, topic, name);
            self.confirm(verb, Frame::bulk(name), subscriber.total(), &mut told);
        }
        self.count_subscriptions(&subscriber);
        node.settle_interest();
        if node.is_interest_known() {
            self.outbox.push(|out| out.extend_from_slice(&told));
        } else {
            // What is written once it has its reply is something that it is told of.
            let ticket = self.outbox.reserve(self.session.protocol);
            node.confirm_later(Rc::clone(self.outbox), ticket, told);
        }
        Ok(())
    }

    fn unsubscribe(&mut self, topic: Topic, args: Args<'_>) {
        let verb = match topic {
            Topic::Channel => "unsubscribe",
            Topic::Pattern => "punsubscribe",
        };
        let subscriber = self.subscriber.clone();
        let total = || {
            subscriber
                .as_ref()
                .map_or(0, |subscriber| subscriber.total())
        };
        let leave = |name: &[u8]| {
            if let Some(subscriber) = &subscriber {
                self.node.registry.unsubscribe(subscriber, topic, name);
            }
        };
        let mut told = Vec::new();
        for name in args.iter().skip(1) {
            leave(name);
            self.confirm(verb, Frame::bulk(name), total(), &mut told);
        }
        if args.len() == 1 {
            let all = subscriber.as_ref().map(|all| all.names(topic));
            for name in all.unwrap_or_default() {
                leave(&name);
                self.confirm(verb, Frame::bulk(&*name), total(), &mut told);
            }
            if told.is_empty() {
                self.confirm(verb, Frame::Null, total(), &mut told);
            }
        }
        if let Some(subscriber) = &subscriber {
            self.count_subscriptions(subscriber);
        }
        self.node.settle_interest();
        self.outbox.push(|out| out.extend_from_slice(&told));
    }

    /// Adds to `told` that the connection has `total` subscriptions after what `verb` has done to `name`.
    fn confirm(&self, verb: &'static str, name: Frame<'_>, total: usize, told: &mut Vec<u8>) {
        let words = vec![Frame::text(verb), name, Frame::count(total)];
        resp::encode(&Frame::Push(words), self.session.protocol, told);
    }

    fn count_subscriptions(&self, subscriber: &Subscriber) {
        let client = &self.session.client;
        client.channels.set(subscriber.count(Topic::Channel));
        client.patterns.set(subscriber.count(Topic::Pattern));
    }

    /// A peer says what it wants to be told of.
    fn note_interest(&self, flags: EventFlags) -> Result<(), Error> {
        let Some(peer) = self.peer else {
            return Err(Error::new(
                "ERR only a peer is told of events so; use SUBSCRIBE",
            ));
        };
        self.check_rules(peer)?;
        self.node
            .inbound
            .set_interest(&peer.name, self.outbox, flags);
        self.node.want_events();
        self.outbox.push_frame(&Frame::OK, self.session.protocol);
        Ok(())
    }
}

impl Node {
    /// What this node answers for itself alone.
    pub(in crate::node) fn answer_channels(
        &self,
        asked: Channels,
        args: Args<'_>,
    ) -> Result<Frame<'static>, Error> {
        let word = |index| args.get(index).unwrap_or_default();
        match asked {
            Channels::Publish => Ok(Frame::count(self.registry.publish(word(1), word(2)))),
            Channels::List => self.registry.channels(args.get(1)),
            Channels::Subscribers => self.registry.counts(args.iter().skip(1)),
            Channels::Patterns => Ok(Frame::count(self.registry.patterns())),
            Channels::Subscribe(_) | Channels::Unsubscribe(_) | Channels::Events(_) => {
                Err(Error::syntax())
            }
        }
    }

    /// Ends all subscriptions of a connection.
    pub(in crate::node) fn leave_channels(&self, subscriber: &Subscriber) {
        self.registry.leave(subscriber);
        self.settle_interest();
    }
}
