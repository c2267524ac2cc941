use std::time::Duration;

use super::super::report::tests::report_of;
use super::*;

fn verification(keys: [u64; 3]) -> Verification {
    let saved = Saved::of(&report_of(keys), 1_764_153_762_999).unwrap();
    let mut verification = Verification::new(&Cluster::built_in(), &saved);
    for (node, keys) in keys.into_iter().enumerate() {
        for _ in 0..keys {
            verification.count(b"k", None, &|place| place == node, &|_| false);
        }
    }
    verification.pace.note(Duration::from_millis(500), 100);
    verification
}

#[test]
fn all_keys_as_they_were() {
    let mut verification = verification([5, 2, 3]);
    verification.conclude(None);
    let expected = "\
node     rule                           keys then  now  misplaced
─────────────────────────────────────────────────────────────────
linux    MD5 ends in an even hex digit          5    5          0
mac      SHA-1 divisible by 3                   2    2          0
android  the remainder                          3    3          0

every key is as it was
  looked for                           10
  found as they were                   10
  missing                               0
  with another value                    0
  on a node that does not own it        0
  on several nodes                      0
  not read through every node           0

Saved on 2025-11-26 10:42:42 UTC. 10 keys were looked for in 0.5 s: 200 a
second.";
    assert_eq!(verification.text(80), expected);
}

#[test]
fn each_fault_is_counted_and_named() {
    let mut verification = verification([1, 0, 0]);
    verification.rules_changed = true;
    let faults = [
        Fault::Missing,
        Fault::Wrong,
        Fault::Misplaced,
        Fault::Duplicate,
        Fault::Unread,
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        let (is_stray, key) = (fault == Fault::Misplaced, format!("key{number}"));
        verification.count(key.as_bytes(), Some(fault), &|_| !is_stray, &|place| {
            is_stray && place == 1
        });
    }
    verification.conclude(None);
    assert!(!verification.ok);
    let expected = "\
linux
  rule       MD5 ends in an even hex digit
  keys then  1
  now        5
  misplaced  0

mac
  rule       SHA-1 divisible by 3
  keys then  0
  now        4
  misplaced  1

android
  rule       the remainder
  keys then  0
  now        4
  misplaced  0

NOT every key is as it was
  looked for                            6
  found as they were                    1
  missing                               1
  with another value                    1
  on a node that does not own it        1
  on several nodes                      1
  not read through every node           1

these keys:
key   what is wrong
────────────────────────────────────
key0  missing
key1  with another value
key2  on a node that does not own it
key3  on several nodes
key4  not read through every node

The list of nodes and rules is another one
than when the keys were saved. Misplaced
keys lie on nodes that do not own them:
client rehome sends each to its owner.

Saved on 2025-11-26 10:42:42 UTC. 6 keys
were looked for in 0.5 s: 200 a second.";
    assert_eq!(verification.text(43), expected);
    for _ in 0..COVERAGE_FAULTS_NAMED {
        verification.count(b"k", Some(Fault::Missing), &|_| false, &|_| false);
    }
    assert_eq!(verification.faults.len(), COVERAGE_FAULTS_NAMED);
    assert!(
        verification
            .text(80)
            .contains("the first 20 of these 25 keys:\n")
    );
}

#[test]
fn the_document_has_every_field_in_order() {
    let mut verification = verification([1, 0, 0]);
    verification.count(b"a", Some(Fault::Misplaced), &|_| false, &|place| {
        place == 2
    });
    verification.lanes = 4;
    verification.nodes[1].keys_before = None;
    verification.conclude(Some(1));
    let none = r#"{"requests":0,"p50_us":0,"p99_us":0,"max_us":0}"#;
    let fingerprint = Cluster::built_in().placement().fingerprint().to_owned();
    let expected = format!(
        "{{\"keys\":2,\"found\":1,\"missing\":0,\"wrong\":0,\"misplaced\":1,\"duplicates\":0,\"unread\":0,\
         \"unreachable\":[],\"nodes\":[\
         {{\"name\":\"linux\",\"rule\":\"MD5 ends in an even hex digit\",\"keys_before\":1,\"keys\":1,\"misplaced\":0}},\
         {{\"name\":\"mac\",\"rule\":\"SHA-1 divisible by 3\",\"keys_before\":null,\"keys\":0,\"misplaced\":0}},\
         {{\"name\":\"android\",\"rule\":\"the remainder\",\"keys_before\":0,\"keys\":0,\"misplaced\":1}}],\
         \"ok\":false,\"faults\":[{{\"key\":\"a\",\"fault\":\"misplaced\"}}],\"rules_changed\":false,\
         \"saved_unix_ms\":1764153762999,\"deleted\":false,\"seconds\":0.5,\"rate\":200.0,\
         \"latencies\":{{\"reads\":{none},\"nodes\":[{{\"name\":\"linux\",\"reads\":{none}}},\
         {{\"name\":\"mac\",\"reads\":{none}}},{{\"name\":\"android\",\"reads\":{none}}}]}},\
         \"seed\":7,\"length\":16,\"lanes\":4,\"version\":\"{}\",\"fingerprint\":\"{fingerprint}\"}}",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(serde_json::to_string(&verification).unwrap(), expected);
}

#[test]
fn what_is_deleted_and_what_stays_is_told() {
    let mut verification = verification([3, 0, 0]);
    let mut told = |deleted| {
        verification.conclude(Some(deleted));
        (verification.deleted, verification.deletion())
    };
    assert_eq!(told(3), (true, "The keys are deleted.".to_owned()));
    let one = "2 of 3 keys are deleted; 1 that is not as it was stays.";
    assert_eq!(told(2), (false, one.to_owned()));
    let two = "1 of 3 keys are deleted; 2 that are not as they were stay.";
    assert_eq!(told(1), (false, two.to_owned()));
    verification.count(b"k", Some(Fault::Missing), &|_| false, &|_| false);
    verification.conclude(Some(3));
    let missing = "3 of 4 keys are deleted; the others are missing.";
    assert_eq!(verification.deletion(), missing);
    assert!(verification.deleted);
}
