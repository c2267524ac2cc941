//! Reading from a socket without waiting for it.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::task::unconstrained;

/// Reads what has arrived into the room that `buffer` has. None if nothing has; 0 at the end.
///
/// A read that does not fill the room has emptied the socket, and the runtime remembers that: the next
/// wait is for what arrives after it. `TcpStream::try_read_buf` would forget it, so that the next wait
/// would end at once and the next read be in vain: one system call of three.
pub(crate) fn read_now(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut BytesMut,
) -> io::Result<Option<usize>> {
    // Not within the runtime's budget for a task: who has used it up would seem to find nothing, over and
    // over. Nobody has to be woken: who finds nothing waits with `TcpStream::readable`.
    let read = pin!(unconstrained(stream.read_buf(buffer)));
    match read.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(read) => read.map(Some),
        Poll::Pending => Ok(None),
    }
}
