//! `keygen`: what it prints, what it leaves behind, and that it finds the faults that it is there to
//! find.

mod breaking_off;
mod files;
mod verify;

use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;

use serde_json::Value;
use triad::cluster::Cluster;
use triad::coverage::KeySpace;
use triad::placement::Placement;
use triad::resp::Frame;

use crate::lab::connection::bulk;
use crate::lab::fake::FakeNode;
use crate::lab::{Lab, NAMES, code, eventually, key_of, text};

/// The keys of a test with this seed, of which none was taken.
fn keys_of(seed: u64, length: usize, count: u128) -> Vec<String> {
    let space = KeySpace::new(length, seed);
    (0..count).map(|index| space.key(index).unwrap()).collect()
}

/// How many of `keys` the default rules give to each node, in the order of the list.
fn shares_of(keys: &[String]) -> [usize; 3] {
    let placement = Placement::built_in();
    let mut shares = [0; 3];
    for key in keys {
        shares[placement.owner(key.as_bytes()).as_usize()] += 1;
    }
    shares
}

/// All keys that are stored.
fn stored_keys(lab: &Lab) -> BTreeSet<String> {
    let Frame::Array(keys) = lab.connect("linux").call(&["KEYS", "*"]) else {
        panic!("no keys")
    };
    let keys = keys.iter().map(|key| text(key.as_bytes().unwrap()));
    keys.collect()
}

/// The figures of the document that `keygen --json` prints: what is the same in each run.
fn figures(figures: [usize; 5], unreachable: &str, keys: [usize; 3], ok: bool) -> String {
    let [offered, stored, duplicates, misplaced, unread] = figures;
    let [linux, mac, android] = keys;
    format!(
        "{{\"keys\":{offered},\"stored\":{stored},\"duplicates\":{duplicates},\
         \"misplaced\":{misplaced},\"unread\":{unread},\"unreachable\":[{unreachable}],\"nodes\":[\
         {{\"name\":\"linux\",\"rule\":\"MD5 ends in an even hex digit\",\"expected_share\":0.5,\"keys\":{linux}}},\
         {{\"name\":\"mac\",\"rule\":\"SHA-1 divisible by 3\",\"expected_share\":0.16666666666666666,\"keys\":{mac}}},\
         {{\"name\":\"android\",\"rule\":\"the remainder\",\"expected_share\":0.3333333333333333,\"keys\":{android}}}\
         ],\"ok\":{ok}"
    )
}

/// These figures in a document, which is one line.
fn figures_in(document: &[u8]) -> String {
    let document = text(document);
    assert!(
        serde_json::from_str::<Value>(&document).is_ok(),
        "{document}"
    );
    assert!(document.ends_with("}\n"), "{document}");
    let (figures, _) = document.split_once(",\"chi_squared\":").unwrap();
    figures.to_owned()
}

