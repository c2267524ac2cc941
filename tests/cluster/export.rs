//! `client export`: what a cluster holds, in a file from which it can be imported again exactly.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use triad::resp::Frame;

use crate::client::{document, one_line, refusal, said};
use crate::lab::contents::{self, Contents, awkward_sets, awkward_strings};
use crate::lab::{Lab, Proxy, code, eventually, key_of, resident, text};

fn flush(lab: &Lab) {
    assert_eq!(lab.connect("linux").call(&["FLUSHALL"]), Frame::OK);
}

/// Exports to the file, empties the cluster, and imports the file.
fn there_and_back(lab: &Lab, file: &str, exit: i32) {
    let exported = lab.client(&["export", file]);
    assert_eq!(code(&exported), exit, "{}", text(&exported.stderr));
    flush(lab);
    let imported = lab.client(&["import", file]);
    assert_eq!(code(&imported), 0, "{}", text(&imported.stderr));
}

#[test]
fn what_was_exported_is_imported_exactly() {
    let lab = Lab::started();
    let mut all = awkward_strings();
    all.extend(awkward_sets());
    contents::store(&lab, &all);
    contents::assert_same(&contents::of(&lab, "mac"), &all);
    for file in ["all.json", "all.jsonl"] {
        there_and_back(&lab, file, 0);
        contents::assert_same(&contents::of(&lab, "android"), &all);
    }
    // Without a name that tells the format, too.
    flush(&lab);
    fs::rename(lab.folder().join("all.jsonl"), lab.folder().join("all")).unwrap();
    let imported = lab.client(&["import", "all"]);
    assert_eq!(code(&imported), 0, "{}", text(&imported.stderr));
    contents::assert_same(&contents::of(&lab, "linux"), &all);
}

#[test]
fn csv_holds_every_string_and_names_the_sets_that_it_leaves_out() {
    let lab = Lab::started();
    let strings = awkward_strings();
    contents::store(&lab, &strings);
    there_and_back(&lab, "strings.csv", 0);
    contents::assert_same(&contents::of(&lab, "android"), &strings);
    contents::store(&lab, &awkward_sets());
    there_and_back(&lab, "all.csv", 1);
    contents::assert_same(&contents::of(&lab, "mac"), &strings);
    flush(&lab);
    for (key, members) in [("a", "1"), ("b\u{1b}", "2")] {
        lab.connect("linux").call(&["SADD", key, members]);
    }
    let left_out = lab.client(&["export", "few.csv"]);
    let (exit, said, _) = said(&left_out);
    let expected = "exported 0 keys: linux 0, mac 0, android 0\n\
                    left out 2 sets, which CSV cannot hold: b\\u{1b}, a; use --format lines for all\n";
    assert_eq!((exit, said.as_str()), (1, expected));
    let (exit, told) = document(&lab.client(&["--json", "export", "few.csv", "--force"]));
    let nodes = ["linux", "mac", "android"].map(|name| json!({ "name": name, "keys": 0 }));
    let expected = json!({
        "keys": 0, "nodes": nodes, "misplaced": 0, "left_out": 2, "first_left_out": [{ "key": "b\u{1b}" }, { "key": "a" }]
    });
    assert_eq!((exit, told), (1, expected));
}

#[test]
fn each_format_is_as_people_read_it() {
    let lab = Lab::started();
    let mut linux = lab.connect("linux");
    let key = key_of("linux", "key", 0);
    linux.call(&["SET", &key, "the \"value\", of\na key"]);
    let file = |name: &str| {
        let exported = lab.client(&["export", name]);
        let line = "exported 1 key: linux 1, mac 0, android 0";
        assert_eq!(said(&exported), one_line(0, line));
        fs::read_to_string(lab.folder().join(name)).unwrap()
    };
    let object = format!("{{\n\"{key}\":\"the \\\"value\\\", of\\na key\"\n}}\n");
    assert_eq!(file("one.json"), object);
    let line = format!("{{\"key\":\"{key}\",\"value\":\"the \\\"value\\\", of\\na key\"}}\n");
    assert_eq!(file("one.jsonl"), line);
    let rows = format!(
        "key,value,expires_unix_ms,key_base64,value_base64\n{key},\"the \"\"value\"\", of\na key\",,,\n"
    );
    assert_eq!(file("one.csv"), rows);
    // On standard output there are the keys and nothing else.
    let printed = said(&lab.client(&["export", "-"]));
    let told = "exported 1 key: linux 1, mac 0, android 0\n";
    assert_eq!(printed, (0, line, told.to_owned()));
    let printed = lab.client(&["export", "-", "--format", "csv"]);
    assert_eq!(text(&printed.stdout), rows);
    linux.call(&["DEL", &key]);
    let (_, empty, _) = said(&lab.client(&["export", "-", "--format", "object"]));
    assert_eq!(empty, "{}\n");
}

