//! When a write counts as done, and what a reply has to wait for.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::support::{Hold, Lab, pairs, with_fsync};
use triad::limits::JOURNAL_BATCH_BYTES;
use triad::storage::MemoryStorage;
use triad::storage::memory::{Keep, Operation};
use triad::store::{Fsync, OpenError, Options, Store};

/// A store that has `a` and `b`, all of it durable, whose syncs are held from now on.
fn held() -> (MemoryStorage, Lab, Hold) {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.set("a", "1").unwrap();
    lab.set("b", "1").unwrap();
    lab.store.commit();
    let hold = Hold::syncs(&storage);
    (storage, lab, hold)
}

/// What an access has to wait for.
fn gate<T>(lab: &mut Lab, access: impl FnOnce(&mut Store) -> T) -> u64 {
    lab.store.take_gate();
    access(&mut lab.store);
    lab.store.take_gate()
}

#[test]
fn nothing_is_durable_before_its_sync_returns() {
    let (storage, mut lab, hold) = held();
    let before = lab.store.durable();
    let written = gate(&mut lab, |store| store.set(b"a", b"2").unwrap());
    assert_eq!(written, before + 1);
    lab.store.commit();
    storage.wait_for_held_sync();
    assert_eq!(lab.store.durable(), before);
    assert_eq!(storage.crash(Keep::Nothing).contents().len(), 1);
    drop(hold);
    lab.wait(|store| (store.durable() == written).then_some(()));
    let left = Lab::open(&storage.crash(Keep::Nothing)).unwrap();
    assert_eq!(left.get("a").as_deref(), Some("2"));
}

/// A batch that writes very much does not have the disk wait for its end, nor grow one large buffer.
#[test]
fn much_of_one_batch_goes_to_the_disk_before_its_end() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    let before = lab.store.durable();
    let value = vec![b'v'; JOURNAL_BATCH_BYTES / 4];
    for key in [b"a", b"b", b"c", b"d", b"e"] {
        lab.store.set(key, &value).unwrap();
    }
    lab.wait(|store| (store.durable() == before + 4).then_some(()));
    lab.settle().unwrap();
    let left = Lab::open(&storage.crash(Keep::Nothing)).unwrap();
    assert_eq!(left.content(), lab.content());
}

/// Nobody sees what a crash can take back, and nobody waits who sees nothing of it.
#[test]
fn a_reply_waits_for_the_last_write_to_what_it_touched() {
    let (storage, mut lab, hold) = held();
    assert_eq!(gate(&mut lab, |store| store.get(b"a").is_some()), 0);
    assert_eq!(gate(&mut lab, |store| store.len()), 0);
    let first = gate(&mut lab, |store| store.set(b"a", b"2").unwrap());
    let second = gate(&mut lab, |store| store.set(b"c", b"1").unwrap());
    let third = gate(&mut lab, |store| store.delete(b"b").unwrap());
    lab.store.commit();
    storage.wait_for_held_sync();

    assert_eq!(gate(&mut lab, |store| store.get(b"a").is_some()), first);
    assert_eq!(gate(&mut lab, |store| store.contains(b"c")), second);
    assert_eq!(
        gate(&mut lab, |store| store.get(b"b").is_some()),
        third,
        "absence too"
    );
    assert_eq!(
        gate(&mut lab, |store| store.delete(b"b").unwrap()),
        third,
        "nothing to delete"
    );
    assert_eq!(gate(&mut lab, |store| store.get(b"other").is_some()), 0);
    assert_eq!(gate(&mut lab, |store| store.len()), third);
    assert_eq!(
        gate(&mut lab, |store| store.scan(0, 1, &mut |_, _| {})),
        third
    );
    assert_eq!(gate(&mut lab, |store| store.misplaced_len()), third);
    let two = |store: &mut Store| (store.contains(b"c"), store.contains(b"a"));
    assert_eq!(gate(&mut lab, two), second, "the highest of several");

    let cleared = gate(&mut lab, |store| store.clear().unwrap());
    assert_eq!(
        gate(&mut lab, |store| store.get(b"other").is_some()),
        cleared
    );
    let again = gate(&mut lab, |store| store.set(b"a", b"3").unwrap());
    assert_eq!(gate(&mut lab, |store| store.contains(b"a")), again);
    assert_eq!(gate(&mut lab, |store| store.contains(b"b")), cleared);

    drop(hold);
    lab.store.len();
    lab.settle().unwrap();
    lab.store.commit();
    for key in [&b"a"[..], b"b", b"c", b"other"] {
        assert_eq!(gate(&mut lab, |store| store.contains(key)), 0);
    }
    assert_eq!(gate(&mut lab, |store| store.len()), 0);
}

