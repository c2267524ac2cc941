//! Colours, sparingly: words that tell a state, and headings. Whatever is coloured says the same without.

use std::io;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

/// When there are colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Choice {
    /// On a terminal that has them, unless `NO_COLOR` is set or `TERM` is `dumb`.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Choice {
    /// Makes it hold for this program from now on.
    pub fn apply(self) {
        match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::AlwaysAnsi,
            Self::Never => ColorChoice::Never,
        }
        .write_global();
    }
}

/// How texts for one place are coloured, or that they are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colours {
    on: bool,
}

/// What a word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Good,
    /// To be minded.
    Warning,
    /// Something is wrong.
    Bad,
    /// A heading.
    Heading,
}

impl Tone {
    const fn style(self) -> Style {
        match self {
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Heading => Style::new().bold(),
        }
    }
}

/// The words that tell the state of a node, in tables.
const STATES: [(&str, Tone); 6] = [
    ("up", Tone::Good),
    ("ok", Tone::Good),
    ("DOWN", Tone::Bad),
    ("ERROR", Tone::Bad),
    ("warning", Tone::Warning),
    ("problem", Tone::Bad),
];

impl Colours {
    /// None.
    pub const NONE: Self = Self { on: false };

    /// Those of the standard output, by the [`Choice`] and what it is.
    pub fn of_stdout() -> Self {
        // Where `CI` is set, anstream takes a terminal that says it is dumb for one with colours.
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let is_unasked = ColorChoice::global() == ColorChoice::Auto;
        Self {
            on: !(is_dumb && is_unasked) && AutoStream::choice(&io::stdout()) != ColorChoice::Never,
        }
    }

    /// Whether there are any.
    pub fn are_on(self) -> bool {
        self.on
    }

    #[cfg(test)]
    pub(crate) const ALL: Self = Self { on: true };

    /// A text in the colour of its tone.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        if !self.on || text.is_empty() {
            return text.to_owned();
        }
        let style = tone.style();
        format!("{style}{text}{style:#}")
    }

    /// The tone of a word that tells a state; none of another one.
    pub fn tone_of(word: &str) -> Option<Tone> {
        let mut states = STATES.iter();
        states
            .find(|(state, _)| *state == word)
            .map(|(_, tone)| *tone)
    }

    /// A table of [`table`](super::table) whose last column tells states: the headings and these are coloured.
    pub fn paint_table(self, table: &str) -> String {
        let is_list = !table
            .lines()
            .nth(1)
            .is_some_and(|rule| rule.starts_with('─'));
        let lines = table.lines().enumerate().map(|(place, line)| {
            if place == 0 || is_list && !line.starts_with(' ') {
                return self.paint(Tone::Heading, line);
            }
            let cells = line.rsplit_once("  ");
            let state = cells.and_then(|(before, word)| Some((before, word, Self::tone_of(word)?)));
            match state {
                Some((before, word, tone)) => format!("{before}  {}", self.paint(tone, word)),
                None => line.to_owned(),
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_its_heading_and_its_states_coloured() {
        let table = "\
node   rule  state
──────────────────
linux  up    up
mac    x     DOWN";
        let expected = "\
\u{1b}[1mnode   rule  state\u{1b}[0m
──────────────────
linux  up    \u{1b}[32mup\u{1b}[0m
mac    x     \u{1b}[31mDOWN\u{1b}[0m";
        assert_eq!(Colours::ALL.paint_table(table), expected);
        assert_eq!(Colours::NONE.paint_table(table), table);
    }

    #[test]
    fn so_has_a_list() {
        let list = "\
linux
  rule   x
  state  ERROR

mac
  state  up";
        let expected = "\
\u{1b}[1mlinux\u{1b}[0m
  rule   x
  state  \u{1b}[31mERROR\u{1b}[0m

\u{1b}[1mmac\u{1b}[0m
  state  \u{1b}[32mup\u{1b}[0m";
        let painted = Colours::ALL.paint_table(list);
        assert_eq!(painted, expected);
    }
}
