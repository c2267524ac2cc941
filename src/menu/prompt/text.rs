//! A text that is typed or pasted, on as many lines as it needs.

use super::edit::Edit;
use super::frame::{Frame, Picture, Row, Size};
use super::keyboard::{Burst, Event};
use super::keys::Key;
use super::path::{self, Completion};
use super::{Leave, Screen, leave_by};
use crate::menu::Exit;
use crate::menu::ink::{Ink, char_width, width};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::menu) enum Kind {
    Key,
    Pattern,
    Path,
    Number,
    YesOrNo,
    /// It may have several lines.
    Value,
}

impl Kind {
    /// Of how many kinds the answers are remembered.
    pub(super) const REMEMBERED: usize = 3;

    /// Where they are.
    pub(super) fn place(self) -> Option<usize> {
        match self {
            Self::Key => Some(0),
            Self::Pattern => Some(1),
            Self::Path => Some(2),
            Self::Number | Self::YesOrNo | Self::Value => None,
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Value => "Enter stores it, Alt-Enter begins a new line, Ctrl-C leaves",
            Self::Path => "Tab completes it",
            _ => "",
        }
    }
}

/// A question that is answered with a text.
#[derive(Debug)]
pub(in crate::menu) struct Ask<'a> {
    pub(in crate::menu) question: &'a str,
    pub(in crate::menu) kind: Kind,
    /// What stands there at first.
    pub(in crate::menu) given: &'a str,
}

impl<'a> Ask<'a> {
    pub(in crate::menu) fn new(question: &'a str, kind: Kind) -> Self {
        Self {
            question,
            kind,
            given: "",
        }
    }

    /// With a text that Enter takes.
    pub(in crate::menu) fn given(self, given: &'a str) -> Self {
        Self { given, ..self }
    }
}

/// The rows that are left of a long text when it has been typed.
const ROWS_LEFT: usize = 4;

/// The fewest rows of a window that have place for hints.
const ROWS_FOR_HINTS: usize = 6;

/// Asks until Enter is pressed.
pub(super) fn ask(screen: &mut Screen, ask: &Ask<'_>) -> Result<String, Leave> {
    let mut frame = Frame::new(screen.colour);
    let history = ask.kind.place().and_then(|place| screen.history.get(place));
    let mut typing = Typing::new(ask, history.cloned().unwrap_or_default());
    let leave = loop {
        let size = Size::now();
        if !screen.keyboard.has_more() {
            frame.draw(&typing.picture(size), size)?;
        }
        match screen.keyboard.next(Burst::Paste) {
            Event::Signal(news) => {
                if let Some(leave) = leave_by(news) {
                    break leave;
                }
            }
            Event::Lost => break Leave::Menu(Exit::Lost),
            Event::Paste(text) => typing.paste(&text),
            Event::Key(Key::LineEnd) if ask.kind == Kind::Value => typing.insert("\n"),
            Event::Key(Key::Enter | Key::LineEnd) => {
                frame.leave(&typing.left(size), size)?;
                return Ok(typing.edit.text());
            }
            Event::Key(Key::Control('d')) => break Leave::Menu(Exit::Quit),
            Event::Key(Key::Escape | Key::Control('c' | 'g')) => break Leave::Step,
            Event::Key(Key::Control('l')) => frame.clear_screen()?,
            Event::Key(Key::Control('z')) => screen.suspend(&mut frame)?,
            Event::Key(key) => typing.press(key),
        }
    };
    frame.remove(Size::now())?;
    Err(leave)
}

/// A text on its way, with what stands around it.
#[derive(Debug)]
struct Typing<'a> {
    ask: &'a Ask<'a>,
    edit: Edit,
    history: Vec<String>,
    /// Which entry of the history is shown; past the last one, what was typed itself.
    at: usize,
    /// What was typed, while an entry of the history is shown.
    own: Edit,
    /// What is said below, until the next key.
    note: String,
}

impl<'a> Typing<'a> {
    fn new(ask: &'a Ask<'a>, history: Vec<String>) -> Self {
        Self {
            ask,
            edit: Edit::new(ask.given),
            at: history.len(),
            history,
            own: Edit::default(),
            note: String::new(),
        }
    }

