//! Whole screens: the menu, and what each step leaves on them.

use super::{CHOICE, answer, menu, quit};
use crate::lab::terminal::{Terminal, USUAL, key};
use crate::lab::{Lab, key_of};

#[test]
fn screens() {
    let lab = Lab::started();
    let mut menu = menu(&lab);
    menu.shows("x");
    quit(menu);
}
