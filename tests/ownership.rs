//! Who owns a key: the published vectors, and what holds for every list of rules.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, wherever it stands"
)]

use std::fs;
use std::num::NonZeroU32;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde::Deserialize;
use triad::cluster::Cluster;
use triad::placement::Placement;
use triad::rule::divisible::{divisible_by_definition, remainder};
use triad::rule::{DigestRule, Digests, HashFunction, Parity, Rule, Test};

/// `data/vectors/ownership.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vectors {
    #[serde(rename = "about")]
    _about: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    key_hex: String,
    md5: String,
    sha1: String,
    md5_last_hex_even: bool,
    sha1_mod_3: u64,
    owner: String,
}

fn vectors() -> Vec<Vector> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/vectors/ownership.json");
    let text = fs::read_to_string(path).unwrap();
    let vectors = serde_json::from_str::<Vectors>(&text).unwrap().vectors;
    assert_eq!(vectors.len(), 287);
    vectors
}

fn from_hex(hex: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}

#[test]
fn every_vector_has_its_digests() {
    let three = NonZeroU32::new(3).unwrap();
    for vector in vectors() {
        let key = from_hex(&vector.key_hex);
        let mut digests = Digests::new(&key);
        assert_eq!(digests.hex(HashFunction::Md5), vector.md5);
        assert_eq!(digests.hex(HashFunction::Sha1), vector.sha1);
        let even = Test::LastHexDigit(Parity::Even).passes(digests.get(HashFunction::Md5));
        assert_eq!(even, vector.md5_last_hex_even);
        let sha1 = digests.get(HashFunction::Sha1);
        assert_eq!(remainder(sha1, three), vector.sha1_mod_3);
        assert_eq!(divisible_by_definition(sha1, three), vector.sha1_mod_3 == 0);
    }
}

#[test]
fn every_vector_has_its_owner_with_or_without_a_cluster_file() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/cluster.example.json");
    for cluster in [Cluster::built_in(), Cluster::load(&example).unwrap()] {
        let placement = cluster.placement();
        for vector in vectors() {
            let key = from_hex(&vector.key_hex);
            let owner = placement.owner(&key);
            assert_eq!(*placement.name(owner), *vector.owner, "{}", vector.key_hex);
            assert!(placement.holders(&key).eq([owner]));
        }
    }
}

/// Whether a rule claims a key, from the definitions alone: hexadecimal text and big integers.
fn claims_by_definition(rule: Rule, key: &[u8]) -> bool {
    let Rule::Digest(DigestRule { hash, test }) = rule else {
        return true;
    };
    let hex = Digests::new(key).hex(hash);
    let is_even = hex.ends_with(['0', '2', '4', '6', '8', 'a', 'c', 'e']);
    match test {
        Test::LastHexDigit(Parity::Even) => is_even,
        Test::LastHexDigit(Parity::Odd) => !is_even,
        Test::DivisibleBy(divisor) => divisible_by_definition(&from_hex(&hex), divisor),
    }
}

fn any_digest_rule() -> impl Strategy<Value = Rule> {
    // Small divisors, since a key is seldom claimed by a large one.
    let divisor = prop_oneof![9 => 1..20_u32, 1 => 1..=u32::MAX];
    let test = prop_oneof![
        select(vec![Parity::Even, Parity::Odd]).prop_map(Test::LastHexDigit),
        divisor.prop_map(|n| Test::DivisibleBy(NonZeroU32::new(n).unwrap())),
    ];
    (select(HashFunction::ALL.to_vec()), test)
        .prop_map(|(hash, test)| Rule::Digest(DigestRule { hash, test }))
}

/// Rules as they may stand in a list: the last, and no other, is the remainder.
fn any_rules() -> impl Strategy<Value = Vec<Rule>> {
    vec(any_digest_rule(), 0..8).prop_map(|rules| [rules, vec![Rule::Remainder]].concat())
}

fn placement_of(rules: &[Rule]) -> Placement {
    let name = |place: usize| format!("node-{place}").parse().unwrap();
    let list = rules
        .iter()
        .enumerate()
        .map(|(place, rule)| (name(place), *rule));
    Placement::new(list.collect()).unwrap()
}

proptest! {
    #[test]
    fn a_key_has_one_owner_and_it_is_the_first_whose_rule_claims_it(
        rules in any_rules(),
        keys in vec(vec(any::<u8>(), 0..40), 1..20),
    ) {
        let placement = placement_of(&rules);
        for key in keys {
            let first = rules.iter().position(|rule| claims_by_definition(*rule, &key)).unwrap();
            let owner = placement.owner(&key);
            prop_assert_eq!(owner.as_usize(), first);
            prop_assert_eq!(placement.rule(owner), rules[first]);
            prop_assert_eq!(placement.index_of(placement.name(owner)), Some(owner));
            prop_assert_eq!(placement.holders(&key).collect::<Vec<_>>(), vec![owner]);
        }
    }

    #[test]
    fn shares_add_up_to_one(rules in any_rules()) {
        let placement = placement_of(&rules);
        let sum: f64 = placement.shares().iter().map(|share| share.as_f64()).sum();
        let is_exact = placement.shares().iter().all(|share| share.is_exact());
        prop_assert!((sum - 1.0).abs() < if is_exact { 1e-9 } else { 0.05 }, "{}", sum);
    }
}

/// `count` keys that look random and are the same at every run (`SplitMix64`, seeded with 1).
fn keys(count: usize) -> impl Iterator<Item = [u8; 8]> {
    let mut state = 1_u64;
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).to_be_bytes()
    })
    .take(count)
}

#[test]
fn keys_fall_as_the_shares_say() {
    let lists = [
        r#"["remainder"]"#,
        r#"[{"hash":"md5","last_hex_digit":"even"},{"hash":"sha1","divisible_by":3},"remainder"]"#,
        r#"[{"hash":"sha1","divisible_by":3},{"hash":"md5","last_hex_digit":"even"},"remainder"]"#,
        r#"[{"hash":"md5","last_hex_digit":"odd"},{"hash":"md5","divisible_by":6},"remainder"]"#,
        r#"[{"hash":"sha256","divisible_by":4},{"hash":"sha256","divisible_by":3},
            {"hash":"sha256","divisible_by":2},{"hash":"sha1","divisible_by":5},"remainder"]"#,
        r#"[{"hash":"md5","last_hex_digit":"even"},{"hash":"md5","last_hex_digit":"odd"},
            "remainder"]"#,
    ];
    let count = 4_000;
    for list in lists {
        let rules: Vec<Rule> = serde_json::from_str(list).unwrap();
        let placement = placement_of(&rules);
        let mut owned = vec![0_u32; rules.len()];
        for key in keys(count) {
            owned[placement.owner(&key).as_usize()] += 1;
        }
        for (share, owned) in placement.shares().iter().zip(owned) {
            // Five standard errors of a share of one half.
            let part = f64::from(owned) / 4_000.0;
            assert!(
                (share.as_f64() - part).abs() < 0.04,
                "{list}: {share} is not {part}"
            );
            assert!(
                !share.is_zero() || owned == 0,
                "{list}: a key where none can be"
            );
        }
    }
}
