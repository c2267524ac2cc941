//! A place where a server runs: a program, a folder with its files, and an address. The server comes
//! and goes; the files stay until the site is dropped.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use serde_json::json;
use tempfile::TempDir;
use triad::placement::Placement;

use super::ports;
use super::server::Server;

/// The program of the nodes.
const NODE: &str = env!("CARGO_BIN_EXE_linux-node");
/// The program that stands beside it, as the system finds it.
const REDIS: &str = "redis-server";
/// The argument with which a benchmark is the ceiling program.
pub(crate) const CEILING: &str = "ceiling";

/// What runs at a site.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Program {
    /// The node of this name.
    Node(&'static str),
    /// Redis.
    Redis,
    /// One of a Redis Cluster.
    RedisCluster,
    /// This benchmark itself, run once more with an argument.
    Ceiling,
}

/// A place where a server runs.
pub(crate) struct Site {
    program: Program,
    folder: TempDir,
    address: SocketAddr,
}

impl Site {
    /// A node that owns every key, without working out a digest.
    pub(crate) fn alone() -> anyhow::Result<Self> {
        Self::first(Self::nodes(&[json!("remainder")])?)
    }

    /// The node `linux` of the default list, which asks each key's digest whether the key is its own.
    /// The other two nodes of the list do not run.
    pub(crate) fn linux_of_three() -> anyhow::Result<Self> {
        Self::first(Self::three()?)
    }

    /// Redis with an append-only file that is synced before each acknowledgement, and that begins with
    /// a snapshot when it is rewritten.
    pub(crate) fn redis() -> anyhow::Result<Self> {
        Self::new(Program::Redis, ports::free()?)
    }

    /// The program that shows what a server could reach that does nothing: this benchmark, started with
    /// [`CEILING`] and an address, has to be it.
    pub(crate) fn ceiling() -> anyhow::Result<Self> {
        Self::new(Program::Ceiling, ports::free()?)
    }

    /// All the nodes of the default list, in its order.
    pub(crate) fn three() -> anyhow::Result<Vec<Self>> {
        let placement = Placement::built_in();
        let rules = placement.indices().map(|index| placement.rule(index));
        Self::nodes(&rules.map(|rule| json!(rule)).collect::<Vec<_>>())
    }

    /// Three servers that become a Redis Cluster when [`redis_cluster::join`](super::redis_cluster::join)
    /// is called; they sync once a second.
    pub(crate) fn redis_cluster() -> anyhow::Result<Vec<Self>> {
        let site = |_| Self::new(Program::RedisCluster, ports::free()?);
        (0..3).map(site).collect()
    }

    /// A site for each node of a list.
    fn nodes(rules: &[serde_json::Value]) -> anyhow::Result<Vec<Self>> {
        let mut nodes = Vec::new();
        let mut sites = Vec::new();
        for (name, rule) in ["linux", "mac", "android"].into_iter().zip(rules) {
            let address = ports::free()?;
            nodes.push(json!({ "name": name, "address": address.to_string(), "rule": rule }));
            sites.push(Self::new(Program::Node(name), address)?);
        }
        let list = json!({ "nodes": nodes }).to_string();
        for site in &sites {
            fs::write(site.folder.path().join("cluster.json"), &list)?;
        }
        Ok(sites)
    }

    fn first(sites: Vec<Self>) -> anyhow::Result<Self> {
        sites.into_iter().next().context("a list has a node")
    }

    /// The folder is on the disk of the build, since the system's temporary one may be in memory.
    fn new(program: Program, address: SocketAddr) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        fs::create_dir(folder.path().join("data"))?;
        Ok(Self {
            program,
            folder,
            address,
        })
    }

    /// Starts the server. It may not answer yet.
    pub(crate) fn spawn(&self) -> anyhow::Result<Server<'_>> {
        let mut command = match self.program {
            Program::Node(name) => node_command(name),
            Program::Redis => self.redis_command("always"),
            Program::RedisCluster => {
                let mut command = self.redis_command("everysec");
                command.args(["--cluster-enabled", "yes"]);
                command
            }
            Program::Ceiling => self.ceiling_command()?,
        };
        let log = File::options().create(true).append(true).open(self.log())?;
        let child = command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} cannot be started", command.get_program().display()))?;
        Ok(Server::new(self, child))
    }

    /// Starts the server and waits until it answers.
    pub(crate) fn start(&self) -> anyhow::Result<Server<'_>> {
        let server = self.spawn()?;
        server.await_reply(&[b"PING"], |_| true)?;
        Ok(server)
    }

    /// Whether Redis runs here, and not a node.
    pub(crate) fn is_redis(&self) -> bool {
        matches!(self.program, Program::Redis | Program::RedisCluster)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The list of nodes, if it is one of them.
    pub(crate) fn cluster_file(&self) -> PathBuf {
        self.folder.path().join("cluster.json")
    }

    /// What the server has told on standard error, over all its starts.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The size of all its files.
    pub(crate) fn file_bytes(&self) -> anyhow::Result<u64> {
        folder_bytes(&self.folder.path().join("data"))
    }

    fn ceiling_command(&self) -> anyhow::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([CEILING, &self.address.to_string()]);
        Ok(command)
    }

    fn redis_command(&self, fsync: &str) -> Command {
        let mut command = Command::new(REDIS);
        let port = self.address.port().to_string();
        command.args(["--bind", "127.0.0.1", "--port", &port, "--dir", "data"]);
        command.args(["--save", "", "--appendonly", "yes"]);
        command.args(["--appendfsync", fsync, "--aof-use-rdb-preamble", "yes"]);
        command
    }
}

fn node_command(name: &str) -> Command {
    let mut command = Command::new(NODE);
    without_settings(&mut command);
    command.args(["--cluster", "cluster.json", "--data", "data"]);
    command.args(["--name", name]);
    command.args(["--fsync", "always", "--log", "warn"]);
    command
}

/// Has a program of ours see none of the caller's settings.
pub(crate) fn without_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRIAD_") {
            command.env_remove(name);
        }
    }
}

/// The version of the Redis that is installed, if one is.
pub(crate) fn redis_version() -> anyhow::Result<Option<String>> {
    let output = match Command::new(REDIS).arg("--version").output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).context("redis-server cannot be run"),
    };
    ensure!(output.status.success(), "redis-server --version fails");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split(' ').find_map(|word| word.strip_prefix("v="));
    Ok(Some(
        version.context("redis-server has a version")?.to_owned(),
    ))
}

fn folder_bytes(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() {
            folder_bytes(&entry.path())?
        } else {
            metadata.len()
        };
    }
    Ok(bytes)
}
