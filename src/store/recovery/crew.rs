//! Work that is done by all cores at once, and taken in the order in which it was given out.

use std::collections::VecDeque;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::limits::{LOAD_AHEAD_BYTES, LOAD_THREADS_MAX};

/// Gives out what `next` has to `work`, and the results, in the same order, to `take`, until there is
/// no more or `take` says `Break`.
///
/// `next` and `take` run on the thread of the caller, `work` on others; unless there is only one
/// thing to be done, or one core, and then all of it is done here. `bytes` bounds what is under way.
pub(super) fn in_order<I: Send, O: Send, E>(
    mut next: impl FnMut() -> Result<Option<I>, E>,
    bytes: impl Fn(&I) -> usize,
    work: impl Fn(I) -> O + Sync,
    mut take: impl FnMut(O) -> Result<ControlFlow<()>, E>,
) -> Result<(), E> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = threads.min(LOAD_THREADS_MAX);
    let mut ahead = VecDeque::new();
    while threads > 1 && ahead.len() < 2 {
        let Some(item) = next()? else {
            break;
        };
        ahead.push_back(item);
    }
    let has_several = ahead.len() > 1;
    let mut next = || match ahead.pop_front() {
        Some(item) => Ok(Some(item)),
        None => next(),
    };

    let (jobs, queue) = channel();
    let queue = Mutex::new(queue);
    thread::scope(|scope| {
        let spawn = || {
            let thread = thread::Builder::new().name("load".to_owned());
            thread.spawn_scoped(scope, || run(&queue, &work))
        };
        // With fewer threads than hoped for it takes longer.
        let threads = (0..threads)
            .filter(|_| has_several && spawn().is_ok())
            .count();
        if threads == 0 {
            while let Some(item) = next()? {
                if take(work(item))?.is_break() {
                    break;
                }
            }
            return Ok(());
        }
        let mut crew = Crew {
            jobs,
            under_way: VecDeque::new(),
            bytes: 0,
        };
        loop {
            while crew.has_room(threads) {
                let Some(item) = next()? else {
                    break;
                };
                let size = bytes(&item);
                crew.give(item, size);
            }
            let Some(result) = crew.result() else {
                return Ok(());
            };
            if take(result)?.is_break() {
                return Ok(());
            }
        }
    })
}

/// One thing to do, and where its result goes.
type Job<I, O> = (I, SyncSender<O>);

/// Works until there is nothing more.
fn run<I, O>(queue: &Mutex<Receiver<Job<I, O>>>, work: &impl Fn(I) -> O) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((item, result)) = job else {
            return;
        };
        if result.send(work(item)).is_err() {
            return;
        }
    }
}

/// What was given out.
struct Crew<I, O> {
    jobs: Sender<Job<I, O>>,
    /// Sizes and results, in order. If a thread panics its result never comes, and the panic goes on
    /// in the thread of the caller.
    under_way: VecDeque<(usize, Receiver<O>)>,
    bytes: usize,
}

impl<I, O> Crew<I, O> {
    fn has_room(&self, threads: usize) -> bool {
        self.under_way.is_empty()
            || self.under_way.len() < 2 * threads && self.bytes < LOAD_AHEAD_BYTES
    }

    fn give(&mut self, item: I, size: usize) {
        let (sender, result) = sync_channel(1);
        // It fails only if all threads are gone, and then there is no result either.
        drop(self.jobs.send((item, sender)));
        self.under_way.push_back((size, result));
        self.bytes += size;
    }

    /// Waits for the next result; `None` if nothing is under way.
    fn result(&mut self) -> Option<O> {
        let (size, result) = self.under_way.pop_front()?;
        self.bytes -= size;
        result.recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of `count` numbers, of which each takes `bytes`, when it ends after `until`.
    fn doubled(count: usize, bytes: usize, until: usize) -> Result<Vec<usize>, usize> {
        let mut numbers = 0..count;
        let mut taken = Vec::new();
        in_order(
            || Ok(numbers.next()),
            |_| bytes,
            |number| number * 2,
            |number| {
                taken.push(number);
                match number {
                    _ if number / 2 == until => Ok(ControlFlow::Break(())),
                    1_000_000.. => Err(number),
                    _ => Ok(ControlFlow::Continue(())),
                }
            },
        )?;
        Ok(taken)
    }

    #[test]
    fn results_come_in_order() {
        for count in [0, 1, 2, 3, 1_000] {
            for bytes in [0, LOAD_AHEAD_BYTES, usize::MAX / 1_000] {
                let expected: Vec<usize> = (0..count).map(|number| number * 2).collect();
                assert_eq!(doubled(count, bytes, usize::MAX).unwrap(), expected);
            }
        }
    }

    #[test]
    fn it_ends_when_it_is_told_to() {
        assert_eq!(doubled(1_000, 1, 0).unwrap(), [0]);
        assert_eq!(doubled(1_000, 1, 500).unwrap().len(), 501);
        assert_eq!(doubled(1_000_000, 1, usize::MAX).unwrap_err(), 1_000_000);
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_is_passed_on() {
        let mut numbers = 0..100;
        let next = || Ok::<_, ()>(numbers.next());
        let work = |number: usize| assert!(number != 50, "number 50");
        in_order(next, |_| 1, work, |()| Ok(ControlFlow::Continue(()))).unwrap();
    }
}
