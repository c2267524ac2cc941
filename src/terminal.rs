//! What the tools show to people: tables that fit the terminal, and bytes that cannot take it over.

pub mod colour;
mod lines;
mod progress;
mod screen;
pub mod shell;

use std::fmt::Display;
use std::io::{self, ErrorKind, Write as _};

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use rustix::termios::tcgetwinsize;

pub use colour::Colours;
pub use lines::{cut, width, wrap};
pub use progress::{Progress, Unit};
pub use screen::{Event, Screen};

/// The width of tables where it is not that of a terminal, and the most that is used of a wide one:
/// what is copied into a mail or a report keeps its lines.
pub const COLUMNS: u16 = 80;

const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));

/// The blanks before each column but the first. They alone tell columns apart: on a phone's screen
/// every character counts.
const GAP: u16 = 2;

/// How wide a table may be: as wide as the terminal of the standard output, but at most
/// [`COLUMNS`].
pub fn columns() -> u16 {
    match tcgetwinsize(io::stdout()) {
        // Some terminals do not know their size and say 0.
        Ok(size) if size.ws_col > 0 => size.ws_col.min(COLUMNS),
        _ => COLUMNS,
    }
}

/// A column's title, and at which side its cells stand.
#[derive(Debug, Clone, Copy)]
pub enum Column {
    /// Words.
    Left(&'static str),
    /// Numbers.
    Right(&'static str),
}

impl Column {
    const fn title(self) -> &'static str {
        match self {
            Self::Left(title) | Self::Right(title) => title,
        }
    }
}

/// A table. If its lines would be longer than `columns`, the rows stand one below the other instead,
/// each as a list under its first cell: no cell is broken. Cells are shown on one line, by
/// [`readable_line`].
pub fn table<const N: usize>(
    columns: u16,
    header: [Column; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let shown = |row: [String; N]| row.map(|cell| readable_line(cell.as_bytes()));
    let rows: Vec<_> = rows.into_iter().map(shown).collect();
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_header(header.map(Column::title)).add_rows(&rows);
    for ((place, column), title) in table.column_iter_mut().enumerate().zip(header) {
        column.set_padding((if place == 0 { 0 } else { GAP }, 0));
        if let Column::Right(_) = title {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let widths = table.column_max_content_widths().into_iter();
    let gap = usize::from(GAP);
    let width: usize = widths.map(|width| usize::from(width) + gap).sum();
    if width <= usize::from(columns) + gap {
        table.trim_fmt()
    } else {
        stack(header, &rows)
    }
}

fn stack<const N: usize>(header: [Column; N], rows: &[[String; N]]) -> String {
    let titles = header.map(Column::title);
    let width = titles.iter().map(|title| title.len()).max().unwrap_or(0);
    let blocks = rows.iter().map(|row| {
        let mut cells = row.iter().zip(titles);
        let mut lines: Vec<_> = cells
            .by_ref()
            .take(1)
            .map(|(cell, _)| cell.clone())
            .collect();
        lines.extend(cells.map(|(cell, title)| format!("  {title:<width$}  {cell}")));
        lines.join("\n")
    });
    blocks.collect::<Vec<_>>().join("\n\n")
}

/// Prints one text and a line end.
pub fn print(text: impl Display) -> io::Result<()> {
    print_bytes(format!("{text}\n").as_bytes())
}

/// Prints bytes as they are, and nothing else. A reader that has seen enough, as `head` has after some
/// lines, is not an error.
pub fn print_bytes(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout();
    let printed = stdout.write_all(bytes).and_then(|()| stdout.flush());
    match printed {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

/// Bytes for a person: text as it is, with line ends and tabs, but without what would move the
/// cursor or change the colours.
pub fn readable(bytes: &[u8]) -> String {
    escape_unless(bytes, |c| !c.is_control() || c == '\n' || c == '\t')
}

/// Bytes for a person on one line.
pub fn readable_line(bytes: &[u8]) -> String {
    escape_unless(bytes, |c| !c.is_control())
}

fn escape_unless(bytes: &[u8], is_harmless: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for c in String::from_utf8_lossy(bytes).chars() {
        if is_harmless(c) {
            shown.push(c);
        } else {
            shown.extend(c.escape_default());
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_aligned_or_where_it_does_not_fit_a_list() {
        let header = [
            Column::Left("rule"),
            Column::Left("state"),
            Column::Right("keys"),
        ];
        let rows = [
            ["MD5 ends in an even hex digit", "up", "7"],
            ["åå", "down", "12345"],
        ]
        .map(|row| row.map(str::to_owned));
        let expected = "\
rule                           state   keys
───────────────────────────────────────────
MD5 ends in an even hex digit  up         7
åå                             down   12345";
        assert_eq!(table(43, header, rows.clone()), expected);
        let expected = "\
MD5 ends in an even hex digit
  state  up
  keys   7

åå
  state  down
  keys   12345";
        assert_eq!(table(42, header, rows), expected);
    }

    #[test]
    fn nothing_that_is_shown_can_move_the_cursor() {
        let hostile = b"a\tb\nc\x1b[2J\x07\xff\r\xc2\x9b";
        assert_eq!(
            readable(hostile),
            "a\tb\nc\\u{1b}[2J\\u{7}\u{fffd}\\r\\u{9b}"
        );
        assert_eq!(
            readable_line(hostile),
            "a\\tb\\nc\\u{1b}[2J\\u{7}\u{fffd}\\r\\u{9b}"
        );
        assert_eq!(readable("Åland 中".as_bytes()), "Åland 中");
    }
}
