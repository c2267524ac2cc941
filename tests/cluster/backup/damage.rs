//! A backup that is damaged or cut off is refused, and nothing of it is restored.

use std::fs;

use triad::resp::Frame;

use super::{backup, flush};
use crate::client::refusal;
use crate::lab::Lab;

/// A cluster without keys, and a backup of three: `few`.
fn emptied() -> (Lab, Vec<u8>) {
    let lab = Lab::started();
    let mut linux = lab.connect("linux");
    for (key, value) in [("a", "1"), ("b", "2"), ("c", "3")] {
        linux.call(&["SET", key, value]);
    }
    backup(&lab, "few");
    flush(&lab);
    let content = fs::read(lab.folder().join("few")).unwrap();
    (lab, content)
}

/// What is said of a file with this content.
fn refused(lab: &Lab, content: &[u8]) -> String {
    fs::write(lab.folder().join("bad"), content).unwrap();
    let message = refusal(&lab.client(&["restore", "bad"]), 2);
    assert_eq!(lab.connect("mac").call(&["DBSIZE"]), Frame::Integer(0));
    let message = message
        .strip_prefix("error: bad: ")
        .expect("it names the file");
    let message = message.strip_suffix(". Nothing was restored\n");
    message.expect("it says what was done").to_owned()
}

#[test]
fn what_is_missing_is_noticed() {
    let (lab, content) = emptied();
    let lines: Vec<&[u8]> = content.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(lines.len(), 5);
    let without = |number: usize| {
        let mut lines = lines.clone();
        lines.remove(number);
        lines.concat()
    };
    assert_eq!(refused(&lab, b""), "the file is empty");
    assert_eq!(
        refused(&lab, &without(4)),
        "it ends after line 4, without the line that tells how many there are: the rest is missing"
    );
    assert_eq!(
        refused(&lab, &without(2)),
        "line 4: there are 2 entries, and the end says 3"
    );
    assert_eq!(
        refused(&lab, &without(0)),
        "line 1: this does not begin as a backup does; `client import` reads keys from other files"
    );
    let half = &content[..content.len() - lines[4].len() - 5];
    assert!(refused(&lab, half).starts_with("line 4: column "));
    let mut turned = lines.clone();
    turned.swap(1, 2);
    assert_eq!(
        refused(&lab, &turned.concat()),
        "line 5: the checksum over all is another"
    );
    let mut more = lines.clone();
    more.push(lines[1]);
    assert_eq!(
        refused(&lab, &more.concat()),
        "line 6: something stands behind the end"
    );
    let mut double = lines.clone();
    double.insert(1, lines[0]);
    assert!(refused(&lab, &double.concat()).starts_with("line 2: column 8: unknown field `triad`"));
}

#[test]
fn what_was_changed_is_noticed() {
    let (lab, content) = emptied();
    let content = String::from_utf8(content).unwrap();
    let changed = |from: &str, to: &str| {
        assert!(content.contains(from), "{content}");
        refused(&lab, content.replacen(from, to, 1).as_bytes())
    };
    let message = changed("\"value\":\"2\"", "\"value\":\"5\"");
    let parts = [
        "line ",
        "the entry with the key \"b\" has the checksum ",
        "but its content has",
    ];
    for part in parts {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(
        changed("\"name\":\"mac\"", "\"name\":\"mad\""),
        "line 1: the header is damaged: its checksum is another"
    );
    assert_eq!(
        changed("\"version\":1", "\"version\":2"),
        "line 1: this backup is of version 2, and this program knows version 1; use the program that made it, \
         or a newer one"
    );
    let message = changed("\"count\":3", "\"count\":4");
    assert_eq!(message, "line 5: there are 3 entries, and the end says 4");
}

#[test]
fn what_is_no_backup_is_told_so() {
    let (lab, content) = emptied();
    let advice =
        "line 1: this does not begin as a backup does; `client import` reads keys from other files";
    assert_eq!(refused(&lab, b"{\"a\":\"1\"}"), advice);
    let snapshot = fs::read(lab.data("linux.journal-1.jsonl")).unwrap();
    assert_eq!(refused(&lab, &snapshot), advice);
    let message = refusal(&lab.client(&["restore", "no-such"]), 2);
    let expected = "error: no-such: there is no such file; check the path. Nothing was restored\n";
    assert_eq!(message, expected);
    let message = refusal(&lab.client(&["restore", "-"]), 2);
    let expected =
        "error: standard input is no file: a backup is read twice, first to check all of it\n";
    assert_eq!(message, expected);
    // And the other way round.
    fs::write(lab.folder().join("a.backup"), content).unwrap();
    let message = refusal(&lab.client(&["import", "a.backup"]), 2);
    let expected = "error: a.backup: line 1: this is a backup; `client restore` reads it. Nothing was stored\n";
    assert_eq!(message, expected);
}
