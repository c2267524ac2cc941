//! What is encoded is decoded as what it was.

use proptest::prelude::*;
use triad::resp::{Frame, FrameDecoder, Protocol, RequestDecoder, RequestLimits, encode};

use crate::generate::{as_read, cases, frame};
use crate::{Seen, feed, feed_reply};

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn a_frame_comes_back_from_both_versions(frame in frame(6, 5)) {
        for protocol in [Protocol::Resp2, Protocol::Resp3] {
            let mut bytes = Vec::new();
            encode(&frame, protocol, &mut bytes);
            prop_assert!(bytes.len() <= frame.encoded_len_max());
            let seen = feed_reply(&mut FrameDecoder::new(1000), &bytes)?;
            prop_assert_eq!(seen, vec![as_read(frame.clone(), protocol)]);
        }
    }

    #[test]
    fn a_text_with_line_ends_is_one_frame_all_the_same(text in "[\r\na+-]{0,8}") {
        for frame in [Frame::simple(text.as_str()), Frame::error(text.as_str())] {
            let mut bytes = Vec::new();
            encode(&frame, Protocol::Resp3, &mut bytes);
            let seen = feed_reply(&mut FrameDecoder::new(1000), &bytes)?;
            prop_assert_eq!(seen.len(), 1);
        }
    }

    #[test]
    fn a_request_can_be_sent_on_as_it_came(args in prop::collection::vec(any::<Vec<u8>>(), 1..9)) {
        let slices: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
        let (bytes, _) = crate::array_request(&slices);
        let seen = feed(&mut RequestDecoder::new(RequestLimits::default()), &bytes)?;
        prop_assert_eq!(seen, vec![Seen::Request { args, raw: Some(bytes) }]);
    }
}

#[test]
fn what_only_other_servers_send_is_read_too() {
    let table: [(&[u8], Frame<'static>); 10] = [
        (b"*-1\r\n", Frame::Null),
        (b":+5\r\n", Frame::Integer(5)),
        (b",10\r\n", Frame::Double(10.0)),
        (b",1.5E+3\r\n", Frame::Double(1500.0)),
        (b"!8\r\nERR a\r\nb\r\n", Frame::error("ERR a\r\nb")),
        (b"|1\r\n+ttl\r\n:3600\r\n+hi\r\n", Frame::simple("hi")),
        (b"*2\r\n|1\r\n+a\r\n*0\r\n:1\r\n|0\r\n:2\r\n", {
            Frame::array([Frame::Integer(1), Frame::Integer(2)])
        }),
        (b"(+12\r\n", Frame::BigNumber("+12".into())),
        (b"+\xff\r\n", Frame::simple("\u{fffd}")),
        (b"$0\r\n\r\n", Frame::bulk(b"")),
    ];
    for (bytes, frame) in table {
        let seen = feed_reply(&mut FrameDecoder::new(100), bytes);
        assert_eq!(seen, Ok(vec![frame]), "{}", bytes.escape_ascii());
    }
    let nan = feed_reply(&mut FrameDecoder::new(100), b",nan\r\n,-nan\r\n").unwrap();
    assert!(
        nan.iter()
            .all(|frame| matches!(frame, Frame::Double(number) if number.is_nan()))
    );
}
