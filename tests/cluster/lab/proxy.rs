//! A relay between a node and a peer, which a test can hold up or cut.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// Relays every connection to `target`, until it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    target: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Bytes towards the target on connections with a lower number are held back.
    held_below: usize,
    /// The two ends of each connection there has been.
    connections: Vec<(TcpStream, TcpStream)>,
    /// The bytes of each connection that are held back at the moment.
    waiting: Vec<usize>,
    /// All bytes that were relayed or are about to be, both ways.
    relayed: u64,
    /// How often somebody connected, whether or not it was taken.
    attempts: usize,
    refusing: bool,
}

impl Proxy {
    /// A relay on a free port.
    pub(crate) fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind(super::ports::free()).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            target,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if Arc::strong_count(&accepting) == 1 {
                    return;
                }
                accepting.accept(stream.unwrap());
            }
        });
        Self { address, shared }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on, bytes to the target on all present connections are held back.
    pub(crate) fn hold(&self) {
        let mut state = self.shared.state.lock().unwrap();
        state.held_below = state.connections.len();
    }

    /// From now on, bytes to the target are held back on all connections, also on those to come.
    pub(crate) fn hold_all(&self) {
        self.shared.state.lock().unwrap().held_below = usize::MAX;
    }

    /// How many bytes have been relayed, both ways.
    pub(crate) fn relayed(&self) -> u64 {
        self.shared.state.lock().unwrap().relayed
    }

    /// How often somebody has connected or, while the proxy refuses, has tried to.
    pub(crate) fn attempts(&self) -> usize {
        self.shared.state.lock().unwrap().attempts
    }

    /// Waits until the connection `number` has bytes that are held back.
    pub(crate) fn wait_for_held_bytes(&self, number: usize) {
        let state = self.shared.state.lock().unwrap();
        let (_state, timeout) = self
            .shared
            .changed
            .wait_timeout_while(state, super::PATIENCE, |state| {
                state
                    .waiting
                    .get(number)
                    .is_none_or(|waiting| *waiting == 0)
            })
            .unwrap();
        assert!(
            !timeout.timed_out(),
            "nothing was sent on connection {number}"
        );
    }

    /// Lets through what was held back.
    pub(crate) fn release(&self) {
        self.shared.state.lock().unwrap().held_below = 0;
        self.shared.changed.notify_all();
    }

    /// Waits until nothing is held back on the connection `number`.
    pub(crate) fn wait_until_passed(&self, number: usize) {
        let state = self.shared.state.lock().unwrap();
        let (_state, timeout) = self
            .shared
            .changed
            .wait_timeout_while(state, super::PATIENCE, |state| state.waiting[number] > 0)
            .unwrap();
        assert!(
            !timeout.timed_out(),
            "bytes are still held on connection {number}"
        );
    }

    /// Closes all connections and refuses new ones, until [`Proxy::mend`].
    pub(crate) fn cut(&self) {
        let mut state = self.shared.state.lock().unwrap();
        state.refusing = true;
        for (client, server) in &state.connections {
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
        }
    }

    /// Takes connections again.
    pub(crate) fn mend(&self) {
        self.shared.state.lock().unwrap().refusing = false;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.release();
        self.cut();
        // Wakes the accepting thread, which then sees that it is alone.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, client: TcpStream) {
        let mut state = self.state.lock().unwrap();
        state.attempts += 1;
        if state.refusing {
            return;
        }
        let Ok(server) = TcpStream::connect(self.target) else {
            return;
        };
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let number = state.connections.len();
        let forth = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
        state.connections.push((client, server));
        state.waiting.push(0);
        drop(state);
        let shared = Arc::clone(self);
        thread::spawn(move || shared.relay_forth(number, forth.0, forth.1));
        let shared = Arc::clone(self);
        thread::spawn(move || shared.relay_back(back.0, back.1));
    }

    fn relay_forth(&self, number: usize, mut from: TcpStream, mut to: TcpStream) {
        let mut chunk = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut chunk) {
            let mut state = self.state.lock().unwrap();
            state.waiting[number] += count;
            self.changed.notify_all();
            state = self
                .changed
                .wait_while(state, |state| number < state.held_below)
                .unwrap();
            // Before it is: whoever has seen an answer to it finds it counted.
            state.relayed += count as u64;
            drop(state);
            // The target may have closed this connection meanwhile.
            let passed = to.write_all(&chunk[..count]);
            let mut state = self.state.lock().unwrap();
            state.waiting[number] -= count;
            drop(state);
            self.changed.notify_all();
            if passed.is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }

    fn relay_back(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut chunk = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut chunk) {
            self.state.lock().unwrap().relayed += count as u64;
            if to.write_all(&chunk[..count]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }
}
