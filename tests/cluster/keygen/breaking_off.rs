//! Long tests: how far they are, that they take no more memory, and how they are broken off.

use std::num::NonZero;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use triad::resp::Frame;

use crate::lab::terminal::Terminal;
use crate::lab::{Lab, code, eventually, resident, text};

fn keygen(lab: &Lab, arguments: &[&str]) -> Command {
    let mut command = lab.tool(env!("CARGO_BIN_EXE_keygen"));
    command.args(arguments);
    command
}

/// What is left on a screen of so many columns.
fn left_of(shown: &str, columns: u16) -> String {
    let [rows, columns] = [24, columns].map(|count| NonZero::new(count).unwrap());
    let mut parser = vt100::Parser::new(rows, columns, 0);
    parser.process(shown.as_bytes());
    parser.screen().contents().trim().to_owned()
}

#[test]
fn who_watches_sees_how_far_it_is() {
    let lab = Lab::started();
    let command = keygen(&lab, &["--count", "3000", "--seed", "4", "--clean"]);
    let mut screen = Terminal::run(command, 80);
    screen.expect("--seed 4 ");
    screen.expect(" of 3,000, ");
    screen.expect("deleting --seed 4 ");
    let shown = screen.expect("node     rule");
    // What is left on the screen is only what stays.
    assert_eq!(left_of(&shown, 80), "node     rule", "{shown:?}");
    let (status, rest) = screen.wait();
    assert_eq!(status.code(), Some(0));
    assert!(
        rest.ends_with("\nThe keys are deleted again.\n"),
        "{rest:?}"
    );
}

#[test]
fn a_narrow_terminal_is_enough() {
    let lab = Lab::started();
    let command = keygen(&lab, &["--count", "300", "--seed", "4", "--clean"]);
    let mut screen = Terminal::run(command, 40);
    screen.expect("linux\n  rule      MD5");
    let (status, rest) = screen.wait();
    assert_eq!(status.code(), Some(0));
    let mut lines = rest.lines();
    assert!(lines.all(|line| line.chars().count() <= 40), "{rest}");
}

#[test]
fn ctrl_c_tells_how_many_keys_were_tested_and_how_to_remove_them() {
    let lab = Lab::started();
    let command = keygen(&lab, &["--count", "100000000", "--seed", "4"]);
    let mut screen = Terminal::run(command, 200);
    screen.expect("--seed 4 ");
    let mut linux = lab.connect("linux");
    eventually("keys are stored", || {
        linux.call(&["DBSIZE"]) != Frame::Integer(0)
    });
    screen.signal(Signal::INT);
    let shown = screen.expect("error: the test was broken off after ");
    assert_eq!(
        left_of(&shown, 200),
        "error: the test was broken off after",
        "{shown:?}"
    );
    let (status, rest) = screen.wait();
    assert_eq!(status.code(), Some(4));
    let told = " keys. Keys of this test may be stored; to remove them: ";
    let (keys, removal) = rest.split_once(told).expect(&rest);
    let tested: u64 = keys.parse().unwrap();

    // It has no more to do than the test has done.
    let (_, count) = removal.split_once(" --count ").unwrap();
    let count: u64 = count.split(' ').next().unwrap().parse().unwrap();
    let under_way = 4 * 256;
    assert!(
        (tested..=tested + under_way).contains(&count),
        "{tested} {count}"
    );
    let removed = lab.tool("sh").args(["-c", removal]).output().unwrap();
    assert_eq!(code(&removed), 0, "{}", text(&removed.stderr));
    assert_eq!(linux.call(&["DBSIZE"]), Frame::Integer(0));
}

#[test]
fn a_test_that_is_ended_has_its_document_too() {
    let lab = Lab::started();
    let mut command = keygen(
        &lab,
        &["--count", "100000000", "--json", "--report", "page.html"],
    );
    let keygen = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let keygen = keygen.spawn().unwrap();
    let mut linux = lab.connect("linux");
    eventually("keys are stored", || {
        linux.call(&["DBSIZE"]) != Frame::Integer(0)
    });
    kill_process(Pid::from_child(&keygen), Signal::TERM).unwrap();
    let output = keygen.wait_with_output().unwrap();
    assert_eq!(code(&output), 4);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&document["ok"], &document["unreachable"]),
        (&false.into(), &serde_json::json!([]))
    );
    assert_eq!(document["keys"], document["stored"]);
    let message = text(&output.stderr);
    assert!(
        message.starts_with("error: the test was broken off after "),
        "{message}"
    );
    let page = std::fs::read_to_string(lab.folder().join("page.html")).unwrap();
    assert!(page.contains("The test was broken off"), "{page}");
}

/// The most that a test of so many keys has in memory, in MiB.
fn peak_mib(lab: &Lab, count: &str) -> u64 {
    let mut command = keygen(lab, &["--json", "--length", "500", "--count", count]);
    let keygen = command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut keygen = keygen.spawn().unwrap();
    let mut peak = 0;
    eventually("the test is over", || {
        if let Some(status) = keygen.try_wait().unwrap() {
            assert!(status.success());
            return true;
        }
        // Once it has ended, its memory is no longer told.
        peak = resident::try_peak_mib(Pid::from_child(&keygen)).unwrap_or(peak);
        false
    });
    peak
}

#[test]
fn more_keys_take_no_more_memory() {
    if !resident::is_told() {
        return;
    }
    let lab = Lab::started();
    // As many as all lanes have under way, and more, whose keys alone have 10 MiB.
    let few = peak_mib(&lab, "4000");
    let many = peak_mib(&lab, "24000");
    assert!(few > 0 && many <= few + 3, "{few} and {many} MiB");
}
