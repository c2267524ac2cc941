//! The README's walk-through, step by step, on the built programs.

use std::process::Command;

use serde_json::Value;

use crate::lab::{self, Lab, code, quiet_command, require, text};

/// Runs `redis-cli` against a node and returns what it prints.
fn redis_cli(lab: &Lab, name: &str, words: &[&str]) -> String {
    let port = lab.address(name).port().to_string();
    let output = Command::new("redis-cli")
        .args(["-p", &port])
        .args(words)
        .output()
        .unwrap();
    text(&output.stdout).trim_end().to_owned()
}

/// The keys in a node's JSON file, read as the README shows it.
fn keys_in_file(lab: &Lab, name: &str) -> Vec<String> {
    let file = lab.data(&format!("{name}.json"));
    if require::has("jq") {
        let output = quiet_command("jq", lab.folder())
            .args(["-r", ".entries[].key"])
            .arg(&file)
            .output()
            .unwrap();
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        return text(&output.stdout).lines().map(str::to_owned).collect();
    }
    let document: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let entries = document["entries"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| entry["key"].as_str().unwrap().to_owned())
        .collect()
}

/// A country whose key `owner` owns.
fn country_of(owner: &str) -> String {
    let samples = include_str!("../../data/samples/countries.json");
    let countries: serde_json::Map<String, Value> = serde_json::from_str(samples).unwrap();
    let placement = triad::placement::Placement::built_in();
    let is_theirs = |key: &&String| **placement.name(placement.owner(key.as_bytes())) == *owner;
    countries
        .keys()
        .find(is_theirs)
        .expect("every node owns some countries")
        .clone()
}

#[test]
fn import_read_save_kill_restart_and_read_again() {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/data/samples/countries.json");
    let mut lab = Lab::started();

    // Through the Mac in, through the phone out.
    let imported = lab.client(&["--via", "mac", "import", samples]);
    assert_eq!(code(&imported), 0, "{}", text(&imported.stderr));
    assert!(
        text(&imported.stdout).contains("stored 249 keys"),
        "{}",
        text(&imported.stdout)
    );
    let read = lab.client(&["--via", "android", "get", "JP"]);
    assert_eq!((code(&read), text(&read.stdout)), (0, "Japan".to_owned()));
    if require::has("redis-cli") {
        assert_eq!(redis_cli(&lab, "android", &["GET", "JP"]), "Japan");
    }

    // In which file does it lie?
    let located = lab.client(&["--json", "where", "JP"]);
    let located: Value = serde_json::from_slice(&located.stdout).unwrap();
    let owner = located["node"].as_str().unwrap().to_owned();
    for name in lab::NAMES {
        assert_eq!(lab.connect(name).call(&["SAVE"]), triad::resp::Frame::OK);
        let holds = keys_in_file(&lab, name).iter().any(|key| key == "JP");
        assert_eq!(holds, name == owner, "{name}.json");
    }

    // Without that node its keys are out of reach, and the error says so; the others' are not.
    lab.kill(&owner);
    let other = if owner == "linux" { "mac" } else { "linux" };
    let refused = lab.client(&["--via", other, "get", "JP"]);
    assert_eq!(code(&refused), 3);
    let message = text(&refused.stderr);
    let address = lab.address(&owner).to_string();
    assert!(
        message.contains(&format!("UNREACHABLE {owner} {address}: ")),
        "{message}"
    );
    let elsewhere = lab.client(&["--via", other, "get", &country_of(other)]);
    assert_eq!(code(&elsewhere), 0, "{}", text(&elsewhere.stderr));

    // With it they are there again.
    lab.start_all();
    let again = lab.client(&["--via", "android", "get", "JP"]);
    assert_eq!((code(&again), text(&again.stdout)), (0, "Japan".to_owned()));
    let all = lab.connect("linux").call(&["DBSIZE"]);
    assert_eq!(all, triad::resp::Frame::Integer(249));
}
