//! `client put` and `client get` with values from files and streams, whatever bytes they have.

use std::fs;
use std::io::Write as _;
use std::process::{Output, Stdio};
use std::thread;

use triad::limits::VALUE_MAX_BYTES;
use triad::resp::Frame;

use crate::client::{document, one_line, refusal, said};
use crate::lab::connection::bulk;
use crate::lab::terminal::{Terminal, Window, key};
use crate::lab::{Lab, NAMES, code, key_of};

const USUAL: Window = Window {
    rows: 24,
    columns: 80,
};

/// Bytes of all kinds, and lengths from none to the longest.
fn values() -> Vec<Vec<u8>> {
    let all: Vec<u8> = (0..=255).collect();
    let longest = all.iter().copied().cycle().take(VALUE_MAX_BYTES);
    vec![
        Vec::new(),
        vec![0],
        b"a line\n".to_vec(),
        all.clone(),
        longest.collect(),
    ]
}

/// Runs the client with something piped into it. It may stop reading.
fn piped(lab: &Lab, arguments: &[&str], input: impl AsRef<[u8]> + Send) -> Output {
    let mut command = lab.tool(env!("CARGO_BIN_EXE_client"));
    command.args(arguments);
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            let _ = stdin.write_all(input.as_ref());
        });
        child.wait_with_output().unwrap()
    })
}

