//! Accepts connections, and keeps their number within its bound.

use std::io;
use std::os::fd::AsRawFd as _;
use std::rc::Rc;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::Node;
use super::connection::Connection;
use crate::command::{Origin, count};
use crate::limits::ACCEPT_PAUSE;

/// Accepts connections until the task is dropped.
pub(crate) async fn accept(node: Rc<Node>, listener: TcpListener) {
    let mut next_id = 1;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let _ = stream.set_nodelay(true);
                admit(&node, stream, next_id);
                next_id += 1;
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections for the moment");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The connection ended before it was accepted.
fn is_the_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

fn admit(node: &Rc<Node>, stream: TcpStream, id: u64) {
    let counters = &node.host.counters;
    if counters.connections.get() >= node.host.connections_max.get() {
        count(&counters.connections_rejected, 1);
        // The socket's buffer is empty, so this is written at once or not at all.
        let _ = stream.try_write(b"-ERR max number of clients reached\r\n");
        return;
    }
    // Who has gone already has no address any more.
    let Ok(origin) = origin(&stream, id) else {
        return;
    };
    count(&counters.connections, 1);
    count(&counters.connections_total, 1);
    let connection = Connection::new(Rc::clone(node), stream, origin);
    node.outboxes
        .borrow_mut()
        .insert(id, Rc::downgrade(connection.outbox()));
    node.idlers.look_at_newcomer(node);
    let node = Rc::clone(node);
    spawn_local(async move {
        connection.run().await;
        node.outboxes.borrow_mut().remove(&id);
        node.host.clients.leave(id);
        let counters = &node.host.counters;
        counters.connections.set(counters.connections.get() - 1);
        node.count_peers();
        if node.is_stopping() && counters.connections.get() == 0 {
            node.drained.notify_one();
        }
    });
}

fn origin(stream: &TcpStream, id: u64) -> io::Result<Origin> {
    Ok(Origin {
        id,
        address: stream.peer_addr()?,
        local_address: stream.local_addr()?,
        descriptor: stream.as_raw_fd(),
    })
}
