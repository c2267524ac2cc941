//! The subscribers of this node, by channel and by pattern.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::events::may_tell_of_keys;
use crate::command::{Error, ReplySize, Topic};
use crate::limits::{SUBSCRIPTION_BYTES, SUBSCRIPTIONS_MAX, SUBSCRIPTIONS_MAX_BYTES};
use crate::node::outbox::Outbox;
use crate::pattern;
use crate::resp::{self, Frame, Protocol};

/// A connection that was subscribed to something once.
#[derive(Debug)]
pub(crate) struct Subscriber {
    /// The connection's number.
    id: u64,
    outbox: Rc<Outbox>,
    /// The protocol in which it is told.
    protocol: Cell<Protocol>,
    channels: RefCell<BTreeSet<Rc<[u8]>>>,
    patterns: RefCell<BTreeSet<Rc<[u8]>>>,
}

impl Subscriber {
    pub(crate) fn new(id: u64, outbox: Rc<Outbox>, protocol: Protocol) -> Self {
        Self {
            id,
            outbox,
            protocol: Cell::new(protocol),
            channels: RefCell::default(),
            patterns: RefCell::default(),
        }
    }

    /// What it is subscribed to, in the order of the names' bytes.
    pub(crate) fn names(&self, topic: Topic) -> Vec<Rc<[u8]>> {
        self.of(topic).borrow().iter().cloned().collect()
    }

    /// How many channels or patterns it is subscribed to.
    pub(crate) fn count(&self, topic: Topic) -> usize {
        self.of(topic).borrow().len()
    }

    /// How many channels and patterns together.
    pub(crate) fn total(&self) -> usize {
        self.count(Topic::Channel) + self.count(Topic::Pattern)
    }

    /// Has it told in this protocol from now on.
    pub(crate) fn speak(&self, protocol: Protocol) {
        self.protocol.set(protocol);
    }

    fn of(&self, topic: Topic) -> &RefCell<BTreeSet<Rc<[u8]>>> {
        match topic {
            Topic::Channel => &self.channels,
            Topic::Pattern => &self.patterns,
        }
    }
}

/// By name, the subscribers in the order of their numbers; none without one.
type Topics = RefCell<HashMap<Rc<[u8]>, Vec<Rc<Subscriber>>>>;

/// See the module's text.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    channels: Topics,
    patterns: Topics,
    /// What the subscriptions take, in bytes.
    bytes: Cell<usize>,
    /// Those among them in which events of keys can be told.
    of_keys: Cell<usize>,
}

