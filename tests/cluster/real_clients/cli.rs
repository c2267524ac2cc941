//! The program redis-cli: run with arguments, typed at, and subscribed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::lab::redis_server::RedisServer;
use crate::lab::{Lab, NAMES, PATIENCE, quiet_command, require, text};

/// The program with one of the protocols, at two places of a cluster.
pub(crate) struct Cli {
    pub(crate) version: &'static str,
    pub(crate) entry: SocketAddr,
    /// Another node of the cluster; of a single server, the same.
    pub(crate) other: SocketAddr,
}

impl Cli {
    fn command(&self, address: SocketAddr) -> Command {
        let mut command = quiet_command("redis-cli", &std::env::temp_dir());
        command.args(["-p", &address.port().to_string(), self.version]);
        command
    }

    /// What it prints for arguments, without the end of the line.
    pub(crate) fn at(&self, address: SocketAddr, arguments: &[&str]) -> String {
        let output = self.command(address).args(arguments).output().unwrap();
        assert_eq!(text(&output.stderr), "", "{arguments:?}");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        text(&output.stdout).trim_end_matches('\n').to_owned()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        self.at(self.entry, arguments)
    }

    /// What it prints for lines that are typed, one after the other.
    pub(crate) fn typed(&self, lines: &[String]) -> String {
        let mut child = self
            .command(self.entry)
            .arg("--no-raw")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(lines.join("\n").as_bytes()).unwrap();
        drop(input);
        text(&child.wait_with_output().unwrap().stdout)
    }

    /// Types lines, and compares what is printed for each. A set is written as RESP3 shows it.
    pub(crate) fn converse(&self, lines: &[(String, &str)]) {
        let (typed, expected): (Vec<_>, Vec<_>) = lines.iter().cloned().unzip();
        let mut expected = expected.join("\n") + "\n";
        if self.version == "-2" {
            expected = expected.replace("1~ ", "1) ");
        }
        assert_eq!(
            self.typed(&typed),
            expected,
            "{} at {}",
            self.version,
            self.entry
        );
    }

    pub(crate) fn subscribe(&self, arguments: &[&str]) -> Subscriber {
        let mut command = self.command(self.entry);
        command.args(arguments).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        // It ends with the program that it reads from.
        thread::spawn(move || {
            let sent = |line| sender.send(line).is_ok();
            output.lines().map_while(Result::ok).all(sent)
        });
        Subscriber { child, lines }
    }
}

/// A redis-cli that prints what comes, until it is dropped.
pub(crate) struct Subscriber {
    child: Child,
    lines: Receiver<String>,
}

impl Subscriber {
    /// The next lines, once they have come.
    pub(crate) fn next<const LINES: usize>(&self) -> [String; LINES] {
        let line = || self.lines.recv_timeout(PATIENCE);
        [(); LINES].map(|()| line().expect("what was published comes"))
    }

    /// All lines that have come.
    pub(crate) fn come(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Has the check carried out through every node in both protocols, and with Redis itself.
pub(crate) fn everywhere(check: impl Fn(&Cli)) {
    if let Some(redis) = RedisServer::start() {
        in_both_protocols(redis.address, redis.address, &check);
    }
    through_every_node(check);
}

/// Has the check carried out through every node in both protocols.
pub(crate) fn through_every_node(check: impl Fn(&Cli)) {
    let lab = Lab::started();
    for (entry, other) in NAMES.into_iter().zip(NAMES.into_iter().cycle().skip(1)) {
        in_both_protocols(lab.address(entry), lab.address(other), &check);
    }
}

fn in_both_protocols(entry: SocketAddr, other: SocketAddr, check: impl Fn(&Cli)) {
    if !require::has("redis-cli") {
        return;
    }
    for version in ["-2", "-3"] {
        let cli = Cli {
            version,
            entry,
            other,
        };
        cli.run(&["FLUSHALL"]);
        check(&cli);
    }
}
