//! Redis itself, to compare with.

use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{eventually, ports, require, text};

/// A server that ends with its test, and keeps nothing.
pub(crate) struct RedisServer {
    child: Child,
    pub(crate) address: SocketAddr,
    _folder: TempDir,
}

impl RedisServer {
    /// Starts the one that is installed. Without one, or with another version than we follow, the reason is
    /// printed, and the caller returns.
    pub(crate) fn start() -> Option<Self> {
        if !require::has("redis-server") {
            return None;
        }
        let version = Command::new("redis-server").arg("--version").output();
        if !text(&version.unwrap().stdout).contains(" v=7.0.") {
            require::skip("redis-server", "the redis-server here is not version 7.0");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let address = ports::free();
        let child = Command::new("redis-server")
            .args(["--port", &address.port().to_string()])
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self {
            child,
            address,
            _folder: folder,
        };
        eventually("Redis answers", || TcpStream::connect(address).is_ok());
        Some(server)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
