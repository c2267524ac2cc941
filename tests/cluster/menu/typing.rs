//! Arrows, numbers and words; pasted text; the editor; what is typed ahead.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use rustix::process::Signal;

use super::{CHOICE, answer, menu, quit};
use crate::lab::connection::bulk;
use crate::lab::terminal::{Terminal, USUAL, key};
use crate::lab::{Lab, eventually, key_of};

#[test]
fn arrows_numbers_and_words_choose() {
    let lab = Lab::started();
    let mut menu = menu(&lab);
    for (keys, chosen) in [
        (key::ENTER.to_owned(), "store a key"),
        (key::DOWN.repeat(2) + key::ENTER, "delete a key"),
        (key::DOWN.repeat(3) + key::UP + key::ENTER, "delete a key"),
        ("\x1bOB\x1bOB\r".to_owned(), "delete a key"),
        ("2\r".to_owned(), "retrieve a key"),
        ("12\x7f\r".to_owned(), "store a key"),
        ("WHY\r".to_owned(), "where is a key, and why"),
        ("key\x1b[B\r".to_owned(), "retrieve a key"),
        ("xyz\x15retr\r".to_owned(), "retrieve a key"),
    ] {
        menu.expect(CHOICE);
        menu.press(&keys);
        menu.expect(&format!("{CHOICE}{chosen}\x1b[K"));
        menu.expect("key: ");
        menu.press(key::ESCAPE);
    }
    menu.expect(CHOICE);
    menu.press(&(key::END.to_owned() + key::ENTER));
    assert_eq!(menu.ends_tidily(), Some(0));
}

#[test]
fn what_is_typed_ahead_waits_for_its_question() {
    let lab = Lab::started();
    let mut command = lab.tool(env!("CARGO_BIN_EXE_client"));
    command.arg("--via").arg("mac");
    let mut menu = Terminal::open(command, USUAL);
    menu.press("1\rahead\r1\rtyped\r2\rahead\r");
    menu.expect("stored 5 bytes on ");
    menu.expect("\ntyped\n5 bytes from ");
    quit(menu);
    assert_eq!(lab.connect("linux").call(&["GET", "ahead"]), bulk("typed"));
}

#[test]
fn a_text_is_edited_as_in_a_shell() {
    let lab = Lab::started();
    let mut menu = menu(&lab);
    answer(&mut menu, &[(CHOICE, "1")]);
    menu.expect("key: ");
    // Home, End, words, and an arrow whose bytes arrive in two parts.
    menu.press("one twx\x7fo\x01> \x05!\x17\x1b[D\x1b");
    menu.press("[C");
    menu.press("three\r");
    menu.answer("value from: ", "1");
    menu.answer("value: ", "v");
    menu.expect("stored 1 byte on ");
    assert_eq!(lab.connect("mac").call(&["GET", "> one three"]), bulk("v"));
    // What was typed before comes back, also from another step.
    menu.answer(CHOICE, "2");
    menu.expect("key: ");
    menu.press(&(key::UP.to_owned() + key::ENTER));
    menu.expect("\nv\n1 byte from ");
    quit(menu);
}

#[test]
fn pasted_lines_are_one_value() {
    let lab = Lab::started();
    let mut menu = menu(&lab);
    let value = |menu: &mut Terminal, key: &str| {
        answer(
            menu,
            &[(CHOICE, "1"), ("key: ", key), ("value from: ", "1")],
        );
        menu.expect("value: ");
    };
    value(&mut menu, "marked");
    menu.paste("first\n\tsecond\n");
    menu.expect("second");
    menu.press(key::ENTER);
    menu.expect("stored 14 bytes on ");
    value(&mut menu, "unmarked");
    menu.press("first\rsecond\rthird");
    menu.expect("third");
    menu.press(key::ENTER);
    menu.expect("stored 18 bytes on ");
    value(&mut menu, "typed");
    menu.press("first\x1b\rsecond\r");
    menu.expect("stored 12 bytes on ");
    value(&mut menu, "one line");
    menu.paste("secret\n");
    menu.expect("secret");
    menu.press(key::ENTER);
    menu.expect("stored 6 bytes on ");
    quit(menu);
    let mut linux = lab.connect("linux");
    for (key, value) in [
        ("marked", "first\n\tsecond\n"),
        ("unmarked", "first\nsecond\nthird"),
        ("typed", "first\nsecond"),
        ("one line", "secret"),
    ] {
        assert_eq!(linux.call(&["GET", key]), bulk(value), "{key}");
    }
}

