//! The store on its files: what it promises, and every way in which a disk may treat it.

#[path = "../machine/mod.rs"]
mod machine;
#[path = "../machine/small_disk.rs"]
mod small_disk;
mod support;

mod adopt;
mod bad_files;
mod checkpoint;
mod collections;
mod crash_points;
mod damage;
mod durability;
mod edits;
mod expiry;
mod failing_calls;
mod faults;
mod folder;
mod formats;
mod full_disk;
mod groups;
mod large;
mod misplaced;
mod model;
mod repair;
mod torn_tail;
