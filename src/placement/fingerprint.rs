//! The fingerprint of a list: what two nodes compare to see that they place every key alike.
//!
//! It is the SHA-256 of a sequence of texts, each preceded by its length in bytes as four bytes,
//! big-endian, so that no two sequences run together to the same bytes. The sequence is
//! [`FORMAT`], then for each node in order its name and its rule: `md5 last_hex_digit even`,
//! `sha1 divisible_by 3` or `remainder`. A fingerprint says "the same list", which is stricter than
//! "the same owners": `last_hex_digit even` and `divisible_by 2` differ.

use sha2::{Digest as _, Sha256};

use super::NodeName;
use crate::rule::{DigestRule, Test, to_hex};

/// Stands first, so that a later way of writing lists down can't be taken for this one.
const FORMAT: &str = "triad list 1";

/// The fingerprint, as 64 lower-case hexadecimal digits.
pub(super) fn of(claiming: &[(NodeName, DigestRule)], remainder: &NodeName) -> String {
    let mut hasher = Sha256::new();
    append(&mut hasher, FORMAT);
    for (name, rule) in claiming {
        append(&mut hasher, name);
        append(&mut hasher, &canonical(*rule));
    }
    append(&mut hasher, remainder);
    append(&mut hasher, "remainder");
    to_hex(&hasher.finalize())
}

fn append(hasher: &mut Sha256, text: &str) {
    // Names have 32 bytes at most and rules fewer than 64, so this never saturates.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    hasher.update(length.to_be_bytes());
    hasher.update(text);
}

fn canonical(rule: DigestRule) -> String {
    let hash = rule.hash.id();
    match rule.test {
        Test::LastHexDigit(parity) => format!("{hash} last_hex_digit {}", parity.id()),
        Test::DivisibleBy(divisor) => format!("{hash} divisible_by {divisor}"),
    }
}
