//! One connection, of a client or of a peer: read, carry out, write.
//!
//! What has arrived is decoded and carried out as one batch, and all replies that are ready leave in
//! one write. The connection is not read while it has too much outstanding, or while its next request
//! waits for a peer or for the journal.

use std::io;
use std::rc::Rc;

use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::task::yield_now;
use tokio::time::Instant;

use super::dispatch::{Dispatch, Flow, Obstacle, end_watches};
use super::outbox::{Left, Outbox};
use super::pubsub::Subscriber;
use super::socket::read_now;
use super::{Intake, Node};
use crate::command::{self, Client, Error, Hello, Mute, Origin, Owed, Session};
use crate::limits::{POOL_BUFFER_BYTES, READ_CHUNK_BYTES, TURN_READS, TURN_REQUESTS, TURN_TIME};
use crate::resp::{Frame, Next, ProtocolError};

/// See the module's text.
pub(crate) struct Connection {
    node: Rc<Node>,
    input: OwnedReadHalf,
    outbox: Rc<Outbox>,
    /// None while nothing has arrived that is still to be carried out.
    intake: Option<Box<Intake>>,
    session: Session,
    peer: Option<Hello>,
    /// None until it subscribes for the first time.
    subscriber: Option<Rc<Subscriber>>,
    /// What the request that the decoder gave last waits for.
    parked: Option<Obstacle>,
    /// Nothing more is read: the client has said all, or has to be left.
    ended: bool,
    /// How often in a row there was something to read.
    reads: usize,
}

