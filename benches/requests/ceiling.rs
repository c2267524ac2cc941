//! The ceiling: a server of one thread that frames pipelined requests and answers them, and stores
//! nothing. No server that reads requests one after the other can be much faster on the same machine.
//!
//! It answers what begins with the letter of `GET` with a value, what begins with that of `CONFIG`
//! with an empty array, and everything else with `OK`.

use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::lab::data::VALUE_BYTES;

const READ_BYTES: usize = 64 * 1024;

/// Serves until the process is killed.
pub(crate) fn serve(address: &str) -> anyhow::Result<()> {
    let address: SocketAddr = address.parse().context("an address is wanted")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(answer(stream));
        }
    })
}

/// Answers what comes on one connection, all the requests of a read in one write.
async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let value = [b"$64\r\n", [b'v'; VALUE_BYTES].as_slice(), b"\r\n"].concat();
    let mut input = Vec::with_capacity(READ_BYTES);
    let mut output = Vec::new();
    while stream.read_buf(&mut input).await? > 0 {
        let mut rest = input.as_slice();
        while let Some((command, behind)) = request(rest) {
            output.extend_from_slice(match command.first() {
                Some(b'G' | b'g') => &value,
                Some(b'C' | b'c') => b"*0\r\n",
                _ => b"+OK\r\n",
            });
            rest = behind;
        }
        let taken = input.len() - rest.len();
        input.drain(..taken);
        input.reserve(READ_BYTES);
        stream.write_all(&output).await?;
        output.clear();
    }
    Ok(())
}

/// The command's name of the first request, and what is behind that request, if it is whole.
fn request(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (words, mut rest) = number(input.strip_prefix(b"*")?)?;
    let mut command = None;
    for _ in 0..words {
        let (length, word) = number(rest.strip_prefix(b"$")?)?;
        let (word, behind) = word.split_at_checked(length)?;
        rest = behind.strip_prefix(b"\r\n")?;
        command.get_or_insert(word);
    }
    Some((command?, rest))
}

/// The number that a line holds, and what is behind the line.
fn number(input: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0_usize;
    let mut rest = input;
    while let [digit @ b'0'..=b'9', behind @ ..] = rest {
        number = number
            .wrapping_mul(10)
            .wrapping_add(usize::from(digit - b'0'));
        rest = behind;
    }
    Some((number, rest.strip_prefix(b"\r\n")?))
}
