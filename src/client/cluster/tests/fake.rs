//! A small RESP server, which answers as a test wants it to.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

use crate::cluster::Address;
use crate::resp::{Frame, Next, Protocol, RequestDecoder, RequestLimits, encode};

/// A node of a test, on an address of its own. It greets as a node does; the rest `answer` answers. It
/// goes on with the test's runtime.
pub(super) struct Fake {
    pub(super) address: Address,
    fingerprint: String,
    answer: Box<Answer>,
    /// Everything that it was asked but for the greetings.
    pub(super) asked: RefCell<Vec<Vec<Vec<u8>>>>,
    /// The connections that it has accepted.
    pub(super) accepted: Cell<usize>,
}

/// The reply to a request; none closes the connection.
type Answer = dyn Fn(&[Vec<u8>]) -> Option<Frame<'static>>;

impl Fake {
    /// A node that has the list of these tests.
    pub(super) async fn start(
        answer: impl Fn(&[Vec<u8>]) -> Option<Frame<'static>> + 'static,
    ) -> Rc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::serve_on(listener, "the same", answer)
    }

    pub(super) fn serve_on(
        listener: TcpListener,
        fingerprint: &str,
        answer: impl Fn(&[Vec<u8>]) -> Option<Frame<'static>> + 'static,
    ) -> Rc<Self> {
        let fake = Rc::new(Self {
            address: listener.local_addr().unwrap().to_string().parse().unwrap(),
            fingerprint: fingerprint.to_owned(),
            answer: Box::new(answer),
            asked: RefCell::default(),
            accepted: Cell::default(),
        });
        let serving = Rc::clone(&fake);
        spawn_local(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                serving.accepted.set(serving.accepted.get() + 1);
                spawn_local(Rc::clone(&serving).serve(stream));
            }
        });
        fake
    }

    /// Like a node, it reads no further request before its replies have left.
    pub(super) async fn serve(self: Rc<Self>, mut stream: TcpStream) {
        let mut decoder = RequestDecoder::new(RequestLimits::default());
        loop {
            let mut out = Vec::new();
            let mut ends = false;
            while let (false, Next::Request(request)) = (ends, decoder.next().unwrap()) {
                let words: Vec<Vec<u8>> = request.args().iter().map(<[u8]>::to_vec).collect();
                let reply = self.reply(&words);
                ends = reply.is_none();
                if let Some(reply) = reply {
                    encode(&reply, Protocol::Resp3, &mut out);
                }
            }
            if stream.write_all(&out).await.is_err() || ends {
                return;
            }
            match stream.read_buf(decoder.buffer()).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    fn reply(&self, words: &[Vec<u8>]) -> Option<Frame<'static>> {
        match words.first().map(Vec::as_slice) {
            Some(b"HELLO") => Some(Frame::Map(Vec::new())),
            Some(b"INFO") => Some(Frame::text(format!(
                "# Triad\r\nfingerprint:{}\r\n",
                self.fingerprint
            ))),
            _ => {
                self.asked.borrow_mut().push(words.to_vec());
                (self.answer)(words)
            }
        }
    }
}
