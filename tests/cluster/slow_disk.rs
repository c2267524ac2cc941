//! A node whose disk is slow is not taken for one that is lost, and forgets nobody who waits.

use std::time::{Duration, Instant};

use triad::limits::{JOURNAL_BACKLOG_MAX_BYTES, LINK_SILENCE};
use triad::node::Running;
use triad::resp::Frame;
use triad::storage::MemoryStorage;
use triad::store::Fsync;

use crate::lab::connection::bulk;
use crate::lab::{Connection, Lab, key_of, memory};

/// Longer than a link may be silent.
const STALL: Duration = LINK_SILENCE.saturating_add(Duration::from_millis(700));

#[test]
fn replies_that_wait_for_two_fsyncs_leave_after_each() {
    let lab = memory::alone();
    let disk = MemoryStorage::new();
    let node = memory::start(&lab, "linux", &disk, Fsync::Always);
    let mut client = lab.connect("linux");
    let held = memory::hold_syncs(&disk);
    client.send(&["SET", "a", "1"]);
    disk.wait_for_held_sync();
    // The read depends on the first write only, and stands behind the second.
    client.send_bytes(b"SET b 2\r\nGET a\r\n");
    memory::settle(&lab, "linux");
    disk.release_one_sync();
    assert_eq!(client.reply(), Frame::OK);
    disk.wait_for_held_sync();
    memory::settle(&lab, "linux");
    assert!(!client.has_reply());
    disk.release_one_sync();
    assert_eq!(client.reply(), Frame::OK);
    assert_eq!(client.reply(), bulk("1"));
    drop(held);
    node.stop().unwrap();
}

/// An entry node, and mac on a disk that the test holds.
fn entry_and_owner(lab: &Lab, disk: &MemoryStorage) -> (Running, Running) {
    let owner = memory::start(lab, "mac", disk, Fsync::Always);
    let entry = memory::start(lab, "linux", &MemoryStorage::new(), Fsync::Always);
    memory::wait_for_link(lab, "linux", "mac");
    (entry, owner)
}

/// Lets the disk of mac stand still, while `client` asks for a key of mac now and then; returns how often
/// it asked.
fn stall(client: &mut Connection, key: &str) -> usize {
    let end = Instant::now() + STALL;
    let mut asked = 0;
    while Instant::now() < end {
        client.send(&["GET", key]);
        asked += 1;
        let reply = client.reply_within(Duration::from_millis(200));
        assert_eq!(reply, None, "behind a write that is not durable");
    }
    asked
}

#[test]
fn an_owner_that_waits_for_its_disk_shows_that_it_is_there() {
    let lab = Lab::new();
    let disk = MemoryStorage::new();
    let (entry, owner) = entry_and_owner(&lab, &disk);
    let mut client = lab.connect("linux");
    let (written, other) = (key_of("mac", "k", 0), key_of("mac", "k", 1));
    let held = memory::hold_syncs(&disk);
    client.send(&["SET", &written, "1"]);
    disk.wait_for_held_sync();
    let asked = stall(&mut client, &other);
    drop(held);
    assert_eq!(client.reply(), Frame::OK);
    for _ in 0..asked {
        assert_eq!(client.reply(), Frame::Null);
    }
    entry.stop().unwrap();
    owner.stop().unwrap();
}

#[test]
fn an_owner_whose_journal_lags_shows_that_it_is_there() {
    let lab = Lab::new();
    let disk = MemoryStorage::new();
    let (entry, owner) = entry_and_owner(&lab, &disk);
    let value = vec![b'x'; 8 * 1024 * 1024];
    let keys: Vec<_> = (0..=JOURNAL_BACKLOG_MAX_BYTES / value.len())
        .map(|nth| key_of("mac", "k", nth))
        .collect();
    let mut writer = lab.connect("mac");
    let held = memory::hold_syncs(&disk);
    for key in &keys {
        writer.send(&[b"SET", key.as_bytes(), &value]);
    }
    disk.wait_for_held_sync();
    memory::settle(&lab, "mac");
    // No write is begun while the journal lags, and what stands behind it waits as well.
    let mut client = lab.connect("linux");
    let other = key_of("mac", "other", 0);
    client.send(&["SET", &other, "1"]);
    assert_eq!(client.reply_within(STALL), None);
    drop(held);
    assert_eq!(client.reply(), Frame::OK);
    for _ in &keys {
        assert_eq!(writer.reply(), Frame::OK);
    }
    entry.stop().unwrap();
    owner.stop().unwrap();
}
