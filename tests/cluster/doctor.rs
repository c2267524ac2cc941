//! `client doctor`: each finding, brought about for real, with what is said to be done about it.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use triad::cluster::Cluster;
use triad::resp::Frame;

use crate::client::{document, said};
use crate::lab::connection::{bulk, error};
use crate::lab::fake::FakeNode;
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
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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
    assert_eq!(lines[6], "nothing is wrong, by 36 checks");
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
fn a_folder_that_was_copied_is_seen() {
    let mut lab = Lab::new();
    lab.start("linux");
    lab.stop("linux");
    // Files that somebody has copied and renamed.
    let snapshot = fs::read_to_string(lab.data("linux.json")).unwrap();
    fs::write(lab.data("mac.json"), snapshot.replace("linux", "mac")).unwrap();
    lab.start("linux");
    lab.start_with("mac", &["--accept-edits"]);
    lab.start("android");
    lab.wait_until_linked();
    assert_eq!(examine(&lab), (1, vec![finding("-", "copies", "problem")]));
    let shown = told(&lab);
    assert!(
        shown.contains("the files of linux and mac are copies of each other"),
        "{shown}"
    );
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

/// A node that tells what a test wants of itself.
struct Told {
    version: &'static str,
    ahead_us: i64,
    more: &'static str,
}

const AS_IT_SHOULD_BE: Told = Told {
    version: env!("CARGO_PKG_VERSION"),
    ahead_us: 0,
    more: "triad_disk_free_bytes:100000000000\r\ntriad_failure:none\r\n",
};

fn fake(lab: &Lab, name: &'static str, told: Told) -> FakeNode {
    let cluster = Cluster::load(&lab.cluster_file()).unwrap();
    let fingerprint = cluster.placement().fingerprint().to_owned();
    FakeNode::start(&cluster, name, move |words| {
        let first = words[0].to_ascii_uppercase();
        match &*first {
            b"PING" => Frame::Simple("PONG".into()),
            b"TIME" => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
                let now = i64::try_from(now.as_micros()).unwrap() + told.ahead_us;
                let parts = [now / 1_000_000, now % 1_000_000];
                Frame::Array(parts.map(|part| bulk(part.to_string())).to_vec())
            }
            b"INFO" => bulk(format!(
                "name:{name}\r\ntriad_version:{}\r\nfingerprint:{fingerprint}\r\nnode_id:{name}\r\n\
                 os:linux x86_64\r\n{}",
                told.version, told.more
            )),
            b"TRIAD" if words[1].eq_ignore_ascii_case(b"SELF") => Frame::Map(vec![
                (bulk("keys"), Frame::Integer(0)),
                (bulk("misplaced"), Frame::Integer(0)),
                (bulk("version"), bulk(told.version)),
            ]),
            b"TRIAD" => Frame::Array(Vec::new()),
            _ => Frame::OK,
        }
    })
}

/// A cluster of two nodes of our own and a third one that is what a test wants.
fn with_android(told: Told) -> (Lab, FakeNode) {
    let mut lab = Lab::new();
    let fake = fake(&lab, "android", told);
    lab.start("linux");
    lab.start("mac");
    lab.wait_until_linked();
    (lab, fake)
}

#[test]
fn another_version_is_warned_of() {
    let (lab, _fake) = with_android(Told {
        version: "9.9.9",
        ..AS_IT_SHOULD_BE
    });
    assert_eq!(
        examine(&lab),
        (1, vec![finding("android", "version", "warning")])
    );
    let shown = told(&lab);
    let expected = format!(
        "warning: android: its version is 9.9.9, that of this program {} install the same release on every \
         device: `cargo install --path . --root ~/.local`",
        env!("CARGO_PKG_VERSION")
    );
    assert!(shown.contains(&expected), "{shown}");
}

#[test]
fn clocks_that_differ_are_told_apart() {
    // One second is no matter.
    let (lab, fake_node) = with_android(Told {
        ahead_us: 1_000_000,
        ..AS_IT_SHOULD_BE
    });
    assert_eq!(examine(&lab), (0, Vec::new()));
    drop(fake_node);
    let (lab, _fake) = with_android(Told {
        ahead_us: -3_600_000_000,
        ..AS_IT_SHOULD_BE
    });
    assert_eq!(
        examine(&lab),
        (1, vec![finding("android", "clock", "warning")])
    );
    let shown = told(&lab);
    for part in [
        "warning: android: its clock is ",
        " s behind that of this device; keys that last for some time are gone by the clock of their node",
        "have its device take the time from the network: in Settings, System, Date & time",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    // This device alone is wrong, if all others agree.
    let lab = Lab::new();
    let _fakes = NAMES.map(|name| {
        fake(
            &lab,
            name,
            Told {
                ahead_us: 10_000_000,
                ..AS_IT_SHOULD_BE
            },
        )
    });
    assert_eq!(examine(&lab), (1, vec![finding("-", "clocks", "warning")]));
    assert!(told(&lab).contains("warning: the clock of this device is "));
    // Two that are wrong by less than it takes, in opposite directions.
    let lab = Lab::new();
    let _fakes = NAMES.map(|name| {
        let ahead_us = match name {
            "linux" => -1_500_000,
            "mac" => 1_500_000,
            _ => 0,
        };
        fake(
            &lab,
            name,
            Told {
                ahead_us,
                ..AS_IT_SHOULD_BE
            },
        )
    });
    assert_eq!(examine(&lab), (1, vec![finding("-", "clocks", "warning")]));
    assert!(told(&lab).contains("warning: the clock of mac is "));
}

#[test]
fn a_journal_that_no_snapshot_follows_is_warned_of() {
    let (lab, _fake) = with_android(Told {
        more: "triad_disk_free_bytes:100000000000\r\naof_current_size:200000000\r\n",
        ..AS_IT_SHOULD_BE
    });
    assert_eq!(
        examine(&lab),
        (1, vec![finding("android", "journal", "warning")])
    );
    let shown = told(&lab);
    let port = lab.address("android").port();
    assert!(
        shown.contains(&format!("`redis-cli -h 127.0.0.1 -p {port} save`")),
        "{shown}"
    );
}

#[test]
fn what_is_no_node_is_no_node() {
    let (lab, _fake) = with_android(Told {
        more: "",
        ..AS_IT_SHOULD_BE
    });
    // One that does not tell how much room there is.
    assert_eq!(
        examine(&lab),
        (1, vec![finding("android", "disk", "warning")])
    );
    let lab = Lab::new();
    let cluster = Cluster::load(&lab.cluster_file()).unwrap();
    let _fakes = NAMES.map(|name| FakeNode::start(&cluster, name, |_| Frame::Integer(7)));
    let (exit, found) = examine(&lab);
    assert_eq!((exit, found.len()), (3, 3));
    let shown = told(&lab);
    for part in [
        "is not understood: ",
        "another program seems to listen at 127.0.0.1:",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
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