    fn insert(&mut self, text: &str) {
        self.note = if self.edit.insert(text) {
            String::new()
        } else {
            "no more fits here; a longer value can be taken from a file".to_owned()
        };
    }

    /// Several lines are a value as they are; the end of a single line, or of a last one where one line is asked
    /// for, was not meant.
    fn paste(&mut self, text: &str) {
        let body = text.trim_end_matches('\n');
        let is_one_line = !body.contains('\n');
        let is_value = self.ask.kind == Kind::Value;
        self.insert(if is_one_line || !is_value { body } else { text });
        if !is_one_line && !is_value {
            "this has several lines; Ctrl-U removes it".clone_into(&mut self.note);
        }
    }

    fn press(&mut self, key: Key) {
        self.note.clear();
        match key {
            Key::Up | Key::Control('p') => self.recall(self.at.checked_sub(1)),
            Key::Down | Key::Control('n') => self.recall(Some(self.at + 1)),
            Key::Tab if self.ask.kind == Kind::Path => self.complete(),
            Key::Tab => self.insert("\t"),
            Key::Char(c) => self.insert(c.encode_utf8(&mut [0; 4])),
            key => {
                self.edit.press(key);
            }
        }
    }

    fn recall(&mut self, at: Option<usize>) {
        let Some(at) = at.filter(|at| *at <= self.history.len()) else {
            return;
        };
        if self.at == self.history.len() {
            self.own = std::mem::take(&mut self.edit);
        }
        self.at = at;
        self.edit = match self.history.get(at) {
            Some(entry) => Edit::new(entry),
            None => std::mem::take(&mut self.own),
        };
    }

    fn complete(&mut self) {
        match path::complete(&self.edit.before_cursor()) {
            Completion::Rest(rest) => self.insert(&rest),
            Completion::Several(names) => self.note = names.join("  "),
            Completion::Nothing => "there is nothing of this name".clone_into(&mut self.note),
        }
    }

    fn picture(&self, size: Size) -> Picture {
        let (mut rows, (row, column)) = self.lay_out(size);
        let below = match self.note.as_str() {
            "" if self.edit.is_empty() || self.ask.kind == Kind::Value => self.ask.kind.hint(),
            note => note,
        };
        let has_below = !below.is_empty() && size.rows >= ROWS_FOR_HINTS;
        let room = size.rows.saturating_sub(usize::from(has_below)).max(1);
        // Of a text that is longer than the window, the part with the cursor is seen.
        let top = (row + 1).saturating_sub(room);
        rows.drain(..top);
        rows.truncate(room);
        if has_below {
            rows.push(Row::of(Ink::Faint, below));
        }
        Picture {
            rows,
            cursor: (row - top, column),
        }
    }

    /// What is left of it when it has been typed.
    fn left(&self, size: Size) -> Picture {
        let (mut rows, _) = self.lay_out(size);
        let count = rows.len();
        if count > ROWS_LEFT {
            rows.truncate(ROWS_LEFT - 1);
            rows.push(Row::of(Ink::Faint, format!("… {count} lines in all")));
        }
        Picture {
            rows,
            cursor: (0, 0),
        }
    }

    /// Breaks question and text into rows; the place of the cursor among them.
    fn lay_out(&self, size: Size) -> (Vec<Row>, (usize, usize)) {
        let columns = size.line();
        let mut sheet = Sheet::new(self.ask.question);
        let mut cursor = sheet.place();
        for (place, c) in self.edit.chars().iter().enumerate() {
            if place == self.edit.cursor() {
                cursor = sheet.place();
            }
            if *c == '\n' && self.ask.kind == Kind::Value {
                sheet.break_row();
            } else if c.is_control() {
                let escape: String = c.escape_default().collect();
                sheet.put(Ink::Faint, &escape, width(&escape), columns);
            } else {
                sheet.put(
                    Ink::Plain,
                    c.encode_utf8(&mut [0; 4]),
                    char_width(*c),
                    columns,
                );
            }
        }
        if self.edit.cursor() == self.edit.chars().len() {
            cursor = sheet.place();
        }
        (sheet.rows(), cursor)
    }
}

