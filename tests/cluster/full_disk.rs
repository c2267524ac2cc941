//! A node on a disk that is full, and a real one: what a user sees, and the way out.

use std::path::Path;

use serde_json::json;
use triad::resp::Frame;

use crate::lab::connection::{bulk, error, fields};
use crate::lab::{Connection, Lab, code, text};
use crate::small_disk::SmallDisk;

/// The end of an error for want of space: what to do.
const REMEDY: &str = "; free some space there";

/// A node that owns every key, with its files on the disk.
struct Alone {
    lab: Lab,
    data: String,
}

impl Alone {
    fn start(disk: &SmallDisk) -> Self {
        let lab = Lab::with_rules(&[("linux", json!("remainder"))]);
        let data = disk.path().join("data").display().to_string();
        let mut alone = Self { lab, data };
        alone.start_again();
        alone
    }

    fn start_again(&mut self) {
        self.lab.start_with("linux", &["--data", &self.data]);
    }

    fn connect(&self) -> Connection {
        self.lab.connect("linux")
    }

    /// Asks the node to end; its exit code.
    fn stop(&mut self) -> Option<i32> {
        self.lab.stop("linux").code()
    }

    fn has(&self, file: &str) -> bool {
        Path::new(&self.data).join(file).exists()
    }
}

fn set(client: &mut Connection, number: usize, bytes: usize) -> Frame<'static> {
    client.call(&["SET", &format!("key-{number}"), &"x".repeat(bytes)])
}

fn assert_all(client: &mut Connection, keys: usize, bytes: usize) {
    let value = bulk("x".repeat(bytes));
    for number in 0..keys {
        assert_eq!(client.call(&["GET", &format!("key-{number}")]), value);
    }
}

#[test]
fn writes_end_reads_go_on_and_space_brings_writes_back() {
    const BYTES: usize = 1_000;
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    let mut node = Alone::start(&disk);
    let mut client = node.connect();
    disk.fill(64 * 1024);
    let mut acknowledged = 0;
    let refused = loop {
        let reply = set(&mut client, acknowledged, BYTES);
        if reply != Frame::OK {
            break error(&reply);
        }
        acknowledged += 1;
    };
    assert!(acknowledged > 50, "{acknowledged}");
    let journal = format!("could not write {}/linux.journal-1.jsonl: ", node.data);
    assert!(
        refused.starts_with(&format!("MISCONF {journal}")) && refused.ends_with(REMEDY),
        "{refused}"
    );
    for words in [&["SET", "key-0", "more"][..], &["DEL", "key-0"], &["SAVE"]] {
        let refused = error(&client.call(words));
        assert!(
            refused.starts_with("MISCONF ") && refused.ends_with(REMEDY),
            "{refused}"
        );
    }
    assert_all(&mut client, acknowledged, BYTES);
    assert_eq!(client.info_text("aof_last_write_status"), "err");
    let told = client.info_text("triad_failure");
    assert!(
        told.starts_with(&journal) && told.ends_with(REMEDY),
        "{told}"
    );

    let status = client.call(&["TRIAD", "NODES"]);
    let Frame::Array(rows) = status else {
        panic!("no list: {status:?}")
    };
    let row = fields(&rows[0]);
    assert_eq!((&*row["reachable"], &*row["error"]), ("1", &*told));

    assert_eq!(node.stop(), Some(4));
    let log = node.lab.log("linux");
    let last = log.lines().last().unwrap();
    assert!(last.starts_with(&format!("error: {journal}")), "{last}");
    assert_eq!(last.matches(&journal).count(), 1, "{last}");
    // The end of the journal is incomplete, and there is no space to keep it elsewhere.
    let refused = node.lab.run_node("linux", &["--data", &node.data]);
    assert_eq!(code(&refused), 4);
    let refused = text(&refused.stderr);
    assert!(
        refused.contains("linux.torn-1: ") && refused.contains(REMEDY),
        "{refused}"
    );

    disk.clear();
    node.start_again();
    let mut client = node.connect();
    assert_all(&mut client, acknowledged, BYTES);
    assert_eq!(set(&mut client, acknowledged, BYTES), Frame::OK);
    assert_eq!(client.info_text("aof_last_write_status"), "ok");
    assert_eq!(client.info_text("triad_failure"), "none");
    assert_eq!(node.stop(), Some(0));
}

#[test]
fn without_space_for_a_snapshot_the_journal_goes_on() {
    const BYTES: usize = 20_000;
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    let mut node = Alone::start(&disk);
    let mut client = node.connect();
    for number in 0..20 {
        assert_eq!(set(&mut client, number, BYTES), Frame::OK);
    }
    disk.fill(200 * 1024);
    let refused = error(&client.call(&["SAVE"]));
    let snapshot = format!("could not write {}/linux.json.tmp: ", node.data);
    assert!(
        refused.starts_with(&format!("MISCONF {snapshot}")) && refused.ends_with(REMEDY),
        "{refused}"
    );
    assert!(!node.has("linux.json.tmp") && !node.has("linux.json"));
    assert_eq!(client.info_text("rdb_last_bgsave_status"), "err");
    let told = client.info_text("triad_checkpoint_failure");
    assert!(
        told.starts_with(&snapshot) && told.ends_with(REMEDY),
        "{told}"
    );
    assert_eq!(client.info_text("aof_last_write_status"), "ok");
    assert_eq!(client.info_text("triad_failure"), "none");
    assert_eq!(set(&mut client, 20, BYTES), Frame::OK);
    // Its last checkpoint has no space either, and who has stopped it is told.
    assert_eq!(node.stop(), Some(4));
    assert!(node.lab.log("linux").contains(&snapshot));

    // The journal is all there is, and enough.
    node.start_again();
    let mut client = node.connect();
    assert_all(&mut client, 21, BYTES);
    disk.clear();
    assert_eq!(client.call(&["SAVE"]), Frame::OK);
    assert_eq!(client.info_text("rdb_last_bgsave_status"), "ok");
    assert_eq!(client.info_text("triad_checkpoint_failure"), "none");
    assert_all(&mut client, 21, BYTES);
    assert_eq!(node.stop(), Some(0));
}
