use proptest::prelude::*;

use super::*;

fn push(replies: &mut Replies, text: &str, seq: Seq) {
    replies.push(|out| out.extend_from_slice(text.as_bytes()));
    replies.gate_last(seq);
}

fn fill(replies: &mut Replies, ticket: Ticket, frame: &Frame<'_>, seq: Seq) -> usize {
    replies.fill(ticket, seq, |protocol, out| {
        resp::encode(frame, protocol, out);
    })
}

fn released(replies: &Replies, durable: Seq) -> String {
    String::from_utf8(replies.released(durable).to_vec()).unwrap()
}

/// A request that is not to be answered has its place in the window until its answer comes.
#[test]
fn a_reply_that_nobody_wants_leaves_nothing_but_its_place() {
    let mut replies = Replies::default();
    let unwanted = [replies.reserve(None), replies.reserve(None)];
    let wanted = replies.reserve(Protocol::Resp2);
    assert_eq!(replies.held(), 3);
    assert_eq!(fill(&mut replies, unwanted[1], &Frame::OK, 9), 0);
    assert_eq!(fill(&mut replies, wanted, &Frame::Integer(1), 0), 4);
    assert_eq!(released(&replies, 0), "");
    assert_eq!(fill(&mut replies, unwanted[0], &Frame::OK, 9), 0);
    // It waits for no write either.
    assert_eq!(released(&replies, 0), ":1\r\n");
    assert_eq!(replies.held(), 0);
    replies.consume(4, 0);
    assert!(replies.is_empty());
}

#[test]
fn a_later_reply_waits_for_an_earlier_one() {
    let mut replies = Replies::default();
    push(&mut replies, "a", 0);
    let first = replies.reserve(Protocol::Resp2);
    push(&mut replies, "b", 0);
    let second = replies.reserve(Protocol::Resp2);
    push(&mut replies, "c", 0);
    assert_eq!(released(&replies, 0), "a");
    assert_eq!(replies.unread_bytes(), 3);
    fill(&mut replies, second, &Frame::Integer(2), 0);
    assert_eq!(released(&replies, 0), "a");
    replies.consume(1, 0);
    fill(&mut replies, first, &Frame::Integer(1), 0);
    assert_eq!(released(&replies, 0), ":1\r\nb:2\r\nc");
    assert_eq!(replies.waiting(), 0);
    replies.consume(10, 0);
    assert!(replies.is_empty());
    assert_eq!(replies.unread_bytes(), 0);
}

#[test]
fn a_gated_reply_holds_back_what_follows() {
    let mut replies = Replies::default();
    push(&mut replies, "a", 0);
    push(&mut replies, "b", 5);
    push(&mut replies, "c", 0);
    push(&mut replies, "d", 7);
    assert_eq!(released(&replies, 4), "a");
    assert!(replies.is_gated(4));
    assert_eq!(released(&replies, 5), "abc");
    replies.consume(3, 5);
    assert_eq!(replies.held(), 1);
    assert_eq!(released(&replies, 7), "d");
    assert!(!replies.is_gated(7));
}

#[test]
fn a_read_of_an_older_write_does_not_hide_the_newer_one_before_it() {
    let mut replies = Replies::default();
    push(&mut replies, "set a", 5);
    push(&mut replies, "set b", 7);
    push(&mut replies, "get a", 5);
    assert_eq!(released(&replies, 5), "set a");
    replies.consume(5, 5);
    assert!(replies.is_gated(5));
    assert_eq!(released(&replies, 7), "set bget a");
}

#[test]
fn a_gate_keeps_its_place_when_it_leaves_the_queue() {
    let mut replies = Replies::default();
    let first = replies.reserve(Protocol::Resp2);
    push(&mut replies, "b", 9);
    push(&mut replies, "c", 0);
    fill(&mut replies, first, &Frame::Integer(1), 0);
    assert_eq!(released(&replies, 8), ":1\r\n");
    replies.consume(4, 8);
    replies.interject(b">", 8);
    assert_eq!(released(&replies, 8), ">");
    assert_eq!(released(&replies, 9), ">bc");
}