#[test]
fn a_part_of_the_keys_is_exported_by_pattern_or_by_node() {
    let lab = Lab::started();
    let mut expected = Contents::new();
    for name in crate::lab::NAMES {
        for prefix in ["a", "b"] {
            let key = key_of(name, prefix, 0).into_bytes();
            let value = contents::Value::Text(name.as_bytes().to_vec());
            expected.insert(key, (value, -1));
        }
    }
    contents::store(&lab, &expected);
    let keys = |arguments: &[&str]| -> Vec<String> {
        let exported = lab.client(&[&["export", "-"], arguments].concat());
        assert_eq!(code(&exported), 0, "{}", text(&exported.stderr));
        let entry = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        let lines = text(&exported.stdout);
        let keys = lines
            .lines()
            .map(|line| entry(line)["key"].as_str().unwrap().to_owned());
        let mut keys: Vec<_> = keys.collect();
        keys.sort();
        keys
    };
    let of = |wanted: &dyn Fn(&str) -> bool| -> Vec<String> {
        let keys = expected.keys().map(|key| text(key));
        keys.filter(|key| wanted(key)).collect()
    };
    assert_eq!(keys(&["--match", "a*"]), of(&|key| key.starts_with('a')));
    let placement = triad::placement::Placement::built_in();
    let is_of_mac = |key: &str| **placement.name(placement.owner(key.as_bytes())) == *"mac";
    assert_eq!(keys(&["--node", "mac"]), of(&is_of_mac));
    let both = keys(&["--node", "mac", "--match", "b*"]);
    assert_eq!(both, of(&|key| is_of_mac(key) && key.starts_with('b')));
}

#[test]
fn a_file_is_replaced_only_if_that_was_said_and_only_by_a_whole_one() {
    let mut lab = Lab::started();
    lab.connect("linux").call(&["SET", "a", "1"]);
    let path = lab.folder().join("keys.json");
    fs::write(&path, "mine").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let there = "error: keys.json is there already, and stays as it is; give another name, or --force to \
                 replace it\n";
    assert_eq!(refusal(&lab.client(&["export", "keys.json"]), 2), there);
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    // Whatever else is there is somebody's.
    fs::write(lab.folder().join("keys.json.part"), "mine").unwrap();
    std::os::unix::fs::symlink("keys.json", lab.folder().join("link.json")).unwrap();
    let replaced = lab.client(&["export", "link.json", "--force"]);
    assert_eq!(code(&replaced), 0, "{}", text(&replaced.stderr));
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\n\"a\":\"1\"\n}\n");
    assert!(
        fs::symlink_metadata(lab.folder().join("link.json"))
            .unwrap()
            .is_symlink()
    );
    let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o640);
    let other = fs::read_to_string(lab.folder().join("keys.json.part"));
    assert_eq!(other.unwrap(), "mine");
    std::os::unix::fs::symlink("nowhere.json", lab.folder().join("hole.json")).unwrap();
    let there = there.replace("keys.json", "hole.json");
    assert_eq!(refusal(&lab.client(&["export", "hole.json"]), 2), there);
    assert!(!lab.folder().join("nowhere.json").exists());

    for (arguments, exit, expected) in [
        (
            &["export", "keys.txt"][..],
            2,
            "error: the name keys.txt does not tell the format; end it with .json, .jsonl or .csv, or name \
             the format with --format\n",
        ),
        (
            &["export", "data", "--format", "csv"],
            2,
            "error: data is a folder; give the path of a file\n",
        ),
        (
            &["export", "no/such.json"],
            4,
            "error: no/such.json can't be written (No such file or directory (os error 2))\n",
        ),
        (
            &["export", "new.json", "--node", "moon"],
            2,
            "error: there is no node \"moon\"; there are linux, mac, android\n",
        ),
        (
            &["--json", "export", "-"],
            2,
            "error: with --json the keys have to go to a file: standard output is for the document\n",
        ),
    ] {
        assert_eq!(refusal(&lab.client(arguments), exit), expected);
    }
    lab.lose("android");
    let message = refusal(&lab.client(&["export", "new.json"]), 3);
    let expected = format!(
        "error: android {} cannot be reached: ",
        lab.address("android")
    );
    assert!(message.starts_with(&expected), "{message}");
    assert!(!lab.folder().join("new.json").exists());
    // What the others have can be had.
    assert_eq!(
        code(&lab.client(&["export", "new.json", "--node", "linux"])),
        0
    );
}

