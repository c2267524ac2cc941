//! What keeps a node from starting, and what it says: the thing, the cause and the remedy, with nothing
//! changed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use triad::resp::Frame;
use triad::storage::MemoryStorage;
use triad::storage::memory::{Fault, Operation};
use triad::store::Fsync;

use crate::lab::connection::{bulk, error};
use crate::lab::{Lab, code, eventually, key_of, memory, require, text};

/// Starts a node that must refuse, and checks its exit code, and that it says each of `parts`.
fn refuses(lab: &Lab, arguments: &[&str], exit: i32, parts: &[&str]) {
    let output = lab.run_node("linux", arguments);
    let message = text(&output.stderr);
    assert_eq!(code(&output), exit, "{message}");
    assert!(output.stdout.is_empty(), "it said that it was ready");
    assert!(!message.contains("panicked"), "{message}");
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message}");
    }
}

/// A lab whose `linux` has run, kept one key and ended.
fn with_a_key() -> (Lab, String) {
    let mut lab = Lab::new();
    lab.start("linux");
    let key = key_of("linux", "k", 0);
    assert_eq!(
        lab.connect("linux").call(&["SET", &key, "value"]),
        Frame::OK
    );
    assert!(lab.stop("linux").success());
    (lab, key)
}

#[test]
fn a_port_in_use() {
    let lab = Lab::new();
    let _other = std::net::TcpListener::bind(lab.address("linux")).unwrap();
    let address = lab.address("linux").to_string();
    refuses(&lab, &[], 4, &[&address, "in use", "--listen"]);
}

#[test]
fn files_of_another_process() {
    let mut lab = Lab::new();
    lab.start("linux");
    let elsewhere = ["--listen", "127.0.0.1:0"];
    refuses(&lab, &elsewhere, 4, &["linux.lock", "another process"]);
    // Nor does it matter under which path the folder goes.
    let link = lab.folder().join("link");
    std::os::unix::fs::symlink(lab.folder().join("data"), &link).unwrap();
    let elsewhere = ["--listen", "127.0.0.1:0", "--data", link.to_str().unwrap()];
    refuses(&lab, &elsewhere, 4, &["linux.lock", "another process"]);
    // A killed process holds nothing.
    lab.kill("linux");
    lab.start("linux");
}

