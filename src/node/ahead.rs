//! What is known of the requests of a pipeline before they are carried out.
//!
//! Two things are much cheaper for many keys together than for one after the other: to work out their
//! digests, and to find them in a large table. So the keys that have arrived are looked at ahead, and
//! what was found is used when their requests' turn comes.

use super::Node;
use crate::limits::TABLE_FETCH_ENTRIES;
use crate::placement::NodeIndex;
use crate::resp::{Place, Request, RequestDecoder};

/// The owners of keys that come next.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    /// Where the keys lie in the decoder's buffer, in order, with their owners.
    places: Vec<Place>,
    owners: Vec<NodeIndex>,
    /// How many of them have had their turn.
    used: usize,
    /// The requests for which it is not worth while to look again: there was nothing to be found.
    pauses_for: usize,
}

impl Ahead {
    /// Forgets everything: the decoder's buffer has changed.
    pub(crate) fn clear(&mut self) {
        self.places.clear();
        self.owners.clear();
        (self.used, self.pauses_for) = (0, 0);
    }

    /// Looks ahead, if what is known is used up. To be called before each request.
    pub(crate) fn look(&mut self, decoder: &RequestDecoder, node: &Node) {
        if self.used < self.places.len() {
            return;
        }
        if self.pauses_for > 0 {
            self.pauses_for -= 1;
            return;
        }
        self.clear();
        let mut keys = [&[][..]; TABLE_FETCH_ENTRIES];
        for (room, (place, key)) in keys.iter_mut().zip(decoder.second_words_ahead()) {
            *room = key;
            self.places.push(place);
        }
        let keys = keys.get(..self.places.len()).unwrap_or_default();
        if keys.is_empty() {
            self.pauses_for = TABLE_FETCH_ENTRIES;
            return;
        }
        let placement = &node.host.placement;
        placement.owners(keys.iter().copied(), &mut self.owners);
        // One key alone has nothing to overlap with.
        if keys.len() > 1 {
            let mine = self.owners.iter().map(|owner| *owner == node.host.me);
            let own = keys.iter().zip(mine).filter(|(_, is_mine)| *is_mine);
            node.store.borrow().fetch(own.map(|(key, _)| *key));
        }
    }

    /// The second word of a request, which may be its key, and the owner of such a key; if that was found
    /// ahead.
    pub(crate) fn owner<'r>(&mut self, request: &Request<'r>) -> Option<(&'r [u8], NodeIndex)> {
        let place = request.place(1)?;
        let left = self.places.get(self.used..).unwrap_or_default();
        self.used += left.iter().take_while(|seen| **seen < place).count();
        if self.places.get(self.used) != Some(&place) {
            return None;
        }
        let owner = *self.owners.get(self.used)?;
        self.used += 1;
        Some((request.args().get(1)?, owner))
    }
}
