//! Real nodes in a temporary folder: started, killed, paused and asked as a user would.
//!
//! Every wait is for something to happen, with [`PATIENCE`] as its bound; nothing waits for a length of
//! time. Nodes that a test leaves behind are killed when its [`Lab`] is dropped.

pub(crate) mod connection;
pub(crate) mod contents;
pub(crate) mod descriptors;
pub(crate) mod fake;
pub(crate) mod memory;
pub(crate) mod picture;
pub(crate) mod ports;
pub(crate) mod proxy;
pub(crate) mod redis_server;
pub(crate) mod require;
pub(crate) mod resident;
pub(crate) mod terminal;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) use connection::Connection;
pub(crate) use proxy::Proxy;

/// The bound on every wait: far more than a loaded machine needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The three default nodes, in the order of their list.
pub(crate) const NAMES: [&str; 3] = ["linux", "mac", "android"];

/// Nodes of one cluster, in one folder.
pub(crate) struct Lab {
    folder: TempDir,
    nodes: Vec<Node>,
}

struct Node {
    name: String,
    address: SocketAddr,
    process: Option<Process>,
}

struct Process {
    child: Child,
    /// Kept open: a node whose output is closed could not print.
    _stdout: BufReader<ChildStdout>,
    ready: String,
}

impl Lab {
    /// The default list on free ports; no node is started.
    pub(crate) fn new() -> Self {
        let rules = [
            json!({ "hash": "md5", "last_hex_digit": "even" }),
            json!({ "hash": "sha1", "divisible_by": 3 }),
            json!("remainder"),
        ];
        Self::with_rules(&NAMES.into_iter().zip(rules).collect::<Vec<_>>())
    }

