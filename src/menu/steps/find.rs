//! One key: to retrieve it, delete it, and see where it is and why.

use super::store::sized;
use crate::limits::{MENU_SCREEN_MAX_BYTES, MENU_SHOWN_MAX_BYTES};
use crate::menu::ink::Ink;
use crate::menu::prompt::{Ask, Item, Kind, Leave, List, at_home};
use crate::menu::{Menu, Stop, time};
use crate::session::{Location, absent, write_value};
use crate::terminal;

/// Asks for a key. An empty one is taken for a slip: nobody means to type it.
pub(super) fn ask_key(menu: &mut Menu<'_>) -> Result<Option<Vec<u8>>, Stop> {
    let key = menu.screen.text(&Ask::new("key: ", Kind::Key))?;
    if key.is_empty() {
        menu.screen.say(Ink::Faint, "no key was typed")?;
        return Ok(None);
    }
    Ok(Some(key.into_bytes()))
}

/// Asks for a key and shows its value.
pub(super) async fn retrieve(menu: &mut Menu<'_>) -> Result<(), Stop> {
    match ask_key(menu)? {
        Some(key) => retrieve_key(menu, &key).await,
        None => Ok(()),
    }
}

/// Shows the value of a key, or saves it.
pub(super) async fn retrieve_key(menu: &mut Menu<'_>, key: &[u8]) -> Result<(), Stop> {
    let found = menu.try_attend(async |session| session.get(key).await);
    let (value, took) = found.await?;
    let node = menu.session.owner(key).to_owned();
    let Some(value) = value else {
        return Ok(menu.screen.say(Ink::Plain, &absent(&node))?);
    };
    let from = format!(
        "{} from {node} in {}",
        sized(value.len()),
        time::shown(took)
    );
    if value.len() <= MENU_SHOWN_MAX_BYTES && is_text(&value) {
        menu.screen.show(Ink::Plain, &terminal::readable(&value))?;
        return Ok(menu.screen.say(Ink::Faint, &from)?);
    }
    let what = if is_text(&value) { "long" } else { "not text" };
    let place = menu.screen.choose(&List {
        title: &format!("{from}; it is {what}"),
        question: "what to do: ",
        hint: "",
        items: &Item::numbered(["show it", "save it into a file"]),
        at: 0,
        is_first: false,
    })?;
    match place {
        0 => show(menu, &value),
        _ => save(menu, &value),
    }
}

/// Asks for a key and deletes it.
pub(super) async fn delete(menu: &mut Menu<'_>) -> Result<(), Stop> {
    if let Some(key) = ask_key(menu)? {
        delete_key(menu, &key).await?;
    }
    Ok(())
}

/// Deletes a key, if somebody confirms it; whether it is there no longer.
pub(super) async fn delete_key(menu: &mut Menu<'_>, key: &[u8]) -> Result<bool, Stop> {
    let node = menu.session.owner(key).to_owned();
    let question = format!("delete {} from {node}?", terminal::readable_line(key));
    let confirmed = match menu.screen.confirm(&question) {
        Err(Leave::Step) => Ok(false),
        answer => answer,
    };
    if !confirmed? {
        menu.screen.say(Ink::Faint, "nothing was deleted")?;
        return Ok(false);
    }
    let deleted = menu.try_attend(async |session| session.delete(key).await);
    let (existed, took) = deleted.await?;
    if existed {
        let said = format!("deleted from {node} in {}", time::shown(took));
        menu.screen.say(Ink::Good, &said)?;
    } else {
        menu.screen.say(Ink::Plain, &absent(&node))?;
    }
    Ok(true)
}

/// Asks for a key and says where it is, and why.
pub(super) async fn locate(menu: &mut Menu<'_>) -> Result<(), Stop> {
    match ask_key(menu)? {
        Some(key) => locate_key(menu, &key).await,
        None => Ok(()),
    }
}

/// Says where a key is, and why.
pub(super) async fn locate_key(menu: &mut Menu<'_>, key: &[u8]) -> Result<(), Stop> {
    let found = menu.attend(async |session| Location::find(session, key).await);
    let ((location, error), took) = found.await?;
    menu.screen.show(Ink::Plain, &location.text())?;
    match error {
        Some(ending) => Err(ending.into()),
        None => Ok(menu
            .screen
            .say(Ink::Faint, &format!("asked in {}", time::shown(took)))?),
    }
}

/// Whether a terminal shows it as it is.
fn is_text(value: &[u8]) -> bool {
    let is_shown = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    std::str::from_utf8(value).is_ok_and(|text| text.chars().all(is_shown))
}

fn show(menu: &mut Menu<'_>, value: &[u8]) -> Result<(), Stop> {
    let seen = value.get(..MENU_SCREEN_MAX_BYTES).unwrap_or(value);
    menu.screen.show(Ink::Plain, &terminal::readable(seen))?;
    if seen.len() < value.len() {
        let said = format!(
            "these are the first {}; save it into a file to see the rest",
            sized(seen.len())
        );
        menu.screen.say(Ink::Faint, &said)?;
    }
    Ok(())
}

fn save(menu: &mut Menu<'_>, value: &[u8]) -> Result<(), Stop> {
    let typed = menu.screen.text(&Ask::new("file: ", Kind::Path))?;
    let path = at_home(&typed);
    if typed.is_empty() {
        return Ok(menu
            .screen
            .say(Ink::Faint, "no file was typed; nothing was saved")?);
    }
    let shown = terminal::readable_line(typed.as_bytes());
    if path.exists()
        && !menu
            .screen
            .confirm(&format!("{shown} is there; replace it?"))?
    {
        return Ok(menu.screen.say(Ink::Faint, "nothing was saved")?);
    }
    write_value(&path, value)?;
    let said = format!("saved {} in {shown}", sized(value.len()));
    Ok(menu.screen.say(Ink::Good, &said)?)
}
