//! Ports that nobody else uses.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

use rustix::fs::{FlockOperation, flock};

/// Below the range that the system gives to outgoing connections, so that a node which is started
/// again finds its port free.
const FIRST: u16 = 10_000;
/// The ports of one test process, which it has to itself as long as it lives.
const BLOCK: u16 = 500;
const BLOCKS: u16 = 40;

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
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

fn claim() -> Own {
    for block in 0..BLOCKS {
        let path = std::env::temp_dir().join(format!("triad-test-ports-{block}"));
        let file = File::options()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let first = FIRST + block * BLOCK;
            return Own {
                next: AtomicU16::new(first),
                end: first + BLOCK,
                _lock: file,
            };
        }
    }
    panic!("too many test processes at the same time");
}
