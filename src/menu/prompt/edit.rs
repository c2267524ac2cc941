//! A text that is being typed: characters, a cursor, and what keys do to them. It knows no terminal.

use super::keys::Key;
use crate::limits::MENU_TEXT_MAX_BYTES;
use crate::menu::ink::char_width;

/// See the module's text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Edit {
    text: Vec<char>,
    cursor: usize,
    bytes: usize,
}

impl Edit {
    pub(super) fn new(text: &str) -> Self {
        let mut edit = Self::default();
        edit.insert(text);
        edit
    }

    pub(super) fn text(&self) -> String {
        self.text.iter().collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn chars(&self) -> &[char] {
        &self.text
    }

    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    /// The text before the cursor.
    pub(super) fn before_cursor(&self) -> String {
        self.text.iter().take(self.cursor).collect()
    }

    /// Inserts a text at the cursor; whether there was room for all of it.
    pub(super) fn insert(&mut self, text: &str) -> bool {
        let room = MENU_TEXT_MAX_BYTES - self.bytes;
        let mut bytes = 0;
        let fits = |c: &char| {
            bytes += c.len_utf8();
            bytes <= room
        };
        let fitting: Vec<_> = text.chars().take_while(fits).collect();
        self.bytes += fitting.iter().map(|c| c.len_utf8()).sum::<usize>();
        let count = fitting.len();
        self.text.splice(self.cursor..self.cursor, fitting);
        self.cursor += count;
        count == text.chars().count()
    }

    /// Does what a key does to a text; whether it is one of those.
    pub(super) fn press(&mut self, key: Key) -> bool {
        match key {
            Key::Char(c) => {
                self.insert(c.encode_utf8(&mut [0; 4]));
            }
            Key::Backspace => self.remove(self.left_of(self.cursor)..self.cursor),
            Key::Delete => self.remove(self.cursor..self.right_of(self.cursor)),
            Key::Left | Key::Control('b') => self.cursor = self.left_of(self.cursor),
            Key::Right | Key::Control('f') => self.cursor = self.right_of(self.cursor),
            Key::WordLeft => self.cursor = self.word_left(),
            Key::WordRight => self.cursor = self.word_right(),
            Key::Home | Key::Control('a') => self.cursor = 0,
            Key::End | Key::Control('e') => self.cursor = self.text.len(),
            Key::Control('k') => self.remove(self.cursor..self.text.len()),
            Key::Control('u') => self.remove(0..self.cursor),
            Key::Control('w') => self.remove(self.word_left()..self.cursor),
            _ => return false,
        }
        true
    }

    fn remove(&mut self, range: std::ops::Range<usize>) {
        self.cursor = range.start;
        let removed = self.text.drain(range);
        self.bytes -= removed.map(char::len_utf8).sum::<usize>();
    }

    /// The place of the character left of `place`; what combines with a character goes with it.
    fn left_of(&self, place: usize) -> usize {
        let before = self.text.iter().take(place);
        let joined = before.rev().take_while(|c| joins(**c)).count();
        place.saturating_sub(joined + 1)
    }

    fn right_of(&self, place: usize) -> usize {
        let after = self.text.iter().skip(place + 1);
        let joined = after.take_while(|c| joins(**c)).count();
        (place + 1 + joined).min(self.text.len())
    }

    fn word_left(&self) -> usize {
        let before = || self.text.iter().take(self.cursor).rev();
        let blanks = before().take_while(|c| !c.is_alphanumeric()).count();
        let word = before().skip(blanks).take_while(|c| c.is_alphanumeric());
        self.cursor - blanks - word.count()
    }

    fn word_right(&self) -> usize {
        let after = || self.text.iter().skip(self.cursor);
        let blanks = after().take_while(|c| !c.is_alphanumeric()).count();
        let word = after().skip(blanks).take_while(|c| c.is_alphanumeric());
        self.cursor + blanks + word.count()
    }
}

/// Whether a character is drawn upon the one before it.
fn joins(c: char) -> bool {
    !c.is_control() && char_width(c) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn after(text: &str, keys: &[Key]) -> (String, usize) {
        let mut edit = Edit::new(text);
        for key in keys {
            assert!(edit.press(*key), "{key:?}");
        }
        (edit.text(), edit.cursor())
    }

    #[test]
    fn keys_do_what_they_do_in_a_shell() {
        let c = Key::Control;
        for (text, keys, expected) in [
            ("ab", &[Key::Left, Key::Char('x')][..], ("axb", 2)),
            ("ab", &[Key::Left, Key::Backspace], ("b", 0)),
            ("ab", &[Key::Home, Key::Delete], ("b", 0)),
            ("ab", &[Key::Home, Key::Left, Key::Backspace], ("ab", 0)),
            ("ab", &[Key::Right, Key::Delete], ("ab", 2)),
            ("one two", &[c('w')], ("one ", 4)),
            ("one two ", &[c('w')], ("one ", 4)),
            ("one two", &[Key::WordLeft, c('k')], ("one ", 4)),
            ("one two", &[Key::WordLeft, c('u')], ("two", 0)),
            (
                "one two",
                &[c('a'), Key::WordRight, Key::Char('!')],
                ("one! two", 4),
            ),
            ("e\u{301}x", &[Key::Left, Key::Backspace], ("x", 0)),
            ("e\u{301}x", &[Key::Home, Key::Delete], ("x", 0)),
        ] {
            assert_eq!(
                after(text, keys),
                (expected.0.to_owned(), expected.1),
                "{text} {keys:?}"
            );
        }
        assert!(!Edit::new("").press(Key::Up));
    }

    #[test]
    fn a_text_has_a_bound() {
        let mut edit = Edit::new(&"x".repeat(MENU_TEXT_MAX_BYTES - 1));
        assert!(!edit.insert("åb"));
        assert!(edit.insert("b"));
        assert!(!edit.insert("b"));
        assert_eq!(edit.text().len(), MENU_TEXT_MAX_BYTES);
        assert!(edit.press(Key::Backspace));
        assert!(edit.insert("c"));
    }

    proptest! {
        #[test]
        fn the_cursor_stays_in_the_text(
            text in ".{0,20}",
            keys in prop::collection::vec(prop::sample::select(vec![
                Key::Char('a'), Key::Char('\u{301}'), Key::Char('\n'), Key::Backspace, Key::Delete,
                Key::Left, Key::Right, Key::WordLeft, Key::WordRight, Key::Home, Key::End,
                Key::Control('k'), Key::Control('u'), Key::Control('w'),
            ]), 0..40),
        ) {
            let mut edit = Edit::new(&text);
            for key in keys {
                edit.press(key);
                prop_assert!(edit.cursor() <= edit.chars().len());
                prop_assert_eq!(edit.bytes, edit.text().len());
            }
        }
    }
}
