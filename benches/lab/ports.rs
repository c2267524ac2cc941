//! Ports for the servers of a benchmark.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::Context as _;

/// Below the range that the system gives to outgoing connections, so that a server which is started
/// again finds its port free; and below the one of the tests.
const FIRST: u16 = 9_000;
const COUNT: u16 = 1_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// An address of this device on which nobody listens; another one at each call.
pub(crate) fn free() -> anyhow::Result<SocketAddr> {
    // Two benchmarks at the same time begin at different places.
    let offset = u16::try_from(std::process::id() % u32::from(COUNT)).unwrap_or_default();
    for _ in 0..COUNT {
        let next = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        let port = FIRST + (offset + next) % COUNT;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    Err(std::io::Error::from(std::io::ErrorKind::AddrInUse)).context("no port is free")
}
