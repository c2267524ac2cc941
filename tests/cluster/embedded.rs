//! The first try without any set-up: the tools run the three nodes themselves.
//!
//! The built-in list has fixed ports, so these tests take turns, and are skipped on a machine where
//! somebody else uses one of them.

use std::collections::BTreeSet;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rustix::net::{AddressFamily, SocketAddrV4, SocketType, sockopt};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;
use triad::resp::Frame;

use crate::lab::connection::bulk;
use crate::lab::ports::{self, BuiltIn};
use crate::lab::terminal::Terminal;
use crate::lab::{Connection, NAMES, code, key_of, quiet_command, text};

const CLIENT: &str = env!("CARGO_BIN_EXE_client");
const KEYGEN: &str = env!("CARGO_BIN_EXE_keygen");

/// A folder without files, and the ports.
struct Desk {
    folder: TempDir,
    _ports: BuiltIn,
}

impl Desk {
    fn new() -> Option<Self> {
        Some(Self {
            _ports: ports::built_in()?,
            folder: tempfile::tempdir().unwrap(),
        })
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = quiet_command(program, self.folder.path());
        command.args(arguments);
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        self.command(program, arguments).output().unwrap()
    }

    /// The nodes' folder, as the tools print it.
    fn data(&self) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap().join("data")
    }

    /// What is said when the nodes start inside a tool.
    fn announcement(&self) -> String {
        format!(
            "no node is running, so they run inside this program until it ends: linux on \
             127.0.0.1:7001, mac on 127.0.0.1:7002, android on 127.0.0.1:7003, with data in {}\n",
            self.data().display()
        )
    }

    /// Runs a tool that must start the nodes itself and succeed; returns what it prints.
    fn run_alone(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.run(program, arguments);
        let (said, stderr) = (text(&output.stdout), text(&output.stderr));
        assert_eq!((code(&output), stderr), (0, self.announcement()), "{said}");
        said
    }
}

/// The keys in a node's JSON file.
fn keys_in(file: &Path) -> BTreeSet<String> {
    let document: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let entries = document["entries"].as_array().unwrap();
    let keys = entries.iter().map(|entry| entry["key"].as_str().unwrap());
    keys.map(str::to_owned).collect()
}

#[test]
fn keygen_alone_in_a_fresh_folder() {
    let Some(desk) = Desk::new() else { return };
    let screen = desk.run_alone(KEYGEN, &[]);
    assert!(
        screen.contains("\ncoverage is complete\n  offered to every node            100\n"),
        "{screen}"
    );
    let files = || NAMES.map(|name| keys_in(&desk.data().join(format!("{name}.json"))));
    let keys: BTreeSet<_> = files().into_iter().flatten().collect();
    assert_eq!(keys.len(), 100);
    assert_eq!(
        files().iter().map(BTreeSet::len).sum::<usize>(),
        100,
        "each in one file"
    );

    // The next run finds them, and the command that was printed removes them.
    let listed = desk.run_alone(CLIENT, &["keys"]);
    assert_eq!(
        listed.lines().map(str::to_owned).collect::<BTreeSet<_>>(),
        keys
    );
    let (_, command) = screen.split_once("To remove them:\n").unwrap();
    let screen = desk.run_alone("sh", &["-c", command]);
    assert!(
        screen.ends_with("The keys are deleted again.\n"),
        "{screen}"
    );
    assert_eq!(desk.run_alone(CLIENT, &["keys"]), "");
}

#[test]
fn what_one_run_stores_the_next_finds() {
    let Some(desk) = Desk::new() else { return };
    for name in NAMES {
        let key = key_of(name, "k", 0);
        assert_eq!(
            desk.run_alone(CLIENT, &["put", &key, name]),
            format!("stored on {name}\n")
        );
        assert_eq!(desk.run_alone(CLIENT, &["get", &key]), name);
    }
    let output = desk.run(CLIENT, &["get", "absent"]);
    assert_eq!(code(&output), 1, "the exit code is the command's");
}

#[test]
fn a_second_client_joins_the_nodes_of_the_first() {
    let Some(desk) = Desk::new() else { return };
    let mut menu = Terminal::run(desk.command(CLIENT, &[]), 80);
    menu.expect("no node is running");
    menu.expect(&desk.data().display().to_string());
    menu.expect("choice: ");

    let put = desk.run(CLIENT, &["put", "a", "1"]);
    let said = (code(&put), text(&put.stdout), text(&put.stderr));
    assert_eq!(said, (0, "stored on android\n".to_owned(), String::new()));
    menu.type_line("2");
    menu.answer("key: ", "a");
    menu.expect("1\n1 byte from android in ");
    // Any Redis client may join too.
    let mut any = Connection::open(([127, 0, 0, 1], 7001).into());
    assert_eq!(any.call(&["GET", "a"]), bulk("1"));
    let keygen = desk.run(KEYGEN, &["--clean"]);
    assert_eq!((code(&keygen), text(&keygen.stderr)), (0, String::new()));

    // A program that is killed takes its nodes along, and what they acknowledged stays.
    drop(menu);
    assert_eq!(any.try_reply(), None);
    assert_eq!(desk.run_alone(CLIENT, &["get", "a"]), "1");

    // One that is left in the orderly way waits for nobody.
    let mut menu = Terminal::run(desk.command(CLIENT, &[]), 80);
    menu.expect("choice: ");
    let mut any = Connection::open(([127, 0, 0, 1], 7002).into());
    assert_eq!(any.call(&["SET", "b", "2"]), Frame::OK);
    menu.type_line("q");
    assert_eq!(menu.wait().0.code(), Some(0));
    assert_eq!(any.try_reply(), None);
    assert_eq!(desk.run_alone(CLIENT, &["get", "b"]), "2");
}

