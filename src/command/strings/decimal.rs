//! The numbers of `INCRBYFLOAT`: decimal fractions, added exactly.
//!
//! Redis adds in the long double of its machine and shows 17 decimal places. Exact sums, rounded to as many,
//! are what those come to wherever a long double is exact enough, and the same on every device.

use num_bigint::{BigInt, Sign};

/// The decimal places of a result, as Redis shows them.
const PLACES: usize = 17;

/// The longest text of a number that Redis reads, in bytes.
const TEXT_MAX_BYTES: usize = 5 * 1024;

/// The largest power of ten that a long double holds.
const EXPONENT_MAX: i32 = 4932;

/// What a text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Number {
    Finite(Decimal),
    /// `inf` in one of its spellings.
    Infinite,
}

/// `unscaled / 10^scale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    unscaled: BigInt,
    scale: usize,
}

impl Number {
    /// Reads a number as Redis does: with a sign, a point or an exponent if it has one, and no blanks.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        if text.len() >= TEXT_MAX_BYTES {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?;
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        if ["inf", "infinity"]
            .iter()
            .any(|name| unsigned.eq_ignore_ascii_case(name))
        {
            return Some(Self::Infinite);
        }
        Decimal::parse(text.starts_with('-'), unsigned).map(Self::Finite)
    }
}

impl Decimal {
    fn parse(is_negative: bool, unsigned: &str) -> Option<Self> {
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole, fraction].concat();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let magnitude: BigInt = digits.parse().ok()?;
        let unscaled = if is_negative { -magnitude } else { magnitude };
        let scale = i64::try_from(fraction.len()).ok()? - i64::from(exponent);
        let (unscaled, scale) = match usize::try_from(scale) {
            Ok(scale) => (unscaled, scale),
            Err(_) => (unscaled * power_of_ten(usize::try_from(-scale).ok()?), 0),
        };
        let number = Self { unscaled, scale };
        number.fits().then_some(number)
    }

    /// The sum; none if it is larger than Redis's numbers can be.
    pub(super) fn add(&self, other: &Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let at_scale = |number: &Self| &number.unscaled * power_of_ten(scale - number.scale);
        let unscaled = at_scale(self) + at_scale(other);
        let sum = Self { unscaled, scale };
        sum.fits().then_some(sum)
    }

    /// The number with [`PLACES`] places at most, without zeros at its end.
    pub(super) fn text(&self) -> String {
        let (sign, magnitude) = self.unscaled.clone().into_parts();
        let mut magnitude = BigInt::from(magnitude);
        let mut scale = self.scale;
        if let Some(excess) = scale.checked_sub(PLACES).filter(|excess| *excess > 0) {
            let unit = power_of_ten(excess);
            magnitude = (magnitude + &unit / 2) / unit;
            scale = PLACES;
        }
        let digits = format!("{magnitude:0>width$}", width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let fraction = fraction.trim_end_matches('0');
        let is_negative = sign == Sign::Minus && magnitude.sign() != Sign::NoSign;
        let sign = if is_negative { "-" } else { "" };
        if fraction.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction}")
        }
    }

    /// Whether a long double reaches so far.
    fn fits(&self) -> bool {
        let digits = self.unscaled.magnitude().to_string().len();
        digits <= self.scale + EXPONENT_MAX.unsigned_abs() as usize
    }
}

fn parse_exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let exponent: i32 = text.parse().ok()?;
    (exponent.abs() <= EXPONENT_MAX).then_some(exponent)
}

fn power_of_ten(exponent: usize) -> BigInt {
    // An exponent is a length of a text, or at most [`EXPONENT_MAX`].
    BigInt::from(10).pow(u32::try_from(exponent).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(one: &str, other: &str) -> Option<String> {
        let parse = |text: &str| match Number::parse(text.as_bytes()) {
            Some(Number::Finite(number)) => number,
            other => panic!("{text}: {other:?}"),
        };
        parse(one).add(&parse(other)).map(|sum| sum.text())
    }

    #[test]
    fn sums_are_those_that_redis_shows() {
        let table = [
            ("10.50", "0.1", "10.6"),
            ("0.1", "0.2", "0.3"),
            ("5.0e3", "2.0e2", "5200"),
            ("3", "-5", "-2"),
            ("-0.5", "0.5", "0"),
            ("0", "-0", "0"),
            ("+.5", "5.", "5.5"),
            ("1e-17", "0", "0.00000000000000001"),
            ("4e-18", "0", "0"),
            ("-4e-18", "0", "0"),
            ("6e-18", "0", "0.00000000000000001"),
            ("-1.25", "0", "-1.25"),
            ("0010", "1", "11"),
        ];
        for (one, other, expected) in table {
            assert_eq!(
                sum(one, other).as_deref(),
                Some(expected),
                "{one} + {other}"
            );
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "", " 1", "1 ", "a", "1a", ".", "e5", "1e", "1e+", "--1", "+-1", "1e4933", "nan",
            "1.2.3", "0x",
        ] {
            assert_eq!(Number::parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(Number::parse(&[b'1'; TEXT_MAX_BYTES]), None);
        for text in ["inf", "-Infinity", "+INF"] {
            assert_eq!(Number::parse(text.as_bytes()), Some(Number::Infinite));
        }
    }

    #[test]
    fn what_is_too_large_is_told() {
        assert_eq!(sum("9e4931", "9e4931"), None);
        assert!(sum("9e4931", "-9e4931").is_some());
    }
}
