//! The lock that keeps a second process away from a node's files.

use std::io::{self, Read as _};

use super::error::OpenError;
use super::failure::{Action, Failure};
use super::files::FileNames;
use crate::storage::Storage;

/// Takes the lock, or says who has it. It is let go when the guard is dropped, or the process ends.
pub(super) fn take(storage: &dyn Storage, names: &FileNames) -> Result<Box<dyn Send>, OpenError> {
    let name = names.lock();
    storage.lock(&name).map_err(|error| {
        if error.kind() != io::ErrorKind::WouldBlock {
            return Failure::on(storage, Action::Lock, &name)(error).into();
        }
        let mut text = String::new();
        let holder = storage
            .open_read(&name)
            .and_then(|mut file| file.read_to_string(&mut text));
        let holder = match (holder, text.trim()) {
            (Ok(_), id) if !id.is_empty() => format!(" (process {id})"),
            _ => String::new(),
        };
        OpenError::Locked {
            file: storage.describe(&name),
            holder,
        }
    })
}
