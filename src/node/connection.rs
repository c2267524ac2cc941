//! One connection, of a client or of a peer: read, carry out, write.
//!
//! What has arrived is decoded and carried out as one batch, and all replies that are ready leave in
//! one write. The connection is not read while it has too much outstanding, while the peer that its
//! last request went to takes no more, or while the journal lags.

use std::io;
use std::rc::Rc;

use tokio::net::TcpStream;
use tokio::time::sleep;

use super::Node;
use super::dispatch::{Dispatch, Flow};
use super::link::{Link, Purpose, Readiness};
use super::outbox::Outbox;
use crate::command::{Error, Hello, Session};
use crate::limits::{LINK_BUSY_SIGN, READ_CHUNK_BYTES};
use crate::resp::{Args, Excess, Frame, Next, Protocol, ProtocolError, RequestDecoder, TooLarge};

/// See the module's text.
pub(crate) struct Connection {
    node: Rc<Node>,
    stream: TcpStream,
    outbox: Rc<Outbox>,
    decoder: RequestDecoder,
    session: Session,
    peer: Option<Hello>,
    held: Held,
    /// Nothing more is read: the client has said all, or has to be left.
    ended: bool,
}

/// Why no further request is carried out although there may be one.
#[derive(Debug)]
enum Held {
    No,
    /// The peer's queue is full.
    Full(Rc<Link>),
    /// This request waits until it is known whether the peer can be reached.
    Parked(Rc<Link>, Vec<Vec<u8>>),
}

/// What one look at the input came to.
enum Step {
    /// A request was carried out, or refused.
    Done(Flow),
    /// There is no whole request.
    Starved,
}

/// What a node at work on a peer's requests says so with: a RESP3 push, which is never a reply.
const BUSY_SIGN: &[u8] = b">1\r\n$4\r\nbusy\r\n";

impl Connection {
    pub(crate) fn new(node: Rc<Node>, stream: TcpStream, id: u64) -> Self {
        let outbox = Rc::new(Outbox::new(Rc::clone(&node.unread)));
        let decoder = RequestDecoder::new(node.request_limits());
        let session = Session::new(id);
        Self {
            node,
            stream,
            outbox,
            decoder,
            session,
            peer: None,
            held: Held::No,
            ended: false,
        }
    }

    /// The half that others see.
    pub(crate) fn outbox(&self) -> &Rc<Outbox> {
        &self.outbox
    }

    /// Serves the connection until either side ends it.
    pub(crate) async fn run(mut self) {
        loop {
            let wants_input = self.carry_out();
            self.node.commit_soon();
            let Ok(blocked) = self.write() else { break };
            let finished = self.ended && self.outbox.with(|replies| replies.is_empty());
            if finished || self.outbox.is_closed() {
                break;
            }
            if self.wait(wants_input, blocked).await.is_err() {
                break;
            }
        }
        if let Some(peer) = &self.peer {
            self.node.inbound.leave(&peer.name, &self.outbox);
        }
        self.outbox.close();
    }

    /// Carries out what may be carried out now. Returns whether more input is wanted.
    fn carry_out(&mut self) -> bool {
        while !self.outbox.is_closed() && !self.ended {
            if !self.outbox.has_room()
                || self.is_held()
                || self.node.waits_for_journal(&self.outbox)
            {
                return false;
            }
            match self.step() {
                Step::Starved => {
                    self.decoder.shrink();
                    self.ended = self.node.is_stopping();
                    return !self.ended;
                }
                // A parked request is kept in `held`, so the next look at it waits.
                Step::Done(Flow::Next | Flow::Park(_)) => {}
                Step::Done(Flow::End) => self.ended = true,
                Step::Done(Flow::Hold(link)) => self.held = Held::Full(link),
                Step::Done(Flow::Peer(hello)) => self.become_peer(hello),
            }
        }
        false
    }

    /// Whether a link keeps this connection from going on; it will wake it.
    fn is_held(&mut self) -> bool {
        let waits = match &self.held {
            Held::No => None,
            Held::Full(link) => link.is_full().then_some(link),
            Held::Parked(link, _) => {
                let here = &self.node.host.name;
                matches!(link.readiness(Purpose::Data, here), Readiness::Unknown).then_some(link)
            }
        };
        if let Some(link) = waits {
            link.hold(&self.outbox);
            true
        } else {
            if matches!(self.held, Held::Full(_)) {
                self.held = Held::No;
            }
            false
        }
    }

