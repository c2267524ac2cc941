//! The rules change, and with them the owners of keys: `client rehome` sends the keys after them.

mod expired;
mod large;
mod values;

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use triad::cluster::Cluster;
use triad::placement::Placement;
use triad::resp::Frame;

use crate::lab::connection::bulk;
use crate::lab::fake::FakeNode;
use crate::lab::{Lab, NAMES, code, eventually, text};

/// Another list of the same nodes: `linux` and `mac` have each other's rule and place.
fn exchanged() -> Vec<(&'static str, Value)> {
    vec![
        ("mac", json!({ "hash": "md5", "last_hex_digit": "even" })),
        ("linux", json!({ "hash": "sha1", "divisible_by": 3 })),
        ("android", json!("remainder")),
    ]
}

/// A cluster in which keys were stored before its list changed. Nodes and tools have the new list.
struct Moved {
    lab: Lab,
    new: Placement,
    keys: Vec<String>,
}

impl Moved {
    /// Stores `count` keys, whose values are `value of KEY`, and starts all nodes with the new list.
    fn with_keys(count: usize) -> Self {
        let lab = Lab::started();
        let keys: Vec<_> = (0..count).map(|n| format!("key {n}")).collect();
        let values = keys.iter().map(|key| format!("value of {key}"));
        let values: Vec<_> = values.collect();
        let mut linux = lab.connect("linux");
        for (keys, values) in keys.chunks(500).zip(values.chunks(500)) {
            let pairs = keys
                .iter()
                .zip(values)
                .flat_map(|(key, value)| [key.as_str(), value]);
            let words: Vec<&str> = ["MSET"].into_iter().chain(pairs).collect();
            assert_eq!(linux.call(&words), Frame::OK);
        }
        let mut moved = Self::stopped(lab, keys);
        moved.lab.start_all();
        moved
    }

    /// Stops all nodes, in which there are `keys`, and gives them the new list.
    fn stopped(mut lab: Lab, keys: Vec<String>) -> Self {
        for name in NAMES {
            assert!(lab.stop(name).success());
        }
        let file = lab.write_cluster_file("cluster.json", &exchanged(), |_, address| address);
        let new = Cluster::load(&file).unwrap().placement().clone();
        Self { lab, new, keys }
    }

    /// The keys that lie on `holder` although another owns them now.
    fn strays(&self, holder: &str) -> Vec<&str> {
        let old = Placement::built_in();
        let keys = self.keys.iter().map(String::as_str);
        keys.filter(|key| {
            let (before, now) = (old.owner(key.as_bytes()), self.new.owner(key.as_bytes()));
            **old.name(before) == *holder && **self.new.name(now) != *holder
        })
        .collect()
    }

    /// How many misplaced keys a node counts.
    fn misplaced(&self, name: &str) -> usize {
        let info = self.lab.connect(name).call(&["INFO", "triad"]);
        let info = text(info.as_bytes().unwrap());
        let count = info
            .lines()
            .find_map(|line| line.strip_prefix("misplaced:"));
        count.unwrap().parse().unwrap()
    }

    /// Checks that every key has its value, whichever node is asked, and that nothing is misplaced.
    fn assert_all_at_home(&self) {
        for name in NAMES {
            let mut node = self.lab.connect(name);
            let words: Vec<&str> = ["MGET"]
                .into_iter()
                .chain(self.keys.iter().map(String::as_str))
                .collect();
            let values = self.keys.iter().map(|key| bulk(format!("value of {key}")));
            assert!(
                node.call(&words) == Frame::Array(values.collect()),
                "through {name}"
            );
            assert_eq!(self.misplaced(name), 0);
        }
        let count = i64::try_from(self.keys.len()).unwrap();
        assert_eq!(
            self.lab.connect("mac").call(&["DBSIZE"]),
            Frame::Integer(count)
        );
    }

    /// Runs `client rehome`; returns its exit code and document.
    fn rehome(&self) -> (i32, Value) {
        let output = self.lab.client(&["--json", "rehome"]);
        let document = serde_json::from_slice(&output.stdout);
        (
            code(&output),
            document.unwrap_or_else(|_| panic!("{}", text(&output.stderr))),
        )
    }
}

