//! What each step does, and what it says.

use std::fs;

use triad::resp::Frame;

use super::{CHOICE, answer, menu, quit};
use crate::lab::connection::bulk;
use crate::lab::{Lab, NAMES, code, key_of, text};

#[test]
fn store_retrieve_and_delete_say_which_node_has_the_key() {
    let lab = Lab::started();
    let mut menu = menu(&lab);
    menu.expect("through linux; 3 of 3 nodes reachable");
    for name in NAMES {
        let key = key_of(name, "my key ", 0);
        let value = " å value\twith blanks ";
        answer(
            &mut menu,
            &[
                (CHOICE, "1"),
                ("key: ", &key),
                ("value from: ", "1"),
                ("value: ", value),
            ],
        );
        menu.expect(&format!("\nstored 22 bytes on {name} in "));
        let stored = lab.connect(name).call(&["GET", &key]);
        assert_eq!(stored, bulk(value));

        answer(&mut menu, &[(CHOICE, "2"), ("key: ", &key)]);
        menu.expect(&format!("\n{value}\n22 bytes from {name} in "));

        // Only a yes deletes.
        let question = format!("delete {key} from {name}? (y/n): ");
        for no in ["", "n", "NO"] {
            answer(
                &mut menu,
                &[(CHOICE, "3"), ("key: ", &key), (&question, no)],
            );
            menu.expect("\nnothing was deleted\n");
        }
        answer(
            &mut menu,
            &[(CHOICE, "3"), ("key: ", &key), (&question, "perhaps")],
        );
        menu.expect("Type y for yes or n for no.\n");
        menu.answer(&question, "y");
        menu.expect(&format!("\ndeleted from {name} in "));

        answer(&mut menu, &[(CHOICE, "2"), ("key: ", &key)]);
        menu.expect(&format!("no such key; it would be on {name}\n"));
        answer(
            &mut menu,
            &[(CHOICE, "3"), ("key: ", &key), (&question, "yes")],
        );
        menu.expect(&format!("no such key; it would be on {name}\n"));
    }
    quit(menu);
    assert_eq!(lab.connect("linux").call(&["DBSIZE"]), Frame::Integer(0));
}

#[test]
fn where_tells_the_digests_and_each_rule() {
    let lab = Lab::started();
    let mut menu = menu(&lab);
    let key = key_of("mac", "k", 0);
    answer(&mut menu, &[(CHOICE, "where"), ("key: ", &key)]);
    let said = menu.expect("asked in ");
    for line in [
        "mac (SHA-1 divisible by 3); not stored at the moment\n",
        "  linux    no   MD5 ends in an even hex digit\n",
        "  mac      yes  SHA-1 divisible by 3\n",
        "\n  MD5      ",
        "\n  SHA-1    ",
    ] {
        assert!(said.contains(line), "{said}");
    }
    quit(menu);
}

#[test]
fn status_check_up_coverage_and_help() {
    let lab = Lab::started();
    assert_eq!(lab.connect("linux").call(&["SET", "mine", "1"]), Frame::OK);
    let mut menu = menu(&lab);
    menu.answer(CHOICE, "cluster status");
    let status = menu.expect("asked in ");
    for name in NAMES {
        let row = status.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(row.ends_with("  up"), "{status}");
    }
    menu.answer(CHOICE, "check-up");
    menu.expect("nothing is wrong");
    menu.expect("examined in ");
    menu.answer(CHOICE, "coverage");
    // The number that stands there already.
    menu.answer("how many keys: 100", "");
    menu.expect("coverage is complete\n");
    menu.expect("  stored                           100\n");
    menu.answer("-- Enter for more", "");
    menu.expect("the keys are deleted again; all in ");
    for (count, stored) in [
        ("7", "  stored                             7\n"),
        ("x", ""),
        ("0", ""),
    ] {
        menu.answer(CHOICE, "coverage");
        menu.expect("how many keys: 100");
        menu.press("\x15");
        menu.type_line(count);
        if stored.is_empty() {
            menu.expect("type a number from 1 on, such as 100; nothing was tested\n");
        } else {
            menu.expect(stored);
            menu.answer("-- Enter for more", "");
        }
    }
    menu.answer(CHOICE, "help");
    let help = menu.expect("can be chosen from a list.\n");
    for rule in [
        "  1. linux: MD5 ends in an even hex digit\n",
        "  2. mac: SHA-1 divisible by 3\n",
        "  3. android: the remainder\n",
    ] {
        assert!(help.contains(rule), "{help}");
    }
    quit(menu);
    assert_eq!(
        lab.connect("linux").call(&["KEYS", "*"]),
        Frame::Array(vec![bulk("mine")]),
        "the keys of the tests are gone"
    );
}

