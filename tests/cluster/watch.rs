//! `client watch`: what a person sees who leaves it running, and the terminal afterwards.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use rustix::process::Signal;
use serde_json::Value;

use crate::lab::terminal::{Terminal, Window, key};
use crate::lab::{Lab, NAMES, code, eventually, text};

const USUAL: Window = Window {
    rows: 24,
    columns: 80,
};
const SMALL: Window = Window {
    rows: 12,
    columns: 40,
};

fn watch(lab: &Lab, arguments: &[&str]) -> Command {
    let mut command = lab.tool(env!("CARGO_BIN_EXE_client"));
    command.args(["watch", "--interval", "0.1"]).args(arguments);
    command
}

/// The line of a node on the screen.
fn line(screen: &str, name: &str) -> String {
    let mut lines = screen.lines();
    let line = lines.find(|line| line.starts_with(&format!("{name} ")));
    line.unwrap_or_default().to_owned()
}

/// Waits until the line of a node begins with its name and this state.
fn is(terminal: &Terminal, name: &str, state: &str) {
    eventually(&format!("{name} is {state}"), || {
        let line = line(&terminal.screen(), name);
        line.split_whitespace().nth(1) == Some(state)
    });
}

/// Asserts that a whole picture stands in a window: how to leave stands in its last line.
fn fills(terminal: &Terminal, window: Window) {
    eventually("the picture fills the window", || {
        let screen = terminal.screen();
        let last = usize::from(window.rows) - 1;
        screen.starts_with("0 keys   ") && screen.lines().nth(last) == Some("q leaves")
    });
}

#[test]
fn a_window_of_any_size_has_a_picture_and_a_change_of_it_another_one() {
    let lab = Lab::started();
    let mut terminal = Terminal::open(watch(&lab, &[]), USUAL);
    fills(&terminal, USUAL);
    assert!(terminal.look(|screen| screen.alternate_screen() && screen.hide_cursor()));
    let screen = terminal.screen();
    assert!(
        screen.contains("   3 of 3 nodes   via linux   "),
        "{screen}"
    );
    assert!(
        screen.contains("node     state  keys  share    rule") && screen.contains("memory"),
        "{screen}"
    );
    for (name, rule) in NAMES.into_iter().zip(["50.0 %", "16.7 %", "33.3 %"]) {
        let line = line(&screen, name);
        assert!(
            line.contains(&format!(" up        0      ?  {rule}")),
            "{screen}"
        );
        assert!(line.ends_with(" ms"), "{screen}");
    }
    terminal.resize(SMALL);
    fills(&terminal, SMALL);
    let screen = terminal.screen();
    assert!(
        screen.contains("node     state  keys  req/s    ping\n"),
        "{screen}"
    );
    is(&terminal, "android", "up");
    // Too low for all nodes, and then as it was.
    terminal.resize(Window { rows: 4, ..SMALL });
    eventually("the rest is counted", || {
        terminal.screen().ends_with("and 2 more")
    });
    terminal.resize(USUAL);
    fills(&terminal, USUAL);
    terminal.press("q");
    assert_eq!(terminal.ends_tidily(), Some(0));
}

#[test]
fn pictures_are_drawn_over_each_other_without_flicker() {
    let lab = Lab::started();
    let mut terminal = Terminal::open(watch(&lab, &[]), USUAL);
    for _ in 0..5 {
        terminal.expect("q leaves");
    }
    let raw = terminal.raw();
    // The screen is cleared once, before the first picture; then each begins at its upper left corner.
    assert_eq!(raw.matches("\u{1b}[2J").count(), 1, "{raw:?}");
    assert!(raw.matches("\u{1b}[H").count() >= 5, "{raw:?}");
    terminal.press("q");
    assert_eq!(terminal.ends_tidily(), Some(0));
}

