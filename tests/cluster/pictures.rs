//! Pictures of the tools for the README: with `TRIAD_PICTURES=DIR` they are written there, as SVG. Without it they
//! are drawn all the same, and looked at.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::lab::terminal::{Terminal, USUAL, Window, key};
use crate::lab::{Lab, NAMES, eventually, picture};

const FOLDER: &str = "TRIAD_PICTURES";

/// A cluster with the countries of the world, and the client on a terminal with colours.
fn client(lab: &Lab, arguments: &[&str], rows: u16) -> Terminal {
    let countries = concat!(env!("CARGO_MANIFEST_DIR"), "/data/samples/countries.json");
    assert!(lab.client(&["import", countries]).status.success());
    let mut command = lab.tool(env!("CARGO_BIN_EXE_client"));
    command
        .args(arguments)
        .env("NO_COLOR", "")
        .env("EDITOR", "vi");
    Terminal::open(command, Window { rows, ..USUAL })
}

/// Draws what stands on the screen, asserts that these texts are among it, and keeps it where it is wanted.
fn draw(terminal: &Terminal, name: &str, title: &str, texts: &[&str]) {
    let svg = terminal.look(|screen| picture::svg(screen, title));
    let found = svg.replace('\u{a0}', " ");
    for text in texts {
        assert!(found.contains(text), "{text:?} is not in {svg}");
    }
    if let Some(folder) = env::var_os(FOLDER) {
        fs::create_dir_all(&folder).unwrap();
        fs::write(Path::new(&folder).join(name), svg).unwrap();
    }
}

#[test]
fn the_menu() {
    let lab = Lab::started();
    let mut menu = client(&lab, &[], USUAL.rows);
    menu.expect("choice: ");
    menu.type_line("1");
    menu.expect("key: ");
    menu.press("shopping list\r");
    menu.expect("value from: ");
    menu.press(key::ENTER);
    menu.expect("value: ");
    menu.press("bread, milk, two apples\r");
    menu.expect("stored 23 bytes on ");
    menu.expect("choice: ");
    draw(
        &menu,
        "menu.svg",
        "client",
        &[
            "stored 23 bytes on linux in ",
            "through linux; 3 of 3 nodes reachable</text>",
            "font-weight=\"bold\">&gt;  1  store a key</text>",
            "fill=\"#98c379\"",
        ],
    );
    menu.press("search\r");
    menu.expect("part of the keys: ");
    menu.press("P*\r");
    menu.expect("key: ");
    menu.press("PT");
    menu.expect("PT");
    menu.press(key::ENTER);
    menu.expect("what to do: ");
    menu.press(key::ENTER);
    menu.expect("Portugal");
    menu.expect("key: ");
    draw(
        &menu,
        "search.svg",
        "client",
        &["Portugal</text>", "keys that fit P*</text>"],
    );
    menu.press(key::ESCAPE);
    menu.expect("choice: ");
    menu.press("why\r");
    menu.expect("key: ");
    menu.press("PT\r");
    menu.expect("asked in ");
    menu.expect("choice: ");
    draw(&menu, "where.svg", "client", &["stored there", "MD5"]);
    menu.press(key::CTRL_D);
    assert_eq!(menu.ends_tidily(), Some(0));
}

#[test]
fn the_watch() {
    let lab = Lab::started();
    let mut watch = client(&lab, &["watch"], 8);
    watch.expect("android");
    // Something to watch, until the picture is drawn.
    let mut keygen = lab.tool(env!("CARGO_BIN_EXE_keygen"));
    keygen.args(["--count", "10000000"]);
    let keygen = keygen.stdout(Stdio::null()).stderr(Stdio::null());
    let mut keygen = keygen.spawn().unwrap();
    eventually("every node has requests", || {
        let screen = watch.screen();
        NAMES.into_iter().all(|name| is_busy(&screen, name))
    });
    draw(
        &watch,
        "watch.svg",
        "client watch",
        &["linux", "mac", "android"],
    );
    keygen.kill().unwrap();
    keygen.wait().unwrap();
    watch.press("q");
    assert_eq!(watch.ends_tidily(), Some(0));
}

/// Whether the picture tells of requests to a node: they stand before its memory.
fn is_busy(screen: &str, name: &str) -> bool {
    let mut rows = screen.lines();
    let row = rows.find(|row| row.starts_with(name)).unwrap_or_default();
    let words: Vec<_> = row.split_whitespace().collect();
    let memory = words.iter().position(|word| *word == "MiB");
    memory.is_some_and(|at| !["0", "?"].contains(&words[at - 2]))
}
