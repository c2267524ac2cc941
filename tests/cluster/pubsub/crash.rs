//! An event is told when a crash can no longer take it back.

use triad::resp::Frame;
use triad::storage::MemoryStorage;
use triad::storage::memory::{Fault, Operation};
use triad::store::Fsync;

use super::{event, listening, words};
use crate::lab::{Lab, key_of, memory};

#[test]
fn an_event_is_told_after_the_fsync_of_its_write() {
    let lab = Lab::new();
    let disk = MemoryStorage::new();
    let owner = memory::start(&lab, "mac", &disk, Fsync::Always);
    let entry = memory::start(&lab, "linux", &MemoryStorage::new(), Fsync::Always);
    memory::wait_for_link(&lab, "linux", "mac");
    let mut subscribers = ["linux", "mac"].map(|name| listening(&lab, name));
    let key = key_of("mac", "k", 0);
    let held = memory::hold_syncs(&disk);
    let mut writer = lab.connect("mac");
    writer.send(&["SET", &key, "v"]);
    disk.wait_for_held_sync();
    memory::settle(&lab, "mac");
    // A request that crosses the link from the entry node and comes back: an event would have come too.
    memory::wait_for_link(&lab, "linux", "mac");
    memory::settle(&lab, "linux");
    for subscriber in &mut subscribers {
        assert!(!subscriber.has_reply(), "told before the fsync");
    }
    drop(held);
    for subscriber in &mut subscribers {
        assert_eq!(subscriber.reply(), event("set", &key));
    }
    assert_eq!(writer.reply(), Frame::OK);
    entry.stop().unwrap();
    owner.stop().unwrap();
}

#[test]
fn events_of_two_groups_of_writes_are_told_one_after_the_other() {
    let lab = memory::alone();
    let disk = MemoryStorage::new();
    let node = memory::start(&lab, "linux", &disk, Fsync::Always);
    let mut subscriber = listening(&lab, "linux");
    let mut writer = lab.connect("linux");
    let held = memory::hold_syncs(&disk);
    writer.send(&["SET", "a", "1"]);
    disk.wait_for_held_sync();
    writer.send(&["SET", "b", "1"]);
    memory::settle(&lab, "linux");
    assert_eq!(words(&subscriber.call(&["PING"])), ["pong", ""]);
    disk.release_one_sync();
    assert_eq!(subscriber.reply(), event("set", "a"));
    disk.wait_for_held_sync();
    memory::settle(&lab, "linux");
    assert_eq!(words(&subscriber.call(&["PING"])), ["pong", ""]);
    disk.release_one_sync();
    assert_eq!(subscriber.reply(), event("set", "b"));
    drop(held);
    node.stop().unwrap();
}

#[test]
fn a_write_that_failed_is_not_told() {
    let lab = memory::alone();
    let disk = MemoryStorage::new();
    let node = memory::start(&lab, "linux", &disk, Fsync::Always);
    let mut subscriber = listening(&lab, "linux");
    let mut writer = lab.connect("linux");
    assert_eq!(writer.call(&["SET", "a", "1"]), Frame::OK);
    assert_eq!(subscriber.reply(), event("set", "a"));
    // EIO.
    disk.fail(Operation::Sync, 1, Fault::code(5));
    assert!(matches!(writer.call(&["SET", "b", "1"]), Frame::Error(_)));
    assert!(matches!(writer.call(&["SET", "c", "1"]), Frame::Error(_)));
    memory::settle(&lab, "linux");
    assert_eq!(words(&subscriber.call(&["PING"])), ["pong", ""]);
    assert!(node.stop().is_err());
}
