//! The power goes after each single change of a file or of the folder, and of what was not synced
//! by then every part that is tried may be there. Nothing that was acknowledged is lost, nothing
//! else is there than what was written, and the store goes on.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::recorded::{Recorded, WRITES};
use crate::support::script::{self, Run};
use crate::support::{counts, parallel, with_fsync};
use triad::storage::MemoryStorage;
use triad::storage::memory::Keep;
use triad::store::Fsync;

/// The subsets of unsynced changes that are tried at each point, beside the systematic ones.
const SEEDS: u64 = 4;

/// As [`SEEDS`], for the long script.
const RECORDED_SEEDS: u64 = 8;

/// A thousand writes with three checkpoints, two kills and a close: at every point, before and after
/// each write, sync, cut, rename and removal.
#[test]
fn a_thousand_writes_outlive_a_power_loss_at_any_point() {
    let recorded = Recorded::run();
    let points = recorded.recording.len() + 1;
    assert!(points > WRITES, "{points}");
    let step = counts::step(11);
    let states = AtomicUsize::new(0);
    let tried = recorded.recording.points().enumerate().step_by(step);
    parallel::for_each(tried, |(point, storage)| {
        states.fetch_add(lose_power(&recorded, point, &storage), Ordering::Relaxed);
    });
    let states = states.into_inner();
    println!(
        "{} of {points} points, {states} states",
        points.div_ceil(step)
    );
    assert!(states > 2 * (points / step), "{states}");
}

/// Looks at all that a power loss at this point can leave. How many different states that are.
fn lose_power(recorded: &Recorded, point: usize, storage: &MemoryStorage) -> usize {
    let mut seen = BTreeSet::new();
    for keep in storage.crash_states(RECORDED_SEEDS) {
        let left = storage.crash(keep);
        if seen.insert(left.contents()) {
            let when = format!("power off after step {point}, {keep:?}");
            script::check(&left, recorded.expected(point), &when);
        }
    }
    seen.len()
}

/// Runs the script with the power cut after each of its changes, and looks at what is left.
fn for_each_point(fsync: Fsync, mut look: impl FnMut(usize, &MemoryStorage, &mut Run)) -> usize {
    for point in 0.. {
        let storage = MemoryStorage::new();
        storage.stop_after(point);
        let mut run = script::run(&storage, with_fsync(fsync));
        look(point, &storage, &mut run);
        if run.finished && storage.changes() <= point {
            return point;
        }
    }
    unreachable!("the script has an end")
}

#[test]
fn nothing_acknowledged_is_lost_wherever_the_power_goes() {
    let mut states = 0;
    let points = for_each_point(Fsync::Always, |point, storage, run| {
        for keep in storage.crash_states(SEEDS) {
            run.check(
                &storage.crash(keep),
                &format!("power off after change {point}, {keep:?}"),
            );
            states += 1;
        }
    });
    assert!(
        points > 80 && states > 8 * points,
        "{points} points, {states} states"
    );
}

/// Without an fsync for each write, the operating system still has everything when only the process
/// dies.
#[test]
fn nothing_acknowledged_is_lost_with_the_process_alone() {
    for fsync in [Fsync::EverySec, Fsync::Never] {
        for_each_point(fsync, |point, storage, run| {
            let when = format!("{fsync}, killed after change {point}");
            run.check(&storage.crash(Keep::Everything), &when);
        });
    }
}

/// What a power loss takes from a store that promises nothing about it, it takes from the end.
#[test]
fn without_fsync_a_power_loss_takes_only_from_the_end() {
    for fsync in [Fsync::EverySec, Fsync::Never] {
        for_each_point(fsync, |point, storage, run| {
            run.acknowledged = 0;
            for keep in storage.crash_states(1) {
                let when = format!("{fsync}, power off after change {point}, {keep:?}");
                run.check(&storage.crash(keep), &when);
            }
        });
    }
}
