//! The placement: which nodes hold a key.
//!
//! A placement is the list of nodes in order, each with its rule. Rules overlap, so the order
//! decides: **the owner of a key is the first node whose rule claims it**, and the last node takes
//! the remainder. Every node that has the same list names the same owner without asking another,
//! and every key has exactly one: a list without a remainder at its end, or with a second one,
//! can't be made.
//!
//! Two nodes see that they have the same list by its [`fingerprint`](Placement::fingerprint).

mod count;
mod fingerprint;
mod fraction;
mod list;
mod name;
mod owners;
mod shadow;
mod share;

use std::num::NonZeroU32;

pub use list::PlacementError;
pub use name::{NameError, NodeName};
pub use share::Share;

use self::owners::Claims;
use crate::limits::NODES_MAX;
use crate::rule::{DigestRule, Digests, HashFunction, Parity, Rule, Test};

/// The place of a node in the list that the index was taken from, counted from 0. It means nothing
/// in another list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIndex(u8);

const _: () = assert!(NODES_MAX <= u8::MAX as usize, "a node index has eight bits");

impl NodeIndex {
    /// The index as a position in a slice that follows the list.
    pub fn as_usize(self) -> usize {
        usize::from(self.0)
    }
}

impl From<NodeIndex> for u8 {
    fn from(index: NodeIndex) -> Self {
        index.0
    }
}

/// The ordered list of nodes and rules: the function from a key to the nodes that hold it.
///
/// It is made once and asked at every request; what is said about the list as a whole (shares,
/// fingerprint) is worked out when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Every node but the last, in order.
    claiming: Vec<(NodeName, DigestRule)>,
    /// The last node of the list, which takes what the others leave.
    remainder: NodeName,
    /// The rules of `claiming` by hash function.
    claims: Vec<Claims>,
    shares: Vec<Share>,
    fingerprint: String,
}

impl Placement {
    /// Makes the placement of a list, or says what is wrong with the list.
    pub fn new(list: Vec<(NodeName, Rule)>) -> Result<Self, PlacementError> {
        let (claiming, remainder) = list::check(list)?;
        Ok(Self::assemble(claiming, remainder))
    }

    /// The default list: `linux` by MD5, `mac` by SHA-1, `android` for the remainder.
    pub fn built_in() -> Self {
        let even = Test::LastHexDigit(Parity::Even);
        let by_three = Test::DivisibleBy(const { NonZeroU32::new(3).unwrap() });
        let claiming = vec![
            (
                NodeName::literal("linux"),
                DigestRule {
                    hash: HashFunction::Md5,
                    test: even,
                },
            ),
            (
                NodeName::literal("mac"),
                DigestRule {
                    hash: HashFunction::Sha1,
                    test: by_three,
                },
            ),
        ];
        Self::assemble(claiming, NodeName::literal("android"))
    }

    fn assemble(claiming: Vec<(NodeName, DigestRule)>, remainder: NodeName) -> Self {
        let fingerprint = fingerprint::of(&claiming, &remainder);
        let mut placement = Self {
            claiming,
            remainder,
            claims: Vec::new(),
            shares: Vec::new(),
            fingerprint,
        };
        let rules = placement.indices().zip(placement.digest_rules());
        placement.claims = Claims::of_rules(rules);
        placement.shares = share::of_places(&placement);
        placement
    }

    /// The node that orders all writes to the key. Allocates nothing.
    pub fn owner(&self, key: &[u8]) -> NodeIndex {
        self.owner_by(&mut Digests::new(key))
    }

    /// The same, for a caller that also wants to see the key's digests: those that the decision
    /// needed are computed afterwards.
    pub fn owner_by(&self, digests: &mut Digests<'_>) -> NodeIndex {
        let mut places = self.indices().zip(&self.claiming);
        let claimed = places.find(|(_, (_, rule))| rule.claims(digests));
        claimed.map_or(self.last(), |(index, _)| index)
    }

