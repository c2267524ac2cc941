//! What makes a list of nodes a placement.

use std::collections::HashMap;

use super::NodeName;
use crate::limits::NODES_MAX;
use crate::rule::{DigestRule, Rule};

/// Why a list of nodes is no placement. Places are counted from 1, as people do; nothing has been
/// changed by checking it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlacementError {
    /// No nodes.
    #[error("the list has no nodes; give it at least one, with the rule \"remainder\"")]
    Empty,
    /// More nodes than a list may have.
    #[error("the list has {count} nodes; it may have {NODES_MAX}")]
    TooMany {
        /// How many it has.
        count: usize,
    },
    /// Two nodes of one name.
    #[error("nodes {first} and {second} are both named \"{name}\"; give each its own name")]
    SameName {
        /// The name.
        name: NodeName,
        /// The place of the first of them.
        first: usize,
        /// The place of the second.
        second: usize,
    },
    /// Keys that no rule claims would have no owner.
    #[error(
        "no node has the rule \"remainder\", so some keys would have no owner; give it to the \
         last node, node {last} ({name}), or to one more node after it"
    )]
    NoRemainder {
        /// The place of the last node.
        last: usize,
        /// Its name.
        name: NodeName,
    },
    /// Nodes after a remainder would never own a key.
    #[error(
        "node {place} ({name}) has the rule \"remainder\" but is not the last; move it to the end \
         of the list, after node {last}"
    )]
    EarlyRemainder {
        /// The place of the node with the rule.
        place: usize,
        /// Its name.
        name: NodeName,
        /// The place of the last node.
        last: usize,
    },
    /// A remainder leaves nothing for another.
    #[error(
        "nodes {place} ({name}) and {last} ({last_name}) both have the rule \"remainder\"; leave \
         it to the last, and give node {place} a hash and a test"
    )]
    SecondRemainder {
        /// The place of the node that should have another rule.
        place: usize,
        /// Its name.
        name: NodeName,
        /// The place of the last node.
        last: usize,
        /// Its name.
        last_name: NodeName,
    },
}

/// Every node but the last, with its rule, and the last, whose rule is the remainder.
type Checked = (Vec<(NodeName, DigestRule)>, NodeName);

/// Takes a list apart into what a placement consists of.
pub(super) fn check(mut list: Vec<(NodeName, Rule)>) -> Result<Checked, PlacementError> {
    let count = list.len();
    if count > NODES_MAX {
        return Err(PlacementError::TooMany { count });
    }
    check_names(&list)?;
    let (last_name, last_rule) = list.pop().ok_or(PlacementError::Empty)?;
    let mut claiming = Vec::with_capacity(list.len());
    for (place, (name, rule)) in (1..).zip(list) {
        match (rule, last_rule) {
            (Rule::Digest(rule), _) => claiming.push((name, rule)),
            (Rule::Remainder, Rule::Remainder) => {
                return Err(PlacementError::SecondRemainder {
                    place,
                    name,
                    last: count,
                    last_name,
                });
            }
            (Rule::Remainder, Rule::Digest(_)) => {
                return Err(PlacementError::EarlyRemainder {
                    place,
                    name,
                    last: count,
                });
            }
        }
    }
    match last_rule {
        Rule::Remainder => Ok((claiming, last_name)),
        Rule::Digest(_) => Err(PlacementError::NoRemainder {
            last: count,
            name: last_name,
        }),
    }
}

fn check_names(list: &[(NodeName, Rule)]) -> Result<(), PlacementError> {
    let mut places = HashMap::with_capacity(list.len());
    for (second, (name, _)) in (1..).zip(list) {
        if let Some(first) = places.insert(name, second) {
            return Err(PlacementError::SameName {
                name: name.clone(),
                first,
                second,
            });
        }
    }
    Ok(())
}
