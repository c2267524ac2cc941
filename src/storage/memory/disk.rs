//! The model of a disk: what readers see, what would be left without power, and the changes that
//! stand between the two.

use std::collections::BTreeMap;
use std::io;

/// Which of the unsynced changes a power loss leaves on the disk. They are counted from 0 in the
/// order in which they were made, over all files and the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// None.
    Nothing,
    /// All.
    Everything,
    /// The first so many.
    First(usize),
    /// The first so many, and of the next one, if it is a write, the first half of its bytes.
    Torn(usize),
    /// All but this one.
    AllBut(usize),
    /// A subset that this seed chooses.
    Chosen(u64),
}

impl Keep {
    fn kept(self, index: usize) -> Share {
        let whole = match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::First(count) => index < count,
            Self::Torn(at) if index == at => return Share::Half,
            Self::Torn(at) => index < at,
            Self::AllBut(one) => index != one,
            Self::Chosen(seed) => scramble(seed ^ scramble(index as u64)) & 1 == 1,
        };
        if whole { Share::Whole } else { Share::Nothing }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Share {
    Nothing,
    Half,
    Whole,
}

/// A change of a file or of the folder.
#[derive(Clone)]
pub(super) enum Change {
    Write {
        file: usize,
        at: usize,
        bytes: Vec<u8>,
    },
    Cut {
        file: usize,
        len: usize,
    },
    Create {
        name: String,
        file: usize,
    },
    Rename {
        from: String,
        to: String,
        file: usize,
    },
    Remove {
        name: String,
    },
}

impl Change {
    fn is_of(&self, wanted: usize) -> bool {
        match self {
            Self::Write { file, .. } | Self::Cut { file, .. } => *file == wanted,
            Self::Create { .. } | Self::Rename { .. } | Self::Remove { .. } => false,
        }
    }

    fn is_of_folder(&self) -> bool {
        !matches!(self, Self::Write { .. } | Self::Cut { .. })
    }
}

#[derive(Clone)]
struct Unsynced {
    change: Change,
    /// A sync of it has failed: the kernel took its pages for clean, so later syncs pass it over.
    lost: bool,
}

/// What can happen to a disk.
#[derive(Clone)]
pub(super) enum Step {
    Change(Change),
    /// A file was synced.
    Sync(usize),
    SyncFolder,
    /// A sync of a file has failed.
    Lose(usize),
}

/// Files by number, and names for them.
#[derive(Clone, Default)]
struct Content {
    files: Vec<Vec<u8>>,
    names: BTreeMap<String, usize>,
}

impl Content {
    fn file(&mut self, file: usize) -> &mut Vec<u8> {
        if self.files.len() <= file {
            self.files.resize_with(file + 1, Vec::new);
        }
        #[expect(clippy::indexing_slicing, reason = "the line above makes the place")]
        &mut self.files[file]
    }

    fn apply(&mut self, change: &Change, share: Share) {
        match change {
            Change::Write { file, at, bytes } => {
                let kept = if share == Share::Half {
                    bytes.len() / 2
                } else {
                    bytes.len()
                };
                let kept = bytes.get(..kept).unwrap_or(bytes);
                let content = self.file(*file);
                // What an earlier write that got lost would have filled reads as zeros.
                let end = content.len().max(at + kept.len());
                content.resize(end, 0);
                if let Some(place) = content.get_mut(*at..at + kept.len()) {
                    place.copy_from_slice(kept);
                }
            }
            _ if share == Share::Half => {}
            Change::Cut { file, len } => self.file(*file).truncate(*len),
            Change::Create { name, file } => {
                self.names.insert(name.clone(), *file);
            }
            Change::Rename { from, to, file } => {
                self.names.remove(from);
                self.names.insert(to.clone(), *file);
            }
            Change::Remove { name } => {
                self.names.remove(name);
            }
        }
    }
}

/// A folder as readers see it, with what a power loss would leave of it.
#[derive(Clone, Default)]
pub(super) struct Disk {
    seen: Content,
    synced: Content,
    unsynced: Vec<Unsynced>,
    /// What has happened since the recording began, if there is one.
    recorded: Option<Vec<Step>>,
}

impl Disk {
    /// Begins to record, and returns a copy of the disk as it is now.
    pub(super) fn record(&mut self) -> Self {
        let before = Self {
            recorded: None,
            ..self.clone()
        };
        self.recorded = Some(Vec::new());
        before
    }

