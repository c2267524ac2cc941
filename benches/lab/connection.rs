//! A blocking connection to a server that speaks RESP.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context as _, bail};
use triad::limits::REPLY_MAX_BYTES;
use triad::resp::{Frame, FrameDecoder, encode_request};

use super::PATIENCE;

const CHUNK_BYTES: usize = 16 * 1024;

/// A connection. Replies come in the order of the requests.
pub(crate) struct Connection {
    stream: TcpStream,
    decoder: FrameDecoder,
    chunk: Vec<u8>,
    request: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream,
            decoder: FrameDecoder::new(REPLY_MAX_BYTES),
            chunk: vec![0; CHUNK_BYTES],
            request: Vec::new(),
        })
    }

    /// One request and its reply, which may be an error reply.
    pub(crate) fn call(&mut self, words: &[&[u8]]) -> anyhow::Result<Frame<'static>> {
        self.request.clear();
        encode_request(words.iter().copied(), &mut self.request);
        self.stream.write_all(&self.request)?;
        self.reply()
    }

    /// One request and its reply; an error reply is an error.
    pub(crate) fn ask(&mut self, words: &[&[u8]]) -> anyhow::Result<Frame<'static>> {
        accepted(self.call(words)?)
    }

    /// Sends requests that are encoded already.
    pub(crate) fn send(&mut self, requests: &[u8]) -> io::Result<()> {
        self.stream.write_all(requests)
    }

    /// The next reply.
    pub(crate) fn reply(&mut self) -> anyhow::Result<Frame<'static>> {
        loop {
            if let Some(frame) = self.decoder.next()? {
                return Ok(frame);
            }
            match self.stream.read(&mut self.chunk) {
                Ok(0) => bail!("the server closed the connection"),
                Ok(count) => {
                    let read = self.chunk.get(..count).unwrap_or_default();
                    self.decoder.buffer().extend_from_slice(read);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("no reply"),
            }
        }
    }

    /// The lines of a section of `INFO`: `field:value`.
    pub(crate) fn info(&mut self, section: &str) -> anyhow::Result<Vec<String>> {
        let reply = self.ask(&[b"INFO", section.as_bytes()])?;
        let text = String::from_utf8_lossy(reply.as_bytes().context("INFO is a bulk string")?);
        Ok(text.lines().map(str::to_owned).collect())
    }
}

/// The reply, unless it is an error.
pub(crate) fn accepted(reply: Frame<'static>) -> anyhow::Result<Frame<'static>> {
    match reply {
        Frame::Error(text) => bail!("the server answers {text}"),
        reply => Ok(reply),
    }
}