#[test]
fn every_way_out_leaves_the_terminal_as_it_was() {
    let lab = Lab::started();
    for way in ["q", "Q", key::CTRL_C, key::CTRL_D] {
        let mut terminal = Terminal::open(watch(&lab, &[]), USUAL);
        fills(&terminal, USUAL);
        assert!(!terminal.is_as_before());
        // Other keys do nothing.
        for other in [
            "x",
            key::ENTER,
            key::ESCAPE,
            key::UP,
            key::DOWN,
            key::END,
            key::BACKSPACE,
            key::TAB,
        ] {
            terminal.press(other);
        }
        terminal.paste("a text");
        terminal.press(way);
        assert_eq!(terminal.ends_tidily(), Some(0), "{way:?}");
    }
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let terminal = Terminal::open(watch(&lab, &[]), USUAL);
        fills(&terminal, USUAL);
        terminal.signal(signal);
        assert_eq!(terminal.ends_tidily(), Some(0), "{signal:?}");
    }
    let terminal = Terminal::open(watch(&lab, &[]), USUAL);
    fills(&terminal, USUAL);
    // The window is closed.
    assert!(terminal.close().code().is_some());
}

#[test]
fn ctrl_z_gives_the_terminal_back_until_it_goes_on() {
    let lab = Lab::started();
    let mut shell = lab.tool("sh");
    let script = "\"$0\" watch --interval 0.1; echo it has stopped; read line; fg; echo it is over";
    shell.args(["-mc", script, env!("CARGO_BIN_EXE_client")]);
    let mut terminal = Terminal::open(shell, USUAL);
    fills(&terminal, USUAL);
    terminal.press("\x1a");
    terminal.expect("it has stopped");
    // To be seen while it stands still.
    eventually("the terminal is as it was", || terminal.is_as_before());
    terminal.press(key::ENTER);
    eventually("it has the screen again", || {
        terminal.look(vt100::Screen::alternate_screen)
    });
    fills(&terminal, USUAL);
    terminal.press("q");
    terminal.expect("it is over");
    assert_eq!(terminal.ends_tidily(), Some(0));
}

#[test]
fn a_node_that_dies_or_sleeps_is_down_and_comes_back_by_itself() {
    let mut lab = Lab::started();
    let mut terminal = Terminal::open(watch(&lab, &[]), USUAL);
    is(&terminal, "mac", "up");
    lab.kill("mac");
    is(&terminal, "mac", "DOWN");
    let sentence = format!(
        "mac {} cannot be reached: no node runs there",
        lab.address("mac")
    );
    eventually("the cause is told", || {
        terminal.screen().contains(&sentence)
    });
    assert!(terminal.screen().contains("   2 of 3 nodes   "));
    lab.start("mac");
    is(&terminal, "mac", "up");
    eventually("it has nothing to tell", || {
        !terminal.screen().contains("cannot be reached")
    });
    lab.pause("linux");
    is(&terminal, "linux", "DOWN");
    // The others go on, and another one would be asked now.
    is(&terminal, "mac", "up");
    eventually("another is asked", || {
        terminal.screen().contains("   via mac   ")
    });
    lab.resume("linux");
    is(&terminal, "linux", "up");
    // All of them.
    for name in NAMES {
        lab.kill(name);
    }
    for name in NAMES {
        is(&terminal, name, "DOWN");
    }
    assert!(terminal.screen().starts_with("0 keys   0 of 3 nodes   "));
    terminal.press("q");
    assert_eq!(terminal.ends_tidily(), Some(0));
}

#[test]
fn requests_are_counted_without_its_own() {
    let lab = Lab::started();
    let terminal = Terminal::open(watch(&lab, &[]), USUAL);
    eventually("nobody asks anything", || {
        let line = line(&terminal.screen(), "linux");
        line.split_whitespace().any(|word| word == "0") && !line.contains(" ?  4")
    });
    let rate = |terminal: &Terminal| {
        let line = line(&terminal.screen(), "linux");
        // From the end: unit and number of the ping, of the memory, and then it.
        let rate = line.split_whitespace().rev().nth(4).map(str::to_owned);
        rate.and_then(|rate| rate.replace(',', "").parse::<u64>().ok())
    };
    eventually("a rate is known", || rate(&terminal) == Some(0));
    let mut linux = lab.connect("linux");
    eventually("requests are seen", || {
        for _ in 0..100 {
            linux.send(&["PING"]);
        }
        for _ in 0..100 {
            linux.reply();
        }
        rate(&terminal).is_some_and(|rate| rate > 0)
    });
    eventually("they are over", || rate(&terminal) == Some(0));
}

