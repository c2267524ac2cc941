//! A quick look ahead: which keys the requests that have arrived are about.

use crate::limits::LOOK_AHEAD_WORDS_MAX;
use crate::resp::number::parse_short_line;

/// The second words of the requests that `bytes` begin with. Of nearly all commands that is the key,
/// and of others it does not matter.
///
/// It ends where a request is not whole, is long, or is not in the form in which clients usually write
/// it. Nothing is decided by what is found here.
pub(super) struct SecondWords<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for SecondWords<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let mut rest = self.0;
        loop {
            let (words, line) = parse_short_line(rest).filter(|_| rest.first() == Some(&b'*'))?;
            if words > LOOK_AHEAD_WORDS_MAX {
                return None;
            }
            rest = rest.get(line..)?;
            let mut second = None;
            for index in 0..words {
                let (len, line) = parse_short_line(rest).filter(|_| rest.first() == Some(&b'$'))?;
                let word = rest.get(line..line + len)?;
                if index == 1 {
                    second = Some(word);
                }
                rest = rest.get(line + len + 2..)?;
            }
            self.0 = rest;
            if second.is_some() {
                return second;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second_words(bytes: &[u8]) -> Vec<&[u8]> {
        SecondWords(bytes).collect()
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
