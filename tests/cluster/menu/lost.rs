//! Nodes that die while the menu is open.

use triad::resp::Frame;

use super::{CHOICE, answer, menu, quit};
use crate::lab::terminal::Terminal;
use crate::lab::{Lab, NAMES, code, eventually, key_of, text};

fn store(menu: &mut Terminal, key: &str, said: &str) {
    answer(
        menu,
        &[
            (CHOICE, "1"),
            ("key: ", key),
            ("value from: ", "1"),
            ("value: ", "v"),
        ],
    );
    menu.expect(said);
}

#[test]
fn a_node_that_dies_is_a_sentence_and_the_menu_goes_on() {
    let mut lab = Lab::started();
    let mut menu = menu(&lab);
    menu.expect("3 of 3 nodes reachable");
    let [of_linux, of_mac, of_android] = NAMES.map(|name| key_of(name, "k", 0));
    // Another node than the one that is asked.
    lab.lose("android");
    store(&mut menu, &of_android, "UNREACHABLE android 127.0.0.1:");
    menu.expect("through linux; 2 of 3 nodes reachable");
    store(&mut menu, &of_mac, "stored 1 byte on mac in ");
    menu.answer(CHOICE, "cluster status");
    menu.expect("DOWN");
    menu.expect("android: UNREACHABLE android");
    answer(&mut menu, &[(CHOICE, "coverage"), ("how many keys: ", "")]);
    menu.expect("the test needs every node, and nothing was stored; android");
    answer(&mut menu, &[(CHOICE, "view"), ("node: ", "android")]);
    menu.expect("android 127.0.0.1:");
    menu.expect(" cannot be reached: no node runs there");
    answer(&mut menu, &[(CHOICE, "where"), ("key: ", &of_android)]);
    menu.expect("whether it is stored there can't be asked");
    menu.expect("UNREACHABLE android");
    menu.expect(CHOICE);
    // The one that is asked: from then on another is.
    lab.lose("linux");
    menu.type_line("1");
    answer(
        &mut menu,
        &[("key: ", &of_mac), ("value from: ", "1"), ("value: ", "v")],
    );
    menu.expect("linux 127.0.0.1:");
    menu.expect("through mac; 1 of 3 nodes reachable");
    store(&mut menu, &of_mac, "stored 1 byte on mac in ");
    store(&mut menu, &of_linux, "UNREACHABLE linux");
    menu.expect(CHOICE);
    // All.
    lab.lose("mac");
    menu.type_line("1");
    answer(
        &mut menu,
        &[("key: ", &of_mac), ("value from: ", "1"), ("value: ", "v")],
    );
    menu.expect("mac 127.0.0.1:");
    menu.expect("no node answers");
    store(&mut menu, &of_mac, "no node answers:\n  ");
    menu.expect(CHOICE);
    // And back.
    lab.start_all();
    menu.type_line("help");
    menu.expect("3 of 3 nodes reachable");
    store(&mut menu, &of_linux, "stored 1 byte on linux in ");
    quit(menu);
}

#[test]
fn a_coverage_test_that_loses_a_node_says_how_its_keys_are_deleted() {
    let mut lab = Lab::started();
    let mut menu = menu(&lab);
    menu.answer(CHOICE, "coverage");
    menu.expect("how many keys: 100");
    menu.type_line("0000000");
    let mut mac = lab.connect("mac");
    eventually("keys of the test are stored", || {
        mac.call(&["DBSIZE"]) != Frame::Integer(0)
    });
    lab.lose("android");
    menu.expect("the test stopped after ");
    menu.expect("keys of the test may stay; `keygen ");
    let said = menu.expect("deletes them");
    let (command, _) = said.split_once('`').unwrap();
    menu.expect(CHOICE);
    lab.start_all();
    let words: Vec<_> = command.split_whitespace().collect();
    let cleaned = lab.keygen(&words);
    assert_eq!(code(&cleaned), 0, "{words:?}: {}", text(&cleaned.stderr));
    assert_eq!(lab.connect("mac").call(&["DBSIZE"]), Frame::Integer(0));
    menu.press(crate::lab::terminal::key::CTRL_D);
    assert_eq!(menu.ends_tidily(), Some(0));
}

#[test]
fn a_sleeping_node_does_not_hold_up_the_choices() {
    let lab = Lab::started();
    let mut menu = menu(&lab);
    menu.expect(CHOICE);
    // The one that is asked: its system takes connections, and it says nothing.
    lab.pause("linux");
    menu.type_line("help");
    menu.expect("can be chosen from a list.\n");
    menu.expect("the nodes are slow to answer");
    menu.expect(CHOICE);
    lab.resume("linux");
    menu.type_line("help");
    menu.expect("through linux; ");
    quit(menu);
}