#[test]
fn a_table_a_verdict_and_exit_code_0() {
    let lab = Lab::started();
    let output = lab.keygen(&["--seed", "5"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let [linux, mac, android] = shares_of(&keys_of(5, 16, 100));
    let screen = text(&output.stdout);
    let expected = format!(
        "\
node     rule                           expected   share  keys
──────────────────────────────────────────────────────────────
linux    MD5 ends in an even hex digit    50.0 %  {linux:>2}.0 %  {linux:>4}
mac      SHA-1 divisible by 3             16.7 %  {mac:>2}.0 %  {mac:>4}
android  the remainder                    33.3 %  {android:>2}.0 %  {android:>4}

coverage is complete
  offered to every node            100
  stored                           100
  stored on several nodes            0
  stored on a wrong node             0
  not read through every node        0

the shares differ from the rules' by "
    );
    assert!(screen.starts_with(&expected), "{screen}");
    assert!(screen.contains("\nnode       offer p50"), "{screen}");
    assert!(screen.contains("\n100 keys in "), "{screen}");
    assert!(
        screen.contains("\n\nThe keys stay. To remove them:\n"),
        "{screen}"
    );
    assert!(
        screen
            .lines()
            .rev()
            .skip(1)
            .all(|line| line.chars().count() <= 80)
    );
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn the_document_is_what_scripts_rely_on() {
    let lab = Lab::started();
    let output = lab.keygen(&["--json", "--seed", "5"]);
    let expected = figures(
        [100, 100, 0, 0, 0],
        "",
        shares_of(&keys_of(5, 16, 100)),
        true,
    );
    assert_eq!(
        (
            code(&output),
            figures_in(&output.stdout),
            text(&output.stderr)
        ),
        (0, expected, String::new())
    );
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (field, value) in [("seed", 5), ("length", 16), ("requests", 600), ("lanes", 1)] {
        assert_eq!(document[field], value, "{field}");
    }
    for kind in ["offers", "reads"] {
        let latencies = &document["latencies"];
        let all = &latencies[kind];
        assert_eq!(all["requests"], 300);
        assert!(all["p50_us"].as_u64() <= all["p99_us"].as_u64());
        assert!(all["p99_us"].as_u64() <= all["max_us"].as_u64());
        assert!(all["p50_us"].as_u64().unwrap() > 0);
        for (node, name) in NAMES.into_iter().enumerate() {
            assert_eq!(latencies["nodes"][node]["name"], name);
            assert_eq!(latencies["nodes"][node][kind]["requests"], 100);
        }
    }
    // Without a seed somebody who does not keep the document could not name the keys again.
    let output = lab.keygen(&["--json"]);
    assert_eq!(code(&output), 0);
    assert!(text(&output.stderr).contains("To remove them: "));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["ok"], true);
}

#[test]
fn a_seed_gives_the_same_keys_again() {
    let lab = Lab::started();
    let first = lab.keygen(&["--json", "--seed", "7", "--count", "300"]);
    assert_eq!(code(&first), 0, "{}", text(&first.stderr));
    let keys: BTreeSet<_> = keys_of(7, 16, 300).into_iter().collect();
    assert_eq!(stored_keys(&lab), keys);
    let again = lab.keygen(&["--json", "--seed", "7", "--count", "300"]);
    assert_eq!(code(&again), 0, "{}", text(&again.stderr));
    assert_eq!(figures_in(&again.stdout), figures_in(&first.stdout));
    assert_eq!(stored_keys(&lab), keys);
    let other = lab.keygen(&["--seed", "8", "--count", "300"]);
    assert_eq!(code(&other), 0);
    assert_eq!(stored_keys(&lab).len(), 600);
}

#[test]
fn clean_leaves_the_cluster_as_it_was() {
    let lab = Lab::started();
    // One of somebody's keys is among those that will be drawn.
    let drawn = keys_of(3, 16, 400);
    let others = ["mine".to_owned(), drawn[17].clone(), drawn[399].clone()];
    let mut linux = lab.connect("linux");
    let (set, members) = (&drawn[40], ["their member"]);
    assert_eq!(linux.call(&["SADD", set, members[0]]), Frame::Integer(1));
    for key in &others {
        assert_eq!(linux.call(&["SET", key, "their value"]), Frame::OK);
    }
    let output = lab.keygen(&["--seed", "3", "--count", "390", "--clean"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    assert!(text(&output.stdout).ends_with("\nThe keys are deleted again.\n"));
    let all = others.iter().chain([set]);
    assert_eq!(stored_keys(&lab), all.cloned().collect());
    let found = linux.call(&["SMEMBERS", set]);
    assert_eq!(found, Frame::Array(members.map(bulk).into()));
    for key in &others {
        assert_eq!(linux.call(&["GET", key]), bulk("their value"));
    }
}

#[test]
fn the_command_that_is_printed_removes_the_keys() {
    let lab = Lab::started();
    let file = "it's my cluster.json";
    fs::copy(lab.cluster_file(), lab.folder().join(file)).unwrap();
    let arguments = ["--cluster", file, "--count", "20", "--length", "7"];
    let output = lab.keygen(&arguments);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    assert_eq!(lab.connect("mac").call(&["DBSIZE"]), Frame::Integer(20));

    let screen = text(&output.stdout);
    let (_, command) = screen.split_once("To remove them:\n").unwrap();
    let removed = lab
        .tool("sh")
        .env_remove("TRIAD_CLUSTER")
        .args(["-c", command])
        .output();
    let removed = removed.unwrap();
    assert_eq!(code(&removed), 0, "{command}: {}", text(&removed.stderr));
    assert_eq!(lab.connect("mac").call(&["DBSIZE"]), Frame::Integer(0));
}

#[test]
fn keys_of_others_are_left_alone_and_others_are_drawn() {
    let lab = Lab::started();
    let all = keys_of(1, 1, 62);
    let mut linux = lab.connect("linux");
    for key in &all[..22] {
        assert_eq!(linux.call(&["SET", key, "theirs"]), Frame::OK);
    }
    let all_of = |keys| [keys, keys, 0, 0, 0];
    let output = lab.keygen(&["--json", "--seed", "1", "--length", "1", "--count", "40"]);
    let expected = figures(all_of(40), "", shares_of(&all[22..]), true);
    assert_eq!((code(&output), figures_in(&output.stdout)), (0, expected));
    for (number, key) in all.iter().enumerate() {
        let value = if number < 22 {
            "theirs".to_owned()
        } else {
            format!("triad keygen {key}")
        };
        assert_eq!(linux.call(&["GET", key]), bulk(value));
    }

    // One more than are free is no verdict, and says why; with --clean nothing stays.
    let output = lab.keygen(&["--json", "--length", "1", "--count", "41", "--clean"]);
    let expected = figures(all_of(40), "", shares_of(&all[22..]), false);
    assert_eq!((code(&output), figures_in(&output.stdout)), (4, expected));
    let message = text(&output.stderr);
    assert!(
        message.contains(
            "only 40 keys of this length could be used, and 22 have values of somebody else"
        ),
        "{message}"
    );
    assert!(message.contains("choose a larger --length"), "{message}");
    assert_eq!(stored_keys(&lab), all[..22].iter().cloned().collect());
}

#[test]
fn every_key_of_a_length_but_no_more() {
    let lab = Lab::started();
    let all = lab.keygen(&["--length", "1", "--count", "62"]);
    assert_eq!(code(&all), 0, "{}", text(&all.stderr));
    assert_eq!(lab.connect("linux").call(&["DBSIZE"]), Frame::Integer(62));
    for arguments in [
        ["--length", "1", "--count", "63"],
        ["--length", "0", "--count", "1"],
        ["--length", "65537", "--count", "1"],
        ["--length", "1", "--count", "0"],
        ["--length", "1", "--cluster", "no-such-file.json"],
    ] {
        let refused = lab.keygen(&arguments);
        assert_eq!(code(&refused), 2, "{arguments:?}");
        assert!(refused.stdout.is_empty());
        assert!(
            text(&refused.stderr).starts_with("error: "),
            "{arguments:?}"
        );
    }
    let refused = text(&lab.keygen(&["--length", "1", "--count", "63"]).stderr);
    assert!(
        refused.contains("there are 62 different keys of --length 1"),
        "{refused}"
    );
    // The longest keys there are.
    let long = lab.keygen(&["--length", "65536", "--count", "9", "--clean"]);
    assert_eq!(code(&long), 0, "{}", text(&long.stderr));
}

#[test]
fn a_node_that_is_down_is_named() {
    let mut lab = Lab::started();
    lab.kill("mac");
    let output = lab.keygen(&["--json"]);
    let expected = figures([0; 5], "\"mac\"", [0; 3], false);
    assert_eq!((code(&output), figures_in(&output.stdout)), (3, expected));
    let message = text(&output.stderr);
    let mac = format!(
        "mac {} cannot be reached: no node runs there",
        lab.address("mac")
    );
    assert!(message.contains(&mac), "{message}");
    assert!(message.contains("nothing was stored"), "{message}");
    assert!(!message.contains("To remove"), "{message}");
    // All that are missing are named at once.
    lab.kill("linux");
    let output = lab.keygen(&["--json"]);
    let expected = figures([0; 5], "\"linux\",\"mac\"", [0; 3], false);
    assert_eq!((code(&output), figures_in(&output.stdout)), (3, expected));
    assert_eq!(
        lab.connect("android").call(&["TRIAD", "KEYS"]),
        Frame::Array(vec![])
    );
}

#[test]
fn a_node_that_is_lost_during_the_test_is_named() {
    let mut lab = Lab::started();
    let mut command = lab.tool(env!("CARGO_BIN_EXE_keygen"));
    command.args(["--json", "--count", "100000000", "--clean"]);
    let keygen = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut android = lab.connect("android");
    eventually("keys are stored", || {
        android.call(&["TRIAD", "KEYS"]) != Frame::Array(vec![])
    });
    lab.kill("android");
    let output = keygen.wait_with_output().unwrap();
    assert_eq!(code(&output), 3);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["unreachable"], serde_json::json!(["android"]));
    assert_eq!(document["ok"], false);
    assert_eq!(
        document["keys"], document["stored"],
        "the figures until then"
    );
    // What was stored is not forgotten.
    let message = text(&output.stderr);
    assert!(message.contains("the test stopped after"), "{message}");
    assert!(message.contains("to remove them: "), "{message}");
}

/// A node `name` that answers `TRIAD OFFER` with `verdict`, and `GET` with `value`, both given the key
/// and whether the rules name this node for it.
fn fake(
    lab: &Lab,
    name: &'static str,
    verdict: fn(&[u8], bool) -> &'static str,
    value: fn(&[u8], bool) -> Frame<'static>,
) -> FakeNode {
    let cluster = Cluster::load(&lab.cluster_file()).unwrap();
    let placement = cluster.placement().clone();
    FakeNode::start(&cluster, name, move |words| {
        let is_own = |key| **placement.name(placement.owner(key)) == *name;
        match words {
            [triad, offer, key, _, nx] if triad == b"TRIAD" && offer == b"OFFER" && nx == b"NX" => {
                Frame::Array(vec![bulk(verdict(key, is_own(key))), bulk(name)])
            }
            [get, key] if get == b"GET" => value(key, is_own(key)),
            _ => Frame::error("ERR what?"),
        }
    })
}

/// Runs `keygen` on a cluster whose `android` is such a node, and returns its exit code and document.
fn with_android(
    verdict: fn(&[u8], bool) -> &'static str,
    value: fn(&[u8], bool) -> Frame<'static>,
) -> (i32, String) {
    let mut lab = Lab::new();
    let _android = fake(&lab, "android", verdict, value);
    lab.start("linux");
    lab.start("mac");
    // The fake does not report as a node does, so that it is linked shows in a key of its.
    let key = key_of("android", "k", 0);
    for name in ["linux", "mac"] {
        let mut node = lab.connect(name);
        eventually("android is linked", || {
            !matches!(node.call(&["GET", &key]), Frame::Error(_))
        });
    }
    let output = lab.keygen(&["--json", "--seed", "9"]);
    (code(&output), figures_in(&output.stdout))
}

/// The value that keygen gives a key.
fn right(key: &[u8], _: bool) -> Frame<'static> {
    bulk([b"triad keygen ", key].concat())
}

#[test]
fn a_node_that_keeps_keys_of_others_is_found() {
    let [linux, mac, android] = shares_of(&keys_of(9, 16, 100));
    let others = linux + mac;
    assert_eq!(
        with_android(|_, _| "stored", right),
        (
            1,
            figures(
                [100, 100, others, others, 0],
                "",
                [linux, mac, others + android],
                false
            )
        )
    );
}

#[test]
fn a_node_that_refuses_its_own_keys_is_found() {
    let [linux, mac, android] = shares_of(&keys_of(9, 16, 100));
    let nothing = |key: &[u8], is_own| {
        if is_own {
            Frame::Null
        } else {
            right(key, is_own)
        }
    };
    assert_eq!(
        with_android(|_, _| "declined", nothing),
        (
            1,
            figures(
                [100, linux + mac, 0, 0, android],
                "",
                [linux, mac, 0],
                false
            )
        )
    );
}

#[test]
fn a_node_that_returns_wrong_values_is_found() {
    let [linux, mac, android] = shares_of(&keys_of(9, 16, 100));
    let verdict = |_: &[u8], is_own| if is_own { "stored" } else { "declined" };
    // For its own keys through every node, for all through itself.
    let wrong = |key: &[u8], is_own| {
        if is_own {
            bulk("wrong")
        } else {
            right(key, is_own)
        }
    };
    assert_eq!(
        with_android(verdict, wrong),
        (
            1,
            figures([100, 100, 0, 0, android], "", [linux, mac, android], false)
        )
    );
    assert_eq!(
        with_android(verdict, |_, _| bulk("wrong")),
        (
            1,
            figures([100, 100, 0, 0, 100], "", [linux, mac, android], false)
        )
    );
}

#[test]
fn a_node_that_has_other_values_for_keys_of_others_is_found() {
    // It says that it has the keys of others, with values of its own; of its own keys so too, and
    // these are passed over as somebody's.
    let [linux, mac, _] = shares_of(&keys_of(9, 16, 100));
    let (exit, figures) = with_android(|_, _| "exists", |_, _| bulk("another's"));
    let document: Value = serde_json::from_str(&format!("{figures}}}")).unwrap();
    assert_eq!((exit, &document["ok"]), (1, &false.into()));
    assert_eq!(document["keys"], document["duplicates"], "none is covered");
    assert_eq!(document["keys"], document["misplaced"]);
    assert!(document["keys"].as_u64().unwrap() >= (linux + mac) as u64);
}

#[test]
fn nodes_that_answer_nonsense_are_named_or_given_up() {
    let lab = Lab::new();
    let _nodes = NAMES.map(|name| fake(&lab, name, |_, _| "perhaps", right));
    let output = lab.keygen(&["--json"]);
    assert_eq!(code(&output), 4);
    let message = text(&output.stderr);
    // All are asked at the same time.
    let named = NAMES.into_iter().any(|name| {
        let sentence = format!(
            "{name} {} sent a reply that is not understood",
            lab.address(name)
        );
        message.contains(&sentence)
    });
    assert!(named, "{message}");

    // If every key that there is were somebody's, the search for a free one would not end.
    let lab = Lab::new();
    let _nodes = NAMES.map(|name| fake(&lab, name, |_, _| "exists", |_, _| bulk("another's")));
    let output = lab.keygen(&["--json", "--count", "300"]);
    let expected = figures([0; 5], "", [0; 3], false);
    assert_eq!((code(&output), figures_in(&output.stdout)), (4, expected));
    let message = text(&output.stderr);
    assert!(
        message.contains("only 0 keys of this length could be used"),
        "{message}"
    );
}