#[test]
fn a_menu_that_a_signal_ends_stops_its_nodes_in_the_orderly_way() {
    let Some(desk) = Desk::new() else { return };
    let mut menu = Terminal::run(desk.command(CLIENT, &[]), 80);
    menu.expect("choice: ");
    let mut any = Connection::open(([127, 0, 0, 1], 7001).into());
    assert_eq!(any.call(&["SET", "a", "1"]), Frame::OK);
    menu.signal(Signal::TERM);
    assert_eq!(menu.ends_tidily(), Some(143));
    let keys = keys_in(&desk.data().join("android.json"));
    assert_eq!(keys, BTreeSet::from(["a".to_owned()]));
}

#[test]
fn where_a_node_answers_or_a_list_is_given_nothing_is_started() {
    let Some(desk) = Desk::new() else { return };
    let mac = env!("CARGO_BIN_EXE_mac-node");
    let mut mac = Terminal::run(desk.command(mac, &["--data", "elsewhere"]), 80);
    mac.expect("ready mac 127.0.0.1:7002\n");
    let of_mac = desk.run(CLIENT, &["put", &key_of("mac", "k", 0), "v"]);
    assert_eq!((code(&of_mac), text(&of_mac.stderr)), (0, String::new()));
    let of_linux = desk.run(CLIENT, &["put", &key_of("linux", "k", 0), "v"]);
    assert_eq!(code(&of_linux), 3);
    assert!(text(&of_linux.stderr).contains("UNREACHABLE linux 127.0.0.1:7001"));
    let keygen = desk.run(KEYGEN, &[]);
    let message = text(&keygen.stderr);
    assert_eq!(code(&keygen), 3, "{message}");
    assert!(!message.contains("mac"), "{message}");
    for missing in ["linux 127.0.0.1:7001", "android 127.0.0.1:7003"] {
        assert!(
            message.contains(&format!("{missing} cannot be reached")),
            "{message}"
        );
    }
    drop(mac);

    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/data/cluster.example.json");
    let given = desk.run(CLIENT, &["--cluster", example, "status"]);
    assert_eq!(code(&given), 3, "{}", text(&given.stderr));
    fs::create_dir(desk.data()).unwrap();
    fs::copy(example, desk.data().join("cluster.json")).unwrap();
    for program in [CLIENT, KEYGEN] {
        let found = desk.run(program, if program == CLIENT { &["status"] } else { &[] });
        assert_eq!(code(&found), 3, "{}", text(&found.stderr));
    }
    let files = fs::read_dir(desk.data()).unwrap().count();
    assert_eq!(files, 1, "no node left files");
}

#[test]
fn what_keeps_the_nodes_from_starting_is_said() {
    let Some(desk) = Desk::new() else { return };
    let refused = |parts: &[&str]| {
        let output = desk.run(KEYGEN, &[]);
        let message = text(&output.stderr);
        assert_eq!(
            (code(&output), text(&output.stdout)),
            (4, String::new()),
            "{message}"
        );
        for part in parts {
            assert!(message.contains(part), "{part:?} is not in {message}");
        }
    };
    let data = desk.data();
    let start = format!(
        "this program cannot run them itself with data in {}: ",
        data.display()
    );
    // A port that somebody has and does not serve.
    let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 7002);
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    // Connections of earlier tests may linger on the port.
    sockopt::set_socket_reuseaddr(&socket, true).unwrap();
    rustix::net::bind(&socket, &address).unwrap();
    sockopt::set_socket_reuseaddr(&socket, false).unwrap();
    refused(&[&start, "127.0.0.1:7002 is in use", "in the cluster file"]);
    drop(socket);
    // A folder that can't be made, because its place is taken by a link that leads nowhere.
    fs::remove_dir_all(&data).unwrap();
    std::os::unix::fs::symlink("nowhere/at/all", &data).unwrap();
    let folder = format!("the folder {} can't be made or opened", data.display());
    refused(&[&folder, "Go to a folder where you may write"]);
    // A file of a node that is damaged.
    fs::remove_file(&data).unwrap();
    fs::create_dir(&data).unwrap();
    fs::write(data.join("mac.json"), "{").unwrap();
    refused(&[&start, "mac.json"]);
    // Nothing is left running.
    assert!(std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, 7001)).is_err());
}

#[test]
fn a_crash_s_trace_in_the_nodes_files_is_told() {
    let Some(desk) = Desk::new() else { return };
    desk.run_alone(CLIENT, &["put", "a", "1"]);
    let mut menu = Terminal::run(desk.command(CLIENT, &[]), 80);
    menu.expect("choice: ");
    let mut any = Connection::open(([127, 0, 0, 1], 7003).into());
    assert_eq!(any.call(&["SET", "a", "2"]), Frame::OK);
    drop(menu);
    // The end of android's journal is half a record, as a power failure leaves it.
    let journal = fs::read_dir(desk.data())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let is_android_s = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with("android.journal-")
    };
    let journal = journal.filter(is_android_s).max().unwrap();
    let mut bytes = fs::read(&journal).unwrap();
    bytes.extend_from_slice(b"{\"seq\":");
    fs::write(&journal, bytes).unwrap();
    let output = desk.run(CLIENT, &["get", "a"]);
    assert_eq!((code(&output), text(&output.stdout)), (0, "2".to_owned()));
    let said = text(&output.stderr);
    let warning = said.strip_prefix(&desk.announcement()).unwrap();
    assert!(
        warning.starts_with("warning: ") && warning.contains("android.torn-"),
        "{warning}"
    );
}
