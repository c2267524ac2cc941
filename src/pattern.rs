//! Glob patterns, as `KEYS` and `SCAN … MATCH` take them.

/// Whether a pattern matches the whole of a text. Both are bytes.
///
/// | in the pattern | matches |
/// |---|---|
/// | `*` | any bytes, or none |
/// | `?` | any one byte |
/// | `[abc]` | one of these bytes |
/// | `[^abc]` | one byte that is none of these |
/// | `[a-z]`, `[z-a]` | one byte of this range |
/// | `\x` | `x` itself, also in brackets |
///
/// These are [Redis's rules](https://redis.io/docs/latest/commands/keys/), also where a pattern is
/// odd: brackets that nothing closes end with the pattern, a `\` at the very end stands for itself,
/// and `[]` matches nothing. Unlike Redis's, `*` matches the empty text too, and bytes above 127 are
/// ordered as numbers without a sign.
///
/// It takes no memory, and no more steps than pattern times text: of the stars passed, only the last
/// ever needs to take more, since whatever an earlier one could reach this one can.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    matches_counting(pattern, text, &mut 0)
}

/// As [`matches()`], adding to `steps` one for each look at a part of the pattern.
fn matches_counting(pattern: &[u8], text: &[u8], steps: &mut u64) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    // What follows the last star, and what of the text is left if the star takes no more.
    let mut last_star: Option<(&[u8], &[u8])> = None;
    loop {
        *steps += 1;
        if let [b'*', after @ ..] = pattern {
            last_star = Some((after, text));
            pattern = after;
            continue;
        }
        let Some((&byte, tail)) = text.split_first() else {
            // If something is left of the pattern, it needs a byte; giving a star more of the text
            // would leave fewer.
            return pattern.is_empty();
        };
        if let Some(after) = match_byte(pattern, byte, steps) {
            (pattern, text) = (after, tail);
            continue;
        }
        let Some((after, [_, shorter @ ..])) = last_star else {
            return false;
        };
        last_star = Some((after, shorter));
        (pattern, text) = (after, shorter);
    }
}

/// Matches one byte with what the pattern opens with, which is no star. Gives the pattern's rest.
fn match_byte<'a>(pattern: &'a [u8], byte: u8, steps: &mut u64) -> Option<&'a [u8]> {
    let (matched, rest) = match pattern {
        [] => return None,
        [b'?', rest @ ..] => (true, rest),
        [b'[', b'^', class @ ..] => {
            let (found, rest) = find_in_class(class, byte, steps);
            (!found, rest)
        }
        [b'[', class @ ..] => find_in_class(class, byte, steps),
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => (*literal == byte, rest),
    };
    matched.then_some(rest)
}

/// Whether a byte is in a class of which the opening has been read, and what follows the class.
fn find_in_class<'a>(mut class: &'a [u8], byte: u8, steps: &mut u64) -> (bool, &'a [u8]) {
    let mut found = false;
    loop {
        *steps += 1;
        let (first, last, rest) = match class {
            [] => return (found, class),
            [b'\\', literal, rest @ ..] => (literal, literal, rest),
            [b']', rest @ ..] => return (found, rest),
            [first, b'-', last, rest @ ..] => (first, last, rest),
            [literal, rest @ ..] => (literal, literal, rest),
        };
        found |= (*first.min(last)..=*first.max(last)).contains(&byte);
        class = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(pattern: &[u8], text: &[u8]) -> u64 {
        let mut steps = 0;
        matches_counting(pattern, text, &mut steps);
        steps
    }

    #[test]
    fn steps_are_bounded_by_pattern_times_text() {
        let text = vec![b'a'; 1 << 20];
        let stars = b"*a".repeat(1000);
        let almost = [&stars[..], b"b"].concat();
        let block = [b"*", &b"a".repeat(30)[..], b"b*"].concat();
        let classes = [b"*", &b"[b-da]".repeat(4)[..], b"[^a]"].concat();
        for pattern in [
            stars,
            almost,
            block,
            classes,
            b"*".repeat(1000),
            b"*[".to_vec(),
        ] {
            let bound = (pattern.len() as u64 + 1) * (text.len() as u64 + 1);
            let taken = steps(&pattern, &text);
            assert!(
                taken <= bound,
                "{taken} steps for {}",
                pattern.escape_ascii()
            );
        }
    }

    #[test]
    fn a_thousand_stars_cost_no_more_than_one_pass() {
        let text = vec![b'a'; 1 << 20];
        let pattern = [&b"*a".repeat(1000)[..], b"b"].concat();
        assert!(!matches(&pattern, &text));
        assert!(steps(&pattern, &text) <= 3 * text.len() as u64);
    }
}
