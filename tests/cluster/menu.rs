//! The menu, on a terminal.

mod leaving;
mod listing;
mod lost;
mod node;
mod plain;
mod screens;
mod steps;
mod typing;
mod windows;

use crate::lab::Lab;
use crate::lab::terminal::{Terminal, USUAL, Window};

const CHOICE: &str = "choice: ";

/// The menu in a window of usual size.
fn menu(lab: &Lab) -> Terminal {
    menu_in(lab, USUAL)
}

fn menu_in(lab: &Lab, window: Window) -> Terminal {
    Terminal::open(lab.tool(env!("CARGO_BIN_EXE_client")), window)
}

/// Answers questions, one after the other.
fn answer(menu: &mut Terminal, answers: &[(&str, &str)]) {
    for (question, answer) in answers {
        menu.answer(question, answer);
    }
}

/// Leaves the menu in the orderly way.
fn quit(mut menu: Terminal) {
    menu.answer(CHOICE, "q");
    assert_eq!(menu.ends_tidily(), Some(0));
}