/// The node whose keys come first answers no more after the greeting.
#[test]
fn an_interrupted_export_leaves_no_file() {
    let lab = Lab::started();
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let [first, last] = ["linux", "android"].map(|name| Proxy::to(lab.address(name)));
        let place = |name: &str, address| match name {
            "linux" => first.address(),
            "android" => last.address(),
            _ => address,
        };
        lab.write_cluster_file("slow.json", &default_list(), place);
        last.hold_all();
        let mut client = lab.tool(env!("CARGO_BIN_EXE_client"));
        client.args([
            "--cluster",
            "slow.json",
            "--via",
            "mac",
            "export",
            "keys.json",
        ]);
        let mut client = client.stderr(Stdio::piped()).spawn().unwrap();
        last.wait_for_held_bytes(0);
        first.hold();
        last.release();
        eventually("it has begun", || parts(&lab) == 1);
        kill_process(Pid::from_child(&client), signal).unwrap();
        let ended = client.wait().unwrap();
        let mut said = String::new();
        let mut stderr = client.stderr.take().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        if signal == Signal::KILL {
            assert_eq!(parts(&lab), 1);
        } else {
            assert_eq!(ended.code(), Some(4), "{said}");
            let expected = "error: interrupted: nothing was written to keys.json\n";
            assert_eq!(said, expected);
            assert_eq!(parts(&lab), 0);
        }
        assert!(!lab.folder().join("keys.json").exists());
    }
    let exported = lab.client(&["export", "keys.json"]);
    assert_eq!(code(&exported), 0, "{}", text(&exported.stderr));
    // What was left by the one that was killed is in nobody's way, and only that.
    assert_eq!(parts(&lab), 1);
}

/// The files that are not whole.
fn parts(lab: &Lab) -> usize {
    let names = fs::read_dir(lab.folder()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_part = |name: &String| name.starts_with(".keys.json.");
    names.filter(is_part).count()
}

fn default_list() -> [(&'static str, Value); 3] {
    [
        ("linux", json!({ "hash": "md5", "last_hex_digit": "even" })),
        ("mac", json!({ "hash": "sha1", "divisible_by": 3 })),
        ("android", json!("remainder")),
    ]
}

/// Whoever reads the output slowly, what waits for him is not kept in memory.
#[test]
fn an_export_takes_little_memory() {
    const KEYS: usize = 300_000;
    if !resident::is_told() {
        return;
    }
    let lab = Lab::started();
    let line = |n: usize| format!("{{\"key\":\"key {n}\",\"value\":\"{n:0200}\"}}\n");
    let lines: String = (0..KEYS).map(line).collect();
    fs::write(lab.folder().join("keys.jsonl"), &lines).unwrap();
    assert_eq!(code(&lab.client(&["import", "keys.jsonl"])), 0);
    let mut client = lab.tool(env!("CARGO_BIN_EXE_client"));
    client
        .args(["export", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut client = client.spawn().unwrap();
    let mut output = client.stdout.take().unwrap();
    let mut most = vec![0; lines.len() * 9 / 10];
    output.read_exact(&mut most).unwrap();
    let peak = resident::peak_mib(Pid::from_child(&client));
    output.read_to_end(&mut most).unwrap();
    assert!(client.wait().unwrap().success());
    assert_eq!(most.len(), lines.len());
    assert!(peak < 40, "{peak} MiB");
}
