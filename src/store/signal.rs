//! How the threads of a store tell that something has moved on.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Calls the owner of the store, and wakes a thread of it that waits.
pub(super) struct Signal {
    call: Arc<dyn Fn() + Send + Sync>,
    raised: Mutex<u64>,
    changed: Condvar,
}

impl Signal {
    pub(super) fn new(call: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            call,
            raised: Mutex::new(0),
            changed: Condvar::new(),
        }
    }

    /// Says that something has changed.
    pub(super) fn raise(&self) {
        *self.raised.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
        (self.call)();
    }

    /// How often it was raised: to be asked before looking at what may have changed.
    pub(super) fn count(&self) -> u64 {
        *self.raised.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it has been raised more than `seen` times.
    pub(super) fn wait_past(&self, seen: u64) {
        let raised = self.raised.lock().unwrap_or_else(PoisonError::into_inner);
        drop(
            self.changed
                .wait_while(raised, |raised| *raised <= seen)
                .unwrap_or_else(PoisonError::into_inner),
        );
    }
}

/// Calls back if its thread panics: whoever waits for that thread has to learn that nothing more
/// comes.
pub(super) struct OnPanic<F: Fn()>(pub(super) F);

impl<F: Fn()> Drop for OnPanic<F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            (self.0)();
        }
    }
}