#[test]
fn a_bad_cluster_file() {
    let lab = Lab::new();
    let file = lab.folder().join("bad.json");
    let refuses_file = |content: &str, parts: &[&str]| {
        fs::write(&file, content).unwrap();
        let mut all = vec!["bad.json"];
        all.extend(parts);
        refuses(&lab, &["--cluster", file.to_str().unwrap()], 2, &all);
    };
    refuses_file("{", &["line 1"]);
    refuses_file(r#"{ "nodes": [] }"#, &["remainder"]);
    refuses_file(
        r#"{ "nodes": [ { "name": "linux", "address": "127.0.0.1:1", "rule": { "hash": "md6", "divisible_by": 3 } } ] }"#,
        &["linux", "md6", "sha1"],
    );
    refuses_file(
        r#"{ "nodes": [ { "name": "linux", "address": "127.0.0.1", "rule": "remainder" } ] }"#,
        &["linux", "port"],
    );
    refuses(&lab, &["--cluster", "nowhere.json"], 2, &["nowhere.json"]);
    refuses(
        &lab,
        &["--name", "watch"],
        2,
        &["watch", "linux, mac, android", "--name"],
    );
}

#[test]
fn an_address_beyond_this_device() {
    let lab = Lab::new();
    let open = ["--listen", "0.0.0.0:0"];
    refuses(
        &lab,
        &open,
        2,
        &["0.0.0.0", "not encrypted", "--insecure-plaintext"],
    );
    let mut lab = lab;
    lab.start_with("linux", &["--listen", "0.0.0.0:0", "--insecure-plaintext"]);
}

#[test]
fn wrong_usage() {
    let lab = Lab::new();
    for arguments in [
        &["--nonsense"][..],
        &["--fsync", "often"],
        &["--max-value", "0"],
    ] {
        refuses(&lab, arguments, 2, &["error: ", arguments[0]]);
    }
}

/// Replaces the one entry's value in a JSON file.
fn edit(path: &Path) -> Vec<u8> {
    let content = fs::read_to_string(path).unwrap();
    assert!(content.contains("\"value\""), "{content}");
    let edited = content.replace("\"value\":\"value\"", "\"value\":\"other\"");
    fs::write(path, &edited).unwrap();
    edited.into_bytes()
}

#[test]
fn an_edited_file_unless_it_is_accepted() {
    let (mut lab, key) = with_a_key();
    let path = lab.data("linux.json");
    let edited = edit(&path);
    refuses(&lab, &[], 4, &["linux.json", &key, "--accept-edits"]);
    assert_eq!(fs::read(&path).unwrap(), edited, "the file was touched");

    lab.start_with("linux", &["--accept-edits"]);
    assert_eq!(lab.connect("linux").call(&["GET", &key]), bulk("other"));
    // The file is soon right again, without an orderly end or a write.
    eventually("the file is written anew", || {
        fs::read(&path).unwrap() != edited
    });
    lab.kill("linux");
    lab.start("linux");
    assert_eq!(lab.connect("linux").call(&["GET", &key]), bulk("other"));
}

#[test]
fn a_damaged_file() {
    let (lab, _) = with_a_key();
    let path = lab.data("linux.json");
    let whole = fs::read(&path).unwrap();
    let wrongs: [&[u8]; 5] = [
        &whole[..whole.len() / 2],
        b"not JSON",
        b"{}",
        b"{\"triad\":\"snapshot\",\"version\":999,\"entries\":[]}",
        &[],
    ];
    for wrong in wrongs {
        fs::write(&path, wrong).unwrap();
        refuses(&lab, &[], 4, &["linux.json"]);
        assert_eq!(fs::read(&path).unwrap(), wrong, "the file was touched");
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    refuses(&lab, &[], 4, &["linux.json: ", "move that folder away"]);
    let message = text(&lab.run_node("linux", &[]).stderr);
    assert_eq!(message.matches("linux.json").count(), 1, "{message}");
}

#[test]
fn the_file_of_another_node() {
    let (lab, _) = with_a_key();
    fs::rename(lab.data("linux.json"), lab.data("mac.json")).unwrap();
    let output = lab.run_node("mac", &[]);
    assert_eq!(code(&output), 4);
    let message = text(&output.stderr);
    assert!(
        message.contains("mac.json") && message.contains("linux"),
        "{message}"
    );
}

/// The last segment of a node's journal.
fn journal(lab: &Lab) -> PathBuf {
    let files = fs::read_dir(lab.folder().join("data")).unwrap();
    let mut journals: Vec<_> = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
        .collect();
    journals.sort();
    journals.pop().expect("a journal")
}

#[test]
fn damage_in_the_journal_is_refused_and_a_torn_tail_is_cut() {
    let mut lab = Lab::new();
    lab.start("linux");
    let keys: Vec<_> = (0..3).map(|n| key_of("linux", "k", n)).collect();
    for key in &keys {
        assert_eq!(lab.connect("linux").call(&["SET", key, "value"]), Frame::OK);
    }
    lab.kill("linux");
    let path = journal(&lab);
    let whole = fs::read_to_string(&path).unwrap();

    // The first write was confirmed by the disk before the second was made.
    let damaged = whole.replacen("\"value\":\"value\"", "\"value\":\"valve\"", 1);
    fs::write(&path, &damaged).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    refuses(&lab, &[], 4, &[&name, "byte"]);
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        damaged,
        "the file was touched"
    );

    // The end of the file may be half a record of which nobody was told.
    fs::write(&path, format!("{whole}{{\"seq\":9,\"op\":\"se")).unwrap();
    lab.start("linux");
    assert!(
        lab.log("linux").contains("linux.torn-1"),
        "{}",
        lab.log("linux")
    );
    assert_eq!(
        fs::read(lab.data("linux.torn-1")).unwrap(),
        b"{\"seq\":9,\"op\":\"se"
    );
    for key in &keys {
        assert_eq!(lab.connect("linux").call(&["GET", key]), bulk("value"));
    }
}

#[test]
fn damaged_files_are_repaired_where_that_is_asked_for() {
    let mut lab = Lab::new();
    lab.start("linux");
    let keys: Vec<_> = (0..4).map(|n| key_of("linux", "k", n)).collect();
    for key in &keys {
        assert_eq!(lab.connect("linux").call(&["SET", key, "value"]), Frame::OK);
    }
    lab.kill("linux");
    let path = journal(&lab);
    let damaged = fs::read_to_string(&path).unwrap();
    let damaged = damaged.replacen("\"value\":\"value\"", "\"value\":\"valve\"", 1);
    fs::write(&path, &damaged).unwrap();
    refuses(&lab, &[], 4, &["byte", "--repair"]);

    lab.start_with("linux", &["--repair"]);
    let told = lab.log("linux");
    for part in ["linux.damaged-1.txt", "left out: ", "has the checksum"] {
        assert!(told.contains(part), "{part:?} is not in {told}");
    }
    let copy = fs::read_to_string(lab.data("linux.damaged-1.journal-1.jsonl"));
    assert_eq!(copy.unwrap(), damaged);
    let list = fs::read_to_string(lab.data("linux.damaged-1.txt")).unwrap();
    assert!(list.contains("journal-1.jsonl, byte "), "{list}");
    let values = |lab: &Lab| {
        let mut client = lab.connect("linux");
        let values = keys.iter().map(|key| client.call(&["GET", key]));
        values.collect::<Vec<_>>()
    };
    let expected = [Frame::Null, bulk("value"), bulk("value"), bulk("value")];
    assert_eq!(values(&lab), expected);

    // From now on it is a node as any other.
    let key = &keys[0];
    assert_eq!(lab.connect("linux").call(&["SET", key, "anew"]), Frame::OK);
    lab.kill("linux");
    lab.start("linux");
    assert_eq!(values(&lab)[0], bulk("anew"));
    assert_eq!(values(&lab)[1..], expected[1..]);
}

#[test]
fn a_folder_that_cannot_be_written() {
    if rustix::process::geteuid().is_root() {
        // The superuser writes anywhere, but not below a file.
        let lab = Lab::new();
        fs::write(lab.folder().join("data"), "").unwrap();
        refuses(&lab, &[], 4, &["data folder", "--data"]);
        return;
    }
    let lab = Lab::new();
    let folder = lab.folder().join("data");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
    refuses(&lab, &[], 4, &["data"]);
}

#[test]
fn no_space_on_the_disk() {
    let lab = memory::alone();
    let disk = MemoryStorage::new();
    let node = memory::start(&lab, "linux", &disk, Fsync::Always);
    let mut client = lab.connect("linux");
    assert_eq!(client.call(&["SET", "k", "v"]), Frame::OK);
    // ENOSPC, after half of the record.
    disk.fail(Operation::Append, 1, Fault::code(28).after_bytes(20));
    let refused = error(&client.call(&["SET", "more", "v"]));
    assert!(
        refused.starts_with("MISCONF ") && refused.contains("space"),
        "{refused}"
    );
    assert_eq!(client.call(&["GET", "k"]), bulk("v"));
    let info = String::from_utf8(
        client
            .call(&["INFO", "persistence"])
            .as_bytes()
            .unwrap()
            .to_vec(),
    );
    let info = info.unwrap();
    assert!(info.contains("aof_last_write_status:err"), "{info}");
    assert!(node.stop().is_err());

    // With space again, a restart goes on with all that was acknowledged.
    let node = memory::start(&lab, "linux", &disk, Fsync::Always);
    let mut client = lab.connect("linux");
    assert_eq!(
        client.call(&["MGET", "k", "more"]),
        Frame::Array(vec![bulk("v"), Frame::Null])
    );
    assert_eq!(client.call(&["SET", "more", "v"]), Frame::OK);
    node.stop().unwrap();
}

#[test]
fn a_signal_ends_a_node_with_a_checkpoint() {
    let (lab, key) = with_a_key();
    let content = fs::read_to_string(lab.data("linux.json")).unwrap();
    assert!(content.contains(&key), "{content}");
    let mut lab = lab;
    lab.start("linux");
    assert_eq!(
        lab.connect("linux").call(&["SET", &key, "again"]),
        Frame::OK
    );
    rustix::process::kill_process(lab.pid("linux"), Signal::INT).unwrap();
    assert!(lab.wait("linux").success());
    let content = fs::read_to_string(lab.data("linux.json")).unwrap();
    assert!(content.contains("again"), "{content}");
    if require::has("jq") {
        let output = crate::lab::quiet_command("jq", lab.folder())
            .args(["-e", ".entries | length == 1"])
            .arg(lab.data("linux.json"))
            .output()
            .unwrap();
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    }
}
