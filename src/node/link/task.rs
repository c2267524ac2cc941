//! The task of one peer link: connect, shake hands, write what is queued, deliver what comes back.
//!
//! It never waits for a client or for another link: replies are put where they belong, and a client
//! that has too many is closed by its own outbox.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout};

use super::super::Node;
use super::super::lull::lull;
use super::super::socket::read_now;
use super::Link;
use super::backoff::Backoff;
use crate::client::{asleep, explain, resolve};
use crate::cluster::Address;
use crate::command::Hello;
use crate::limits::{
    BACKOFF_FIRST, BACKOFF_ON_DEMAND, CONNECT_TIMEOUT, GATHER_LINK_BYTES, LINK_SEND_BUFFER_BYTES,
    LINK_SILENCE, READ_CHUNK_BYTES, REPLY_MAX_BYTES, TURN_READS,
};
use crate::resp::{self, Frame, FrameDecoder};

/// Keeps the link to a peer for as long as the node runs.
pub(crate) async fn run(node: Rc<Node>, link: Rc<Link>, address: Address) {
    let mut backoff = Backoff::new();
    loop {
        let attempt = timeout(CONNECT_TIMEOUT, connect(&node, &link, &address)).await;
        let connected = attempt.unwrap_or_else(|_| {
            Err(asleep(&format!(
                "no answer within {} s",
                CONNECT_TIMEOUT.as_secs()
            )))
        });
        match connected {
            Ok((stream, decoder, rules_differ)) => {
                tracing::info!(peer = link.name, rules_differ, "linked");
                let since = Instant::now();
                link.set_up(rules_differ);
                node.link_is_up(&link);
                let cause = pump(&node, &link, stream, decoder).await;
                tracing::warn!(peer = link.name, cause, "link lost");
                link.set_down(cause, &node.host);
                node.link_has_moved(&link);
                // A peer that went away may be back at once; one that keeps closing may not make us spin.
                if since.elapsed() >= BACKOFF_FIRST {
                    backoff.reset();
                    continue;
                }
            }
            Err(cause) => {
                tracing::debug!(peer = link.name, cause, "not linked");
                link.set_down(cause, &node.host);
            }
        }
        pause(&link, &mut backoff).await;
    }
}

/// Waits until the next attempt: the pause, or less when somebody asks for the peer, or nothing
/// when the peer itself shows up.
async fn pause(link: &Link, backoff: &mut Backoff) {
    let ended = Instant::now();
    let mut until = ended + backoff.pause();
    loop {
        tokio::select! {
            () = sleep_until(until) => return,
            () = link.hurry.notified() => return backoff.reset(),
            () = link.demand.notified() => until = until.min(ended + BACKOFF_ON_DEMAND),
        }
    }
}

/// Connects and says who we are; learns whether the peer has the same list.
async fn connect(
    node: &Node,
    link: &Link,
    address: &Address,
) -> Result<(TcpStream, FrameDecoder, bool), String> {
    let mut stream = dial(address).await?;
    let mut request = Vec::new();
    let words = node.hello.request();
    resp::encode_request(words.iter().map(Vec::as_slice), &mut request);
    stream
        .write_all(&request)
        .await
        .map_err(|error| explain(&error))?;
    let mut decoder = FrameDecoder::new(REPLY_MAX_BYTES);
    let answer = loop {
        match decoder.next() {
            Ok(Some(frame)) => break frame,
            Ok(None) => {}
            Err(error) => return Err(format!("what runs there is not a triad node: {error}")),
        }
        decoder.buffer().reserve(READ_CHUNK_BYTES);
        match stream.read_buf(decoder.buffer()).await {
            Ok(0) => return Err("what runs there closed the connection at once".to_owned()),
            Ok(_) => {}
            Err(error) => return Err(explain(&error)),
        }
    };
    let peer = match &answer {
        Frame::Error(text) => return Err(format!("refused by what runs there: {text}")),
        frame => Hello::from_frame(frame).map_err(|error| error.to_string())?,
    };
    if peer.name != link.name {
        return Err(format!(
            "the node there is {}; correct the cluster file",
            peer.name
        ));
    }
    Ok((stream, decoder, peer.fingerprint != node.hello.fingerprint))
}

/// Connects to the first of the peer's addresses that takes the connection.
async fn dial(address: &Address) -> Result<TcpStream, String> {
    let mut last = "the name leads to no address".to_owned();
    for candidate in resolve(address).await? {
        match dial_one(candidate).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = explain(&error),
        }
    }
    Err(last)
}

