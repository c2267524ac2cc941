//! Ports that nobody else uses.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use super::PATIENCE;

/// Below the range that the system gives to outgoing connections, so that a node which is started
/// again finds its port free.
const FIRST: u16 = 10_000;
/// The ports of one test process, which it has to itself as long as it lives. Each is used once: a node that
/// is down for a while finds its own free.
const BLOCK: u16 = 2200;
const BLOCKS: u16 = 10;

static OWN: OnceLock<Own> = OnceLock::new();

struct Own {
    next: AtomicU16,
    end: u16,
    /// Locked, so that test processes which run at the same time have other blocks.
    _lock: File,
}

/// An address of this device on which nobody listens.
pub(crate) fn free() -> SocketAddr {
    let own = OWN.get_or_init(claim);
    loop {
        let port = own.next.fetch_add(1, Ordering::Relaxed);
        assert!(port < own.end, "no port of this process is free");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if is_free(address) {
            return address;
        }
    }
}

/// Whether nobody listens there. To listen for a moment would tell as well, but a program that another
/// test starts at that moment has a copy of the socket until it runs, and the port stays taken for as long.
fn is_free(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_err()
}

/// The ports of the built-in list, for as long as this is held.
pub(crate) struct BuiltIn {
    /// Locked, so that tests which need them take turns, also those of other processes.
    _lock: File,
}

/// The nodes of the built-in list listen on these.
pub(crate) const BUILT_IN: [u16; 3] = [7001, 7002, 7003];

/// Waits until nobody listens on the ports of the built-in list. If somebody does for longer than a
/// test takes, the reason is printed, and the caller returns.
pub(crate) fn built_in() -> Option<BuiltIn> {
    let lock = open("triad-test-ports-built-in");
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let end = Instant::now() + BUSY_MAX;
    let is_taken = |port: &u16| !is_free(SocketAddr::from((Ipv4Addr::LOCALHOST, *port)));
    loop {
        let Some(port) = BUILT_IN.into_iter().find(is_taken) else {
            return Some(BuiltIn { _lock: lock });
        };
        if Instant::now() >= end {
            super::require::skip("ports", &format!("port {port} is in use by somebody else"));
            return None;
        }
        // Somebody else's program gives no sign when it ends, so it is looked at now and then.
        thread::park_timeout(Duration::from_millis(50));
    }
}

/// How long somebody else may have the ports of the built-in list.
const BUSY_MAX: Duration = Duration::from_secs(15);

fn open(name: &str) -> File {
    let path = std::env::temp_dir().join(name);
    File::options()
        .create(true)
        .append(true)
        .open(path)
        .unwrap()
}

/// Takes the first block that nobody has; where many test processes run at the same time, waits for one to end.
fn claim() -> Own {
    let end = Instant::now() + PATIENCE;
    loop {
        for block in 0..BLOCKS {
            let file = open(&format!("triad-test-ports-{block}"));
            if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
                let first = FIRST + block * BLOCK;
                return Own {
                    next: AtomicU16::new(first),
                    end: first + BLOCK,
                    _lock: file,
                };
            }
        }
        assert!(
            Instant::now() < end,
            "too many test processes at the same time"
        );
        thread::park_timeout(Duration::from_millis(50));
    }
}
