//! Questions and answers line by line, for a terminal that can't move its cursor.

use std::io::{self, Write as _};

use super::keyboard::Line;
use super::list::Picker;
use super::{Ask, Leave, List, Screen, leave_by};
use crate::menu::Exit;
use crate::menu::ink::Ink;
use crate::menu::signals::News;
use crate::terminal;

/// Lists what there is and asks until one is chosen: by its number, or by words that fit only one.
pub(super) fn choose(screen: &mut Screen, list: &List<'_>) -> Result<usize, Leave> {
    let label = |place: usize| match list.items.get(place) {
        Some(item) if !item.label.is_empty() => item.label.clone(),
        _ => (place + 1).to_string(),
    };
    let widest = (0..list.items.len()).map(|place| label(place).len()).max();
    let widest = widest.unwrap_or(0);
    let items = list.items.iter().enumerate();
    let items = items.map(|(place, item)| format!("  {:>widest$}  {}", label(place), item.text));
    let title = Some(list.title.to_owned()).filter(|title| !title.is_empty());
    let lines: Vec<_> = title.into_iter().chain(items).collect();
    screen.show(Ink::Plain, &lines.join("\n"))?;
    loop {
        let answer = match line(screen, list.question) {
            Err(Leave::Step) if list.is_first => {
                screen.say(Ink::Plain, "Ctrl-D or q leaves the menu")?;
                continue;
            }
            answer => answer?,
        };
        let answer = answer.trim();
        if answer.is_empty() {
            continue;
        }
        if let Some(place) = (0..list.items.len()).find(|place| label(*place) == answer) {
            return Ok(place);
        }
        match Picker::fitting(list, answer).as_slice() {
            [place] => return Ok(*place),
            [] => screen.say(
                Ink::Plain,
                &format!("nothing here fits \"{}\"", shown(answer)),
            )?,
            several => screen.say(
                Ink::Plain,
                &format!(
                    "{} of these fit \"{}\"; type a number",
                    several.len(),
                    shown(answer)
                ),
            )?,
        }
    }
}

/// Asks for a text of one line.
pub(super) fn text(screen: &mut Screen, ask: &Ask<'_>) -> Result<String, Leave> {
    let question = match ask.given {
        "" => ask.question.to_owned(),
        given => format!("{}[{given}] ", ask.question),
    };
    let text = line(screen, &question)?;
    Ok(if text.is_empty() {
        ask.given.to_owned()
    } else {
        text
    })
}

fn line(screen: &mut Screen, question: &str) -> Result<String, Leave> {
    write!(io::stdout(), "{question}")?;
    io::stdout().flush()?;
    loop {
        let leave = match screen.keyboard.line() {
            Line::Text(text) => return Ok(String::from_utf8_lossy(&text).into_owned()),
            // The terminal makes a signal of Ctrl-C.
            Line::Signal(News::Interrupt) => Some(Leave::Step),
            Line::Signal(news) => leave_by(news),
            Line::Closed => Some(Leave::Menu(Exit::Quit)),
        };
        if let Some(leave) = leave {
            screen.show(Ink::Plain, "")?;
            return Err(leave);
        }
    }
}

fn shown(answer: &str) -> String {
    terminal::readable_line(answer.as_bytes())
}
