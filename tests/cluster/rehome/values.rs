//! What a key is goes with it: its type, its items, and the moment at which it is gone.

use serde_json::json;
use triad::resp::Frame;

use super::Moved;
use crate::lab::connection::bulk;
use crate::lab::{Connection, Lab, NAMES, code, key_of, text};

/// Moments in the year 2100 and after it.
const LATER: u64 = 4_102_444_800_123;

fn members(node: &mut Connection, key: &str) -> Vec<String> {
    let (Frame::Array(members) | Frame::Set(members)) = node.call(&["SMEMBERS", key]) else {
        panic!("no set under {key}")
    };
    let members = members
        .iter()
        .map(|member| text(member.as_bytes().unwrap()));
    let mut members: Vec<_> = members.collect();
    members.sort();
    members
}

fn deadline(node: &mut Connection, key: &str) -> Frame<'static> {
    node.call(&["PEXPIRETIME", key])
}

fn at(unix_ms: u64) -> Frame<'static> {
    Frame::Integer(i64::try_from(unix_ms).unwrap())
}

/// Keys of each kind that lie on `linux` and go to others by the new list.
struct Kinds {
    moved: Moved,
    set: String,
    brief_set: String,
    brief: String,
}

impl Kinds {
    fn new() -> Self {
        let lab = Lab::started();
        let mut linux = lab.connect("linux");
        let [set, brief_set, brief] = ["set", "brief set", "brief"].map(stray_of_linux);
        for key in [&set, &brief_set] {
            linux.call(&["SADD", key, "one", "two", "three", "", "\r\n"]);
        }
        linux.call(&["SET", &brief, "value", "PXAT", &LATER.to_string()]);
        linux.call(&["PEXPIREAT", &brief_set, &(LATER + 1).to_string()]);
        let keys = vec![set.clone(), brief_set.clone(), brief.clone()];
        let mut moved = Moved::stopped(lab, keys);
        moved.lab.start_all();
        assert_eq!(moved.misplaced("linux"), 3);
        Self {
            moved,
            set,
            brief_set,
            brief,
        }
    }

    fn assert_all_at_home(&self) {
        for name in NAMES {
            let mut node = self.moved.lab.connect(name);
            for key in [&self.set, &self.brief_set] {
                let all = ["", "\r\n", "one", "three", "two"];
                assert_eq!(members(&mut node, key), all, "{key} through {name}");
            }
            assert_eq!(node.call(&["GET", &self.brief]), bulk("value"));
            assert_eq!(deadline(&mut node, &self.set), Frame::Integer(-1));
            assert_eq!(deadline(&mut node, &self.brief), at(LATER));
            assert_eq!(deadline(&mut node, &self.brief_set), at(LATER + 1));
            assert_eq!(self.moved.misplaced(name), 0);
        }
    }
}

/// A key that begins with `prefix`, of `linux` by the old list. By the new one it is of `mac`, which has the
/// rule that `linux` had.
pub(super) fn stray_of_linux(prefix: &str) -> String {
    key_of("linux", prefix, 0)
}

#[test]
fn sets_and_deadlines_arrive_as_they_were() {
    let mut kinds = Kinds::new();
    for key in &kinds.moved.keys {
        let asked = kinds.moved.lab.connect("mac").call(&["EXISTS", key]);
        assert_eq!(asked, Frame::Integer(0), "{key} is not served before");
    }
    assert_eq!(kinds.moved.rehome(), (0, json!({"moved": 3, "kept": []})));
    kinds.assert_all_at_home();
    // And so it is on disk.
    for name in NAMES {
        kinds.moved.lab.kill(name);
    }
    kinds.moved.lab.start_all();
    kinds.assert_all_at_home();
}

/// The worst moment of an interrupted run: the owner has the key, and it is not yet deleted where it lay.
#[test]
fn a_key_that_is_the_same_on_both_sides_is_dropped_where_it_lay() {
    let kinds = Kinds::new();
    let lab = &kinds.moved.lab;
    let mut mac = lab.connect("mac");
    // In another order, in which nobody keeps them.
    for key in [&kinds.set, &kinds.brief_set] {
        for member in ["three", "\r\n", "two", "", "one"] {
            mac.call(&["SADD", key, member]);
        }
    }
    mac.call(&["PEXPIREAT", &kinds.brief_set, &(LATER + 1).to_string()]);
    mac.call(&["SET", &kinds.brief, "value", "PXAT", &LATER.to_string()]);
    assert_eq!(kinds.moved.rehome(), (0, json!({"moved": 3, "kept": []})));
    kinds.assert_all_at_home();
}

