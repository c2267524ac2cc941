//! How text looks: a few inks, widths, and lines that fit.

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::terminal;

/// What a text is, which decides how it looks where there is colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    /// What is asked.
    Strong,
    /// What helps, and can be passed over.
    Faint,
    /// What is chosen.
    Chosen,
    /// What went well.
    Good,
    /// What did not.
    Bad,
}

impl Ink {
    const fn style(self) -> Style {
        let style = Style::new();
        match self {
            Self::Plain => style,
            Self::Strong => style.bold(),
            Self::Faint => style.dimmed(),
            Self::Chosen => style
                .bold()
                .fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan))),
            Self::Good => style.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green))),
            Self::Bad => style.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red))),
        }
    }

    /// The text in this ink, each of its lines by itself, or as it is where there is no `colour`.
    pub(super) fn on(self, text: &str, colour: bool) -> String {
        if !colour || self == Self::Plain {
            return text.to_owned();
        }
        let style = self.style();
        let lines = text.split('\n').map(|line| {
            if line.is_empty() {
                String::new()
            } else {
                format!("{style}{line}{style:#}")
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// How many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// How many columns a character takes.
pub(super) fn char_width(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// The beginning of a text of one line that fits into so many columns; what is cut off is shown as `…`.
pub(super) fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut fitting = String::new();
    let mut taken = 1;
    for c in text.chars() {
        taken += char_width(c);
        if taken > columns {
            break;
        }
        fitting.push(c);
    }
    if columns > 0 {
        fitting.push('…');
    }
    fitting
}

/// Breaks sentences between words into lines of at most so many columns. A line that begins with blanks goes on
/// below its own beginning.
pub(super) fn wrap(text: &str, columns: usize) -> String {
    let lines = text.split('\n').flat_map(|paragraph| {
        let indent = paragraph.len() - paragraph.trim_start_matches(' ').len();
        terminal::wrap(paragraph, columns, indent)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_by_columns() {
        assert_eq!(fit("abc", 3), "abc");
        assert_eq!(fit("abcd", 3), "ab…");
        assert_eq!(fit("中中中", 5), "中中…");
        assert_eq!(fit("中中中", 4), "中…");
        assert_eq!(fit("ab", 1), "…");
        assert_eq!(fit("ab", 0), "");
    }

    #[test]
    fn sentences_break_between_words() {
        let text = "stored on mac in 3 ms\n  a list that goes on\n\nsupercalifragilistic x";
        let expected = "\
stored on mac
in 3 ms
  a list that
  goes on

supercalifrag
ilistic x";
        assert_eq!(wrap(text, 13), expected);
        assert_eq!(wrap(text, 80), text);
    }

    #[test]
    fn without_colour_there_is_no_escape() {
        assert_eq!(Ink::Bad.on("a\nb", false), "a\nb");
        assert_eq!(
            Ink::Bad.on("a\n\nb", true),
            "\u{1b}[31ma\u{1b}[0m\n\n\u{1b}[31mb\u{1b}[0m"
        );
        assert_eq!(Ink::Plain.on("a", true), "a");
    }
}
