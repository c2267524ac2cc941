//! `client doctor`: each finding, brought about for real, with what is said to be done about it.

mod fakes;

use std::path::Path;

use serde_json::{Value, json};
use triad::resp::Frame;

use crate::client::{document, said};
use crate::lab::connection::error;
use crate::lab::{Lab, NAMES, code, key_of, text};
use crate::small_disk::SmallDisk;

/// The checks that did not end well: node, check, result.
fn findings(document: &Value) -> Vec<(String, String, String)> {
    let checks = document["checks"].as_array().unwrap().iter();
    let found = checks.filter(|check| check["result"] != "ok");
    let words = |check: &Value| {
        let word = |name: &str| check[name].as_str().unwrap_or("-").to_owned();
        assert!(
            !word("detail").is_empty() && word("action") != "-",
            "{check}"
        );
        (word("node"), word("check"), word("result"))
    };
    found.map(words).collect()
}

fn finding(node: &str, check: &str, result: &str) -> (String, String, String) {
    (node.to_owned(), check.to_owned(), result.to_owned())
}

/// Exit code and findings.
fn examine(lab: &Lab) -> (i32, Vec<(String, String, String)>) {
    let (exit, document) = document(&lab.client(&["--json", "doctor"]));
    let found = findings(&document);
    let result = ["problem", "warning", "ok"]
        .into_iter()
        .find(|result| *result == "ok" || found.iter().any(|(_, _, found)| found == result));
    assert_eq!(document["result"].as_str(), result);
    (exit, found)
}

/// What is said to people, with breaks between words undone.
fn told(lab: &Lab) -> String {
    let output = lab.client(&["doctor"]);
    let text = text(&output.stdout);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let words = text.split_whitespace().filter(|word| *word != "→");
    words.collect::<Vec<_>>().join(" ")
}

fn list() -> [(&'static str, Value); 3] {
    [
        ("linux", json!({ "hash": "md5", "last_hex_digit": "even" })),
        ("mac", json!({ "hash": "sha1", "divisible_by": 3 })),
        ("android", json!("remainder")),
    ]
}

#[test]
fn a_cluster_that_is_well_has_no_findings() {
    let lab = Lab::started();
    assert_eq!(examine(&lab), (0, Vec::new()));
    let (exit, shown, stderr) = said(&lab.client(&["doctor"]));
    assert_eq!((exit, stderr), (0, String::new()), "{shown}");
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines.len(), 7, "{shown}");
    assert!(
        lines[0].starts_with("node ") && lines[0].ends_with("  state"),
        "{shown}"
    );
    for (line, name) in lines[2..].iter().zip(NAMES) {
        assert!(line.starts_with(name) && line.ends_with("  ok"), "{shown}");
    }
    assert_eq!(lines[6], "nothing is wrong, by 35 checks");
}

#[test]
fn nodes_that_can_t_be_reached_are_to_be_started_or_woken() {
    let mut lab = Lab::started();
    lab.lose("mac");
    assert_eq!(
        examine(&lab),
        (3, vec![finding("mac", "reachable", "problem")])
    );
    let shown = told(&lab);
    let address = lab.address("mac");
    let file = lab.cluster_file();
    let expected = format!(
        "problem: mac: it can't be reached at {address}: no node runs there (connection refused); start it \
         start it on its device: `mac-node --cluster {}` 1 problem",
        file.display()
    );
    assert!(shown.ends_with(&expected), "{shown}");
    assert!(shown.contains(" mac ? ? ? ? ? ? DOWN "), "{shown}");

    lab.start("mac");
    lab.wait_until_linked();
    lab.pause("android");
    // The others may have noticed it as well, which is no finding of theirs.
    assert_eq!(
        examine(&lab),
        (3, vec![finding("android", "reachable", "problem")])
    );
    let shown = told(&lab);
    assert!(
        shown.contains(
            "no answer within 3 s: the device may be asleep or off the network wake its device and bring it \
             into the network, on Android by opening Termux and typing `termux-wake-lock`; `ping 127.0.0.1` \
             tells whether it answers"
        ),
        "{shown}"
    );
    lab.resume("android");
    for name in NAMES {
        lab.kill(name);
    }
    let (exit, found) = examine(&lab);
    assert_eq!((exit, found.len()), (3, 3));
}

#[test]
fn a_node_with_another_list_is_named() {
    let mut lab = Lab::new();
    let [linux, mac, android] = list();
    let other = lab.write_cluster_file("other.json", &[mac, linux, android], |_, address| address);
    lab.start("linux");
    lab.start("android");
    lab.start_with_cluster("mac", &other);
    assert_eq!(examine(&lab), (1, vec![finding("mac", "rules", "problem")]));
    let shown = told(&lab);
    let file = lab.cluster_file().display().to_string();
    for part in [
        &format!("problem: mac: its list of nodes and rules is not that of {file}"),
        &format!("`mac-node --cluster {file}`; then `client --cluster {file} rehome`"),
    ] {
        assert!(shown.contains(part), "{shown}");
    }
}

