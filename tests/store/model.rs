//! The store against a model: a map, through checkpoints, restarts and power losses.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::support::{Content, Lab, with_fsync};
use proptest::prelude::*;
use triad::storage::MemoryStorage;
use triad::storage::memory::Keep;
use triad::store::Fsync;

#[derive(Debug, Clone)]
enum Step {
    Set(Vec<u8>, Vec<u8>),
    Delete(Vec<u8>),
    Clear,
    Settle,
    BeginCheckpoint,
    AdvanceCheckpoint,
    Close,
    Kill,
    PowerLoss(u64),
}

fn keys() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => (0..40_u8).prop_map(|number| format!("key-{number}").into_bytes()),
        1 => Just(Vec::new()),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ]
}

fn values() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[a-zäß\"\\\\\n\t\u{0}\u{7f}]{0,20}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..40),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        20 => (keys(), values()).prop_map(|(key, value)| Step::Set(key, value)),
        8 => keys().prop_map(Step::Delete),
        1 => Just(Step::Clear),
        3 => Just(Step::Settle),
        2 => Just(Step::BeginCheckpoint),
        6 => Just(Step::AdvanceCheckpoint),
        1 => Just(Step::Close),
        1 => Just(Step::Kill),
        2 => any::<u64>().prop_map(Step::PowerLoss),
    ];
    prop::collection::vec(step, 0..80)
}

fn policies() -> impl Strategy<Value = Fsync> {
    prop_oneof![
        Just(Fsync::Always),
        Just(Fsync::EverySec),
        Just(Fsync::Never)
    ]
}

/// A store in a folder, and what it should hold.
struct Run {
    storage: MemoryStorage,
    fsync: Fsync,
    lab: Option<Lab>,
    model: Content,
}

impl Run {
    fn reopen(&mut self) {
        let lab = Lab::open_with(&self.storage, with_fsync(self.fsync)).unwrap();
        assert_eq!(lab.content(), self.model);
        self.lab = Some(lab);
    }

    fn step(&mut self, step: Step) {
        let lab = self.lab.as_mut().unwrap();
        match step {
            Step::Set(key, value) => {
                lab.store.set(&key, &value).unwrap();
                assert_eq!(lab.store.get(&key), Some(&*value));
                self.model.insert(key, value);
            }
            Step::Delete(key) => {
                let removed = lab.store.delete(&key).unwrap();
                assert_eq!(removed, self.model.remove(&key).is_some());
            }
            Step::Clear => {
                lab.store.clear().unwrap();
                self.model.clear();
            }
            Step::Settle => drop(lab.settle().unwrap()),
            Step::BeginCheckpoint => drop(lab.store.begin_checkpoint()),
            Step::AdvanceCheckpoint => drop(lab.store.step_checkpoint()),
            Step::Close => {
                self.lab.take().unwrap().store.close().unwrap();
                self.reopen();
            }
            Step::Kill => {
                lab.store.len();
                lab.settle().unwrap();
                self.lab = None;
                self.reopen();
            }
            Step::PowerLoss(seed) => {
                lab.store.len();
                lab.settle().unwrap();
                let keep = match self.fsync {
                    Fsync::Always => Keep::Chosen(seed),
                    // These do not promise anything about power.
                    Fsync::EverySec | Fsync::Never => Keep::Everything,
                };
                self.storage = self.storage.crash(keep);
                self.reopen();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn it_is_a_map_that_outlives_its_process(steps in steps(), fsync in policies()) {
        let mut run =
            Run { storage: MemoryStorage::new(), fsync, lab: None, model: Content::new() };
        run.reopen();
        for step in steps {
            run.step(step);
            let lab = run.lab.as_ref().unwrap();
            prop_assert_eq!(lab.content(), run.model.clone());
        }
    }
}
