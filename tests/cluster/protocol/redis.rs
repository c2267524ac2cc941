//! Redis's own tools work with a node, without a warning or an error.

use std::io::Write as _;
use std::process::{Output, Stdio};

use crate::lab::{self, Lab, quiet_command, require};

/// Runs a tool on the node `name` with `input` on its standard input.
fn tool(lab: &Lab, program: &str, name: &str, arguments: &[&str], input: &str) -> Output {
    let port = lab.address(name).port().to_string();
    let mut child = quiet_command(program, lab.folder())
        .args(["-h", "127.0.0.1", "-p", &port])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

/// What a tool prints when nothing is wrong.
fn printed(output: &Output) -> String {
    assert_eq!(lab::text(&output.stderr), "");
    assert!(output.status.success(), "{output:?}");
    lab::text(&output.stdout)
}

#[test]
fn redis_cli_asks_and_prints() {
    if !require::has("redis-cli") {
        return;
    }
    let lab = Lab::started();
    let theirs = lab::key_of("android", "k", 0);
    for version in ["-2", "-3"] {
        for name in lab::NAMES {
            let run = |arguments: &[&str]| {
                let all: Vec<&str> = [version].iter().chain(arguments).copied().collect();
                printed(&tool(&lab, "redis-cli", name, &all, ""))
            };
            assert_eq!(run(&["FLUSHALL"]), "OK\n");
            assert_eq!(run(&["SET", &theirs, "two words"]), "OK\n");
            assert_eq!(run(&["--no-raw", "GET", &theirs]), "\"two words\"\n");
            assert_eq!(run(&["--no-raw", "GET", "absent"]), "(nil)\n");
            assert_eq!(run(&["--no-raw", "DBSIZE"]), "(integer) 1\n");
            assert_eq!(run(&["--scan", "--pattern", "k*"]), format!("{theirs}\n"));
            assert_eq!(run(&["TRIAD", "OWNER", &theirs]), "android\n");
            assert!(run(&["INFO", "triad"]).contains(&format!("name:{name}\r\n")));
            assert_eq!(run(&["-n", "0", "PING"]), "PONG\n");
        }
    }
}

/// What a person sees who starts redis-cli without a command: it first asks for `COMMAND DOCS`.
#[test]
fn redis_cli_shows_its_help_of_our_commands() {
    if !require::has("redis-cli") {
        return;
    }
    let lab = Lab::started();
    let input = "help get\nhelp @string\nhelp triad owner\nSET a 1\nGET a\nCONFIG NONSENSE\n";
    for version in ["-2", "-3"] {
        let told = printed(&tool(
            &lab,
            "redis-cli",
            "mac",
            &[version, "--no-raw"],
            input,
        ));
        for part in [
            "Returns the value of a key",
            "Returns the values of several keys",
            "Names the owner of a key",
            "OK\n\"1\"\n",
            "(error) ERR unknown subcommand 'NONSENSE'. Try CONFIG HELP.\n",
        ] {
            assert!(told.contains(part), "{part:?} is not in {told}");
        }
        assert!(!told.contains("(null)"), "{told}");
    }
}

#[test]
fn redis_cli_pipes_many_commands() {
    if !require::has("redis-cli") {
        return;
    }
    let lab = Lab::started();
    let line = |n| format!("SET key:{n} {n}\r\n");
    let lines = (0..5000).map(line).collect::<Vec<_>>().concat();
    let told = printed(&tool(&lab, "redis-cli", "linux", &["--pipe"], &lines));
    assert!(told.contains("errors: 0, replies: 5000"), "{told}");
    let told = printed(&tool(&lab, "redis-cli", "mac", &["DBSIZE"], ""));
    assert_eq!(told, "5000\n");
}

#[test]
fn redis_benchmark_runs_without_a_complaint() {
    if !require::has("redis-benchmark") {
        return;
    }
    let lab = Lab::started();
    for arguments in [
        &["-t", "set,get", "-n", "2000", "-P", "16", "-q"][..],
        &["-t", "ping,set,get,mset", "-n", "500", "-r", "1000", "-q"],
        &["-t", "set,get", "-n", "500", "-3", "-q"],
    ] {
        let told = printed(&tool(&lab, "redis-benchmark", "linux", arguments, ""));
        assert!(
            told.contains("GET: ") && told.contains("requests per second"),
            "{told}"
        );
        let lower = told.to_lowercase();
        for complaint in ["warn", "error", "err "] {
            assert!(!lower.contains(complaint), "{told}");
        }
    }
}
