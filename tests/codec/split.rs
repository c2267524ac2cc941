//! Row 8: however a message is cut, it reads the same.

use proptest::prelude::*;
use triad::resp::{FrameDecoder, RequestDecoder, RequestLimits};

use crate::generate::{cases, pipeline, replies};
use crate::{feed, feed_borrowed, feed_reply};

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn requests_read_the_same_wherever_they_are_cut((bytes, expected) in pipeline()) {
        let mut decoder = RequestDecoder::new(RequestLimits::default());
        for at in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(at);
            let mut seen = feed(&mut decoder, head)?;
            seen.extend(feed(&mut decoder, tail)?);
            prop_assert_eq!(&seen, &expected, "cut at {}", at);
            prop_assert!(decoder.buffer().is_empty());
        }
    }

    #[test]
    fn replies_read_the_same_wherever_they_are_cut((_, bytes, expected) in replies()) {
        for feed in [feed_reply, feed_borrowed] {
            let mut decoder = FrameDecoder::new(1000);
            for at in 0..=bytes.len() {
                let (head, tail) = bytes.split_at(at);
                let mut seen = feed(&mut decoder, head)?;
                seen.extend(feed(&mut decoder, tail)?);
                prop_assert_eq!(&seen, &expected, "cut at {}", at);
                prop_assert!(decoder.buffer().is_empty());
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn requests_read_the_same_byte_by_byte((bytes, expected) in pipeline()) {
        let mut decoder = RequestDecoder::new(RequestLimits::default());
        let mut seen = Vec::new();
        for byte in bytes {
            seen.extend(feed(&mut decoder, &[byte])?);
        }
        prop_assert_eq!(seen, expected);
    }

    #[test]
    fn replies_read_the_same_byte_by_byte((_, bytes, expected) in replies()) {
        let mut decoder = FrameDecoder::new(1000);
        let mut seen = Vec::new();
        for byte in bytes {
            seen.extend(feed_reply(&mut decoder, &[byte])?);
        }
        prop_assert_eq!(seen, expected);
    }
}
