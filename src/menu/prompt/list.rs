//! A list of which one is chosen: by the arrows, by its number, or by typing a part of it.

use std::cell::Cell;

use super::frame::{Frame, Picture, Row, Size};
use super::keyboard::{Burst, Event};
use super::keys::Key;
use super::{Leave, Screen, leave_by};
use crate::menu::Exit;
use crate::menu::ink::{Ink, width};

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::menu) struct Item {
    /// Its number or letter; keys have none, because they may be numbers.
    pub(in crate::menu) label: String,
    /// What it is, on one line.
    pub(in crate::menu) text: String,
}

impl Item {
    /// One without a number.
    pub(in crate::menu) fn bare(text: impl Into<String>) -> Self {
        Self {
            label: String::new(),
            text: text.into(),
        }
    }

    /// So many, with numbers from 1 on.
    pub(in crate::menu) fn numbered<T: Into<String>>(
        texts: impl IntoIterator<Item = T>,
    ) -> Vec<Self> {
        let numbered = (1..).zip(texts).map(|(number, text)| Self {
            label: i32::to_string(&number),
            text: text.into(),
        });
        numbered.collect()
    }
}

/// A question with a list of answers.
#[derive(Debug)]
pub(in crate::menu) struct List<'a> {
    /// What stands above it; may be empty.
    pub(in crate::menu) title: &'a str,
    /// What stands before that which is typed, such as `choice: `.
    pub(in crate::menu) question: &'a str,
    /// What can be done, below it, if that is not the same as in most lists.
    pub(in crate::menu) hint: &'a str,
    pub(in crate::menu) items: &'a [Item],
    /// The one that is chosen at first.
    pub(in crate::menu) at: usize,
    /// Whether this is the first list, which Ctrl-C and Escape do not leave.
    pub(in crate::menu) is_first: bool,
}

/// The fewest rows of a window that have place for hints.
const ROWS_FOR_HINTS: usize = 8;

/// The fewest items that are seen at once, where the window has them.
const ITEMS_MIN: usize = 3;

/// The rows of the lowest list: these items, title, hint and question.
pub(super) const ROWS_MIN: usize = ITEMS_MIN + 3;

/// Asks until one is chosen. So many rows above the list stay in sight.
pub(super) fn choose(
    screen: &mut Screen,
    list: &List<'_>,
    kept_rows: usize,
) -> Result<usize, Leave> {
    let mut picker = Picker::new(list);
    picker.kept_rows = kept_rows;
    let mut frame = Frame::new(screen.colour);
    let leave = loop {
        let size = Size::now();
        if !screen.keyboard.has_more() {
            frame.draw(&picker.picture(size), size)?;
        }
        match screen.keyboard.next(Burst::Keys) {
            Event::Signal(news) => {
                if let Some(leave) = leave_by(news) {
                    break leave;
                }
            }
            Event::Lost => break Leave::Menu(Exit::Lost),
            Event::Paste(text) => {
                for c in text.trim().chars() {
                    picker.type_char(if c == '\n' { ' ' } else { c });
                }
            }
            Event::Key(Key::Enter | Key::LineEnd) => {
                if let Some(place) = picker.chosen() {
                    frame.leave(&picker.left(), size)?;
                    return Ok(place);
                }
            }
            Event::Key(Key::Control('d')) => break Leave::Menu(Exit::Quit),
            Event::Key(Key::Escape | Key::Control('c' | 'g')) if !list.is_first => {
                break Leave::Step;
            }
            Event::Key(Key::Control('l')) => frame.clear_screen()?,
            Event::Key(Key::Control('z')) => screen.suspend(&mut frame)?,
            Event::Key(key) => picker.press(key, size),
        }
    };
    frame.remove(Size::now())?;
    Err(leave)
}

/// A list, what was typed, and what is chosen by it.
#[derive(Debug)]
pub(super) struct Picker<'a> {
    list: &'a List<'a>,
    typed: String,
    /// The places of the items that what was typed leaves.
    fitting: Vec<usize>,
    /// Which of these is chosen.
    at: usize,
    /// Which of these is the first that is seen.
    top: Cell<usize>,
    /// How many rows above stay in sight.
    kept_rows: usize,
    /// Whether somebody wanted to leave a list that is not left so.
    stays: bool,
}

impl<'a> Picker<'a> {
    fn new(list: &'a List<'a>) -> Self {
        Self {
            list,
            typed: String::new(),
            fitting: (0..list.items.len()).collect(),
            at: list.at.min(list.items.len().saturating_sub(1)),
            top: Cell::new(0),
            kept_rows: 0,
            stays: false,
        }
    }

