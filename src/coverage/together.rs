//! Several futures at the same time, in one task.
//!
//! Each has a waker of its own, so that only those are looked at again that can go on: a test has one for
//! each node and lane, and most of them wait.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Runs `futures` until all are done, or one has failed; the others are then dropped.
pub(super) async fn all<E, F>(futures: impl IntoIterator<Item = F>) -> Result<(), E>
where
    F: Future<Output = Result<(), E>>,
{
    let parent = Arc::new(Mutex::new(None));
    let children = futures.into_iter().map(|future| Child {
        future: Box::pin(future),
        signal: Arc::new(Signal {
            is_ready: AtomicBool::new(true),
            parent: Arc::clone(&parent),
        }),
    });
    All {
        parent: Arc::clone(&parent),
        children: children.collect(),
    }
    .await
}

struct All<F> {
    parent: Parent,
    children: Vec<Child<F>>,
}

/// Who waits for all of them.
type Parent = Arc<Mutex<Option<Waker>>>;

struct Child<F> {
    future: Pin<Box<F>>,
    signal: Arc<Signal>,
}

/// Says that a future can go on.
struct Signal {
    is_ready: AtomicBool,
    parent: Parent,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_ready.store(true, Ordering::Release);
        let parent = self.parent.lock();
        if let Some(waker) = &*parent.unwrap_or_else(PoisonError::into_inner) {
            waker.wake_by_ref();
        }
    }
}

impl<E, F: Future<Output = Result<(), E>>> Future for All<F> {
    type Output = Result<(), E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Before they are looked at: who can go on from now on is then heard of.
        *self.parent.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        let mut failed = None;
        self.children.retain_mut(|child| {
            if failed.is_some() || !child.signal.is_ready.swap(false, Ordering::Acquire) {
                return true;
            }
            let waker = Waker::from(Arc::clone(&child.signal));
            match child.future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Pending => true,
                Poll::Ready(Ok(())) => false,
                Poll::Ready(Err(error)) => {
                    failed = Some(error);
                    false
                }
            }
        });
        match failed {
            Some(error) => Poll::Ready(Err(error)),
            None if self.children.is_empty() => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(future)
    }

    #[test]
    fn they_wait_for_each_other_and_only_who_can_go_on_is_looked_at() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let receiver = Cell::new(Some(receiver));
        let sender = Cell::new(Some(sender));
        let looks = Cell::new(0);
        let done = run(all([0, 1].map(|number| {
            let (sender, receiver, looks) = (&sender, &receiver, &looks);
            async move {
                if number == 0 {
                    let receiver = receiver.take().unwrap();
                    return std::future::poll_fn({
                        let mut receiver = receiver;
                        move |cx| {
                            looks.set(looks.get() + 1);
                            Pin::new(&mut receiver).poll(cx)
                        }
                    })
                    .await
                    .map_err(|_| "closed");
                }
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                sender.take().unwrap().send(()).map_err(|()| "gone")
            }
        })));
        assert_eq!(done, Ok(()));
        assert_eq!(looks.get(), 2);
        assert_eq!(
            run(all(Vec::<std::future::Ready<Result<(), ()>>>::new())),
            Ok(())
        );
    }

    #[test]
    fn the_first_error_ends_all() {
        let done = run(all((0..3).map(|number| async move {
            if number == 1 {
                return Err(number);
            }
            std::future::pending().await
        })));
        assert_eq!(done, Err(1));
    }
}
