//! A full disk, and a real one: 8 MiB, of which a file of somebody else's leaves more or less.
//!
//! At each of a hundred points the disk fills up under a store that writes, in the middle of a
//! checkpoint, or before a start. Reads go on, writes are refused with the way out, and when there is
//! space again the next start has everything that was acknowledged.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use crate::small_disk::SmallDisk;
use crate::support::{Content, Lab, NODE, counts};
use triad::storage::Folder;
use triad::store::{Action, Failure, OpenError, Options, Refused};

/// At how many points each of the three ways to fill the disk up is walked.
const POINTS: usize = 34;
const PAGE: u64 = 4096;
/// More writes than the disk has room for.
const DISK_WRITES: usize = 2_000;
const SNAPSHOT: &str = "linux.json";
const TEMPORARY: &str = "linux.json.tmp";

#[test]
fn a_full_disk_takes_nothing_and_space_brings_everything_back() {
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    let mut found = Found::default();
    for nth in (0..POINTS).step_by(counts::step(5)) {
        for way in [
            Walk::fill_up_writing,
            Walk::fill_up_in_a_checkpoint,
            Walk::fill_up_before_a_start,
        ] {
            let mut walk = Walk::begin(&disk);
            way(&mut walk, nth, &mut found);
            walk.start_on_the_full_disk(&mut found);
            walk.go_on_with_space();
        }
    }
    // So that the points are where they are meant to be.
    for (what, least) in [
        ("write a segment", 40),
        ("write a segment's header", 5),
        ("write the new snapshot", 10),
        ("a whole checkpoint", 5),
        ("start: write a segment", 4),
        ("start: write what was torn", 20),
        ("start: lock", 3),
        ("a start that works", 5),
    ] {
        let least = if counts::full() { least } else { 1 };
        let times = found.0.get(what).copied().unwrap_or_default();
        assert!(times >= least, "{what}: {times} times, of {:?}", found.0);
    }
}

/// How often each thing has happened.
#[derive(Default)]
struct Found(BTreeMap<String, usize>);

impl Found {
    fn note(&mut self, what: impl Into<String>) {
        *self.0.entry(what.into()).or_default() += 1;
    }
}

/// One point: a store in a folder of its own.
struct Walk<'d> {
    disk: &'d SmallDisk,
    folder: PathBuf,
    /// What was acknowledged.
    content: Content,
    /// A write that was issued and refused: nobody knows of it whether it is there.
    open_ended: Option<(Vec<u8>, Vec<u8>)>,
    written: usize,
}

impl<'d> Walk<'d> {
    fn begin(disk: &'d SmallDisk) -> Self {
        Self {
            disk,
            folder: disk.path().join("data"),
            content: Content::new(),
            open_ended: None,
            written: 0,
        }
    }

    // ---- how the disk fills up ---------------------------------------------------------------

    /// Under a store that writes until it is refused.
    fn fill_up_writing(&mut self, nth: usize, found: &mut Found) {
        let mut lab = self.open().unwrap();
        self.write_times(&mut lab, 20, 1_000);
        self.disk.fill(steps(nth, 8, 40 * 1024));
        let failure = self.write_until_refused(&mut lab);
        found.note(describe(&failure));
        self.end(lab, nth);
    }

