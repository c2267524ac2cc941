//! One call of a long run fails: the n-th write, sync or renaming, whichever file it is on.
//!
//! What passes the door to the file system is final for the store, an interrupted call too: the real
//! folder goes on by itself after a signal.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::{Content, Lab, NODE, counts, pairs, parallel, with_fsync};
use triad::storage::MemoryStorage;
use triad::storage::memory::{Fault, Keep, Operation};
use triad::store::{Action, CheckpointStep, Failure, Fsync, OpenError, Options, Refused};

const EIO: i32 = 5;
const ENOSPC: i32 = 28;
const TEMPORARY: &str = "linux.json.tmp";

/// The calls that are counted together.
const CALLS: [Operation; 5] = [
    Operation::Append,
    Operation::Rewrite,
    Operation::Sync,
    Operation::SyncFolder,
    Operation::Rename,
];

/// Each of the first so many fails once, in each way.
const FAILING: usize = 500;

#[test]
fn whichever_of_five_hundred_calls_fails_nothing_acknowledged_is_lost() {
    let ways = [
        Fault::code(EIO),
        Fault::code(ENOSPC),
        Fault::code(ENOSPC).after_bytes(20),
        Fault::kind(ErrorKind::Interrupted),
    ];
    let cases: Vec<_> = (1..=FAILING)
        .flat_map(|nth| ways.map(|fault| (nth, fault)))
        .step_by(counts::step(19))
        .collect();
    let ended = Mutex::new(BTreeMap::<String, usize>::new());
    parallel::for_each(&cases, |(nth, fault)| {
        let storage = MemoryStorage::new();
        storage.fail_any(&CALLS, *nth, *fault);
        let mut run = Run::new(&storage, FAILING);
        let failed = run.go();
        let when = format!("call {nth} failed ({fault:?}): {failed:?}");
        *ended.lock().unwrap().entry(what(&failed)).or_default() += 1;

        let made = calls(&storage);
        if failed.ended_writing {
            assert_eq!(made, *nth, "{when}: something was tried afterwards");
        } else {
            assert!(made > FAILING, "{when}: {made}");
        }
        // The power goes, or only the process does.
        for keep in states(&storage, *nth) {
            run.check(&storage.crash(keep), &format!("{when}, {keep:?}"));
        }
        storage.mend();
        run.check(&storage, &when);
    });
    let ended = ended.into_inner().unwrap();
    for what in [
        "write a segment",
        "sync a segment",
        "sync the folder",
        "write the new snapshot",
        "sync the new snapshot",
        "rename the new snapshot",
        "start: write a segment",
        "start: sync a segment",
        "start: sync the folder",
    ] {
        assert!(ended.contains_key(what), "{what}: {ended:?}");
    }
}

/// How many of the counted calls there were.
fn calls(storage: &MemoryStorage) -> usize {
    CALLS.into_iter().map(|kind| storage.count(kind)).sum()
}

/// What a power loss may leave: all that can be tried, or a choice.
fn states(storage: &MemoryStorage, seed: usize) -> Vec<Keep> {
    if counts::full() {
        return storage.crash_states(4);
    }
    let chosen = Keep::Chosen(seed as u64);
    vec![Keep::Nothing, Keep::Everything, Keep::Torn(0), chosen]
}

/// The failure that a run met.
#[derive(Debug)]
struct Failed {
    failure: Failure,
    at_start: bool,
    /// Or else it was a new snapshot's, and harmed nothing.
    ended_writing: bool,
}

/// What failed, in words.
fn what(failed: &Failed) -> String {
    let failure = &failed.failure;
    let file = match failure.file() {
        _ if failure.action() == Action::SyncFolder => "",
        file if file.ends_with(TEMPORARY) => " the new snapshot",
        file if file.contains(".journal-") => " a segment",
        file => file,
    };
    let action = match failure.action() {
        Action::SyncFolder => "sync the folder".to_owned(),
        action => action.to_string(),
    };
    let start = if failed.at_start { "start: " } else { "" };
    format!("{start}{action}{file}")
}

/// A run of writes, checkpoints and restarts, and what may be found of it afterwards.
struct Run<'s> {
    storage: &'s MemoryStorage,
    /// It ends after more calls than this.
    calls: usize,
    /// The content after each write that was issued; the first is before any.
    states: Vec<Content>,
    /// The last state that was acknowledged.
    acknowledged: usize,
    failed: Option<Failed>,
}

impl<'s> Run<'s> {
    fn new(storage: &'s MemoryStorage, calls: usize) -> Self {
        Self {
            storage,
            calls,
            states: vec![Content::new()],
            acknowledged: 0,
            failed: None,
        }
    }

