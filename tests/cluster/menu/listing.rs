//! Keys in lists: of one node, and by pattern.

use std::collections::BTreeSet;

use triad::resp::Frame;

use super::{CHOICE, answer, menu, quit};
use crate::lab::connection::bulk;
use crate::lab::terminal::key;
use crate::lab::{Lab, NAMES, key_of};

const NODE: &str = "node: ";
const KEY: &str = "key: ";
const WHAT: &str = "what to do: ";

#[test]
fn the_keys_of_a_node_can_be_looked_through() {
    let lab = Lab::started();
    let mut linux = lab.connect("linux");
    let keys: BTreeSet<_> = (0..250).map(|n| key_of("mac", "k", n)).collect();
    for key in keys.iter().chain([&key_of("android", "k", 0)]) {
        assert_eq!(linux.call(&["SET", key, "v"]), Frame::OK);
    }
    let mut menu = menu(&lab);
    answer(&mut menu, &[(CHOICE, "view"), (NODE, "mac")]);
    menu.expect("the first 200 keys on mac");
    let mut seen = BTreeSet::new();
    let mut look = |menu: &mut crate::lab::terminal::Terminal, count: usize| {
        for _ in 0..count {
            menu.expect(KEY);
            let screen = menu.screen();
            let shown = screen.lines().filter_map(|line| {
                let key = line
                    .strip_prefix("> ")
                    .or_else(|| line.strip_prefix("  "))?;
                key.starts_with('k').then(|| key.to_owned())
            });
            seen.extend(shown);
            menu.press(key::DOWN);
        }
    };
    look(&mut menu, 200);
    // Below the last key are the next ones, and the way back.
    menu.expect("> … more keys");
    menu.press(key::ENTER);
    menu.expect("keys 201 to 250 on mac");
    look(&mut menu, 50);
    assert_eq!(seen, keys);
    menu.expect("> … back to the choices");
    menu.press(key::ENTER);

    answer(&mut menu, &[(CHOICE, "view"), (NODE, "3")]);
    menu.expect("1 key on android");
    menu.expect(KEY);
    menu.press(key::ESCAPE);
    answer(&mut menu, &[(CHOICE, "view"), (NODE, "linux")]);
    menu.expect("no keys on linux\n");
    quit(menu);
}

#[test]
fn a_search_finds_by_pattern_or_by_a_part() {
    let lab = Lab::started();
    let mut linux = lab.connect("linux");
    for key in ["user:1", "user:2", "my user", "other", "a*b"] {
        assert_eq!(linux.call(&["SET", key, "v"]), Frame::OK);
    }
    let mut menu = menu(&lab);
    for (pattern, title, found) in [
        (
            "user",
            "3 keys that fit *user*",
            &["user:1", "user:2", "my user"][..],
        ),
        ("user:*", "2 keys that fit user:*", &["user:1", "user:2"]),
        ("user:[2-9]", "1 key that fit user:[2-9]", &["user:2"]),
        ("a\\*b", "1 key that fit a\\*b", &["a*b"]),
        (
            "",
            "5 keys that fit **",
            &["user:1", "user:2", "my user", "other", "a*b"],
        ),
    ] {
        answer(
            &mut menu,
            &[(CHOICE, "search"), ("part of the keys: ", pattern)],
        );
        let list = menu.expect(KEY);
        assert!(list.contains(title), "{list}");
        for key in found {
            assert!(
                list.contains(&format!(" {key}\x1b[K")),
                "{key} is not in {list}"
            );
        }
        menu.press(key::ESCAPE);
    }
    answer(
        &mut menu,
        &[(CHOICE, "search"), ("part of the keys: ", "nothing")],
    );
    menu.expect("no keys that fit *nothing*\n");
    quit(menu);
}

#[test]
fn a_key_that_nobody_can_type_is_chosen_from_the_list() {
    let lab = Lab::started();
    let hostile = "k\n\u{1b}[31m";
    let owner = triad::placement::Placement::built_in().owner(hostile.as_bytes());
    let owner = NAMES[owner.as_usize()];
    assert_eq!(
        lab.connect("linux")
            .call(&["SET", hostile, "two\nlines\u{1b}[2J"]),
        Frame::OK
    );
    let mut menu = menu(&lab);
    answer(&mut menu, &[(CHOICE, "view"), (NODE, owner)]);
    menu.expect("> k\\n\\u{1b}[31m");
    menu.answer(KEY, "");
    menu.answer(WHAT, "retrieve");
    menu.expect("it is not text");
    menu.answer(WHAT, "show");
    menu.expect("two\nlines\\u{1b}[2J\n");
    // It is still chosen.
    menu.expect("> k\\n\\u{1b}[31m");
    menu.answer(KEY, "");
    menu.answer(WHAT, "where");
    menu.expect(&format!("{owner} ("));
    menu.expect("; stored there\n");
    menu.answer(KEY, "");
    menu.answer(WHAT, "4");
    menu.answer(KEY, "");
    menu.answer(WHAT, "delete");
    menu.answer(
        &format!("delete k\\n\\u{{1b}}[31m from {owner}? (y/n): "),
        "y",
    );
    menu.expect(&format!("deleted from {owner} in "));
    menu.expect(&format!("no keys on {owner}"));
    menu.answer("> … back to the choices", "");
    quit(menu);
    assert_eq!(
        lab.connect("linux").call(&["EXISTS", hostile]),
        Frame::Integer(0)
    );
}

#[test]
fn what_is_typed_in_a_list_of_keys_looks_for_one() {
    let lab = Lab::started();
    let mut linux = lab.connect("linux");
    for n in 0..30 {
        assert_eq!(
            linux.call(&["SET", &format!("number {n}"), &format!("value {n}")]),
            Frame::OK
        );
    }
    let mut menu = menu(&lab);
    answer(
        &mut menu,
        &[
            (CHOICE, "search"),
            ("part of the keys: ", "number"),
            (KEY, "NUMBER 27"),
        ],
    );
    menu.answer(WHAT, "1");
    menu.expect("\nvalue 27\n8 bytes from ");
    menu.expect(KEY);
    menu.press(key::ESCAPE);
    quit(menu);
    assert_eq!(linux.call(&["GET", "number 27"]), bulk("value 27"));
}
