//! `BGSAVE`, and `SAVE` beside it.

use triad::resp::Frame;
use triad::storage::MemoryStorage;
use triad::store::Fsync;

use crate::lab::connection::{bulk, error};
use crate::lab::{self, memory};

const RUNS_ALREADY: &str = "ERR Background save already in progress";

#[test]
fn one_save_at_a_time_goes_on_beside_requests() {
    let lab = memory::alone();
    let disk = MemoryStorage::new();
    let node = memory::start(&lab, "linux", &disk, Fsync::Never);
    let mut client = lab.connect("linux");
    assert_eq!(client.call(&["SET", "k", "1"]), Frame::OK);
    assert_eq!(client.info_text("rdb_last_bgsave_time_sec"), "-1");
    let held = memory::hold_syncs(&disk);
    for saving in [&["BGSAVE"][..], &["BGSAVE", "SCHEDULE"]] {
        // The second time round the disk is free again, and held anew.
        let saves = client.info("rdb_saves");
        disk.hold_syncs();
        client.call(&["SET", "k", "2"]);
        client.send(saving);
        client.send(&["BGSAVE"]);
        assert_eq!(client.reply(), Frame::simple("Background saving started"));
        assert_eq!(error(&client.reply()), RUNS_ALREADY);
        disk.wait_for_held_sync();
        assert_eq!(client.info("rdb_bgsave_in_progress"), 1);
        assert_eq!(client.info_text("rdb_current_bgsave_time_sec"), "0");
        for words in [&["SAVE"][..], &["bgsave", "schedule"], &["BGSAVE"]] {
            assert_eq!(error(&client.call(words)), RUNS_ALREADY, "{words:?}");
        }
        assert_eq!(client.call(&["GET", "k"]), bulk("2"));
        disk.release_syncs();
        lab::eventually("the save has ended", || {
            client.info("rdb_bgsave_in_progress") == 0
        });
        assert_eq!(client.info("rdb_saves"), saves + 1);
        assert_eq!(client.info_text("rdb_current_bgsave_time_sec"), "-1");
        client.info("rdb_last_bgsave_time_sec");
    }
    assert_eq!(client.call(&["SAVE"]), Frame::OK);
    drop(held);
    node.stop().unwrap();
}

/// With Redis a second `SAVE` waits for the first one, since nothing else happens meanwhile.
#[test]
fn a_save_waits_for_the_one_before_it() {
    let lab = memory::alone();
    let disk = MemoryStorage::new();
    let node = memory::start(&lab, "linux", &disk, Fsync::Never);
    let (mut one, mut other) = (lab.connect("linux"), lab.connect("linux"));
    one.call(&["SET", "k", "1"]);
    let held = memory::hold_syncs(&disk);
    one.send(&["SAVE"]);
    disk.wait_for_held_sync();
    other.send(&["SAVE"]);
    memory::settle(&lab, "linux");
    assert_eq!(error(&lab.connect("linux").call(&["BGSAVE"])), RUNS_ALREADY);
    assert!(!one.has_reply() && !other.has_reply());
    drop(held);
    assert_eq!(one.reply(), Frame::OK);
    assert_eq!(other.reply(), Frame::OK);
    assert_eq!(one.info("rdb_saves"), 2);
    node.stop().unwrap();
}
