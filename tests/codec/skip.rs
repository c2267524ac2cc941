//! A request over a limit is read past and answered, and the connection goes on.

use triad::resp::{Excess, ProtocolError, RequestDecoder, RequestLimits};

use crate::{Seen, array_request, feed, small_limits};

fn too_large(command: Option<&[u8]>, excess: Excess) -> Seen {
    Seen::TooLarge {
        command: command.map(<[u8]>::to_vec),
        excess,
    }
}

/// Requests that are over one of the small limits, with what is to be reported.
fn cases() -> Vec<(Vec<u8>, Seen)> {
    let argument = |index, bytes| Excess::Argument {
        index,
        bytes,
        limit_bytes: 16,
    };
    let long = [b'v'; 17];
    let fits = [b'v'; 16];
    let large = [&[b'v'; 100][..]; 3].concat();
    let place = size_of::<[usize; 2]>();
    vec![
        (
            array_request(&[b"SET", b"k", &long]).0,
            too_large(Some(b"SET"), argument(2, 17)),
        ),
        (
            array_request(&[b"SET", &large, b"v"]).0,
            too_large(Some(b"SET"), argument(1, 300)),
        ),
        // What follows may be over the limit as well; the first is reported.
        (
            array_request(&[b"SET", &long, &large, &fits]).0,
            too_large(Some(b"SET"), argument(1, 17)),
        ),
        (
            array_request(&[&long, b"k", b"v"]).0,
            too_large(None, argument(0, 17)),
        ),
        (
            array_request(&[&large]).0,
            too_large(None, argument(0, 300)),
        ),
        // The eighth argument does not fit beside the others.
        (
            array_request(&[
                &b"MSET"[..],
                &fits,
                &fits,
                &fits,
                &fits,
                &fits,
                &fits,
                &fits,
                b"v",
            ])
            .0,
            too_large(
                Some(b"MSET"),
                Excess::Request {
                    bytes: 4 + 10 + 7 * 23 + 8 * place,
                    limit_bytes: 300,
                },
            ),
        ),
    ]
}

#[test]
fn it_is_reported_and_its_neighbours_are_whole_wherever_they_are_cut() {
    let (before, seen_before) = array_request(&[b"GET", b"before"]);
    let (after, seen_after) = array_request(&[b"GET", b"after"]);
    for (large, seen_large) in cases() {
        let bytes = [&before[..], &large, &after, b"PING\r\n"].concat();
        let ping = Seen::Request {
            args: vec![b"PING".to_vec()],
            raw: None,
        };
        let expected = vec![seen_before.clone(), seen_large, seen_after.clone(), ping];
        let mut decoder = RequestDecoder::new(small_limits());
        for at in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(at);
            let mut seen = feed(&mut decoder, head).unwrap();
            seen.extend(feed(&mut decoder, tail).unwrap());
            assert_eq!(seen, expected, "cut at {at}");
        }
        let single: Vec<Seen> = bytes
            .iter()
            .flat_map(|&byte| feed(&mut decoder, &[byte]).unwrap())
            .collect();
        assert_eq!(single, expected);
    }
}

#[test]
fn no_more_memory_is_held_than_one_piece_takes() {
    let value = vec![b'v'; 20 * 1024 * 1024];
    let (bytes, _) = array_request(&[b"SET", b"key", &value, &value[..1000]]);
    let mut decoder = RequestDecoder::new(RequestLimits::default());
    let mut seen = Vec::new();
    for piece in bytes.chunks(16 * 1024) {
        seen.extend(feed(&mut decoder, piece).unwrap());
        assert!(
            decoder.held_bytes() <= 64 * 1024,
            "{} bytes held",
            decoder.held_bytes()
        );
    }
    let excess = Excess::Argument {
        index: 2,
        bytes: 20 * 1024 * 1024,
        limit_bytes: 8 * 1024 * 1024,
    };
    assert_eq!(seen, [too_large(Some(b"SET"), excess)]);
    decoder.shrink();
    assert_eq!(decoder.held_bytes(), 0);
}

#[test]
fn memory_that_is_given_back_in_the_middle_changes_nothing() {
    let (large, seen_large) = cases().remove(0);
    let (after, seen_after) = array_request(&[b"GET", b"after"]);
    let mut decoder = RequestDecoder::new(small_limits());
    let mut seen = Vec::new();
    for byte in [large, after].concat() {
        seen.extend(feed(&mut decoder, &[byte]).unwrap());
        decoder.shrink();
    }
    assert_eq!(seen, [seen_large, seen_after]);
    assert_eq!(decoder.held_bytes(), 0);
}

#[test]
fn a_name_that_no_command_has_is_not_kept() {
    let limits = RequestLimits {
        bulk_max_bytes: 100,
        ..small_limits()
    };
    let (bytes, _) = array_request(&[&[b'n'; 65], &[b'v'; 101]]);
    let excess = Excess::Argument {
        index: 1,
        bytes: 101,
        limit_bytes: 100,
    };
    assert_eq!(
        feed(&mut RequestDecoder::new(limits), &bytes),
        Ok(vec![too_large(None, excess)])
    );
    let (bytes, _) = array_request(&[&[b'n'; 64], &[b'v'; 101]]);
    let expected = too_large(Some(&[b'n'; 64]), excess);
    assert_eq!(
        feed(&mut RequestDecoder::new(limits), &bytes),
        Ok(vec![expected])
    );
}

#[test]
fn what_is_read_past_must_still_be_well_formed() {
    let mut decoder = RequestDecoder::new(small_limits());
    let unterminated = [&b"*1\r\n$20\r\n"[..], &[b'v'; 20], b"xx"].concat();
    assert_eq!(
        feed(&mut decoder, &unterminated),
        Err(ProtocolError::UnterminatedBulk)
    );
    let mut decoder = RequestDecoder::new(small_limits());
    let too_much = [&b"*2\r\n$20\r\n"[..], &[b'v'; 20], b"\r\n$1001\r\n"].concat();
    assert_eq!(
        feed(&mut decoder, &too_much),
        Err(ProtocolError::InvalidLength)
    );
}
