//! The cluster file: the list of nodes, in order; the source of names, rules and first addresses.
//!
//! It is read and checked once, when a program starts. What comes out is a [`Cluster`], which
//! can't be wrong: every name, address and rule is valid, no two nodes share a name or an address,
//! and the list is a [`Placement`]. What is wrong in a file is refused with the file's name, the
//! place in it, and what to write instead.
//!
//! ```json
//! { "nodes": [
//!   { "name": "linux",   "address": "127.0.0.1:7001", "rule": { "hash": "md5",  "last_hex_digit": "even" } },
//!   { "name": "mac",     "address": "127.0.0.1:7002", "rule": { "hash": "sha1", "divisible_by": 3 } },
//!   { "name": "android", "address": "127.0.0.1:7003", "rule": "remainder" } ] }
//! ```

mod address;
mod error;
mod json;
mod parse;

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

pub use address::{Address, AddressError, ResolveError};
pub use error::{ClusterError, Fault, NodeFault, NodePlace};

use crate::limits::CLUSTER_FILE_MAX_BYTES;
use crate::placement::{NodeIndex, NodeName, Placement};
use crate::rule::Rule;

/// The cluster file that is used when none is named, below the working folder.
pub const DEFAULT_FILE: &str = "data/cluster.json";

/// The port of the first node of the built-in list; the others follow it.
const BUILT_IN_FIRST_PORT: NonZeroU16 = NonZeroU16::new(7001).unwrap();

/// A valid list of nodes, and where it came from.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// In the order of the placement.
    nodes: Vec<Node>,
    placement: Placement,
    source: Source,
}

/// One device of the list.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name, which is also that of its files.
    pub name: NodeName,
    /// Where it is reached, and where it listens unless told otherwise.
    pub address: Address,
    /// Which keys it claims.
    pub rule: Rule,
}

/// Where a list of nodes came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file that was named, by an option or by its caller.
    Given(PathBuf),
    /// [`DEFAULT_FILE`], which was there.
    Found(PathBuf),
    /// The program itself: no file was named, and none was found.
    BuiltIn,
}

impl Cluster {
    /// The list that the program knows without a file: `linux`, `mac` and `android`, on this
    /// device, at ports 7001 to 7003.
    pub fn built_in() -> Self {
        let placement = Placement::built_in();
        let ports = (0..).map(|place| BUILT_IN_FIRST_PORT.saturating_add(place));
        let node = |(index, port)| Node {
            name: placement.name(index).clone(),
            address: Address::loopback(port),
            rule: placement.rule(index),
        };
        let nodes = placement.indices().zip(ports).map(node).collect();
        Self {
            nodes,
            placement,
            source: Source::BuiltIn,
        }
    }

    /// The list of the named file; without one, that of [`DEFAULT_FILE`] if it is there, else the
    /// built-in one. A default file that is there but can't be used is an error: falling back to
    /// another list would look for every key on the wrong device.
    pub fn find(named: Option<&Path>) -> Result<Self, ClusterError> {
        Self::find_or(named, Path::new(DEFAULT_FILE))
    }

    fn find_or(named: Option<&Path>, default: &Path) -> Result<Self, ClusterError> {
        if let Some(path) = named {
            return Self::load(path);
        }
        // The link itself is looked at: one that leads nowhere is there, and not as it should be.
        match fs::symlink_metadata(default) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::built_in()),
            _ => Self::read(default, Source::Found(default.to_owned())),
        }
    }

    /// The list of this file.
    pub fn load(path: &Path) -> Result<Self, ClusterError> {
        Self::read(path, Source::Given(path.to_owned()))
    }

    fn read(path: &Path, source: Source) -> Result<Self, ClusterError> {
        let bytes = read_bounded(path);
        let cluster = bytes.and_then(|bytes| Self::parse(&bytes, source));
        cluster.map_err(|fault| ClusterError {
            file: path.to_owned(),
            fault,
        })
    }

    fn parse(bytes: &[u8], source: Source) -> Result<Self, Fault> {
        let nodes = parse::nodes(bytes)?;
        let list = nodes
            .iter()
            .map(|node| (node.name.clone(), node.rule))
            .collect();
        let placement = Placement::new(list).map_err(Fault::List)?;
        check_addresses(&nodes)?;
        Ok(Self {
            nodes,
            placement,
            source,
        })
    }

    /// The same list, with the node `name` reached where it `listens`: a program that has the node inside it may
    /// listen elsewhere than the list says.
    #[must_use]
    pub fn reached_at(&self, name: &str, listens: SocketAddr) -> Self {
        let mut cluster = self.clone();
        let mut nodes = cluster.nodes.iter_mut();
        if let (Some(node), Some(port)) = (
            nodes.find(|node| *node.name == *name),
            NonZeroU16::new(listens.port()),
        ) {
            node.address = if listens.ip().is_unspecified() {
                Address::loopback(port)
            } else {
                Address::of(listens)
            };
        }
        cluster
    }

    /// The nodes, in order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node at a place of this cluster's placement.
    pub fn node(&self, index: NodeIndex) -> Option<&Node> {
        self.nodes.get(index.as_usize())
    }

    /// Which node owns which key.
    pub fn placement(&self) -> &Placement {
        &self.placement
    }

    /// Where the list came from.
    pub fn source(&self) -> &Source {
        &self.source
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(path) | Self::Found(path) => path.display().fmt(f),
            Self::BuiltIn => f.write_str("the built-in list"),
        }
    }
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    // One byte more than a file may have, to tell a file that is too large from one that fits.
    let bound = CLUSTER_FILE_MAX_BYTES + 1;
    let read = File::open(path).and_then(|file| file.take(bound).read_to_end(&mut bytes));
    match read {
        Ok(length) if length as u64 == bound => Err(Fault::TooLarge),
        Ok(_) => Ok(bytes),
        Err(cause) => Err(match cause.kind() {
            io::ErrorKind::NotFound => Fault::Missing,
            io::ErrorKind::IsADirectory => Fault::Folder,
            _ => Fault::Unreadable { cause },
        }),
    }
}

/// At most [`NODES_MAX`](crate::limits::NODES_MAX) nodes come here, so comparing all pairs is fine.
fn check_addresses(nodes: &[Node]) -> Result<(), Fault> {
    let place = |(number, node): (usize, &Node)| NodePlace {
        number,
        name: Some(node.name.to_string()),
    };
    for (number, node) in (1..).zip(nodes) {
        let mut earlier = (1..number).zip(nodes);
        if let Some(first) = earlier.find(|(_, other)| other.address.is_same_as(&node.address)) {
            return Err(Fault::SameAddress {
                first: place(first),
                second: place((number, node)),
                address: node.address.to_string(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
