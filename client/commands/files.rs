//! The subcommands about many keys and a file: `import`, `export`, `backup` and `restore`. Ctrl-C ends each with a
//! sentence of what was done.

use std::io::{self, Write as _};
use std::process::ExitCode;

use serde::Serialize;
use triad::ending::Ending;
use triad::session::Session;
use triad::transfer::{Place, Tally, backup, export, import, restore};

use super::{tell, yes_or_no};
use crate::interrupt::unless_interrupted;

pub(super) async fn import(
    session: &mut Session,
    options: &import::Options,
    as_json: bool,
) -> Result<ExitCode, Ending> {
    let tally = Tally::default();
    let imported = import::run(session, options, &tally);
    let imported = unless_interrupted(imported, || import::interrupted(&tally)).await?;
    tell(as_json, &imported, || imported.text())?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn export(
    session: &Session,
    options: &export::Options,
    as_json: bool,
) -> Result<ExitCode, Ending> {
    check_place(&options.to, as_json)?;
    let tally = Tally::default();
    let exported = export::run(session, options, &tally);
    let exported = unless_interrupted(exported, || export::interrupted(options)).await?;
    tell_beside(&options.to, as_json, &exported, || exported.text())?;
    Ok(yes_or_no(exported.is_complete()))
}

pub(super) async fn backup(
    session: &Session,
    options: &backup::Options,
    as_json: bool,
) -> Result<ExitCode, Ending> {
    check_place(&options.to, as_json)?;
    let tally = Tally::default();
    let backed_up = backup::run(session, options, &tally);
    let backed_up = unless_interrupted(backed_up, || backup::interrupted(options)).await?;
    tell_beside(&options.to, as_json, &backed_up, || backed_up.text())?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn restore(
    session: &mut Session,
    options: &restore::Options,
    as_json: bool,
) -> Result<ExitCode, Ending> {
    let tally = Tally::default();
    let restored = restore::run(session, options, &tally);
    let restored = unless_interrupted(restored, || restore::interrupted(&tally)).await?;
    tell(as_json, &restored, || restored.text())?;
    Ok(yes_or_no(restored.is_complete()))
}

/// Refuses to print a document where keys are printed.
fn check_place(to: &Place, as_json: bool) -> Result<(), Ending> {
    if *to == Place::Standard && as_json {
        return Err(Ending::usage(
            "with --json the keys have to go to a file: standard output is for the document",
        ));
    }
    Ok(())
}

/// Prints a document or a text, but not between keys that were printed.
fn tell_beside(
    to: &Place,
    as_json: bool,
    document: &impl Serialize,
    text: impl FnOnce() -> String,
) -> Result<(), Ending> {
    match to {
        Place::Standard => Ok(writeln!(io::stderr(), "{}", text())?),
        Place::File(_) => tell(as_json, document, text),
    }
}
