//! A node that is not one: a small RESP server, which answers as a test wants it to.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use triad::cluster::Cluster;
use triad::command::Hello;
use triad::resp::{Frame, Next, Protocol, RequestDecoder, RequestLimits, encode};

/// Serves on the address of a node of the lab until it is dropped.
pub(crate) struct FakeNode {
    address: SocketAddr,
    shared: Arc<Shared>,
}

type Answer = dyn Fn(&[Vec<u8>]) -> Frame<'static> + Send + Sync;

struct Shared {
    hello: Hello,
    answer: Box<Answer>,
    /// None once it has ended.
    connections: Mutex<Option<Vec<TcpStream>>>,
}

impl FakeNode {
    /// Takes the place of the node `name` of `cluster`. It greets clients and peers as a node does;
    /// everything else `answer` answers.
    pub(crate) fn start(
        cluster: &Cluster,
        name: &str,
        answer: impl Fn(&[Vec<u8>]) -> Frame<'static> + Send + Sync + 'static,
    ) -> Self {
        let index = cluster.placement().index_of(name).unwrap();
        let address = cluster.node(index).unwrap().address.socket().unwrap();
        let listener = TcpListener::bind(address).unwrap();
        let shared = Arc::new(Shared {
            hello: Hello {
                name: name.to_owned(),
                node_id: "fake".to_owned(),
                incarnation: 1,
                fingerprint: cluster.placement().fingerprint().to_owned(),
            },
            answer: Box::new(answer),
            connections: Mutex::new(Some(Vec::new())),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let mut connections = accepting.connections.lock().unwrap();
                let Some(connections) = &mut *connections else {
                    return;
                };
                connections.push(stream.try_clone().unwrap());
                let serving = Arc::clone(&accepting);
                thread::spawn(move || serving.serve(stream));
            }
        });
        Self { address, shared }
    }
}

impl Drop for FakeNode {
    fn drop(&mut self) {
        let connections = self.shared.connections.lock().unwrap().take();
        for connection in connections.into_iter().flatten() {
            let _ = connection.shutdown(Shutdown::Both);
        }
        // Wakes the accepting thread, which then sees that all is over.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) {
        let mut decoder = RequestDecoder::new(RequestLimits::default());
        let mut protocol = Protocol::Resp2;
        loop {
            let mut out = Vec::new();
            while let Next::Request(request) = decoder.next().unwrap() {
                let words: Vec<Vec<u8>> = request.args().iter().map(<[u8]>::to_vec).collect();
                let reply = match words.iter().map(Vec::as_slice).collect::<Vec<_>>()[..] {
                    [b"HELLO", ..] => {
                        protocol = Protocol::Resp3;
                        Frame::Map(Vec::new())
                    }
                    [b"TRIAD", b"PEER", ..] => {
                        protocol = Protocol::Resp3;
                        self.hello.clone().into_frame()
                    }
                    _ => (self.answer)(&words),
                };
                encode(&reply, protocol, &mut out);
            }
            let mut chunk = [0; 16 * 1024];
            let read = stream
                .write_all(&out)
                .and_then(|()| stream.read(&mut chunk));
            match read {
                Ok(0) => return,
                Ok(count) => decoder.buffer().extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }
}
