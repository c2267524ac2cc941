//! A call on a file fails: what that ends, what it leaves, and what goes on.

use std::io::ErrorKind;

use crate::support::{Hold, Lab, pairs, script, with_fsync};
use triad::limits::SNAPSHOT_UNSYNCED_MAX_BYTES;
use triad::storage::MemoryStorage;
use triad::storage::memory::{Fault, Keep, Operation};
use triad::store::{Action, Fsync, OpenError, Options, Refused};

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

/// Each call of each kind fails once in the script, in several ways. The store that is opened
/// afterwards, without or with a power loss in between, has what was acknowledged.
#[test]
fn whichever_call_fails_nothing_acknowledged_is_lost() {
    let faults = [
        Fault::code(EIO),
        Fault::code(ENOSPC),
        Fault::code(ENOSPC).after_bytes(1),
        Fault::code(EIO).after_bytes(40),
    ];
    let mut failed = 0;
    for operation in [
        Operation::Create,
        Operation::Append,
        Operation::Sync,
        Operation::Rewrite,
        Operation::Rename,
        Operation::Remove,
        Operation::SyncFolder,
        Operation::Read,
    ] {
        for nth in 1.. {
            let mut reached = true;
            for fault in faults {
                let storage = MemoryStorage::new();
                storage.fail(operation, nth, fault);
                let run = script::run(&storage, with_fsync(Fsync::Always));
                reached = storage.count(operation) >= nth;
                for keep in [Keep::Everything, Keep::Nothing, Keep::Chosen(nth as u64)] {
                    let when = format!("{operation:?} number {nth} failed ({fault:?}), {keep:?}");
                    run.check(&storage.crash(keep), &when);
                }
                storage.mend();
                // The process is killed, and what the operating system has stays there.
                run.check(
                    &storage,
                    &format!("{operation:?} number {nth} failed ({fault:?})"),
                );
                failed += usize::from(reached);
            }
            if !reached {
                break;
            }
        }
    }
    assert!(failed > 200, "{failed}");
}

/// However many writes have failed, keys that were not written can be read: what is kept of the others
/// must not be taken for them.
#[test]
fn after_many_failed_writes_every_other_key_can_be_read() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    storage.fail(Operation::Sync, 1, Fault::code(EIO));
    for number in 0..5_000 {
        lab.store
            .set(format!("failed:{number}").as_bytes(), b"1")
            .unwrap();
    }
    lab.settle().unwrap_err();
    lab.store.take_gate();
    for number in 0..20_000 {
        lab.store.get(format!("other:{number}").as_bytes());
        assert_eq!(lab.store.take_gate(), 0, "other:{number}");
    }
    lab.store.get(b"failed:7");
    assert_ne!(lab.store.take_gate(), 0);
}

/// After a failed write or fsync of the journal: no retry, no checkpoint, reads go on.
#[test]
fn after_a_failure_of_the_journal_nothing_is_written_again() {
    for (operation, fault, action) in [
        (
            Operation::Append,
            Fault::code(ENOSPC).after_bytes(7),
            Action::Write,
        ),
        (Operation::Sync, Fault::code(EIO), Action::Sync),
    ] {
        let storage = MemoryStorage::new();
        let mut lab = Lab::open(&storage).unwrap();
        lab.set("a", "1").unwrap();
        storage.fail(operation, 1, fault);
        let failure = lab.set("a", "2").unwrap_err();
        assert_eq!(
            (failure.action(), failure.file()),
            (action, "memory/linux.journal-1.jsonl")
        );
        assert!(failure.to_string().contains(failure.cause()));

        let changes = storage.changes();
        let refused = lab.store.set(b"b", b"1").unwrap_err();
        assert!(matches!(&refused, Refused::Failed(cause) if cause.file() == failure.file()));
        assert!(
            refused.to_string().contains("writes have stopped"),
            "{refused}"
        );
        assert!(lab.store.delete(b"a").is_err() && lab.store.clear().is_err());
        assert!(lab.store.misplaced_delete(b"a").is_err());
        assert!(lab.store.begin_checkpoint().is_err());
        lab.store.commit();
        assert!(!lab.store.checkpoint_due());
        assert_eq!(
            lab.store.backlog_bytes(),
            0,
            "nothing waits for a disk that is not used"
        );
        assert!(
            lab.store
                .status()
                .failure
                .unwrap()
                .contains("linux.journal-1.jsonl")
        );

        // The key whose write failed can't be answered for; others can.
        lab.store.take_gate();
        assert_eq!(lab.get("a").as_deref(), Some("2"));
        assert!(lab.store.take_gate() > lab.store.durable());
        assert_eq!(lab.get("other"), None);
        assert_eq!(lab.store.take_gate(), 0);

        let closed = lab.store.close().unwrap_err();
        assert_eq!(closed.action(), action);
        assert_eq!(
            storage.changes(),
            changes,
            "nothing was touched since the failure"
        );
        let lab = Lab::open(&storage.crash(Keep::Nothing)).unwrap();
        assert_eq!(lab.get("a").as_deref(), Some("1"));
    }
}

