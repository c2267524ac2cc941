//! A node whose address in the list leads to another node: what lies there is not taken for its own.

use std::fs;

use serde_json::json;

use crate::client::refusal;
use crate::lab::{Lab, Proxy, code, key_of, text};

#[test]
fn a_node_that_answers_in_the_place_of_another_is_refused_by_name() {
    let lab = Lab::started();
    let key = key_of("android", "k", 0);
    lab.connect("linux").call(&["SET", &key, "1"]);
    let list = [
        ("linux", json!({ "hash": "md5", "last_hex_digit": "even" })),
        ("mac", json!({ "hash": "sha1", "divisible_by": 3 })),
        ("android", json!("remainder")),
    ];
    // No two nodes of a list have one address.
    let detour = Proxy::to(lab.address("mac"));
    let mac = detour.address();
    lab.write_cluster_file("stale.json", &list, |name, address| match name {
        "android" => mac,
        _ => address,
    });
    let line = json!({ "key": key, "value": "2" });
    fs::write(lab.folder().join("keys.jsonl"), format!("{line}\n")).unwrap();
    let with_list = |arguments: &[&str]| {
        let arguments = [&["--cluster", "stale.json"], arguments].concat();
        lab.tool(env!("CARGO_BIN_EXE_client"))
            .args(arguments)
            .output()
            .unwrap()
    };
    let expected = format!(
        "error: the node at {mac} says that it is mac, not android; correct its address in stale.json\n"
    );
    for arguments in [
        &["backup", "all"][..],
        &["export", "all.json"],
        &["export", "all.json", "--node", "android"],
        &["keys", "--node", "android"],
        &["rehome"],
        &["--via", "android", "get", &key],
    ] {
        assert_eq!(refusal(&with_list(arguments), 4), expected, "{arguments:?}");
    }
    for file in ["all", "all.json"] {
        assert!(!lab.folder().join(file).exists(), "{file}");
    }
    // Keys that are sent to their owners are not sent to another.
    let imported = with_list(&["import", "keys.jsonl"]);
    assert_eq!(code(&imported), 4);
    let told = text(&imported.stderr);
    let told_of = format!("the node at {mac} says that it is mac, not android");
    assert!(told.contains(&told_of), "{told}");
    // Whatever is asked through a node that is itself goes on.
    assert_eq!(text(&with_list(&["get", &key]).stdout), "1");
    assert_eq!(code(&with_list(&["keys", "--node", "mac"])), 0);
}
