//! Telling what has happened to keys: to the subscribers of this node, and to the peers that have some.
//!
//! An event is told when its write is durable, and not before: nobody learns of what a crash can take back.
//! To a peer it goes as a push on that peer's link to this node, where it stands between replies; the peer
//! tells its own subscribers, by its own setting. So an event crosses one link at most.

use crate::command::{Event, EventFlags, Topic};
use crate::node::Node;
use crate::resp::{self, Frame, Protocol};

/// What the channels begin with that are named after keys, and after events.
const OF_KEY: &[u8] = b"__keyspace@0__:";
const OF_EVENT: &[u8] = b"__keyevent@0__:";

/// The first word of the push that tells a peer of an event; its kind, name and key follow.
const PUSH: &[u8] = b"event";

/// Whether events of keys can be told to who is subscribed to this. For a pattern the answer may be yes in
/// vain, where only what follows its first wildcard rules that out.
pub(super) fn may_tell_of_keys(topic: Topic, name: &[u8]) -> bool {
    let is_wild = |byte: &u8| b"*?[\\".contains(byte);
    let plain = match topic {
        Topic::Channel => name.len(),
        Topic::Pattern => name.iter().position(is_wild).unwrap_or(name.len()),
    };
    let begins = name.get(..plain).unwrap_or_default();
    let is_pattern = plain < name.len();
    [OF_KEY, OF_EVENT]
        .iter()
        .any(|with| begins.starts_with(with) || is_pattern && with.starts_with(begins))
}

impl Node {
    /// Sees to what a batch of requests has noted, or has set. To be called after each.
    pub(in crate::node) fn see_to_events(&self) {
        let events = &self.host.events;
        if !events.take_stirred() {
            return;
        }
        self.settle_interest();
        events.date(self.store.borrow().last());
        self.tell_events();
    }

    /// Tells of the events whose writes are durable.
    pub(in crate::node) fn tell_events(&self) {
        let events = &self.host.events;
        if events.is_empty() {
            return;
        }
        let store = self.store.borrow();
        let due = events.take_due(store.durable());
        if store.failure().is_some() {
            events.forget();
        }
        drop(store);
        if due.is_empty() {
            return;
        }
        let dropped = events.take_dropped();
        if dropped > 0 {
            tracing::warn!(dropped, "too many events of keys waited for the disk");
        }
        for event in &due {
            self.tell_of(event.class, event.name.as_bytes(), &event.key);
        }
        let durable = self.store.borrow().durable();
        self.inbound.tell_interested(durable, |flags, out| {
            for event in due.iter().filter(|event| flags.has(event.class)) {
                push(event, out);
            }
        });
    }

    /// A peer has sent what is no reply: an event of one of its keys, or a sign of life.
    pub(in crate::node) fn hear_from_peer(&self, words: &[Frame<'_>]) {
        let [first, class, name, key] = words else {
            return;
        };
        let (Some(PUSH), Some(class)) = (
            first.as_bytes(),
            class.as_bytes().and_then(EventFlags::parse),
        ) else {
            return;
        };
        if let (Some(name), Some(key)) = (name.as_bytes(), key.as_bytes()) {
            self.tell_of(class, name, key);
        }
    }

    /// Tells the subscribers of this node of an event, as its setting has it.
    fn tell_of(&self, class: EventFlags, name: &[u8], key: &[u8]) {
        let flags = self.interest.wanted_here();
        if !flags.has(class) {
            return;
        }
        if flags.has(EventFlags::KEYSPACE) {
            self.registry.publish(&[OF_KEY, key].concat(), name);
        }
        if flags.has(EventFlags::KEYEVENT) {
            self.registry.publish(&[OF_EVENT, name].concat(), key);
        }
    }
}

fn push(event: &Event, out: &mut Vec<u8>) {
    let class = event.class.letters();
    let words = [PUSH, class.as_bytes(), event.name.as_bytes(), &event.key];
    let words = words.into_iter().map(Frame::bulk).collect();
    resp::encode(&Frame::Push(words), Protocol::Resp3, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_known_which_subscriptions_may_be_about_keys() {
        for (topic, name, may) in [
            (Topic::Channel, "__keyspace@0__:k", true),
            (Topic::Channel, "__keyevent@0__:set", true),
            (Topic::Channel, "__keyspace@1__:k", false),
            (Topic::Channel, "__key*", false),
            (Topic::Channel, "news", false),
            (Topic::Pattern, "*", true),
            (Topic::Pattern, "__key*__:*", true),
            (Topic::Pattern, "__keyspace@0__:user:*", true),
            (Topic::Pattern, "__keyevent@0__:set", true),
            (Topic::Pattern, "__keyspace@0__", false),
            (Topic::Pattern, "\\__key*", true),
            (Topic::Pattern, "[_]*", true),
            (Topic::Pattern, "?", true),
            (Topic::Pattern, "news:*", false),
            (Topic::Pattern, "__keyspace@1__:*", false),
            (Topic::Pattern, "", false),
        ] {
            assert_eq!(
                may_tell_of_keys(topic, name.as_bytes()),
                may,
                "{topic:?} {name}"
            );
        }
    }
}
