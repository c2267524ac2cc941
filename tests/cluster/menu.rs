//! The menu, on a terminal.

mod scratch;
mod steps;

use crate::lab::Lab;
use crate::lab::terminal::{Terminal, USUAL, Window, key};

const CHOICE: &str = "choice: ";

/// The menu in a window of usual size.
fn menu(lab: &Lab) -> Terminal {
    menu_in(lab, USUAL)
}

fn menu_in(lab: &Lab, window: Window) -> Terminal {
    Terminal::open(lab.tool(env!("CARGO_BIN_EXE_client")), window)
}

/// Makes a choice in the menu.
fn choose(menu: &mut Terminal, choice: &str) {
    menu.answer(CHOICE, choice);
}

/// Leaves the menu in the orderly way.
fn quit(mut menu: Terminal) {
    choose(&mut menu, "q");
    assert_eq!(menu.ends_tidily(), Some(0));
}
