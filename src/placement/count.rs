//! Counting exactly which part of all keys each place of a list owns.
//!
//! Two assumptions, both as good as true: the hash functions are independent, and a digest falls
//! evenly on the residues of any divisor. (2¹²⁸ is no multiple of 3, but the unevenness, at most
//! the divisor over 2¹²⁸, is below 2⁻⁹⁶.) Independence makes the share of a place the product of
//! one fraction per hash function: of the place's own function, the residues that its rule claims
//! and no earlier rule does; of each other function, those that no earlier rule claims.
//!
//! The residues are not listed, since there are as many as the least common multiple of the
//! divisors. Write `[n]` for 1 where `n` divides the digest, else 0. "Unclaimed by the rules so
//! far" is then a product of factors `1 - [n]`, and because `[a]·[b] = [lcm(a, b)]`, a sum of few
//! terms `c·[n]`, each with the mean `c / n`.

use std::collections::BTreeMap;

use super::fraction::{Fraction, lcm};
use crate::limits::SHARE_TERMS_MAX;
use crate::rule::{DigestRule, HashFunction, Parity, Test};

/// The share of each place of a list of these rules and a remainder, in order; `None` where it
/// takes too many terms or too large numbers.
pub(super) fn shares(rules: &[DigestRule]) -> Vec<Option<Fraction>> {
    let mut unclaimed = HashFunction::ALL.map(|hash| (hash, Unclaimed::everything()));
    let mut shares = Vec::with_capacity(rules.len() + 1);
    for rule in rules {
        let factors = unclaimed.each_mut().map(|(hash, unclaimed)| {
            if *hash == rule.hash {
                unclaimed.claim(rule.test)
            } else {
                unclaimed.part()
            }
        });
        shares.push(product(factors));
    }
    shares.push(product(
        unclaimed.each_ref().map(|(_, unclaimed)| unclaimed.part()),
    ));
    shares
}

fn product<const N: usize>(factors: [Option<Fraction>; N]) -> Option<Fraction> {
    factors
        .into_iter()
        .try_fold(Fraction::ONE, |product, factor| product.times(factor?))
}

/// The digests of one hash function that no rule so far claims, as the sum of `c·[n]` over the
/// entries `n → c`; `None` once that has become too large.
struct Unclaimed(Option<BTreeMap<u64, i64>>);

impl Unclaimed {
    fn everything() -> Self {
        Self(Some(BTreeMap::from([(1, 1)])))
    }

    /// The part of all digests that is unclaimed: the sum of `c / n`.
    fn part(&self) -> Option<Fraction> {
        let terms = self.0.as_ref()?;
        let common = terms.keys().try_fold(1, |common, &n| lcm(common, n))?;
        let residues = terms.iter().try_fold(0_i128, |sum, (&n, &c)| {
            let every_nth = i128::from(common.checked_div(n)?);
            sum.checked_add(every_nth.checked_mul(i128::from(c))?)
        })?;
        Fraction::new(u128::try_from(residues).ok()?, u128::from(common))
    }

    /// Takes away what a test claims; the part of all digests that it took.
    fn claim(&mut self, test: Test) -> Option<Fraction> {
        let before = self.part();
        self.0 = self.0.take().and_then(|terms| without(terms, test));
        before?.minus(self.part()?)
    }
}

/// The sum times "the test does not pass".
fn without(terms: BTreeMap<u64, i64>, test: Test) -> Option<BTreeMap<u64, i64>> {
    let (divisor, sign, mut left) = match test {
        // An odd digest does not pass: what is left is times `[2]`.
        Test::LastHexDigit(Parity::Odd) => (2, 1, BTreeMap::new()),
        // What is left is times `1 - [n]`.
        Test::LastHexDigit(Parity::Even) => (2, -1, terms.clone()),
        Test::DivisibleBy(divisor) => (u64::from(divisor.get()), -1, terms.clone()),
    };
    for (n, c) in terms {
        let sum: &mut i64 = left.entry(lcm(n, divisor)?).or_default();
        *sum = sum.checked_add(c.checked_mul(sign)?)?;
    }
    left.retain(|_, c| *c != 0);
    (left.len() <= SHARE_TERMS_MAX).then_some(left)
}
