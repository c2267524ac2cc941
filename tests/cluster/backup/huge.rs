//! A set that is too large to wait at its owner until it is whole.

use serde_json::{Value, json};
use triad::limits::PARTS_TOTAL_MAX_BYTES;
use triad::resp::Frame;

use super::{backup, flush, restore, told};
use crate::lab::contents::LATER;
use crate::lab::{Connection, Lab, require};

const MEMBER_BYTES: usize = 2000;
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
    if std::env::var("TRIAD_COUNTS").as_deref() != Ok("full") {
        let reason =
            "a set of more than 128 MiB takes a debug build minutes; TRIAD_COUNTS=full tries one";
        return require::skip("huge", reason);
    }
    let lab = Lab::started();
    let mut owner = lab.connect("android");
    let member = |number: usize| format!("{number:0MEMBER_BYTES$}");
    for some in (0..MEMBERS).collect::<Vec<_>>().chunks(500) {
        let members: Vec<_> = some.iter().map(|number| member(*number)).collect();
        let words = ["SADD", "huge"].into_iter();
        let words = words.chain(members.iter().map(String::as_str));
        let added = owner.call(&words.collect::<Vec<_>>());
        assert_eq!(added, Frame::Integer(i64::try_from(some.len()).unwrap()));
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
