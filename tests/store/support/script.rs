//! A script of writes, checkpoints and restarts that runs until something fails, and what may be
//! found afterwards.

use triad::storage::MemoryStorage;
use triad::storage::memory::Keep;
use triad::store::{Failure, Options, Store};

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
    /// A value that will be gone, far in the future.
    SetUntil(&'static str, &'static str),
    Expire(&'static str),
    Persist(&'static str),
    Add(&'static str, &'static [&'static str]),
    Remove(&'static str, &'static [&'static str]),
    Rename(&'static str, &'static str),
    /// Each key has this value, or none has.
    SetAll(&'static [&'static str], &'static str),
    Clear,
    /// A checkpoint with a write in its middle.
    Checkpoint(&'static str),
    Close,
    Kill,
}

use Step::{
    Add, Checkpoint, Clear, Close, Delete, Expire, Kill, Persist, Remove, Rename, Set, SetAll,
    SetUntil,
};

const FAR_UNIX_MS: u64 = 1 << 50;

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
    Add("set", &["x", "y", "\u{1}\u{2}\u{3}"]),
    SetUntil("e", "1"),
    SetAll(&["f", "d"], "2"),
    Checkpoint("during the second"),
    Remove("set", &["x"]),
    Expire("set"),
    Rename("set", "other"),
    Kill,
    Add("other", &["x", "z"]),
    Remove("other", &["z", "y", "x", "\u{1}\u{2}\u{3}"]),
    Persist("e"),
    SetAll(&["g", "e", "d"], "3"),
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
            SetUntil(key, value) => {
                let deadline = Store::deadline(FAR_UNIX_MS);
                let store = &mut open.store;
                store
                    .set_until(key.as_bytes(), value.as_bytes(), deadline)
                    .is_ok()
                    && run.settle(&mut open)
            }
            Expire(key) => {
                let deadline = Store::deadline(FAR_UNIX_MS + 1);
                open.store.expire(key.as_bytes(), deadline).is_ok() && run.settle(&mut open)
            }
            Persist(key) => {
                open.store.expire(key.as_bytes(), None).is_ok() && run.settle(&mut open)
            }
            Add(key, members) => {
                let members = members.iter().map(|member| member.as_bytes());
                open.store.add_members(key.as_bytes(), members).is_ok() && run.settle(&mut open)
            }
            Remove(key, members) => {
                let members = members.iter().map(|member| member.as_bytes());
                open.store.remove_members(key.as_bytes(), members).is_ok() && run.settle(&mut open)
            }
            Rename(from, to) => {
                open.store.rename(from.as_bytes(), to.as_bytes()).is_ok() && run.settle(&mut open)
            }
            SetAll(keys, value) => {
                let set_all = |store: &mut Store| {
                    keys.iter()
                        .try_for_each(|key| store.set(key.as_bytes(), value.as_bytes()))
                };
                open.store.grouped(set_all).is_ok() && run.settle(&mut open)
            }
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