    /// A list of the caller's, on free ports; no node is started.
    pub(crate) fn with_rules(list: &[(&str, Value)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let node = |(name, _): &(&str, Value)| Node {
            name: (*name).to_owned(),
            address: ports::free(),
            process: None,
        };
        let lab = Self {
            folder,
            nodes: list.iter().map(node).collect(),
        };
        lab.write_cluster_file("cluster.json", list, |_, address| address);
        lab
    }

    /// The default list, all nodes started and linked.
    pub(crate) fn started() -> Self {
        let mut lab = Self::new();
        lab.start_all();
        lab
    }

    /// Writes a cluster file; `place` may give a node another address than its own.
    pub(crate) fn write_cluster_file(
        &self,
        file: &str,
        list: &[(&str, Value)],
        place: impl Fn(&str, SocketAddr) -> SocketAddr,
    ) -> PathBuf {
        let nodes: Vec<_> = list
            .iter()
            .map(|(name, rule)| {
                let address = place(name, self.address(name)).to_string();
                json!({ "name": name, "address": address, "rule": rule })
            })
            .collect();
        let path = self.folder.path().join(file);
        fs::write(&path, json!({ "nodes": nodes }).to_string()).unwrap();
        path
    }

    /// Where everything lies: the cluster file, and the nodes' files in `data`.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The cluster file that nodes and tools are given.
    pub(crate) fn cluster_file(&self) -> PathBuf {
        self.folder.path().join("cluster.json")
    }

    /// A file of a node, such as `linux.json`.
    pub(crate) fn data(&self, file: &str) -> PathBuf {
        self.folder.path().join("data").join(file)
    }

    /// Where a node listens.
    pub(crate) fn address(&self, name: &str) -> SocketAddr {
        self.node(name).address
    }

    /// Starts every node that does not run, and waits until all are linked.
    pub(crate) fn start_all(&mut self) {
        let names: Vec<_> = self.nodes.iter().map(|node| node.name.clone()).collect();
        for name in &names {
            if self.node(name).process.is_none() {
                self.start(name);
            }
        }
        self.wait_until_linked();
    }

    /// Waits until every running node reaches every other running one.
    pub(crate) fn wait_until_linked(&self) {
        let running: Vec<_> = self
            .nodes
            .iter()
            .filter(|node| node.process.is_some())
            .map(|node| &node.name)
            .collect();
        for name in &running {
            let mut connection = self.connect(name);
            eventually(&format!("{name} is linked"), || {
                let nodes = connection.call(&["TRIAD", "NODES"]);
                let reached = connection::rows(&nodes).into_iter().filter(|row| {
                    running.iter().any(|name| row.get("name") == Some(*name))
                        && row
                            .get("reachable")
                            .is_some_and(|reachable| reachable == "1")
                });
                reached.count() == running.len()
            });
        }
    }

    /// Starts a node and waits until it serves.
    pub(crate) fn start(&mut self, name: &str) {
        self.start_with(name, &[]);
    }

    /// Starts a node with further arguments and waits until it serves.
    pub(crate) fn start_with(&mut self, name: &str, arguments: &[&str]) {
        let mut command = self.node_command(name);
        command.args(arguments);
        self.start_command(name, command);
    }

    /// Starts a node with another cluster file than the lab's and waits until it serves.
    pub(crate) fn start_with_cluster(&mut self, name: &str, cluster: &Path) {
        let mut command = self.node_command(name);
        command.env("TRIAD_CLUSTER", cluster);
        self.start_command(name, command);
    }

    /// Starts a node whose links to some others lead through proxies, and waits until it serves. Where
    /// a node is reached is not part of the rules, so the others take it for one of theirs.
    pub(crate) fn start_through(&mut self, name: &str, detours: &[(&str, &Proxy)]) {
        let text = fs::read_to_string(self.cluster_file()).unwrap();
        let mut cluster: Value = serde_json::from_str(&text).unwrap();
        for node in cluster["nodes"].as_array_mut().unwrap() {
            if let Some((_, proxy)) = detours.iter().find(|(peer, _)| node["name"] == *peer) {
                node["address"] = proxy.address().to_string().into();
            }
        }
        let path = self.folder.path().join(format!("{name}-cluster.json"));
        fs::write(&path, cluster.to_string()).unwrap();
        self.start_with_cluster(name, &path);
    }

    /// Starts a node by a command of the caller's and waits until it serves.
    pub(crate) fn start_command(&mut self, name: &str, command: Command) {
        let mut child = self.launch(name, command);
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut ready = String::new();
        stdout.read_line(&mut ready).unwrap();
        assert!(
            ready.starts_with(&format!("ready {name} ")),
            "{ready:?}; log: {}",
            self.log(name)
        );
        let process = Process {
            child,
            _stdout: stdout,
            ready: ready.trim_end().to_owned(),
        };
        self.node_mut(name).process = Some(process);
    }

    /// Starts a node by a command of the caller's and leaves it to the caller. It logs as all do, and
    /// what it prints can be read.
    pub(crate) fn launch(&self, name: &str, mut command: Command) -> Child {
        let log = self.folder.path().join(format!("{name}.log"));
        let log = File::options().create(true).append(true).open(log).unwrap();
        command.stdout(Stdio::piped()).stderr(log).spawn().unwrap()
    }

    /// Runs a node that is expected to end by itself, and returns what it said.
    pub(crate) fn run_node(&self, name: &str, arguments: &[&str]) -> Output {
        self.node_command(name).args(arguments).output().unwrap()
    }

    /// The command that starts a node, as the README shows it.
    pub(crate) fn node_command(&self, name: &str) -> Command {
        let program = match name {
            "mac" => env!("CARGO_BIN_EXE_mac-node"),
            "android" => env!("CARGO_BIN_EXE_android-node"),
            _ => env!("CARGO_BIN_EXE_linux-node"),
        };
        let mut command = quiet_command(program, self.folder.path());
        command.env("TRIAD_CLUSTER", self.cluster_file());
        if !NAMES.contains(&name) {
            command.args(["--name", name]);
        }
        command
    }

    /// The line that a node printed when it was ready.
    pub(crate) fn ready_line(&self, name: &str) -> &str {
        &self.process(name).ready
    }

    /// What a node has logged, over all its starts.
    pub(crate) fn log(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(format!("{name}.log"))).unwrap_or_default()
    }

    /// The process of a node.
    pub(crate) fn pid(&self, name: &str) -> Pid {
        Pid::from_child(&self.process(name).child)
    }

    /// Ends a node without warning, as a crash or Android would.
    pub(crate) fn kill(&mut self, name: &str) {
        let mut process = self.node_mut(name).process.take().expect("the node runs");
        process.child.kill().unwrap();
        process.child.wait().unwrap();
    }

