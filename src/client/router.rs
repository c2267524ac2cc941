//! Which node a request is for.

use crate::command::{Keys, Recent, Route};
use crate::placement::{NodeIndex, Placement};
use crate::resp::Args;

/// Which node a key belongs to: a [`Placement`], or any function from a key to a place.
///
/// ```
/// use triad::client::Router;
/// use triad::placement::Placement;
///
/// assert_eq!(Placement::built_in().place(b"colour"), 1); // mac
/// let by_first_byte = |key: &[u8]| usize::from(key.first().is_some_and(|byte| *byte >= b'n'));
/// assert_eq!(by_first_byte.place(b"size"), 1);
/// ```
pub trait Router {
    /// The place of the key's owner in the client's list of nodes, counted from 0. A place that the list
    /// does not have stands for any node. While requests for a key are without their replies it must stay the
    /// same: what is done to one key is otherwise not done in the order of the requests.
    fn place(&self, key: &[u8]) -> usize;

    /// The places of the owners of many keys, in the order of the keys. To be given where that is cheaper
    /// than one after the other.
    fn places(&self, keys: &[&[u8]]) -> Vec<usize> {
        keys.iter().map(|key| self.place(key)).collect()
    }

    /// The fingerprint that a node has to tell before it is sent anything; none if nodes are not asked.
    fn fingerprint(&self) -> Option<&str> {
        None
    }
}

impl Router for Placement {
    fn place(&self, key: &[u8]) -> usize {
        self.owner(key).as_usize()
    }

    fn places(&self, keys: &[&[u8]]) -> Vec<usize> {
        let mut owners = Vec::with_capacity(keys.len());
        self.owners(keys.iter().copied(), &mut owners);
        owners.into_iter().map(NodeIndex::as_usize).collect()
    }

    fn fingerprint(&self) -> Option<&str> {
        Some(self.fingerprint())
    }
}

impl<F: Fn(&[u8]) -> usize> Router for F {
    fn place(&self, key: &[u8]) -> usize {
        self(key)
    }
}

/// Who is to be sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    /// The owner of all its keys.
    Owner(usize),
    /// Any node: it is about the one that is asked.
    Any,
    /// Any node, which may ask others for it.
    Through,
    /// Nobody: it is about the connection on which it is sent, and there are several.
    Nobody,
}

/// What changes how one connection is answered from then on. So it is with transactions too.
const OF_ONE_CONNECTION: &[&str] = &[
    "client|reply",
    "hello",
    "psubscribe",
    "punsubscribe",
    "quit",
    "reset",
    "subscribe",
    "unsubscribe",
];

/// What a node does only if it owns the key.
const OF_THE_OWNER: &[&str] = &["triad|adopt", "triad|offer", "triad|part", "triad|replace"];

/// Finds out who is to be sent a request.
#[derive(Debug)]
pub(super) struct Directory<R> {
    router: R,
    recent: Recent,
}

impl<R: Router> Directory<R> {
    pub(super) fn new(router: R) -> Self {
        let recent = Recent::default();
        Self { router, recent }
    }

    pub(super) fn router(&self) -> &R {
        &self.router
    }

    pub(super) fn fingerprint(&self) -> Option<&str> {
        self.router.fingerprint()
    }

    /// The places of the owners of keys; see [`Router::places`].
    pub(super) fn places(&self, keys: &[&[u8]]) -> Vec<usize> {
        self.router.places(keys)
    }

    /// The key of a request that is like the last one, if it has only one.
    pub(super) fn only_key<'a>(&self, words: &'a [&'a [u8]]) -> Option<&'a [u8]> {
        let found = self.recent.again(Args::from_slices(words))?;
        if !matches!(
            found.command.route,
            Route::Key | Route::Together | Route::Split(_)
        ) {
            return None;
        }
        let mut keys = found.command.keys.of(found.args);
        let key = keys.next();
        key.filter(|_| keys.next().is_none())
    }

    pub(super) fn destination(&mut self, words: &[&[u8]]) -> Destination {
        // The nodes may know a command that this program does not.
        let Ok(found) = self.recent.find(Args::from_slices(words)) else {
            return Destination::Through;
        };
        match found.command.route {
            Route::Transaction(_) => Destination::Nobody,
            Route::Here if OF_ONE_CONNECTION.contains(&found.command.name) => Destination::Nobody,
            Route::Here if OF_THE_OWNER.contains(&found.command.name) => {
                self.owner(found.command.keys, found.args)
            }
            Route::Here => Destination::Any,
            Route::Key | Route::Together | Route::Split(_) => {
                self.owner(found.command.keys, found.args)
            }
            Route::Everywhere(_) | Route::Cursor | Route::Survey | Route::Reached(_) => {
                Destination::Through
            }
        }
    }

    fn owner(&self, keys: Keys, args: Args<'_>) -> Destination {
        let mut places = keys.of(args).map(|key| self.router.place(key));
        match places.next() {
            Some(first) if places.all(|place| place == first) => Destination::Owner(first),
            _ => Destination::Through,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of<'a>(words: &[&'a str]) -> Vec<&'a [u8]> {
        words.iter().map(|word| word.as_bytes()).collect()
    }

    fn by_first_byte(key: &[u8]) -> usize {
        key.first().map_or(0, |byte| usize::from(byte - b'a'))
    }

    #[test]
    fn a_request_is_for_the_owner_of_all_its_keys() {
        let table: &[(&[&str], Destination)] = &[
            (&["GET", "bk"], Destination::Owner(1)),
            (&["set", "ck", "a"], Destination::Owner(2)),
            (&["get", "ck"], Destination::Owner(2)),
            (&["DEL", "b1", "b2", "b3"], Destination::Owner(1)),
            (&["MSET", "b1", "a", "b2", "c"], Destination::Owner(1)),
            (&["MSET", "b1", "b", "a2", "b"], Destination::Through),
            (&["MGET", "b1", "b2", "c1"], Destination::Through),
            (&["DBSIZE"], Destination::Through),
            (&["SCAN", "0"], Destination::Through),
            (&["TRIAD", "NODES"], Destination::Through),
            (&["FLUSHALL"], Destination::Through),
            (&["PING"], Destination::Any),
            (&["TRIAD", "OWNER", "ck"], Destination::Any),
            (&["TRIAD", "OFFER", "ck", "a"], Destination::Owner(2)),
            (
                &["TRIAD", "PART", "ck", "0", "set", "a"],
                Destination::Owner(2),
            ),
            (&["triad", "adopt", "bk", "0", "set"], Destination::Owner(1)),
            (
                &["TRIAD", "REPLACE", "bk", "0", "set"],
                Destination::Owner(1),
            ),
            (&["INFO"], Destination::Any),
            (&["PUBLISH", "channel", "text"], Destination::Through),
            (&["MULTI"], Destination::Nobody),
            (&["WATCH", "b1"], Destination::Nobody),
            (&["SUBSCRIBE", "channel"], Destination::Nobody),
            (&["HELLO", "3"], Destination::Nobody),
            // A node knows more of these.
            (&["GET"], Destination::Through),
            (&["GET", "b1", "b2"], Destination::Through),
            (&["MSET", "b1", "a", "b2"], Destination::Through),
            (&["XADD", "b1"], Destination::Through),
            (&[], Destination::Through),
        ];
        let mut directory = Directory::new(by_first_byte);
        // Each comes after each other one, and must not be taken for it.
        for (before, _) in table {
            for (words, destination) in table {
                directory.destination(&bytes_of(before));
                let found = directory.destination(&bytes_of(words));
                assert_eq!(found, *destination, "{words:?} after {before:?}");
            }
        }
    }
}
