//! The files as they were before a repair.

use std::io;

use super::super::Recover;
use super::super::find::Found;
use super::report::{Repair, Report};
use crate::limits::{FILE_READ_CHUNK_BYTES, REPAIR_TOLD_MAX};
use crate::store::error::OpenError;
use crate::store::failure::{Action, Failure};

/// Copies the files that the repair will replace, and writes the list of what is left out. Returns
/// also what the owner should be told.
pub(super) fn keep(
    recover: &Recover<'_>,
    found: &Found,
    report: Report,
    error: &OpenError,
) -> Result<(Repair, Vec<String>), Failure> {
    let Recover { storage, names, .. } = *recover;
    let taken = storage
        .list()
        .map_err(Failure::on(storage, Action::List, ""))?;
    let is_free = |number: &u64| {
        let prefix = names.damaged(*number, "");
        !taken.iter().any(|name| name.starts_with(&prefix))
    };
    let number = (1..u64::MAX).find(is_free).unwrap_or(u64::MAX);

    let count = report.count();
    let left_out = report.into_lines();
    let list = names.damaged(number, "txt");
    let mut written = Vec::new();
    let done = copy(recover, found, number, &mut written).and_then(|()| {
        let text = format!(
            "{error}\n\nLeft out by the repair ({count}):\n{}\n",
            left_out.join("\n")
        );
        written.push(list.clone());
        write(recover, &list, Box::new(io::Cursor::new(text.into_bytes())))?;
        storage
            .sync_folder()
            .map_err(Failure::on(storage, Action::SyncFolder, &list))
    });
    if let Err(failure) = done {
        // The next repair makes copies of its own, and space may be what is missing.
        for name in written {
            drop(storage.remove(&name));
        }
        return Err(failure);
    }
    written.pop();
    let kept: Vec<_> = written.iter().map(|name| storage.describe(name)).collect();
    let listed_in = storage.describe(&list);
    let mut told = vec![format!(
        "the files were repaired: what was left out ({count}) is listed in {listed_in}, and the files \
         as they were are {}",
        kept.join(", ")
    )];
    let lines = left_out.iter().take(REPAIR_TOLD_MAX);
    told.extend(lines.map(|line| format!("left out: {line}")));
    let repair = Repair {
        left_out,
        kept,
        listed_in,
    };
    Ok((repair, told))
}

/// Copies the files. `written` gets the names of the copies, as soon as there is anything of them.
fn copy(
    recover: &Recover<'_>,
    found: &Found,
    number: u64,
    written: &mut Vec<String>,
) -> Result<(), Failure> {
    let Recover { storage, names, .. } = *recover;
    let snapshot = found.snapshot.then(|| names.snapshot());
    let segments = found.segments.iter().map(|number| names.segment(*number));
    for name in snapshot.into_iter().chain(segments) {
        let rest = name.strip_prefix(names.node()).unwrap_or(&name);
        let copy = names.damaged(number, rest.strip_prefix('.').unwrap_or(rest));
        let source = storage
            .open_read(&name)
            .map_err(Failure::on(storage, Action::Read, &name))?;
        written.push(copy.clone());
        write(recover, &copy, source)?;
    }
    Ok(())
}

/// Writes a file, and makes its content last.
fn write(
    recover: &Recover<'_>,
    name: &str,
    mut source: Box<dyn io::Read + Send>,
) -> Result<(), Failure> {
    let storage = recover.storage;
    let failed = |action| Failure::on(storage, action, name);
    let mut file = storage.create(name).map_err(failed(Action::Create))?;
    let mut chunk = vec![0; FILE_READ_CHUNK_BYTES];
    loop {
        let read = match source.read(&mut chunk) {
            Ok(0) => return file.sync().map_err(failed(Action::Sync)),
            Ok(read) => chunk.get(..read).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(Action::Read)(error)),
        };
        file.append(read).map_err(failed(Action::Write))?;
    }
}
