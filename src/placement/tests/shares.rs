//! The shares of places, against what can be counted by hand or by listing all cases.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

#[test]
fn shares_follow_from_the_places_before() {
    let cases: &[(&[DigestRule], &[&str])] = &[
        (&[], &["1"]),
        (&[md5(by(1))], &["1", "0"]),
        (
            &[md5(by(u32::MAX))],
            &["1/4294967295", "4294967294/4294967295"],
        ),
        // The default list, and the same with its rules exchanged.
        (&[md5(EVEN), sha1(by(3))], &["1/2", "1/6", "1/3"]),
        (&[sha1(by(3)), md5(EVEN)], &["1/3", "1/3", "1/3"]),
        // Rules of one hash: even then odd leaves nothing; 2 and 3 share the multiples of 6.
        (&[md5(EVEN), md5(ODD)], &["1/2", "1/2", "0"]),
        (&[md5(ODD), md5(by(2))], &["1/2", "1/2", "0"]),
        (&[md5(EVEN), md5(by(3))], &["1/2", "1/6", "1/3"]),
        (&[md5(ODD), md5(by(3))], &["1/2", "1/6", "1/3"]),
        (&[md5(by(3)), md5(by(6))], &["1/3", "0", "2/3"]),
        (&[md5(by(6)), md5(by(3))], &["1/6", "1/6", "2/3"]),
        (
            &[md5(by(4)), md5(by(6)), md5(by(10))],
            &["1/4", "1/12", "1/30", "19/30"],
        ),
        // Other hashes in between change nothing about that.
        (
            &[md5(EVEN), sha1(EVEN), md5(ODD)],
            &["1/2", "1/4", "1/4", "0"],
        ),
        (
            &[md5(by(2)), sha1(by(3)), sha256(by(5))],
            &["1/2", "1/6", "1/15", "4/15"],
        ),
        (
            &[sha256(by(2)), sha1(by(2)), sha256(by(3))],
            &["1/2", "1/4", "1/12", "1/6"],
        ),
    ];
    for (rules, shares) in cases {
        assert_eq!(printed_shares(&placement(rules)), *shares, "{rules:?}");
    }
}

/// Rules whose digests repeat modulo 12, so that all cases can be listed.
fn small_rules() -> impl Strategy<Value = Vec<DigestRule>> {
    let hash = select(HashFunction::ALL.to_vec());
    let test = select(vec![EVEN, ODD, by(1), by(2), by(3), by(4), by(6), by(12)]);
    vec(
        (hash, test).prop_map(|(hash, test)| DigestRule { hash, test }),
        0..7,
    )
}

/// The share of each place in 1728ths, by listing the 12³ cases of three digests modulo 12.
fn list_all_cases(rules: &[DigestRule]) -> Vec<u128> {
    let mut cases = vec![0; rules.len() + 1];
    for case in 0..12_u16.pow(3) {
        let claims = |rule: &DigestRule| {
            let residue = match rule.hash {
                HashFunction::Md5 => case % 12,
                HashFunction::Sha1 => case / 12 % 12,
                HashFunction::Sha256 => case / 144,
            };
            rule.test.passes(&residue.to_be_bytes())
        };
        cases[rules.iter().position(claims).unwrap_or(rules.len())] += 1;
    }
    cases
}

proptest! {
    #[test]
    fn shares_are_what_listing_all_cases_gives(rules in small_rules()) {
        let list = placement(&rules);
        let counted: Vec<_> = list.shares().iter().map(|share| share.fraction()).collect();
        let listed: Vec<_> = list_all_cases(&rules)
            .into_iter()
            .map(|cases| fraction::Fraction::new(cases, 1728).unwrap())
            .map(|part| (part.numerator, part.denominator))
            .collect();
        prop_assert_eq!(counted, listed);
        prop_assert!(list.shares().iter().all(|share| share.is_exact()));
    }

    #[test]
    fn exactly_the_places_without_a_share_are_warned_about(rules in small_rules()) {
        let list = placement(&rules);
        let without: Vec<_> = list
            .indices()
            .zip(list.shares())
            .filter(|(_, share)| share.is_zero())
            .map(|(index, _)| format!("{} (", list.name(index)))
            .collect();
        let warnings = list.warnings();
        prop_assert_eq!(warnings.len(), without.len());
        for (warning, node) in warnings.iter().zip(without) {
            prop_assert!(warning.starts_with(&node), "{} {}", warning, node);
        }
    }

    #[test]
    fn the_places_to_blame_leave_nothing_by_themselves(rules in small_rules()) {
        for place in 0..=rules.len() {
            let Some(to_blame) = shadow::of_place(&rules, place) else { continue };
            prop_assert!(to_blame.iter().all(|earlier| *earlier < place));
            let mut alone: Vec<_> = to_blame.iter().map(|earlier| rules[*earlier]).collect();
            alone.extend(rules.get(place));
            prop_assert_eq!(list_all_cases(&alone)[to_blame.len()], 0);
        }
    }
}

