//! Rules as JSON, the way a cluster file writes them.
//!
//! Reading goes through [`Rule::from_json`] and not through derived code, because a derived reader
//! knows that a thing is wrong but not what its writer should put in its place.

use std::num::NonZeroU32;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Map, Value};

use super::wording::{instead, is_nearly, one_of, quote, quote_text};
use super::{DigestRule, HashFunction, Parity, Rule, Test};

const REMAINDER: &str = "remainder";
const HASH: &str = "hash";
const LAST_HEX_DIGIT: &str = "last_hex_digit";
const DIVISIBLE_BY: &str = "divisible_by";

const FIELDS: [&str; 3] = [HASH, LAST_HEX_DIGIT, DIVISIBLE_BY];
const HASH_IDS: [&str; 3] = [
    HashFunction::Md5.id(),
    HashFunction::Sha1.id(),
    HashFunction::Sha256.id(),
];
const PARITY_IDS: [&str; 2] = [Parity::Even.id(), Parity::Odd.id()];

/// Why a JSON value is no rule. Each message names the field, what is wrong with it and what to
/// write instead; the fault is its writer's, and nothing has been changed by reading it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// Neither `"remainder"` nor an object.
    #[error(
        "{found} is not a rule; write \"remainder\" or an object such as \
         {{ \"hash\": \"md5\", \"last_hex_digit\": \"even\" }}"
    )]
    NotARule {
        /// The value, quoted.
        found: String,
    },
    /// A text that is nearly `remainder`.
    #[error("{found} is not a rule; write \"remainder\"")]
    NearlyRemainder {
        /// The text, quoted.
        found: String,
    },
    /// A field that rules do not have.
    #[error("unknown field {found}; write {instead}")]
    UnknownField {
        /// The field's name, quoted.
        found: String,
        /// The field that was meant, or all there are.
        instead: String,
    },
    /// No `hash`.
    #[error("field \"hash\" is missing; write {} for it", one_of(&HASH_IDS))]
    NoHash,
    /// A `hash` that is not among [`HashFunction::ALL`].
    #[error("field \"hash\": unknown hash {found}; write {instead}")]
    UnknownHash {
        /// The value, quoted.
        found: String,
        /// The hash that was meant, or all there are.
        instead: String,
    },
    /// A `hash` and nothing to ask of it.
    #[error(
        "a hash without a test; add \"last_hex_digit\": \"even\" or \"odd\", or \
         \"divisible_by\": a whole number"
    )]
    NoTest,
    /// Two tests in one rule.
    #[error("\"last_hex_digit\" and \"divisible_by\" in one rule; keep one of them")]
    TwoTests,
    /// A `last_hex_digit` that is neither `even` nor `odd`.
    #[error("field \"last_hex_digit\" is {found}; write {instead}")]
    BadParity {
        /// The value, quoted.
        found: String,
        /// The word that was meant, or both.
        instead: String,
    },
    /// A `divisible_by` that is not in 1..2³².
    #[error(
        "field \"divisible_by\" is {found}, which {why}; write a whole number from 1 to {}, \
         without quotation marks",
        u32::MAX
    )]
    BadDivisor {
        /// The value, quoted.
        found: String,
        /// What is the matter with it.
        why: &'static str,
    },
}

impl Rule {
    /// The rule that a value of a cluster file's `rule` field means.
    pub fn from_json(value: &Value) -> Result<Self, RuleError> {
        match value {
            Value::String(text) if text == REMAINDER => Ok(Self::Remainder),
            Value::String(text) if is_nearly(text, REMAINDER) => Err(RuleError::NearlyRemainder {
                found: quote(value),
            }),
            Value::Object(fields) => digest_rule(fields).map(Self::Digest),
            _ => Err(RuleError::NotARule {
                found: quote(value),
            }),
        }
    }
}

fn digest_rule(fields: &Map<String, Value>) -> Result<DigestRule, RuleError> {
    if let Some(field) = fields
        .keys()
        .find(|field| !FIELDS.contains(&field.as_str()))
    {
        let instead = instead(field, &FIELDS);
        return Err(RuleError::UnknownField {
            found: quote_text(field),
            instead,
        });
    }
    let hash = hash_function(fields.get(HASH).ok_or(RuleError::NoHash)?)?;
    let test = match (fields.get(LAST_HEX_DIGIT), fields.get(DIVISIBLE_BY)) {
        (Some(value), None) => Test::LastHexDigit(parity(value)?),
        (None, Some(value)) => Test::DivisibleBy(divisor(value)?),
        (Some(_), Some(_)) => return Err(RuleError::TwoTests),
        (None, None) => return Err(RuleError::NoTest),
    };
    Ok(DigestRule { hash, test })
}

fn hash_function(value: &Value) -> Result<HashFunction, RuleError> {
    let id = value.as_str().unwrap_or_default();
    HashFunction::ALL
        .into_iter()
        .find(|hash| hash.id() == id)
        .ok_or_else(|| RuleError::UnknownHash {
            found: quote(value),
            instead: instead(id, &HASH_IDS),
        })
}

fn parity(value: &Value) -> Result<Parity, RuleError> {
    let id = value.as_str().unwrap_or_default();
    [Parity::Even, Parity::Odd]
        .into_iter()
        .find(|parity| parity.id() == id)
        .ok_or_else(|| RuleError::BadParity {
            found: quote(value),
            instead: instead(id, &PARITY_IDS),
        })
}

