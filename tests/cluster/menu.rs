//! The client's menu, on a terminal.

use triad::resp::Frame;

use crate::lab::connection::bulk;
use crate::lab::terminal::Terminal;
use crate::lab::{Lab, NAMES, key_of};

const CHOICE: &str = "choice: ";
const MORE: &str = "-- Enter for more, q to stop: ";

/// The menu on a terminal of usual width.
fn menu(lab: &Lab, arguments: &[&str]) -> Terminal {
    let mut command = lab.tool(env!("CARGO_BIN_EXE_client"));
    command.args(arguments);
    Terminal::run(command, 80)
}

/// Makes a choice, and waits for the next question, which is the menu's own or one of the step's.
fn choose(menu: &mut Terminal, choice: &str, question: &str) -> String {
    menu.answer(CHOICE, choice);
    menu.expect(question)
}

/// Leaves the menu in the orderly way.
fn quit(mut menu: Terminal) {
    menu.answer(CHOICE, "q");
    let (status, rest) = menu.wait();
    assert_eq!((status.code(), rest), (Some(0), String::new()));
}

#[test]
fn store_retrieve_and_delete_say_which_node_has_the_key() {
    let lab = Lab::started();
    let mut menu = menu(&lab, &[]);
    let welcome = menu.expect("q  quit");
    for choice in [
        "1  store a key",
        "4  view the keys of one node",
        "6  run the coverage test",
    ] {
        assert!(welcome.contains(choice), "{welcome}");
    }
    for name in NAMES {
        let key = key_of(name, "my key ", 0);
        choose(&mut menu, "1", "key: ");
        menu.type_line(&key);
        menu.answer("value: ", " å value\twith blanks ");
        menu.expect(&format!("stored on {name}\n"));
        let stored = lab.connect(name).call(&["GET", &key]);
        assert_eq!(stored, bulk(" å value\twith blanks "));

        choose(&mut menu, "2", "key: ");
        menu.type_line(&key);
        menu.expect(&format!(" å value\twith blanks \n(from {name})\n"));

        choose(&mut menu, "3", "key: ");
        menu.type_line(&key);
        menu.expect(&format!("deleted from {name}\n"));
        for choice in ["2", "3"] {
            choose(&mut menu, choice, "key: ");
            menu.type_line(&key);
            menu.expect(&format!("no such key; it would be on {name}\n"));
        }
    }
    quit(menu);
    assert_eq!(lab.connect("linux").call(&["DBSIZE"]), Frame::Integer(0));
}

#[test]
fn the_keys_of_a_node_come_in_pages() {
    let lab = Lab::started();
    let mut linux = lab.connect("linux");
    let keys: Vec<_> = (0..45).map(|n| key_of("mac", "k", n)).collect();
    for key in keys.iter().chain([&key_of("android", "k", 0)]) {
        assert_eq!(linux.call(&["SET", key, "v"]), Frame::OK);
    }
    let mut menu = menu(&lab, &[]);
    choose(&mut menu, "4", "node (linux, mac, android): ");
    menu.type_line(" mac ");
    let mut screen = String::new();
    for _ in 0..2 {
        let page = menu.expect(MORE);
        assert_eq!(page.lines().count(), 21, "{page}");
        screen += &page.replace(MORE, "\n");
        menu.type_line("");
    }
    let last = menu.expect("mac holds 45 keys\n");
    assert_eq!(last.lines().count(), 6, "{last}");
    screen += &last;
    let mut shown: Vec<_> = screen
        .lines()
        .filter(|line| line.starts_with('k'))
        .collect();
    shown.sort_unstable();
    let mut all: Vec<_> = keys.iter().map(String::as_str).collect();
    all.sort_unstable();
    assert_eq!(shown, all);

    // Enough seen, by a letter or by Ctrl-D.
    choose(&mut menu, "4", "node (linux, mac, android): ");
    menu.type_line("mac");
    menu.answer(MORE, "q");
    choose(&mut menu, "4", "node (linux, mac, android): ");
    menu.type_line("mac");
    menu.leave(MORE);
    choose(&mut menu, "4", "node (linux, mac, android): ");
    menu.type_line("android");
    menu.expect("android holds 1 key\n");
    choose(&mut menu, "4", "node (linux, mac, android): ");
    menu.type_line("linux");
    menu.expect("linux holds 0 keys\n");
    quit(menu);
}