#[test]
fn addresses_that_are_mixed_up_are_seen() {
    let lab = Lab::started();
    let mixed = lab.write_cluster_file("mixed.json", &list(), |name, _| {
        lab.address(match name {
            "linux" => "mac",
            "mac" => "linux",
            other => other,
        })
    });
    let output = lab.client(&["--json", "doctor", "--cluster", mixed.to_str().unwrap()]);
    let (exit, document) = document(&output);
    let strangers = [("linux", "mac"), ("mac", "linux")];
    assert_eq!(exit, 1);
    assert_eq!(
        findings(&document),
        strangers.map(|(node, _)| finding(node, "name", "problem"))
    );
    for (node, answers) in strangers {
        let detail = format!(
            "the node at {} says that it is {answers}",
            lab.address(answers)
        );
        assert!(document.to_string().contains(&detail), "{node}: {document}");
    }
}

#[test]
fn keys_of_other_nodes_are_to_be_rehomed() {
    let mut lab = Lab::started();
    let mut linux = lab.connect("linux");
    for n in 0..4 {
        linux.call(&["SET", &key_of("linux", "k", n), "v"]);
    }
    for name in NAMES {
        lab.stop(name);
    }
    // The two rules change places, so that some keys change owners.
    let [(_, linux), (_, mac), android] = list();
    lab.write_cluster_file(
        "cluster.json",
        &[("linux", mac), ("mac", linux), android],
        |_, address| address,
    );
    lab.start_all();
    let misplaced = lab.connect("linux").info("misplaced");
    assert!(misplaced > 0, "none of four keys has another owner");
    assert_eq!(
        examine(&lab),
        (1, vec![finding("linux", "misplaced", "problem")])
    );
    let shown = told(&lab);
    let file = lab.cluster_file().display().to_string();
    assert!(
        shown.contains(&format!(
            "send them to their owners: `client --cluster {file} rehome`"
        )),
        "{shown}"
    );
    assert_eq!(code(&lab.client(&["rehome"])), 0);
    assert_eq!(examine(&lab), (0, Vec::new()));
}

#[test]
fn rules_that_leave_a_node_nothing_are_warned_of() {
    let mut lab = Lab::with_rules(&[
        ("linux", json!({ "hash": "md5", "last_hex_digit": "even" })),
        ("mac", json!({ "hash": "md5", "divisible_by": 2 })),
        ("android", json!("remainder")),
    ]);
    lab.start_all();
    assert_eq!(
        examine(&lab),
        (1, vec![finding("-", "cluster_file", "warning")])
    );
    let shown = told(&lab);
    assert!(
        shown.contains("warning: mac (MD5 divisible by 2) can never own a key: "),
        "{shown}"
    );
}

/// A node that owns every key, with its files on a small disk.
fn alone(disk: &SmallDisk) -> Lab {
    let mut lab = Lab::with_rules(&[("linux", json!("remainder"))]);
    start_on(&mut lab, disk.path());
    lab
}

fn start_on(lab: &mut Lab, disk: &Path) {
    let data = disk.join("data").display().to_string();
    lab.start_with("linux", &["--data", &data]);
}

#[test]
fn a_disk_that_fills_up_is_told_before_writes_end_and_after() {
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    let mut lab = alone(&disk);
    // Eight MiB in all.
    assert_eq!(
        examine(&lab),
        (1, vec![finding("linux", "disk", "warning")])
    );
    let shown = told(&lab);
    for part in [
        " of 8.00 MiB are free",
        "it should have 64.00 MiB for its journal",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    let mut client = lab.connect("linux");
    let value = "x".repeat(20_000);
    for n in 0..40 {
        assert_eq!(client.call(&["SET", &format!("k{n}"), &value]), Frame::OK);
    }
    // Too little for a snapshot.
    disk.fill(400 * 1024);
    error(&client.call(&["SAVE"]));
    // What was asked a second ago counts for a second.
    let full = [
        finding("linux", "snapshots", "warning"),
        finding("linux", "disk", "problem"),
    ];
    crate::lab::eventually("the room is asked for again", || {
        examine(&lab) == (1, full.to_vec())
    });
    let shown = told(&lab);
    for part in [
        "its last snapshot went wrong: could not write ",
        "there is no room for the next snapshot",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    // No writes any more.
    let mut n = 0;
    while client.call(&["SET", &format!("more{n}"), &value]) == Frame::OK {
        n += 1;
    }
    let (exit, found) = examine(&lab);
    assert_eq!(exit, 1);
    assert_eq!(found[0], finding("linux", "writes", "problem"));
    let shown = told(&lab);
    assert!(
        shown.contains("problem: linux: it takes no writes any more: could not write "),
        "{shown}"
    );
    disk.clear();
    lab.kill("linux");
    start_on(&mut lab, disk.path());
    assert_eq!(lab.connect("linux").call(&["SAVE"]), Frame::OK);
    assert_eq!(
        examine(&lab),
        (1, vec![finding("linux", "disk", "warning")])
    );
}

#[test]
fn a_node_that_does_not_reach_another_one_is_named() {
    let mut lab = Lab::new();
    let proxy = crate::lab::Proxy::to(lab.address("mac"));
    proxy.cut();
    lab.start_through("linux", &[("mac", &proxy)]);
    lab.start("mac");
    lab.start("android");
    let (exit, found) = examine(&lab);
    assert_eq!(
        (exit, found),
        (1, vec![finding("linux", "links", "problem")])
    );
    let shown = told(&lab);
    let port = lab.address("mac").port();
    for part in [
        "problem: linux: it does not reach mac: UNREACHABLE mac ",
        &format!("see on the device of linux whether mac answers there: `nc -z 127.0.0.1 {port}`"),
    ] {
        assert!(shown.contains(part), "{shown}");
    }
}
