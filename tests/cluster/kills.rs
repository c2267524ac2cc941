//! `kill -9` of real nodes under load, at random moments: nothing that was acknowledged is lost,
//! nothing that was seen is taken back, nothing is invented, and nothing deleted returns.
//!
//! In each round clients write and read through all three nodes until one of those is killed. Then the
//! clients come to rest, the node is started again, and every key is read before anybody writes to it.
//! `TRIAD_KILLS` says how many kills there are; `TRIAD_SEED` repeats the choices of a run, though not
//! the moments at which the system lets them happen.

mod check;
mod history;
mod keys;
mod load;
mod moments;
mod transfers;

use std::env;
use std::fs;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::lab::{Lab, NAMES};
use keys::Keys;
use load::{Book, Reader, Writer};
use moments::{Killer, Moment};

/// The kills of a run unless `TRIAD_KILLS` says otherwise.
const KILLS: usize = 10;

const WRITERS: usize = 4;
const READERS: usize = 3;

/// How often a kill is tried until it comes at the moment at which it is to come, which most do.
const ATTEMPTS_MAX: usize = 20;

/// After so many kills it is checked that all nodes agree.
const AGREE_EVERY: usize = 10;

#[test]
fn what_was_acknowledged_or_seen_outlives_every_kill() {
    let kills = setting("TRIAD_KILLS").unwrap_or(KILLS);
    assert!(kills > 0, "without a kill nothing is tested");
    let seed = setting("TRIAD_SEED").unwrap_or_else(rand::random);
    // The test harness shows it when the test fails.
    println!("TRIAD_SEED={seed} TRIAD_KILLS={kills} repeats this run");
    let mut choice = StdRng::seed_from_u64(seed);
    let plan = moments::plan(kills, &mut choice);
    let mut stage = Stage::set(choice);
    let mut attempts = 0;
    for (number, (moment, victim)) in plan.iter().enumerate() {
        let hit = (0..ATTEMPTS_MAX).any(|_| {
            attempts += 1;
            stage.round(victim, *moment)
        });
        assert!(hit, "{ATTEMPTS_MAX} kills of {victim}, {moment:?}, missed");
        if (number + 1) % AGREE_EVERY == 0 || number + 1 == kills {
            check::agree(&stage.lab, &stage.book);
            stage.book.assert_faultless("the nodes differ");
        }
    }
    let tally = &stage.book.tally;
    println!("{attempts} attempts, {tally:?}");
    // A test without load would find nothing.
    for (what, count) in [
        ("acknowledged", &tally.acknowledged),
        ("of unknown outcome", &tally.unknown),
        ("seen", &tally.seen),
    ] {
        assert!(count.get() >= kills as u64, "too few are {what}: {tally:?}");
    }
}

/// A number that the environment sets.
fn setting<T: FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    Some(text.parse().ok().expect("a number"))
}

/// Three nodes with their clients, and somebody who kills the nodes.
struct Stage {
    lab: Lab,
    book: Book,
    writers: Vec<Writer>,
    readers: Vec<Reader>,
    killer: Killer,
    choice: StdRng,
}

/// Tells the clients to stop when it is dropped, also by a panic.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Stage {
    /// Starts the nodes and gives every key a value.
    fn set(mut choice: StdRng) -> Self {
        let lab = Lab::started();
        let book = Book::new(Keys::of_writers(WRITERS));
        let entry = |client: usize| lab.address(NAMES[client % NAMES.len()]);
        let mut writers: Vec<_> = (0..WRITERS)
            .map(|n| Writer::new(entry(n), n, choice.random()))
            .collect();
        let readers = (WRITERS..WRITERS + READERS)
            .map(|n| Reader::new(entry(n), WRITERS, choice.random()))
            .collect();
        for writer in &mut writers {
            writer.connect();
            writer.fill(&book);
        }
        check::settle(&lab, NAMES[0], &book);
        book.assert_faultless("before the first kill");
        let killer = Killer::new(&lab, StdRng::seed_from_u64(choice.random()));
        Self {
            lab,
            book,
            writers,
            readers,
            killer,
            choice,
        }
    }

    /// Has the clients work until a node was killed, starts it again, and checks every key. Whether the
    /// kill came at its moment.
    fn round(&mut self, victim: &'static str, moment: Moment) -> bool {
        let hit = self.kill_under_load(victim, moment);
        self.killer.start(&mut self.lab, victim);
        self.lab.wait_until_linked();
        let via = NAMES[self.choice.random_range(0..NAMES.len())];
        check::settle(&self.lab, via, &self.book);
        self.book
            .assert_faultless(&format!("after a kill of {victim}, {moment:?}"));
        self.remove_torn_tails(victim);
        hit
    }

    fn kill_under_load(&mut self, victim: &'static str, moment: Moment) -> bool {
        // Before the kill, after which a node may take no connection.
        self.writers.iter_mut().for_each(Writer::connect);
        self.readers.iter_mut().for_each(Reader::connect);
        let stop = AtomicBool::new(false);
        let (book, stop) = (&self.book, &stop);
        thread::scope(|scope| {
            let _stop = Stop(stop);
            for writer in &mut self.writers {
                scope.spawn(|| writer.work(book, stop));
            }
            for reader in &mut self.readers {
                scope.spawn(|| reader.work(book, stop));
            }
            self.killer.kill(&mut self.lab, victim, moment)
        })
    }

    /// What starts have cut off journals has been looked at enough: a long run would fill the disk.
    fn remove_torn_tails(&self, name: &str) {
        for file in fs::read_dir(self.lab.data("")).unwrap() {
            let file = file.unwrap();
            let begins = format!("{name}.torn-");
            if file.file_name().to_string_lossy().starts_with(&begins) {
                fs::remove_file(file.path()).unwrap();
            }
        }
    }
}
