//! Many keys from files and into files.

use std::path::PathBuf;

use crate::menu::ink::Ink;
use crate::menu::prompt::{Ask, Item, Kind, List, at_home};
use crate::menu::{Menu, Stop, time};
use crate::terminal;
use crate::transfer::{Format, Place, Tally, export as exporting, import as importing};

/// Asks for a file and stores what it holds.
pub(super) async fn import(menu: &mut Menu<'_>) -> Result<(), Stop> {
    let Some(path) = ask_path(menu, "nothing was imported")? else {
        return Ok(());
    };
    let (from, tally) = (Place::File(path), Tally::default());
    let format = from.found_format();
    let options = importing::Options { from, format };
    if let Some(format) = format {
        let said = format!("this is {}", named(format));
        menu.screen.say(Ink::Faint, &said)?;
    }
    let imported = menu.try_attend(async |session| importing::run(session, &options, &tally).await);
    match imported.await {
        Ok((imported, took)) => {
            let said = format!("{}, in {}", imported.text(), time::shown(took));
            Ok(menu.screen.say(Ink::Good, &said)?)
        }
        Err(Stop::Interrupted) => Err(importing::interrupted(&tally).into()),
        Err(stop) => Err(stop),
    }
}

/// Asks for a file and writes the keys of all nodes, or of one, into it.
pub(super) async fn export(menu: &mut Menu<'_>) -> Result<(), Stop> {
    let names = menu.session.names();
    let nodes = names.iter().map(|name| format!("what {name} holds"));
    let place = menu.screen.choose(&List {
        title: "",
        question: "which keys: ",
        hint: "",
        items: &Item::numbered(["all keys".to_owned()].into_iter().chain(nodes)),
        at: 0,
        is_first: false,
    })?;
    let node = place.checked_sub(1).and_then(|place| names.get(place));
    let Some(path) = ask_path(menu, "nothing was exported")? else {
        return Ok(());
    };
    let to = Place::File(path.clone());
    let format = match to.format() {
        Some(format) => format,
        None => ask_format(menu)?,
    };
    let may_replace = path.exists();
    let shown = terminal::readable_line(path.as_os_str().as_encoded_bytes());
    if may_replace
        && !menu
            .screen
            .confirm(&format!("{shown} is there; replace it?"))?
    {
        return Ok(menu.screen.say(Ink::Faint, "nothing was exported")?);
    }
    let (options, tally) = (
        exporting::Options {
            to,
            format: Some(format),
            pattern: None,
            node: node.cloned(),
            may_replace,
        },
        Tally::default(),
    );
    let exported = menu.try_attend(async |session| exporting::run(session, &options, &tally).await);
    match exported.await {
        Ok((exported, took)) => {
            let said = format!(
                "{}\nwritten to {shown} in {}",
                exported.text(),
                time::shown(took)
            );
            Ok(menu.screen.say(Ink::Good, &said)?)
        }
        Err(Stop::Interrupted) => Err(exporting::interrupted(&options).into()),
        Err(stop) => Err(stop),
    }
}

/// Asks for a file; an empty answer is taken for a slip, of which `nothing` is said.
fn ask_path(menu: &mut Menu<'_>, nothing: &str) -> Result<Option<PathBuf>, Stop> {
    let typed = menu.screen.text(&Ask::new("file: ", Kind::Path))?;
    if typed.is_empty() {
        menu.screen
            .say(Ink::Faint, &format!("no file was typed; {nothing}"))?;
        return Ok(None);
    }
    Ok(Some(at_home(&typed)))
}

/// Asks for the format of a file whose name does not tell it.
fn ask_format(menu: &mut Menu<'_>) -> Result<Format, Stop> {
    let place = menu.screen.choose(&List {
        title: "The name does not tell the format.",
        question: "format: ",
        hint: "",
        items: &Item::numbered(Format::ALL.map(named)),
        at: 0,
        is_first: false,
    })?;
    Ok(Format::ALL.get(place).copied().unwrap_or(Format::Object))
}

fn named(format: Format) -> &'static str {
    match format {
        Format::Object => "a JSON object of keys and values",
        Format::Lines => "a JSON object on each line",
        Format::Csv => "CSV with the columns key and value",
    }
}