    /// In the middle of a checkpoint, which goes on beside writes. Every second time it has an older
    /// snapshot to leave alone.
    fn fill_up_in_a_checkpoint(&mut self, nth: usize, found: &mut Found) {
        let mut lab = self.open().unwrap();
        self.write_times(&mut lab, 20, 20_000);
        if nth.is_multiple_of(2) {
            lab.checkpoint().unwrap();
        }
        self.write_times(&mut lab, 20, 20_000);
        let old = fs::read(self.folder.join(SNAPSHOT)).ok();
        let no_page = nth.is_multiple_of(4);
        self.disk
            .fill(if no_page { 0 } else { steps(nth, 6, 40 * 1024) });
        lab.store.begin_checkpoint().unwrap();
        let refused = self.write(&mut lab, 100).err();
        let ended = lab.finish_checkpoint();
        assert!(!self.folder.join(TEMPORARY).exists());
        let status = lab.store.status();
        assert_eq!(status.last_checkpoint_ok, ended.is_ok());
        match ended {
            Ok(()) => found.note("a whole checkpoint"),
            Err(failure) => {
                assert_eq!(fs::read(self.folder.join(SNAPSHOT)).ok(), old);
                self.look_at(&failure);
                found.note(describe(&failure));
            }
        }
        assert_eq!(status.failure.is_some(), refused.is_some());
        // What the unfinished snapshot had taken is free again.
        let failure = self.write_until_refused(&mut lab);
        found.note(describe(&failure));
        self.end(lab, nth);
    }

    /// Between two starts; or before the first one, when there are no files yet. The journal ends at
    /// various places of a page, as a crash has left it or not.
    fn fill_up_before_a_start(&mut self, nth: usize, _: &mut Found) {
        if nth % 6 < 5 {
            let mut lab = self.open().unwrap();
            self.write_times(&mut lab, 10, 1_000);
            let journal = self.folder.join("linux.journal-1.jsonl");
            let size = || fs::metadata(&journal).unwrap().len();
            let before = size();
            self.write(&mut lab, 0).unwrap();
            let frame = size() - before;
            let left_in_page = PAGE - size() % PAGE;
            let keep_free = nth as u64 * 11 % 200;
            let value = (PAGE + left_in_page).saturating_sub(frame + keep_free);
            self.write(&mut lab, usize::try_from(value).unwrap())
                .unwrap();
            drop(lab);
            if nth % 6 > 2 {
                let mut journal = fs::OpenOptions::new().append(true).open(journal).unwrap();
                journal.write_all(b"{\"seq\":14,\"op\":\"se").unwrap();
            }
        }
        self.disk.fill((nth as u64 % 4) / 2 * PAGE);
    }

    // ---- what holds then ---------------------------------------------------------------------

