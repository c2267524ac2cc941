//! Decimal numbers as the protocol writes them.

/// Reads a whole text as a number: `-` or nothing, then digits, with no zero before others and no
/// `-0`. `None` if it is anything else, or does not fit.
///
/// So a length has one spelling, and the bytes of a request that was understood are the very bytes
/// that would be written for it.
pub(super) fn parse_decimal(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        [] | [b'0', ..] => return None,
        _ => {}
    }
    // The sum runs below zero, where there is room for one number more.
    let mut sum = 0_i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        sum = sum.checked_mul(10)?.checked_sub(i64::from(digit))?;
    }
    if negative {
        Some(sum)
    } else {
        sum.checked_neg()
    }
}

/// Reads a type byte, a number below 1,000, CR and LF. Gives the number, and the length of it all.
///
/// `None` says only that the line is not of this kind, or has not arrived. Nearly all lines are, and
/// this way of reading them is the fast one.
pub(super) fn parse_short_line(bytes: &[u8]) -> Option<(usize, usize)> {
    let value = |digit: u8| usize::from(digit - b'0');
    match *bytes {
        [_, ones @ b'0'..=b'9', b'\r', b'\n', ..] => Some((value(ones), 4)),
        [_, tens @ b'1'..=b'9', ones @ b'0'..=b'9', b'\r', b'\n', ..] => {
            Some((value(tens) * 10 + value(ones), 5))
        }
        [
            _,
            hundreds @ b'1'..=b'9',
            tens @ b'0'..=b'9',
            ones @ b'0'..=b'9',
            b'\r',
            b'\n',
            ..,
        ] => Some((value(hundreds) * 100 + value(tens) * 10 + value(ones), 6)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_reads_what_the_long_way_reads() {
        for number in 0..1100 {
            let line = format!("${number}\r\n$");
            let expected = (number < 1000).then_some((number, line.len() - 1));
            assert_eq!(parse_short_line(line.as_bytes()), expected, "{line:?}");
        }
        let others = [
            "", "$", "$\r\n", "$1", "$1\r", "$1\n", "$01\r\n", "$00\r\n", "$-1\r\n", "$1a\r\n",
        ];
        for line in others {
            assert_eq!(parse_short_line(line.as_bytes()), None, "{line:?}");
        }
    }

    #[test]
    fn reads_what_fits_and_nothing_else() {
        for number in [0, 1, 10, -1, -10, i64::MAX, i64::MIN] {
            assert_eq!(parse_decimal(number.to_string().as_bytes()), Some(number));
        }
        let not_numbers = [
            "",
            "-",
            "+1",
            "01",
            "-0",
            "-01",
            "1 ",
            " 1",
            "1a",
            "0x1",
            "1.0",
            "--1",
            "\u{661}",
            "9223372036854775808",
            "-9223372036854775809",
            "99999999999999999999999999999999",
        ];
        for text in not_numbers {
            assert_eq!(parse_decimal(text.as_bytes()), None, "{text:?}");
        }
    }
}