fn divisor(value: &Value) -> Result<NonZeroU32, RuleError> {
    let whole = value.as_u64().and_then(|number| u32::try_from(number).ok());
    whole.and_then(NonZeroU32::new).ok_or_else(|| {
        let why = match value.as_f64() {
            None => "is not a number",
            Some(0.0) => "nothing can be divided by",
            Some(number) if number < 0.0 => "is negative",
            Some(number) if number > f64::from(u32::MAX) => "is too large",
            Some(_) => "is not written as a whole number",
        };
        RuleError::BadDivisor {
            found: quote(value),
            why,
        }
    })
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self::Digest(DigestRule { hash, test }) = self else {
            return serializer.serialize_str(REMAINDER);
        };
        let mut fields = serializer.serialize_map(Some(2))?;
        fields.serialize_entry(HASH, hash.id())?;
        match test {
            Test::LastHexDigit(parity) => fields.serialize_entry(LAST_HEX_DIGIT, parity.id())?,
            Test::DivisibleBy(divisor) => fields.serialize_entry(DIVISIBLE_BY, divisor)?,
        }
        fields.end()
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::from_json(&value).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_rule() -> impl Strategy<Value = Rule> {
        let hash = prop::sample::select(HashFunction::ALL.to_vec());
        let test = prop_oneof![
            prop::sample::select(vec![Parity::Even, Parity::Odd]).prop_map(Test::LastHexDigit),
            (1..=u32::MAX).prop_map(|n| Test::DivisibleBy(NonZeroU32::new(n).unwrap())),
        ];
        let digest_rule = (hash, test).prop_map(|(hash, test)| DigestRule { hash, test }.into());
        prop_oneof![1 => Just(Rule::Remainder), 9 => digest_rule]
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(rule in any_rule()) {
            let text = serde_json::to_string(&rule).unwrap();
            prop_assert_eq!(serde_json::from_str::<Rule>(&text).unwrap(), rule);
        }
    }

    #[test]
    fn rules_are_written_as_the_cluster_file_shows_them() {
        for text in [
            r#""remainder""#,
            r#"{"hash":"md5","last_hex_digit":"even"}"#,
            r#"{"hash":"sha256","last_hex_digit":"odd"}"#,
            r#"{"hash":"sha1","divisible_by":3}"#,
            r#"{"hash":"sha1","divisible_by":1}"#,
            r#"{"hash":"sha1","divisible_by":4294967295}"#,
        ] {
            let rule: Rule = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&rule).unwrap(), text);
        }
    }

    /// A refused rule and two things that its refusal says.
    const REFUSED: &str = r#"
        "Remainder" => "Remainder" is not a rule => ; write "remainder"
        "rest" => "rest" is not a rule => write "remainder" or an object
        "" => "" is not a rule => write "remainder" or an object
        3 => 3 is not a rule => or an object such as { "hash"
        ["remainder"] => a list is not a rule => or an object such as
        {"hash":"md5","modulo":3} => unknown field "modulo" => write "hash", "last_hex_digit" or
        {"hash":"md5","divisibleBy":3} => unknown field "divisibleBy" => ; write "divisible_by"
        {} => "hash" is missing => write "md5", "sha1" or "sha256"
        {"divisible_by":3} => "hash" is missing => write "md5", "sha1" or "sha256"
        {"hash":"md6","divisible_by":3} => unknown hash "md6" => write "md5", "sha1" or "sha256"
        {"hash":5,"divisible_by":3} => unknown hash 5 => write "md5", "sha1" or "sha256"
        {"hash":"MD5","divisible_by":3} => unknown hash "MD5" => ; write "md5"
        {"hash":"sha-1","divisible_by":3} => unknown hash "sha-1" => ; write "sha1"
        {"hash":"md5"} => a hash without a test => add "last_hex_digit"
        {"hash":"md5","last_hex_digit":"even","divisible_by":3} => in one rule => keep one
        {"hash":"md5","last_hex_digit":"0"} => "last_hex_digit" is "0" => write "even" or "odd"
        {"hash":"md5","last_hex_digit":0} => "last_hex_digit" is 0 => write "even" or "odd"
        {"hash":"md5","last_hex_digit":"Even"} => "last_hex_digit" is "Even" => ; write "even"
        {"hash":"md5","divisible_by":0} => is 0, which nothing can be divided by => from 1 to 4294967295
        {"hash":"md5","divisible_by":-0} => which nothing can be divided by => from 1 to 4294967295
        {"hash":"md5","divisible_by":-3} => is -3, which is negative => from 1 to 4294967295
        {"hash":"md5","divisible_by":4294967296} => is 4294967296, which is too large => from 1 to
        {"hash":"md5","divisible_by":1e300} => is 1e+300, which is too large => from 1 to
        {"hash":"md5","divisible_by":1.5} => is 1.5, which is not written as => a whole number
        {"hash":"md5","divisible_by":3.0} => is 3.0, which is not written as => a whole number
        {"hash":"md5","divisible_by":"3"} => is "3", which is not a number => without quotation
        {"hash":"md5","divisible_by":null} => is null, which is not a number => from 1 to
    "#;

    #[test]
    fn each_refusal_says_what_to_write_instead() {
        for line in REFUSED.trim().lines() {
            let [rule, problem, advice] = line.split(" => ").collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            let message = serde_json::from_str::<Rule>(rule).unwrap_err().to_string();
            assert!(
                message.contains(problem),
                "{rule}: {message} lacks {problem}"
            );
            assert!(message.contains(advice), "{rule}: {message} lacks {advice}");
        }
    }
}