#[test]
fn the_last_of_so_many_pictures_stays() {
    let lab = Lab::started();
    let (status, rest) = Terminal::open(watch(&lab, &["--count", "2"]), USUAL).wait();
    assert_eq!(status.code(), Some(0));
    let after = rest.rsplit("\u{1b}[?1049l").next().unwrap();
    assert!(
        after.starts_with("0 keys   3 of 3 nodes   via linux   ") && !after.contains('\u{1b}'),
        "{after:?}"
    );
    assert!(after.contains("\nandroid  up "), "{after:?}");
}

#[test]
fn colours_are_there_unless_they_are_not_wanted() {
    let mut lab = Lab::started();
    lab.kill("mac");
    let shown = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = watch(&lab, &["--count", "1"]);
        command.args(arguments).envs(variables.iter().copied());
        let (_, text) = Terminal::open(command, USUAL).wait();
        text.contains("\u{1b}[31mDOWN\u{1b}[0m") && text.contains("\u{1b}[32mup\u{1b}[0m")
    };
    let usual = [("NO_COLOR", ""), ("TERM", "xterm-256color")];
    assert!(shown(&usual, &[]));
    assert!(!shown(&[("NO_COLOR", "1")], &[]));
    let dumb = [("NO_COLOR", ""), ("TERM", "dumb")];
    assert!(!shown(&dumb, &[]));
    assert!(!shown(&[dumb[0], dumb[1], ("CI", "true")], &[]));
    assert!(!shown(&usual, &["--color", "never"]));
    assert!(shown(&[("NO_COLOR", "1")], &["--color", "always"]));
    let status = lab.client(&["status"]);
    assert!(!text(&status.stdout).contains('\u{1b}'));
    let status = lab.client(&["status", "--color", "always"]);
    assert!(text(&status.stdout).contains("\u{1b}[31mDOWN\u{1b}[0m"));
}

#[test]
fn elsewhere_pictures_stand_below_each_other() {
    let lab = Lab::started();
    let output = watch(&lab, &["--count", "3"]).output().unwrap();
    let shown = text(&output.stdout);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    assert_eq!(
        shown
            .matches("0 keys   3 of 3 nodes   via linux   ")
            .count(),
        3
    );
    assert!(
        !shown.contains('\u{1b}') && !shown.contains("q leaves"),
        "{shown:?}"
    );
}

#[test]
fn a_terminal_that_can_t_be_drawn_on_gets_lines() {
    let lab = Lab::started();
    let mut command = watch(&lab, &["--count", "2"]);
    command.env("TERM", "dumb");
    let (status, shown) = Terminal::open(command, USUAL).wait();
    assert_eq!(status.code(), Some(0));
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    assert_eq!(
        shown
            .matches("0 keys   3 of 3 nodes   via linux   ")
            .count(),
        2
    );
}

#[test]
fn a_reader_that_has_seen_enough_ends_it() {
    let lab = Lab::started();
    for arguments in [&[][..], &["--json"]] {
        let mut child = watch(&lab, arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        stdout.read_line(&mut first).unwrap();
        if !arguments.is_empty() {
            let document: Value = serde_json::from_str(&first).unwrap();
            assert_eq!(document["nodes"][2]["state"], "up");
        }
        drop(stdout);
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn a_pause_that_is_none_is_refused() {
    let lab = Lab::started();
    for interval in ["0", "-1", "nan", "inf", "1e9", "soon"] {
        let output = lab.client(&["watch", &format!("--interval={interval}")]);
        assert_eq!(code(&output), 2);
        let said = text(&output.stderr);
        assert!(
            said.contains("write a number of seconds from 0.1 to 86400"),
            "{said}"
        );
    }
    assert_eq!(code(&lab.client(&["watch", "--count", "0"])), 2);
}
