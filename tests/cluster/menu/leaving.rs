//! Every way out: of a question, of a step at work, and of the menu; and that the terminal is as it was.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;

use rustix::process::Signal;
use triad::resp::Frame;

use super::{CHOICE, answer, menu, quit};
use crate::lab::terminal::{Terminal, USUAL, key};
use crate::lab::{Lab, eventually};

/// A question, how it is reached, and how many steps lie within each other there.
struct Place {
    path: &'static [(&'static str, &'static str)],
    question: &'static str,
    depth: usize,
}

const fn place(
    path: &'static [(&'static str, &'static str)],
    question: &'static str,
    depth: usize,
) -> Place {
    Place {
        path,
        question,
        depth,
    }
}

/// Every question of the menu but the first.
const PLACES: [Place; 22] = [
    place(&[(CHOICE, "1")], "key: ", 1),
    place(&[(CHOICE, "1"), ("key: ", "k")], "value from: ", 1),
    place(
        &[(CHOICE, "1"), ("key: ", "k"), ("value from: ", "1")],
        "value: ",
        1,
    ),
    place(
        &[(CHOICE, "1"), ("key: ", "k"), ("value from: ", "2")],
        "file: ",
        1,
    ),
    place(&[(CHOICE, "2")], "key: ", 1),
    place(&[(CHOICE, "2"), ("key: ", "long")], "what to do: ", 1),
    place(
        &[(CHOICE, "2"), ("key: ", "long"), ("what to do: ", "1")],
        "-- Enter for more",
        1,
    ),
    place(
        &[(CHOICE, "2"), ("key: ", "long"), ("what to do: ", "2")],
        "file: ",
        1,
    ),
    place(
        &[
            (CHOICE, "2"),
            ("key: ", "long"),
            ("what to do: ", "2"),
            ("file: ", "taken.csv"),
        ],
        "replace it? (y/n): ",
        1,
    ),
    place(&[(CHOICE, "3")], "key: ", 1),
    place(&[(CHOICE, "3"), ("key: ", "long")], "(y/n): ", 1),
    place(&[(CHOICE, "4")], "part of the keys: ", 1),
    place(&[(CHOICE, "4"), ("part of the keys: ", "long")], "key: ", 1),
    place(
        &[(CHOICE, "4"), ("part of the keys: ", "long"), ("key: ", "")],
        "what to do: ",
        2,
    ),
    place(&[(CHOICE, "5")], "node: ", 1),
    place(&[(CHOICE, "6")], "key: ", 1),
    place(&[(CHOICE, "import")], "file: ", 1),
    place(&[(CHOICE, "export")], "which keys: ", 1),
    place(
        &[
            (CHOICE, "export"),
            ("which keys: ", "1"),
            ("file: ", "no name"),
        ],
        "format: ",
        1,
    ),
    place(
        &[
            (CHOICE, "export"),
            ("which keys: ", "1"),
            ("file: ", "taken.csv"),
        ],
        "replace it? (y/n): ",
        1,
    ),
    place(&[(CHOICE, "coverage")], "how many keys: ", 1),
    place(&[(CHOICE, "through")], "node: ", 1),
];

/// Nodes with a long value, and a file whose name is taken.
fn lab() -> Lab {
    let lab = Lab::started();
    let long = "a line\n".repeat(1000);
    assert_eq!(
        lab.connect("linux").call(&["SET", "long", &long]),
        Frame::OK
    );
    fs::write(lab.folder().join("taken.csv"), "taken").unwrap();
    lab
}

fn assert_untouched(lab: &Lab) {
    let keys = lab.connect("linux").call(&["DBSIZE"]);
    assert_eq!(keys, Frame::Integer(1), "nothing was stored or deleted");
    assert_eq!(
        fs::read_to_string(lab.folder().join("taken.csv")).unwrap(),
        "taken"
    );
    assert!(!lab.folder().join("no name").exists());
}

#[test]
fn ctrl_c_and_escape_leave_the_step_at_every_question() {
    let lab = lab();
    for way_out in [key::CTRL_C, key::ESCAPE] {
        let mut menu = menu(&lab);
        for place in &PLACES {
            answer(&mut menu, place.path);
            for _ in 0..place.depth {
                menu.expect(
                    place
                        .question
                        .rsplit_once("what to do: ")
                        .map_or(place.question, |_| "what to do: "),
                );
                menu.press(way_out);
                if place.depth > 1 {
                    menu.expect("key: ");
                    menu.press(way_out);
                    break;
                }
            }
        }
        // At the choices there is no step to leave.
        menu.expect(CHOICE);
        menu.press(way_out);
        menu.expect("Ctrl-D or q leaves the menu");
        quit(menu);
    }
    assert_untouched(&lab);
}

#[test]
fn ctrl_d_leaves_the_menu_at_every_question() {
    let lab = lab();
    let first = Place {
        path: &[],
        question: CHOICE,
        depth: 0,
    };
    for place in [first].iter().chain(&PLACES) {
        let mut menu = menu(&lab);
        answer(&mut menu, place.path);
        // What was typed at the question does not keep anybody.
        menu.expect(place.question);
        menu.press("1");
        menu.leave("");
        assert_eq!(menu.ends_tidily(), Some(0), "{}", place.question);
    }
    assert_untouched(&lab);
}