    /// What was recorded.
    pub(super) fn recorded(&self) -> &[Step] {
        self.recorded.as_deref().unwrap_or_default()
    }

    /// Lets happen what was recorded elsewhere, or what a call asks for.
    pub(super) fn take(&mut self, step: Step) {
        if let Some(recorded) = &mut self.recorded {
            recorded.push(step.clone());
        }
        match step {
            Step::Change(change) => {
                self.seen.apply(&change, Share::Whole);
                self.unsynced.push(Unsynced {
                    change,
                    lost: false,
                });
            }
            Step::Sync(file) => self.settle(|change| change.is_of(file)),
            Step::SyncFolder => self.settle(Change::is_of_folder),
            Step::Lose(file) => self.lose_unsynced(file),
        }
    }

    pub(super) fn after_power_loss(&self, keep: Keep) -> Self {
        let mut left = self.synced.clone();
        for (index, unsynced) in self.unsynced.iter().enumerate() {
            match keep.kept(index) {
                Share::Nothing => {}
                share => left.apply(&unsynced.change, share),
            }
        }
        for file in left.names.values().copied().collect::<Vec<_>>() {
            left.file(file);
        }
        Self {
            seen: left.clone(),
            synced: left,
            ..Self::default()
        }
    }

    pub(super) fn unsynced(&self) -> usize {
        self.unsynced.len()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.seen.names.keys().cloned().collect()
    }

    pub(super) fn find(&self, name: &str) -> io::Result<usize> {
        self.seen
            .names
            .get(name)
            .copied()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn read(&self, name: &str) -> io::Result<&[u8]> {
        let file = self.find(name)?;
        Ok(self.seen.files.get(file).map_or(&[], Vec::as_slice))
    }

    pub(super) fn put(&mut self, name: &str, bytes: &[u8]) {
        let file = self.seen.files.len();
        for content in [&mut self.seen, &mut self.synced] {
            content.file(file).extend_from_slice(bytes);
            content.names.insert(name.to_owned(), file);
        }
    }

    pub(super) fn create(&mut self, name: &str) -> io::Result<usize> {
        if self.seen.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = self.seen.files.len();
        self.seen.file(file);
        self.change(Change::Create {
            name: name.to_owned(),
            file,
        });
        Ok(file)
    }

    pub(super) fn append(&mut self, file: usize, bytes: &[u8]) {
        let at = self.seen.file(file).len();
        self.change(Change::Write {
            file,
            at,
            bytes: bytes.to_vec(),
        });
    }

    pub(super) fn rewrite(&mut self, file: usize, from: usize) {
        if let Some(bytes) = self.seen.file(file).get(from..) {
            let bytes = bytes.to_vec();
            self.change(Change::Write {
                file,
                at: from,
                bytes,
            });
        }
    }

    pub(super) fn truncate(&mut self, file: usize, len: usize) {
        self.change(Change::Cut { file, len });
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let file = self.find(from)?;
        self.change(Change::Rename {
            from: from.to_owned(),
            to: to.to_owned(),
            file,
        });
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) -> io::Result<()> {
        self.find(name)?;
        self.change(Change::Remove {
            name: name.to_owned(),
        });
        Ok(())
    }

    pub(super) fn sync(&mut self, file: usize) {
        self.take(Step::Sync(file));
    }

    pub(super) fn sync_folder(&mut self) {
        self.take(Step::SyncFolder);
    }

    /// A sync of the file has failed: what was to be synced never will be.
    pub(super) fn lose(&mut self, file: usize) {
        self.take(Step::Lose(file));
    }

    fn lose_unsynced(&mut self, file: usize) {
        for unsynced in self
            .unsynced
            .iter_mut()
            .filter(|unsynced| unsynced.change.is_of(file))
        {
            unsynced.lost = true;
        }
    }

    fn change(&mut self, change: Change) {
        self.take(Step::Change(change));
    }

    fn settle(&mut self, concerned: impl Fn(&Change) -> bool) {
        let synced = &mut self.synced;
        self.unsynced.retain(|unsynced| {
            let settled = concerned(&unsynced.change) && !unsynced.lost;
            if settled {
                synced.apply(&unsynced.change, Share::Whole);
            }
            !settled
        });
    }
}

/// Spreads one bit of difference over the whole word (the finalizer of `splitmix64`).
fn scramble(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