#[test]
fn what_gathers_during_a_sync_is_one_group() {
    let (storage, mut lab, hold) = held();
    lab.store.set(b"a", b"2").unwrap();
    lab.store.commit();
    storage.wait_for_held_sync();
    let (appends, syncs) = (storage.count(Operation::Append), lab.store.status().syncs);
    for number in 0..50_u8 {
        lab.store.set(&[number], b"1").unwrap();
        lab.store.commit();
    }
    assert!(lab.store.backlog_bytes() > 50 * 50);
    drop(hold);
    lab.settle().unwrap();
    assert_eq!(storage.count(Operation::Append), appends + 1);
    assert_eq!(lab.store.status().syncs, syncs + 2);
    lab.wait(|store| (store.backlog_bytes() == 0).then_some(()));
}

#[test]
fn what_is_not_committed_is_not_written() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.set("a", "1").unwrap();
    let changes = storage.changes();
    lab.store.commit();
    lab.store.set(b"b", b"1").unwrap();
    drop(lab);
    assert_eq!(
        storage.changes(),
        changes,
        "neither by an empty commit nor by dropping the store"
    );
    assert_eq!(Lab::open(&storage).unwrap().content(), pairs([("a", "1")]));
}

#[test]
fn with_everysec_the_operating_system_has_it_at_once_and_the_disk_soon() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open_with(&storage, with_fsync(Fsync::EverySec)).unwrap();
    let syncs = storage.count(Operation::Sync);
    let hold = Hold::syncs(&storage);
    lab.set("a", "1").unwrap();
    assert_eq!(
        storage.count(Operation::Sync),
        syncs,
        "it was durable without a sync"
    );
    drop(hold);
    // Nobody calls anything; it comes by itself, and once.
    storage.wait_for_count(Operation::Sync, syncs + 1);
    drop(lab);
    assert_eq!(storage.count(Operation::Sync), syncs + 1);
    let left = Lab::open(&storage.crash(Keep::Nothing)).unwrap();
    assert_eq!(left.get("a").as_deref(), Some("1"));
}

/// While writes never cease the sync comes all the same.
#[test]
fn with_everysec_a_steady_stream_is_synced_too() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open_with(&storage, with_fsync(Fsync::EverySec)).unwrap();
    let syncs = storage.count(Operation::Sync);
    let mut number = 0_u64;
    while storage.count(Operation::Sync) == syncs {
        lab.set("a", &number.to_string()).unwrap();
        number += 1;
    }
    assert!(number > 10, "it does not come at every write");
}

/// What was acknowledged under a looser policy may not be on the disk: it is neither told again nor counted
/// as durable before it is.
#[test]
fn a_stricter_policy_holds_back_what_the_looser_one_has_let_through() {
    for looser in [Fsync::Never, Fsync::EverySec] {
        let storage = MemoryStorage::new();
        let mut lab = Lab::open_with(&storage, with_fsync(looser)).unwrap();
        let hold = Hold::syncs(&storage);
        let written = lab.set("a", "1").unwrap();
        assert_eq!(gate(&mut lab, |store| store.get(b"a").is_some()), 0);
        let changed = gate(&mut lab, |store| store.set_fsync(Fsync::Always).unwrap());
        assert_eq!(changed, written);
        assert!(lab.store.durable() < written);
        for key in [&b"a"[..], b"other"] {
            let waits_for = gate(&mut lab, |store| store.contains(key));
            assert_eq!(waits_for, written);
        }
        storage.wait_for_held_sync();
        let lost = Lab::open(&storage.crash(Keep::Nothing)).unwrap();
        assert_eq!(lost.get("a"), None);
        drop(hold);
        // The change itself has it synced: nobody writes.
        lab.wait(|store| (store.durable() == written).then_some(()));
        let left = Lab::open(&storage.crash(Keep::Nothing)).unwrap();
        assert_eq!(left.get("a").as_deref(), Some("1"));

        // From here on it is as if it had always been so.
        let hold = Hold::syncs(&storage);
        let again = gate(&mut lab, |store| store.set(b"a", b"2").unwrap());
        lab.store.commit();
        storage.wait_for_held_sync();
        assert!(lab.store.durable() < again);
        drop(hold);
        lab.wait(|store| (store.durable() == again).then_some(()));
    }
}

