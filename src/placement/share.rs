//! The share of a place: which part of all keys it owns.
//!
//! A share belongs to a place in the list, not to a rule: what earlier places claim is gone. It is
//! [counted](super::count) exactly where that is possible. Where it is not (many rules of one hash
//! whose divisors have little in common), it is the place's part of a fixed set of keys, the
//! numbers below [`SHARE_SAMPLE_KEYS`] in four bytes: an estimate, but the same on every device.

use std::fmt;

use super::fraction::Fraction;
use super::{Placement, count, shadow};
use crate::limits::SHARE_SAMPLE_KEYS;

/// The part of all keys that one place of a list owns. Printed, it is a fraction such as `1/6`, or
/// `about 33.3 %` where it is an estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    part: Fraction,
    is_exact: bool,
}

impl Share {
    fn exact(part: Fraction) -> Self {
        let is_exact = true;
        Self { part, is_exact }
    }

    fn estimate(part: Fraction) -> Self {
        let is_exact = false;
        Self { part, is_exact }
    }

    /// The share as a fraction in lowest terms: numerator and denominator.
    pub fn fraction(self) -> (u64, u64) {
        (self.part.numerator, self.part.denominator)
    }

    /// Whether it was counted, and not estimated.
    pub fn is_exact(self) -> bool {
        self.is_exact
    }

    /// Whether the place can never own a key. An estimate that rounds to nothing is not this.
    pub fn is_zero(self) -> bool {
        self.is_exact && self.part == Fraction::ZERO
    }

    /// The share as a number from 0 to 1.
    #[expect(
        clippy::cast_precision_loss,
        reason = "sixteen digits are enough to show"
    )]
    pub fn as_f64(self) -> f64 {
        self.part.numerator as f64 / self.part.denominator as f64
    }

    /// The share as a number from 0 to 100.
    pub fn percent(self) -> f64 {
        100.0 * self.as_f64()
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fraction {
            numerator,
            denominator,
        } = self.part;
        match (self.is_exact, denominator) {
            (true, 1) => write!(f, "{numerator}"),
            (true, _) => write!(f, "{numerator}/{denominator}"),
            (false, _) if self.percent() < 0.05 => f.write_str("less than 0.1 %"),
            (false, _) => write!(f, "about {:.1} %", self.percent()),
        }
    }
}

/// The shares of all places, in order.
pub(super) fn of_places(placement: &Placement) -> Vec<Share> {
    let rules = placement.digest_rules();
    let nothing_left = |place| shadow::of_place(&rules, place).map(|_| Fraction::ZERO);
    let counted = count::shares(&rules).into_iter().enumerate();
    let known: Vec<Option<Fraction>> = counted
        .map(|(place, counted)| counted.or_else(|| nothing_left(place)))
        .collect();
    if let Some(all) = known.iter().copied().collect::<Option<Vec<Fraction>>>() {
        return all.into_iter().map(Share::exact).collect();
    }
    let known_or_not = known.into_iter().zip(sample(placement));
    known_or_not
        .map(|(known, sampled)| known.map_or(Share::estimate(sampled), Share::exact))
        .collect()
}

/// The part of the sample's keys that each place owns, in order.
fn sample(placement: &Placement) -> Vec<Fraction> {
    let mut counts = vec![0_u32; placement.len()];
    for number in 0..SHARE_SAMPLE_KEYS {
        let owner = placement.owner(&number.to_be_bytes());
        if let Some(count) = counts.get_mut(owner.as_usize()) {
            *count += 1;
        }
    }
    let part = |count| Fraction::new(u128::from(count), u128::from(SHARE_SAMPLE_KEYS));
    counts
        .into_iter()
        .map(|count| part(count).unwrap_or(Fraction::ZERO))
        .collect()
}
