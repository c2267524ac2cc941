//! The exit codes of the client beyond 0 and 1, and what is said with each.

use std::fs;

use triad::limits::KEY_MAX_BYTES;

use crate::client::refusal;
use crate::lab::{Lab, code, key_of, text};

#[test]
fn exit_code_2_is_wrong_usage() {
    let lab = Lab::started();
    let known = "there are linux, mac, android";
    let message = refusal(&lab.client(&["--via", "nobody", "status"]), 2);
    assert_eq!(
        message,
        format!("error: there is no node \"nobody\"; {known}\n")
    );
    let message = refusal(&lab.client(&["keys", "--node", "nobody"]), 2);
    assert_eq!(
        message,
        format!("error: there is no node \"nobody\"; {known}\n")
    );
    for arguments in [
        &["put"][..],
        &["get"],
        &["frobnicate"],
        &["get", "k", "--frobnicate"],
    ] {
        let message = refusal(&lab.client(arguments), 2);
        assert!(
            message.contains("client --help") || message.contains("'--help'"),
            "{message}"
        );
    }
    // A cluster file that is refused, as it was named.
    fs::write(lab.folder().join("bad.json"), "{\"nodes\": []}").unwrap();
    let message = refusal(&lab.client(&["--cluster", "bad.json", "status"]), 2);
    assert!(
        message.starts_with("error: bad.json: ") && message.contains("no nodes"),
        "{message}"
    );
    let message = refusal(&lab.client(&["--cluster", "none.json", "status"]), 2);
    assert!(
        message.starts_with("error: none.json: there is no such file"),
        "{message}"
    );
    // The menu needs somebody.
    let message = refusal(&lab.client(&[]), 2);
    assert!(
        message.starts_with("error: the menu needs a terminal"),
        "{message}"
    );
}

#[test]
fn exit_code_3_is_a_node_that_can_t_be_reached() {
    let mut lab = Lab::started();
    lab.lose("mac");
    let key = key_of("mac", "k", 0);
    let mac = format!("UNREACHABLE mac {}: ", lab.address("mac"));
    for arguments in [
        &["put", &key, "v"][..],
        &["get", &key],
        &["delete", &key],
        &["keys"],
    ] {
        let output = lab.client(arguments);
        assert_eq!(code(&output), 3, "{arguments:?}");
        let message = text(&output.stderr);
        assert!(
            message.starts_with("error: ") && message.contains(&mac),
            "{message}"
        );
    }
    for arguments in [&["keys", "--node", "mac"][..], &["rehome"]] {
        let message = refusal(&lab.client(arguments), 3);
        assert!(
            message.contains("mac") && message.contains("no node runs there"),
            "{message}"
        );
    }
    lab.lose("linux");
    lab.lose("android");
    let message = refusal(&lab.client(&["get", "k"]), 3);
    assert_eq!(message.lines().count(), 4, "{message}");
    assert!(
        message.starts_with("error: no node answers:\n  linux 127.0.0.1:"),
        "{message}"
    );
}

#[test]
fn exit_code_4_is_any_other_failure() {
    let lab = Lab::started();
    let message = refusal(&lab.client(&["get", &"k".repeat(KEY_MAX_BYTES + 1)]), 4);
    assert!(
        message.contains("the key has 65537 bytes; a key has at most 65536"),
        "{message}"
    );
}
