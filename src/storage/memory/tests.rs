use super::*;

/// A file of two synced bytes whose name is synced too.
fn storage_with_a_file() -> (MemoryStorage, Box<dyn AppendFile>) {
    let storage = MemoryStorage::new();
    let mut file = storage.create("a").unwrap();
    file.append(b"12").unwrap();
    file.sync().unwrap();
    storage.sync_folder().unwrap();
    (storage, file)
}

#[test]
fn unsynced_bytes_are_seen_but_may_be_lost() {
    let (storage, mut file) = storage_with_a_file();
    file.append(b"34").unwrap();
    file.append(b"56").unwrap();
    assert_eq!(storage.content("a").unwrap(), b"123456");
    let left = |keep| storage.crash(keep).content("a").unwrap();
    assert_eq!(left(Keep::Nothing), b"12");
    assert_eq!(left(Keep::First(1)), b"1234");
    assert_eq!(left(Keep::Torn(1)), b"12345");
    assert_eq!(left(Keep::AllBut(0)), b"12\0\x0056");
    assert_eq!(left(Keep::Everything), b"123456");
}

#[test]
fn a_synced_file_with_an_unsynced_name_may_be_gone() {
    let storage = MemoryStorage::new();
    let mut file = storage.create("a").unwrap();
    file.append(b"12").unwrap();
    file.sync().unwrap();
    assert_eq!(storage.crash(Keep::Nothing).content("a"), None);
    assert_eq!(storage.crash(Keep::Everything).content("a").unwrap(), b"12");
}

#[test]
fn an_unsynced_rename_may_be_undone() {
    let (storage, _) = storage_with_a_file();
    storage.rename("a", "b").unwrap();
    assert_eq!(storage.crash(Keep::Nothing).list().unwrap(), ["a"]);
    storage.sync_folder().unwrap();
    assert_eq!(storage.crash(Keep::Nothing).list().unwrap(), ["b"]);
}

#[test]
fn what_a_failed_sync_lost_is_not_saved_by_the_next_one() {
    let (storage, mut file) = storage_with_a_file();
    file.append(b"34").unwrap();
    storage.fail(Operation::Sync, 1, Fault::code(5));
    assert_eq!(file.sync().unwrap_err().raw_os_error(), Some(5));
    file.append(b"56").unwrap();
    file.sync().unwrap();
    assert_eq!(storage.content("a").unwrap(), b"123456");
    assert_eq!(
        storage.crash(Keep::Nothing).content("a").unwrap(),
        b"12\0\x0056"
    );
}

#[test]
fn what_a_failed_sync_lost_is_saved_by_writing_it_again() {
    let (storage, mut file) = storage_with_a_file();
    file.append(b"34").unwrap();
    storage.fail(Operation::Sync, 1, Fault::code(5));
    file.sync().unwrap_err();
    storage.sync("a").unwrap();
    assert_eq!(storage.crash(Keep::Nothing).content("a").unwrap(), b"12");
    storage.rewrite("a", 1).unwrap();
    assert_eq!(storage.crash(Keep::Nothing).content("a").unwrap(), b"1234");
}

#[test]
fn a_short_write_leaves_its_first_bytes() {
    let (storage, mut file) = storage_with_a_file();
    storage.fail(
        Operation::Append,
        2,
        Fault::kind(io::ErrorKind::StorageFull).after_bytes(1),
    );
    file.append(b"34").unwrap();
    assert_eq!(
        file.append(b"56").unwrap_err().kind(),
        io::ErrorKind::StorageFull
    );
    assert_eq!(storage.content("a").unwrap(), b"12345");
}

#[test]
fn calls_of_several_kinds_can_be_counted_together() {
    let (storage, mut file) = storage_with_a_file();
    let kinds = [Operation::Append, Operation::Sync];
    storage.fail_any(&kinds, 3, Fault::code(5));
    file.append(b"34").unwrap();
    storage.sync_folder().unwrap();
    file.sync().unwrap();
    file.append(b"56").unwrap_err();
    file.append(b"78").unwrap();
    assert_eq!(storage.content("a").unwrap(), b"123478");
}

#[test]
fn the_syncs_of_one_file_can_be_held_alone() {
    let (storage, mut file) = storage_with_a_file();
    storage.hold_syncs_of("b");
    file.sync().unwrap();
    let mut held = storage.create("b").unwrap();
    std::thread::scope(|scope| {
        let syncing = scope.spawn(move || held.sync());
        storage.wait_for_held_sync();
        assert!(!syncing.is_finished());
        storage.release_syncs();
        syncing.join().unwrap().unwrap();
    });
}

#[test]
fn without_power_nothing_changes() {
    let (storage, mut file) = storage_with_a_file();
    storage.stop_after(storage.changes() + 1);
    file.append(b"34").unwrap();
    file.sync().unwrap_err();
    storage.remove("a").unwrap_err();
    assert_eq!(storage.crash(Keep::Nothing).content("a").unwrap(), b"12");
    assert_eq!(storage.content("a").unwrap(), b"1234");
}

#[test]
fn a_lock_is_held_by_one_until_it_lets_go() {
    let storage = MemoryStorage::new();
    let lock = storage.lock("a.lock").unwrap();
    let refused = storage.lock("a.lock").err().unwrap();
    assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
    drop(lock);
    storage.lock("a.lock").unwrap();
}
