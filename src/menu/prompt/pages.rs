//! What is longer than the window, page by page.

use super::frame::{Frame, Picture, Row, Size};
use super::keyboard::{Burst, Event};
use super::keys::Key;
use super::{Leave, Screen, leave_by};
use crate::menu::Exit;
use crate::menu::ink::{Ink, width};

/// How many rows of the window a text takes.
pub(super) fn rows_of(text: &str, columns: usize) -> usize {
    let lines = text.split('\n');
    lines
        .map(|line| width(line).div_ceil(columns.max(1)).max(1))
        .sum()
}

/// The lines of a text that fit into so many rows, at least one, and the rest.
pub(super) fn split(text: &str, size: Size) -> (&str, Option<&str>) {
    let mut left = size.rows;
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        let rows = rows_of(line.trim_end_matches('\n'), size.columns);
        if rows > left && end > 0 {
            break;
        }
        left = left.saturating_sub(rows);
        end += line.len();
    }
    let (page, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let page = page.strip_suffix('\n').unwrap_or(page);
    (page, Some(rest).filter(|rest| !rest.is_empty()))
}

/// Waits until somebody has read what stands above; whether they want to go on.
pub(super) fn wait(screen: &mut Screen, question: &str) -> Result<bool, Leave> {
    let mut frame = Frame::new(screen.colour);
    let row = Row::of(Ink::Faint, question);
    let picture = Picture {
        cursor: (0, row.width()),
        rows: vec![row],
    };
    let mut is_left = false;
    let goes_on = loop {
        frame.draw(&picture, Size::now())?;
        match screen.keyboard.next(Burst::Keys) {
            Event::Signal(news) => {
                if let Some(leave) = leave_by(news) {
                    break Err(leave);
                }
            }
            Event::Lost => break Err(Leave::Menu(Exit::Lost)),
            Event::Key(Key::Enter | Key::Char(' ')) => break Ok(!is_left),
            // Enter may follow, as it does elsewhere.
            Event::Key(Key::Char('q' | 'Q')) => is_left = true,
            Event::Key(Key::Control('d')) => break Err(Leave::Menu(Exit::Quit)),
            Event::Key(Key::Escape | Key::Control('c' | 'g')) => break Ok(false),
            Event::Key(Key::Control('z')) => screen.suspend(&mut frame)?,
            Event::Key(_) | Event::Paste(_) => {}
        }
    };
    frame.remove(Size::now())?;
    goes_on
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_whole_lines_that_fit() {
        let size = Size {
            rows: 3,
            columns: 4,
        };
        assert_eq!(rows_of("", 4), 1);
        assert_eq!(rows_of("abcd\nabcde\n", 4), 4);
        assert_eq!(split("a\nb\nc", size), ("a\nb\nc", None));
        assert_eq!(split("a\nb\nc\n", size), ("a\nb\nc", None));
        assert_eq!(split("a\nb\nc\nd\n", size), ("a\nb\nc", Some("d\n")));
        assert_eq!(split("a\nabcdefgh\nd", size), ("a\nabcdefgh", Some("d")));
        let long = "abcd".repeat(9);
        assert_eq!(split(&format!("{long}\nb"), size), (&*long, Some("b")));
    }
}
