//! What a terminal sends, as keys: bytes in, keys out, without a terminal.

/// A key that was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Char(char),
    Enter,
    /// Alt and Enter: a line end in a text of several lines.
    LineEnd,
    Tab,
    Backspace,
    Delete,
    Left,
    Right,
    WordLeft,
    WordRight,
    Up,
    Down,
    Home,
    End,
    PageUp,
    PageDown,
    Escape,
    /// A letter with Ctrl.
    Control(char),
    /// A key that means nothing here.
    Other,
}

/// What the first bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decoded {
    /// A key, and how many bytes it took.
    Key(Key, usize),
    /// The mark before a pasted text, of so many bytes.
    Paste(usize),
    /// The beginning of a key.
    Partial,
}

/// The mark after a pasted text.
pub(super) const PASTE_END: &[u8] = b"\x1b[201~";

/// The longest sequence of a key. What is longer is none.
const SEQUENCE_MAX_BYTES: usize = 32;

const ESCAPE: u8 = 0x1b;

/// Reads the first key of `bytes`, which are not empty. If `no_more` bytes are to come, a beginning is taken for
/// what it is.
pub(super) fn decode(bytes: &[u8], no_more: bool) -> Decoded {
    match bytes {
        [] => Decoded::Partial,
        [ESCAPE, rest @ ..] => match escaped(rest) {
            Decoded::Key(key, count) => Decoded::Key(key, count + 1),
            Decoded::Paste(count) => Decoded::Paste(count + 1),
            Decoded::Partial if !no_more => Decoded::Partial,
            Decoded::Partial if rest.is_empty() => Decoded::Key(Key::Escape, 1),
            Decoded::Partial => Decoded::Key(Key::Other, bytes.len()),
        },
        // Some send both.
        [b'\r', b'\n', ..] => Decoded::Key(Key::Enter, 2),
        [b'\r' | b'\n', ..] => Decoded::Key(Key::Enter, 1),
        [b'\t', ..] => Decoded::Key(Key::Tab, 1),
        [0x7f | 0x08, ..] => Decoded::Key(Key::Backspace, 1),
        [byte @ ..0x20, ..] => Decoded::Key(Key::Control(char::from(byte | 0x60)), 1),
        [byte @ ..0x7f, ..] => Decoded::Key(Key::Char(char::from(*byte)), 1),
        _ => character(bytes, no_more),
    }
}

/// A character of several bytes.
fn character(bytes: &[u8], no_more: bool) -> Decoded {
    let bytes = bytes.get(..4).unwrap_or(bytes);
    let (valid, wrong_bytes) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let valid = std::str::from_utf8(valid).unwrap_or_default();
            (valid, error.error_len())
        }
    };
    match (valid.chars().next(), wrong_bytes) {
        (Some(first), _) => Decoded::Key(Key::Char(first), first.len_utf8()),
        (None, Some(count)) => Decoded::Key(Key::Char(char::REPLACEMENT_CHARACTER), count),
        (None, None) if no_more => {
            Decoded::Key(Key::Char(char::REPLACEMENT_CHARACTER), bytes.len())
        }
        (None, None) => Decoded::Partial,
    }
}

/// What follows an Escape.
fn escaped(rest: &[u8]) -> Decoded {
    match rest {
        [] | [b'O'] => Decoded::Partial,
        [b'[', rest @ ..] => match sequence(rest) {
            Decoded::Key(key, count) => Decoded::Key(key, count + 1),
            Decoded::Paste(count) => Decoded::Paste(count + 1),
            Decoded::Partial => Decoded::Partial,
        },
        [b'O', last, ..] => Decoded::Key(arrow(*last, false), 2),
        // Some send both.
        [b'\r', b'\n', ..] => Decoded::Key(Key::LineEnd, 2),
        [b'\r' | b'\n', ..] => Decoded::Key(Key::LineEnd, 1),
        [b'b', ..] => Decoded::Key(Key::WordLeft, 1),
        [b'f', ..] => Decoded::Key(Key::WordRight, 1),
        [0x7f | 0x08, ..] => Decoded::Key(Key::Control('w'), 1),
        // Two presses of Escape, or one before another key.
        [ESCAPE, ..] => Decoded::Key(Key::Escape, 0),
        [first, ..] if first.is_ascii() => Decoded::Key(Key::Other, 1),
        // Alt with a character of several bytes.
        _ => match character(rest, false) {
            Decoded::Key(_, count) => Decoded::Key(Key::Other, count),
            other => other,
        },
    }
}