#[test]
fn values_come_from_files_and_streams_byte_for_byte_and_go_into_files() {
    let lab = Lab::started();
    let [from, to] = ["from", "to"].map(|name| lab.folder().join(name));
    let (from_text, to_text) = (from.to_str().unwrap(), to.to_str().unwrap());
    for (n, value) in values().into_iter().enumerate() {
        let owner = NAMES[n % 3];
        let stored = one_line(0, &format!("stored on {owner}"));
        let keys: Vec<_> = (0..3).map(|i| key_of(owner, &format!("{n}-"), i)).collect();
        fs::write(&from, &value).unwrap();
        assert_eq!(
            said(&lab.client(&["put", &keys[0], "--file", from_text])),
            stored
        );
        assert_eq!(said(&piped(&lab, &["put", &keys[1]], &value)), stored);
        assert_eq!(said(&piped(&lab, &["put", &keys[2], "-"], &value)), stored);
        for key in &keys {
            let found = lab.client(&["get", key]);
            assert_eq!(code(&found), 0);
            assert!(found.stdout == value, "{key} of {} bytes", value.len());
            let wrote = lab.client(&["get", key, "--output", to_text]);
            let line = format!("{} bytes from {owner} are in {to_text}", value.len());
            assert_eq!(said(&wrote), one_line(0, &line));
            assert!(fs::read(&to).unwrap() == value, "{key}");
        }
    }
    // Nothing else is left beside it.
    let mut files: Vec<_> = fs::read_dir(lab.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    files.retain(|name| !name.to_string_lossy().ends_with(".log"));
    files.sort();
    assert_eq!(files, ["cluster.json", "data", "from", "to"]);
}

#[test]
fn what_is_too_large_is_refused_and_nothing_is_stored() {
    let lab = Lab::started();
    let from = lab.folder().join("from");
    let from_text = from.to_str().unwrap();
    let limit = "a value has at most 8388608 on these nodes (--max-value); nothing was stored\n";
    let one_too_many = vec![b'x'; VALUE_MAX_BYTES + 1];
    fs::write(&from, &one_too_many).unwrap();
    assert_eq!(
        refusal(&lab.client(&["put", "k", "--file", from_text]), 4),
        format!("error: {from_text} has 8388609 bytes; {limit}")
    );
    assert_eq!(
        refusal(&piped(&lab, &["put", "k"], &one_too_many), 4),
        format!("error: standard input has more than 8388608 bytes; {limit}")
    );
    // What has no end is given up soon.
    let mut command = lab.tool(env!("CARGO_BIN_EXE_client"));
    let zeros = fs::File::open("/dev/zero").unwrap();
    let endless = command
        .args(["put", "k", "-"])
        .stdin(zeros)
        .output()
        .unwrap();
    assert!(refusal(&endless, 4).starts_with("error: standard input has more than "));
    let endless = lab.client(&["put", "k", "--file", "/dev/zero"]);
    assert!(refusal(&endless, 4).starts_with("error: /dev/zero has more than "));
    assert_eq!(lab.connect("mac").call(&["DBSIZE"]), Frame::Integer(0));
}

#[test]
fn the_limit_is_that_of_the_nodes() {
    let mut lab = Lab::new();
    for name in NAMES {
        lab.start_with(name, &["--max-value", "100"]);
    }
    lab.wait_until_linked();
    assert_eq!(code(&piped(&lab, &["put", "k"], [b'x'; 100])), 0);
    assert_eq!(
        refusal(&piped(&lab, &["put", "k"], [b'x'; 101]), 4),
        "error: standard input has more than 100 bytes; a value has at most 100 on these nodes (--max-value); \
         nothing was stored\n"
    );
}

#[test]
fn files_that_can_t_be_used_are_named() {
    let lab = Lab::started();
    let none = refusal(&lab.client(&["put", "k", "--file", "none"]), 4);
    assert!(
        none.starts_with("error: none can't be read: No such file"),
        "{none}"
    );
    let folder = refusal(&lab.client(&["put", "k", "--file", "data"]), 4);
    assert!(
        folder.starts_with("error: data can't be read: Is a directory"),
        "{folder}"
    );
    assert_eq!(code(&lab.client(&["put", "k", "v"])), 0);
    let none = refusal(&lab.client(&["get", "k", "--output", "none/file"]), 4);
    assert!(
        none.starts_with("error: none/file can't be written: No such file"),
        "{none}"
    );
    // A key that is not there leaves the file as it was.
    fs::write(lab.folder().join("file"), "before").unwrap();
    assert_eq!(
        refusal(&lab.client(&["get", "nothing", "--output", "file"]), 1),
        "no such key; it would be on android\n"
    );
    assert_eq!(fs::read(lab.folder().join("file")).unwrap(), b"before");
}

#[test]
fn a_key_can_have_a_time_and_be_left_as_it_is() {
    let lab = Lab::started();
    let mut mac = lab.connect("mac");
    assert_eq!(code(&lab.client(&["put", "k", "v", "--expire", "1000"])), 0);
    let Frame::Integer(left) = mac.call(&["TTL", "k"]) else {
        panic!("no number")
    };
    assert!((900..=1000).contains(&left), "{left}");
    let owner = triad::placement::Placement::built_in().owner(b"k");
    let already = format!(
        "the key is on {} already; nothing was stored\n",
        NAMES[owner.as_usize()]
    );
    let put = ["put", "k", "other", "--if-absent"];
    assert_eq!(refusal(&lab.client(&put), 1), already);
    assert_eq!(mac.call(&["GET", "k"]), bulk("v"));
    let (exit, told) = document(&lab.client(&[&["--json"], &put[..]].concat()));
    assert_eq!((exit, &told["stored"]), (1, &false.into()));
    // Both, and a value that a key had before has no time any more.
    assert_eq!(
        code(&lab.client(&["put", "new", "v", "--if-absent", "--expire", "9"])),
        0
    );
    assert_eq!(code(&lab.client(&["put", "k", "v"])), 0);
    assert_eq!(mac.call(&["TTL", "k"]), Frame::Integer(-1));
    for seconds in ["0", "-1", "soon"] {
        let refused = refusal(
            &lab.client(&["put", "k", "v", &format!("--expire={seconds}")]),
            2,
        );
        assert!(refused.contains("--expire"), "{refused}");
    }
    // More than a clock can have is refused by the node.
    let refused = refusal(
        &lab.client(&["put", "k", "v", "--expire", "9999999999999999"]),
        4,
    );
    assert!(refused.contains("invalid expire time"), "{refused}");
}

#[test]
fn on_a_terminal_a_value_is_typed_only_if_that_is_said() {
    let lab = Lab::started();
    let on_terminal = |arguments: &[&str]| {
        let mut command = lab.tool(env!("CARGO_BIN_EXE_client"));
        command.args(arguments);
        Terminal::open(command, USUAL)
    };
    let (status, rest) = on_terminal(&["put", "k"]).wait();
    assert_eq!(status.code(), Some(2));
    assert_eq!(
        rest,
        "error: there is no value; write it behind the key, or --file PATH, or - to type it and end with Ctrl-D\n"
    );
    let mut typed = on_terminal(&["put", "k", "-"]);
    typed.type_line("two\u{1b}[2J");
    typed.type_line("lines");
    typed.press(key::CTRL_D);
    typed.expect("stored on ");
    assert_eq!(typed.ends_tidily(), Some(0));
    assert_eq!(
        lab.connect("mac").call(&["GET", "k"]),
        bulk("two\u{1b}[2J\nlines\n")
    );
    // What is shown cannot do anything to the terminal.
    on_terminal(&["get", "k"]).shows("two\\u{1b}[2J\nlines");
}

#[test]
fn keys_are_chosen_by_a_pattern() {
    let lab = Lab::started();
    for n in 0..30 {
        lab.connect("mac").call(&["SET", &format!("user:{n}"), "v"]);
        lab.connect("mac").call(&["SET", &format!("-{n}"), "v"]);
    }
    let listed = |arguments: &[&str]| {
        let (exit, keys, _) = said(&lab.client(&[&["keys"], arguments].concat()));
        assert_eq!(exit, 0);
        let mut keys: Vec<_> = keys.lines().map(str::to_owned).collect();
        keys.sort();
        keys
    };
    let users: Vec<_> = listed(&[])
        .into_iter()
        .filter(|key| key.starts_with("user:"))
        .collect();
    assert_eq!(users.len(), 30);
    assert_eq!(listed(&["--match", "user:*"]), users);
    assert_eq!(listed(&["--match", "user:?"]).len(), 10);
    assert_eq!(listed(&["--match", "-*"]).len(), 30);
    assert_eq!(listed(&["--match", "nobody"]).len(), 0);
    let mut by_node: Vec<_> = NAMES
        .iter()
        .flat_map(|name| listed(&["--node", name, "--match", "user:*"]))
        .collect();
    by_node.sort();
    assert_eq!(by_node, users);
    let (_, document) = document(&lab.client(&["--json", "keys", "--match", "user:7"]));
    assert_eq!(
        document.to_string(),
        r#"{"keys":[{"key":"user:7"}],"node":null}"#
    );
}