    /// The places of the items that fit a text.
    pub(super) fn fitting(list: &List<'_>, typed: &str) -> Vec<usize> {
        let mut picker = Picker::new(list);
        typed.chars().for_each(|c| picker.type_char(c));
        picker.fitting
    }

    /// The place of the one that is chosen, if any.
    fn chosen(&self) -> Option<usize> {
        self.fitting.get(self.at).copied()
    }

    fn type_char(&mut self, c: char) {
        if !c.is_control() {
            self.typed.push(c);
            self.filter();
        }
    }

    fn press(&mut self, key: Key, size: Size) {
        self.stays = false;
        let last = self.fitting.len().saturating_sub(1);
        let page = self.room(size).0.saturating_sub(1).max(1);
        match key {
            Key::Up | Key::Control('p') => self.at = self.at.checked_sub(1).unwrap_or(last),
            Key::Down | Key::Control('n') => {
                self.at = if self.at == last { 0 } else { self.at + 1 };
            }
            Key::PageUp => self.at = self.at.saturating_sub(page),
            Key::PageDown => self.at = (self.at + page).min(last),
            Key::Home => self.at = 0,
            Key::End => self.at = last,
            Key::Char(c) => self.type_char(c),
            Key::Backspace => {
                self.typed.pop();
                self.filter();
            }
            Key::Control('u' | 'w') => {
                self.typed.clear();
                self.filter();
            }
            Key::Escape | Key::Control('c' | 'g') => {
                self.stays = self.typed.is_empty();
                self.typed.clear();
                self.filter();
            }
            _ => {}
        }
    }

    /// Leaves the items that fit what was typed: all, with the one chosen whose number it is; or those that have
    /// every word of it.
    fn filter(&mut self) {
        let before = self.chosen();
        let typed = self.typed.trim().to_lowercase();
        let items = || self.list.items.iter().enumerate();
        let labelled = items().find(|(_, item)| !item.label.is_empty() && item.label == typed);
        if let Some((place, _)) = labelled {
            self.fitting = (0..self.list.items.len()).collect();
            self.at = place;
            return;
        }
        let has_all = |item: &Item| {
            let text = item.text.to_lowercase();
            typed.split_whitespace().all(|word| text.contains(word))
        };
        let fitting = items().filter(|(_, item)| has_all(item));
        self.fitting = fitting.map(|(place, _)| place).collect();
        let still = before.and_then(|place| self.fitting.iter().position(|fits| *fits == place));
        self.at = still.unwrap_or(0);
    }

    /// How many items are seen, and whether there is place for the title and the hint.
    fn room(&self, size: Size) -> (usize, bool, bool) {
        let has_hint = size.rows >= ROWS_FOR_HINTS;
        let has_title = !self.list.title.is_empty() && size.rows > 2;
        let others = 1 + usize::from(has_hint) + usize::from(has_title);
        let most = size.rows.saturating_sub(others);
        let room = most.saturating_sub(self.kept_rows).max(ITEMS_MIN).min(most);
        (room, has_title, has_hint)
    }

    fn picture(&self, size: Size) -> Picture {
        let (room, has_title, has_hint) = self.room(size);
        let mut rows = Vec::new();
        if has_title {
            rows.push(Row::of(Ink::Strong, self.list.title));
        }
        // The list moves only as far as it must, so that the eye keeps its place.
        let lowest_top = (self.at + 1).saturating_sub(room);
        let highest_top = self.fitting.len().saturating_sub(room).min(self.at);
        let top = self
            .top
            .get()
            .clamp(lowest_top, highest_top.max(lowest_top));
        self.top.set(top);
        let seen = self.fitting.iter().enumerate().skip(top).take(room);
        rows.extend(seen.filter_map(|(at, place)| self.row(at, *place)));
        if has_hint {
            rows.push(Row::of(Ink::Faint, self.hint(room)));
        }
        let typed = Row::of(Ink::Strong, self.list.question).and(Ink::Plain, &self.typed);
        let cursor = (rows.len(), typed.width().min(size.line()));
        rows.push(typed);
        Picture { rows, cursor }
    }

    fn row(&self, at: usize, place: usize) -> Option<Row> {
        let item = self.list.items.get(place)?;
        let widest = self.list.items.iter().map(|item| width(&item.label)).max();
        let widest = widest.unwrap_or(0);
        let label = match widest {
            0 => String::new(),
            _ => format!("{:>widest$}  ", item.label),
        };
        Some(if at == self.at {
            Row::of(Ink::Chosen, format!("> {label}{}", item.text))
        } else {
            Row::of(Ink::Faint, format!("  {label}")).and(Ink::Plain, &item.text)
        })
    }

