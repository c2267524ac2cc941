//! A write is acknowledged, and seen, when a crash can no longer take it back.
//!
//! Killing a process cannot show that: the system keeps what was written. So these nodes run on a disk
//! in memory, on which the test holds back every fsync and then cuts the power.

use triad::limits::WINDOW_REPLY_BYTES;
use triad::resp::Frame;
use triad::storage::MemoryStorage;
use triad::storage::memory::{Fault, Keep, Operation};
use triad::store::Fsync;

use crate::lab::connection::{bulk, error};
use crate::lab::{Lab, key_of, memory};

#[test]
fn a_write_is_acknowledged_after_its_fsync_and_then_survives_power_loss() {
    let lab = memory::alone();
    let disk = MemoryStorage::new();
    let node = memory::start(&lab, "linux", &disk, Fsync::Always);
    let mut writer = lab.connect("linux");
    let held = memory::hold_syncs(&disk);
    writer.send(&["SET", "k", "v"]);
    disk.wait_for_held_sync();
    // Its connection is looked at again, and has another reply ready behind the one that waits.
    writer.send(&["PING"]);
    memory::settle(&lab, "linux");
    assert!(!writer.has_reply(), "acknowledged before the fsync");
    let before = disk.crash(Keep::Nothing);

    drop(held);
    assert_eq!(writer.reply(), Frame::OK);
    assert_eq!(writer.reply(), Frame::simple("PONG"));
    let after = disk.crash(Keep::Nothing);
    node.stop().unwrap();

    for (disk, value) in [(before, Frame::Null), (after, bulk("v"))] {
        let node = memory::start(&lab, "linux", &disk, Fsync::Always);
        assert_eq!(lab.connect("linux").call(&["GET", "k"]), value);
        node.stop().unwrap();
    }
}

#[test]
fn nobody_sees_what_a_crash_can_take_back() {
    let lab = memory::alone();
    let disk = MemoryStorage::new();
    let node = memory::start(&lab, "linux", &disk, Fsync::Always);
    let mut writer = lab.connect("linux");
    assert_eq!(writer.call(&["MSET", "old", "1", "gone", "1"]), Frame::OK);
    let held = memory::hold_syncs(&disk);
    writer.send(&["SET", "k", "v"]);
    writer.send(&["DEL", "gone"]);
    disk.wait_for_held_sync();
    memory::settle(&lab, "linux");

    // What touches a key that was written waits, whatever it would say about it.
    let touching: [&[&str]; 9] = [
        &["GET", "k"],
        &["GET", "gone"],
        &["EXISTS", "gone"],
        &["MGET", "old", "k"],
        &["DBSIZE"],
        &["KEYS", "*"],
        &["SCAN", "0", "COUNT", "100"],
        &["TRIAD", "HOLDS", "k"],
        &["DEL", "gone"],
    ];
    let mut readers = touching.map(|words| {
        let mut reader = lab.connect("linux");
        reader.send(words);
        (words, reader)
    });
    memory::settle(&lab, "linux");
    for (words, reader) in &mut readers {
        assert!(!reader.has_reply(), "{words:?} was answered");
    }
    // What does not touch one goes on.
    let mut other = lab.connect("linux");
    assert_eq!(other.call(&["GET", "old"]), bulk("1"));
    assert_eq!(other.call(&["GET", "nothing"]), Frame::Null);

    drop(held);
    let expected = [
        bulk("v"),
        Frame::Null,
        Frame::Integer(0),
        Frame::Array(vec![bulk("1"), bulk("v")]),
        Frame::Integer(2),
    ];
    for ((words, reader), expected) in readers.iter_mut().zip(expected) {
        assert_eq!(reader.reply(), expected, "{words:?}");
    }
    node.stop().unwrap();
}

#[test]
fn a_forwarded_read_waits_for_the_owners_fsync_too() {
    let lab = Lab::new();
    let disk = MemoryStorage::new();
    let owner = memory::start(&lab, "mac", &disk, Fsync::Always);
    let entry = memory::start(&lab, "linux", &MemoryStorage::new(), Fsync::Always);
    memory::wait_for_link(&lab, "linux", "mac");
    let key = key_of("mac", "k", 0);
    let held = memory::hold_syncs(&disk);
    let mut writer = lab.connect("mac");
    writer.send(&["SET", &key, "v"]);
    disk.wait_for_held_sync();
    let mut reader = lab.connect("linux");
    reader.send(&["GET", &key]);
    memory::settle(&lab, "linux");
    memory::settle(&lab, "mac");
    memory::settle(&lab, "linux");
    assert!(!reader.has_reply(), "seen before the fsync");
    drop(held);
    assert_eq!(reader.reply(), bulk("v"));
    assert_eq!(writer.reply(), Frame::OK);
    entry.stop().unwrap();
    owner.stop().unwrap();
}

