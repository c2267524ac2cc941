//! Tables for a terminal.

use std::fmt::{self, Write as _};

/// A table: a heading, a first column of names, and columns of figures.
pub(crate) struct Table {
    title: String,
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
}

impl Table {
    /// A table with the names of its columns; the first one is that of the names.
    pub(crate) fn new(title: impl Into<String>, columns: &[&str]) -> Self {
        Self {
            title: title.into(),
            rows: vec![columns.iter().map(|&column| column.to_owned()).collect()],
            notes: Vec::new(),
        }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, name: &str, figures: impl IntoIterator<Item = String>) {
        let name = std::iter::once(name.to_owned());
        self.rows.push(name.chain(figures).collect());
    }

    /// Adds a line below the rows.
    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..columns).map(width).collect();
        writeln!(f, "\n{}\n", self.title)?;
        for (number, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                match column {
                    0 => write!(line, "{cell:<width$}")?,
                    _ => write!(line, "  {cell:>width$}")?,
                }
            }
            writeln!(f, "{}", line.trim_end())?;
            if number == 0 {
                let total = widths.iter().sum::<usize>() + 2 * columns.saturating_sub(1);
                writeln!(f, "{}", "─".repeat(total))?;
            }
        }
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        Ok(())
    }
}

/// A ratio, as `0.53`.
pub(crate) fn times(ratio: f64) -> String {
    format!("{ratio:.2}")
}

/// Whether a figure that is to be at most `most` is so.
pub(crate) fn at_most(figure: f64, most: f64) -> String {
    let verdict = if figure <= most { "met" } else { "missed" };
    format!("at most {most}: {verdict}")
}

/// Whether a figure that is to be at least `least` is so.
pub(crate) fn at_least(figure: f64, least: f64) -> String {
    let verdict = if figure >= least { "met" } else { "missed" };
    format!("at least {least}: {verdict}")
}

/// What stands where nothing could be compared.
pub(crate) const NOTHING: &str = "–";
