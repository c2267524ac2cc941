//! `client backup` and `client restore`: a whole cluster in one file, and back.

mod changed;
mod damage;
mod huge;
mod interrupted;
mod kept;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use triad::resp::Frame;

use crate::client::{document, one_line, refusal, said};
use crate::lab::contents::{self, Contents, awkward_sets, awkward_strings};
use crate::lab::{Lab, NAMES, code, eventually, key_of, resident, text};

/// Runs `client backup`, which has to do well.
fn backup(lab: &Lab, file: &str) {
    let backed_up = lab.client(&["backup", file]);
    assert_eq!(code(&backed_up), 0, "{}", text(&backed_up.stderr));
}

/// Runs `client --json restore`: the exit code and the document.
fn restore(lab: &Lab, file: impl AsRef<Path>, arguments: &[&str]) -> (i32, Value) {
    let file = file.as_ref().to_str().unwrap();
    document(&lab.client(&[&["--json", "restore", file], arguments].concat()))
}

/// The document of a restore.
fn told(counts: [u64; 6], kept: &Value) -> Value {
    let [restored, replaced, same, expired, differing, refused] = counts;
    json!({
        "restored": restored, "replaced": replaced, "same": same, "expired": expired,
        "differing": differing, "refused": refused, "kept": kept,
    })
}

fn flush(lab: &Lab) {
    assert_eq!(lab.connect("linux").call(&["FLUSHALL"]), Frame::OK);
}

/// A cluster of other nodes with other rules.
fn others() -> Lab {
    let mut lab = Lab::with_rules(&[
        ("one", json!({ "hash": "sha256", "divisible_by": 5 })),
        ("linux", json!({ "hash": "md5", "last_hex_digit": "odd" })),
        ("three", json!({ "hash": "sha1", "last_hex_digit": "even" })),
        ("four", json!("remainder")),
    ]);
    lab.start_all();
    lab
}

fn awkward() -> Contents {
    let mut all = awkward_strings();
    all.extend(awkward_sets());
    all
}

#[test]
fn a_backup_is_restored_exactly_also_into_a_cluster_with_other_rules() {
    let lab = Lab::started();
    let all = awkward();
    let count = all.len() as u64;
    contents::store(&lab, &all);
    backup(&lab, "all.backup");
    let again = restore(&lab, "all.backup", &[]);
    assert_eq!(again, (0, told([0, 0, count, 0, 0, 0], &json!([]))));
    flush(&lab);
    let restored = told([count, 0, 0, 0, 0, 0], &json!([]));
    assert_eq!(restore(&lab, "all.backup", &[]), (0, restored.clone()));
    contents::assert_same(&contents::of(&lab, "mac"), &all);

    let other = others();
    let file = lab.folder().join("all.backup");
    assert_eq!(restore(&other, &file, &["--replace"]), (0, restored));
    contents::assert_same(&contents::of(&other, "three"), &all);
    let same = told([0, 0, count, 0, 0, 0], &json!([]));
    assert_eq!(restore(&other, &file, &["--replace"]), (0, same));
}

