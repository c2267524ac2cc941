//! A node and the menu in one process.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use super::{CHOICE, answer};
use crate::lab::connection::bulk;
use crate::lab::terminal::{Terminal, USUAL, key};
use crate::lab::{Lab, NAMES, key_of};

/// A node with its menu; the other two run already.
fn with_menu(lab: &mut Lab, name: &str, arguments: &[&str]) -> Terminal {
    for other in NAMES.into_iter().filter(|other| *other != name) {
        lab.start(other);
    }
    let mut command = lab.node_command(name);
    command.arg("--menu").args(arguments);
    Terminal::open(command, USUAL)
}

fn store(menu: &mut Terminal, key: &str, node: &str) {
    answer(
        menu,
        &[
            (CHOICE, "1"),
            ("key: ", key),
            ("value from: ", "1"),
            ("value: ", "v"),
        ],
    );
    menu.expect(&format!("stored 1 byte on {node} in "));
}

/// The keys in a node's snapshot, which is there after an orderly end.
fn keys_in(lab: &Lab, file: &str) -> Vec<String> {
    let document: Value = serde_json::from_slice(&fs::read(lab.data(file)).unwrap()).unwrap();
    let entries = document["entries"].as_array().unwrap();
    let keys = entries
        .iter()
        .map(|entry| entry["key"].as_str().unwrap().to_owned());
    keys.collect()
}

#[test]
fn every_node_program_has_the_menu() {
    for name in NAMES {
        let mut lab = Lab::new();
        let mut menu = with_menu(&mut lab, name, &[]);
        menu.expect(&format!("ready {name} {}\n", lab.address(name)));
        menu.expect(&format!("through {name}; "));
        let key = key_of(name, "k", 0);
        store(&mut menu, &key, name);
        // The node serves others meanwhile.
        assert_eq!(lab.connect(name).call(&["GET", &key]), bulk("v"));
        menu.answer(CHOICE, "q");
        let raw = menu.raw();
        assert!(!raw.contains("INFO") && !raw.contains("loaded"), "{raw}");
        assert_eq!(menu.ends_tidily(), Some(0));
        assert_eq!(keys_in(&lab, &format!("{name}.json")), [key]);
    }
}

#[test]
fn a_signal_or_a_closed_window_is_an_orderly_end_of_the_node() {
    for (way, signal) in [
        ("terminate", Some(Signal::TERM)),
        ("interrupt", Some(Signal::INT)),
        ("hang up", Some(Signal::HUP)),
        ("Ctrl-D", None),
        ("close", None),
    ] {
        let mut lab = Lab::new();
        let mut menu = with_menu(&mut lab, "mac", &[]);
        let key = key_of("mac", "k", 0);
        store(&mut menu, &key, "mac");
        menu.expect(CHOICE);
        let code = match (way, signal) {
            ("close", _) => menu.close().code(),
            (_, Some(signal)) => {
                menu.signal(signal);
                menu.ends_tidily()
            }
            _ => {
                menu.press(key::CTRL_D);
                menu.ends_tidily()
            }
        };
        assert_eq!(code, Some(0), "{way}");
        assert_eq!(keys_in(&lab, "mac.json"), [key], "{way}");
    }
}

#[test]
fn it_goes_through_its_own_node_wherever_that_listens() {
    let mut lab = Lab::new();
    let mut menu = with_menu(&mut lab, "mac", &["--listen", "127.0.0.1:0"]);
    menu.expect("ready mac 127.0.0.1:");
    menu.expect("through mac; ");
    store(&mut menu, &key_of("mac", "k", 0), "mac");
    menu.answer(CHOICE, "q");
    assert_eq!(menu.ends_tidily(), Some(0));
}

#[test]
fn what_is_to_be_minded_is_said_before_the_menu() {
    let mut lab = Lab::new();
    lab.start("mac");
    assert!(lab.stop("mac").success());
    // The end of its journal is half a record, as a power failure leaves it.
    let journal = fs::read_dir(lab.data(""))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let is_journal = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with("mac.journal-")
    };
    let journal = journal.filter(is_journal).max().unwrap();
    let mut bytes = fs::read(&journal).unwrap();
    bytes.extend_from_slice(b"{\"seq\":");
    fs::write(&journal, bytes).unwrap();
    let mut menu = with_menu(&mut lab, "mac", &[]);
    menu.expect("warning: ");
    menu.expect("mac.torn-");
    menu.expect("ready mac ");
    menu.answer(CHOICE, "q");
    assert_eq!(menu.ends_tidily(), Some(0));

    // A start that fails is an error as without the menu.
    fs::write(lab.data("mac.json"), "{").unwrap();
    let mut command = lab.node_command("mac");
    command.arg("--menu");
    let (status, said) = Terminal::open(command, USUAL).wait();
    assert_eq!(status.code(), Some(4));
    assert!(
        said.starts_with("error: ") && said.contains("mac.json"),
        "{said}"
    );
}
