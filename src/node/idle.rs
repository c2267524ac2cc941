//! Closes clients that have asked nothing for longer than the setting `timeout` allows.
//!
//! While it is 0 nothing happens here. Otherwise one task sleeps until the client that has rested longest is
//! due: no request costs a timer, and a node without clients has none. As with Redis, the links of peers and
//! clients that listen to channels are left alone; and so is who waits for this node.

use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::sleep_until;

use super::Node;
use crate::command::ClientType;
use crate::limits::IDLE_LOOK_PAUSE;

/// See the module's text.
#[derive(Debug)]
pub(crate) struct Idlers(Notify);

impl Idlers {
    pub(crate) fn new() -> Self {
        Self(Notify::new())
    }

    /// The setting may have changed.
    pub(crate) fn look_again(&self) {
        self.0.notify_one();
    }

    /// There is a further client.
    pub(crate) fn look_at_newcomer(&self, node: &Node) {
        if node.host.idle_max_seconds.get() > 0 {
            self.0.notify_one();
        }
    }
}

/// Closes idle clients for as long as the node runs.
pub(crate) async fn run(node: Rc<Node>) {
    loop {
        let seconds = node.host.idle_max_seconds.get();
        let due = match seconds {
            0 => None,
            seconds => close_idle(&node, Duration::from_secs(seconds)),
        };
        let Some(due) = due else {
            node.idlers.0.notified().await;
            continue;
        };
        tokio::select! {
            () = sleep_until(due.into()) => {}
            () = node.idlers.0.notified() => {}
        }
    }
}

/// Closes the clients that have asked nothing for `limit`. Returns when the next one can be due.
fn close_idle(node: &Node, limit: Duration) -> Option<Instant> {
    let now = Instant::now();
    let mut due: Option<Instant> = None;
    for client in node.host.clients.all() {
        if client.client_type() == ClientType::Peer {
            continue;
        }
        let id = client.origin.id;
        let outbox = node.outboxes.borrow().get(&id).and_then(Weak::upgrade);
        if outbox.is_none_or(|outbox| outbox.waits()) {
            // Its rest begins when it has its answer.
            client.was_active(now);
        }
        let listens = client.client_type() == ClientType::Subscriber;
        let rest = now.saturating_duration_since(client.active());
        if rest >= limit && !listens {
            tracing::debug!(id, "closed a client that asks nothing");
            node.kill(&[id]);
            continue;
        }
        // Who listens now may not any longer by then.
        let at = if listens { now } else { client.active() } + limit;
        due = Some(due.map_or(at, |due| due.min(at)));
    }
    due.map(|due| due.max(now + IDLE_LOOK_PAUSE))
}
