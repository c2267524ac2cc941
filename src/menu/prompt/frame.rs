//! A few lines at the end of the screen that are drawn over again, until they are left or removed.
//!
//! They are found again by counting rows from the cursor, so that what stands above is never touched, and no
//! more rows are drawn than the window has.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use rustix::termios::tcgetwinsize;

use crate::menu::ink::{Ink, fit, width};

/// A window whose size is not known.
const USUAL: Size = Size {
    rows: 24,
    columns: 80,
};

/// The size of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl Size {
    /// That of the terminal of the standard output, at the moment.
    pub(super) fn now() -> Self {
        match tcgetwinsize(io::stdout()) {
            Ok(size) if size.ws_row > 0 && size.ws_col > 0 => Self {
                rows: usize::from(size.ws_row),
                columns: usize::from(size.ws_col),
            },
            _ => USUAL,
        }
    }

    /// How long a line may be: in the last column some terminals break it already.
    pub(super) fn line(self) -> usize {
        self.columns.saturating_sub(1).max(1)
    }
}

/// A line of parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row(Vec<(Ink, String)>);

impl Row {
    pub(super) fn of(ink: Ink, text: impl Into<String>) -> Self {
        Self(vec![(ink, text.into())])
    }

    pub(super) fn and(mut self, ink: Ink, text: impl Into<String>) -> Self {
        self.0.push((ink, text.into()));
        self
    }

    pub(super) fn from_parts(parts: Vec<(Ink, String)>) -> Self {
        Self(parts)
    }

    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| width(text)).sum()
    }

    #[cfg(test)]
    pub(super) fn text(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// The row, cut where the window ends.
    fn painted(&self, columns: usize, colour: bool) -> String {
        let mut left = columns;
        let mut painted = String::new();
        for (ink, text) in &self.0 {
            let text = fit(text, left);
            left -= width(&text).min(left);
            painted += &ink.on(&text, colour);
        }
        painted
    }
}

/// What is drawn at once: rows, and the place of the cursor in them.
#[derive(Debug, Clone, Default)]
pub(super) struct Picture {
    pub(super) rows: Vec<Row>,
    pub(super) cursor: (usize, usize),
}

/// See the module's text.
#[derive(Debug)]
pub(super) struct Frame {
    colour: bool,
    /// What stands on the screen, with its rows' widths, and the window that it was drawn for.
    drawn: Option<(Vec<usize>, (usize, usize), Size)>,
}

impl Frame {
    pub(super) fn new(colour: bool) -> Self {
        Self {
            colour,
            drawn: None,
        }
    }

    /// Draws in place of what was drawn before.
    pub(super) fn draw(&mut self, picture: &Picture, size: Size) -> io::Result<()> {
        let mut out = String::from("\x1b[?25l");
        self.go_to_top(&mut out, size);
        let (row, column) = picture.cursor;
        let rows = picture.rows.iter();
        let painted = rows.map(|row| row.painted(size.line(), self.colour) + "\x1b[K");
        out += &painted.collect::<Vec<_>>().join("\r\n");
        out += "\x1b[J\r";
        move_by(&mut out, picture.rows.len().saturating_sub(row + 1), 'A');
        move_by(&mut out, column, 'C');
        out += "\x1b[?25h";
        let widths = picture.rows.iter().map(|row| row.width().min(size.line()));
        self.drawn = Some((widths.collect(), picture.cursor, size));
        write(&out)
    }

    /// Draws for the last time, and goes to the line below.
    pub(super) fn leave(mut self, picture: &Picture, size: Size) -> io::Result<()> {
        let last = Picture {
            rows: picture.rows.clone(),
            cursor: (picture.rows.len().saturating_sub(1), 0),
        };
        self.draw(&last, size)?;
        write("\r\n")
    }

    /// Removes what was drawn.
    pub(super) fn remove(mut self, size: Size) -> io::Result<()> {
        let mut out = String::new();
        self.go_to_top(&mut out, size);
        out += "\x1b[J";
        write(&out)
    }

    /// Clears the whole screen; what is drawn next stands at its top.
    pub(super) fn clear_screen(&mut self) -> io::Result<()> {
        self.drawn = None;
        write("\x1b[H\x1b[2J")
    }

    /// Moves to the first column of the first row. In a window that was made narrower each row may take several
    /// now.
    fn go_to_top(&mut self, out: &mut String, size: Size) {
        let Some((widths, (row, column), then)) = self.drawn.take() else {
            return;
        };
        let mut above = row;
        if size.columns < then.columns {
            let rows_of = |width: usize| width.saturating_sub(1) / size.columns;
            let widths = widths.into_iter().take(row);
            above += widths.map(rows_of).sum::<usize>() + column / size.columns;
        }
        out.push('\r');
        move_by(out, above.min(size.rows.saturating_sub(1)), 'A');
    }
}

fn move_by(out: &mut String, count: usize, direction: char) {
    if count > 0 {
        // Writing to a string does not fail.
        let _ = write!(out, "\x1b[{count}{direction}");
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