#[test]
fn misplaced_keys_are_told_and_not_served_and_rehome_moves_them() {
    let mut moved = Moved::with_keys(400);
    let counts = NAMES.map(|name| moved.strays(name).len());
    assert!(
        counts[0] > 100 && counts[1] > 30 && counts[2] == 0,
        "{counts:?}"
    );
    let lab = &moved.lab;
    let status = lab.client(&["status"]);
    let table = text(&status.stdout);
    for (name, count) in NAMES.into_iter().zip(counts) {
        let told = if count > 0 {
            format!(" misplaced {count}")
        } else {
            String::new()
        };
        assert_eq!(
            lab.ready_line(name),
            format!("ready {name} {}{told}", lab.address(name))
        );
        assert_eq!(moved.misplaced(name), count);
        let sentence = format!("{name}: {count} keys here belong to other nodes; `client rehome`");
        assert_eq!(table.contains(&sentence), count > 0, "{table}");
    }
    let misplaced = counts.iter().sum::<usize>();
    let exported = lab.client(&["export", "keys.json"]);
    assert_eq!(code(&exported), 1);
    let sentence = format!(
        "\n{misplaced} keys lie on nodes that do not own them and were left out; `client rehome` sends them home\n"
    );
    let told = text(&[exported.stdout, exported.stderr].concat());
    assert!(told.ends_with(&sentence), "{told}");
    let arguments = ["--json", "export", "mac.json", "--node", "mac"];
    let (exit, done) = crate::client::document(&lab.client(&arguments));
    assert_eq!((exit, &done["misplaced"]), (1, &json!(counts[1])));
    // Neither as the wrong node's own, nor by the owner, which does not have them yet.
    for name in ["linux", "mac"] {
        let strays = moved.strays(name);
        for asked in NAMES {
            assert_eq!(
                lab.connect(asked).call(&["GET", strays[0]]),
                Frame::Null,
                "{asked}"
            );
        }
        assert_eq!(
            lab.connect(name).call(&["TRIAD", "HOLDS", strays[0]]),
            Frame::Integer(0)
        );
        let listed = text(&lab.client(&["keys", "--node", name]).stdout);
        assert!(!listed.lines().any(|key| strays.contains(&key)), "{name}");
    }

    let total: usize = counts.iter().sum();
    let output = moved.lab.client(&["rehome"]);
    let said = (code(&output), text(&output.stdout), text(&output.stderr));
    assert_eq!(
        said,
        (
            0,
            format!("{total} keys have moved to their owners\n"),
            String::new()
        )
    );
    moved.assert_all_at_home();
    assert_eq!(moved.rehome(), (0, json!({"moved": 0, "kept": []})));

    // And so it is on disk.
    for name in NAMES {
        moved.lab.kill(name);
    }
    moved.lab.start_all();
    for name in NAMES {
        assert!(!moved.lab.ready_line(name).contains("misplaced"));
    }
    moved.assert_all_at_home();
}

#[test]
fn misplaced_keys_outlive_every_restart_until_they_are_moved() {
    let mut moved = Moved::with_keys(60);
    let count = moved.strays("linux").len();
    // By a checkpoint, and by a crash.
    assert_eq!(moved.lab.connect("linux").call(&["SAVE"]), Frame::OK);
    assert!(moved.lab.stop("linux").success());
    moved.lab.start("linux");
    moved.lab.kill("linux");
    moved.lab.start_all();
    assert_eq!(moved.misplaced("linux"), count);
    assert_eq!(moved.rehome().0, 0);
    moved.assert_all_at_home();
}

#[test]
fn a_key_with_two_values_is_kept_and_listed() {
    let moved = Moved::with_keys(60);
    let lab = &moved.lab;
    let strays = moved.strays("linux");
    let (other, same) = (strays[0], strays[1]);
    let mut android = lab.connect("android");
    assert_eq!(android.call(&["SET", other, "a newer value"]), Frame::OK);
    assert_eq!(
        android.call(&["SET", same, &format!("value of {same}")]),
        Frame::OK
    );
    let owner = moved
        .new
        .name(moved.new.owner(other.as_bytes()))
        .to_string();

    let total = NAMES
        .map(|name| moved.strays(name).len())
        .iter()
        .sum::<usize>();
    let kept = json!([{ "key": other, "holder": "linux", "owner": owner }]);
    assert_eq!(
        moved.rehome(),
        (1, json!({ "moved": total - 1, "kept": kept }))
    );
    assert_eq!(android.call(&["GET", other]), bulk("a newer value"));
    assert_eq!(moved.misplaced("linux"), 1);
    let output = lab.client(&["rehome"]);
    let said = text(&output.stdout);
    assert_eq!(code(&output), 1, "{said}");
    assert!(
        said.starts_with("0 keys have moved to their owners\n"),
        "{said}"
    );
    assert!(said.contains(&format!(
        "kept on linux: {other} ({owner}, its owner, has another value;"
    )));

    // What the sentence advises brings the other value.
    assert_eq!(code(&lab.client(&["delete", other])), 0);
    assert_eq!(moved.rehome(), (0, json!({ "moved": 1, "kept": [] })));
    moved.assert_all_at_home();
}

#[test]
fn a_run_that_was_interrupted_is_run_again_and_loses_nothing() {
    let moved = Moved::with_keys(1500);
    let (mac, linux) = (moved.misplaced("mac"), moved.misplaced("linux"));
    let mut command = moved.lab.tool(env!("CARGO_BIN_EXE_client"));
    let mut client = command.arg("rehome").stdout(Stdio::null()).spawn().unwrap();
    // It begins with the first of the new list, so that most of the work is still to be done.
    eventually("keys have moved", || moved.misplaced("mac") < mac);
    client.kill().unwrap();
    client.wait().unwrap();
    assert!(
        linux > 300 && moved.misplaced("linux") > 0,
        "it had nothing left to do"
    );
    // The worst moment: the owner has the key, and it is not yet deleted where it lay.
    let listed = moved
        .lab
        .connect("linux")
        .call(&["TRIAD", "MISPLACED", "0", "COUNT", "1"]);
    let Frame::Array(step) = listed else {
        panic!("{listed:?}")
    };
    let Frame::Array(found) = &step[1] else {
        panic!("{step:?}")
    };
    let key = text(found[0].as_bytes().unwrap());
    let owner = moved.new.name(moved.new.owner(key.as_bytes()));
    let offer = ["TRIAD", "OFFER", &key, &format!("value of {key}"), "NX"];
    moved.lab.connect(owner).call(&offer);
    assert_eq!(moved.rehome().0, 0);
    moved.assert_all_at_home();
}

