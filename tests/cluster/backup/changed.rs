//! Large sets that are deleted or overwritten while they are read.

use std::fs;
use std::io::Read as _;
use std::process::Stdio;

use serde_json::json;
use triad::limits::PART_BYTES;
use triad::resp::Frame;

use super::{flush, restore, told};
use crate::lab::{Connection, Lab};

const MEMBER_BYTES: usize = 10_000;
/// Many parts, of which neither a pipe nor a program on its way to one holds more than a few.
const MEMBERS: usize = 16 * PART_BYTES / MEMBER_BYTES;

fn fill(node: &mut Connection) {
    let members: Vec<_> = (0..MEMBERS)
        .map(|number| format!("{number:0MEMBER_BYTES$}"))
        .collect();
    for some in members.chunks(100) {
        let words = ["SADD", "large"].into_iter();
        let words = words.chain(some.iter().map(String::as_str));
        node.call(&words.collect::<Vec<_>>());
    }
}

/// What a tool writes with these arguments, if `change` is called when it has written a part of the set. Whether
/// it did well, and what it says.
fn written(lab: &Lab, arguments: &[&str], change: impl FnOnce()) -> (bool, Vec<u8>, String) {
    let mut client = lab.tool(env!("CARGO_BIN_EXE_client"));
    let client = client.args(arguments).stdout(Stdio::piped());
    let mut client = client.stderr(Stdio::piped()).spawn().unwrap();
    let mut from = client.stdout.take().unwrap();
    let mut content = vec![0; PART_BYTES / 2];
    from.read_exact(&mut content).unwrap();
    change();
    from.read_to_end(&mut content).unwrap();
    let mut message = String::new();
    let mut errors = client.stderr.take().unwrap();
    errors.read_to_string(&mut message).unwrap();
    (client.wait().unwrap().success(), content, message)
}

#[test]
fn a_set_that_becomes_another_while_it_is_backed_up_is_not_restored_in_part() {
    let lab = Lab::started();
    let mut node = lab.connect("linux");
    let changes: [(&[&[&str]], [u64; 6]); 3] = [
        (&[&["DEL", "large"]], [0, 0, 0, 1, 0, 0]),
        (&[&["SET", "large", "new"]], [1, 0, 0, 0, 0, 0]),
        (
            // Between the two nobody may look: then it would be gone.
            &[
                &["MULTI"],
                &["DEL", "large"],
                &["SET", "large", "new", "PXAT", "4102444800123"],
                &["EXEC"],
            ],
            [1, 0, 0, 0, 0, 0],
        ),
    ];
    for (change, counts) in changes {
        node.call(&["DEL", "large"]);
        fill(&mut node);
        let (is_well, content, message) = written(&lab, &["backup", "-"], || {
            for words in change {
                node.call(words);
            }
        });
        assert!(is_well, "{message}");
        fs::write(lab.folder().join("all.backup"), content).unwrap();
        let now = [
            node.call(&["TYPE", "large"]),
            node.call(&["PEXPIRETIME", "large"]),
        ];
        flush(&lab);
        assert_eq!(
            restore(&lab, "all.backup", &[]),
            (0, told(counts, &json!([])))
        );
        let then = [
            node.call(&["TYPE", "large"]),
            node.call(&["PEXPIRETIME", "large"]),
        ];
        assert_eq!(now, then);
        let value = node.call(&["GET", "large"]);
        let is_there = counts[0] == 1;
        assert_eq!(
            value,
            if is_there {
                Frame::bulk(b"new".to_vec())
            } else {
                Frame::Null
            }
        );
    }
}

#[test]
fn an_export_of_a_set_that_becomes_another_ends_with_an_error() {
    let lab = Lab::started();
    let mut node = lab.connect("linux");
    fill(&mut node);
    let (is_well, _, message) = written(&lab, &["export", "-"], || {
        node.call(&["SET", "large", "new"]);
    });
    assert!(!is_well);
    let expected = "error: large was deleted or overwritten while it was read; run it again\n";
    assert_eq!(message, expected);
}