async fn dial_one(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_send_buffer_size(u32::try_from(LINK_SEND_BUFFER_BYTES).unwrap_or(u32::MAX))?;
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Carries requests and replies until the link breaks; returns why it did.
async fn pump(
    node: &Node,
    link: &Link,
    mut stream: TcpStream,
    mut decoder: FrameDecoder,
) -> String {
    let (mut blocked, mut in_a_row) = (false, 0);
    // It is not put off with every byte that moves, which would take a system call each time: when it has
    // run out, it is seen whether it should have been.
    let mut silence = pin!(sleep_until(Instant::now()));
    let mut watching = false;
    // Why nothing can be written any more. What the peer has sent before still counts.
    let mut refused = None;
    loop {
        // While there are more replies they are read first: they make room for requests.
        if refused.is_none() && !blocked && in_a_row == 0 && link.has_queue() {
            lull(|| link.queued_bytes(), GATHER_LINK_BYTES).await;
        }
        if refused.is_none() {
            match write_queue(link, &stream, blocked) {
                Ok(is_blocked) => blocked = is_blocked,
                Err(error) => (refused, blocked) = (Some(explain(&error)), false),
            }
        }
        link.release_held_if_room();
        if !watching && link.has_waiters() {
            silence.as_mut().reset(link.moved.get() + LINK_SILENCE);
            watching = true;
        }
        let read = tokio::select! {
            biased;
            ready = stream.readable() => ready.and_then(|()| read_some(link, &mut stream, &mut decoder)),
            ready = stream.writable(), if blocked => ready.map(|()| false),
            () = link.queued.notified() => Ok(false),
            () = silence.as_mut(), if watching => {
                watching = false;
                if !link.has_waiters() || Instant::now() < link.moved.get() + LINK_SILENCE {
                    continue;
                }
                // This node itself may have slept. A signal that wakes it has its clocks looked at before
                // its sockets, so these are asked once more.
                yield_now().await;
                match read_some(link, &mut stream, &mut decoder) {
                    Ok(false) => {
                        let seconds = LINK_SILENCE.as_secs();
                        let silence = || asleep(&format!("no answer within {seconds} s"));
                        return refused.unwrap_or_else(silence);
                    }
                    read => read,
                }
            }
        };
        match read {
            Ok(true) => in_a_row += 1,
            Ok(false) => in_a_row = 0,
            Err(error) => return refused.unwrap_or_else(|| explain(&error)),
        }
        if let Err(cause) = deliver(node, link, &mut decoder) {
            return cause;
        }
        // A link that always has more keeps no other waiting.
        if in_a_row >= TURN_READS {
            in_a_row = 0;
            yield_now().await;
        }
    }
}

/// Writes what is queued; true if more must wait for the socket.
///
/// The system takes bytes also for a peer that is asleep, until its buffers are full. So a write is a
/// sign of life only if the one before it had to wait.
fn write_queue(link: &Link, stream: &TcpStream, was_blocked: bool) -> io::Result<bool> {
    while link.has_queue() {
        match link.drain(|queue| stream.try_write(queue)) {
            Ok(_) if was_blocked => link.moved.set(Instant::now()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Reads what has arrived. Whether anything had.
fn read_some(link: &Link, stream: &mut TcpStream, decoder: &mut FrameDecoder) -> io::Result<bool> {
    let buffer = decoder.buffer();
    buffer.reserve(READ_CHUNK_BYTES.max(buffer.len()));
    match read_now(stream, buffer)? {
        Some(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Some(_) => {
            link.moved.set(Instant::now());
            Ok(true)
        }
        None => Ok(false),
    }
}

/// Hands every whole reply to the one who waits for it.
fn deliver(node: &Node, link: &Link, decoder: &mut FrameDecoder) -> Result<(), String> {
    loop {
        match decoder.next_borrowed() {
            // A sign of life, or an event, and no reply.
            Ok(Some(Frame::Push(words))) => node.hear_from_peer(&words),
            Ok(Some(frame)) => {
                if !link.deliver(frame, &node.host) {
                    return Err("the peer sent a reply that nobody asked for".to_owned());
                }
            }
            Ok(None) => break,
            Err(error) => return Err(format!("the peer sent what is not RESP: {error}")),
        }
    }
    link.release_held_if_room();
    node.link_has_moved(link);
    // What usual replies need stays for the next ones.
    if decoder.held_bytes() > 2 * READ_CHUNK_BYTES {
        decoder.shrink();
    }
    Ok(())
}

// A sign of life must come several times within the silence that breaks a link.
const _: () = assert!(crate::limits::LINK_BUSY_SIGN.as_millis() * 3 < LINK_SILENCE.as_millis());
// Who asks for a peer brings no attempt forward of the first pause.
const _: () = assert!(BACKOFF_ON_DEMAND.as_millis() >= BACKOFF_FIRST.as_millis());