/// A control sequence, ECMA-48 section 5.4: parameters, and a last byte that says what it is.
fn sequence(bytes: &[u8]) -> Decoded {
    // The function keys of the Linux console have one more byte.
    if let [b'[', rest @ ..] = bytes {
        return match rest {
            [] => Decoded::Partial,
            _ => Decoded::Key(Key::Other, 2),
        };
    }
    let is_parameter = |byte: &u8| matches!(byte, 0x20..=0x3f);
    let length = bytes.iter().take_while(|byte| is_parameter(byte)).count();
    if length > SEQUENCE_MAX_BYTES {
        return Decoded::Key(Key::Other, length);
    }
    let (Some(parameters), Some(last)) = (bytes.get(..length), bytes.get(length)) else {
        return Decoded::Partial;
    };
    if !matches!(last, 0x40..=0x7e) {
        return Decoded::Key(Key::Other, length);
    }
    let mut numbers = parameters.split(|byte| *byte == b';');
    let first = numbers.next().unwrap_or_default();
    // Two and more are Shift, Alt and Ctrl; the last two go by words everywhere.
    let by_words = matches!(numbers.next(), Some([b'3'..=b'8', ..]));
    let count = length + 1;
    let key = match (*last, first) {
        (b'~', b"200") => return Decoded::Paste(count),
        (b'~', b"1" | b"7") => Key::Home,
        (b'~', b"4" | b"8") => Key::End,
        (b'~', b"3") => Key::Delete,
        (b'~', b"5") => Key::PageUp,
        (b'~', b"6") => Key::PageDown,
        (last, _) => arrow(last, by_words),
    };
    Decoded::Key(key, count)
}

fn arrow(last: u8, by_words: bool) -> Key {
    match last {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' if by_words => Key::WordRight,
        b'D' if by_words => Key::WordLeft,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        b'M' => Key::Enter,
        _ => Key::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(mut bytes: &[u8]) -> Vec<Key> {
        let mut keys = Vec::new();
        while !bytes.is_empty() {
            match decode(bytes, true) {
                Decoded::Key(key, count) => {
                    keys.push(key);
                    bytes = &bytes[count..];
                }
                other => panic!("{other:?} of {bytes:?}"),
            }
        }
        keys
    }

    #[test]
    fn the_keys_of_usual_terminals() {
        for (bytes, key) in [
            (&b"\r"[..], Key::Enter),
            (b"\n", Key::Enter),
            (b"\r\n", Key::Enter),
            (b"\x1b\r", Key::LineEnd),
            (b"\x1bOM", Key::Enter),
            (b"\t", Key::Tab),
            (b"\x7f", Key::Backspace),
            (b"\x08", Key::Backspace),
            (b"\x1b", Key::Escape),
            (b"\x03", Key::Control('c')),
            (b"\x04", Key::Control('d')),
            (b"\x1b[A", Key::Up),
            (b"\x1bOA", Key::Up),
            (b"\x1b[1;2A", Key::Up),
            (b"\x1b[1;5C", Key::WordRight),
            (b"\x1b[1;3D", Key::WordLeft),
            (b"\x1bb", Key::WordLeft),
            (b"\x1b[H", Key::Home),
            (b"\x1b[1~", Key::Home),
            (b"\x1b[4~", Key::End),
            (b"\x1b[3~", Key::Delete),
            (b"\x1b[5~", Key::PageUp),
            (b"\x1b[6~", Key::PageDown),
            (b"\x1b[[A", Key::Other),
            (b"\x1b[24;5~", Key::Other),
            (b"\x1b[?62;c", Key::Other),
            (b"x", Key::Char('x')),
            ("中".as_bytes(), Key::Char('中')),
            ("\u{1f600}".as_bytes(), Key::Char('\u{1f600}')),
            ("\u{1b}ä".as_bytes(), Key::Other),
        ] {
            assert_eq!(keys(bytes), [key], "{bytes:?}");
        }
    }

    #[test]
    fn a_key_that_has_not_come_whole_is_waited_for() {
        for bytes in [
            &b"\x1b"[..],
            b"\x1b[",
            b"\x1b[1;",
            b"\x1bO",
            b"\x1b[[",
            b"\xe4\xb8",
        ] {
            assert_eq!(decode(bytes, false), Decoded::Partial, "{bytes:?}");
            assert_eq!(keys(bytes).len(), 1, "{bytes:?}");
        }
        assert_eq!(decode(b"\x1b[200~x", false), Decoded::Paste(6));
        assert_eq!(
            keys(b"\x1b\x1b[A"),
            [Key::Escape, Key::Up],
            "Escape, and then another key"
        );
        assert_eq!(
            keys(b"\xffa"),
            [Key::Char(char::REPLACEMENT_CHARACTER), Key::Char('a')]
        );
    }

    proptest! {
        #[test]
        fn every_byte_belongs_to_a_key(bytes in prop::collection::vec(any::<u8>(), 1..64)) {
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let count = match decode(rest, true) {
                    Decoded::Key(_, count) | Decoded::Paste(count) => count,
                    Decoded::Partial => panic!("{rest:?}"),
                };
                prop_assert!(count > 0);
                rest = &rest[count..];
            }
        }
    }
}