#[test]
fn a_node_that_dies_meanwhile_loses_nothing() {
    let mut moved = Moved::with_keys(1500);
    let before = moved.misplaced("mac");
    let mut command = moved.lab.tool(env!("CARGO_BIN_EXE_client"));
    let command = command
        .arg("rehome")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let client = command.spawn().unwrap();
    eventually("keys have moved", || moved.misplaced("mac") < before);
    moved.lab.kill("android");
    let output = client.wait_with_output().unwrap();
    let message = text(&output.stderr);
    assert_eq!(code(&output), 3, "{message}");
    assert!(message.contains("android 127.0.0.1:"), "{message}");
    assert!(
        message.contains("keys have moved; run it again for the rest"),
        "{message}"
    );
    // As long as one is missing, nothing is begun.
    let refused = moved.lab.client(&["rehome"]);
    assert_eq!((code(&refused), text(&refused.stdout)), (3, String::new()));
    moved.lab.start_all();
    assert_eq!(moved.rehome().0, 0);
    moved.assert_all_at_home();
}

#[test]
fn a_program_with_another_list_than_the_nodes_moves_nothing() {
    let moved = Moved::with_keys(60);
    let before = NAMES.map(|name| moved.misplaced(name));
    // The old list, in which the strays are where they belong.
    let old = [
        ("linux", json!({ "hash": "md5", "last_hex_digit": "even" })),
        ("mac", json!({ "hash": "sha1", "divisible_by": 3 })),
        ("android", json!("remainder")),
    ];
    moved
        .lab
        .write_cluster_file("old.json", &old, |_, address| address);
    let output = moved.lab.client(&["--cluster", "old.json", "rehome"]);
    let message = text(&output.stderr);
    assert_eq!(
        (code(&output), text(&output.stdout)),
        (4, String::new()),
        "{message}"
    );
    assert!(
        message.contains("use one cluster file for all nodes and for this program"),
        "{message}"
    );
    assert_eq!(NAMES.map(|name| moved.misplaced(name)), before);
    assert_eq!(moved.rehome().0, 0);
    moved.assert_all_at_home();
}

#[test]
fn values_that_do_not_fit_in_one_reply_are_moved_one_by_one() {
    let lab = Lab::new();
    let cluster = Cluster::load(&lab.cluster_file()).unwrap();
    let log = Arc::new(Mutex::new(Vec::new()));
    // All strays of `linux`, each larger than the half of a reply.
    let strays: Vec<_> = (0..3)
        .map(|n| crate::lab::key_of("mac", "large", n))
        .collect();
    let _nodes = NAMES.map(|name| {
        let (strays, log) = (strays.clone(), Arc::clone(&log));
        FakeNode::start(&cluster, name, move |words| {
            let words: Vec<_> = words.iter().map(|word| text(word)).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match words[..] {
                ["TRIAD", "MISPLACED", at, "COUNT", "1", "WHOLE"] if name == "linux" => {
                    let at: usize = at.parse().unwrap();
                    let next = (at + 1) % strays.len();
                    let found = [strays[at].as_str(), "0", "string", "large"].map(bulk);
                    let found = Frame::Array(vec![Frame::Array(found.into())]);
                    Frame::Array(vec![bulk(next.to_string()), found])
                }
                ["TRIAD", "MISPLACED", _, "COUNT", _, "WHOLE"] if name == "linux" => {
                    Frame::error("ERR the reply is larger")
                }
                ["TRIAD", "MISPLACED", ..] => {
                    Frame::Array(vec![bulk("0"), Frame::Array(Vec::new())])
                }
                ["TRIAD", "ADOPT", key, "0", "string", "large"] if name == "mac" => {
                    log.lock().unwrap().push(format!("adopt {key}"));
                    Frame::Array(vec![bulk("stored"), bulk("mac")])
                }
                ["TRIAD", "RELEASE", key] if name == "linux" => {
                    log.lock().unwrap().push(format!("release {key}"));
                    Frame::Integer(1)
                }
                _ => Frame::error(format!("ERR {words:?}")),
            }
        })
    });
    let output = lab.client(&["--json", "rehome"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "{\"moved\":3,\"kept\":[]}\n");
    let steps = strays
        .iter()
        .flat_map(|key| [format!("adopt {key}"), format!("release {key}")]);
    assert_eq!(*log.lock().unwrap(), steps.collect::<Vec<_>>());
}