    /// Ends a node without warning, and waits until those that still run know of it: before that a
    /// request may be sent to it, and its outcome is unknown.
    pub(crate) fn lose(&mut self, name: &str) {
        self.kill(name);
        for node in self.nodes.iter().filter(|node| node.process.is_some()) {
            let mut connection = self.connect(&node.name);
            eventually(&format!("{} has lost {name}", node.name), || {
                let nodes = connection::rows(&connection.call(&["TRIAD", "NODES"]));
                let row = nodes.into_iter().find(|row| row["name"] == name).unwrap();
                let error = row.get("error");
                error.is_some_and(|error| error.starts_with("UNREACHABLE "))
            });
        }
    }

    /// Asks a node to end, and waits until it has.
    pub(crate) fn stop(&mut self, name: &str) -> ExitStatus {
        self.signal(name, Signal::TERM);
        self.wait(name)
    }

    /// Waits until a node that was asked to end has done so.
    pub(crate) fn wait(&mut self, name: &str) -> ExitStatus {
        let mut process = self.node_mut(name).process.take().expect("the node runs");
        let mut ended = None;
        eventually(&format!("{name} has ended"), || {
            ended = process.child.try_wait().unwrap();
            ended.is_some()
        });
        ended.expect("it has ended")
    }

    /// Stops a node in its tracks, as a sleeping device would.
    pub(crate) fn pause(&self, name: &str) {
        self.signal(name, Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn resume(&self, name: &str) {
        self.signal(name, Signal::CONT);
    }

    /// Sends a node a signal.
    pub(crate) fn signal(&self, name: &str, signal: Signal) {
        kill_process(self.pid(name), signal).unwrap();
    }

    /// The processor time that a node has taken, in ticks of a hundredth of a second: fields 14 and 15
    /// of `/proc/PID/stat`, proc(5).
    pub(crate) fn cpu_ticks(&self, name: &str) -> u64 {
        let pid = self.pid(name).as_raw_nonzero();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        // The program's name stands in parentheses and may hold blanks.
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let ticks = fields.split(' ').skip(11).take(2);
        ticks.map(|ticks| ticks.parse::<u64>().unwrap()).sum()
    }

    /// A connection to a node.
    pub(crate) fn connect(&self, name: &str) -> Connection {
        Connection::open(self.address(name))
    }

    /// Runs `client` on this cluster.
    pub(crate) fn client(&self, arguments: &[&str]) -> Output {
        self.tool(env!("CARGO_BIN_EXE_client"))
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Runs `keygen` on this cluster.
    pub(crate) fn keygen(&self, arguments: &[&str]) -> Output {
        self.tool(env!("CARGO_BIN_EXE_keygen"))
            .args(arguments)
            .output()
            .unwrap()
    }

    /// A tool with this lab's cluster file, in this lab's folder.
    pub(crate) fn tool(&self, program: &str) -> Command {
        let mut command = quiet_command(program, self.folder.path());
        command.env("TRIAD_CLUSTER", self.cluster_file());
        command
    }

    fn node(&self, name: &str) -> &Node {
        self.nodes
            .iter()
            .find(|node| node.name == name)
            .expect("a node of the lab")
    }

    fn node_mut(&mut self, name: &str) -> &mut Node {
        self.nodes
            .iter_mut()
            .find(|node| node.name == name)
            .expect("a node of the lab")
    }

    fn process(&self, name: &str) -> &Process {
        self.node(name).process.as_ref().expect("the node runs")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program in `folder` that sees none of the caller's `TRIAD_…` settings.
pub(crate) fn quiet_command(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRIAD_") {
            command.env_remove(name);
        }
    }
    command
}

/// Asks until the answer is yes.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(
            Instant::now() < end,
            "still not so after {PATIENCE:?}: {what}"
        );
        std::thread::yield_now();
    }
}

/// What a program printed, as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The exit code of a program.
pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().expect("the program ended by itself")
}

/// A key that `owner` owns by the default rules: the `n`-th of those that begin with `prefix`.
pub(crate) fn key_of(owner: &str, prefix: &str, n: usize) -> String {
    let placement = triad::placement::Placement::built_in();
    (0..)
        .map(|i| format!("{prefix}{i}"))
        .filter(|key| **placement.name(placement.owner(key.as_bytes())) == *owner)
        .nth(n)
        .expect("every node owns many keys")
}
