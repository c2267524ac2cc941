//! The way of keys into a cluster.

use crate::client::{ClusterClient, Router};
use crate::ending::Ending;
use crate::placement::Placement;
use crate::session::Session;

/// Who is sent a key.
#[derive(Debug, Clone)]
pub(super) enum Way {
    /// Its owner.
    Owners(Placement),
    /// The one node that the user has named, which sends it on. It may be the only one within reach.
    Entry,
}

impl Router for Way {
    fn place(&self, key: &[u8]) -> usize {
        match self {
            Self::Owners(placement) => placement.place(key),
            Self::Entry => 0,
        }
    }

    fn places(&self, keys: &[&[u8]]) -> Vec<usize> {
        match self {
            Self::Owners(placement) => placement.places(keys),
            Self::Entry => vec![0; keys.len()],
        }
    }

    fn fingerprint(&self) -> Option<&str> {
        match self {
            Self::Owners(placement) => Some(placement.fingerprint()),
            Self::Entry => None,
        }
    }
}

impl Way {
    /// A client that sends each request this way.
    pub(super) fn client(self, session: &Session) -> Result<ClusterClient<Self>, Ending> {
        let nodes = session.cluster().nodes().iter();
        let is_asked = |name: &str| match &self {
            Self::Owners(_) => true,
            Self::Entry => session.via() == Some(name),
        };
        let nodes = nodes.filter(|node| is_asked(&node.name));
        let nodes = nodes.map(|node| (node.name.to_string(), node.address.clone()));
        let nodes: Vec<_> = nodes.collect();
        let client = ClusterClient::with_router(nodes, self);
        client.ok_or_else(|| Ending::usage("there is no node to ask"))
    }
}