/// Why no further request is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pause {
    /// There is no whole request: input is wanted.
    Starved,
    /// Too much is outstanding, until replies leave.
    Crowded,
    /// It has been at it for long, and there may be more: it is the others' turn.
    Tired,
    /// An obstacle that will wake this connection when it is gone, or the connection has ended.
    Held,
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
    pub(crate) fn new(node: Rc<Node>, stream: TcpStream, origin: Origin) -> Self {
        let (input, output) = stream.into_split();
        let outbox = Rc::new(Outbox::new(Rc::clone(&node.replies)));
        outbox.attach(output);
        let owed: Rc<dyn Owed> = Rc::<Outbox>::clone(&outbox);
        let client = Rc::new(Client::new(origin, Rc::downgrade(&owed)));
        node.host.clients.enter(&client);
        let session = Session::new(client);
        Self {
            node,
            input,
            outbox,
            intake: None,
            session,
            peer: None,
            subscriber: None,
            parked: None,
            ended: false,
            reads: 0,
        }
    }

    /// The half that others see.
    pub(crate) fn outbox(&self) -> &Rc<Outbox> {
        &self.outbox
    }

    /// Serves the connection until either side ends it.
    pub(crate) async fn run(mut self) {
        let mut blocked = false;
        loop {
            let pause = self.carry_out();
            self.node.see_to_events();
            self.node.commit_soon();
            self.reassure_peer(blocked);
            if blocked || !self.lingers(pause) {
                match self.write() {
                    Ok(is_blocked) => blocked = is_blocked,
                    Err(_) => break,
                }
            }
            let finished = self.ended && self.outbox.is_empty();
            if finished || self.outbox.is_closed() {
                break;
            }
            // The replies that have just left may have made room, and nobody else will tell.
            let made_room = pause == Pause::Crowded && self.outbox.has_room();
            if made_room || pause == Pause::Tired {
                yield_now().await;
                continue;
            }
            if self.wait(pause, blocked).await.is_err() {
                break;
            }
            // A socket that always has more keeps no other waiting.
            if self.reads >= TURN_READS {
                self.reads = 0;
                yield_now().await;
            }
        }
        end_watches(&self.node, &mut self.session);
        self.session
            .end(&mut self.node.store.borrow_mut(), &self.node.host);
        if let Some(peer) = &self.peer {
            self.node.inbound.leave(&peer.name, &self.outbox);
            self.node.want_events();
        }
        if let Some(subscriber) = &self.subscriber {
            self.node.leave_channels(subscriber);
        }
        self.outbox.close();
    }

    /// Carries out what may be carried out now. Returns why it does not go on.
    fn carry_out(&mut self) -> Pause {
        let Some(mut intake) = self.intake.take() else {
            return Pause::Starved;
        };
        let pause = self.carry_out_from(&mut intake);
        if pause == Pause::Starved && intake.decoder.is_idle() {
            self.session.client.holds_input(0, 0);
            self.node.give_back(intake);
        } else {
            self.intake = Some(intake);
        }
        pause
    }

    fn carry_out_from(&mut self, intake: &mut Intake) -> Pause {
        let began = Instant::now();
        self.session.client.was_active(began.into_std());
        let mut requests = 0_usize;
        while !self.outbox.is_closed() && !self.ended {
            if !self.outbox.has_room() {
                return Pause::Crowded;
            }
            requests += 1;
            if requests.is_multiple_of(TURN_REQUESTS) && began.elapsed() > TURN_TIME {
                return Pause::Tired;
            }
            let parked = self.parked.as_ref();
            if parked.is_some_and(|obstacle| obstacle.holds(&self.node, &self.outbox)) {
                return Pause::Held;
            }
            intake.ahead.look(&intake.decoder, &self.node);
            match self.step(intake) {
                Step::Starved => return Pause::Starved,
                Step::Done(Flow::Next) => {}
                Step::Done(Flow::Park(obstacle)) => self.parked = Some(obstacle),
                Step::Done(Flow::End) => self.ended = true,
                Step::Done(Flow::Peer(hello)) => self.become_peer(hello),
            }
        }
        Pause::Held
    }

    /// Carries out the next request: the one that was parked, or one from the input.
    fn step(&mut self, intake: &mut Intake) -> Step {
        let next = match self.parked.take() {
            Some(_) => Ok(intake.decoder.again()),
            None => intake.decoder.next(),
        };
        let error = match next {
            Ok(Next::Incomplete) => return Step::Starved,
            Ok(Next::Request(request)) if request.is_http() => return self.refuse_http(),
            Ok(Next::Request(request)) => {
                let mut dispatch = Dispatch {
                    node: &self.node,
                    outbox: &self.outbox,
                    session: &mut self.session,
                    recent: &mut intake.recent,
                    peer: self.peer.as_ref(),
                    subscriber: &mut self.subscriber,
                    known: intake.ahead.owner(&request),
                };
                let flow = dispatch.run(request.args(), request.raw());
                if self.session.mute != Mute::No && !matches!(flow, Flow::Park(_)) {
                    self.session.mute = self.session.mute.after_request();
                }
                return Step::Done(flow);
            }
            Ok(Next::TooLarge(too_large)) => {
                let error = Error::too_large(&too_large);
                self.answer(&error.into_frame());
                self.session.mute = self.session.mute.after_request();
                return Step::Done(Flow::Next);
            }
            Err(error) => error,
        };
        self.refuse_protocol(error);
        Step::Done(Flow::End)
    }

    fn answer(&self, frame: &Frame<'_>) {
        if self.session.mute == Mute::No {
            self.outbox.push_frame(frame, self.session.protocol);
        }
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
        let entered = match &self.peer {
            Some(peer) => Err(Error::new(format!(
                "ERR this connection is the link of {} already",
                peer.name
            ))),
            None if self.session.is_subscribed() => Err(Error::new(
                "ERR this connection is subscribed, and no link of a peer",
            )),
            None => self.node.admit_peer(&hello, &self.outbox),
        };
        if let Err(error) = entered {
            self.answer(&error.into_frame());
            self.ended = true;
            return;
        }
        // A node of another list only asks questions, and anybody may say that he is one.
        if hello.fingerprint == self.node.hello.fingerprint {
            self.outbox.widen();
        }
        self.answer(&self.node.hello.clone().into_frame());
        self.session.client.becomes_peer(&hello.name);
        self.node.peer_showed_up(&hello);
        self.peer = Some(hello);
    }

    /// Whether the replies that are known wait for a moment, since others are on their way from peers:
    /// that a pipeline is answered with one write and not with a few replies at a time spares this node
    /// and the client most of their work.
    fn lingers(&self, pause: Pause) -> bool {
        let alarm = self.outbox.linger();
        let may = pause == Pause::Starved && !self.ended && self.outbox.may_linger();
        if !may || alarm.has_rung() {
            alarm.clear();
            return false;
        }
        self.node.lingering.set(&self.outbox);
        true
    }

    /// Writes the replies that may leave. Returns whether more must wait for the socket.
    fn write(&self) -> io::Result<bool> {
        let left = self.node.write(&self.outbox)?;
        Ok(left == Left::Blocked)
    }

    /// Waits until there is something to do.
    async fn wait(&mut self, pause: Pause, blocked: bool) -> io::Result<()> {
        let wants_input = pause == Pause::Starved && !self.ended;
        if wants_input && self.node.is_stopping() {
            // What has arrived is still carried out, and nothing after it.
            self.ended = !self.read()?;
            return Ok(());
        }
        self.watch_over_peer(wants_input, blocked);
        let stream = self.input.as_ref();
        let rests = wants_input && !blocked && self.peer.is_none();
        self.outbox.set_rests(rests);
        let has_input = tokio::select! {
            ready = stream.readable(), if wants_input => ready.map(|()| true),
            () = self.outbox.woken() => Ok(false),
            ready = stream.writable(), if blocked => ready.map(|()| false),
        };
        self.outbox.set_rests(false);
        if has_input? {
            self.read()?;
        }
        Ok(())
    }

    /// Tells a peer that this node is still at work, when that is due.
    fn reassure_peer(&self, blocked: bool) {
        let alarm = self.outbox.busy();
        if alarm.has_rung() {
            alarm.clear();
            if !blocked {
                let (durable, _) = self.node.durability();
                self.outbox.interject(BUSY_SIGN, durable);
            }
        }
    }

    /// Sees to it that it will be due while the peer waits for the journal, with a reply or with a request.
    /// What else happens meanwhile does not put the moment off.
    fn watch_over_peer(&self, wants_input: bool, blocked: bool) {
        if self.peer.is_none() {
            return;
        }
        let (durable, _) = self.node.durability();
        if !blocked && (!wants_input || self.outbox.is_gated(durable)) {
            self.node.busy.set(&self.outbox);
        } else {
            self.outbox.busy().clear();
        }
    }

    /// Reads what has arrived. Whether anything had.
    fn read(&mut self) -> io::Result<bool> {
        let intake = self.intake.get_or_insert_with(|| self.node.intake());
        intake.ahead.clear();
        let buffer = intake.decoder.buffer();
        // Large values arrive in steps that grow with what is there already.
        buffer.reserve(READ_CHUNK_BYTES.max(buffer.len().min(64 * READ_CHUNK_BYTES)));
        intake.is_large |= buffer.capacity() > 2 * POOL_BUFFER_BYTES;
        let room = buffer.capacity() - buffer.len();
        let Some(count) = read_now(&mut self.input, buffer)? else {
            self.reads = 0;
            return Ok(false);
        };
        let spare = buffer.capacity() - buffer.len();
        self.session.client.holds_input(buffer.len(), spare);
        command::count(&self.node.host.counters.received_bytes, count as u64);
        // A read that leaves room has emptied the socket.
        self.reads = if count < room { 0 } else { self.reads + 1 };
        self.ended = count == 0;
        Ok(count > 0)
    }
}