#[test]
fn a_signal_at_a_question_ends_the_menu_and_leaves_the_terminal_as_it_was() {
    let lab = Lab::started();
    for (signal, code) in [
        (Signal::TERM, 143),
        (Signal::HUP, 129),
        (Signal::INT, 130),
        (Signal::QUIT, 131),
    ] {
        for path in [&[][..], &[(CHOICE, "1")], &[(CHOICE, "1"), ("key: ", "k")]] {
            let mut menu = menu(&lab);
            answer(&mut menu, path);
            menu.expect(["choice: ", "key: ", "value from: "][path.len()]);
            assert!(!menu.is_as_before(), "the menu has the terminal");
            menu.signal(signal);
            assert_eq!(menu.ends_tidily(), Some(code), "{signal:?}");
        }
    }
}

#[test]
fn a_terminal_that_is_closed_ends_the_menu() {
    let lab = Lab::started();
    for path in [&[][..], &[(CHOICE, "1")]] {
        let mut menu = menu(&lab);
        answer(&mut menu, path);
        menu.expect(["choice: ", "key: "][path.len()]);
        let status = menu.close();
        assert_eq!((status.code(), status.signal()), (Some(129), None));
    }
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_until_that_lets_the_menu_go_on() {
    let lab = Lab::started();
    let mut shell = lab.tool("sh");
    let script = "set -m; \"$0\"; stty -a > modes; echo the shell has it; fg > fg; echo the end";
    shell.args(["-c", script, env!("CARGO_BIN_EXE_client")]);
    let mut menu = Terminal::open(shell, USUAL);
    menu.answer(CHOICE, "2");
    menu.expect("key: ");
    menu.press("no key");
    menu.expect("no key");
    menu.press(key::CTRL_Z);
    menu.expect("the shell has it");
    let modes = fs::read_to_string(lab.folder().join("modes")).unwrap();
    for mode in ["icanon", "isig", "icrnl"] {
        assert!(modes.split_whitespace().any(|word| word == mode), "{modes}");
    }
    menu.expect("key: no key");
    menu.press(key::ENTER);
    menu.expect("no such key; it would be on ");
    menu.expect(CHOICE);
    menu.press(key::CTRL_D);
    menu.expect("the end");
    assert_eq!(menu.ends_tidily(), Some(0));
}

#[test]
fn ctrl_z_while_a_step_works_stops_the_menu_at_the_next_question() {
    let lab = Lab::started();
    let mut shell = lab.tool("sh");
    let script = "set -m; \"$0\"; stty -a > modes; echo the shell has it; fg > fg; echo the end";
    shell.args(["-c", script, env!("CARGO_BIN_EXE_client")]);
    let mut menu = Terminal::open(shell, USUAL);
    menu.answer(CHOICE, "2");
    menu.expect("key: ");
    lab.pause("linux");
    menu.type_line("no key");
    menu.waits_for_work();
    menu.press(key::CTRL_Z);
    lab.resume("linux");
    menu.expect("no such key; it would be on ");
    menu.expect("the shell has it");
    let modes = fs::read_to_string(lab.folder().join("modes")).unwrap();
    for mode in ["icanon", "isig", "icrnl"] {
        assert!(modes.split_whitespace().any(|word| word == mode), "{modes}");
    }
    menu.expect(CHOICE);
    menu.press(key::CTRL_D);
    menu.expect("the end");
    assert_eq!(menu.ends_tidily(), Some(0));
}

#[test]
fn ctrl_c_stops_a_coverage_test_and_its_keys_are_deleted() {
    let lab = Lab::started();
    let mut menu = menu(&lab);
    menu.answer(CHOICE, "coverage");
    menu.expect("how many keys: 100");
    menu.type_line("0000000");
    let mut linux = lab.connect("linux");
    eventually("keys of the test are stored", || {
        linux.call(&["DBSIZE"]) != Frame::Integer(0)
    });
    menu.press(key::CTRL_C);
    menu.expect("the test was broken off after ");
    menu.expect("its keys are deleted again\n");
    quit(menu);
    assert_eq!(lab.connect("linux").call(&["DBSIZE"]), Frame::Integer(0));
}

#[test]
fn ctrl_c_stops_an_import_which_says_how_far_it_came() {
    let lab = Lab::started();
    let lines = (0..300_000).map(|n| format!("{{\"key\":\"key {n}\",\"value\":\"{n}\"}}\n"));
    fs::write(lab.folder().join("many.jsonl"), lines.collect::<String>()).unwrap();
    let mut menu = menu(&lab);
    answer(&mut menu, &[(CHOICE, "import"), ("file: ", "many.jsonl")]);
    menu.expect("this is a JSON object on each line\n");
    menu.expect("storing");
    menu.press(key::CTRL_C);
    menu.expect("interrupted: ");
    menu.expect("import the file again for the rest\n");
    // The connections are in step: the next replies are those of the next requests.
    answer(
        &mut menu,
        &[
            (CHOICE, "1"),
            ("key: ", "k"),
            ("value from: ", "1"),
            ("value: ", "v"),
        ],
    );
    menu.expect("stored 1 byte on ");
    answer(&mut menu, &[(CHOICE, "2"), ("key: ", "k")]);
    menu.expect("\nv\n1 byte from ");
    quit(menu);
}

#[test]
fn ctrl_c_stops_a_request_to_a_node_that_sleeps() {
    let lab = Lab::started();
    let mut menu = menu(&lab);
    menu.expect(CHOICE);
    menu.type_line("2");
    menu.expect("key: ");
    lab.pause("linux");
    menu.type_line("k");
    menu.waits_for_work();
    menu.press(key::CTRL_C);
    menu.expect("stopped; whether it was done is not known\n");
    lab.resume("linux");
    quit(menu);
}
