//! Exact fractions from 0 to 1.

/// A fraction in lowest terms. Operations answer `None` where the result would need more than 64
/// bits: nobody could read such a fraction, so nothing is lost by estimating it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fraction {
    pub(super) numerator: u64,
    pub(super) denominator: u64,
}

impl Fraction {
    pub(super) const ZERO: Self = Self {
        numerator: 0,
        denominator: 1,
    };
    pub(super) const ONE: Self = Self {
        numerator: 1,
        denominator: 1,
    };

    /// The fraction in lowest terms; `denominator` is not 0.
    pub(super) fn new(numerator: u128, denominator: u128) -> Option<Self> {
        let common = gcd(numerator, denominator);
        Some(Self {
            numerator: u64::try_from(numerator.checked_div(common)?).ok()?,
            denominator: u64::try_from(denominator.checked_div(common)?).ok()?,
        })
    }

    pub(super) fn times(self, other: Self) -> Option<Self> {
        Self::new(
            u128::from(self.numerator) * u128::from(other.numerator),
            u128::from(self.denominator) * u128::from(other.denominator),
        )
    }

    pub(super) fn minus(self, other: Self) -> Option<Self> {
        let whole = u128::from(self.numerator) * u128::from(other.denominator);
        let less = u128::from(other.numerator) * u128::from(self.denominator);
        let denominator = u128::from(self.denominator) * u128::from(other.denominator);
        Self::new(whole.checked_sub(less)?, denominator)
    }
}

/// The greatest common divisor, by Euclid; that of 0 and a number is the number.
fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The least common multiple of two numbers that are not 0, if it has 64 bits.
pub(super) fn lcm(a: u64, b: u64) -> Option<u64> {
    let (a, b) = (u128::from(a), u128::from(b));
    u64::try_from((a * b).checked_div(gcd(a, b))?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fraction(numerator: u128, denominator: u128) -> Fraction {
        Fraction::new(numerator, denominator).unwrap()
    }

    #[test]
    fn results_are_in_lowest_terms() {
        assert_eq!(
            fraction(6, 8),
            Fraction {
                numerator: 3,
                denominator: 4
            }
        );
        assert_eq!(fraction(0, 8), Fraction::ZERO);
        assert_eq!(fraction(2, 3).times(fraction(3, 4)), Some(fraction(1, 2)));
        assert_eq!(fraction(1, 2).minus(fraction(1, 3)), Some(fraction(1, 6)));
        assert_eq!(fraction(1, 2).minus(fraction(1, 2)), Some(Fraction::ZERO));
    }

    #[test]
    fn what_does_not_fit_is_no_fraction() {
        let tiny = fraction(1, u128::from(u64::MAX));
        assert_eq!(tiny.times(fraction(1, 2)), None);
        assert_eq!(tiny.minus(fraction(1, 2)), None);
        assert_eq!(lcm(6, 4), Some(12));
        assert_eq!(lcm(u64::MAX, u64::MAX - 1), None);
    }
}
