//! Histories made by hand: what is right is let pass, and each thing that must not be is found.

use super::Change::{Delete, Set};
use super::{Change, Fault, History, NOBODYS, Position, Violation};

/// One key.
const KEY: usize = 0;

fn acknowledged(changes: &[Change]) -> History {
    let mut history = History::new(1);
    for change in changes {
        let position = history.issue(KEY, *change);
        history.acknowledge(KEY, position);
    }
    history
}

/// A read that begins and ends with nothing in between.
fn read(history: &mut History, found: Option<Position>) -> Result<(), Violation> {
    let began = history.begin_read(KEY);
    history.end_read(KEY, began, found)
}

#[track_caller]
fn assert_found(result: Result<(), Violation>, fault: Fault) {
    let violation = result.expect_err("it was let pass");
    assert_eq!(violation.fault, fault, "{violation}");
}

#[test]
fn a_read_shows_the_last_acknowledged_operation_or_a_later_one() {
    let mut history = acknowledged(&[Set, Set]);
    history.issue(KEY, Set);
    read(&mut history, Some(2)).unwrap();
    read(&mut history, Some(3)).unwrap();
    history.settle(KEY, Some(3)).unwrap();
    history.issue(KEY, Delete);
    read(&mut history, Some(3)).unwrap();
    read(&mut history, None).unwrap();
    history.settle(KEY, None).unwrap();
    assert_eq!(history.present().count(), 0);
}

#[test]
fn a_key_that_was_never_written_is_absent() {
    let mut history = History::new(1);
    read(&mut history, None).unwrap();
    history.settle(KEY, None).unwrap();
    history.issue(KEY, Set);
    read(&mut history, None).unwrap();
    history.settle(KEY, Some(1)).unwrap();
    assert_eq!(history.present().collect::<Vec<_>>(), [KEY]);
}

#[test]
fn a_read_that_began_before_an_acknowledgement_may_show_what_was_there_before() {
    let mut history = acknowledged(&[Set]);
    let began = history.begin_read(KEY);
    let second = history.issue(KEY, Set);
    history.acknowledge(KEY, second);
    history.end_read(KEY, began, Some(1)).unwrap();
    // And it does not make the other ones forget the acknowledgement.
    assert_found(read(&mut history, Some(1)), Fault::Lost);
}

#[test]
fn a_lost_acknowledged_write_is_found() {
    assert_found(acknowledged(&[Set, Set]).settle(KEY, Some(1)), Fault::Lost);
    assert_found(acknowledged(&[Set]).settle(KEY, None), Fault::Lost);
    assert_found(read(&mut acknowledged(&[Set]), None), Fault::Lost);
    let mut settled = acknowledged(&[Set, Set]);
    settled.settle(KEY, Some(2)).unwrap();
    assert_found(settled.settle(KEY, Some(1)), Fault::Lost);
    assert_found(settled.settle(KEY, None), Fault::Lost);
}

#[test]
fn a_dirty_read_is_found() {
    let mut history = acknowledged(&[Set]);
    history.issue(KEY, Set);
    read(&mut history, Some(2)).unwrap();
    assert_found(read(&mut history, Some(1)), Fault::Dirty);
    assert_found(history.settle(KEY, Some(1)), Fault::Dirty);
    assert_found(history.settle(KEY, None), Fault::Dirty);
    history.settle(KEY, Some(2)).unwrap();
}

#[test]
fn what_an_earlier_check_has_seen_must_remain_so() {
    let mut history = acknowledged(&[Set]);
    history.issue(KEY, Set);
    history.settle(KEY, Some(2)).unwrap();
    assert_found(history.settle(KEY, Some(1)), Fault::Dirty);

    let mut history = acknowledged(&[Set]);
    history.issue(KEY, Set);
    history.settle(KEY, Some(1)).unwrap();
    assert_found(history.settle(KEY, Some(2)), Fault::NotDone);
}

#[test]
fn a_deleted_key_that_returns_is_found() {
    assert_found(
        acknowledged(&[Set, Delete]).settle(KEY, Some(1)),
        Fault::Returned,
    );
    let mut history = acknowledged(&[Set]);
    history.issue(KEY, Delete);
    read(&mut history, None).unwrap();
    assert_found(read(&mut history, Some(1)), Fault::Returned);
    history.settle(KEY, None).unwrap();
    assert_found(history.settle(KEY, Some(1)), Fault::Returned);
}

#[test]
fn of_two_deletions_the_first_may_be_the_one_that_was_seen() {
    let mut history = acknowledged(&[Set]);
    for change in [Delete, Set, Delete] {
        history.issue(KEY, change);
    }
    read(&mut history, None).unwrap();
    read(&mut history, Some(3)).unwrap();
    assert_found(read(&mut history, Some(1)), Fault::Dirty);
    history.settle(KEY, None).unwrap();
}

#[test]
fn a_value_that_nobody_wrote_is_found() {
    let mut history = acknowledged(&[Set, Delete]);
    for never in [NOBODYS, 2, 3, 1000] {
        assert_found(read(&mut history, Some(never)), Fault::Invented);
    }
    let mut history = History::new(1);
    assert_found(read(&mut history, Some(1)), Fault::Invented);
}

#[test]
fn an_operation_that_was_refused_and_yet_done_is_found() {
    let mut history = acknowledged(&[Set]);
    let refused = history.issue(KEY, Set);
    history.refuse(KEY, refused).unwrap();
    assert_found(read(&mut history, Some(refused)), Fault::NotDone);
    history.settle(KEY, Some(1)).unwrap();

    let mut history = acknowledged(&[Set, Delete]);
    let refused = history.issue(KEY, Set);
    history.refuse(KEY, refused).unwrap();
    assert_found(history.settle(KEY, Some(refused)), Fault::NotDone);

    // The refusal comes after it was seen.
    let mut history = acknowledged(&[Set]);
    let refused = history.issue(KEY, Set);
    read(&mut history, Some(refused)).unwrap();
    assert_found(history.refuse(KEY, refused), Fault::NotDone);

    let mut history = acknowledged(&[Set]);
    let refused = history.issue(KEY, Delete);
    read(&mut history, None).unwrap();
    history.refuse(KEY, refused).unwrap();
    assert_found(history.settle(KEY, None), Fault::NotDone);
}
