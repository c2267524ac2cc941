//! Doing once for many what costs much each time.
//!
//! An fsync, and a write to another node, cost as much for a hundred requests as for one. So neither
//! begins as long as the requests that are here anyway add to it: it waits for a lull, in which every task
//! that was ready has had its turn and no socket had more for it. Nobody waits for time to pass: a node that has
//! nothing else to do goes on at once, and only one that is busy, and so has more to gather, gathers more.

use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::Instant;

use crate::limits::GATHER_TIME;

/// Returns when nothing has been added to `gathered` while everything that was ready had its turn; or when
/// it has come to `enough`, or [`GATHER_TIME`] is over.
pub(crate) async fn lull(gathered: impl Fn() -> usize, enough: usize) {
    lull_within(GATHER_TIME, gathered, enough).await;
}

async fn lull_within(most: Duration, gathered: impl Fn() -> usize, enough: usize) {
    let began = Instant::now();
    let mut before = gathered();
    while before < enough && began.elapsed() < most {
        // The runtime looks at its sockets before it comes back here.
        yield_now().await;
        let now = gathered();
        if now == before {
            return;
        }
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::runtime::{Builder, LocalOptions};
    use tokio::task::spawn_local;

    use super::*;

    /// What is gathered while a task adds one at each of `turns` turns.
    fn gathered(turns: usize, most: Duration, enough: usize) -> usize {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default())
            .unwrap();
        runtime.block_on(async {
            let count = std::rc::Rc::new(Cell::new(1));
            let adding = std::rc::Rc::clone(&count);
            spawn_local(async move {
                for _ in 0..turns {
                    adding.set(adding.get() + 1);
                    yield_now().await;
                }
            });
            lull_within(most, || count.get(), enough).await;
            count.get()
        })
    }

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn it_waits_while_others_add_and_no_longer() {
        assert_eq!(gathered(0, LONG, 1000), 1);
        assert_eq!(gathered(500, LONG, 1000), 501);
    }

    #[test]
    fn it_does_not_wait_for_more_than_is_enough() {
        assert_eq!(gathered(500, LONG, 100), 100);
        assert_eq!(gathered(500, LONG, 1), 1);
    }

    #[test]
    fn it_does_not_wait_for_ever_beside_one_who_never_stops() {
        assert_eq!(gathered(500, Duration::ZERO, 1000), 1);
        // That it comes back at all is what is tested.
        assert!(gathered(usize::MAX, Duration::from_millis(5), usize::MAX) < usize::MAX);
    }
}
