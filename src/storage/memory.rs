//! A folder in memory that can lose power, for tests: whatever a real disk may do to a program, at
//! a moment that the test chooses.
//!
//! - [`MemoryStorage::crash`] gives the folder as a power loss leaves it: what was synced, and of
//!   the rest what [`Keep`] says. Data and names are apart, as POSIX has it: a synced file of which
//!   the folder entry was not synced is gone, and an unsynced rename may be undone.
//! - [`MemoryStorage::stop_after`] cuts the power after the n-th change, so that a test can walk
//!   through every point of a script; [`MemoryStorage::record`] writes down all that happens, so that
//!   a test can come back to every point of a script that was run once.
//! - [`MemoryStorage::fail`] makes the n-th call of a kind fail; [`MemoryStorage::hold_syncs`] lets
//!   no sync return until the test says so.

mod disk;
mod recording;
mod script;

use std::collections::BTreeSet;
use std::io::{self, Cursor, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{AppendFile, Space, Storage};
use disk::Disk;
pub use disk::Keep;
pub use recording::{Points, Recording};
use script::Script;
pub use script::{Fault, Operation};

/// How long a sync takes while a recording is made.
const RECORDED_SYNC: Duration = Duration::from_micros(100);

/// What the disk says that it has in all. It takes more than that.
const MEMORY_TOTAL_BYTES: u64 = 1 << 30;

/// A folder in memory. Clones are the same folder.
#[derive(Clone, Default)]
pub struct MemoryStorage {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    disk: Disk,
    /// The disk when the recording began, if there is one.
    before: Option<Disk>,
    script: Script,
    locked: BTreeSet<String>,
}

impl MemoryStorage {
    /// An empty folder.
    pub fn new() -> Self {
        Self::default()
    }

    /// The folder as it is found after a power loss at this moment. This one goes on as it is, so
    /// that all the states that one moment can lead to can be asked for.
    #[must_use]
    pub fn crash(&self, keep: Keep) -> Self {
        Self::with_disk(self.state().disk.after_power_loss(keep))
    }

    fn with_disk(disk: Disk) -> Self {
        let state = State {
            disk,
            ..State::default()
        };
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                changed: Condvar::new(),
            }),
        }
    }

    /// The states that a power loss at this moment is tried with: nothing unsynced kept, all of it,
    /// every prefix (also with its last write torn in two), all but one, and `seeds` subsets.
    pub fn crash_states(&self, seeds: u64) -> Vec<Keep> {
        let unsynced = self.state().disk.unsynced();
        let mut states = vec![Keep::Nothing, Keep::Everything];
        for index in 0..unsynced {
            states.extend([Keep::First(index), Keep::Torn(index), Keep::AllBut(index)]);
        }
        states.extend((0..seeds).map(Keep::Chosen));
        states
    }

    /// Puts a file there that was written and synced long ago.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        self.state().disk.put(name, bytes);
    }

    /// What a reader finds in a file, if there is one of that name.
    pub fn content(&self, name: &str) -> Option<Vec<u8>> {
        self.state().disk.read(name).ok().map(<[u8]>::to_vec)
    }

    /// All files with what a reader finds in them, sorted by name.
    pub fn contents(&self) -> Vec<(String, Vec<u8>)> {
        let state = self.state();
        let names = state.disk.names();
        let content = |name: &String| {
            state
                .disk
                .read(name)
                .map(<[u8]>::to_vec)
                .unwrap_or_default()
        };
        names
            .into_iter()
            .map(|name| (name.clone(), content(&name)))
            .collect()
    }

    /// Makes the `nth` call (1 is the next one) of this kind fail.
    pub fn fail(&self, operation: Operation, nth: usize, fault: Fault) {
        self.fail_any(&[operation], nth, fault);
    }

    /// Makes the `nth` call (1 is the next one) of these kinds, counted together, fail.
    pub fn fail_any(&self, operations: &[Operation], nth: usize, fault: Fault) {
        self.state().script.fail(operations, None, nth, fault);
    }

    /// Makes the `nth` call (1 is the next one) of this kind on this file fail.
    pub fn fail_on(&self, name: &str, operation: Operation, nth: usize, fault: Fault) {
        let script = &mut self.state().script;
        script.fail(&[operation], Some(name), nth, fault);
    }

    /// From now on no call fails, and the power is on.
    pub fn mend(&self) {
        self.state().script.mend();
    }

    /// How many calls of this kind there were, failed ones included.
    pub fn count(&self, operation: Operation) -> usize {
        self.state().script.count(operation)
    }

    /// Waits until there were `count` calls of this kind.
    pub fn wait_for_count(&self, operation: Operation, count: usize) {
        drop(self.wait_while(|state| state.script.count(operation) < count));
    }

    /// How many changes (of files or of the folder, syncs included) there were.
    pub fn changes(&self) -> usize {
        self.state().script.changes()
    }

    /// Cuts the power once `changes` changes were made: all later ones fail and do nothing.
    pub fn stop_after(&self, changes: usize) {
        self.state().script.stop_after(changes);
    }

    /// From now on no sync of a file returns until [`MemoryStorage::release_syncs`].
    pub fn hold_syncs(&self) {
        self.state().script.hold(None);
    }

    /// The same for one file.
    pub fn hold_syncs_of(&self, name: &str) {
        self.state().script.hold(Some(name));
    }

    /// Lets one sync go on, of those that are held or of those to come.
    pub fn release_one_sync(&self) {
        self.state().script.passes += 1;
        self.shared.changed.notify_all();
    }

    /// Lets the held syncs go on, and all later ones.
    pub fn release_syncs(&self) {
        self.state().script.release();
        self.shared.changed.notify_all();
    }

    /// From now on nobody learns how much room there is until [`MemoryStorage::release_space`], as on a file
    /// system that hangs.
    pub fn hold_space(&self) {
        self.state().script.holds_space = true;
    }

    /// Lets those know who have asked.
    pub fn release_space(&self) {
        self.state().script.holds_space = false;
        self.shared.changed.notify_all();
    }

    /// Waits until somebody waits in a sync that is held, or for the room.
    pub fn wait_for_held_sync(&self) {
        drop(self.wait_while(|state| state.script.held == 0));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, mut condition: impl FnMut(&State) -> bool) -> MutexGuard<'_, State> {
        self.shared
            .changed
            .wait_while(self.state(), |state| condition(state))
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call, and finds out whether it is to fail.
    fn begin(
        &self,
        operation: Operation,
        name: &str,
    ) -> (MutexGuard<'_, State>, Result<(), Fault>) {
        let mut state = self.state();
        let verdict = state.script.begin(operation, name);
        self.shared.changed.notify_all();
        (state, verdict)
    }

    fn change(
        &self,
        operation: Operation,
        name: &str,
        act: impl FnOnce(&mut Disk) -> io::Result<()>,
    ) -> io::Result<()> {
        let (mut state, verdict) = self.begin(operation, name);
        verdict?;
        act(&mut state.disk)
    }

    fn appending(&self, file: usize, name: &str) -> Appending {
        Appending {
            storage: self.clone(),
            file,
            name: name.to_owned(),
        }
    }

    fn sync_file(&self, file: usize, name: &str) -> io::Result<()> {
        let (mut state, verdict) = self.begin(Operation::Sync, name);
        if state.script.holds(name) {
            state.script.held += 1;
            self.shared.changed.notify_all();
            drop(state);
            state = self.wait_while(|state| state.script.holds(name) && state.script.passes == 0);
            state.script.passes = state.script.passes.saturating_sub(1);
            state.script.held -= 1;
        }
        if state.before.is_some() {
            drop(state);
            std::thread::sleep(RECORDED_SYNC);
            state = self.state();
        }
        match verdict {
            Ok(()) => {
                state.disk.sync(file);
                Ok(())
            }
            Err(fault) => {
                state.disk.lose(file);
                Err(fault.into())
            }
        }
    }
}

