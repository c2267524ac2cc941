//! Requests that a person types: a line of words, with quotes around those that need them.

use super::ProtocolError;
use super::args::Span;

/// Splits a line into its words. Appends their bytes, with escapes resolved, to `words`, and where
/// each lies in it to `spans`.
///
/// The rules are Redis's. Words are separated by white space. `"…"` may hold `\n`, `\r`, `\t`, `\b`,
/// `\a` and `\xHH`; a backslash before any other byte stands for that byte. In `'…'` only `\'` is
/// special. A closing quote ends its word, so white space or the end of the line must follow it.
pub(super) fn split_line(
    line: &[u8],
    words: &mut Vec<u8>,
    spans: &mut Vec<Span>,
) -> Result<(), ProtocolError> {
    let mut rest = skip_spaces(line);
    while !rest.is_empty() {
        let start = words.len();
        rest = skip_spaces(take_word(rest, words)?);
        spans.push(Span {
            start,
            end: words.len(),
        });
    }
    Ok(())
}

/// What separates words: what `isspace` is true for in C.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn skip_spaces(line: &[u8]) -> &[u8] {
    let spaces = line.iter().take_while(|&&byte| is_space(byte)).count();
    line.get(spaces..).unwrap_or_default()
}

/// Appends one word to `word`. Gives what follows it.
fn take_word<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Result<&'a [u8], ProtocolError> {
    loop {
        rest = match rest {
            [b'"', quoted @ ..] => return take_double_quoted(quoted, word),
            [b'\'', quoted @ ..] => return take_single_quoted(quoted, word),
            [byte, tail @ ..] if !is_space(*byte) => {
                word.push(*byte);
                tail
            }
            end => return Ok(end),
        };
    }
}

fn take_double_quoted<'a>(
    mut rest: &'a [u8],
    word: &mut Vec<u8>,
) -> Result<&'a [u8], ProtocolError> {
    loop {
        let (byte, tail) = match rest {
            [b'"', tail @ ..] => return after_quote(tail),
            [b'\\', b'x', high, low, tail @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                (hex_digit(*high) << 4 | hex_digit(*low), tail)
            }
            [b'\\', escaped, tail @ ..] => (unescape(*escaped), tail),
            [byte, tail @ ..] => (*byte, tail),
            [] => return Err(ProtocolError::UnbalancedQuotes),
        };
        word.push(byte);
        rest = tail;
    }
}

fn take_single_quoted<'a>(
    mut rest: &'a [u8],
    word: &mut Vec<u8>,
) -> Result<&'a [u8], ProtocolError> {
    loop {
        let (byte, tail) = match rest {
            [b'\'', tail @ ..] => return after_quote(tail),
            [b'\\', b'\'', tail @ ..] => (b'\'', tail),
            [byte, tail @ ..] => (*byte, tail),
            [] => return Err(ProtocolError::UnbalancedQuotes),
        };
        word.push(byte);
        rest = tail;
    }
}

fn after_quote(rest: &[u8]) -> Result<&[u8], ProtocolError> {
    match rest {
        [byte, ..] if !is_space(*byte) => Err(ProtocolError::UnbalancedQuotes),
        _ => Ok(rest),
    }
}

fn unescape(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

/// The value of a hexadecimal digit.
fn hex_digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20).wrapping_sub(b'a').wrapping_add(10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &[u8]) -> Result<Vec<Vec<u8>>, ProtocolError> {
        let (mut words, mut spans) = (Vec::new(), Vec::new());
        split_line(line, &mut words, &mut spans)?;
        Ok(spans
            .iter()
            .map(|span| words[span.start..span.end].to_vec())
            .collect())
    }

    #[test]
    fn words_are_split_as_redis_splits_them() {
        let table: [(&[u8], &[&[u8]]); 14] = [
            (b"", &[]),
            (b" \t\r ", &[]),
            (b"PING", &[b"PING"]),
            (b"  SET  k\tv \r", &[b"SET", b"k", b"v"]),
            (b"a\0b \xff", &[b"a\0b", b"\xff"]),
            (br#""" ''"#, &[b"", b""]),
            (br#""a b" 'c d'"#, &[b"a b", b"c d"]),
            (
                br#""\x41\xfF\n\r\t\b\a\"\\\q""#,
                &[b"A\xff\n\r\t\x08\x07\"\\q"],
            ),
            (br#""\xZZ\x4""#, &[b"xZZx4"]),
            (br"'a\n\'b'", &[br"a\n'b"]),
            (br"\x41", &[br"\x41"]),
            (br#"a"b c""#, &[b"ab c"]),
            (br#""it's""#, &[b"it's"]),
            (br#"'"'"#, &[b"\""]),
        ];
        for (line, words) in table {
            assert_eq!(split(line).unwrap(), words, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn quotes_that_do_not_balance_are_refused() {
        let lines: [&[u8]; 9] = [
            b"\"", b"'", b"\"a", b"'a", b"\"a\"b", b"'a'b", b"\"a\\\"", b"'a\\'", b"\"\\",
        ];
        for line in lines {
            assert_eq!(
                split(line),
                Err(ProtocolError::UnbalancedQuotes),
                "{}",
                line.escape_ascii()
            );
        }
    }
}