    /// Carries out the next request: the one that was parked, or one from the input.
    fn step(&mut self) -> Step {
        let mut dispatch = Dispatch {
            node: &self.node,
            outbox: &self.outbox,
            session: &mut self.session,
            peer: self.peer.as_ref(),
        };
        if let Held::Parked(_, words) = std::mem::replace(&mut self.held, Held::No) {
            let slices: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            let flow = dispatch.run(Args::from_slices(&slices), None);
            if let Flow::Park(link) = flow {
                self.held = Held::Parked(Rc::clone(&link), words);
                return Step::Done(Flow::Park(link));
            }
            return Step::Done(flow);
        }
        let error = match self.decoder.next() {
            Ok(Next::Incomplete) => return Step::Starved,
            Ok(Next::Request(request)) if request.is_http() => return self.refuse_http(),
            Ok(Next::Request(request)) => {
                let flow = dispatch.run(request.args(), request.raw());
                if let Flow::Park(link) = &flow {
                    let words = request.args().iter().map(<[u8]>::to_vec).collect();
                    self.held = Held::Parked(Rc::clone(link), words);
                }
                return Step::Done(flow);
            }
            Ok(Next::TooLarge(too_large)) => {
                let error = explain_too_large(&too_large);
                self.answer(&error.into_frame());
                return Step::Done(Flow::Next);
            }
            Err(error) => error,
        };
        self.refuse_protocol(error);
        Step::Done(Flow::End)
    }

    fn answer(&self, frame: &Frame<'_>) {
        self.outbox.push_frame(frame, self.session.protocol);
    }

    fn refuse_protocol(&self, error: ProtocolError) {
        tracing::debug!(id = self.session.id, %error, "closed a client that does not speak RESP");
        self.answer(&Frame::error(format!("ERR Protocol error: {error}")));
    }

    /// A web page can have a browser post to any address, so what looks like HTTP is not carried out,
    /// nor what follows it.
    fn refuse_http(&self) -> Step {
        tracing::warn!(id = self.session.id, "closed a connection that speaks HTTP");
        let text = "this is a triad node: it speaks RESP, not HTTP. Use `client` or redis-cli.\n";
        self.outbox.push(|out| {
            out.extend_from_slice(
                format!(
                    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
                     Connection: close\r\n\r\n{text}",
                    text.len()
                )
                .as_bytes(),
            );
        });
        Step::Done(Flow::End)
    }

    /// The connection is a peer's link from now on. An older link of that peer ends before the new one
    /// is answered: what it still holds must not take effect after what comes on the new one.
    fn become_peer(&mut self, hello: Hello) {
        if let Err(error) = self.node.inbound.enter(&hello, &self.outbox) {
            self.answer(&error.into_frame());
            self.ended = true;
            return;
        }
        self.outbox.widen();
        self.answer(&self.node.hello.clone().into_frame());
        self.node.host.counters.peers.set(self.node.inbound.len());
        self.node.peer_showed_up(&hello);
        self.peer = Some(hello);
    }

    /// Writes the replies that may leave. Returns whether more must wait for the socket.
    fn write(&mut self) -> io::Result<bool> {
        let (durable, failure) = self.node.durability();
        self.outbox.with(|replies| {
            if let Some(failure) = &failure {
                replies.fail_undurable(durable, failure, Protocol::Resp2);
            }
            loop {
                let released = replies.released(durable);
                if released.is_empty() {
                    if replies.is_gated(durable) {
                        self.node.wait_for_journal(&self.outbox);
                    }
                    replies.shrink();
                    return Ok(false);
                }
                match self.stream.try_write(released) {
                    Ok(count) => replies.consume(count, durable),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                    Err(error) => return Err(error),
                }
            }
        })
    }

    /// Waits until there is something to do.
    async fn wait(&mut self, wants_input: bool, blocked: bool) -> io::Result<()> {
        let is_at_work = self.peer.is_some()
            && !blocked
            && self
                .outbox
                .with(|replies| replies.is_gated(self.node.durability().0));
        tokio::select! {
            ready = self.stream.readable(), if wants_input => {
                ready?;
                self.read()
            }
            () = self.outbox.woken() => Ok(()),
            ready = self.stream.writable(), if blocked => ready,
            () = sleep(LINK_BUSY_SIGN), if is_at_work => {
                let (durable, _) = self.node.durability();
                self.outbox.with(|replies| replies.interject(BUSY_SIGN, durable));
                Ok(())
            }
        }
    }

    fn read(&mut self) -> io::Result<()> {
        let buffer = self.decoder.buffer();
        // Large values arrive in steps that grow with what is there already.
        buffer.reserve(READ_CHUNK_BYTES.max(buffer.len().min(64 * READ_CHUNK_BYTES)));
        match self.stream.try_read_buf(buffer) {
            Ok(0) => {
                self.ended = true;
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn explain_too_large(too_large: &TooLarge<'_>) -> Error {
    match too_large.excess {
        Excess::Argument {
            index: 1, bytes, ..
        } => Error::key_too_long(bytes),
        Excess::Argument {
            index: 2..,
            bytes,
            limit_bytes,
        } => Error::value_too_large(bytes, limit_bytes),
        excess => Error::new(format!("ERR {excess}. Nothing was stored")),
    }
}
