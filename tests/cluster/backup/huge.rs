//! A set that is too large to wait at its owner until it is whole.

use serde_json::{Value, json};
use triad::limits::PARTS_TOTAL_MAX_BYTES;
use triad::resp::Frame;

use super::{backup, flush, restore, told};
use crate::lab::contents::LATER;
use crate::lab::{Connection, Lab};

const MEMBER_BYTES: usize = 256 * 1024;
/// More than may wait.
const MEMBERS: usize = PARTS_TOTAL_MAX_BYTES / MEMBER_BYTES + 1;

fn is_whole(node: &mut Connection) -> bool {
    let members = i64::try_from(MEMBERS).unwrap();
    node.call(&["SCARD", "huge"]) == Frame::Integer(members)
        && node.call(&["PEXPIRETIME", "huge"]) == Frame::Integer(LATER)
}

/// Restores, when the node has nothing else to do any more: a debug build takes long for what is as large.
fn restore_calmly(lab: &Lab, owner: &mut Connection, arguments: &[&str]) -> (i32, Value) {
    assert_eq!(owner.call(&["SAVE"]), Frame::OK);
    restore(lab, "huge.backup", arguments)
}

#[test]
fn it_is_restored_and_compared() {
    let lab = Lab::started();
    let mut owner = lab.connect("android");
    let member = |number: usize| format!("{number:04}").repeat(MEMBER_BYTES / 4);
    for number in 0..MEMBERS {
        let added = owner.call(&["SADD", "huge", &member(number)]);
        assert_eq!(added, Frame::Integer(1));
    }
    owner.call(&["PEXPIREAT", "huge", &LATER.to_string()]);
    owner.call(&["SET", "small", "1"]);
    backup(&lab, "huge.backup");
    flush(&lab);
    let counts = |counts| (0, told(counts, &json!([])));
    assert_eq!(
        restore_calmly(&lab, &mut owner, &[]),
        counts([2, 0, 0, 0, 0, 0])
    );
    assert!(is_whole(&mut owner));
    // A part of it was restored before somebody interrupted that.
    owner.call(&["SREM", "huge", &member(7)]);
    let (one, document) = restore_calmly(&lab, &mut owner, &[]);
    assert_eq!(
        (one, &document["same"], &document["differing"]),
        (1, &json!(1), &json!(1))
    );
    assert_eq!(
        restore_calmly(&lab, &mut owner, &["--replace"]),
        counts([0, 1, 1, 0, 0, 0])
    );
    assert!(is_whole(&mut owner));
}
