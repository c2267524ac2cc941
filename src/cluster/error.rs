//! What can be wrong with a cluster file.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::AddressError;
use crate::limits::CLUSTER_FILE_MAX_BYTES;
use crate::placement::{NameError, PlacementError};
use crate::rule::RuleError;

/// What a cluster file looks like, for those who have none yet.
const EXAMPLE: &str = "{ \"nodes\": [ \
     { \"name\": \"linux\", \"address\": \"127.0.0.1:7001\", \
     \"rule\": { \"hash\": \"md5\", \"last_hex_digit\": \"even\" } }, \
     { \"name\": \"mac\", \"address\": \"127.0.0.1:7002\", \"rule\": \"remainder\" } ] }";

/// Why a cluster file was refused. The text names the file, the place in it, what is wrong there
/// and what to write instead. The file is only read, so it is as it was.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", file.display())]
#[non_exhaustive]
pub struct ClusterError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it, and where.
    pub fault: Fault,
}

/// What is wrong with a cluster file, and where in it. Nodes are counted from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// There is no such file.
    #[error(
        "there is no such file, or it is a link that leads nowhere; check the path, or name no \
         file to use the built-in list"
    )]
    Missing,
    /// The path leads to a folder.
    #[error("this is a folder; give the path of a cluster file")]
    Folder,
    /// The system refuses to read it.
    #[error("the file can't be read ({cause}); check who may read it, or give another")]
    Unreadable {
        /// What the system said.
        cause: io::Error,
    },
    /// The file is larger than [`CLUSTER_FILE_MAX_BYTES`].
    #[error(
        "the file is larger than {CLUSTER_FILE_MAX_BYTES} bytes; give a cluster file, which is \
         a list of nodes"
    )]
    TooLarge,
    /// Nothing in it but white space.
    #[error("the file is empty; write a list of nodes such as {EXAMPLE}")]
    Empty,
    /// The text is not JSON.
    #[error(
        "line {line}, column {column}: not JSON: {problem} (in JSON, names and texts stand in \
         double quotation marks, a comma stands between entries but not after the last, and \
         there are no comments)"
    )]
    NotJson {
        /// The line, counted from 1.
        line: usize,
        /// The column in bytes, counted from 1.
        column: usize,
        /// What the parser said.
        problem: String,
    },
    /// A field stands twice in one object.
    #[error("line {line}, column {column}: {problem}; keep one of them")]
    RepeatedField {
        /// The line of the second one, counted from 1.
        line: usize,
        /// Its column in bytes, counted from 1.
        column: usize,
        /// Which field.
        problem: String,
    },
    /// JSON, but not an object with a list in its field `nodes`.
    #[error("{found}; write a list of nodes such as {EXAMPLE}")]
    NoList {
        /// What there is instead.
        found: String,
    },
    /// A field beside `nodes`.
    #[error("unknown field {found}; the one field of a cluster file is \"nodes\"")]
    UnknownField {
        /// The field's name, quoted.
        found: String,
    },
    /// Something about one node.
    #[error("{place}: {fault}")]
    Node {
        /// Which node.
        place: NodePlace,
        /// What is wrong with it.
        fault: NodeFault,
    },
    /// Each node is right, but not the list of them.
    #[error("{0}")]
    List(PlacementError),
    /// Two nodes where there can be only one.
    #[error("{first} and {second} have the same address, {address}; give each its own")]
    SameAddress {
        /// The first of them.
        first: NodePlace,
        /// The second.
        second: NodePlace,
        /// The address as the second writes it.
        address: String,
    },
}

/// Where in the file a node stands. Printed, it is `node 2 (mac)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePlace {
    /// The node's place in the list, counted from 1.
    pub number: usize,
    /// The node's name, if the file gives it a valid one.
    pub name: Option<String>,
}

/// What is wrong with one node of a cluster file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NodeFault {
    /// The entry is not an object.
    #[error("{found} is not a node; write an object with \"name\", \"address\" and \"rule\"")]
    NotAnObject {
        /// The value, quoted.
        found: String,
    },
    /// A field that nodes do not have.
    #[error("unknown field {found}; write {instead}")]
    UnknownField {
        /// The field's name, quoted.
        found: String,
        /// The field that was meant, or all there are.
        instead: String,
    },
    /// A field that every node has.
    #[error("field \"{field}\" is missing; write, for example, \"{field}\": {example}")]
    MissingField {
        /// The field's name.
        field: &'static str,
        /// A value for it.
        example: &'static str,
    },
    /// A name or an address that is not a JSON string.
    #[error("field \"{field}\" is {found}; write a text in quotation marks, such as {example}")]
    NotText {
        /// The field's name.
        field: &'static str,
        /// The value, quoted.
        found: String,
        /// A value for it.
        example: &'static str,
    },
    /// A text that is no name.
    #[error("field \"name\": {0}")]
    Name(NameError),
    /// A text that is no address.
    #[error("field \"address\": {0}")]
    Address(AddressError),
    /// A value that is no rule.
    #[error("field \"rule\": {0}")]
    Rule(RuleError),
}

impl fmt::Display for NodePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {}", self.number)?;
        match &self.name {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}