#[test]
fn replies_that_come_late_keep_no_memory_of_those_before_them() {
    let mut replies = Replies::default();
    let stuck = replies.reserve(Protocol::Resp2);
    let text = "x".repeat(1000);
    let mut tickets = VecDeque::new();
    for _ in 0..1000 {
        let ticket = replies.reserve(Protocol::Resp2);
        fill(&mut replies, ticket, &Frame::simple(text.as_str()), 0);
        tickets.push_back(replies.reserve(Protocol::Resp2));
    }
    assert_eq!(replies.waiting(), 1001);
    fill(&mut replies, stuck, &Frame::OK, 0);
    while let Some(ticket) = tickets.pop_front() {
        let unread = replies.unread_bytes();
        assert!(replies.later.len() <= 2 * unread + POOL_BUFFER_BYTES);
        let released = replies.released(0).len();
        replies.consume(released, 0);
        fill(&mut replies, ticket, &Frame::OK, 0);
    }
    let released = replies.released(0).len();
    replies.consume(released, 0);
    assert!(replies.is_empty());
    replies.renew();
    let kept = [replies.head.capacity(), replies.later.capacity()];
    assert!(kept.iter().all(|kept| *kept <= POOL_BUFFER_BYTES));
}

#[test]
fn what_will_never_be_durable_becomes_an_error_in_its_place() {
    let mut replies = Replies::default();
    push(&mut replies, "a", 1);
    push(&mut replies, "b", 2);
    push(&mut replies, "c", 0);
    let ticket = replies.reserve(Protocol::Resp2);
    push(&mut replies, "d", 3);
    replies.fail_undurable(1, &Frame::Error("X".into()), Protocol::Resp2);
    fill(&mut replies, ticket, &Frame::Integer(1), 0);
    assert_eq!(released(&replies, 1), "a-X\r\nc:1\r\n-X\r\n");
    assert_eq!(replies.held(), 0);
}

proptest! {
    /// However replies and their writes become known, they leave in order, and none too early.
    #[test]
    fn replies_leave_in_order_and_not_too_early(
        script in prop::collection::vec((0_u8..6, 0_u64..8, 1_usize..40), 0..120)
    ) {
        let mut replies = Replies::default();
        // Of each reply: its text if it is known, and the write that it waits for.
        let mut expected: Vec<(Option<String>, Seq)> = Vec::new();
        let mut tickets: Vec<(usize, Ticket)> = Vec::new();
        let (mut durable, mut left, mut written) = (0, String::new(), 0);
        for (action, seq, number) in script {
            let text = number.to_string().repeat(number);
            match action {
                0 | 1 => {
                    written += seq;
                    let gate = if seq > 3 && written > durable { written } else { 0 };
                    let encoded = format!("+{text}\r\n");
                    push(&mut replies, &encoded, gate);
                    expected.push((Some(encoded), gate));
                }
                2 => {
                    tickets.push((expected.len(), replies.reserve(Protocol::Resp2)));
                    expected.push((None, 0));
                }
                3 if !tickets.is_empty() => {
                    let (at, ticket) = tickets.remove(number % tickets.len());
                    let encoded = format!("+{text}\r\n");
                    let gate = if seq > 5 && written > durable { written } else { 0 };
                    let bytes = fill(&mut replies, ticket, &Frame::simple(text), gate);
                    prop_assert_eq!(bytes, encoded.len());
                    expected[at] = (Some(encoded), gate);
                }
                4 => durable = written.min(durable + seq),
                _ => {
                    let bytes = released(&replies, durable);
                    let count = bytes.len().min(number);
                    left.push_str(&bytes[..count]);
                    replies.consume(count, durable);
                }
            }
            let known = expected.iter().take_while(|(text, seq)| text.is_some() && *seq <= durable);
            let known: String = known.filter_map(|(text, _)| text.clone()).collect();
            prop_assert_eq!(left.clone() + &released(&replies, durable), known);
            prop_assert_eq!(replies.waiting(), tickets.len());
            let all: usize = expected.iter().flat_map(|(text, _)| text).map(String::len).sum();
            prop_assert_eq!(replies.unread_bytes(), all - left.len());
            prop_assert_eq!(
                replies.is_empty(),
                tickets.is_empty() && left.len() == all
            );
        }
    }
}