#[test]
fn files_are_imported_and_exported() {
    let lab = Lab::started();
    let file = |name: &str| lab.folder().join(name);
    fs::write(file("some keys"), r#"{"a": "1", "b": "2"}"#).unwrap();
    fs::write(file("bad.json"), r#"{"c": "3", "d": }"#).unwrap();
    let mut menu = menu(&lab);
    answer(&mut menu, &[(CHOICE, "import"), ("file: ", "some keys")]);
    menu.expect("this is a JSON object of keys and values\n");
    menu.expect("stored 2 keys: linux ");
    assert_eq!(lab.connect("mac").call(&["GET", "b"]), bulk("2"));
    for (name, said) in [
        ("", "no file was typed; nothing was imported\n"),
        ("nowhere", "nowhere: there is no such file; check the path"),
        ("bad.json", "bad.json: line 1, "),
    ] {
        answer(&mut menu, &[(CHOICE, "import"), ("file: ", name)]);
        menu.expect(said);
    }
    assert_eq!(lab.connect("mac").call(&["DBSIZE"]), Frame::Integer(2));

    answer(
        &mut menu,
        &[
            (CHOICE, "export"),
            ("which keys: ", "1"),
            ("file: ", "out.csv"),
        ],
    );
    menu.expect("exported 2 keys: linux ");
    menu.expect("written to out.csv in ");
    let lines = |name: &str| {
        let text = fs::read_to_string(file(name)).unwrap();
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    let csv = lines("out.csv");
    assert_eq!(csv.len(), 3, "{csv:?}");
    for (line, beginning) in csv.iter().zip(["a,1", "b,2", "key,value"]) {
        assert!(line.starts_with(beginning), "{csv:?}");
    }
    // One that is there is replaced only by a yes.
    fs::write(file("out.csv"), "precious").unwrap();
    let path = [
        (CHOICE, "export"),
        ("which keys: ", "all"),
        ("file: ", "out.csv"),
    ];
    answer(&mut menu, &path);
    menu.answer("out.csv is there; replace it? (y/n): ", "n");
    menu.expect("nothing was exported\n");
    assert_eq!(lines("out.csv"), ["precious"]);
    answer(&mut menu, &path);
    menu.answer("out.csv is there; replace it? (y/n): ", "y");
    menu.expect("written to out.csv in ");
    assert_eq!(lines("out.csv").len(), 3);
    // One node alone, and a name that does not tell the format.
    answer(
        &mut menu,
        &[
            (CHOICE, "export"),
            ("which keys: ", "what mac"),
            ("file: ", "of mac"),
            ("format: ", "2"),
        ],
    );
    menu.expect("exported ");
    menu.expect("written to of mac in ");
    let of_mac = lab.connect("mac").call(&["TRIAD", "KEYS"]);
    let Frame::Array(of_mac) = of_mac else {
        panic!("{of_mac:?}")
    };
    assert_eq!(lines("of mac").len(), of_mac.len());
    quit(menu);
}

#[test]
fn the_entry_node_is_chosen_and_a_lost_one_is_refused() {
    let mut lab = Lab::started();
    let mut menu = menu(&lab);
    answer(&mut menu, &[(CHOICE, "through"), ("node: ", "android")]);
    menu.expect("now through android, which answered in ");
    menu.expect("through android; 3 of 3 nodes reachable");
    lab.lose("mac");
    answer(&mut menu, &[(CHOICE, "through"), ("node: ", "2")]);
    menu.expect(" cannot be reached: no node runs there");
    menu.expect("through android; 2 of 3 nodes reachable");
    quit(menu);
}

#[test]
fn large_and_binary_values_are_shown_or_saved() {
    let lab = Lab::started();
    let long = "a line of text\n".repeat(1000);
    let mut linux = lab.connect("linux");
    assert_eq!(linux.call(&["SET", "long", &long]), Frame::OK);
    assert_eq!(linux.call(&["SET", "binary", "\u{1b}[2J\0"]), Frame::OK);
    let huge = "x".repeat(100_000);
    assert_eq!(linux.call(&["SET", "huge", &huge]), Frame::OK);
    let mut menu = menu(&lab);
    answer(&mut menu, &[(CHOICE, "2"), ("key: ", "binary")]);
    menu.expect("; it is not text");
    menu.answer("what to do: ", "1");
    menu.expect("\\u{1b}[2J\\u{0}\n");

    answer(&mut menu, &[(CHOICE, "2"), ("key: ", "long")]);
    menu.expect("; it is long");
    menu.answer("what to do: ", "2");
    menu.answer("file: ", "long.txt");
    menu.expect("saved 15000 bytes in long.txt\n");
    let saved = lab.folder().join("long.txt");
    assert_eq!(fs::read_to_string(&saved).unwrap(), long);

    let save = [(CHOICE, "2"), ("key: ", "binary"), ("what to do: ", "2")];
    answer(&mut menu, &save);
    answer(
        &mut menu,
        &[("file: ", "long.txt"), ("replace it? (y/n): ", "n")],
    );
    menu.expect("nothing was saved\n");
    assert_eq!(fs::read_to_string(&saved).unwrap(), long);
    answer(&mut menu, &save);
    answer(
        &mut menu,
        &[("file: ", "long.txt"), ("replace it? (y/n): ", "y")],
    );
    menu.expect("saved 5 bytes in long.txt\n");
    assert_eq!(fs::read(&saved).unwrap(), b"\x1b[2J\0");
    for (path, said) in [
        ("", "no file was typed; nothing was saved\n"),
        ("nowhere/at/all", "nowhere/at/all can't be written: "),
    ] {
        answer(&mut menu, &save);
        menu.answer("file: ", path);
        menu.expect(said);
    }
    // More than anybody reads is cut.
    answer(
        &mut menu,
        &[(CHOICE, "2"), ("key: ", "huge"), ("what to do: ", "1")],
    );
    menu.answer("-- Enter goes on: ", "");
    quit(menu);
}

#[test]
fn a_value_comes_from_a_file() {
    let lab = Lab::started();
    fs::write(lab.folder().join("value.bin"), b"\0\xff\n").unwrap();
    let mut menu = menu(&lab);
    let path = [(CHOICE, "1"), ("key: ", "k"), ("value from: ", "2")];
    answer(&mut menu, &path);
    menu.answer("file: ", "value.bin");
    menu.expect("stored 3 bytes on ");
    let got = lab.client(&["get", "k"]);
    assert_eq!(
        (code(&got), &got.stdout[..]),
        (0, &b"\0\xff\n"[..]),
        "{}",
        text(&got.stderr)
    );
    answer(&mut menu, &path);
    menu.answer("file: ", "nowhere");
    menu.expect("nowhere can't be read: ");
    quit(menu);
}

#[test]
fn the_nodes_are_watched_and_the_menu_goes_on() {
    let lab = Lab::started();
    let mut menu = menu(&lab);
    menu.answer(CHOICE, "watch");
    menu.expect("\x1b[?1049h");
    menu.expect("linux");
    menu.press("q");
    menu.expect("\x1b[?1049l");
    menu.expect("through linux; 3 of 3 nodes reachable");
    quit(menu);
}

#[test]
fn slips_are_sentences_and_the_menu_goes_on() {
    let lab = Lab::started();
    let mut menu = menu(&lab);
    // What fits nothing chooses nothing, and can be taken back.
    menu.answer(CHOICE, "no such choice");
    menu.expect("nothing here fits; Backspace takes a letter back");
    menu.press("\x15");
    for choice in ["1", "2", "3", "where"] {
        answer(&mut menu, &[(CHOICE, choice), ("key: ", "")]);
        menu.expect("no key was typed\n");
    }
    // An empty value is one.
    answer(
        &mut menu,
        &[
            (CHOICE, "1"),
            ("key: ", "a"),
            ("value from: ", ""),
            ("value: ", ""),
        ],
    );
    menu.expect("stored 0 bytes on android in ");
    assert_eq!(lab.connect("mac").call(&["GET", "a"]), bulk(""));
    // A key that holds no string.
    assert_eq!(
        lab.connect("mac").call(&["SADD", "s", "1"]),
        Frame::Integer(1)
    );
    answer(&mut menu, &[(CHOICE, "2"), ("key: ", "s")]);
    menu.expect("s holds a set, not a string; read it with ");
    quit(menu);
}
