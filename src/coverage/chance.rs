//! Whether the shares that were measured differ from the rules' by chance: Pearson's chi-squared test.
//!
//! Which node a random key goes to is as good as drawn by lot, so that the nodes' parts of some keys are
//! never exactly the rules' shares. The test gives the probability `p` that chance alone makes a difference
//! as large as the one that was found, or a larger one.

use std::fmt;

use statrs::distribution::{ChiSquared, ContinuousCDF as _};

use super::figures::{float, grouped};
use crate::limits::SHARE_SAMPLE_KEYS;

/// Below this probability a difference is not put down to chance: one test of a hundred is then told wrongly
/// to differ, and a test is run often.
pub const CHANCE_P: f64 = 0.01;

/// The distribution is that of chi-squared if every node may expect so many keys: the usual rule of thumb
/// (Cochran 1952).
pub const EXPECTED_MIN: f64 = 5.0;

/// One node's part: what its place in the list leads one to expect, and what it has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part<'a> {
    /// The node's name.
    pub name: &'a str,
    /// From 0 to 1.
    pub share: f64,
    /// Its keys.
    pub keys: u64,
}

/// What can be said about the shares of a test. Printed, it is a sentence.
#[derive(Debug, Clone, PartialEq)]
pub enum Chance {
    /// What the test says.
    Told {
        /// The sum over the nodes of (found - expected)² / expected.
        chi_squared: f64,
        /// The nodes that may expect keys, less one.
        degrees_of_freedom: u32,
        /// The probability of such a difference, or a larger one, by chance.
        p_value: f64,
    },
    /// A node has keys although its place in the list leaves it none.
    Never {
        /// Its name.
        name: String,
        /// How many.
        keys: u64,
    },
    /// A node may expect fewer than [`EXPECTED_MIN`] keys.
    TooFew {
        /// Its name.
        name: String,
        /// How many it may expect.
        expected: f64,
        /// How many keys a test needs at least.
        needed: u64,
    },
    /// Only one node may expect keys, so that there is nothing to compare.
    OneNode,
}

impl Chance {
    /// What can be said of these parts. Shares that are not exact were measured on
    /// [`SHARE_SAMPLE_KEYS`] keys themselves, and their own chance is allowed for.
    pub fn of(parts: &[Part<'_>], is_exact: bool) -> Self {
        if let Some(part) = parts
            .iter()
            .find(|part| is_exact && part.share <= 0.0 && part.keys > 0)
        {
            return Self::Never {
                name: part.name.to_owned(),
                keys: part.keys,
            };
        }
        let parts: Vec<_> = parts.iter().filter(|part| part.share > 0.0).collect();
        let degrees_of_freedom = match u32::try_from(parts.len()) {
            Ok(nodes @ 2..) => nodes - 1,
            _ => return Self::OneNode,
        };
        let keys: u64 = parts.iter().map(|part| part.keys).sum();
        let keys = float(keys);
        let by_share = |a: &&&Part<'_>, b: &&&Part<'_>| a.share.total_cmp(&b.share);
        if let Some(least) = parts.iter().min_by(by_share)
            && keys * least.share < EXPECTED_MIN
        {
            return Self::TooFew {
                name: least.name.to_owned(),
                expected: keys * least.share,
                needed: whole((EXPECTED_MIN / least.share).ceil()),
            };
        }
        // The variance of an estimated share adds to that of the measured one.
        let scale = if is_exact {
            1.0
        } else {
            let sample = f64::from(SHARE_SAMPLE_KEYS);
            sample / (sample + keys)
        };
        let terms = parts.iter().map(|part| {
            let expected = keys * part.share;
            (float(part.keys) - expected).powi(2) / expected
        });
        let chi_squared = scale * terms.sum::<f64>();
        let distribution = ChiSquared::new(f64::from(degrees_of_freedom));
        // It is an error only without a degree of freedom.
        let p_value = distribution.map_or(1.0, |distribution| distribution.sf(chi_squared));
        Self::Told {
            chi_squared,
            degrees_of_freedom,
            p_value,
        }
    }

    /// Whether the difference is no larger than chance makes it; none if that cannot be told.
    pub fn is_chance(&self) -> Option<bool> {
        match self {
            Self::Told { p_value, .. } => Some(*p_value >= CHANCE_P),
            Self::Never { .. } => Some(false),
            Self::TooFew { .. } | Self::OneNode => None,
        }
    }

    /// Chi-squared.
    pub fn chi_squared(&self) -> Option<f64> {
        match self {
            Self::Told { chi_squared, .. } => Some(*chi_squared),
            _ => None,
        }
    }

    /// The degrees of freedom.
    pub fn degrees_of_freedom(&self) -> Option<u32> {
        match self {
            Self::Told {
                degrees_of_freedom, ..
            } => Some(*degrees_of_freedom),
            _ => None,
        }
    }

    /// The probability that chance alone makes such a difference; 0 if it never does.
    pub fn p_value(&self) -> Option<f64> {
        match self {
            Self::Told { p_value, .. } => Some(*p_value),
            Self::Never { .. } => Some(0.0),
            _ => None,
        }
    }
}

impl fmt::Display for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Told {
                chi_squared,
                p_value,
                ..
            } => {
                let by = if *p_value >= CHANCE_P {
                    "no more than chance"
                } else {
                    "more than chance would make them"
                };
                write!(
                    f,
                    "the shares differ from the rules' by {by} (chi-squared {}, p {})",
                    Statistic(*chi_squared),
                    Probability(*p_value)
                )
            }
            Self::Never { name, keys } => write!(
                f,
                "the shares differ from the rules': {name} has {keys} of the keys, and its rule gives it \
                 none"
            ),
            Self::TooFew {
                name,
                expected,
                needed,
            } => write!(
                f,
                "too few keys to tell whether the shares are the rules': {name} may expect {expected:.1}, \
                 and {EXPECTED_MIN} are needed; use --count {needed} or more"
            ),
            Self::OneNode => f.write_str("there are no shares to compare: one node has every key"),
        }
    }
}

