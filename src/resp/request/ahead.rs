//! A quick look ahead: which keys the requests that have arrived are about.

use super::Place;
use crate::limits::{LOOK_AHEAD_REQUESTS_MAX, LOOK_AHEAD_WORDS_MAX};
use crate::resp::number::parse_short_line;

/// The second words of the requests that some bytes begin with. Of nearly all commands that is the key,
/// and of others it does not matter.
///
/// It ends where a request is not whole, is long, or is not in the form in which clients usually write
/// it. Nothing is decided by what is found here.
pub(super) struct SecondWords<'a> {
    rest: &'a [u8],
    /// Where in the decoder's buffer that begins.
    start: usize,
    /// The requests that are still to be looked at.
    left: usize,
}

impl<'a> SecondWords<'a> {
    /// `bytes` begin at `start` of the decoder's buffer.
    pub(super) const fn new(bytes: &'a [u8], start: usize) -> Self {
        Self {
            rest: bytes,
            start,
            left: LOOK_AHEAD_REQUESTS_MAX,
        }
    }

    /// Goes past so many bytes.
    fn pass(&mut self, len: usize) -> Option<()> {
        self.rest = self.rest.get(len..)?;
        self.start += len;
        Some(())
    }

    /// Reads a type byte and a number in a line of their own.
    fn line(&mut self, kind: u8) -> Option<usize> {
        let (number, len) =
            parse_short_line(self.rest).filter(|_| self.rest.first() == Some(&kind))?;
        self.pass(len)?;
        Some(number)
    }
}

impl<'a> Iterator for SecondWords<'a> {
    type Item = (Place, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while self.left > 0 {
            self.left -= 1;
            let words = self
                .line(b'*')
                .filter(|words| *words <= LOOK_AHEAD_WORDS_MAX)?;
            let mut second = None;
            for index in 0..words {
                let len = self.line(b'$')?;
                if index == 1 {
                    let start = self.start;
                    second = Some((Place { start, len }, self.rest.get(..len)?));
                }
                self.pass(len + 2)?;
            }
            if second.is_some() {
                return second;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second_words(bytes: &[u8]) -> Vec<&[u8]> {
        SecondWords::new(bytes, 0).map(|(_, word)| word).collect()
    }

    #[test]
    fn keys_of_whole_requests_are_found() {
        let requests = b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\nv1\r\n*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$2\r\nbc\r\n";
        assert_eq!(second_words(requests), [&b"a"[..], b"bc"]);
        for cut in 0..requests.len() {
            let found = second_words(&requests[..cut]);
            assert!(found.len() < 2 && found.iter().all(|word| *word == b"a"));
        }
    }

    #[test]
    fn what_is_no_request_ends_it() {
        for bytes in [
            &b""[..],
            b"GET a\r\n",
            b"*2\r\n+GET\r\n$1\r\na\r\n",
            b"*-1\r\n",
            b"*2147483647\r\n$3\r\nGET\r\n",
            b"*2\r\n$3\r\nGET\r\n$999\r\na\r\n",
            b"*9\r\n$3\r\nDEL\r\n$1\r\na\r\n",
        ] {
            assert!(second_words(bytes).is_empty());
        }
    }
}
