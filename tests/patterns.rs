//! Row 12: patterns against a reference that is too simple to be wrong, and too slow to be used.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use triad::pattern::matches;

/// One part of a pattern: matches one byte, or for a star any number of them.
enum Part {
    Star,
    Any,
    Class {
        negated: bool,
        ranges: Vec<(u8, u8)>,
    },
}

#[expect(
    clippy::indexing_slicing,
    reason = "as simple as can be; a panic fails the test"
)]
fn parse(pattern: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < pattern.len() {
        let byte = pattern[at];
        at += 1;
        parts.push(match byte {
            b'*' => Part::Star,
            b'?' => Part::Any,
            b'[' => {
                let negated = pattern.get(at) == Some(&b'^');
                at += usize::from(negated);
                let mut ranges = Vec::new();
                while at < pattern.len() && pattern[at] != b']' {
                    if pattern[at] == b'\\' && at + 1 < pattern.len() {
                        ranges.push((pattern[at + 1], pattern[at + 1]));
                        at += 2;
                    } else if at + 2 < pattern.len() && pattern[at + 1] == b'-' {
                        ranges.push((pattern[at], pattern[at + 2]));
                        at += 3;
                    } else {
                        ranges.push((pattern[at], pattern[at]));
                        at += 1;
                    }
                }
                at += 1;
                Part::Class { negated, ranges }
            }
            b'\\' if at < pattern.len() => {
                at += 1;
                Part::Class {
                    negated: false,
                    ranges: vec![(pattern[at - 1], pattern[at - 1])],
                }
            }
            _ => Part::Class {
                negated: false,
                ranges: vec![(byte, byte)],
            },
        });
    }
    parts
}

#[expect(
    clippy::indexing_slicing,
    reason = "as simple as can be; a panic fails the test"
)]
fn reference(parts: &[Part], text: &[u8]) -> bool {
    match (parts, text) {
        ([], text) => text.is_empty(),
        ([Part::Star, rest @ ..], text) => {
            reference(rest, text) || (!text.is_empty() && reference(parts, &text[1..]))
        }
        (_, []) => false,
        ([Part::Any, rest @ ..], text) => reference(rest, &text[1..]),
        ([Part::Class { negated, ranges }, rest @ ..], text) => {
            let within = |&(a, b): &(u8, u8)| (a.min(b)..=a.max(b)).contains(&text[0]);
            ranges.iter().any(within) != *negated && reference(rest, &text[1..])
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 10_000,
        rng_seed: RngSeed::Fixed(12),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Each pattern against 30 texts, of few letters, so that many match.
    #[test]
    fn random_patterns_match_what_the_reference_matches(
        pattern in vec(prop::sample::select(&b"**??[[]]^^--\\abcd"[..]), 0..10),
        texts in vec(vec(prop::sample::select(&b"aabbcd-]\\^"[..]), 0..7), 30),
    ) {
        let parts = parse(&pattern);
        for text in texts {
            let expected = reference(&parts, &text);
            prop_assert_eq!(
                matches(&pattern, &text), expected,
                "{} {}", pattern.escape_ascii(), text.escape_ascii()
            );
        }
    }

    #[test]
    fn no_bytes_are_too_odd(pattern in any::<Vec<u8>>(), text in any::<Vec<u8>>()) {
        matches(&pattern, &text);
        prop_assert!(matches(b"*", &text));
        let escaped: Vec<u8> = text.iter().flat_map(|&byte| [b'\\', byte]).collect();
        prop_assert!(matches(&escaped, &text));
    }
}

/// Checked by hand against Redis 7.0.
#[test]
fn patterns_mean_what_they_mean_to_redis() {
    let table: [(&str, &str, bool); 30] = [
        ("h?llo", "hello", true),
        ("h*llo", "heeeello", true),
        ("h*llo", "hllo", true),
        ("h[ae]llo", "hillo", false),
        ("h[^e]llo", "hallo", true),
        ("h[^e]llo", "hello", false),
        ("h[a-b]llo", "hbllo", true),
        ("h[b-a]llo", "hallo", true),
        ("user:*:name", "user:1:2:name", true),
        ("user:*:name", "user:1:names", false),
        ("", "a", false),
        ("a", "", false),
        ("a**", "a", true),
        (r"\*", "*", true),
        (r"\*", "a", false),
        (r"a\", r"a\", true),
        (r"[\]]", "]", true),
        ("[]", "]", false),
        ("[]a]", "a]", false),
        ("[^]", "a", true),
        ("[abc", "b", true),
        ("[^abc", "b", false),
        ("[", "[", false),
        ("[^", "a", true),
        ("[a-", "-", true),
        ("[a-]", "_", true),
        ("[a-]x", "x", true),
        (r"[\", r"\", true),
        ("?", "", false),
        ("*?", "a", true),
    ];
    for (pattern, text, expected) in table {
        let found = matches(pattern.as_bytes(), text.as_bytes());
        assert_eq!(found, expected, "{pattern:?} {text:?}");
    }
    assert!(matches(b"*", b"") && matches(b"", b""));
}
