//! A rule: which keys a node claims.
//!
//! A rule looks at nothing but a digest of the key's raw bytes, so every device that knows the rule
//! comes to the same answer, without asking anybody. Which of several claims wins is not a rule's
//! business: the order of the list decides that, in [`placement`](crate::placement).
//!
//! A value of these types is always a sensible rule: a divisor of 0, a hash without a test or a
//! test without a hash can't be written down. In the cluster file a rule is `"remainder"`, or an
//! object with a `hash` and one test:
//!
//! ```json
//! { "hash": "md5", "last_hex_digit": "even" }
//! { "hash": "sha1", "divisible_by": 3 }
//! ```

mod batch;
mod block;
mod digests;
pub mod divisible;
mod json;
mod md5;
mod sha;
pub(crate) mod wording;

use std::fmt;
use std::num::NonZeroU32;

pub(crate) use batch::for_each_digest;
pub use digests::Digests;
pub(crate) use digests::to_hex;
pub use json::RuleError;

/// What decides whether a node claims a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Claims every key that no rule before it claims.
    Remainder,
    /// Claims the keys whose digest passes a test.
    Digest(DigestRule),
}

/// A test of one digest of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DigestRule {
    /// Which digest is looked at.
    pub hash: HashFunction,
    /// What is asked of it.
    pub test: Test,
}

/// The hash functions that a rule may name. They only spread keys here: that MD5 and SHA-1 are
/// broken as signatures lets somebody choose keys for one node, and nothing worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashFunction {
    /// MD5 (RFC 1321), 16 bytes.
    Md5,
    /// SHA-1 (RFC 3174), 20 bytes.
    Sha1,
    /// SHA-256 (FIPS 180-4), 32 bytes.
    Sha256,
}

/// What a rule asks of a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Test {
    /// Written in hexadecimal, the digest ends in an even digit (`0 2 4 6 8 a c e`) or an odd one.
    LastHexDigit(Parity),
    /// Read as one big-endian integer without a sign, the digest is a multiple of this number.
    DivisibleBy(NonZeroU32),
}

/// Even or odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parity {
    /// A multiple of two.
    Even,
    /// Not a multiple of two.
    Odd,
}

impl Rule {
    /// Whether this rule claims the key, when no rule before it did.
    pub fn claims(&self, digests: &mut Digests<'_>) -> bool {
        match self {
            Self::Remainder => true,
            Self::Digest(rule) => rule.claims(digests),
        }
    }
}

impl DigestRule {
    /// Whether this rule claims the key.
    pub fn claims(&self, digests: &mut Digests<'_>) -> bool {
        self.test.passes(digests.get(self.hash))
    }
}

impl Test {
    /// Whether a digest passes the test.
    pub fn passes(self, digest: &[u8]) -> bool {
        match self {
            // The last hex digit is the low half of the last byte, and as even as that byte.
            Self::LastHexDigit(parity) => {
                let is_even = digest.last().is_none_or(|byte| byte % 2 == 0);
                is_even == (parity == Parity::Even)
            }
            Self::DivisibleBy(divisor) => divisible::remainder(digest, divisor) == 0,
        }
    }
}

impl HashFunction {
    /// Every hash function, in the order in which they are listed for people.
    pub const ALL: [Self; 3] = [Self::Md5, Self::Sha1, Self::Sha256];

    /// The name in a cluster file: `md5`, `sha1` or `sha256`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }
}

impl Parity {
    /// The word for it in a cluster file: `even` or `odd`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Even => "even",
            Self::Odd => "odd",
        }
    }
}

impl From<DigestRule> for Rule {
    fn from(rule: DigestRule) -> Self {
        Self::Digest(rule)
    }
}

/// The rule in words: `the remainder`, `SHA-1 divisible by 3`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remainder => f.write_str("the remainder"),
            Self::Digest(rule) => rule.fmt(f),
        }
    }
}

/// The rule in words: `MD5 ends in an even hex digit`.
impl fmt::Display for DigestRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = self.hash;
        match self.test {
            Test::LastHexDigit(parity) => write!(f, "{hash} ends in an {} hex digit", parity.id()),
            Test::DivisibleBy(divisor) => write!(f, "{hash} divisible by {divisor}"),
        }
    }
}

/// The name that people know: `MD5`, `SHA-1` or `SHA-256`.
impl fmt::Display for HashFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest_rule(hash: HashFunction, test: Test) -> Rule {
        Rule::Digest(DigestRule { hash, test })
    }

    fn divisible_by(divisor: u32) -> Test {
        Test::DivisibleBy(NonZeroU32::new(divisor).unwrap())
    }

    #[test]
    fn rules_read_as_sentences() {
        let even = Test::LastHexDigit(Parity::Even);
        let odd = Test::LastHexDigit(Parity::Odd);
        let cases = [
            (Rule::Remainder, "the remainder"),
            (
                digest_rule(HashFunction::Md5, even),
                "MD5 ends in an even hex digit",
            ),
            (
                digest_rule(HashFunction::Sha256, odd),
                "SHA-256 ends in an odd hex digit",
            ),
            (
                digest_rule(HashFunction::Sha1, divisible_by(3)),
                "SHA-1 divisible by 3",
            ),
        ];
        for (rule, words) in cases {
            assert_eq!(rule.to_string(), words);
        }
    }

    #[test]
    fn the_last_hex_digit_is_the_low_half_of_the_last_byte() {
        for byte in 0..=u8::MAX {
            let digest = [0xff, byte];
            let hex = format!("{byte:02x}");
            let even = hex.ends_with(['0', '2', '4', '6', '8', 'a', 'c', 'e']);
            assert_eq!(
                Test::LastHexDigit(Parity::Even).passes(&digest),
                even,
                "{hex}"
            );
            assert_eq!(
                Test::LastHexDigit(Parity::Odd).passes(&digest),
                !even,
                "{hex}"
            );
        }
    }

    #[test]
    fn each_hash_function_is_asked_for_its_own_digest() {
        // Of the digests of `a`, only MD5 is divisible by 7, only SHA-1 by 4 and only SHA-256 by 19
        // (computed with Python's hashlib).
        let claims = |hash, divisor| {
            digest_rule(hash, divisible_by(divisor)).claims(&mut Digests::new(b"a"))
        };
        assert_eq!(
            HashFunction::ALL.map(|hash| claims(hash, 7)),
            [true, false, false]
        );
        assert_eq!(
            HashFunction::ALL.map(|hash| claims(hash, 4)),
            [false, true, false]
        );
        assert_eq!(
            HashFunction::ALL.map(|hash| claims(hash, 19)),
            [false, false, true]
        );
    }

    #[test]
    fn the_remainder_needs_no_digest() {
        let mut digests = Digests::new(b"key");
        assert!(Rule::Remainder.claims(&mut digests));
        assert!(
            HashFunction::ALL
                .iter()
                .all(|&hash| !digests.is_computed(hash))
        );
    }
}