impl Storage for MemoryStorage {
    fn list(&self) -> io::Result<Vec<String>> {
        let (state, verdict) = self.begin(Operation::Read, "");
        verdict?;
        Ok(state.disk.names())
    }

    fn open_read(&self, name: &str) -> io::Result<Box<dyn Read + Send>> {
        let (state, verdict) = self.begin(Operation::Read, name);
        verdict?;
        Ok(Box::new(Cursor::new(state.disk.read(name)?.to_vec())))
    }

    fn size(&self, name: &str) -> io::Result<u64> {
        Ok(self.state().disk.read(name)?.len() as u64)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn AppendFile>> {
        let (mut state, verdict) = self.begin(Operation::Create, name);
        verdict?;
        let file = state.disk.create(name)?;
        Ok(Box::new(self.appending(file, name)))
    }

    fn append(&self, name: &str) -> io::Result<Box<dyn AppendFile>> {
        let file = self.state().disk.find(name)?;
        Ok(Box::new(self.appending(file, name)))
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        let file = self.state().disk.find(name)?;
        self.sync_file(file, name)
    }

    fn rewrite(&self, name: &str, from: u64) -> io::Result<()> {
        let file = self.state().disk.find(name)?;
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        self.change(Operation::Rewrite, name, |disk| {
            disk.rewrite(file, from);
            Ok(())
        })?;
        self.sync_file(file, name)
    }

    fn truncate(&self, name: &str, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let file = self.state().disk.find(name)?;
        self.change(Operation::Truncate, name, |disk| {
            disk.truncate(file, len);
            Ok(())
        })?;
        self.sync_file(file, name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.change(Operation::Rename, from, |disk| disk.rename(from, to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.change(Operation::Remove, name, |disk| disk.remove(name))
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.change(Operation::SyncFolder, "", |disk| {
            disk.sync_folder();
            Ok(())
        })
    }

    fn lock(&self, name: &str) -> io::Result<Box<dyn Send>> {
        if !self.state().locked.insert(name.to_owned()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(Lock {
            storage: self.clone(),
            name: name.to_owned(),
        }))
    }

    fn space(&self) -> io::Result<Space> {
        let (mut state, verdict) = self.begin(Operation::Space, "");
        verdict?;
        if state.script.holds_space {
            state.script.held += 1;
            self.shared.changed.notify_all();
            drop(state);
            state = self.wait_while(|state| state.script.holds_space);
            state.script.held -= 1;
        }
        let names = state.disk.names();
        let used = names.iter().filter_map(|name| {
            let content = state.disk.read(name).ok()?;
            Some(content.len() as u64)
        });
        Ok(Space {
            free_bytes: MEMORY_TOTAL_BYTES.saturating_sub(used.sum()),
            total_bytes: MEMORY_TOTAL_BYTES,
        })
    }

    fn describe(&self, name: &str) -> String {
        format!("memory/{name}")
    }
}

struct Appending {
    storage: MemoryStorage,
    file: usize,
    /// Its name when it was opened.
    name: String,
}

impl AppendFile for Appending {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (mut state, verdict) = self.storage.begin(Operation::Append, &self.name);
        let written = match verdict {
            Ok(()) => bytes,
            Err(fault) => bytes.get(..fault.written()).unwrap_or(bytes),
        };
        state.disk.append(self.file, written);
        verdict.map_err(io::Error::from)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.storage.sync_file(self.file, &self.name)
    }
}

struct Lock {
    storage: MemoryStorage,
    name: String,
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.storage.state().locked.remove(&self.name);
    }
}

#[cfg(test)]
mod tests;