#[test]
fn a_warning_names_the_node_and_the_rules_to_blame() {
    let advice = "change one of these rules or their order";
    let blamed = |rules: &[DigestRule]| placement(rules).warnings();
    assert_eq!(
        blamed(&[sha1(by(3)), md5(EVEN), sha1(by(6))]),
        [format!(
            "n3 (SHA-1 divisible by 6) can never own a key: n1 (SHA-1 divisible by 3) before it \
             already claims every key that it could; {advice}"
        )]
    );
    assert_eq!(
        blamed(&[md5(ODD), sha1(by(5)), md5(EVEN)]),
        [format!(
            "n4 (the remainder) can never own a key: n1 (MD5 ends in an odd hex digit) and n3 \
             (MD5 ends in an even hex digit) before it already claim every key that it could; \
             {advice}"
        )]
    );
    assert_eq!(blamed(&[md5(by(1)), sha256(by(7))]).len(), 2);
}

/// The first primes from 2, as many as are asked for.
fn primes(count: usize) -> Vec<u32> {
    let is_prime = |n: &u32| (2..*n).all(|divisor| !n.is_multiple_of(divisor));
    (2..).filter(is_prime).take(count).collect()
}

#[test]
fn divisors_with_much_in_common_are_counted_however_many_they_are() {
    let rules: Vec<_> = (1..=200).rev().map(|n| sha256(by(1 << (n % 32)))).collect();
    assert!(
        placement(&rules)
            .shares()
            .iter()
            .all(|share| share.is_exact())
    );
}

#[test]
fn shares_that_cannot_be_counted_are_estimated() {
    // Prime divisors have nothing in common, so each takes its part of what is left, and the
    // exact shares are known here although the program can't count them. The large ones come
    // first, so that the last, which are estimated, are large enough to be told from nothing.
    let few = primes(9);
    let many: Vec<u32> = primes(60).split_off(20);
    let rules: Vec<_> = many
        .iter()
        .chain(&few)
        .map(|prime| sha1(by(*prime)))
        .collect();
    let list = placement(&rules);

    let exact = list
        .shares()
        .iter()
        .take_while(|share| share.is_exact())
        .count();
    assert!(
        (5..many.len()).contains(&exact),
        "{exact} places were counted"
    );
    let mut left = 1.0;
    for (rule, share) in rules.iter().zip(list.shares()) {
        let Test::DivisibleBy(prime) = rule.test else {
            unreachable!()
        };
        let expected = left / f64::from(prime.get());
        assert!(
            (share.as_f64() - expected).abs() < 0.02,
            "{rule}: {share}, not {expected}"
        );
        left -= expected;
    }
    let remainder = list.shares().last().unwrap();
    assert!(
        (remainder.as_f64() - left).abs() < 0.02,
        "{remainder}, not {left}"
    );
    assert!(!remainder.is_exact());
    assert_eq!(
        remainder.to_string(),
        format!("about {:.1} %", remainder.percent())
    );
    // Another device estimates the same.
    assert_eq!(placement(&rules), list);
}

#[test]
fn a_small_share_is_not_taken_for_none_nor_none_for_a_small_one() {
    let mut rules: Vec<_> = primes(30)
        .split_off(10)
        .into_iter()
        .map(|p| md5(by(p)))
        .collect();
    rules.extend([
        md5(by(4_294_967_291)),
        md5(by(31 * 64)),
        sha1(by(4_294_967_291)),
    ]);
    let list = placement(&rules);
    let [.., rare, none, rare_too, remainder] = list.shares() else {
        panic!("too short")
    };
    for rare in [rare, rare_too] {
        assert!(!rare.is_zero());
        assert_eq!(rare.to_string(), "less than 0.1 %");
    }
    assert!(none.is_zero());
    assert_eq!(none.to_string(), "0");
    assert!(!remainder.is_zero());
    assert_eq!(list.warnings().len(), 1);
}
