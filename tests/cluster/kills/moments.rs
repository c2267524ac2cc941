//! The moments at which nodes are killed.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fs;
use std::iter::{repeat, repeat_n};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use triad::resp::Frame;

use crate::lab::{Lab, NAMES, eventually, text};

/// The longest that the load runs before a node is killed.
const LOAD_MAX: Duration = Duration::from_millis(150);

/// About how long a start writes, once it has read everything.
const START_WRITES_FOR: Duration = Duration::from_millis(6);

/// When a node is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Moment {
    /// While it serves.
    Serving,
    /// After it was started, and before it says that it is ready.
    Start,
    /// While the file of a snapshot is there and not in its place yet.
    Checkpoint,
}

/// The kills of a run: of every ten one is during a start and one during a checkpoint, and all nodes
/// are hit equally often.
pub(crate) fn plan(kills: usize, choice: &mut StdRng) -> Vec<(Moment, &'static str)> {
    let tenth = kills.div_ceil(10);
    let special = [(Moment::Start, tenth), (Moment::Checkpoint, tenth)];
    let special = special
        .into_iter()
        .flat_map(|(moment, count)| repeat_n(moment, count));
    let mut moments: Vec<_> = special
        .chain(repeat(Moment::Serving))
        .take(kills.max(2 * tenth))
        .collect();
    let mut victims: Vec<_> = NAMES.into_iter().cycle().take(moments.len()).collect();
    moments.shuffle(choice);
    victims.shuffle(choice);
    moments.into_iter().zip(victims).collect()
}

/// Kills nodes, and knows how long they usually take for what it is to interrupt.
pub(crate) struct Killer {
    choice: StdRng,
    starts: HashMap<&'static str, Duration>,
    checkpoints: HashMap<&'static str, Duration>,
}

impl Killer {
    /// For nodes that run and have what they will have. Each makes a checkpoint.
    pub(crate) fn new(lab: &Lab, choice: StdRng) -> Self {
        let checkpoint = |name| {
            let began = Instant::now();
            assert_eq!(lab.connect(name).call(&["SAVE"]), Frame::OK);
            (name, began.elapsed())
        };
        Self {
            choice,
            starts: HashMap::new(),
            checkpoints: NAMES.map(checkpoint).into(),
        }
    }

    /// Kills a node that runs. Whether that was at the moment at which it was to be.
    pub(crate) fn kill(&mut self, lab: &mut Lab, victim: &'static str, moment: Moment) -> bool {
        self.sleep_up_to(LOAD_MAX);
        match moment {
            Moment::Serving => {
                lab.kill(victim);
                true
            }
            Moment::Start => {
                lab.kill(victim);
                self.kill_at_start(lab, victim)
            }
            Moment::Checkpoint => self.kill_at_checkpoint(lab, victim),
        }
    }

    /// Starts a node and waits until it serves.
    pub(crate) fn start(&mut self, lab: &mut Lab, name: &'static str) {
        let began = Instant::now();
        lab.start(name);
        self.starts.insert(name, began.elapsed());
    }

    /// Half of the kills come anywhere in the time that a start takes, and half near its end, where it
    /// writes to the node's files: reading them takes longer and is harmless.
    fn kill_at_start(&mut self, lab: &Lab, victim: &str) -> bool {
        let before = files_of(lab, victim);
        let mut child = lab.launch(victim, lab.node_command(victim));
        if self.choice.random() {
            eventually("the start writes, or is refused", || {
                files_of(lab, victim) != before || child.try_wait().unwrap().is_some()
            });
            self.sleep_up_to(START_WRITES_FOR);
        } else {
            let usual = self.starts.get(victim).copied().unwrap_or_default();
            self.sleep_up_to(usual);
        }
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        !text(&output.stdout).contains("ready")
    }

    fn kill_at_checkpoint(&mut self, lab: &mut Lab, victim: &str) -> bool {
        let temporary = lab.data(&format!("{victim}.json.tmp"));
        let mut saver = lab.connect(victim);
        saver.send(&["SAVE"]);
        eventually("a checkpoint begins", || {
            temporary.exists() || saver.has_reply()
        });
        self.sleep_up_to(self.checkpoints[victim]);
        lab.kill(victim);
        temporary.exists()
    }

    /// The moment of a kill is random, and this is all there is to it: nothing waits for the end of it.
    fn sleep_up_to(&mut self, most: Duration) {
        let part = self.choice.random_range(0.0..1.0);
        thread::sleep(most.mul_f64(part));
    }
}

/// The files of a node, each with its size and the time of its last change. Without the lock, which is
/// taken before anything is read.
fn files_of(lab: &Lab, name: &str) -> BTreeMap<OsString, (u64, SystemTime)> {
    let begins = format!("{name}.");
    let files = fs::read_dir(lab.data("")).unwrap().map(Result::unwrap);
    let own = files.filter(|file| {
        let file = file.file_name();
        let file = file.to_string_lossy();
        file.starts_with(&begins) && !file.ends_with(".lock")
    });
    // A file may go between the look at the folder and the look at it.
    let metadata = |file: fs::DirEntry| Some((file.file_name(), file.metadata().ok()?));
    own.filter_map(metadata)
        .map(|(file, metadata)| (file, (metadata.len(), metadata.modified().unwrap())))
        .collect()
}

#[test]
fn one_kill_in_ten_is_during_a_start_and_one_during_a_checkpoint() {
    let mut choice = StdRng::seed_from_u64(1);
    for (kills, special) in [(10, 1), (100, 10), (101, 11)] {
        let plan = plan(kills, &mut choice);
        let count = |wanted| plan.iter().filter(|(moment, _)| *moment == wanted).count();
        assert_eq!(plan.len(), kills);
        assert_eq!(count(Moment::Start), special);
        assert_eq!(count(Moment::Checkpoint), special);
        for name in NAMES {
            let hit = plan.iter().filter(|(_, victim)| *victim == name).count();
            assert!(hit >= kills / NAMES.len(), "{name} is hit {hit} times");
        }
    }
}