#[test]
fn a_pasted_line_end_does_not_answer_the_next_question() {
    let lab = Lab::started();
    let mut menu = menu(&lab);
    menu.answer(CHOICE, "1");
    menu.expect("key: ");
    menu.paste("my key\n");
    menu.expect("my key");
    menu.press(key::ENTER);
    menu.answer("value from: ", "1");
    menu.answer("value: ", "v");
    menu.expect("stored 1 byte on ");
    assert_eq!(lab.connect("mac").call(&["GET", "my key"]), bulk("v"));
    // Several lines as a key, marked and unmarked: they are seen to be so, and nothing is submitted.
    menu.answer(CHOICE, "2");
    menu.expect("key: ");
    menu.paste("a\nb\n");
    menu.expect("a\\nb");
    menu.expect("this has several lines; Ctrl-U removes it");
    menu.press("\x15");
    menu.expect("key: \x1b[K");
    menu.press("c\rd\r");
    menu.expect("c\\nd");
    menu.expect("this has several lines");
    menu.press("\x15");
    menu.press("my key\r");
    menu.expect("\nv\n1 byte from ");
    // In a list, a pasted text is looked for, and does not choose.
    menu.expect(CHOICE);
    menu.paste("quit\n");
    menu.expect("choice: quit\x1b[K");
    menu.press(key::CTRL_C);
    // A question that asks for a yes takes none that was pasted or typed before it.
    menu.answer(CHOICE, "3");
    menu.expect("key: ");
    menu.press("my key\ry\r");
    menu.expect("my key\\ny");
    menu.press(&key::BACKSPACE.repeat(2));
    menu.press(key::ENTER);
    menu.answer("(y/n): ", "n");
    menu.expect("nothing was deleted");
    quit(menu);
}

