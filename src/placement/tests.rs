mod owners;
mod shares;

use super::*;
use crate::rule::{HashFunction, Parity, Test};

const EVEN: Test = Test::LastHexDigit(Parity::Even);
const ODD: Test = Test::LastHexDigit(Parity::Odd);

fn by(divisor: u32) -> Test {
    Test::DivisibleBy(NonZeroU32::new(divisor).unwrap())
}

fn md5(test: Test) -> DigestRule {
    DigestRule {
        hash: HashFunction::Md5,
        test,
    }
}

fn sha1(test: Test) -> DigestRule {
    DigestRule {
        hash: HashFunction::Sha1,
        test,
    }
}

fn sha256(test: Test) -> DigestRule {
    DigestRule {
        hash: HashFunction::Sha256,
        test,
    }
}

/// The list of nodes `n1`, `n2` … with these rules, and a last one with the remainder.
fn placement(rules: &[DigestRule]) -> Placement {
    let rules = rules
        .iter()
        .map(|rule| Rule::Digest(*rule))
        .chain([Rule::Remainder]);
    let named = (1..)
        .zip(rules)
        .map(|(place, rule)| (name(&format!("n{place}")), rule));
    Placement::new(named.collect()).unwrap()
}

fn name(text: &str) -> NodeName {
    text.parse().unwrap()
}

fn printed_shares(placement: &Placement) -> Vec<String> {
    placement.shares().iter().map(Share::to_string).collect()
}

#[test]
fn the_built_in_list_is_that_of_the_paper() {
    let list = Placement::built_in();
    let spelled_out = Placement::new(vec![
        (name("linux"), md5(EVEN).into()),
        (name("mac"), sha1(by(3)).into()),
        (name("android"), Rule::Remainder),
    ]);
    assert_eq!(spelled_out.unwrap(), list);
    assert_eq!(printed_shares(&list), ["1/2", "1/6", "1/3"]);
    assert!(list.warnings().is_empty());
}

#[test]
fn places_names_rules_and_indices_agree() {
    let list = Placement::built_in();
    assert_eq!(list.len(), 3);
    for (place, text) in (0_u8..).zip(["linux", "mac", "android"]) {
        let index = list.index_of(text).unwrap();
        assert_eq!(u8::from(index), place);
        assert_eq!(list.index(place), Some(index));
        assert_eq!(list.name(index), text);
    }
    assert_eq!(list.index_of("windows"), None);
    assert_eq!(list.index(3), None);
    let rules: Vec<Rule> = list.indices().map(|index| list.rule(index)).collect();
    assert_eq!(
        rules,
        [md5(EVEN).into(), sha1(by(3)).into(), Rule::Remainder]
    );
}

#[test]
fn a_key_pays_only_for_the_digests_that_decide() {
    let list = Placement::built_in();
    let computed = |key: &[u8]| {
        let mut digests = Digests::new(key);
        let owner = list.owner_by(&mut digests);
        assert_eq!(owner, list.owner(key));
        (
            list.name(owner).to_string(),
            HashFunction::ALL.map(|hash| digests.is_computed(hash)),
        )
    };
    assert_eq!(computed(b""), ("linux".to_owned(), [true, false, false]));
    assert_eq!(computed(b"\xff"), ("mac".to_owned(), [true, true, false]));
    assert_eq!(computed(b"a"), ("android".to_owned(), [true, true, false]));
}

#[test]
fn the_fingerprint_of_the_built_in_list_stays_as_it_is() {
    // Computed in Python from the description in `fingerprint.rs`. Another value would mean that
    // nodes of this version and the last one refuse each other.
    let fixed = "80a042a24bdc1325b12e1cd448e099ec480115f3bb847d554bb4ec0206fb8a44";
    assert_eq!(Placement::built_in().fingerprint(), fixed);
}

#[test]
fn lists_that_differ_have_other_fingerprints() {
    let list = |nodes: &[(&str, Rule)]| {
        let nodes = nodes.iter().map(|(text, rule)| (name(text), *rule));
        Placement::new(nodes.collect()).unwrap()
    };
    let remainder = Rule::Remainder;
    let lists = [
        list(&[("b", remainder)]),
        list(&[("c", remainder)]),
        list(&[("a", md5(EVEN).into()), ("b", remainder)]),
        list(&[("b", md5(EVEN).into()), ("a", remainder)]),
        list(&[("a", md5(ODD).into()), ("b", remainder)]),
        list(&[("a", md5(by(2)).into()), ("b", remainder)]),
        list(&[("a", md5(by(22)).into()), ("b", remainder)]),
        list(&[("a", sha1(by(2)).into()), ("b", remainder)]),
        list(&[("a", sha256(by(2)).into()), ("b", remainder)]),
        list(&[
            ("a", md5(EVEN).into()),
            ("b", sha1(EVEN).into()),
            ("c", remainder),
        ]),
        list(&[
            ("b", sha1(EVEN).into()),
            ("a", md5(EVEN).into()),
            ("c", remainder),
        ]),
        list(&[
            ("a", md5(EVEN).into()),
            ("bs", sha1(EVEN).into()),
            ("c", remainder),
        ]),
    ];
    let fingerprints: std::collections::HashSet<_> =
        lists.iter().map(Placement::fingerprint).collect();
    assert_eq!(fingerprints.len(), lists.len());
    let is_hex = |text: &&str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    assert!(fingerprints.iter().all(is_hex));
}

#[test]
fn a_list_is_refused_with_the_places_in_question() {
    let digest = Rule::Digest(md5(EVEN));
    let rest = Rule::Remainder;
    let cases: [(&[(&str, Rule)], PlacementError); 6] = [
        (&[], PlacementError::Empty),
        (
            &[("a", digest), ("b", digest), ("a", rest)],
            PlacementError::SameName {
                name: name("a"),
                first: 1,
                second: 3,
            },
        ),
        (
            &[("a", digest), ("b", digest)],
            PlacementError::NoRemainder {
                last: 2,
                name: name("b"),
            },
        ),
        (
            &[("a", digest)],
            PlacementError::NoRemainder {
                last: 1,
                name: name("a"),
            },
        ),
        (
            &[("a", digest), ("b", rest), ("c", digest)],
            PlacementError::EarlyRemainder {
                place: 2,
                name: name("b"),
                last: 3,
            },
        ),
        (
            &[("a", rest), ("b", digest), ("c", rest)],
            PlacementError::SecondRemainder {
                place: 1,
                name: name("a"),
                last: 3,
                last_name: name("c"),
            },
        ),
    ];
    for (nodes, error) in cases {
        let nodes = nodes
            .iter()
            .map(|(text, rule)| (name(text), *rule))
            .collect();
        assert_eq!(Placement::new(nodes), Err(error));
    }
}