    /// Adds the owner of each key to `owners`, in the order of the keys: the same as asking for each,
    /// in less than half of the time where there are some, since keys are hashed side by side.
    ///
    /// The keys are gone through once for each hash function of the list, and once more, so their
    /// iterator should be a cheap one. Allocates only when `owners` has to grow.
    ///
    /// ```
    /// use triad::placement::Placement;
    ///
    /// let list = Placement::built_in();
    /// let keys: [&[u8]; 3] = [b"", b"\xff", b"a"];
    /// let mut owners = Vec::new();
    /// list.owners(keys, &mut owners);
    /// let names: Vec<&str> = owners.iter().map(|owner| &**list.name(*owner)).collect();
    /// assert_eq!(names, ["linux", "mac", "android"]);
    /// ```
    pub fn owners<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k [u8], IntoIter: Clone>,
        owners: &mut Vec<NodeIndex>,
    ) {
        let keys = keys.into_iter();
        let known = owners.len();
        owners.extend(keys.clone().map(|_| self.last()));
        let owners = owners.get_mut(known..).unwrap_or_default();
        if let ([owner], Some(key)) = (&mut *owners, keys.clone().next()) {
            // Nothing to hash it beside, and nothing to prepare for that.
            *owner = self.owner(key);
            return;
        }
        for claims in &self.claims {
            claims.apply(owners.iter_mut().zip(keys.clone()));
        }
    }

    /// The nodes that hold the key, the owner first. Today that is the owner alone; copies on other
    /// devices will follow it.
    pub fn holders(&self, key: &[u8]) -> impl ExactSizeIterator<Item = NodeIndex> + use<> {
        std::iter::once(self.owner(key))
    }

    /// How many nodes there are: from 1 to [`NODES_MAX`].
    #[expect(
        clippy::len_without_is_empty,
        reason = "a list without nodes can't be made"
    )]
    pub fn len(&self) -> usize {
        self.claiming.len() + 1
    }

    /// The places of the list, in order.
    pub fn indices(&self) -> impl Iterator<Item = NodeIndex> + use<> {
        (0..=self.last().0).map(NodeIndex)
    }

    /// The names of the nodes, in order.
    pub fn names(&self) -> impl Iterator<Item = &NodeName> {
        self.claiming
            .iter()
            .map(|(name, _)| name)
            .chain([&self.remainder])
    }

    /// The place of the node of this name.
    pub fn index_of(&self, name: &str) -> Option<NodeIndex> {
        self.indices()
            .zip(self.names())
            .find(|(_, known)| *known == name)
            .map(|(index, _)| index)
    }

    /// The place of this number, counted from 0, if the list has it: for numbers that come from
    /// outside, such as the node in a cursor.
    pub fn index(&self, place: u8) -> Option<NodeIndex> {
        (place <= self.last().0).then_some(NodeIndex(place))
    }

    /// The name of a node of this list.
    pub fn name(&self, index: NodeIndex) -> &NodeName {
        debug_assert!(index <= self.last(), "an index of another list");
        self.claiming
            .get(index.as_usize())
            .map_or(&self.remainder, |(name, _)| name)
    }

    /// The rule of a node of this list.
    pub fn rule(&self, index: NodeIndex) -> Rule {
        debug_assert!(index <= self.last(), "an index of another list");
        self.claiming
            .get(index.as_usize())
            .map_or(Rule::Remainder, |(_, rule)| (*rule).into())
    }

    /// The part of all keys that each place of the list owns, in order.
    pub fn shares(&self) -> &[Share] {
        &self.shares
    }

    /// 64 hexadecimal digits that are the same for two lists with the same names and rules in the
    /// same order, and for no others. Addresses are not in it: a device may move.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// What a person should know about the list although it works: one sentence for each node that
    /// can never own a key, naming the earlier rules that claim all of its keys.
    pub fn warnings(&self) -> Vec<String> {
        shadow::warnings(self)
    }

    /// The place that takes the remainder.
    fn last(&self) -> NodeIndex {
        // A list has at most `NODES_MAX` nodes, so this never saturates.
        NodeIndex(u8::try_from(self.claiming.len()).unwrap_or(u8::MAX))
    }

    /// The rules of every node but the last, in order.
    fn digest_rules(&self) -> Vec<DigestRule> {
        self.claiming.iter().map(|(_, rule)| *rule).collect()
    }
}

#[cfg(test)]
mod tests;
