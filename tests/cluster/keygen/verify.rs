//! `keygen --save` and `--verify`: the same keys, looked for again.

use std::fs;

use serde_json::{Value, json};
use triad::resp::Frame;

use super::{figures_in, keys_of, shares_of, stored_keys};
use crate::lab::connection::bulk;
use crate::lab::{Lab, NAMES, code, text};

/// A cluster with the keys of a test that was saved in `plan.json`.
fn saved(count: &str) -> Lab {
    let lab = Lab::started();
    let output = lab.keygen(&["--seed", "5", "--count", count, "--save", "plan.json"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let screen = text(&output.stdout);
    assert!(screen.contains("\nTo verify the keys later:\n"), "{screen}");
    lab
}

fn verify(lab: &Lab, arguments: &[&str]) -> (i32, Value) {
    let output = lab.keygen(&[&["--verify", "plan.json", "--json"], arguments].concat());
    let document = serde_json::from_slice(&output.stdout);
    let document = document.unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
    (code(&output), document)
}

/// The counts of a document: found, missing, wrong, misplaced, duplicates, unread.
fn counts(document: &Value) -> [u64; 6] {
    [
        "found",
        "missing",
        "wrong",
        "misplaced",
        "duplicates",
        "unread",
    ]
    .map(|field| document[field].as_u64().unwrap())
}

fn stop_all(lab: &mut Lab) {
    for name in NAMES {
        assert!(lab.stop(name).success());
    }
}

#[test]
fn the_keys_are_there_after_all_nodes_were_started_anew() {
    let mut lab = saved("300");
    stop_all(&mut lab);
    lab.start_all();
    for name in NAMES {
        lab.kill(name);
    }
    lab.start_all();
    let output = lab.keygen(&["--verify", "plan.json"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let [linux, mac, android] = shares_of(&keys_of(5, 16, 300));
    let expected = format!(
        "\
node     rule                           keys then  now  misplaced
─────────────────────────────────────────────────────────────────
linux    MD5 ends in an even hex digit        {linux:>3}  {linux:>3}          0
mac      SHA-1 divisible by 3                 {mac:>3}  {mac:>3}          0
android  the remainder                        {android:>3}  {android:>3}          0

every key is as it was
  looked for                          300
  found as they were                  300
  missing                               0
  with another value                    0
  on a node that does not own it        0
  on several nodes                      0
  not read through every node           0

Saved on "
    );
    let screen = text(&output.stdout);
    assert!(screen.starts_with(&expected), "{screen}");
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn the_command_that_is_printed_verifies_the_keys() {
    let lab = Lab::started();
    let output = lab.keygen(&["--count", "20", "--save", "it's a plan.json"]);
    let screen = text(&output.stdout);
    let (_, command) = screen.split_once("To verify the keys later:\n").unwrap();
    let (command, _) = command.split_once('\n').unwrap();
    let verified = lab.tool("sh").args(["-c", command]).output().unwrap();
    assert_eq!(code(&verified), 0, "{command}: {}", text(&verified.stderr));
}

#[test]
fn a_deleted_key_and_a_changed_value_are_found_and_named() {
    let lab = saved("300");
    let keys = keys_of(5, 16, 300);
    let mut mac = lab.connect("mac");
    assert_eq!(mac.call(&["DEL", &keys[17]]), Frame::Integer(1));
    assert_eq!(mac.call(&["SET", &keys[40], "another"]), Frame::OK);
    assert_eq!(mac.call(&["DEL", &keys[41]]), Frame::Integer(1));
    assert_eq!(mac.call(&["SADD", &keys[41], "member"]), Frame::Integer(1));
    let (exit, document) = verify(&lab, &[]);
    assert_eq!((exit, &document["ok"]), (1, &json!(false)));
    assert_eq!(counts(&document), [297, 1, 2, 0, 0, 0]);
    assert_eq!(
        document["faults"],
        json!([
            { "key": keys[17], "fault": "missing" },
            { "key": keys[40], "fault": "wrong" },
            { "key": keys[41], "fault": "wrong" },
        ])
    );
    let output = lab.keygen(&["--verify", "plan.json"]);
    assert_eq!(code(&output), 1);
    let screen = text(&output.stdout);
    let expected = format!(
        "\nNOT every key is as it was
  looked for                          300
  found as they were                  297
  missing                               1
  with another value                    2
  on a node that does not own it        0
  on several nodes                      0
  not read through every node           0

these keys:
key               what is wrong
────────────────────────────────────
{}  missing
{}  with another value
{}  with another value

Saved on ",
        keys[17], keys[40], keys[41]
    );
    assert!(screen.contains(&expected), "{screen}");

    // Nothing is stored by it; and to clean up deletes only what is the test's own.
    assert_eq!(mac.call(&["DBSIZE"]), Frame::Integer(299));
    let cleaned = lab.keygen(&["--verify", "plan.json", "--clean"]);
    let told = text(&cleaned.stdout);
    let expected = "\n297 of 300 keys are deleted; 2 that are not as they were stay.\n";
    assert!(told.ends_with(expected), "{told}");
    let (exit, document) = verify(&lab, &["--clean"]);
    assert_eq!((exit, &document["deleted"]), (1, &json!(false)));
    let left = [keys[40].clone(), keys[41].clone()];
    assert_eq!(stored_keys(&lab), left.into());
    let (exit, document) = verify(&lab, &[]);
    assert_eq!((exit, counts(&document)), (1, [0, 298, 2, 0, 0, 0]));
    assert_eq!(document["faults"].as_array().unwrap().len(), 20);
}

#[test]
fn keys_that_the_rules_have_left_behind_are_misplaced_until_they_are_rehomed() {
    let mut lab = saved("300");
    stop_all(&mut lab);
    let rules = [
        ("linux", json!({ "hash": "md5", "last_hex_digit": "odd" })),
        ("mac", json!({ "hash": "sha1", "divisible_by": 3 })),
        ("android", json!("remainder")),
    ];
    lab.write_cluster_file("cluster.json", &rules, |_, address| address);
    lab.start_all();
    let (exit, document) = verify(&lab, &[]);
    let [linux, mac, android] = shares_of(&keys_of(5, 16, 300)).map(|keys| keys as u64);
    assert_eq!(
        (exit, counts(&document)),
        (1, [0, 0, 0, linux + mac + android, 0, 0])
    );
    assert_eq!(document["rules_changed"], true);
    let node = |node: usize, field: &str| document["nodes"][node][field].as_u64().unwrap();
    let figures =
        [0, 1, 2].map(|place| ["keys_before", "keys", "misplaced"].map(|field| node(place, field)));
    assert_eq!(
        figures,
        [[linux, 0, linux], [mac, 0, mac], [android, 0, android]]
    );
    let screen = text(&lab.keygen(&["--verify", "plan.json"]).stdout);
    let expected = "\n\n\
The list of nodes and rules is another one than when the keys were saved.
Misplaced keys lie on nodes that do not own them: client rehome sends each to
its owner.\n\n";
    assert!(screen.contains(expected), "{screen}");

    assert_eq!(code(&lab.client(&["rehome"])), 0);
    let output = lab.keygen(&["--verify", "plan.json"]);
    let screen = text(&output.stdout);
    assert_eq!(code(&output), 0, "{screen}");
    assert!(
        screen.contains(
            "The list of nodes and rules is another one than when the keys were saved.\n"
        )
    );
    assert!(!screen.contains("rehome"), "{screen}");
}

#[test]
fn the_keys_are_there_when_the_data_folder_has_moved() {
    let mut lab = saved("300");
    stop_all(&mut lab);
    let moved = lab.folder().join("moved");
    fs::rename(lab.folder().join("data"), &moved).unwrap();
    // Not there yet: all are missing, and nothing is stored by looking.
    lab.start_all();
    let (exit, document) = verify(&lab, &[]);
    assert_eq!((exit, counts(&document)), (1, [0, 300, 0, 0, 0, 0]));
    assert_eq!(lab.connect("mac").call(&["DBSIZE"]), Frame::Integer(0));
    stop_all(&mut lab);
    for name in NAMES {
        lab.start_with(name, &["--data", moved.to_str().unwrap()]);
    }
    lab.wait_until_linked();
    let (exit, document) = verify(&lab, &[]);
    assert_eq!((exit, counts(&document)), (0, [300, 0, 0, 0, 0, 0]));
    assert_eq!(
        (&document["ok"], &document["rules_changed"]),
        (&json!(true), &json!(false))
    );
}

#[test]
fn keys_of_others_that_were_passed_over_are_not_looked_for() {
    let lab = Lab::started();
    let all = keys_of(1, 1, 62);
    let mut linux = lab.connect("linux");
    for key in all[3..20].iter().chain(&all[30..31]) {
        assert_eq!(linux.call(&["SET", key, "theirs"]), Frame::OK);
    }
    let output = lab.keygen(&[
        "--seed",
        "1",
        "--length",
        "1",
        "--count",
        "40",
        "--save",
        "plan.json",
        "--json",
    ]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    assert!(figures_in(&output.stdout).starts_with("{\"keys\":40,\"stored\":40,"));
    let plan: Value =
        serde_json::from_slice(&fs::read(lab.folder().join("plan.json")).unwrap()).unwrap();
    assert_eq!(plan["passed_over"], json!([[3, 20], [30, 31]]));
    assert_eq!((&plan["count"], &plan["drawn"]), (&json!(40), &json!(58)));
    let (exit, document) = verify(&lab, &["--clean"]);
    assert_eq!((exit, counts(&document)), (0, [40, 0, 0, 0, 0, 0]));
    let theirs = all[3..20].iter().chain(&all[30..31]).cloned().collect();
    assert_eq!(stored_keys(&lab), theirs);
    assert_eq!(linux.call(&["GET", &all[30]]), bulk("theirs"));
}

#[test]
fn the_file_is_small_however_many_keys_there_are() {
    let lab = saved("20000");
    let small = fs::metadata(lab.folder().join("plan.json")).unwrap().len();
    assert!(small < 1000, "{small}");
    let (exit, document) = verify(&lab, &[]);
    assert_eq!((exit, document["found"].as_u64()), (0, Some(20_000)));
    assert_eq!(document["latencies"]["reads"]["requests"], 60_000);
}

#[test]
fn a_node_that_is_down_is_named() {
    let mut lab = saved("30");
    lab.kill("mac");
    let output = lab.keygen(&["--verify", "plan.json", "--json"]);
    assert_eq!(code(&output), 3);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&document["unreachable"], &document["ok"]),
        (&json!(["mac"]), &json!(false))
    );
    let message = text(&output.stderr);
    let mac = format!("mac {} cannot be reached", lab.address("mac"));
    assert!(message.contains(&mac), "{message}");
}

#[test]
fn files_that_are_no_plan_are_refused() {
    let lab = Lab::new();
    let plan = lab.folder().join("plan.json");
    let told = |content: &str| {
        fs::write(&plan, content).unwrap();
        let refused = lab.keygen(&["--verify", "plan.json"]);
        assert_eq!(code(&refused), 2);
        text(&refused.stderr)
    };
    assert_eq!(
        told("{\"nodes\": []}"),
        "error: plan.json is no file of keygen --save: it does not say \"triad\": \"keygen\"\n"
    );
    assert_eq!(
        told("{\"triad\":\"keygen\",\"version\":1,\"seed\":"),
        "error: plan.json is damaged: its end is missing; take it from a backup, or run the test again \
         with --save\n"
    );
    fs::remove_file(&plan).unwrap();
    let missing = lab.keygen(&["--verify", "plan.json"]);
    assert_eq!(code(&missing), 2);
    assert!(text(&missing.stderr).starts_with("error: plan.json cannot be read: "));
}