/// Chi-squared as people write it.
pub(super) struct Statistic(pub(super) f64);

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            value if value < 1000.0 => write!(f, "{value:.1}"),
            value => f.write_str(&grouped(whole(value.round()))),
        }
    }
}

/// A probability as people write it.
pub(super) struct Probability(pub(super) f64);

impl fmt::Display for Probability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            p if p < 0.001 => f.write_str("below 0.001"),
            p if p < CHANCE_P => write!(f, "{p:.3}"),
            p => write!(f, "{p:.2}"),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count that is far too large to be reached is cut to the largest"
)]
fn whole(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(parts: &[(f64, u64)]) -> Chance {
        let part = |&(share, keys): &(f64, u64)| Part {
            name: "mac",
            share,
            keys,
        };
        Chance::of(&parts.iter().map(part).collect::<Vec<_>>(), true)
    }

    #[test]
    fn values_are_those_of_the_tables() {
        // Mendel's peas (1866), as every textbook has them: 315, 101, 108 and 32 of 9:3:3:1.
        let peas = of(&[
            (9.0 / 16.0, 315),
            (3.0 / 16.0, 101),
            (3.0 / 16.0, 108),
            (1.0 / 16.0, 32),
        ]);
        let Chance::Told {
            chi_squared,
            degrees_of_freedom,
            p_value,
        } = peas
        else {
            panic!("{peas}")
        };
        assert!((chi_squared - 0.470).abs() < 0.001, "{chi_squared}");
        assert_eq!(degrees_of_freedom, 3);
        assert!((p_value - 0.925).abs() < 0.001, "{p_value}");
        // 3.841, 6.635 and 5.991, 9.210 are where p is 0.05 and 0.01, with 1 and 2 degrees of freedom.
        let heads = |more: u64| of(&[(0.5, 5000 + more), (0.5, 5000 - more)]);
        assert!(heads(97).p_value().unwrap() > 0.05 && heads(99).p_value().unwrap() < 0.05);
        assert_eq!(heads(128).is_chance(), Some(true));
        assert_eq!(heads(129).is_chance(), Some(false));
        let even = of(&[(0.5, 50), (0.25, 25), (0.25, 25)]);
        assert_eq!(even.p_value(), Some(1.0));
    }

    #[test]
    fn each_case_is_a_sentence() {
        assert_eq!(
            of(&[(0.5, 540), (1.0 / 6.0, 160), (1.0 / 3.0, 300)]).to_string(),
            "the shares differ from the rules' by no more than chance (chi-squared 6.8, p 0.03)"
        );
        assert_eq!(
            of(&[(0.5, 600), (0.5, 400)]).to_string(),
            "the shares differ from the rules' by more than chance would make them (chi-squared 40.0, p \
             below 0.001)"
        );
        assert_eq!(
            of(&[(0.5, 60_000), (0.5, 40_000)]).to_string(),
            "the shares differ from the rules' by more than chance would make them (chi-squared 4,000, p \
             below 0.001)"
        );
        assert_eq!(
            of(&[(0.5, 543), (0.5, 457)]).to_string(),
            "the shares differ from the rules' by more than chance would make them (chi-squared 7.4, p \
             0.007)"
        );
        assert_eq!(
            of(&[(0.5, 9), (0.5, 7), (0.0, 2)]).to_string(),
            "the shares differ from the rules': mac has 2 of the keys, and its rule gives it none"
        );
        assert_eq!(
            of(&[(5.0 / 6.0, 17), (1.0 / 6.0, 3)]).to_string(),
            "too few keys to tell whether the shares are the rules': mac may expect 3.3, and 5 are \
             needed; use --count 30 or more"
        );
        let one = "there are no shares to compare: one node has every key";
        assert_eq!(of(&[(1.0, 100)]).to_string(), one);
        assert_eq!(of(&[(1.0, 100), (0.0, 0)]).to_string(), one);
    }

    #[test]
    fn a_share_that_was_estimated_leaves_room_for_its_own_chance() {
        let parts = [(0.502, 5_000_000), (0.498, 5_000_000)].map(|(share, keys)| Part {
            name: "mac",
            share,
            keys,
        });
        assert_eq!(Chance::of(&parts, true).is_chance(), Some(false));
        assert_eq!(Chance::of(&parts, false).is_chance(), Some(true));
    }

    proptest! {
        #[test]
        fn any_parts_give_a_verdict_of_numbers(
            keys in prop::collection::vec(0_u64..1_000_000, 1..20),
            weights in prop::collection::vec(0_u32..5, 20),
            is_exact: bool,
        ) {
            let all: u32 = weights.iter().take(keys.len()).sum::<u32>().max(1);
            let parts: Vec<_> = keys
                .iter()
                .zip(&weights)
                .map(|(keys, weight)| Part {
                    name: "n",
                    share: f64::from(*weight) / f64::from(all),
                    keys: *keys,
                })
                .collect();
            let chance = Chance::of(&parts, is_exact);
            if let Chance::Told { chi_squared, p_value, .. } = chance {
                prop_assert!(chi_squared.is_finite() && chi_squared >= 0.0);
                prop_assert!((0.0..=1.0).contains(&p_value));
                prop_assert_eq!(chance.is_chance(), Some(p_value >= CHANCE_P));
            }
            prop_assert!(!chance.to_string().is_empty());
        }
    }
}