#[test]
fn a_reply_that_waited_for_an_fsync_leaves_whole_though_the_socket_is_full() {
    let lab = memory::alone();
    let disk = MemoryStorage::new();
    let node = memory::start(&lab, "linux", &disk, Fsync::Always);
    let mut client = lab.connect("linux");
    client.narrow();
    // More than the sockets hold, and not quite the client's window.
    let value = "v".repeat(WINDOW_REPLY_BYTES / 3 - 1024);
    let held = memory::hold_syncs(&disk);
    client.send(&["SET", "k", &value]);
    for _ in 0..3 {
        client.send(&["GET", "k"]);
    }
    disk.wait_for_held_sync();
    memory::settle(&lab, "linux");
    assert!(!client.has_reply(), "seen before the fsync");
    drop(held);
    // The node has written what the sockets hold by the time that it answers another client.
    assert_eq!(lab.connect("linux").call(&["GET", "k"]), bulk(&value));
    assert_eq!(client.reply(), Frame::OK);
    for _ in 0..3 {
        assert_eq!(client.reply(), bulk(&value));
    }
    // And it goes on to be served.
    assert_eq!(client.call(&["SET", "k", "w"]), Frame::OK);
    assert_eq!(client.call(&["GET", "k"]), bulk("w"));
    node.stop().unwrap();
}

#[test]
fn writes_that_wait_together_share_an_fsync() {
    let lab = memory::alone();
    let disk = MemoryStorage::new();
    let node = memory::start(&lab, "linux", &disk, Fsync::Always);
    let held = memory::hold_syncs(&disk);
    let mut first = lab.connect("linux");
    first.send(&["SET", "first", "1"]);
    disk.wait_for_held_sync();
    let mut writers: Vec<_> = (0..50)
        .map(|n| {
            let mut writer = lab.connect("linux");
            writer.send(&["SET", &format!("k{n}"), "v"]);
            writer
        })
        .collect();
    memory::settle(&lab, "linux");
    let before = disk.count(Operation::Sync);
    drop(held);
    for writer in &mut writers {
        assert_eq!(writer.reply(), Frame::OK);
    }
    let syncs = disk.count(Operation::Sync) - before;
    assert!(
        syncs <= 2,
        "{syncs} fsyncs for 50 writes that waited together"
    );
    node.stop().unwrap();
}

#[test]
fn after_a_failed_fsync_nothing_more_is_acknowledged_and_reads_go_on() {
    let lab = memory::alone();
    let disk = MemoryStorage::new();
    let node = memory::start(&lab, "linux", &disk, Fsync::Always);
    let mut client = lab.connect("linux");
    assert_eq!(client.call(&["SET", "good", "1"]), Frame::OK);
    // EIO.
    disk.fail(Operation::Sync, 1, Fault::code(5));
    let refused = error(&client.call(&["SET", "bad", "1"]));
    assert!(refused.starts_with("MISCONF "), "{refused}");
    let requests: [&[&str]; 5] = [
        &["GET", "bad"],
        &["SET", "good", "2"],
        &["DEL", "good"],
        &["SAVE"],
        &["DBSIZE"],
    ];
    for words in requests {
        let refused = error(&client.call(words));
        assert!(refused.starts_with("MISCONF "), "{words:?}: {refused}");
    }
    assert_eq!(client.call(&["GET", "good"]), bulk("1"));
    let crashed = disk.crash(Keep::Nothing);
    assert!(node.stop().is_err(), "the exit code tells of the failure");

    let node = memory::start(&lab, "linux", &crashed, Fsync::Always);
    let mut client = lab.connect("linux");
    assert_eq!(
        client.call(&["MGET", "good", "bad"]),
        Frame::Array(vec![bulk("1"), Frame::Null])
    );
    assert_eq!(client.call(&["SET", "bad", "2"]), Frame::OK);
    node.stop().unwrap();
}

#[test]
fn a_checkpoint_holds_nobody_up() {
    let lab = memory::alone();
    let disk = MemoryStorage::new();
    let node = memory::start(&lab, "linux", &disk, Fsync::Always);
    let mut client = lab.connect("linux");
    assert_eq!(client.call(&["SET", "k", "v"]), Frame::OK);
    let held = memory::hold_syncs(&disk);
    let mut saver = lab.connect("linux");
    saver.send(&["SAVE"]);
    disk.wait_for_held_sync();
    for _ in 0..100 {
        assert_eq!(client.call(&["GET", "k"]), bulk("v"));
    }
    assert!(!saver.has_reply(), "saved before its fsync");
    drop(held);
    assert_eq!(saver.reply(), Frame::OK);
    node.stop().unwrap();
}

#[test]
fn without_fsync_a_write_is_acknowledged_at_once() {
    for fsync in [Fsync::EverySec, Fsync::Never] {
        let lab = memory::alone();
        let disk = MemoryStorage::new();
        let node = memory::start(&lab, "linux", &disk, fsync);
        let mut client = lab.connect("linux");
        let held = memory::hold_syncs(&disk);
        assert_eq!(client.call(&["SET", "k", "v"]), Frame::OK);
        assert_eq!(client.call(&["GET", "k"]), bulk("v"));
        let taken = disk.crash(Keep::Everything);
        drop(held);
        node.stop().unwrap();
        // The system had it: a crash of the program alone loses nothing.
        let node = memory::start(&lab, "linux", &taken, fsync);
        assert_eq!(lab.connect("linux").call(&["GET", "k"]), bulk("v"));
        node.stop().unwrap();
    }
}
