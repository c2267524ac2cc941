//! What a connection needs only while it is at work, lent to one after the other.
//!
//! Ten thousand connections that rest have no buffers, and those that work do not ask the allocator for
//! new ones at every batch: the few that are in use at a time are still in the processor's cache.

use std::cell::RefCell;

use crate::limits::POOL_KEPT;

/// Things that are as good as new, and have memory already.
#[derive(Debug)]
pub(crate) struct Pool<T>(RefCell<Vec<T>>);

impl<T> Pool<T> {
    pub(crate) fn new() -> Self {
        Self(RefCell::default())
    }

    /// One that was given back, or what `new` makes.
    pub(crate) fn take(&self, new: impl FnOnce() -> T) -> T {
        let spare = self.0.borrow_mut().pop();
        spare.unwrap_or_else(new)
    }

    /// Takes back what is as good as new, unless there are enough.
    pub(crate) fn give_back(&self, item: T) {
        let mut spare = self.0.borrow_mut();
        if spare.len() < POOL_KEPT {
            spare.push(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_back_is_lent_again_up_to_a_number() {
        let pool = Pool::new();
        let mut lent = pool.take(Vec::<u8>::new);
        lent.reserve(100);
        pool.give_back(lent);
        assert!(pool.take(Vec::new).capacity() >= 100);
        assert_eq!(pool.take(Vec::new).capacity(), 0);
        for _ in 0..POOL_KEPT + 10 {
            pool.give_back(Vec::new());
        }
        assert_eq!(pool.0.borrow().len(), POOL_KEPT);
    }
}
