//! Places that can never own a key, because earlier rules claim every key that theirs could.
//!
//! Such a list works, but hardly as its writer meant it. Unlike the size of a share, whether it is
//! 0 can be told for every list, and with the rules that are to blame: if the divisors of one hash
//! function claim every multiple of `m`, they claim the digest `m` itself, so one of them divides
//! `m`. Only a rule for odd digests can add something to that.

use super::fraction::lcm;
use super::{NodeIndex, Placement};
use crate::rule::{DigestRule, HashFunction, Parity, Test};

/// One sentence for each place that can never own a key.
pub(super) fn warnings(placement: &Placement) -> Vec<String> {
    let rules = placement.digest_rules();
    let describe =
        |index: NodeIndex| format!("{} ({})", placement.name(index), placement.rule(index));
    let warning = |index: NodeIndex| {
        let to_blame = of_place(&rules, index.as_usize())?;
        let earlier = placement
            .indices()
            .filter(|earlier| to_blame.contains(&earlier.as_usize()));
        let earlier: Vec<String> = earlier.map(describe).collect();
        Some(format!(
            "{} can never own a key: {} before it already {} every key that it could; change \
             one of these rules or their order",
            describe(index),
            earlier.join(" and "),
            if earlier.len() == 1 {
                "claims"
            } else {
                "claim"
            },
        ))
    };
    placement.indices().filter_map(warning).collect()
}

/// The earlier places that leave nothing to this one, as few as possible; `None` if it can own
/// keys. `rules` are those of all places but the last, which takes the remainder.
pub(super) fn of_place(rules: &[DigestRule], place: usize) -> Option<Vec<usize>> {
    let earlier = rules.get(..place)?;
    let own = rules
        .get(place)
        .and_then(|rule| claiming(earlier, rule.hash, rule.test.into()));
    // A function whose digests are all claimed leaves no key, whatever the other functions say.
    let everything = DigestSet::MultiplesOf(1);
    own.or_else(|| {
        HashFunction::ALL
            .into_iter()
            .find_map(|hash| claiming(earlier, hash, everything))
    })
}

/// A set of digests of one hash function.
#[derive(Clone, Copy)]
enum DigestSet {
    Odd,
    MultiplesOf(u64),
}

impl From<Test> for DigestSet {
    fn from(test: Test) -> Self {
        match test {
            Test::LastHexDigit(Parity::Odd) => Self::Odd,
            Test::LastHexDigit(Parity::Even) => Self::MultiplesOf(2),
            Test::DivisibleBy(divisor) => Self::MultiplesOf(u64::from(divisor.get())),
        }
    }
}

/// The places whose rules together claim all these digests of a hash function, if some do.
fn claiming(rules: &[DigestRule], hash: HashFunction, wanted: DigestSet) -> Option<Vec<usize>> {
    let place_of = |is_one: &dyn Fn(DigestSet) -> bool| {
        rules
            .iter()
            .position(|rule| rule.hash == hash && is_one(rule.test.into()))
    };
    let odd = || place_of(&|claimed| matches!(claimed, DigestSet::Odd));
    let multiples = |number: u64| {
        place_of(
            &|claimed| matches!(claimed, DigestSet::MultiplesOf(n) if number.is_multiple_of(n)),
        )
    };
    match wanted {
        DigestSet::Odd => Some(vec![odd().or_else(|| multiples(1))?]),
        DigestSet::MultiplesOf(number) => {
            let alone = multiples(number).map(|place| vec![place]);
            alone.or_else(|| Some(vec![odd()?, multiples(lcm(number, 2)?)?]))
        }
    }
}