#[test]
fn a_backup_is_lines_that_only_its_owner_may_read() {
    let lab = Lab::started();
    let mut linux = lab.connect("linux");
    let empty = lab.client(&["backup", "empty"]);
    let line = "backed up 0 keys: linux 0, mac 0, android 0";
    assert_eq!(said(&empty), one_line(0, line));
    let [text, tags, later] = NAMES.map(|name| key_of(name, "\u{e4}", 0));
    linux.call(&["SET", &text, "1"]);
    linux.call(&["SADD", &tags, "red"]);
    linux.call(&["SET", &later, "2", "PXAT", "4102444800123"]);
    let (zero, done) = document(&lab.client(&["--json", "backup", "few"]));
    let nodes = [("linux", 1), ("mac", 1), ("android", 1)];
    let nodes = nodes.map(|(name, keys)| json!({ "name": name, "keys": keys }));
    assert_eq!(
        (zero, done),
        (0, json!({ "keys": 3, "misplaced": 0, "nodes": nodes }))
    );
    let path = lab.folder().join("few");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let content = fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = content
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let header = &lines[0];
    assert_eq!(
        (&header["triad"], &header["version"]),
        (&json!("backup"), &json!(1))
    );
    let names: Vec<_> = header["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| &node["name"])
        .collect();
    assert_eq!(names, NAMES);
    assert_eq!((lines.len(), &lines[4]["count"]), (5, &json!(3)));
    let entries: Vec<_> = lines[1..4]
        .iter()
        .map(|line| line["key"].as_str().unwrap())
        .collect();
    // The nodes come in the order of the list.
    assert_eq!(entries, [text, tags, later]);

    let there = "error: few is there already, and stays as it is; give another name, or --force to replace it\n";
    assert_eq!(refusal(&lab.client(&["backup", "few"]), 2), there);
    assert_eq!(code(&lab.client(&["backup", "few", "--force"])), 0);
    let (zero, printed, told) = said(&lab.client(&["backup", "-"]));
    assert_eq!((zero, printed.lines().count()), (0, 5));
    assert_eq!(told, "backed up 3 keys: linux 1, mac 1, android 1\n");
    // A JSON tool may have written it anew.
    let text: Vec<String> = lines
        .iter()
        .map(|line| format!("  {}\r\n", spaced(line)))
        .collect();
    fs::write(&path, text.concat()).unwrap();
    flush(&lab);
    let restored = lab.client(&["restore", "few"]);
    assert_eq!(said(&restored), one_line(0, "restored 3 keys"));
}

/// An object with blanks, its fields in the order in which they were.
fn spaced(value: &Value) -> String {
    value.to_string().replace("\":", "\" : ")
}

#[test]
fn a_backup_needs_every_node() {
    let mut lab = Lab::started();
    lab.connect("linux").call(&["SET", "a", "1"]);
    backup(&lab, "whole");
    lab.lose("android");
    lab.lose("mac");
    let message = refusal(&lab.client(&["backup", "part"]), 3);
    for name in ["mac", "android"] {
        let part = format!("{name} {} cannot be reached: ", lab.address(name));
        assert!(message.contains(&part), "{message}");
    }
    assert!(!lab.folder().join("part").exists());
    // A key of a node that is away keeps a restore from being whole.
    let message = refusal(&lab.client(&["restore", "whole"]), 3);
    assert!(message.contains("cannot be reached"), "{message}");
    let end = ". 0 of 1 key are restored; run it again when this is mended\n";
    assert!(message.ends_with(end), "{message}");
}

/// After a change of the list, and before `rehome`.
#[test]
fn keys_that_lie_on_a_node_which_does_not_own_them_are_in_a_backup_unless_their_owner_has_them() {
    let mut lab = Lab::started();
    let all = awkward();
    contents::store(&lab, &all);
    for name in NAMES {
        assert!(lab.stop(name).success());
    }
    let exchanged = [
        ("mac", json!({ "hash": "md5", "last_hex_digit": "even" })),
        ("linux", json!({ "hash": "sha1", "divisible_by": 3 })),
        ("android", json!("remainder")),
    ];
    let file = lab.write_cluster_file("cluster.json", &exchanged, |_, address| address);
    lab.start_all();
    let new = triad::cluster::Cluster::load(&file).unwrap();
    let old = triad::placement::Placement::built_in();
    let has_moved = |key: &[u8]| {
        let placement = new.placement();
        **placement.name(placement.owner(key)) != **old.name(old.owner(key))
    };
    let mut moved = all.keys().filter(|key| has_moved(key));
    // One of them was written anew meanwhile.
    let anew = moved.next().unwrap().clone();
    let others = moved.count();
    lab.connect("linux")
        .call(&[b"SET", anew.as_slice(), b"new"]);
    let (zero, done) = document(&lab.client(&["--json", "backup", "all.backup"]));
    assert_eq!((zero, &done["keys"]), (0, &json!(all.len())));
    assert_eq!(done["misplaced"], json!(others));
    // The owners would not know of the values that lie elsewhere, and take those of the backup.
    let text = format!(
        "error: {} keys lie on nodes that do not own them; run `client rehome` first. 0 of {} keys are \
         restored; run it again when this is mended\n",
        others + 1,
        all.len()
    );
    let before = contents::of(&lab, "mac");
    for arguments in [
        &["restore", "all.backup"][..],
        &["restore", "all.backup", "--replace"],
    ] {
        assert_eq!(refusal(&lab.client(arguments), 4), text);
    }
    contents::assert_same(&contents::of(&lab, "mac"), &before);
    flush(&lab);
    assert_eq!(restore(&lab, "all.backup", &[]).0, 0);
    let mut expected = all.clone();
    expected.insert(anew, (contents::Value::Text(b"new".to_vec()), -1));
    contents::assert_same(&contents::of(&lab, "mac"), &expected);
}

/// A program with another list would look for keys at the wrong nodes.
#[test]
fn a_program_with_other_rules_makes_no_backup_and_restores_none() {
    let lab = Lab::started();
    lab.connect("linux").call(&["SET", "a", "1"]);
    backup(&lab, "one");
    let other = [
        ("linux", json!({ "hash": "md5", "last_hex_digit": "odd" })),
        ("mac", json!({ "hash": "sha1", "divisible_by": 3 })),
        ("android", json!("remainder")),
    ];
    lab.write_cluster_file("other.json", &other, |_, address| address);
    for arguments in [
        ["--cluster", "other.json", "backup", "two"],
        ["--cluster", "other.json", "restore", "one"],
    ] {
        let message = refusal(&lab.client(&arguments), 4);
        let part = "has another list of rules than this program; give both the same cluster file";
        assert!(message.contains(part), "{message}");
    }
    assert!(!lab.folder().join("two").exists());
}

/// Their items go in parts, and what the tool holds is a part of them.
#[test]
fn large_sets_take_little_memory() {
    const MEMBERS: usize = 400_000;
    if !resident::is_told() {
        return;
    }
    let lab = Lab::started();
    let mut linux = lab.connect("linux");
    let members: Vec<_> = (0..MEMBERS).map(|n| format!("{n:0100}")).collect();
    for some in members.chunks(10_000) {
        let words = ["SADD", "large"]
            .into_iter()
            .chain(some.iter().map(String::as_str));
        linux.call(&words.collect::<Vec<_>>());
    }
    for arguments in [&["backup", "large"][..], &["restore", "large", "--replace"]] {
        if arguments[0] == "restore" {
            flush(&lab);
        }
        let mut client = lab.tool(env!("CARGO_BIN_EXE_client"));
        let client = client.args(arguments).stdout(Stdio::null());
        let mut client = client.spawn().unwrap();
        let pid = rustix::process::Pid::from_child(&client);
        let mut peak = 0;
        eventually("it has ended", || {
            let ended = client.try_wait().unwrap();
            if ended.is_none() {
                peak = resident::try_peak_mib(pid).unwrap_or(peak);
            }
            ended.is_some_and(|status| {
                assert!(status.success());
                true
            })
        });
        assert!((1..48).contains(&peak), "{arguments:?}: {peak} MiB");
    }
    let count = i64::try_from(MEMBERS).unwrap();
    assert_eq!(linux.call(&["SCARD", "large"]), Frame::Integer(count));
}
