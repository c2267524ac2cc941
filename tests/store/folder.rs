//! The real folder, and a store in it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use crate::support::{Lab, NODE, pairs};
use triad::limits::FILE_WRITE_CHUNK_BYTES;
use triad::storage::{Folder, MemoryStorage, Storage};
use triad::store::{OpenError, Options};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn read(storage: &dyn Storage, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    storage
        .open_read(name)
        .unwrap()
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

/// What every implementation of the trait does alike.
fn does_what_a_storage_does(storage: &dyn Storage) {
    assert_eq!(storage.list().unwrap(), Vec::<String>::new());
    assert_eq!(
        storage.open_read("a").err().unwrap().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        storage.append("a").err().unwrap().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(storage.size("a").unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(storage.sync("a").unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(
        storage.truncate("a", 0).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        storage.rename("a", "b").unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(storage.remove("a").unwrap_err().kind(), ErrorKind::NotFound);

    let mut file = storage.create("a").unwrap();
    file.append(b"one ").unwrap();
    file.append(b"two").unwrap();
    file.sync().unwrap();
    file.append(b" three").unwrap();
    file.sync().unwrap();
    storage.sync_folder().unwrap();
    assert_eq!(
        storage.create("a").err().unwrap().kind(),
        ErrorKind::AlreadyExists
    );
    assert_eq!(
        (read(storage, "a"), storage.size("a").unwrap()),
        (b"one two three".to_vec(), 13)
    );

    storage.truncate("a", 7).unwrap();
    storage.append("a").unwrap().append(b"!").unwrap();
    storage.sync("a").unwrap();
    for from in [0, 3, 8, 9] {
        storage.rewrite("a", from).unwrap();
    }
    assert_eq!(read(storage, "a"), b"one two!");

    storage.create("b").unwrap().append(b"gone").unwrap();
    storage.rename("a", "b").unwrap();
    assert_eq!(storage.list().unwrap(), ["b"]);
    assert_eq!(read(storage, "b"), b"one two!");
    storage.remove("b").unwrap();
    assert_eq!(storage.list().unwrap(), Vec::<String>::new());

    let lock = storage.lock("lock").unwrap();
    assert_eq!(
        storage.lock("lock").err().unwrap().kind(),
        ErrorKind::WouldBlock
    );
    drop(lock);
    storage.lock("lock").unwrap();
    assert!(storage.describe("a").ends_with("/a"));
}

/// More than one call writes.
fn appends_much_at_once(storage: &dyn Storage) {
    let much: Vec<u8> = (0..=u8::MAX)
        .cycle()
        .take(3 * FILE_WRITE_CHUNK_BYTES + 7)
        .collect();
    let mut file = storage.create("much").unwrap();
    file.append(b"before").unwrap();
    file.append(&much).unwrap();
    assert!(read(storage, "much") == [b"before", &*much].concat());
}

#[test]
fn a_folder_is_a_storage() {
    let parent = tempfile::tempdir().unwrap();
    let folder = Folder::open(parent.path()).unwrap();
    does_what_a_storage_does(&folder);
    appends_much_at_once(&folder);
}

#[test]
fn memory_is_a_storage() {
    does_what_a_storage_does(&MemoryStorage::new());
}

#[test]
fn what_it_makes_is_for_the_owner_alone() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("deep/data");
    let folder = Folder::open(&path).unwrap();
    assert_eq!(mode(&path), 0o700);
    drop(folder.create("file").unwrap());
    drop(folder.lock("lock").unwrap());
    for name in ["file", "lock"] {
        assert_eq!(mode(&path.join(name)), 0o600);
    }
}

#[test]
fn a_folder_that_is_there_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    Folder::open(folder.path()).unwrap();
    assert_eq!(mode(folder.path()), 0o755);
}

#[test]
fn a_file_in_the_place_of_the_folder_is_an_error() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("data");
    std::fs::write(&path, "text").unwrap();
    assert_eq!(
        Folder::open(&path).unwrap_err().kind(),
        ErrorKind::AlreadyExists
    );
    assert_eq!(std::fs::read(&path).unwrap(), b"text");
}

#[test]
fn no_name_leads_out_of_the_folder() {
    let parent = tempfile::tempdir().unwrap();
    std::fs::write(parent.path().join("secret"), "text").unwrap();
    let folder = Folder::open(parent.path().join("data")).unwrap();
    let secret = parent.path().join("secret").display().to_string();
    for name in [
        "../secret",
        "./../secret",
        "a/../../secret",
        &secret,
        "",
        ".",
        "..",
        "a/",
        "./a",
    ] {
        assert_eq!(
            folder.open_read(name).err().unwrap().kind(),
            ErrorKind::InvalidInput,
            "{name}"
        );
        assert!(folder.remove(name).is_err() && folder.create(name).is_err());
    }
}

#[test]
fn a_store_lives_in_a_folder() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("data");
    let open = || {
        let storage = Arc::new(Folder::open(&path).unwrap());
        Lab::open_as(storage, NODE, Options::default(), &|_| true)
    };
    let mut lab = open().unwrap();
    lab.set("a", "1").unwrap();
    match open().err().unwrap() {
        OpenError::Locked { file, holder } => {
            assert_eq!(file, path.join("linux.lock").display().to_string());
            assert_eq!(holder, format!(" (process {})", std::process::id()));
        }
        error => panic!("{error}"),
    }
    lab.checkpoint().unwrap();
    lab.set("b", "2").unwrap();
    drop(lab);
    let lab = open().unwrap();
    assert_eq!(lab.content(), pairs([("a", "1"), ("b", "2")]));
    lab.store.close().unwrap();
    let mut names: Vec<_> = path
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["linux.journal-3.jsonl", "linux.json", "linux.lock"]);
    for name in names {
        assert_eq!(mode(&path.join(name)), 0o600);
    }
}

/// Three nodes of one machine can share a folder.
#[test]
fn nodes_of_several_names_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut labs = Vec::new();
    for name in ["linux", "linux-2", "mac"] {
        let storage = Arc::new(Folder::open(folder.path()).unwrap());
        let mut lab = Lab::open_as(storage, name, Options::default(), &|_| true).unwrap();
        assert_eq!((lab.store.name(), lab.store.len()), (name, 0));
        lab.set("name", name).unwrap();
        labs.push(lab);
    }
    for lab in labs {
        lab.store.close().unwrap();
    }
    let storage = Arc::new(Folder::open(folder.path()).unwrap());
    let lab = Lab::open_as(storage, "linux", Options::default(), &|_| true).unwrap();
    assert_eq!(lab.content(), pairs([("name", "linux")]));
}