#[test]
fn a_looser_policy_lets_through_what_waits_for_a_sync() {
    let (storage, mut lab, hold) = held();
    lab.store.set_fsync(Fsync::Never).unwrap();
    assert_eq!(lab.store.fsync(), Fsync::Never);
    drop(hold);
    lab.settle().unwrap();
    let hold = Hold::syncs(&storage);
    let syncs = storage.count(Operation::Sync);
    let written = lab.set("a", "2").unwrap();
    assert_eq!(lab.store.durable(), written);
    assert_eq!(storage.count(Operation::Sync), syncs);
    // With `everysec` it then comes by itself, also where nothing is written any more.
    lab.store.set_fsync(Fsync::EverySec).unwrap();
    drop(hold);
    storage.wait_for_count(Operation::Sync, syncs + 1);
    lab.store.set(b"a", b"3").unwrap();
    lab.store.commit();
    storage.wait_for_count(Operation::Sync, syncs + 2);
}

#[test]
fn with_never_only_checkpoints_and_the_end_sync() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open_with(&storage, with_fsync(Fsync::Never)).unwrap();
    lab.set("a", "1").unwrap();
    assert_eq!(lab.store.status().syncs, 0);
    lab.checkpoint().unwrap();
    let left = Lab::open(&storage.crash(Keep::Nothing)).unwrap();
    assert_eq!(left.get("a").as_deref(), Some("1"));
    lab.set("b", "1").unwrap();
    lab.store.close().unwrap();
    assert_eq!(
        Lab::open(&storage.crash(Keep::Nothing))
            .unwrap()
            .content()
            .len(),
        2
    );
}

/// After `kill -9` a part of the journal may be in the operating system's memory only.
#[test]
fn what_is_replayed_is_synced_before_anybody_sees_it() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open_with(&storage, with_fsync(Fsync::Never)).unwrap();
    lab.set("a", "1").unwrap();
    drop(lab);
    let lab = Lab::open(&storage).unwrap();
    assert_eq!(lab.get("a").as_deref(), Some("1"));
    let left = Lab::open(&storage.crash(Keep::Nothing)).unwrap();
    assert_eq!(left.get("a").as_deref(), Some("1"));
}

/// The same for a snapshot that a person has just put there.
#[test]
fn a_snapshot_by_hand_is_synced_before_anybody_sees_it() {
    use triad::storage::Storage;
    let storage = MemoryStorage::new();
    let mut file = storage.create("linux.json").unwrap();
    file.append(br#"{"entries":[{"key":"a","value":"1"}]}"#)
        .unwrap();
    drop(Lab::open(&storage).unwrap());
    assert_eq!(
        Lab::open(&storage.crash(Keep::Nothing)).unwrap().content(),
        pairs([("a", "1")])
    );
}

#[test]
fn every_start_has_an_incarnation_of_its_own() {
    let storage = MemoryStorage::new();
    let mut id = None;
    for incarnation in 1..6 {
        let mut lab = Lab::open(&storage).unwrap();
        assert_eq!(lab.store.incarnation(), incarnation);
        assert_eq!(
            *id.get_or_insert(lab.store.node_id().to_owned()),
            lab.store.node_id()
        );
        assert_eq!(lab.store.journal_records(), 0, "a start is no change");
        if incarnation == 3 {
            lab.checkpoint().unwrap();
        }
        // Whatever a power loss leaves.
        assert_eq!(
            Lab::open(&storage.crash(Keep::Nothing))
                .unwrap()
                .store
                .incarnation(),
            incarnation + 1
        );
    }
}

#[test]
fn a_second_store_on_the_same_files_is_refused() {
    let storage = MemoryStorage::new();
    let lab = Lab::open(&storage).unwrap();
    let changes = storage.changes();
    let error = Lab::open(&storage).err().unwrap();
    assert!(matches!(error, OpenError::Locked { .. }));
    assert!(
        error
            .to_string()
            .starts_with("memory/linux.lock is held by another process")
    );
    assert_eq!(storage.changes(), changes);
    drop(lab);
    let lab = Lab::open(&storage).unwrap();
    lab.store.close().unwrap();
    Lab::open(&storage).unwrap();
}

#[test]
fn a_store_can_move_to_another_thread() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open_with(&storage, Options::default()).unwrap();
    let lab = std::thread::spawn(move || {
        lab.set("a", "1").unwrap();
        lab
    });
    assert_eq!(lab.join().unwrap().get("a").as_deref(), Some("1"));
}