    /// Runs until writing has ended, or for the number of calls; what failed meanwhile.
    fn go(&mut self) -> Failed {
        for session in 0.. {
            if calls(self.storage) > self.calls || self.session(session).is_break() {
                break;
            }
        }
        self.failed
            .take()
            .expect("a call failed, and nobody was told")
    }

    /// From a start to the end of a process, in order or not.
    fn session(&mut self, number: usize) -> ControlFlow<()> {
        let mut lab = match Lab::open(self.storage) {
            Ok(lab) => lab,
            Err(OpenError::Disk(failure)) => return self.fail(failure, true, true),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(lab.content(), *self.states.last().unwrap());
        for group in [1, 1, 3, 1] {
            self.write(&mut lab, group)?;
        }
        self.checkpoint(&mut lab)?;
        for group in [1, 2, 1, 1] {
            self.write(&mut lab, group)?;
        }
        if number.is_multiple_of(2) {
            return ControlFlow::Continue(());
        }
        match lab.store.close() {
            Ok(()) => ControlFlow::Continue(()),
            // Everything had been acknowledged, and was synced before.
            Err(failure) => {
                let ended_writing = !is_harmless(&failure);
                self.fail(failure, false, ended_writing)
            }
        }
    }

    /// So many writes that are synced together.
    fn write(&mut self, lab: &mut Lab, group: usize) -> ControlFlow<()> {
        for _ in 0..group {
            let number = self.states.len();
            let key = format!("key-{}", number % 12).into_bytes();
            let done = match number % 40 {
                39 => lab.store.clear(),
                number if number % 5 == 4 => lab.store.delete(&key).map(drop),
                _ => lab.store.set(&key, format!("value {number}").as_bytes()),
            };
            match done {
                Ok(()) => {}
                // In a checkpoint whose new segment could not be begun.
                Err(Refused::Failed(failure)) => return self.end(lab, &failure),
                Err(refused) => panic!("{refused}"),
            }
            self.states.push(lab.content());
        }
        match lab.settle() {
            Ok(_) => {
                self.acknowledged = self.states.len() - 1;
                ControlFlow::Continue(())
            }
            Err(failure) => self.end(lab, &failure),
        }
    }

    /// A checkpoint with a write in its middle. If it fails and the journal does not, all goes on.
    fn checkpoint(&mut self, lab: &mut Lab) -> ControlFlow<()> {
        lab.store.begin_checkpoint().unwrap();
        let written = self.write(lab, 1);
        let done = lab.finish_checkpoint();
        let status = lab.store.status();
        assert_eq!(status.last_checkpoint_ok, done.is_ok());
        let told = done.as_ref().err().map(ToString::to_string);
        assert_eq!(status.last_checkpoint_failure, told);
        assert_eq!(self.storage.content(TEMPORARY), None);
        written?;
        match done {
            Ok(()) => ControlFlow::Continue(()),
            Err(failure) if is_harmless(&failure) => {
                assert!(lab.store.failure().is_none() && status.failure.is_none());
                self.fail(Failure::clone(&failure), false, false)
            }
            Err(failure) => self.end(lab, &failure),
        }
    }

    /// Writing has ended: the store says so, and takes nothing more.
    fn end(&mut self, lab: &mut Lab, failure: &Arc<Failure>) -> ControlFlow<()> {
        assert_eq!(lab.store.status().failure, Some(failure.to_string()));
        let refused = lab.store.set(b"more", b"").unwrap_err();
        assert!(matches!(refused, Refused::Failed(_)), "{refused}");
        assert!(lab.store.begin_checkpoint().is_err());
        lab.store.commit();
        self.fail(Failure::clone(failure), false, true)
    }

    fn fail(&mut self, failure: Failure, at_start: bool, ended_writing: bool) -> ControlFlow<()> {
        let failed = Failed {
            failure,
            at_start,
            ended_writing,
        };
        // One call was to fail. A journal whose rotation fails fails the checkpoint too.
        self.failed.get_or_insert(failed);
        if ended_writing {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Opens what is left: it has what was acknowledged, of the rest a beginning and nothing else;
    /// takes a write; and has it after one more start, also without power.
    fn check(&self, left: &MemoryStorage, when: &str) {
        let mut lab = Lab::open(left).unwrap_or_else(|error| panic!("{when}: {error}"));
        let content = lab.content();
        let possible = &self.states[self.acknowledged..];
        assert!(possible.contains(&content), "{when}: {content:?}");
        lab.set("after", "all").unwrap();
        let expected = lab.content();
        drop(lab);
        for left in [left, &left.crash(Keep::Nothing)] {
            let lab = Lab::open(left).unwrap_or_else(|error| panic!("{when}: {error}"));
            assert_eq!(lab.content(), expected, "{when}: after a write");
        }
    }
}

/// Whether a failure is of a new snapshot's file, but not of what the disk had said it would keep.
fn is_harmless(failure: &Failure) -> bool {
    failure.file().ends_with(TEMPORARY) && failure.action() != Action::Sync
}

/// The journal's thread is at a sync, and has more to do, when the new snapshot's sync fails. Its own
/// sync may still end well; but what it has more to do stays undone.
#[test]
fn a_group_that_waited_while_a_snapshots_sync_failed_is_not_written() {
    const SEGMENT: &str = "linux.journal-2.jsonl";
    let storage = Arc::new(MemoryStorage::new());
    let mut lab = Lab::open_as(storage.clone(), NODE, Options::default(), &|_| true).unwrap();
    lab.set("a", "1").unwrap();
    storage.fail_on(TEMPORARY, Operation::Sync, 1, Fault::code(EIO));
    lab.store.begin_checkpoint().unwrap();
    lab.set("b", "1").unwrap();
    // The tables are copied, and the journal has synced what is in the copy.
    for _ in 0..2 {
        let step = lab.store.step_checkpoint();
        assert!(matches!(step, CheckpointStep::Continue), "{step:?}");
    }
    storage.hold_syncs_of(SEGMENT);
    lab.store.set(b"at its sync", b"1").unwrap();
    lab.store.commit();
    storage.wait_for_held_sync();
    lab.store.set(b"waiting", b"1").unwrap();
    lab.store.commit();
    let appends = storage.count(Operation::Append);
    let failure = lab.finish_checkpoint().unwrap_err();
    assert_eq!(failure.action(), Action::Sync);
    // But for the end of the snapshot.
    assert_eq!(storage.count(Operation::Append), appends + 1);

    storage.release_syncs();
    // The thread lets go of the storage when it ends; the store and this test have it too.
    while Arc::strong_count(&storage) > 2 && storage.count(Operation::Append) == appends + 1 {
        thread::yield_now();
    }
    let journal = storage.content(SEGMENT).unwrap();
    let journal = String::from_utf8(journal).unwrap();
    assert!(journal.contains("at its sync") && !journal.contains("waiting"));
    assert_eq!(storage.count(Operation::Append), appends + 1);
    drop(lab);
    let left = Lab::open(&storage.crash(Keep::Nothing)).unwrap();
    assert_eq!(
        left.content(),
        pairs([("a", "1"), ("b", "1"), ("at its sync", "1")])
    );
}

/// An orderly end without space for the last snapshot: the journal has everything, on the disk, and the
/// failure is told.
#[test]
fn a_close_whose_checkpoint_fails_syncs_the_journal_and_says_so() {
    for operation in [Operation::Create, Operation::Append, Operation::Rename] {
        let storage = MemoryStorage::new();
        let mut lab = Lab::open_with(&storage, with_fsync(Fsync::Never)).unwrap();
        // The first checkpoint fails in its middle, and then the last one at the end as well.
        lab.set("a", "1").unwrap();
        for nth in [1, 2] {
            storage.fail_on(TEMPORARY, operation, nth, Fault::code(ENOSPC));
        }
        lab.store.begin_checkpoint().unwrap();
        lab.set("b", "2").unwrap();
        lab.finish_checkpoint().unwrap_err();
        lab.set("c", "3").unwrap();
        let failure = lab.store.close().unwrap_err();
        assert!(failure.file().ends_with(TEMPORARY), "{failure}");
        assert_eq!(failure.kind(), ErrorKind::StorageFull);
        assert_eq!(storage.content(TEMPORARY), None);
        let left = Lab::open(&storage.crash(Keep::Nothing)).unwrap();
        assert_eq!(left.content(), pairs([("a", "1"), ("b", "2"), ("c", "3")]));
    }
}

/// The checkpoint under way when the end comes is not the last one, so what comes after it is on the
/// disk only if the journal is synced.
#[test]
fn a_close_in_a_checkpoint_that_fails_syncs_what_came_after_it() {
    let storage = MemoryStorage::new();
    let mut lab = Lab::open_with(&storage, with_fsync(Fsync::Never)).unwrap();
    lab.set("a", "1").unwrap();
    storage.fail_on(TEMPORARY, Operation::Create, 1, Fault::code(ENOSPC));
    lab.store.begin_checkpoint().unwrap();
    lab.set("b", "2").unwrap();
    let failure = lab.store.close().unwrap_err();
    assert!(failure.file().ends_with(TEMPORARY), "{failure}");
    let left = Lab::open(&storage.crash(Keep::Nothing)).unwrap();
    assert_eq!(left.content(), pairs([("a", "1"), ("b", "2")]));
}
