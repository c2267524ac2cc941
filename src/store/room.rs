//! How much room the disk has, asked without waiting for it: a file system may hang, and the thread that
//! wants to know answers everybody.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use crate::limits::{SPACE_KEPT, SPACE_WAIT};
use crate::storage::{Space, Storage};

/// Asks by a thread of its own, which lives as long as a question. Nothing runs while nobody asks.
#[derive(Default)]
pub(super) struct Room {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    answered: Condvar,
}

#[derive(Default)]
struct State {
    is_asking: bool,
    /// The last answer and when it came; none if the file system does not tell.
    answer: Option<(Instant, Option<Space>)>,
}

impl Room {
    /// The room there is, within [`SPACE_WAIT`]; none if it can't be told. While an earlier question has no
    /// answer there is no wait at all.
    pub(super) fn ask(&self, storage: &Arc<dyn Storage>) -> Option<Space> {
        let mut state = self.shared.lock();
        if state.is_asking {
            return None;
        }
        if let Some((when, answer)) = state.answer
            && when.elapsed() < SPACE_KEPT
        {
            return answer;
        }
        let (storage, shared) = (Arc::clone(storage), Arc::clone(&self.shared));
        let asking = thread::Builder::new().name("room".to_owned());
        let begun = asking.spawn(move || {
            let space = storage.space().ok();
            let mut state = shared.lock();
            state.answer = Some((Instant::now(), space));
            state.is_asking = false;
            shared.answered.notify_all();
        });
        state.is_asking = begun.is_ok();
        let waiting = |state: &mut State| state.is_asking;
        let waited = self
            .shared
            .answered
            .wait_timeout_while(state, SPACE_WAIT, waiting);
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        if begun.is_err() || timeout.timed_out() {
            return None;
        }
        state.answer.and_then(|(_, space)| space)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Room")
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;
    use crate::storage::MemoryStorage;
    use crate::storage::memory::{Fault, Operation};

    /// A store's room and its disk.
    struct Lab {
        room: Room,
        storage: Arc<dyn Storage>,
    }

    impl Lab {
        fn ask(&self) -> Option<Space> {
            self.room.ask(&self.storage)
        }

        fn forget(&self) {
            self.room.shared.lock().answer = None;
        }
    }

    fn room() -> (MemoryStorage, Lab) {
        let storage = MemoryStorage::new();
        let lab = Lab {
            room: Room::default(),
            storage: Arc::new(storage.clone()),
        };
        (storage, lab)
    }

    /// Asks until there is an answer: the thread may be slow on a loaded machine.
    fn answer(room: &Lab) -> Option<Space> {
        loop {
            let found = room.ask();
            let state = room.room.shared.lock();
            if !state.is_asking && state.answer.is_some() {
                return found.or(state.answer.and_then(|(_, space)| space));
            }
            drop(state);
            thread::yield_now();
        }
    }

    #[test]
    fn the_room_is_told_and_less_with_more_in_it() {
        let (storage, room) = room();
        let empty = answer(&room).unwrap();
        assert_eq!(empty.free_bytes, empty.total_bytes);
        storage.put("a file", &[0; 1000]);
        // What is asked again at once is not asked of the disk.
        assert_eq!(answer(&room), Some(empty));
        assert_eq!(storage.count(Operation::Space), 1);
        room.forget();
        assert_eq!(answer(&room).unwrap().free_bytes, empty.total_bytes - 1000);
    }

    #[test]
    fn a_file_system_that_hangs_holds_nobody_up_and_is_asked_once() {
        let (storage, room) = room();
        storage.hold_space();
        assert_eq!(room.ask(), None);
        storage.wait_for_held_sync();
        for _ in 0..1000 {
            assert_eq!(room.ask(), None);
        }
        assert_eq!(storage.count(Operation::Space), 1);
        storage.release_space();
        assert!(answer(&room).is_some());
        assert_eq!(storage.count(Operation::Space), 1);
    }

    #[test]
    fn one_that_does_not_tell_is_no_failure() {
        let (storage, room) = room();
        storage.fail(Operation::Space, 1, Fault::kind(ErrorKind::Unsupported));
        assert_eq!(answer(&room), None);
        room.forget();
        assert!(answer(&room).is_some());
    }
}