const TEMPORARY: &str = "linux.json.tmp";

/// No space for the new snapshot: the old one and the journal stay, writes go on, and a later
/// checkpoint may find space.
#[test]
fn a_checkpoint_without_space_harms_nothing() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.set("a", "1").unwrap();
    lab.checkpoint().unwrap();
    let old = storage.content("linux.json");
    for operation in [Operation::Create, Operation::Append, Operation::Rename] {
        lab.set("b", "2").unwrap();
        storage.fail_on(TEMPORARY, operation, 1, Fault::code(ENOSPC).after_bytes(9));
        let failed = lab.checkpoint().unwrap_err();
        assert_eq!(
            (failed.file(), failed.kind()),
            ("memory/linux.json.tmp", ErrorKind::StorageFull)
        );
        assert!(failed.to_string().contains("free some space"), "{failed}");
        assert!(lab.store.failure().is_none());
        assert_eq!(storage.content("linux.json"), old);
        assert_eq!(storage.content(TEMPORARY), None);
        assert!(!lab.store.status().last_checkpoint_ok);
        assert!(!lab.store.checkpoint_due(), "not at once again");
    }
    assert_eq!(lab.store.status().journal_segments, 4);
    let left = Lab::open(&storage.crash(Keep::Nothing)).unwrap();
    assert_eq!(left.content(), pairs([("a", "1"), ("b", "2")]));

    lab.checkpoint().unwrap();
    assert_ne!(storage.content("linux.json"), old);
    let status = lab.store.status();
    assert!(status.last_checkpoint_ok && status.journal_segments == 1);
}

/// After a failed fsync of whatever file nobody knows what the disk has: that ends all writing.
#[test]
fn a_failed_sync_of_a_snapshot_ends_all_writing() {
    for (operation, file) in [(Operation::Sync, TEMPORARY), (Operation::SyncFolder, "")] {
        let storage = MemoryStorage::new();
        let mut lab = Lab::open(&storage).unwrap();
        lab.set("a", "1").unwrap();
        // The first sync of the folder is for the new segment.
        let nth = 1 + usize::from(operation == Operation::SyncFolder);
        storage.fail_on(file, operation, nth, Fault::code(EIO));
        lab.checkpoint().unwrap_err();
        assert!(lab.store.set(b"b", b"1").is_err());
        assert_eq!(lab.get("a").as_deref(), Some("1"));
        assert_eq!(storage.content(TEMPORARY), None);
        assert!(
            storage.content("linux.journal-1.jsonl").is_some(),
            "what it covers stays"
        );
        drop(lab);
        for keep in [Keep::Nothing, Keep::Everything] {
            let left = Lab::open(&storage.crash(keep)).unwrap();
            assert_eq!(left.get("a").as_deref(), Some("1"));
        }
    }
}

/// A large snapshot is synced while it is written, so that no write waits for all of it at once.
#[test]
fn a_failed_sync_of_a_part_of_a_snapshot_ends_all_writing() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open_with(&storage, with_fsync(Fsync::Never)).unwrap();
    let value = vec![b'v'; SNAPSHOT_UNSYNCED_MAX_BYTES / 4];
    for key in [b"a", b"b", b"c", b"d"] {
        lab.store.set(key, &value).unwrap();
    }
    lab.settle().unwrap();
    let old = storage.content("linux.json");
    storage.fail_on(TEMPORARY, Operation::Sync, 2, Fault::code(EIO));
    lab.checkpoint().unwrap_err();
    assert!(lab.store.failure().is_some());
    assert_eq!(storage.content(TEMPORARY), None);
    assert_eq!(storage.content("linux.json"), old);
}

