use super::super::super::outbox::AllReplies;
use super::*;
use crate::limits::CHANNEL_MAX_BYTES;

fn subscriber(id: u64) -> Rc<Subscriber> {
    let outbox = Rc::new(Outbox::new(Rc::new(AllReplies::new())));
    Rc::new(Subscriber::new(id, outbox, Protocol::Resp2))
}

#[test]
fn who_is_subscribed_twice_over_is_told_for_each_and_once_for_one() {
    let registry = Registry::default();
    let (one, other) = (subscriber(1), subscriber(2));
    for _ in 0..2 {
        registry.subscribe(&one, Topic::Channel, b"news");
        registry.subscribe(&one, Topic::Pattern, b"n*");
        registry.subscribe(&one, Topic::Pattern, b"*s");
        registry.subscribe(&other, Topic::Pattern, b"old*");
    }
    assert_eq!(registry.publish(b"news", b"text"), 3);
    assert_eq!(registry.publish(b"olds", b"text"), 2);
    assert_eq!(registry.publish(b"else", b"text"), 0);
    assert_eq!(registry.patterns(), 3);
    assert_eq!((one.total(), other.total()), (3, 1));
}

#[test]
fn who_leaves_leaves_nothing_behind() {
    let registry = Registry::default();
    let all: Vec<_> = (0..10).rev().map(subscriber).collect();
    for subscriber in &all {
        registry.subscribe(subscriber, Topic::Channel, b"__keyspace@0__:k");
        registry.subscribe(subscriber, Topic::Pattern, b"*");
        registry.subscribe(subscriber, Topic::Pattern, b"news");
    }
    assert!(registry.is_about_keys());
    assert_eq!(registry.publish(b"news", b""), 20);
    for subscriber in &all {
        registry.unsubscribe(subscriber, Topic::Pattern, b"nobody's");
        registry.leave(subscriber);
        registry.leave(subscriber);
        assert_eq!(subscriber.total(), 0);
    }
    assert!(!registry.is_about_keys());
    assert_eq!(registry.bytes.get(), 0);
    assert!(registry.channels.borrow().is_empty() && registry.patterns.borrow().is_empty());
}

#[test]
fn a_connection_has_no_more_subscriptions_than_it_may() {
    let registry = Registry::default();
    let one = subscriber(1);
    registry.subscribe(&one, Topic::Pattern, b"p");
    let room = |count: usize| registry.check_room(&one, vec![&b"name"[..]; count].into_iter());
    assert!(room(SUBSCRIPTIONS_MAX - 1).is_ok());
    assert!(room(SUBSCRIPTIONS_MAX).is_err());
}

#[test]
fn the_longest_names_do_not_take_all_memory() {
    let registry = Registry::default();
    let mut fit = 0;
    loop {
        let one = subscriber(fit);
        let name = [&fit.to_be_bytes()[..], &vec![0; CHANNEL_MAX_BYTES - 8]].concat();
        if registry.check_room(&one, [&name[..]].into_iter()).is_err() {
            break;
        }
        registry.subscribe(&one, Topic::Channel, &name);
        fit += 1;
    }
    assert!(fit >= 1000);
    assert!(registry.bytes.get() <= SUBSCRIPTIONS_MAX_BYTES);
}
