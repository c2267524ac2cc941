//! The links that other nodes have to this one: at most one of each peer.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::outbox::Outbox;
use crate::command::{Error, EventFlags, Hello};
use crate::store::Seq;

#[derive(Debug)]
struct Entry {
    node_id: String,
    incarnation: u64,
    outbox: Rc<Outbox>,
    /// The events of which it wants to be told.
    interest: Cell<EventFlags>,
    /// Whether the last of them were not sent, because it does not read.
    is_behind: Cell<bool>,
}

/// See the module's text. Only open links are in it, so it is no larger than the number of
/// connections, whatever names they give.
#[derive(Debug, Default)]
pub(crate) struct Inbound {
    by_name: RefCell<HashMap<String, Entry>>,
}

impl Inbound {
    /// Makes `outbox` the link of the peer that says `hello`, and ends its older one. From here on
    /// nothing of the older one is carried out.
    pub(crate) fn enter(&self, hello: &Hello, outbox: &Rc<Outbox>) -> Result<(), Error> {
        let mut by_name = self.by_name.borrow_mut();
        if let Some(entry) = by_name.get(&hello.name) {
            if entry.node_id == hello.node_id && entry.incarnation > hello.incarnation {
                return Err(Error::new(format!(
                    "ERR {} has been started again since: this is start {}, and start {} was here",
                    hello.name, hello.incarnation, entry.incarnation
                )));
            }
            if entry.node_id != hello.node_id {
                tracing::warn!(
                    peer = hello.name,
                    "another device of this name, or one with new files, has connected"
                );
            }
            entry.outbox.close();
        }
        let entry = Entry {
            node_id: hello.node_id.clone(),
            incarnation: hello.incarnation,
            outbox: Rc::clone(outbox),
            interest: Cell::default(),
            is_behind: Cell::default(),
        };
        by_name.insert(hello.name.clone(), entry);
        Ok(())
    }

    /// The link `outbox` has ended.
    pub(crate) fn leave(&self, name: &str, outbox: &Rc<Outbox>) {
        let mut by_name = self.by_name.borrow_mut();
        if by_name
            .get(name)
            .is_some_and(|entry| Rc::ptr_eq(&entry.outbox, outbox))
        {
            by_name.remove(name);
        }
    }

    /// The peer whose link `outbox` is wants to be told of these events from now on.
    pub(crate) fn set_interest(&self, name: &str, outbox: &Rc<Outbox>, flags: EventFlags) {
        if let Some(entry) = self.by_name.borrow().get(name)
            && Rc::ptr_eq(&entry.outbox, outbox)
        {
            entry.interest.set(flags);
        }
    }

    /// All of which some peer wants to be told.
    pub(crate) fn interest(&self) -> EventFlags {
        let by_name = self.by_name.borrow();
        let all = by_name.values().map(|entry| entry.interest.get());
        all.fold(EventFlags::NONE, |all, one| all | one)
    }

    /// Gives each peer that wants to be told of something what `write` makes of that, given what is durable.
    pub(crate) fn tell_interested(&self, durable: Seq, write: impl Fn(EventFlags, &mut Vec<u8>)) {
        for (name, entry) in &*self.by_name.borrow() {
            let interest = entry.interest.get();
            let mut events = Vec::new();
            if interest != EventFlags::NONE {
                write(interest, &mut events);
            }
            if events.is_empty() {
                continue;
            }
            let is_told = entry.outbox.tell_peer(&events, durable);
            // Once, until it reads again.
            if !entry.is_behind.replace(!is_told) && !is_told {
                tracing::warn!(peer = name, "a peer does not read the events of keys");
            }
        }
    }

    /// The links that are open.
    pub(crate) fn len(&self) -> usize {
        self.by_name.borrow().len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::outbox::AllReplies;
    use super::*;
    use crate::limits::EVENTS_UNREAD_MAX_BYTES;

    fn hello(node_id: &str, incarnation: u64) -> Hello {
        Hello {
            name: "mac".to_owned(),
            node_id: node_id.to_owned(),
            incarnation,
            fingerprint: String::new(),
        }
    }

    fn outbox() -> Rc<Outbox> {
        Rc::new(Outbox::new(Rc::new(AllReplies::new())))
    }

    #[test]
    fn a_new_link_ends_the_older_one() {
        let inbound = Inbound::default();
        let (older, newer) = (outbox(), outbox());
        inbound.enter(&hello("a", 1), &older).unwrap();
        inbound.enter(&hello("a", 1), &newer).unwrap();
        assert!(older.is_closed());
        assert!(!newer.is_closed());
        inbound.leave("mac", &older);
        assert_eq!(inbound.len(), 1);
        inbound.leave("mac", &newer);
        assert_eq!(inbound.len(), 0);
    }

    #[test]
    fn a_link_of_an_earlier_start_is_refused() {
        let inbound = Inbound::default();
        let current = outbox();
        inbound.enter(&hello("a", 2), &current).unwrap();
        assert!(inbound.enter(&hello("a", 1), &outbox()).is_err());
        assert!(!current.is_closed());
        inbound.enter(&hello("b", 1), &outbox()).unwrap();
        assert!(current.is_closed());
    }

    #[test]
    fn a_peer_is_sent_the_events_that_it_asked_for_until_it_leaves_too_many_unread() {
        let inbound = Inbound::default();
        let asleep = outbox();
        inbound.enter(&hello("a", 1), &asleep).unwrap();
        let sent = Cell::new(0);
        let tell = |bytes: usize| {
            inbound.tell_interested(0, |flags, out| {
                assert_eq!(flags, EventFlags::STRING);
                sent.set(sent.get() + 1);
                out.resize(bytes, b'x');
            });
        };
        tell(1);
        assert_eq!(sent.get(), 0);
        inbound.set_interest("mac", &outbox(), EventFlags::GENERIC);
        inbound.set_interest("mac", &asleep, EventFlags::STRING);
        assert_eq!(inbound.interest(), EventFlags::STRING);
        tell(EVENTS_UNREAD_MAX_BYTES);
        assert_eq!(sent.get(), 1);
        assert!(!asleep.tell_peer(b"x", 0));
        assert!(!asleep.is_closed());
        inbound.leave("mac", &asleep);
        assert_eq!(inbound.interest(), EventFlags::NONE);
    }

    #[test]
    fn a_node_whose_files_were_restored_is_taken_once_its_later_start_is_gone() {
        let inbound = Inbound::default();
        let later = outbox();
        inbound.enter(&hello("a", 2), &later).unwrap();
        inbound.leave("mac", &later);
        inbound.enter(&hello("a", 1), &outbox()).unwrap();
    }
}