/// Rows that are being filled.
#[derive(Debug)]
struct Sheet {
    done: Vec<Row>,
    row: Vec<(Ink, String)>,
    column: usize,
}

impl Sheet {
    fn new(question: &str) -> Self {
        Self {
            done: Vec::new(),
            row: vec![(Ink::Strong, question.to_owned())],
            column: width(question),
        }
    }

    fn place(&self) -> (usize, usize) {
        (self.done.len(), self.column)
    }

    /// Adds a text that is not broken.
    fn put(&mut self, ink: Ink, text: &str, width: usize, columns: usize) {
        if self.column + width > columns {
            self.break_row();
        }
        self.column += width;
        match self.row.last_mut() {
            Some((last, row)) if *last == ink => row.push_str(text),
            _ => self.row.push((ink, text.to_owned())),
        }
    }

    fn break_row(&mut self) {
        self.done
            .push(Row::from_parts(std::mem::take(&mut self.row)));
        self.column = 0;
    }

    fn rows(mut self) -> Vec<Row> {
        self.break_row();
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        rows: 8,
        columns: 11,
    };

    fn text_of(picture: &Picture) -> Vec<String> {
        picture.rows.iter().map(Row::text).collect()
    }

    #[test]
    fn a_text_is_broken_where_the_window_ends_and_never_leaves_it() {
        let ask = Ask::new("key: ", Kind::Key).given("abcdefg\tend");
        let mut typing = Typing::new(&ask, Vec::new());
        let picture = typing.picture(SIZE);
        assert_eq!(text_of(&picture), ["key: abcde", "fg\\tend"]);
        assert_eq!(picture.cursor, (1, 7));
        typing.press(Key::Home);
        assert_eq!(typing.picture(SIZE).cursor, (0, 5));
        typing.press(Key::Char('中'));
        assert_eq!(text_of(&typing.picture(SIZE)), ["key: 中abc", "defg\\tend"]);
        typing.insert(&"x".repeat(200));
        let picture = typing.picture(SIZE);
        assert_eq!(picture.rows.len(), SIZE.rows);
        assert!(picture.cursor.0 < SIZE.rows);
        let left = text_of(&typing.left(SIZE));
        assert_eq!(left.len(), ROWS_LEFT);
        assert!(left[ROWS_LEFT - 1].ends_with("lines in all"), "{left:?}");
    }

    #[test]
    fn the_line_ends_of_pasted_text_count_in_values_of_several_lines() {
        let pasted = |kind, text: &str| {
            let ask = Ask::new("", kind);
            let mut typing = Typing::new(&ask, Vec::new());
            typing.paste(text);
            (typing.edit.text(), typing.note)
        };
        let own = |text: &str| (text.to_owned(), String::new());
        assert_eq!(pasted(Kind::Value, "a\n"), own("a"));
        assert_eq!(pasted(Kind::Value, "a\nb\n"), own("a\nb\n"));
        assert_eq!(pasted(Kind::Key, "a\n"), own("a"));
        let (text, note) = pasted(Kind::Key, "a\nb\n");
        assert_eq!((text.as_str(), note.is_empty()), ("a\nb", false));
    }

    #[test]
    fn earlier_answers_are_called_back_and_the_own_text_is_kept() {
        let ask = Ask::new("key: ", Kind::Key);
        let mut typing = Typing::new(&ask, vec!["one".to_owned(), "two".to_owned()]);
        let mut after = |key| {
            typing.press(key);
            typing.edit.text()
        };
        assert_eq!(after(Key::Char('x')), "x");
        assert_eq!(after(Key::Up), "two");
        assert_eq!(after(Key::Up), "one");
        assert_eq!(after(Key::Up), "one");
        assert_eq!(after(Key::Down), "two");
        assert_eq!(after(Key::Down), "x");
        assert_eq!(after(Key::Down), "x");
    }
}