impl Registry {
    /// Refuses subscriptions for which there is no room. Names that it has already are counted as well.
    pub(crate) fn check_room<'n>(
        &self,
        subscriber: &Subscriber,
        names: impl ExactSizeIterator<Item = &'n [u8]>,
    ) -> Result<(), Error> {
        let count = subscriber.total() + names.len();
        if count > SUBSCRIPTIONS_MAX {
            return Err(Error::new(format!(
                "ERR a connection has at most {SUBSCRIPTIONS_MAX} subscriptions, and this one would have \
                 {count}; use PSUBSCRIBE, or another connection"
            )));
        }
        let bytes = self.bytes.get() + names.map(taken_by).sum::<usize>();
        if bytes > SUBSCRIPTIONS_MAX_BYTES {
            return Err(Error::new(format!(
                "ERR the subscriptions of all connections take at most {SUBSCRIPTIONS_MAX_BYTES} bytes, and \
                 would take {bytes}"
            )));
        }
        Ok(())
    }

    /// Subscribes; nothing changes for who is subscribed already.
    pub(crate) fn subscribe(&self, subscriber: &Rc<Subscriber>, topic: Topic, name: &[u8]) {
        let mut topics = self.of(topic).borrow_mut();
        let known = topics.get_key_value(name).map(|(name, _)| Rc::clone(name));
        let name = known.unwrap_or_else(|| name.into());
        if !subscriber.of(topic).borrow_mut().insert(Rc::clone(&name)) {
            return;
        }
        self.bytes.set(self.bytes.get() + taken_by(&name));
        if may_tell_of_keys(topic, &name) {
            self.of_keys.set(self.of_keys.get() + 1);
        }
        let subscribers = topics.entry(name).or_default();
        let place = subscribers.partition_point(|other| other.id < subscriber.id);
        subscribers.insert(place, Rc::clone(subscriber));
    }

    /// Ends a subscription, if there is one.
    pub(crate) fn unsubscribe(&self, subscriber: &Subscriber, topic: Topic, name: &[u8]) {
        if !subscriber.of(topic).borrow_mut().remove(name) {
            return;
        }
        self.bytes.set(self.bytes.get() - taken_by(name));
        if may_tell_of_keys(topic, name) {
            self.of_keys.set(self.of_keys.get() - 1);
        }
        let mut topics = self.of(topic).borrow_mut();
        let Some(subscribers) = topics.get_mut(name) else {
            return;
        };
        if let Ok(place) = subscribers.binary_search_by_key(&subscriber.id, |other| other.id) {
            subscribers.remove(place);
        }
        if subscribers.is_empty() {
            topics.remove(name);
        }
    }

    /// Ends all subscriptions of a connection.
    pub(crate) fn leave(&self, subscriber: &Subscriber) {
        for topic in [Topic::Channel, Topic::Pattern] {
            for name in subscriber.names(topic) {
                self.unsubscribe(subscriber, topic, &name);
            }
        }
    }

    /// Tells the subscribers of this node. Returns how often somebody was told.
    pub(crate) fn publish(&self, channel: &[u8], text: &[u8]) -> usize {
        let mut told = 0;
        if let Some(subscribers) = self.channels.borrow().get(channel) {
            told += tell(subscribers, &[b"message", channel, text]);
        }
        for (pattern, subscribers) in &*self.patterns.borrow() {
            if pattern::matches(pattern, channel) {
                told += tell(subscribers, &[b"pmessage", pattern, channel, text]);
            }
        }
        told
    }

    /// The channels that have subscribers, of those that match.
    pub(crate) fn channels(&self, matching: Option<&[u8]>) -> Result<Frame<'static>, Error> {
        let mut size = ReplySize::new();
        let mut found = Vec::new();
        for name in self.channels.borrow().keys() {
            if matching.is_some_and(|pattern| !pattern::matches(pattern, name)) {
                continue;
            }
            if !size.add(name.len()) {
                return Err(Error::reply_too_large());
            }
            found.push(Frame::bulk(name.to_vec()));
        }
        Ok(Frame::Array(found))
    }

    /// Each of these channels, and how many subscribers it has.
    pub(crate) fn counts<'n>(
        &self,
        names: impl Iterator<Item = &'n [u8]>,
    ) -> Result<Frame<'static>, Error> {
        let channels = self.channels.borrow();
        let mut size = ReplySize::new();
        let mut counts = Vec::new();
        for name in names {
            if !size.add(name.len()) || !size.add(0) {
                return Err(Error::reply_too_large());
            }
            counts.push(Frame::bulk(name.to_vec()));
            counts.push(Frame::count(channels.get(name).map_or(0, Vec::len)));
        }
        Ok(Frame::Array(counts))
    }

    /// How many patterns have subscribers.
    pub(crate) fn patterns(&self) -> usize {
        self.patterns.borrow().len()
    }

    /// How many channels have subscribers.
    pub(crate) fn channel_count(&self) -> usize {
        self.channels.borrow().len()
    }

    /// Whether somebody is subscribed to where events of keys can be told.
    pub(crate) fn is_about_keys(&self) -> bool {
        self.of_keys.get() > 0
    }

    fn of(&self, topic: Topic) -> &Topics {
        match topic {
            Topic::Channel => &self.channels,
            Topic::Pattern => &self.patterns,
        }
    }
}

fn taken_by(name: &[u8]) -> usize {
    name.len() + SUBSCRIPTION_BYTES
}

/// Gives each a message of these words, encoded once for each protocol. Returns how many they are.
fn tell(subscribers: &[Rc<Subscriber>], words: &[&[u8]]) -> usize {
    let message = Frame::Push(words.iter().map(|word| Frame::bulk(*word)).collect());
    let mut encoded = [const { Vec::new() }; 2];
    for subscriber in subscribers {
        let protocol = subscriber.protocol.get();
        let [resp2, resp3] = &mut encoded;
        let bytes = match protocol {
            Protocol::Resp2 => resp2,
            Protocol::Resp3 => resp3,
        };
        if bytes.is_empty() {
            resp::encode(&message, protocol, bytes);
        }
        subscriber.outbox.tell(bytes);
    }
    subscribers.len()
}

#[cfg(test)]
mod tests;