/// The journal fails when the new snapshot is complete but for its name.
#[test]
fn no_snapshot_takes_its_place_after_a_failure_of_the_journal() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open_with(&storage, with_fsync(Fsync::Never)).unwrap();
    lab.checkpoint().unwrap();
    let old = storage.content("linux.json");
    let folder_syncs = storage.count(Operation::SyncFolder);
    lab.store.begin_checkpoint().unwrap();
    // Until the new segment stands; from then on only the snapshot has anything to sync.
    storage.wait_for_count(Operation::SyncFolder, folder_syncs + 1);
    let hold = Hold::syncs(&storage);
    while !storage
        .content(TEMPORARY)
        .is_some_and(|text| text.ends_with(b"}\n"))
    {
        lab.store.step_checkpoint();
    }
    storage.wait_for_held_sync();
    storage.fail_on(
        "linux.journal-3.jsonl",
        Operation::Append,
        1,
        Fault::code(EIO),
    );
    lab.set("a", "1").unwrap_err();
    drop(hold);
    lab.finish_checkpoint().unwrap_err();
    assert_eq!(storage.content("linux.json"), old);
}

#[test]
fn a_segment_that_cannot_be_begun_ends_all_writing() {
    let segment = "linux.journal-2.jsonl";
    for operation in [Operation::Create, Operation::Append, Operation::Sync] {
        let storage = MemoryStorage::new();
        let mut lab = Lab::open(&storage).unwrap();
        lab.set("a", "1").unwrap();
        storage.fail_on(segment, operation, 1, Fault::code(ENOSPC));
        let failed = lab.checkpoint().unwrap_err();
        assert!(failed.file().ends_with(segment), "{failed}");
        assert!(lab.store.set(b"b", b"1").is_err());
        drop(lab);
        let mut lab = Lab::open(&storage).unwrap();
        assert_eq!(lab.get("a").as_deref(), Some("1"));
        lab.checkpoint().unwrap();
    }
}

#[test]
fn what_can_not_be_read_is_named() {
    for name in ["linux.json", "linux.journal-2.jsonl"] {
        let storage = MemoryStorage::new();
        let mut lab = Lab::open(&storage).unwrap();
        lab.checkpoint().unwrap();
        drop(lab);
        storage.fail_on(
            name,
            Operation::Read,
            1,
            Fault::kind(ErrorKind::PermissionDenied),
        );
        match Lab::open(&storage).err().unwrap() {
            OpenError::Disk(failure) => {
                assert_eq!(
                    (failure.action(), failure.kind()),
                    (Action::Read, ErrorKind::PermissionDenied)
                );
                assert!(failure.file().ends_with(name), "{failure}");
            }
            error => panic!("{error}"),
        }
    }
}

/// A start that fails half way has lost nothing: the next one does what is left to do.
#[test]
fn a_start_on_a_full_disk_can_be_tried_again() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open(&storage).unwrap();
    lab.set("a", "1").unwrap();
    drop(lab);
    let mut journal = storage.content("linux.journal-1.jsonl").unwrap();
    journal.extend(b"torn");
    storage.put("linux.journal-1.jsonl", &journal);
    for (file, operation) in [
        ("linux.torn-1", Operation::Create),
        ("linux.torn-1", Operation::Append),
        ("linux.torn-1", Operation::Sync),
        ("linux.journal-1.jsonl", Operation::Truncate),
        ("linux.journal-1.jsonl", Operation::Append),
    ] {
        storage.fail_on(file, operation, 1, Fault::code(ENOSPC));
        let error = Lab::open(&storage).err().unwrap();
        assert!(error.to_string().contains(file), "{error}");
    }
    let lab = Lab::open_with(&storage, Options::default()).unwrap();
    assert_eq!(lab.get("a").as_deref(), Some("1"));
}
