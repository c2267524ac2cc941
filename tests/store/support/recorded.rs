//! A script of a thousand writes, with checkpoints and restarts, run once and recorded step by step.

use triad::storage::memory::Recording;
use triad::storage::{MemoryStorage, Storage};

use super::{Content, Lab};

/// The writes of the script.
pub(crate) const WRITES: usize = 1_000;

/// After so many writes a checkpoint is begun. The writes of [`DURING`] come while it is under way.
const CHECKPOINTS: [usize; 3] = [250, 500, 750];
const DURING: usize = 20;

/// After so many writes the process is killed in the middle of a further one.
const KILLS: [usize; 2] = [350, 850];

/// After so many writes the store is closed in order.
const CLOSES: [usize; 1] = [600];

/// What was recorded, and what may be found at each of its points.
pub(crate) struct Recorded {
    pub(crate) recording: Recording,
    /// The content after each write; the first is before any.
    states: Vec<Content>,
    /// The step before which a write was issued, by its number from 1.
    issued: Vec<usize>,
    /// Steps, each with the writes that were acknowledged when it had been taken.
    acknowledged: Vec<(usize, usize)>,
}

impl Recorded {
    /// Runs the script.
    pub(crate) fn run() -> Self {
        let storage = MemoryStorage::new();
        storage.record();
        let mut script = Script {
            lab: Some(Lab::open(&storage).unwrap()),
            storage,
            random: Random(0x9e37_79b9_7f4a_7c15),
            states: vec![Content::new()],
            issued: Vec::new(),
            acknowledged: Vec::new(),
        };
        while script.issued.len() < WRITES {
            script.group();
            let before = script.last_acknowledged();
            let passed = |at: &usize| (before + 1..=script.issued.len()).contains(at);
            let checkpoint = CHECKPOINTS.iter().any(passed);
            let kill = KILLS.iter().any(passed);
            let close = CLOSES.iter().any(passed);
            script.acknowledge();
            if checkpoint {
                script.checkpoint();
            }
            if kill {
                script.kill();
            }
            if close {
                script.lab.take().unwrap().store.close().unwrap();
                script.reopen();
            }
        }
        drop(script.lab);
        Self {
            recording: script.storage.recording(),
            states: script.states,
            issued: script.issued,
            acknowledged: script.acknowledged,
        }
    }

    /// What may be found after so many steps, whatever of the unsynced is kept.
    pub(crate) fn expected(&self, point: usize) -> &[Content] {
        let issued = self.issued.partition_point(|step| *step < point);
        let known = self
            .acknowledged
            .partition_point(|(step, _)| *step <= point);
        let acknowledged = known.checked_sub(1).map_or(0, |at| self.acknowledged[at].1);
        &self.states[acknowledged..=issued]
    }
}

struct Script {
    storage: MemoryStorage,
    lab: Option<Lab>,
    random: Random,
    states: Vec<Content>,
    issued: Vec<usize>,
    acknowledged: Vec<(usize, usize)>,
}

impl Script {
    fn lab(&mut self) -> &mut Lab {
        self.lab.as_mut().unwrap()
    }

    fn last_acknowledged(&self) -> usize {
        self.acknowledged.last().map_or(0, |(_, writes)| *writes)
    }

    /// Issues one write, or some that share an fsync.
    fn group(&mut self) {
        let writes = match self.random.below(10) {
            0..8 => 1,
            _ => 2 + self.random.below(5),
        };
        for _ in 0..writes {
            self.write();
        }
        self.lab().store.commit();
    }

    /// Issues a write.
    fn write(&mut self) {
        self.issued.push(self.storage.recorded());
        let mut content = self.states.last().cloned().unwrap_or_default();
        let key = format!("key-{}", self.random.below(60)).into_bytes();
        match self.random.below(400) {
            0 => {
                self.lab().store.clear().unwrap();
                content.clear();
            }
            1..100 if content.remove(&key).is_some() => {
                assert!(self.lab().store.delete(&key).unwrap());
            }
            kind => {
                let value = self.random.value(kind);
                self.lab().store.set(&key, &value).unwrap();
                content.insert(key, value);
            }
        }
        self.states.push(content);
    }

    /// Waits until all that was issued is acknowledged, by looking all the time: who acknowledges too
    /// early is seen to do it.
    fn acknowledge(&mut self) {
        let lab = self.lab.as_mut().unwrap();
        lab.store.len();
        let gate = lab.store.take_gate();
        while lab.store.durable() < gate {
            assert!(lab.store.failure().is_none());
            std::thread::yield_now();
        }
        let acknowledged = (self.storage.recorded(), self.issued.len());
        self.acknowledged.push(acknowledged);
    }

    /// Makes a checkpoint, with writes while it is under way.
    fn checkpoint(&mut self) {
        // These are on their way to the old segment when the new one is asked for.
        for _ in 0..3 {
            self.group();
        }
        self.lab().store.begin_checkpoint().unwrap();
        let end = self.issued.len() + DURING;
        while self.issued.len() < end {
            self.lab().store.step_checkpoint();
            self.group();
            self.acknowledge();
        }
        self.lab().finish_checkpoint().unwrap();
    }

    /// Dies in the middle of writing a record, and starts again.
    fn kill(&mut self) {
        self.lab = None;
        let names = self.storage.list().unwrap();
        let journal = names.iter().filter(|name| name.contains("journal-")).max();
        let mut journal = self.storage.append(journal.unwrap()).unwrap();
        journal.append(b"{\"seq\":9").unwrap();
        self.reopen();
        assert!(self.lab().recovery.torn.is_some());
    }

    fn reopen(&mut self) {
        self.lab = Some(Lab::open(&self.storage).unwrap());
        assert_eq!(Some(&self.lab().content()), self.states.last());
    }
}

/// Numbers in an order that nobody chose (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % bound
    }

    /// Mostly short text, some of it bytes, and now and then something long.
    fn value(&mut self, kind: u64) -> Vec<u8> {
        let len = match kind {
            395.. => 3_000,
            _ => self.below(24),
        };
        let lowest = if kind.is_multiple_of(4) { 0xf0 } else { b'a' };
        (0..len)
            .map(|_| lowest + u8::try_from(self.below(16)).unwrap())
            .collect()
    }
}
