//! The libraries, each with its program of checks.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::lab::redis_server::RedisServer;
use crate::lab::{Lab, NAMES, quiet_command, require, text};

/// A library and how its checks are run: see the first lines of `tests/clients/redis_py/checks.py`.
struct Library {
    name: &'static str,
    /// What runs the checks: a file of the installed ones, or a program that is looked up.
    runner: &'static str,
    arguments: &'static [&'static str],
    /// The checks in `tests/clients`, where they are not the runner itself.
    checks: Option<&'static str>,
    /// A file that is there once the library is installed.
    installed: &'static str,
}

const REDIS_PY: Library = Library {
    name: "redis-py",
    runner: "python/bin/python",
    // Without `-B` it would leave compiled files in the source folder.
    arguments: &["-B", "-W", "ignore::DeprecationWarning"],
    checks: Some("redis_py"),
    installed: "python/bin/python",
};

const NODE_REDIS: Library = Library {
    name: "node-redis",
    runner: "node",
    arguments: &[],
    checks: Some("node/node_redis"),
    installed: "node/node_modules/redis/package.json",
};

const IOREDIS: Library = Library {
    name: "ioredis",
    runner: "node",
    arguments: &[],
    checks: Some("node/ioredis"),
    installed: "node/node_modules/ioredis/package.json",
};

const REDIS_RS: Library = Library {
    name: "redis-rs",
    runner: "rust/debug/redis_rs",
    arguments: &[],
    checks: None,
    installed: "rust/debug/redis_rs",
};

/// Where `tests/clients/install` puts the libraries: the folder `clients` of Cargo's target folder.
fn clients() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    target
        .expect("it lies in the target folder")
        .join("clients")
}

impl Library {
    /// Whether the checks can be run. If not, the reason is printed, and the caller returns.
    fn is_installed(&self) -> bool {
        if clients().join(self.installed).is_file() {
            return true;
        }
        let name = self.name;
        require::skip(
            name,
            &format!("{name} is not there; tests/clients/install installs it"),
        );
        false
    }

    fn command(&self, folder: &Path) -> Command {
        let clients = clients();
        let runner = match clients.join(self.runner) {
            installed if installed.is_file() => installed,
            _ => self.runner.into(),
        };
        let mut command = quiet_command(&runner.to_string_lossy(), folder);
        command.args(self.arguments);
        if let Some(checks) = self.checks {
            command.arg(
                Path::new(env!("CARGO_MANIFEST_DIR"))
                    .join("tests/clients")
                    .join(checks),
            );
        }
        command.env("NODE_PATH", clients.join("node/node_modules"));
        command
    }

    /// Runs the checks in both protocols, and returns what they told where any failed.
    fn failures(&self, lab: &Path, entry: SocketAddr, other: SocketAddr, kind: &str) -> String {
        let ports = [entry, other].map(|address| address.port().to_string());
        let of_protocol = |protocol: &str| {
            let mut command = self.command(lab);
            let run = command
                .args(&ports)
                .args([protocol, kind])
                .output()
                .unwrap();
            let told = text(&run.stdout);
            if run.status.success() && told.ends_with(" passed, 0 failed\n") {
                return String::new();
            }
            let (status, complaints) = (run.status, text(&run.stderr));
            format!("in RESP{protocol}, {status}:\n{told}{complaints}")
        };
        ["2", "3"].map(of_protocol).concat()
    }

    /// Each node in turn is the one that the library is connected to, and the next one another that it asks.
    fn works_through_every_node(&self) {
        if !self.is_installed() {
            return;
        }
        let lab = Lab::started();
        let nodes = NAMES.into_iter().zip(NAMES.into_iter().cycle().skip(1));
        let mut failures = Vec::new();
        for (entry, other) in nodes {
            let [at, beside] = [entry, other].map(|name| lab.address(name));
            let told = self.failures(lab.folder(), at, beside, "triad");
            if !told.is_empty() {
                failures.push(format!("{} through {entry} {told}", self.name));
            }
        }
        assert!(failures.is_empty(), "{}", failures.concat());
    }

    /// What the checks expect is what Redis does.
    fn works_with_redis(&self) {
        if !self.is_installed() {
            return;
        }
        let Some(redis) = RedisServer::start() else {
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let failures = self.failures(folder.path(), redis.address, redis.address, "redis");
        assert!(failures.is_empty(), "{} with Redis {failures}", self.name);
    }
}

#[test]
fn redis_py_works_through_every_node() {
    REDIS_PY.works_through_every_node();
}

#[test]
fn redis_py_works_with_redis() {
    REDIS_PY.works_with_redis();
}

#[test]
fn node_redis_works_through_every_node() {
    NODE_REDIS.works_through_every_node();
}

#[test]
fn node_redis_works_with_redis() {
    NODE_REDIS.works_with_redis();
}

#[test]
fn ioredis_works_through_every_node() {
    IOREDIS.works_through_every_node();
}

#[test]
fn ioredis_works_with_redis() {
    IOREDIS.works_with_redis();
}

#[test]
fn redis_rs_works_through_every_node() {
    REDIS_RS.works_through_every_node();
}

#[test]
fn redis_rs_works_with_redis() {
    REDIS_RS.works_with_redis();
}
