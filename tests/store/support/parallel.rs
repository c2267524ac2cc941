//! Many cases that have nothing to do with each other.

use std::sync::Mutex;
use std::thread;

/// Tries all cases, on two threads. Of what is made for a case only as much is there as is tried.
pub(crate) fn for_each<T>(
    cases: impl IntoIterator<Item = T, IntoIter: Send>,
    each: impl Fn(T) + Sync,
) {
    const THREADS: usize = 2;
    let cases = Mutex::new(cases.into_iter());
    let work = || {
        loop {
            let case = cases.lock().unwrap().next();
            let Some(case) = case else {
                return;
            };
            each(case);
        }
    };
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(work);
        }
    });
}
