//! Text as it stands between the quotes of JSON.

/// Bytes are looked at so many at once: what is asked of them is a few instructions for all.
const PIECE: usize = 16;

/// Whether the bytes are ASCII that stands in JSON as it is: nearly all keys and values are.
pub(super) fn is_plain_ascii(bytes: &[u8]) -> bool {
    position(bytes, |byte| is_escaped(byte) | !byte.is_ascii()).is_none()
}

/// Whether the bytes stand in JSON as they are, if they are UTF-8.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    position(bytes, is_escaped).is_none()
}

/// Appends the bytes with what has to be escaped escaped, unless that takes more than `longest`. Whether
/// it was done; if not, anything may have been appended.
pub(super) fn push_escaped(out: &mut Vec<u8>, bytes: &[u8], longest: usize) -> bool {
    let end = out.len().saturating_add(longest);
    let mut rest = bytes;
    while let Some(plain) = position(rest, is_escaped) {
        let (run, escaped) = rest.split_at_checked(plain).unwrap_or_default();
        out.extend_from_slice(run);
        let Some((&byte, after)) = escaped.split_first() else {
            break;
        };
        push_escape(out, byte);
        rest = after;
        if out.len() + rest.len() > end {
            return false;
        }
    }
    out.extend_from_slice(rest);
    out.len() <= end
}

#[expect(
    clippy::needless_bitwise_bool,
    reason = "branches would keep a piece from being looked at as a whole"
)]
fn is_escaped(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// The first of the bytes that is sought.
#[inline]
fn position(bytes: &[u8], is_sought: impl Fn(u8) -> bool + Copy) -> Option<usize> {
    let (pieces, rest) = bytes.as_chunks::<PIECE>();
    // Without a branch for each byte, so that the compiler makes it one comparison of a whole piece.
    let is_in = |piece: &[u8; PIECE]| piece.iter().fold(false, |any, &byte| any | is_sought(byte));
    let flags = |piece: &[u8; PIECE]| u128::from_le_bytes(piece.map(|byte| is_sought(byte).into()));
    let first = |piece| (flags(piece).trailing_zeros() / u8::BITS) as usize;
    if let Some(number) = pieces.iter().position(is_in) {
        return pieces
            .get(number)
            .map(|piece| number * PIECE + first(piece));
    }
    // There is none before the rest, so that a whole piece that ends with it can be looked at.
    match bytes.last_chunk::<PIECE>() {
        Some(_) if rest.is_empty() => None,
        Some(piece) => is_in(piece).then(|| bytes.len() - PIECE + first(piece)),
        None => rest.iter().position(|&byte| is_sought(byte)),
    }
}

fn push_escape(out: &mut Vec<u8>, byte: u8) {
    let letter = match byte {
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0..0x20 => {
            let digit = b"0123456789abcdef".get(usize::from(byte & 15));
            out.extend_from_slice(if byte < 0x10 { b"\\u000" } else { b"\\u001" });
            out.extend(digit);
            return;
        }
        other => other,
    };
    out.extend_from_slice(&[b'\\', letter]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::definition::escaped;
    use super::*;

    fn all_escaped(bytes: &[u8]) -> Vec<u8> {
        bytes.iter().copied().flat_map(escaped).collect()
    }

    /// Each byte at each place of each length about those of a piece.
    #[test]
    fn each_byte_is_found_wherever_it_stands() {
        for len in 1..=2 * PIECE + 1 {
            for at in 0..len {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'x'; len];
                    bytes[at] = byte;
                    let expected = all_escaped(&bytes);
                    let is_plain_here = expected == bytes;
                    assert_eq!(is_plain(&bytes), is_plain_here, "{byte} at {at} of {len}");
                    assert_eq!(is_plain_ascii(&bytes), is_plain_here && byte < 0x80);
                    let mut out = Vec::new();
                    assert!(push_escaped(&mut out, &bytes, expected.len()));
                    assert_eq!(out, expected);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_would_be_too_long_is_told(
            bytes in prop::collection::vec(prop::sample::select(&b"ab\"\\\n\x01"[..]), 0..60),
            longest in 0..200_usize,
        ) {
            let expected = all_escaped(&bytes);
            let mut out = b"before".to_vec();
            let is_done = push_escaped(&mut out, &bytes, longest);
            prop_assert_eq!(is_done, expected.len() <= longest);
            if is_done {
                prop_assert_eq!(&out[6..], &expected);
            }
        }
    }
}