#[test]
fn the_editor_writes_a_value_of_several_lines() {
    let lab = Lab::started();
    let script = lab.folder().join("my editor");
    let editor = |body: &str| {
        fs::write(&script, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    };
    // It has the terminal in the modes that it had, and a file that only its owner can read.
    editor(
        "stty -a > modes; stat -c %a \"$2\" > mode; echo \"$1\" > flag; printf 'first\\nsecond\\n' > \"$2\"",
    );
    let mut command = lab.tool(env!("CARGO_BIN_EXE_client"));
    command.env("EDITOR", "false");
    command.env("VISUAL", "./my\\ editor --flag");
    let mut menu = Terminal::open(command, USUAL);
    let path = [(CHOICE, "1"), ("key: ", "k"), ("value from: ", "editor")];
    answer(&mut menu, &path);
    menu.expect("stored 12 bytes on ");
    assert_eq!(
        lab.connect("mac").call(&["GET", "k"]),
        bulk("first\nsecond")
    );
    let read = |name: &str| fs::read_to_string(lab.folder().join(name)).unwrap();
    assert_eq!(
        (read("mode"), read("flag")),
        ("600\n".to_owned(), "--flag\n".to_owned())
    );
    let modes = read("modes");
    for mode in ["icanon", "isig", "icrnl"] {
        assert!(modes.split_whitespace().any(|word| word == mode), "{modes}");
    }
    for (body, said) in [
        ("true", "nothing was stored\n"),
        (
            "exit 3",
            "ended with exit status: 3; nothing was taken from",
        ),
        (
            "exit 127",
            "there is no editor ./my\\ editor --flag; set EDITOR to one that you have\n",
        ),
    ] {
        editor(body);
        answer(&mut menu, &path);
        menu.expect(said);
    }
    quit(menu);
    assert_eq!(
        lab.connect("mac").call(&["GET", "k"]),
        bulk("first\nsecond")
    );
}

/// The client with an editor that is a script, and files of its own for it.
fn with_editor(lab: &Lab, body: &str) -> Terminal {
    let script = lab.folder().join("editor");
    fs::write(&script, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(lab.folder().join("scratch")).unwrap();
    let mut command = lab.tool(env!("CARGO_BIN_EXE_client"));
    command
        .env("VISUAL", "./editor")
        .env("TMPDIR", lab.folder().join("scratch"));
    Terminal::open(command, USUAL)
}

/// What the files have that were left to the editor's user.
fn kept(lab: &Lab) -> Vec<String> {
    let files = fs::read_dir(lab.folder().join("scratch")).unwrap();
    files
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect()
}

#[test]
fn a_text_that_could_not_be_stored_is_kept() {
    let mut lab = Lab::started();
    let mut menu = with_editor(&lab, "echo 'my long text' > \"$1\"; exit $(cat code)");
    fs::write(lab.folder().join("code"), "0").unwrap();
    let of_mac = key_of("mac", "k", 0);
    let path = [
        (CHOICE, "1"),
        ("key: ", &of_mac),
        ("value from: ", "editor"),
    ];
    answer(&mut menu, &path);
    menu.expect("stored 12 bytes on mac in ");
    assert_eq!(kept(&lab), [""; 0]);
    fs::write(lab.folder().join("code"), "3").unwrap();
    answer(&mut menu, &path);
    menu.expect("nothing was taken from it. ");
    menu.expect(".txt");
    assert_eq!(kept(&lab), ["my long text\n"]);
    fs::write(lab.folder().join("code"), "0").unwrap();
    lab.lose("mac");
    answer(&mut menu, &path);
    menu.expect("UNREACHABLE mac ");
    menu.expect(".txt");
    assert_eq!(kept(&lab), ["my long text\n"; 2]);
    quit(menu);
}

#[test]
fn a_text_whose_storing_is_interrupted_is_kept() {
    let lab = Lab::started();
    // The node that is asked falls asleep while somebody writes.
    let asleep = format!(
        "echo 'my long text' > \"$1\"; kill -STOP {}",
        lab.pid("linux").as_raw_pid()
    );
    let mut menu = with_editor(&lab, &asleep);
    let path = [(CHOICE, "1"), ("key: ", "k"), ("value from: ", "editor")];
    answer(&mut menu, &path);
    // The menu has the terminal again.
    menu.expect("\x1b[?2004h");
    // One that comes while the editor ends is the editor's. Each takes back what the terminal has not shown yet, so
    // that there is time to show it before the next one.
    eventually("storing is interrupted", || {
        menu.press(key::CTRL_C);
        menu.says_within(Duration::from_secs(1), "Your text is kept in ")
    });
    menu.expect("stopped; whether it was done is not known");
    assert_eq!(kept(&lab), ["my long text\n"]);
    lab.resume("linux");
    quit(menu);
}

#[test]
fn a_signal_ends_the_editor_and_then_the_menu_and_the_text_is_kept() {
    let lab = Lab::started();
    let body = "trap 'echo ended > told; kill $!; exit 1' TERM; echo 'my text' > \"$1\"; echo it is open; \
                while :; do read -r line; done";
    let mut menu = with_editor(&lab, body);
    let path = [(CHOICE, "1"), ("key: ", "k"), ("value from: ", "editor")];
    answer(&mut menu, &path);
    menu.expect("it is open");
    menu.signal(Signal::TERM);
    menu.expect("Your text is kept in ");
    assert_eq!(menu.ends_tidily(), Some(143));
    assert_eq!(kept(&lab), ["my text\n"]);
    let told = fs::read_to_string(lab.folder().join("told")).unwrap();
    assert_eq!(told, "ended\n", "the editor was told");
}

#[test]
fn tab_completes_a_path() {
    let lab = Lab::started();
    fs::create_dir(lab.folder().join("files")).unwrap();
    for (name, value) in [("value one", "1"), ("value two", "22")] {
        fs::write(lab.folder().join("files").join(name), value).unwrap();
    }
    let mut menu = menu(&lab);
    answer(
        &mut menu,
        &[(CHOICE, "1"), ("key: ", "k"), ("value from: ", "file")],
    );
    menu.expect("file: ");
    menu.press("fi\tv\t");
    menu.expect("file: files/value ");
    menu.press(key::TAB);
    menu.expect("value one  value two");
    menu.press("tw\t\r");
    menu.expect("stored 2 bytes on ");
    quit(menu);
}
