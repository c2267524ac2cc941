//! The store against a model: a map, through checkpoints, restarts and power losses.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{Content, Lab, told_items, with_fsync};
use proptest::prelude::*;
use triad::storage::MemoryStorage;
use triad::storage::memory::Keep;
use triad::store::{Fsync, Store};

#[derive(Debug, Clone)]
enum Step {
    Set(Vec<u8>, Vec<u8>),
    SetUntil(Vec<u8>, Vec<u8>, u64),
    Expire(Vec<u8>, Option<u64>),
    Add(Vec<u8>, Vec<Vec<u8>>),
    Remove(Vec<u8>, Vec<Vec<u8>>),
    Rename(Vec<u8>, Vec<u8>),
    Copy(Vec<u8>, Vec<u8>),
    SetAll(Vec<(Vec<u8>, Vec<u8>)>),
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

/// Far in the future: of what expires there are tests of its own.
fn deadlines() -> impl Strategy<Value = u64> {
    1 << 50..1_u64 << 53
}

/// Few enough that a set often loses its last one.
fn members() -> impl Strategy<Value = Vec<Vec<u8>>> {
    const SOME: &[&[u8]] = &[b"", b"a", b"b", b"c", b"\xff\x00", b"\n\"x"];
    let member = prop::sample::select(SOME);
    prop::collection::vec(member.prop_map(<[u8]>::to_vec), 1..5)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        20 => (keys(), values()).prop_map(|(key, value)| Step::Set(key, value)),
        8 => keys().prop_map(Step::Delete),
        5 => (keys(), values(), deadlines()).prop_map(|(key, value, at)| Step::SetUntil(key, value, at)),
        5 => (keys(), prop::option::of(deadlines())).prop_map(|(key, at)| Step::Expire(key, at)),
        12 => (keys(), members()).prop_map(|(key, members)| Step::Add(key, members)),
        9 => (keys(), members()).prop_map(|(key, members)| Step::Remove(key, members)),
        4 => (keys(), keys()).prop_map(|(from, to)| Step::Rename(from, to)),
        2 => (keys(), keys()).prop_map(|(from, to)| Step::Copy(from, to)),
        3 => prop::collection::vec((keys(), values()), 0..4).prop_map(Step::SetAll),
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
    model: BTreeMap<Vec<u8>, (Value, Option<u64>)>,
}

#[derive(Debug, Clone)]
enum Value {
    String(Vec<u8>),
    Set(BTreeSet<Vec<u8>>),
}

impl Run {
    /// What the model says that there is.
    fn content(&self) -> Content {
        let told = |(key, (value, deadline)): (&Vec<u8>, &(Value, Option<u64>))| {
            let told = match (value, deadline) {
                (Value::String(value), None) => value.clone(),
                (Value::String(value), _) => {
                    told_items("string", std::slice::from_ref(value), *deadline)
                }
                (Value::Set(members), _) => {
                    let members: Vec<_> = members.iter().cloned().collect();
                    told_items("set", &members, *deadline)
                }
            };
            (key.clone(), told)
        };
        self.model.iter().map(told).collect()
    }

    /// Adds to a set, or removes from it. How many changed; `None` if it is none.
    fn change(&mut self, key: &[u8], members: &[Vec<u8>], is_added: bool) -> Option<usize> {
        let absent = || (Value::Set(BTreeSet::new()), None);
        let (value, _) = self.model.entry(key.to_vec()).or_insert_with(absent);
        let Value::Set(set) = value else {
            return None;
        };
        let mut changed = 0;
        for member in members {
            changed += usize::from(if is_added {
                set.insert(member.clone())
            } else {
                set.remove(member)
            });
        }
        if set.is_empty() {
            self.model.remove(key);
        }
        Some(changed)
    }
}

impl Run {
    fn reopen(&mut self) {
        let lab = Lab::open_with(&self.storage, with_fsync(self.fsync)).unwrap();
        assert_eq!(lab.content(), self.content());
        self.lab = Some(lab);
    }

    fn step(&mut self, step: Step) {
        let lab = self.lab.as_mut().unwrap();
        match step {
            Step::Set(key, value) => {
                lab.store.set(&key, &value).unwrap();
                assert_eq!(lab.store.get(&key), Some(&*value));
                self.model.insert(key, (Value::String(value), None));
            }
            Step::SetUntil(key, value, at) => {
                lab.store
                    .set_until(&key, &value, Store::deadline(at))
                    .unwrap();
                self.model.insert(key, (Value::String(value), Some(at)));
            }
            Step::Expire(key, at) => {
                let deadline = at.and_then(Store::deadline);
                let is_there = lab.store.expire(&key, deadline).unwrap();
                let known = self.model.get_mut(&key);
                assert_eq!(is_there, known.is_some());
                if let Some((_, known)) = known {
                    *known = at;
                }
            }
            Step::Add(key, members) => {
                let slices = members.iter().map(Vec::as_slice);
                let added = lab.store.add_members(&key, slices).ok();
                assert_eq!(added, self.change(&key, &members, true));
            }
            Step::Remove(key, members) => {
                let slices = members.iter().map(Vec::as_slice);
                let removed = lab.store.remove_members(&key, slices).ok();
                assert_eq!(removed, self.change(&key, &members, false));
            }
            Step::Rename(from, to) => {
                let is_there = lab.store.rename(&from, &to).unwrap();
                let known = self.model.remove(&from);
                assert_eq!(is_there, known.is_some());
                self.model.extend(known.map(|known| (to, known)));
            }
            Step::Copy(from, to) => {
                let is_there = lab.store.copy(&from, &to).unwrap();
                let known = self.model.get(&from).cloned();
                assert_eq!(is_there, known.is_some());
                self.model.extend(known.map(|known| (to, known)));
            }
            Step::SetAll(pairs) => {
                let set_all = |store: &mut Store| {
                    pairs
                        .iter()
                        .try_for_each(|(key, value)| store.set(key, value))
                };
                lab.store.grouped(set_all).unwrap();
                for (key, value) in pairs {
                    self.model.insert(key, (Value::String(value), None));
                }
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
            Run { storage: MemoryStorage::new(), fsync, lab: None, model: BTreeMap::new() };
        run.reopen();
        for step in steps {
            run.step(step);
            let lab = run.lab.as_ref().unwrap();
            prop_assert_eq!(lab.content(), run.content());
        }
    }
}