#[test]
fn status_and_the_coverage_test() {
    let lab = Lab::started();
    assert_eq!(lab.connect("linux").call(&["SET", "mine", "1"]), Frame::OK);
    let mut menu = menu(&lab, &[]);
    let status = choose(&mut menu, "5", "q  quit");
    for name in NAMES {
        let row = status.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(row.ends_with("  up"), "{status}");
    }
    assert!(
        status.lines().all(|line| line.chars().count() <= 80),
        "{status}"
    );
    let coverage = choose(&mut menu, "6", "the keys are deleted again\n");
    assert!(coverage.contains("coverage is complete\n"), "{coverage}");
    assert!(
        coverage.contains("  stored                           100\n"),
        "{coverage}"
    );
    quit(menu);
    assert_eq!(
        lab.connect("linux").call(&["KEYS", "*"]),
        Frame::Array(vec![bulk("mine")])
    );
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

#[test]
fn slips_are_sentences_and_the_menu_goes_on() {
    let lab = Lab::started();
    let mut menu = menu(&lab, &[]);
    menu.answer(CHOICE, "");
    menu.answer(CHOICE, " 7\u{1b}[2J ");
    menu.expect("there is no choice \"7\\u{1b}[2J\"; type 1 to 6, or q\n");
    menu.answer(CHOICE, "store");
    menu.expect("there is no choice \"store\"; type 1 to 6, or q\n");
    for choice in ["1", "2", "3"] {
        choose(&mut menu, choice, "key: ");
        menu.type_line("");
        menu.expect("no key was typed\n");
    }
    choose(&mut menu, "4", "node (linux, mac, android): ");
    menu.type_line("nobody");
    menu.expect("there is no node \"nobody\"; there are linux, mac, android\n");
    choose(&mut menu, "4", "node (linux, mac, android): ");
    menu.type_line(" ");
    menu.expect("no node was typed\n");
    // An empty value is one.
    choose(&mut menu, "1", "key: ");
    menu.type_line("a");
    menu.answer("value: ", "");
    menu.expect("stored on android\n");
    assert_eq!(lab.connect("mac").call(&["GET", "a"]), bulk(""));
    quit(menu);
}

#[test]
fn ctrl_d_leads_back_to_the_choices_and_from_there_out() {
    let lab = Lab::started();
    let mut menu = menu(&lab, &[]);
    for choice in ["1", "2", "3"] {
        menu.answer(CHOICE, choice);
        menu.leave("key: ");
    }
    menu.answer(CHOICE, "1");
    menu.answer("key: ", "k");
    menu.leave("value: ");
    menu.expect("nothing was stored\n");
    menu.answer(CHOICE, "4");
    menu.leave("node (linux, mac, android): ");
    menu.leave(CHOICE);
    let (status, rest) = menu.wait();
    assert_eq!((status.code(), rest), (Some(0), "\n".to_owned()));
    assert_eq!(lab.connect("linux").call(&["DBSIZE"]), Frame::Integer(0));
}

#[test]
fn a_node_that_dies_is_a_sentence_and_the_menu_goes_on() {
    let mut lab = Lab::started();
    let mut menu = menu(&lab, &[]);
    menu.expect(CHOICE);
    let [of_linux, of_mac, of_android] = NAMES.map(|name| key_of(name, "k", 0));
    let store = |menu: &mut Terminal, key: &str, said: &str| {
        menu.type_line("1");
        menu.answer("key: ", key);
        menu.answer("value: ", "v");
        menu.expect(said);
        menu.expect(CHOICE);
    };
    // Another node than the one that is asked.
    lab.lose("android");
    store(&mut menu, &of_android, "UNREACHABLE android 127.0.0.1:");
    store(&mut menu, &of_mac, "stored on mac\n");
    menu.type_line("5");
    menu.expect("DOWN");
    menu.expect("android: UNREACHABLE android");
    menu.answer(CHOICE, "6");
    menu.expect("the test needs every node, and nothing was stored; android 127.0.0.1:");
    menu.answer(CHOICE, "4");
    menu.answer("node (linux, mac, android): ", "android");
    menu.expect("android 127.0.0.1:");
    menu.expect(" cannot be reached: no node runs there");
    menu.expect(CHOICE);
    // The one that is asked: from then on another is.
    lab.lose("linux");
    store(&mut menu, &of_mac, "linux 127.0.0.1:");
    store(&mut menu, &of_mac, "stored on mac\n");
    store(&mut menu, &of_linux, "UNREACHABLE linux");
    // All.
    lab.lose("mac");
    store(&mut menu, &of_mac, "mac 127.0.0.1:");
    store(&mut menu, &of_mac, "no node answers:");
    // And back.
    lab.start_all();
    store(&mut menu, &of_linux, "stored on linux\n");
    menu.type_line("q");
    assert_eq!(menu.wait().0.code(), Some(0));
}

#[test]
fn values_cannot_take_over_the_terminal() {
    let lab = Lab::started();
    let mut linux = lab.connect("linux");
    assert_eq!(
        linux.call(&["SET", "k\n\u{1b}[31m", "two\nlines\u{1b}[2J"]),
        Frame::OK
    );
    let on_terminal = |arguments: &[&str]| {
        let mut command = lab.tool(env!("CARGO_BIN_EXE_client"));
        command.args(arguments);
        Terminal::run(command, 80).wait().1
    };
    assert_eq!(
        on_terminal(&["get", "k\n\u{1b}[31m"]),
        "two\nlines\\u{1b}[2J\n"
    );
    assert_eq!(on_terminal(&["keys"]), "k\\n\\u{1b}[31m\n");
    let mut menu = menu(&lab, &[]);
    menu.answer(CHOICE, "4");
    let owner = triad::placement::Placement::built_in().owner(b"k\n\x1b[31m");
    menu.answer("node (linux, mac, android): ", NAMES[owner.as_usize()]);
    menu.expect("k\\n\\u{1b}[31m\n");
    quit(menu);
}

#[test]
fn the_menu_has_no_document() {
    let lab = Lab::started();
    let (status, said) = menu(&lab, &["--json"]).wait();
    assert_eq!(status.code(), Some(2));
    assert!(
        said.starts_with("error: the menu has no --json; use a subcommand"),
        "{said}"
    );
}