    fn hint(&self, room: usize) -> String {
        if self.fitting.is_empty() {
            return "nothing here fits; Backspace takes a letter back".to_owned();
        }
        if self.stays {
            return "Ctrl-D or q leaves the menu".to_owned();
        }
        let hint = match self.list.hint {
            "" => "Esc leaves; arrows, number or word",
            hint => hint,
        };
        if self.fitting.len() > room {
            format!("{} of {}; {hint}", self.at + 1, self.fitting.len())
        } else {
            hint.to_owned()
        }
    }

    /// What is left of the list when one was chosen.
    fn left(&self) -> Picture {
        let item = self.chosen().and_then(|place| self.list.items.get(place));
        let chosen = item.map_or("", |item| &item.text);
        let row = Row::of(Ink::Strong, self.list.question).and(Ink::Chosen, chosen);
        Picture {
            rows: vec![row],
            cursor: (0, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        rows: 10,
        columns: 30,
    };

    fn chosen_by(items: &[Item], keys: &[Key]) -> Option<usize> {
        let list = List {
            title: "",
            question: "choice: ",
            hint: "",
            items,
            at: 0,
            is_first: false,
        };
        let mut picker = Picker::new(&list);
        for key in keys {
            picker.picture(SIZE);
            picker.press(*key, SIZE);
        }
        picker.chosen()
    }

    fn typed(text: &str) -> Vec<Key> {
        text.chars().map(Key::Char).collect()
    }

    #[test]
    fn arrows_numbers_and_words_choose() {
        let names: Vec<_> = (1..=13).map(|n| format!("{} thing {n}", n % 2)).collect();
        let items = Item::numbered(names);
        for (keys, place) in [
            (vec![], Some(0)),
            (vec![Key::Down, Key::Down, Key::Up], Some(1)),
            (vec![Key::Up], Some(12)),
            (vec![Key::Up, Key::Down], Some(0)),
            (vec![Key::End], Some(12)),
            (vec![Key::PageDown], Some(7)),
            (vec![Key::PageDown, Key::PageDown, Key::PageUp], Some(5)),
            (vec![Key::End, Key::Home], Some(0)),
            (typed("1"), Some(0)),
            (typed("12"), Some(11)),
            (typed(" 3 "), Some(2)),
            (typed("THING 5"), Some(4)),
            (typed("nothing"), None),
            (typed("3x"), None),
            ([typed("3x"), vec![Key::Backspace]].concat(), Some(2)),
            (
                [typed("nothing"), vec![Key::Control('u')]].concat(),
                Some(0),
            ),
            ([typed("thing"), vec![Key::Down]].concat(), Some(1)),
        ] {
            assert_eq!(chosen_by(&items, &keys), place, "{keys:?}");
        }
        assert_eq!(chosen_by(&[], &[Key::Down, Key::Up, Key::PageDown]), None);
    }

    #[test]
    fn the_list_moves_no_further_than_it_must() {
        let items: Vec<_> = (0..20).map(|n| Item::bare(format!("key {n}"))).collect();
        let list = List {
            title: "title",
            question: "choice: ",
            hint: "hint",
            items: &items,
            at: 0,
            is_first: false,
        };
        let mut picker = Picker::new(&list);
        let first_and_last = |picker: &Picker<'_>| {
            let rows = picker.picture(SIZE).rows;
            assert_eq!(rows.len(), SIZE.rows);
            (rows[1].clone(), rows[7].clone())
        };
        let plain = |n| Row::of(Ink::Faint, "  ").and(Ink::Plain, format!("key {n}"));
        let chosen = |n| Row::of(Ink::Chosen, format!("> key {n}"));
        assert_eq!(first_and_last(&picker), (chosen(0), plain(6)));
        for _ in 0..7 {
            picker.press(Key::Down, SIZE);
        }
        assert_eq!(first_and_last(&picker), (plain(1), chosen(7)));
        for _ in 0..5 {
            picker.press(Key::Up, SIZE);
        }
        assert_eq!(first_and_last(&picker), (plain(1), plain(7)));
        picker.press(Key::End, SIZE);
        assert_eq!(first_and_last(&picker), (plain(13), chosen(19)));
        // Of the lowest window nothing is drawn outside.
        for rows in 1..6 {
            let size = Size { rows, columns: 5 };
            assert!(picker.picture(size).rows.len() <= rows.max(1));
        }
    }
}
