//! Windows of every size, with and without colour.

use super::{CHOICE, answer, menu_in, quit};
use crate::lab::terminal::{Terminal, USUAL, Window, key};
use crate::lab::{Lab, key_of};

const PHONE: Window = Window {
    rows: 12,
    columns: 40,
};

#[test]
fn a_small_window_shows_where_one_is() {
    let lab = Lab::started();
    let mut menu = menu_in(&lab, PHONE);
    menu.shows(
        "
through linux; 3 of 3 nodes reachable
>  1  store a key
   2  retrieve a key
   3  delete a key
   4  search the keys
   5  view the keys of one node
   6  where is a key, and why
   7  cluster status
   8  watch the nodes
1 of 15; Ctrl-D leaves; arrows, number…
choice:",
    );
    menu.press(key::UP);
    menu.shows(
        "
through linux; 3 of 3 nodes reachable
   8  watch the nodes
   9  check-up: what may be wrong
  10  import keys from a file
  11  export keys to a file
  12  run the coverage test
  13  choose the node to go through
  14  help
>  q  quit
15 of 15; Ctrl-D leaves; arrows, numbe…
choice:",
    );
    menu.press("1\r");
    menu.expect("key: ");
    menu.press("a key that is longer than the window is wide");
    menu.shows(
        "
choice: store a key
key: a key that is longer than the wind
ow is wide",
    );
    menu.press(key::ENTER);
    answer(&mut menu, &[("value from: ", "1"), ("value: ", "v")]);
    // What the step said stays in sight.
    menu.shows(
        "\
stored 1 byte on linux in T

through linux; 3 of 3 nodes reachable
>  1  store a key
   2  retrieve a key
   3  delete a key
   4  search the keys
   5  view the keys of one node
   6  where is a key, and why
   7  cluster status
1 of 15; Ctrl-D leaves; arrows, number…
choice:",
    );
    // What is longer than the window comes page by page.
    menu.press("status\r");
    menu.expect("-- Enter for more, Esc for no more: ");
    menu.press(" ");
    menu.expect("-- Enter goes on: ");
    menu.press(key::ENTER);
    quit(menu);
}

#[test]
fn a_window_that_changes_is_drawn_anew() {
    let lab = Lab::started();
    let mut menu = menu_in(&lab, PHONE);
    menu.expect(CHOICE);
    let seen = menu.screen();
    assert!(!seen.contains("quit"), "{seen}");
    menu.resize(USUAL);
    menu.expect("quit");
    menu.expect(CHOICE);
    menu.resize(Window {
        rows: 7,
        columns: 20,
    });
    menu.expect("through linux; 3 o…");
    menu.expect(CHOICE);
    let low = menu.screen();
    assert_eq!(low.lines().last(), Some(CHOICE), "{low}");
    // One without place for anything still takes what is typed.
    for window in [(2, 10), (1, 3), (12, 40)] {
        menu.resize(Window {
            rows: window.0,
            columns: window.1,
        });
    }
    quit(menu);
}

#[test]
fn a_terminal_that_does_not_know_its_size() {
    let lab = Lab::started();
    let window = Window {
        rows: 0,
        columns: 0,
    };
    let mut menu = menu_in(&lab, window);
    menu.expect("quit");
    quit(menu);
}

#[test]
fn colours_are_there_unless_they_are_not_wanted() {
    let lab = Lab::started();
    let session = |settings: &[(&str, &str)]| {
        let mut command = lab.tool(env!("CARGO_BIN_EXE_client"));
        command.env("NO_COLOR", "");
        for (name, value) in settings {
            command.env(name, value);
        }
        let mut menu = Terminal::open(command, USUAL);
        menu.answer(CHOICE, "status");
        menu.expect("asked in ");
        menu.answer(CHOICE, "3");
        menu.answer("key: ", &key_of("mac", "k", 0));
        menu.answer("(y/n): ", "y");
        menu.expect(CHOICE);
        let raw = menu.raw();
        menu.press("q\r");
        assert_eq!(menu.ends_tidily(), Some(0));
        // SGR, ECMA-48 section 8.3.117: what ends with m. The last of them gives the terminal back.
        raw.split("\x1b[").skip(1).any(|sequence| {
            let end = sequence.find(|c: char| c.is_ascii_alphabetic());
            end.is_some_and(|end| sequence[end..].starts_with('m'))
        })
    };
    assert!(session(&[]), "an empty NO_COLOR counts for nothing");
    assert!(!session(&[("NO_COLOR", "1")]));
}

#[test]
fn tables_fit_the_screen_of_a_phone() {
    let lab = Lab::started();
    let mut command = lab.tool(env!("CARGO_BIN_EXE_client"));
    command.arg("status");
    let (status, table) = Terminal::run(command, 44).wait();
    assert_eq!(status.code(), Some(0));
    let first = format!(
        "\
linux
  address  {}
  rule     MD5 ends in an even hex digit
  share    1/2
  keys     0
  state    up

mac
",
        lab.address("linux")
    );
    assert!(table.starts_with(&first), "{table}");
    assert!(
        table.lines().all(|line| line.chars().count() <= 44),
        "{table}"
    );
    // A terminal that does not know its width.
    let command = lab.tool(env!("CARGO_BIN_EXE_keygen"));
    let (status, screen) = Terminal::run(command, 0).wait();
    assert_eq!(status.code(), Some(0));
    assert!(
        screen.contains("MD5 ends in an even hex digit    50.0 %"),
        "{screen}"
    );
}
