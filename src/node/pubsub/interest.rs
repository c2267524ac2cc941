//! Having the peers know whether this node wants to be told of events of their keys.
//!
//! It does while its setting is not empty and somebody here is subscribed to where events can be told. A
//! change goes to each peer as the question `TRIAD NOTIFY`, one at a time on each link, so that who subscribes
//! and leaves in turns fills no queue; and to a link that is made again. A subscriber is answered when the
//! peers that can be reached know of it: whatever is written after that, it is told of.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::command::EventFlags;
use crate::node::Node;
use crate::node::link::{Link, Waiter};
use crate::node::outbox::Outbox;
use crate::node::replies::Ticket;
use crate::resp;

/// What this node wants to be told of, and who waits until its peers know.
#[derive(Debug, Default)]
pub(crate) struct Interest {
    /// For the subscribers of this node.
    here: Cell<EventFlags>,
    /// How often that has changed.
    version: Cell<u64>,
    waiting: RefCell<Vec<Confirmation>>,
}

/// The reply to a subscriber.
#[derive(Debug)]
struct Confirmation {
    version: u64,
    outbox: Rc<Outbox>,
    ticket: Ticket,
    reply: Vec<u8>,
}

/// What a peer knows of this node's interest.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The version that it has confirmed.
    known: Cell<u64>,
    /// The one that is on its way.
    asked: Cell<Option<u64>>,
    /// It has answered since somebody looked.
    answered: Cell<bool>,
}

impl Told {
    /// The peer has answered, or never will. An older release, which does not know the question, has no events
    /// to tell.
    pub(crate) fn answer(&self) {
        if let Some(version) = self.asked.take() {
            self.known.set(version);
        }
        self.answered.set(true);
    }
}

impl Interest {
    /// What the subscribers of this node want to be told of.
    pub(super) fn wanted_here(&self) -> EventFlags {
        self.here.get()
    }
}

impl Node {
    /// Finds out anew what this node wants to be told of, and has its peers know if that has changed.
    pub(in crate::node) fn settle_interest(&self) {
        let counters = &self.host.counters;
        counters.channels.set(self.registry.channel_count());
        counters.patterns.set(self.registry.patterns());
        let flags = self.host.events.flags();
        let is_wanted = flags.tells() && self.registry.is_about_keys();
        let flags = if is_wanted { flags } else { EventFlags::NONE };
        let interest = &self.interest;
        if interest.here.replace(flags) == flags {
            return;
        }
        interest.version.set(interest.version.get() + 1);
        self.want_events();
        for link in self.links.iter().flatten() {
            self.tell_interest(link);
        }
    }

    /// Has those events noted that somebody wants to be told of, here or on a peer.
    pub(in crate::node) fn want_events(&self) {
        let wanted = self.interest.here.get() | self.inbound.interest();
        self.host.events.set_wanted(wanted);
    }

    /// Whether every peer that can be reached knows what this node wants to be told of.
    pub(super) fn is_interest_known(&self) -> bool {
        self.knows_all(self.interest.version.get())
    }

    /// Gives the reply when they do.
    pub(super) fn confirm_later(&self, outbox: Rc<Outbox>, ticket: Ticket, reply: Vec<u8>) {
        self.interest.waiting.borrow_mut().push(Confirmation {
            version: self.interest.version.get(),
            outbox,
            ticket,
            reply,
        });
    }

    /// A link is made: its peer knows of no interest yet.
    pub(in crate::node) fn link_is_up(&self, link: &Link) {
        let is_none = self.interest.here.get() == EventFlags::NONE;
        let version = self.interest.version.get();
        link.told.known.set(if is_none { version } else { 0 });
        self.tell_interest(link);
    }

    /// Something has come on a link, or nothing will any more.
    pub(in crate::node) fn link_has_moved(&self, link: &Link) {
        if !link.told.answered.replace(false) {
            return;
        }
        self.tell_interest(link);
        let waiting = self.interest.waiting.take();
        let (done, waiting) = waiting
            .into_iter()
            .partition(|one: &Confirmation| self.knows_all(one.version));
        *self.interest.waiting.borrow_mut() = waiting;
        for Confirmation {
            outbox,
            ticket,
            reply,
            ..
        } in done
        {
            outbox.fill_with(ticket, 0, |_, out| out.extend_from_slice(&reply));
        }
    }

    fn knows_all(&self, version: u64) -> bool {
        let mut links = self.links.iter().flatten();
        links.all(|link| !link.shares_data() || link.told.known.get() >= version)
    }

    /// Tells a peer, unless it knows already or an earlier question is on its way: then its answer leads here.
    fn tell_interest(&self, link: &Link) {
        let (told, version) = (&link.told, self.interest.version.get());
        let is_due = told.known.get() < version && told.asked.get().is_none();
        if !is_due || !link.shares_data() {
            return;
        }
        told.asked.set(Some(version));
        let letters = self.interest.here.get().letters();
        let words: [&[u8]; 3] = [b"TRIAD", b"NOTIFY", letters.as_bytes()];
        link.send(Waiter::Told(Rc::clone(told)), |out| {
            resp::encode_request(words.into_iter(), out);
        });
    }
}
