//! Removes the keys whose time has come.
//!
//! They are gone for every reader by themselves; what is done here gives their memory back and says so in
//! the journal. A node without such keys, or with a long time to the next, does nothing.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use super::Node;
use crate::command::{self, EventFlags};
use crate::limits::{COLLECT_KEYS, COLLECT_PAUSE};
use crate::store::Store;

/// When the next key is to be removed.
#[derive(Debug)]
pub(crate) struct Collector {
    /// The moment that the task waits for, in milliseconds since 1970.
    awaited: Cell<u64>,
    sooner: Notify,
}

impl Collector {
    pub(crate) fn new() -> Self {
        Self {
            awaited: Cell::new(u64::MAX),
            sooner: Notify::new(),
        }
    }

    /// Something was written: a key may be gone sooner than any other.
    pub(crate) fn written(&self, store: &Store) {
        let next = store.next_deadline();
        if next.is_some_and(|next| next < self.awaited.get()) {
            self.sooner.notify_one();
        }
    }
}

/// Removes keys for as long as the node runs, or until its disk has failed.
pub(crate) async fn run(node: Rc<Node>) {
    let collector = &node.collector;
    loop {
        let (next, now) = {
            let store = node.store.borrow();
            (store.next_deadline(), store.now_unix_ms())
        };
        collector.awaited.set(next.unwrap_or(u64::MAX));
        let Some(next) = next else {
            collector.sooner.notified().await;
            continue;
        };
        if next > now {
            tokio::select! {
                () = collector.sooner.notified() => {}
                () = sleep(Duration::from_millis(next - now)) => {}
            }
            continue;
        }
        if node.journal_lags() {
            sleep(COLLECT_PAUSE).await;
            continue;
        }
        let events = &node.host.events;
        let mut tell = |key: &[u8]| {
            command::count(&node.host.counters.expired, 1);
            events.note(EventFlags::EXPIRED, "expired", key);
        };
        let collected = node.store.borrow_mut().collect(COLLECT_KEYS, &mut tell);
        if collected.is_err() {
            return;
        }
        node.see_to_events();
        node.may_have_written();
        node.commit_soon();
        tokio::task::yield_now().await;
    }
}
