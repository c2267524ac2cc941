//! Work that Ctrl-C ends with a sentence.

use tokio::signal::unix::{SignalKind, signal};
use triad::ending::Ending;

/// Does the work, unless the user or the system asks this program to end first. Then the work is dropped, and the
/// ending is what `interrupted` says of it.
pub(crate) async fn unless_interrupted<T>(
    work: impl Future<Output = Result<T, Ending>>,
    interrupted: impl FnOnce() -> Ending,
) -> Result<T, Ending> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::select! {
        done = work => done,
        _ = interrupt.recv() => Err(interrupted()),
        _ = terminate.recv() => Err(interrupted()),
        _ = hangup.recv() => Err(interrupted()),
    }
}
