//! Text in lines of bounded width.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How many places of a terminal a text on one line takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The beginning of a text that fits `columns`.
pub fn cut(text: &str, columns: usize) -> &str {
    let mut taken = 0;
    for (at, c) in text.char_indices() {
        taken += c.width().unwrap_or(0);
        if taken > columns {
            return text.split_at_checked(at).map_or(text, |(fits, _)| fits);
        }
    }
    text
}

/// A text on one line, broken between words into lines of at most `columns`; a longer word is broken within.
/// All lines but the first begin with `indent` blanks.
pub fn wrap(text: &str, columns: usize, indent: usize) -> Vec<String> {
    let columns = columns.max(2);
    let indent = indent.min(columns - 2);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut is_empty = true;
    for mut word in text.split(' ') {
        let gap = usize::from(!is_empty);
        if !is_empty && width(&line) + gap + width(word) > columns {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        while width(&line) + width(word) > columns {
            let fits = cut(word, columns - width(&line));
            line.push_str(fits);
            word = word.strip_prefix(fits).unwrap_or_default();
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_or_else_within() {
        assert_eq!(wrap("a bc def", 80, 2), ["a bc def"]);
        assert_eq!(wrap("a bc def", 5, 2), ["a bc", "  def"]);
        assert_eq!(wrap("abcdefgh ij", 5, 2), ["abcde", "  fgh", "  ij"]);
        assert_eq!(wrap("中中中 a", 5, 0), ["中中", "中 a"]);
        assert_eq!(wrap("", 5, 2), [""]);
    }

    proptest::proptest! {
        #[test]
        fn no_line_is_wider_and_no_word_is_lost(
            text in "[a-z中é]{0,12}( [a-z中é]{0,12}){0,6}", columns in 4_usize..30, indent in 0_usize..3,
        ) {
            let lines = wrap(&text, columns, indent);
            for line in &lines {
                proptest::prop_assert!(width(line) <= columns, "{line:?}");
            }
            let letters = |text: &str| text.replace(' ', "");
            proptest::prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }

        #[test]
        fn what_is_cut_fits(text in "[a-z中é ]{0,40}", columns in 0_usize..30) {
            let fits = cut(&text, columns);
            proptest::prop_assert!(width(fits) <= columns);
            proptest::prop_assert!(text.starts_with(fits));
            proptest::prop_assert!(fits == text || width(fits) + 2 > columns);
        }
    }
}
