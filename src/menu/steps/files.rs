//! Many keys from files and into files.

use crate::menu::ink::Ink;
use crate::menu::prompt::{Ask, Kind, at_home};
use crate::menu::{Menu, Stop, time};
use crate::transfer::import as transfer;

/// Asks for a file and stores what it holds.
pub(super) async fn import(menu: &mut Menu<'_>) -> Result<(), Stop> {
    let typed = menu.screen.text(&Ask::new("file: ", Kind::Path))?;
    if typed.is_empty() {
        return Ok(menu
            .screen
            .say(Ink::Faint, "no file was typed; nothing was imported")?);
    }
    let path = at_home(&typed);
    let imported = menu.try_attend(async |session| transfer::run(session, &path).await);
    let (imported, took) = imported.await?;
    let said = format!("{}, in {}", imported.text(), time::shown(took));
    Ok(menu.screen.say(Ink::Good, &said)?)
}