#[test]
fn other_members_or_another_deadline_are_kept_and_listed() {
    let kinds = Kinds::new();
    let lab = &kinds.moved.lab;
    let mut mac = lab.connect("mac");
    mac.call(&["SADD", &kinds.set, "one", "two", "three", "", "another"]);
    mac.call(&["SET", &kinds.brief_set, "a string"]);
    mac.call(&["SET", &kinds.brief, "value"]);
    let output = lab.client(&["rehome"]);
    let said = text(&output.stdout);
    assert_eq!(code(&output), 1, "{said}");
    let advice = "; to have this one instead, `client delete` the key and rehome again)";
    for (key, why) in [
        (&kinds.set, "has another value"),
        (&kinds.brief_set, "has another value"),
        (&kinds.brief, "has it with another deadline"),
    ] {
        let sentence = format!("kept on linux: {key} (mac, its owner, {why}{advice}\n");
        assert!(said.contains(&sentence), "{said}");
        let listed = json!({ "key": key, "holder": "linux", "owner": "mac" });
        let (code, document) = kinds.moved.rehome();
        assert_eq!(code, 1);
        assert!(document["kept"].as_array().unwrap().contains(&listed));
    }
    // Both sides are as they were.
    assert_eq!(kinds.moved.misplaced("linux"), 3);
    assert!(members(&mut mac, &kinds.set).contains(&"another".to_owned()));
    assert_eq!(mac.call(&["GET", &kinds.brief_set]), bulk("a string"));
    assert_eq!(deadline(&mut mac, &kinds.brief), Frame::Integer(-1));
    // What the sentence advises brings the others.
    for key in &kinds.moved.keys {
        assert_eq!(code(&lab.client(&["delete", key])), 0);
    }
    assert_eq!(kinds.moved.rehome(), (0, json!({"moved": 3, "kept": []})));
    kinds.assert_all_at_home();
}

#[test]
fn a_value_that_its_owner_does_not_take_stays_and_holds_up_no_other() {
    let lab = Lab::started();
    let mut linux = lab.connect("linux");
    let [large, small] = ["large", "small"].map(stray_of_linux);
    linux.call(&["SET", &large, &"v".repeat(5000)]);
    linux.call(&["SET", &small, "v"]);
    let mut moved = Moved::stopped(lab, Vec::new());
    for name in NAMES {
        moved.lab.start_with(name, &["--max-value", "4096"]);
    }
    moved.lab.wait_until_linked();
    let (code, document) = moved.rehome();
    assert_eq!((code, &document["moved"]), (1, &json!(1)), "{document}");
    let kept = &document["kept"][0];
    assert_eq!(
        (&kept["key"], &kept["holder"]),
        (&json!(large), &json!("linux"))
    );
    let refused = kept["refused"].as_str().unwrap();
    assert!(
        refused.contains("has 5000 bytes, and at most 4096 are taken"),
        "{refused}"
    );
    assert_eq!(moved.misplaced("linux"), 1);
    let said = text(&moved.lab.client(&["rehome"]).stdout);
    assert!(
        said.contains("its owner, does not take it: argument 5 has 5000 bytes"),
        "{said}"
    );
    // With room for it, it goes.
    for name in NAMES {
        assert!(moved.lab.stop(name).success());
    }
    moved.lab.start_all();
    assert_eq!(moved.rehome(), (0, json!({"moved": 1, "kept": []})));
    let found = moved.lab.connect("mac").call(&["STRLEN", &large]);
    assert_eq!(found, Frame::Integer(5000));
}

#[test]
fn an_adoption_is_taken_by_the_owner_alone_and_only_if_the_key_is_absent() {
    let lab = Lab::started();
    let (mut linux, mut mac) = (lab.connect("linux"), lab.connect("mac"));
    let key = key_of("linux", "adopted", 0);
    let later = LATER.to_string();
    let answer = |verdict: &str| Frame::Array(vec![bulk(verdict), bulk("linux")]);
    let adopt = |node: &mut Connection, words: &[&str]| {
        node.call(&[&["TRIAD", "ADOPT", &key], words].concat())
    };
    assert_eq!(adopt(&mut mac, &["0", "set", "a"]), answer("declined"));
    assert_eq!(adopt(&mut linux, &["1", "set", "a"]), answer("expired"));
    assert_eq!(mac.call(&["EXISTS", &key]), Frame::Integer(0));
    assert_eq!(
        adopt(&mut linux, &[&later, "set", "a", "b"]),
        answer("stored")
    );
    assert_eq!(
        adopt(&mut linux, &[&later, "set", "b", "a"]),
        answer("same")
    );
    assert_eq!(
        adopt(&mut linux, &["0", "set", "a", "b"]),
        answer("deadline")
    );
    assert_eq!(adopt(&mut linux, &[&later, "set", "a"]), answer("exists"));
    assert_eq!(
        adopt(&mut linux, &[&later, "string", "a"]),
        answer("exists")
    );
    assert_eq!(members(&mut mac, &key), ["a", "b"]);
    assert_eq!(deadline(&mut mac, &key), at(LATER));
}
