//! A script of writes, checkpoints and restarts that runs until something fails, and what may be
//! found afterwards.

use triad::storage::MemoryStorage;
use triad::storage::memory::Keep;
use triad::store::{Failure, Options};

use super::{Content, Lab};

/// How far a script has come.
#[derive(Default)]
pub(crate) struct Run {
    /// The content after each write that was issued; the first is before any.
    pub(crate) states: Vec<Content>,
    /// How many of the writes were acknowledged.
    pub(crate) acknowledged: usize,
    /// Whether the script has come to its end.
    pub(crate) finished: bool,
}

enum Step {
    Set(&'static str, &'static str),
    Delete(&'static str),
    Clear,
    /// A checkpoint with a write in its middle.
    Checkpoint(&'static str),
    Close,
    Kill,
}

use Step::{Checkpoint, Clear, Close, Delete, Kill, Set};

const SCRIPT: &[Step] = &[
    Set("a", "1"),
    Set("b", "\u{1}\u{2}\u{3}"),
    Checkpoint("during the first"),
    Set("a", "2"),
    Delete("b"),
    Kill,
    Set("c", "1"),
    Clear,
    Set("d", "1"),
    Checkpoint("during the second"),
    Close,
    Set("a", "3"),
    Checkpoint("during the third"),
    Delete("d"),
    Close,
];

/// Runs the script until its end, or until something fails.
pub(crate) fn run(storage: &MemoryStorage, options: Options) -> Run {
    let mut run = Run {
        states: vec![Content::new()],
        ..Run::default()
    };
    let mut lab = None;
    for step in SCRIPT {
        let Ok(mut open) = lab
            .take()
            .map_or_else(|| Lab::open_with(storage, options), Ok)
        else {
            return run;
        };
        let done = match step {
            Set(key, value) => run.set(&mut open, key, value),
            Delete(key) => open.store.delete(key.as_bytes()).is_ok() && run.settle(&mut open),
            Clear => open.store.clear().is_ok() && run.settle(&mut open),
            Checkpoint(key) => {
                open.store.begin_checkpoint().is_ok()
                    && run.set(&mut open, key, "1")
                    && open.finish_checkpoint().is_ok()
            }
            Close => match close(open) {
                Ok(()) => continue,
                Err(_) => return run,
            },
            Kill => continue,
        };
        if !done {
            return run;
        }
        lab = Some(open);
    }
    run.finished = true;
    run
}

fn close(lab: Lab) -> Result<(), Failure> {
    lab.store.close()
}

impl Run {
    fn set(&mut self, lab: &mut Lab, key: &str, value: &str) -> bool {
        lab.store.set(key.as_bytes(), value.as_bytes()).is_ok() && self.settle(lab)
    }

    /// Notes a write that was issued, and waits until it is acknowledged.
    fn settle(&mut self, lab: &mut Lab) -> bool {
        let gate = lab.store.take_gate();
        self.states.push(lab.content());
        lab.store.take_gate();
        lab.store.commit();
        let acknowledged = lab.wait(|store| {
            (store.durable() >= gate || store.failure().is_some()).then(|| store.durable() >= gate)
        });
        if acknowledged {
            self.acknowledged = self.states.len() - 1;
        }
        acknowledged
    }

    /// Opens what is left, and looks whether that is what it may be: all that was acknowledged, and
    /// of the rest a beginning.
    pub(crate) fn check(&self, left: &MemoryStorage, when: &str) {
        check(left, &self.states[self.acknowledged..], when);
    }
}

/// Opens what is left, which has to have one of these contents. Then it has to take a write, and to
/// have it after one more start.
pub(crate) fn check(left: &MemoryStorage, expected: &[Content], when: &str) {
    let mut lab = match Lab::open(left) {
        Ok(lab) => lab,
        Err(error) => panic!("{when}: {error}"),
    };
    let content = lab.content();
    assert!(
        expected.contains(&content),
        "{when}: {content:?} is none of {expected:?}"
    );
    lab.set("after", "all").unwrap();
    let expected = lab.content();
    drop(lab);
    // That it was opened is no reason to lose anything of it with the power.
    for left in [left, &left.crash(Keep::Nothing)] {
        assert_eq!(
            Lab::open(left).unwrap().content(),
            expected,
            "{when}: after a write"
        );
    }
}
