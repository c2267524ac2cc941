//! A terminal that can't move its cursor; and none at all.

use super::{CHOICE, answer};
use crate::lab::connection::bulk;
use crate::lab::terminal::{Terminal, USUAL, key};
use crate::lab::{Lab, NAMES, code, text};

fn plain(lab: &Lab) -> Terminal {
    let mut command = lab.tool(env!("CARGO_BIN_EXE_client"));
    command.env("TERM", "dumb");
    Terminal::open(command, USUAL)
}

#[test]
fn questions_and_answers_are_lines() {
    let lab = Lab::started();
    let mut menu = plain(&lab);
    let choices = menu.expect(CHOICE);
    assert!(
        choices.ends_with("  14  help\n   q  quit\nchoice: "),
        "{choices}"
    );
    menu.type_line("no such choice");
    menu.expect("nothing here fits \"no such choice\"\n");
    menu.answer(CHOICE, "key");
    menu.expect("of these fit \"key\"; type a number\n");
    menu.answer(CHOICE, "");
    answer(
        &mut menu,
        &[
            (CHOICE, "1"),
            ("key: ", "k"),
            ("value from: ", "1"),
            ("value: ", " v\tv "),
        ],
    );
    menu.expect("stored 5 bytes on ");
    assert_eq!(lab.connect("mac").call(&["GET", "k"]), bulk(" v\tv "));
    // Keys have numbers here.
    answer(
        &mut menu,
        &[(CHOICE, "search"), ("part of the keys: ", "k")],
    );
    menu.expect("1 key that fit *k*\n  1  k\n  2  … back to the choices\n");
    answer(&mut menu, &[("key: ", "1"), ("what to do: ", "retrieve")]);
    menu.expect(" v\tv \n5 bytes from ");
    menu.answer("key: ", "2");
    answer(
        &mut menu,
        &[(CHOICE, "coverage"), ("how many keys: [100] ", "")],
    );
    menu.expect("coverage is complete\n");
    menu.answer(CHOICE, "watch");
    menu.expect("this terminal can't draw over what it shows");
    menu.answer(CHOICE, "help");
    menu.expect("can be chosen from a list.\n");
    let raw = menu.raw();
    // But for the bar of the test, which is a library's.
    assert!(!raw.contains('\x1b') || raw.contains("testing"), "{raw:?}");
    menu.answer(CHOICE, "q");
    assert_eq!(menu.ends_tidily(), Some(0));
}

#[test]
fn ctrl_c_leaves_the_step_and_ctrl_d_the_menu() {
    let lab = Lab::started();
    let mut menu = plain(&lab);
    menu.answer(CHOICE, "1");
    menu.expect("key: ");
    menu.press(key::CTRL_C);
    menu.expect(CHOICE);
    menu.press(key::CTRL_C);
    menu.expect("Ctrl-D or q leaves the menu\n");
    menu.answer(CHOICE, "1");
    menu.leave("key: ");
    assert_eq!(menu.ends_tidily(), Some(0));
}

#[test]
fn without_a_terminal_there_is_no_menu() {
    let lab = Lab::started();
    let client = lab.client(&[]);
    assert_eq!(code(&client), 2);
    assert!(text(&client.stderr).starts_with("error: the menu needs a terminal; in a script use"));
    for name in NAMES {
        let node = lab.run_node(name, &["--menu"]);
        assert_eq!((code(&node), text(&node.stdout)), (2, String::new()));
        let said = text(&node.stderr);
        assert!(
            said.starts_with("error: the menu needs a terminal; leave --menu out"),
            "{said}"
        );
    }
    let mut command = lab.tool(env!("CARGO_BIN_EXE_client"));
    command.arg("--json");
    let (status, said) = Terminal::run(command, 80).wait();
    assert_eq!(status.code(), Some(2));
    assert!(
        said.starts_with("error: the menu has no --json; use a subcommand"),
        "{said}"
    );
}
