//! A store with what a test needs around it: a bell that its threads ring, and waiting for it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

pub(crate) mod counts;
pub(crate) mod journal;
pub(crate) mod parallel;
pub(crate) mod recorded;
pub(crate) mod script;

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};

use triad::storage::{MemoryStorage, Storage};
use triad::store::{
    CheckpointStep, Deadline, Failure, Fsync, OpenError, Options, Recovery, Seq, Store, View,
};

/// Keys and values.
pub(crate) type Content = BTreeMap<Vec<u8>, Vec<u8>>;

/// The node that the tests are.
pub(crate) const NODE: &str = "linux";

/// Rings when a store has called `progress`.
#[derive(Default)]
struct Bell {
    rung: Mutex<u64>,
    ringing: Condvar,
}

/// An open store.
pub(crate) struct Lab {
    pub(crate) store: Store,
    pub(crate) recovery: Recovery,
    bell: Arc<Bell>,
}

impl Lab {
    /// Opens the store of [`NODE`], with a policy of `always`, as the owner of every key.
    pub(crate) fn open(storage: &MemoryStorage) -> Result<Self, OpenError> {
        Self::open_with(storage, Options::default())
    }

    pub(crate) fn open_with(storage: &MemoryStorage, options: Options) -> Result<Self, OpenError> {
        Self::open_as(Arc::new(storage.clone()), NODE, options, &|_| true)
    }

    pub(crate) fn open_as(
        storage: Arc<dyn Storage>,
        name: &str,
        options: Options,
        mine: &(dyn Fn(&[u8]) -> bool + Sync),
    ) -> Result<Self, OpenError> {
        let bell = Arc::new(Bell::default());
        let progress = Arc::clone(&bell);
        let progress = Arc::new(move || {
            *progress.rung.lock().unwrap() += 1;
            progress.ringing.notify_all();
        });
        let (store, recovery) = Store::open(storage, name, options, mine, progress)?;
        Ok(Self {
            store,
            recovery,
            bell,
        })
    }

    /// Waits until `ready` says something.
    pub(crate) fn wait<T>(&mut self, mut ready: impl FnMut(&mut Store) -> Option<T>) -> T {
        loop {
            let seen = *self.bell.rung.lock().unwrap();
            if let Some(found) = ready(&mut self.store) {
                return found;
            }
            let rung = self.bell.rung.lock().unwrap();
            drop(
                self.bell
                    .ringing
                    .wait_while(rung, |rung| *rung == seen)
                    .unwrap(),
            );
        }
    }

    /// Commits, and waits until what was accessed is durable. An error if that will never be.
    pub(crate) fn settle(&mut self) -> Result<Seq, Arc<Failure>> {
        let gate = self.store.take_gate();
        self.store.commit();
        self.wait(|store| match store.failure() {
            _ if store.durable() >= gate => Some(Ok(gate)),
            Some(failure) => Some(Err(failure)),
            None => None,
        })
    }

    pub(crate) fn set(&mut self, key: &str, value: &str) -> Result<Seq, Arc<Failure>> {
        self.store.set(key.as_bytes(), value.as_bytes()).unwrap();
        self.settle()
    }

    /// Does a whole checkpoint.
    pub(crate) fn checkpoint(&mut self) -> Result<(), Arc<Failure>> {
        self.store.begin_checkpoint().unwrap();
        self.finish_checkpoint()
    }

    pub(crate) fn finish_checkpoint(&mut self) -> Result<(), Arc<Failure>> {
        self.wait(|store| {
            loop {
                match store.step_checkpoint() {
                    CheckpointStep::Continue => {}
                    CheckpointStep::Wait => return None,
                    CheckpointStep::Done => return Some(Ok(())),
                    CheckpointStep::Failed(failure) => return Some(Err(failure)),
                }
            }
        })
    }

    pub(crate) fn content(&self) -> Content {
        content(&self.store)
    }

    pub(crate) fn get(&self, key: &str) -> Option<String> {
        let value = self.store.get(key.as_bytes())?;
        Some(String::from_utf8_lossy(value).into_owned())
    }
}

/// Holds the syncs of a storage until it is dropped. A store can't be dropped while they are held,
/// so this has to be declared after it.
pub(crate) struct Hold(MemoryStorage);

impl Hold {
    pub(crate) fn syncs(storage: &MemoryStorage) -> Self {
        storage.hold_syncs();
        Self(storage.clone())
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.release_syncs();
    }
}

/// All keys and values, by iteration.
pub(crate) fn content(store: &Store) -> Content {
    let mut content = Content::new();
    let mut from = Some(0);
    while let Some(position) = from {
        from = store.scan(position, 100, &mut |key, value| {
            let deadline = store.deadline_of(key).flatten();
            let twice = content.insert(key.to_vec(), told(value, deadline));
            assert_eq!(twice, None, "an iteration returned {key:?} twice");
        });
    }
    assert_eq!(content.len(), store.len());
    content
}

/// A value as [`Content`] has it: a string that stays is its bytes, any other a text that tells it.
fn told(value: View<'_>, deadline: Option<Deadline>) -> Vec<u8> {
    let mut items = Vec::new();
    match (value.as_string(), deadline) {
        (Some(bytes), None) => return bytes.to_vec(),
        (Some(bytes), _) => items.push(bytes.to_vec()),
        (None, _) => value.visit_items(&mut |item| items.push(item.to_vec())),
    }
    items.sort();
    told_items(value.type_name(), &items, deadline.map(Deadline::get))
}

/// The text for a collection, or for a string that will be gone. `items` are sorted.
pub(crate) fn told_items(kind: &str, items: &[Vec<u8>], deadline: Option<u64>) -> Vec<u8> {
    format!("{kind} {items:?} until {deadline:?}").into_bytes()
}

pub(crate) fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Content {
    pairs.map(|(key, value)| (key.into(), value.into())).into()
}

pub(crate) fn accepting_edits() -> Options {
    Options {
        accept_edits: true,
        ..Options::default()
    }
}

pub(crate) fn repairing() -> Options {
    Options {
        repair: true,
        ..Options::default()
    }
}

pub(crate) fn with_fsync(fsync: Fsync) -> Options {
    Options {
        fsync,
        ..Options::default()
    }
}

/// Opens, expecting to be refused; the files must be as before. The message.
pub(crate) fn refused(storage: &MemoryStorage) -> String {
    refused_with(storage, Options::default())
}

pub(crate) fn refused_with(storage: &MemoryStorage, options: Options) -> String {
    let before = storage.contents();
    let Err(error) = Lab::open_with(storage, options) else {
        panic!("this was not refused");
    };
    assert!(
        storage.contents() == before,
        "the files were changed by a refused start"
    );
    error.to_string()
}

/// A text file.
pub(crate) fn text(storage: &MemoryStorage, name: &str) -> String {
    let bytes = storage
        .content(name)
        .unwrap_or_else(|| panic!("there is no {name}"));
    String::from_utf8(bytes).unwrap()
}

/// A folder with one file.
pub(crate) fn with_file(name: &str, text: &str) -> MemoryStorage {
    let storage = MemoryStorage::new();
    storage.put(name, text.as_bytes());
    storage
}