    /// A start on the full disk works, or is refused with the reason; it loses nothing.
    fn start_on_the_full_disk(&mut self, found: &mut Found) {
        match self.open() {
            Ok(mut lab) => {
                found.note("a start that works");
                self.check(&lab);
                self.write_until_refused(&mut lab);
            }
            Err(OpenError::Disk(failure)) => {
                self.look_at(&failure);
                found.note(format!("start: {}", describe(&failure)));
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// With space again a start has everything, and the store goes on for good.
    fn go_on_with_space(mut self) {
        self.disk.clear();
        let mut lab = self.open().unwrap();
        self.check(&lab);
        self.write_times(&mut lab, 3, 5_000);
        lab.checkpoint().unwrap();
        self.write_times(&mut lab, 3, 100);
        lab.store.close().unwrap();
        self.check(&self.open().unwrap());
        fs::remove_dir_all(&self.folder).unwrap();
    }

    /// Ends a store that has failed, in order or not.
    fn end(&self, lab: Lab, nth: usize) {
        if nth.is_multiple_of(3) {
            return drop(lab);
        }
        let failure = lab.store.failure().unwrap();
        let closed = lab.store.close().unwrap_err();
        assert_eq!(closed.to_string(), failure.to_string());
        assert!(!self.folder.join(TEMPORARY).exists());
    }

    // ---- the store and its model -------------------------------------------------------------

    fn open(&self) -> Result<Lab, OpenError> {
        let storage = Arc::new(Folder::open(&self.folder).unwrap());
        Lab::open_as(storage, NODE, Options::default(), &|_| true)
    }

    fn write_times(&mut self, lab: &mut Lab, times: usize, bytes: usize) {
        for _ in 0..times {
            self.write(lab, bytes).unwrap();
        }
    }

    /// Writes a value of about so many bytes, and waits for what becomes of it.
    fn write(&mut self, lab: &mut Lab, bytes: usize) -> Result<(), Arc<Failure>> {
        self.written += 1;
        let key = format!("key-{}", self.written % 100).into_bytes();
        let value = format!("{}-{}", self.written, "x".repeat(bytes)).into_bytes();
        match lab.store.set(&key, &value) {
            Ok(()) => {}
            Err(Refused::Failed(failure)) => return Err(failure),
            Err(refused) => panic!("{refused}"),
        }
        match lab.settle() {
            Ok(_) => {
                self.content.insert(key, value);
                Ok(())
            }
            Err(failure) => {
                self.open_ended = Some((key, value));
                Err(failure)
            }
        }
    }

    /// Writes until the disk is full, and looks at what goes on then.
    fn write_until_refused(&mut self, lab: &mut Lab) -> Arc<Failure> {
        let mut writes = (0..DISK_WRITES).map(|_| {
            let bytes = [10, 300, 4_000, 20_000][self.written % 4];
            self.write(lab, bytes)
        });
        let failure = writes.find_map(Result::err).expect("a disk has an end");
        self.look_at(&failure);
        let status = lab.store.status();
        assert_eq!(status.failure, Some(failure.to_string()));
        for refused in [
            lab.store.set(b"key-1", b"more").unwrap_err(),
            lab.store.delete(b"key-1").unwrap_err(),
            lab.store.clear().unwrap_err(),
            lab.store.begin_checkpoint().unwrap_err(),
        ] {
            assert!(refused.to_string().contains(&failure.to_string()));
        }
        self.read(lab);
        failure
    }

    /// Whatever was acknowledged can be read, and nobody has to wait for it.
    fn read(&self, lab: &Lab) {
        lab.store.take_gate();
        let open_ended = self.open_ended.as_ref().map(|(key, _)| key);
        for (key, value) in &self.content {
            if Some(key) != open_ended {
                assert_eq!(lab.store.get(key), Some(&**value));
            }
        }
        assert_eq!(lab.store.take_gate(), 0);
        if let Some(key) = open_ended {
            lab.store.get(key);
            assert!(lab.store.take_gate() > lab.store.durable());
        }
    }

    /// A store that was started has what was acknowledged, and nothing that was not written.
    fn check(&mut self, lab: &Lab) {
        let content = lab.content();
        if let Some((key, value)) = self.open_ended.take()
            && content.get(&key) == Some(&value)
        {
            self.content.insert(key, value);
        }
        assert!(content == self.content, "{}", self.folder.display());
    }

    /// A failure for want of space says so, and what to do.
    fn look_at(&self, failure: &Failure) {
        assert_eq!(failure.kind(), ErrorKind::StorageFull, "{failure}");
        assert_eq!(failure.remedy(), "free some space there");
        assert!(failure.to_string().ends_with(failure.remedy()), "{failure}");
        let folder = self.folder.display().to_string();
        assert!(failure.file().starts_with(&folder), "{failure}");
    }
}

/// What failed, in words.
fn describe(failure: &Failure) -> String {
    let name = failure.file().rsplit('/').next().unwrap();
    let is_empty = fs::metadata(failure.file()).is_ok_and(|file| file.len() == 0);
    let file = match name {
        TEMPORARY => "the new snapshot",
        _ if name.contains(".journal-") && is_empty => "a segment's header",
        _ if name.contains(".journal-") => "a segment",
        _ if name.contains(".torn-") => "what was torn",
        _ if failure.action() == Action::Lock => return "lock".to_owned(),
        _ => name,
    };
    format!("{} {file}", failure.action())
}

/// First the free pages one by one, then larger steps.
fn steps(nth: usize, pages: usize, step: u64) -> u64 {
    match nth.checked_sub(pages) {
        None => nth as u64 * PAGE,
        Some(further) => pages as u64 * PAGE + further as u64 * step,
    }
}
