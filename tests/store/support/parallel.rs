//! Many cases that have nothing to do with each other.

use std::thread;

/// Tries all cases, on two threads.
pub(crate) fn for_each<T: Sync>(cases: &[T], each: impl Fn(&T) + Sync) {
    const THREADS: usize = 2;
    let each = &each;
    thread::scope(|scope| {
        for first in 0..THREADS {
            let cases = cases.iter().skip(first).step_by(THREADS);
            scope.spawn(move || cases.for_each(each));
        }
    });
}
